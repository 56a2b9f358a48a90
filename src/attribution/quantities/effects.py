"""What reach, a like, a comment and a tier are worth, each with its interval and its odds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from attribution.quantities.additive import additive_quantities
from attribution.quantities.estimates import estimate_table
from attribution.quantities.regression import regression_quantities
from attribution.spec.model import RatesMean

if TYPE_CHECKING:
    from attribution.run import Run


def effects(run: Run) -> pl.DataFrame:
    """Estimate what each signal and tier is worth, in orders at the observed values.

    Parameters
    ----------
    run
        A fitted run of either kind of mean.

    Returns
    -------
    pl.DataFrame
        One row per quantity, group and population; equal-tailed 89 % intervals. ``population``
        says whether a row is about these creators or a new one of the tier, ``weighting`` what
        an average weighs, ``answer`` what may be said (``cannot tell`` included) and
        ``prior_probability`` what the statement's odds were before the data.
    """
    find = (
        additive_quantities
        if isinstance(run.design.spec.mean, RatesMean)
        else regression_quantities
    )
    return estimate_table(
        find(run.design, run.draws), run.manifest.chains, find(run.design, run.prior_draws)
    )
