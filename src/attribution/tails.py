"""How heavy the tails of importance ratios are: Pareto k of many rows at once.

After Vehtari, Simpson, Gelman, Yao & Gabry (2024, JMLR 25), the generalised Pareto fitted as by
Zhang & Stephens (2009, Technometrics 51). These are ArviZ's numbers, to which tests hold them; one
row after the other they take longer than the approximate fit that they judge.
"""

from __future__ import annotations

import numpy as np

from attribution.design.types import Floats
from attribution.mixing import in_blocks

NUMBERS = 500_000
"""Numbers that are looked at together: as many as a processor keeps at hand."""

FEWEST = 5
"""Draws in a tail with fewer of which nothing is said."""

PRIOR_DRAWS, PRIOR_K = 10.0, 0.5
"""Draws that the prior of k counts for, and its mean."""

NEGLIGIBLE = 10.0 * float(np.finfo(np.float64).eps)
"""Weight of a value of the Pareto's other parameter below which it is left out."""


def pareto_k(log_ratios: Floats, efficiency: float) -> Floats:
    """Return Pareto k of the largest importance ratios of each row; (row,).

    Parameters
    ----------
    log_ratios
        Logarithms of importance ratios, up to a constant; (row, draw).
    efficiency
        Effective draws over draws.

    Returns
    -------
    ndarray
        Not a number where all ratios of the tail, or the first quarter of it, are the same, where
        a ratio is not a number, and where there are too few draws for a tail.
    """
    count = log_ratios.shape[1]
    tail = _tail(count, efficiency)
    found = np.full(len(log_ratios), np.nan)
    if not FEWEST <= tail < count:
        return found

    def tell(rows: slice) -> None:
        block = np.partition(log_ratios[rows], count - tail - 1, axis=1)
        top = np.sort(block[:, count - tail - 1 :], axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios = np.exp(top - top[:, -1:])
            found[rows] = _k(ratios[:, 1:] - ratios[:, :1])

    in_blocks(tell, len(log_ratios), NUMBERS // (tail * _grid(tail)))
    return found


def _tail(count: int, efficiency: float) -> int:
    """Return how many of the largest ratios are the tail (Vehtari et al. 2024, appendix H)."""
    if count * efficiency > 225:
        return int(3.0 * np.sqrt(count / efficiency))
    return count // 5


def _grid(tail: int) -> int:
    """Return at how many values the Pareto's other parameter is looked at."""
    return 30 + int(np.sqrt(tail))


def _k(excess: Floats) -> Floats:
    """Return k of sorted excesses over the largest ratio before the tail; (row, draw) -> (row,)."""
    count = excess.shape[1]
    quartile = excess[:, int(count / 4 + 0.5) - 1]
    at = np.arange(1, _grid(count) + 1) - 0.5
    grid = (1.0 - np.sqrt(_grid(count) / at)) / (3.0 * quartile[:, None]) + 1.0 / excess[:, -1:]
    means = np.mean(np.log1p(-grid[:, :, None] * excess[:, None, :]), axis=2)
    likelihood = count * (np.log(-grid / means) - means - 1.0)
    weights = np.exp(likelihood - np.max(likelihood, axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    weights[weights < NEGLIGIBLE] = 0.0
    weights /= weights.sum(axis=1, keepdims=True)
    other = np.sum(grid * weights, axis=1, keepdims=True)
    k = np.mean(np.log1p(-other * excess), axis=1)
    k = (count * k + PRIOR_DRAWS * PRIOR_K) / (count + PRIOR_DRAWS)
    # As ArviZ has it: a tail that no Pareto fits is as heavy as can be.
    k = np.where(np.isnan(k), np.inf, k)
    return np.where(quartile > excess[:, 0], k, np.nan)
