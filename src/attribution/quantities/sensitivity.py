"""How much an answer leans on one prior: the same draws with that prior counted half or twice.

Power-scaling (Kallioinen, Paananen, Bürkner & Vehtari 2024, *Statistics and Computing* 34(57)): the
posterior under a prior raised to the power a is that of the draws weighted by the prior's density
to the power a - 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from attribution.design.types import Floats, Integers
from attribution.draws import Draws
from attribution.loo import BAD_K
from attribution.quantities.estimates import Quantity
from attribution.spec.statement import StatedPrior

POWERS = {0.5: "prior counted half", 2.0: "prior counted twice"}

FEWEST = 25
"""Draws of which the largest weights can be smoothed: five of them."""

SENSITIVITY = "sensitivity"
"""Scope of quantities under other priors."""

Density = Callable[[Floats, Mapping[str, float]], Floats]

LOG_DENSITIES: Mapping[str, Density] = {
    "flat": lambda x, _p: np.zeros_like(x),
    "half_flat": lambda x, _p: np.zeros_like(x),
    "uniform": lambda x, _p: np.zeros_like(x),
    "normal": lambda x, p: -0.5 * ((x - p["mu"]) / p["sigma"]) ** 2,
    "half_normal": lambda x, p: -0.5 * (x / p["sigma"]) ** 2,
    "student_t": lambda x, p: _student(x - p["mu"], p["nu"], p["sigma"]),
    "half_student_t": lambda x, p: _student(x, p["nu"], p["sigma"]),
    "cauchy": lambda x, p: _student(x - p["alpha"], 1.0, p["beta"]),
    "half_cauchy": lambda x, p: _student(x, 1.0, p["beta"]),
    "laplace": lambda x, p: -np.abs(x - p["mu"]) / p["b"],
    "logistic": lambda x, p: -2.0 * np.log(np.cosh((x - p["mu"]) / (2.0 * p["s"]))),
    "exponential": lambda x, p: -p["lam"] * x,
    "gamma": lambda x, p: (p["alpha"] - 1.0) * np.log(x) - p["beta"] * x,
    "inverse_gamma": lambda x, p: -(p["alpha"] + 1.0) * np.log(x) - p["beta"] / x,
    "log_normal": lambda x, p: -np.log(x) - 0.5 * ((np.log(x) - p["mu"]) / p["sigma"]) ** 2,
    "beta": lambda x, p: (p["alpha"] - 1.0) * np.log(x) + (p["beta"] - 1.0) * np.log1p(-x),
}
"""Logarithm of the density of each prior of one number, up to a constant."""


def _student(x: Floats, nu: float, scale: float) -> Floats:
    return np.asarray(-0.5 * (nu + 1.0) * np.log1p((x / scale) ** 2 / nu))


def leaning(
    quantities: Sequence[Quantity], draws: Draws, priors: Sequence[StatedPrior]
) -> Iterator[Quantity]:
    """Yield quantities as they would be with some priors counted half and twice.

    Parameters
    ----------
    quantities
        With posterior draws.
    draws
        Of the same run, in the same order.
    priors
        Those that are counted otherwise, all at once.

    Yields
    ------
    Quantity
        Of scope ``sensitivity``, the group saying what was changed; one that the draws cannot
        tell, the weights' Pareto k being above 0.7, has no evidence and so no answer.
    """
    for power, words in POWERS.items():
        rows, k = reweighted(draws, priors, power)
        for quantity in quantities:
            yield replace(
                quantity,
                scope=SENSITIVITY,
                group=words,
                draws=quantity.draws[rows],
                evidence=quantity.evidence if k <= BAD_K else 0.0,
            )


def reweighted(draws: Draws, priors: Sequence[StatedPrior], power: float) -> tuple[Integers, float]:
    """Return which draws stand for the posterior under other priors, and the weights' Pareto k.

    The k of too few draws to tell is infinite.

    Draws are taken in their own order, each as often as its smoothed weight says (systematic
    resampling), so that copies follow one another and effective draws count them once.
    """
    from arviz_stats.base import array_stats

    log_priors = np.sum([_log_prior(draws, stated) for stated in priors], axis=0)
    log_weights = (power - 1.0) * log_priors
    if len(log_weights) < FEWEST:
        return np.arange(len(log_weights)), np.inf
    if np.ptp(log_weights) == 0.0:
        return np.arange(len(log_weights)), -np.inf
    # ArviZ's function takes log likelihoods and smooths weights of their inverse.
    smoothed, k = array_stats.psislw(-log_weights)
    ends = np.cumsum(np.exp(smoothed - np.max(smoothed)))
    places = (np.arange(len(ends)) + 0.5) / len(ends) * ends[-1]
    return np.searchsorted(ends, places), float(k)


def _log_prior(draws: Draws, stated: StatedPrior) -> Floats:
    """Log density of a prior at the draws, on the scale that it is stated on; (draw,)."""
    on = stated.prior.on
    values = draws[stated.parameter if on is None else f"{on}_{stated.parameter}"]
    return LOG_DENSITIES[stated.prior.name](values, stated.prior.parameters)
