"""What reach, a like, a comment and a tier are worth, each with its interval and its odds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import polars as pl

from attribution.design.types import Design
from attribution.draws import Draws
from attribution.quantities.additive import additive_quantities
from attribution.quantities.estimates import Quantity, estimate_table
from attribution.quantities.method import with_method
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
        ``prior_probability`` what the statement's odds were before the data. ``method`` is
        ``nuts`` or ``approximate``.
    """
    find = quantities_of(run.design)
    prior = () if run.prior_draws is None else find(run.design, run.prior_draws)
    table = estimate_table(find(run.design, run.thinned), run.manifest.chains, prior)
    return with_method(table, run)


def quantities_of(design: Design) -> Callable[[Design, Draws], list[Quantity]]:
    """Return the function that makes the estimands of a design's kind of mean."""
    rates = isinstance(design.spec.mean, RatesMean)
    return additive_quantities if rates else regression_quantities
