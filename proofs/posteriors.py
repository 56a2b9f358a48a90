"""Two posteriors of one model: do they differ by more than chance?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_ERROR = 5.0
"""Largest difference of means, and of standard deviations, in Monte Carlo standard errors.

Of a thousand normal numbers one lies beyond 5 by chance once in 1,700 times.
"""

MOST_SHIFT, MOST_RATIO, MOST_R_HAT = 0.25, 1.25, 1.02
"""Largest difference of means in posterior standard deviations, and of standard deviations.

Chains that mix too badly to tell a difference must not pass.
"""


def compared(
    ours: Mapping[str, Floats], theirs: Mapping[str, Floats], weights: Floats | None = None
) -> pl.DataFrame:
    """Compare the draws of every parameter.

    Parameters
    ----------
    ours, theirs
        Draws by parameter, the same parameters in both; shape (chain, draw).
    weights
        Of our draws, prior density of theirs over that of ours; shape (chain, draw).

    Returns
    -------
    pl.DataFrame
        parameter, mean, sd, mean_theirs, sd_theirs, error (difference of means in Monte Carlo
        standard errors), sd_error (the same of standard deviations), shift (difference of means
        in posterior standard deviations), ratio of standard deviations, r_hat (the larger) and
        failed (names of the gates that it does not pass).
    """
    if ours.keys() != theirs.keys():
        lacking = {"ours": [*theirs.keys() - ours.keys()], "theirs": [*ours.keys() - theirs.keys()]}
        raise AssertionError(f"parameters that only one side has; lacking in {lacking}")
    rows = [_row(name, draws, theirs[name], weights) for name, draws in ours.items()]
    return pl.DataFrame(rows)


def _row(name: str, ours: Floats, theirs: Floats, weights: Floats | None) -> dict[str, float | str]:
    mean, sd, mean_error, sd_error = moments(ours, weights)
    mean_theirs, sd_theirs, mean_error_theirs, sd_error_theirs = moments(theirs)
    row = {
        "mean": mean,
        "sd": sd,
        "mean_theirs": mean_theirs,
        "sd_theirs": sd_theirs,
        "error": (mean - mean_theirs) / np.hypot(mean_error, mean_error_theirs),
        "sd_error": (sd - sd_theirs) / np.hypot(sd_error, sd_error_theirs),
        "shift": (mean - mean_theirs) / sd_theirs,
        "ratio": sd / sd_theirs,
        "r_hat": max(_r_hat(ours), _r_hat(theirs)),
    }
    return {"parameter": name, **row, "failed": ", ".join(failures(row))}


def failures(row: Mapping[str, float]) -> list[str]:
    """Return the gates that a parameter does not pass; what is not a number passes none."""
    gates = {
        "means": abs(row["error"]) < MOST_ERROR and abs(row["shift"]) < MOST_SHIFT,
        "sds": abs(row["sd_error"]) < MOST_ERROR and 1 / MOST_RATIO < row["ratio"] < MOST_RATIO,
        "R-hat": row["r_hat"] < MOST_R_HAT,
    }
    return [gate for gate, passed in gates.items() if not passed]


def moments(draws: Floats, weights: Floats | None = None) -> tuple[float, float, float, float]:
    """Return mean and standard deviation, then the Monte Carlo standard error of each.

    The errors are those of the means of influence functions, w (x - m) and w ((x - m)² - s²), with
    the autocorrelation that the chains have (Vehtari and others 2021; Owen 2013, chapter 9).
    """
    w = np.ones_like(draws) if weights is None else weights / weights.mean()
    mean = float((w * draws).mean())
    off = draws - mean
    variance = float((w * off**2).mean())
    sd = variance**0.5
    return mean, sd, _error(w * off), _error(w * (off**2 - variance)) / (2.0 * sd)


def _error(series: Floats) -> float:
    from arviz_stats.base import array_stats

    return float(array_stats.mcse(series, chain_axis=0, draw_axis=1, method="mean"))


def _r_hat(draws: Floats) -> float:
    from arviz_stats.base import array_stats

    return float(array_stats.rhat(draws, chain_axis=0, draw_axis=1))
