"""What goes with each column: effects on the expected outcome, with intervals and odds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import polars as pl

from attribution.design.types import Design
from attribution.draws import Draws
from attribution.quantities.additive import additive_quantities
from attribution.quantities.asked import Ask, asked_quantities, check
from attribution.quantities.claims import check_ratio, claims
from attribution.quantities.estimates import Quantity, estimate_table
from attribution.quantities.funnel import funnel_quantities
from attribution.quantities.halo import halo_quantities
from attribution.quantities.method import with_method
from attribution.quantities.peak import peak_quantities
from attribution.quantities.recorded import recorded_quantities
from attribution.quantities.regression import regression_quantities
from attribution.spec.halo import HaloMean
from attribution.spec.model import RatesMean

if TYPE_CHECKING:
    from attribution.run import Run

Find = Callable[[Design, Draws], list[Quantity]]
Columns = str | Sequence[str] | None


def effects(
    run: Run,
    *,
    of: Columns = None,
    by: Columns = None,
    as_: str | None = None,
    step: float | None = None,
    ratio: float | None = None,
) -> pl.DataFrame:
    """Estimate averages, contrasts and slopes of the expected outcome at the observed values.

    Parameters
    ----------
    run
        A fitted run of either kind of mean.
    of
        Columns whose effect is wanted; by default those that the model tells by itself.
    by
        Columns by whose levels to tell effects; by default the column that the model reports by.
    as_
        ``difference``, ``ratio``, ``elasticity`` or ``slope``; by default the usual ones.
    step
        Size of a change of a number, and what a slope is told per; by default the power of ten
        nearest to the column's standard deviation.
    ratio
        Threshold of a claim, such as 1.6 for "60 % higher": how probable each ratio between groups
        is above it. By default 1.6 is asked of engagement rates where the model has them.

    Returns
    -------
    pl.DataFrame
        One row per quantity, group and population; equal-tailed 89 % intervals. ``population``
        says whether a row is about these creators or a new one of the tier, ``weighting`` what
        an average weighs, ``answer`` what may be said (``cannot tell`` included) and
        ``prior_probability`` what the statement's odds were before the data. ``method`` is
        ``nuts`` or ``approximate``.

    Raises
    ------
    InputError
        With every reason why something that was asked cannot be told.
    """
    ask = Ask(_columns(of), _columns(by), as_, step)
    if ask != Ask():
        check(run.design, ask)
    check_ratio(ratio)
    find = with_claims(quantities_with_stages(run.design, ask), ratio)
    prior = () if run.prior_draws is None else find(run.design, run.prior_draws)
    usual = ask == Ask() and ratio is None and not run.design.stages
    found = run.estimands if usual else find(run.design, run.thinned)
    return with_method(estimate_table(found, run.manifest.chains, prior), run)


def with_claims(find: Find, ratio: float | None) -> Find:
    """Return the function that makes the same and the claims about it."""

    def found(design: Design, draws: Draws) -> list[Quantity]:
        told = find(design, draws)
        return [*told, *claims(told, ratio)]

    return found


def quantities_with_stages(design: Design, ask: Ask) -> Find:
    """Return the function that makes what was asked, or all, by way of stages included."""
    find = quantities_of(design, ask)
    if ask != Ask() or not design.stages:
        return find
    return lambda design, draws: [*find(design, draws), *funnel_quantities(design, draws)]


def _columns(names: Columns) -> tuple[str, ...]:
    return () if names is None else (names,) if isinstance(names, str) else tuple(names)


def quantities_of(design: Design, ask: Ask | None = None) -> Find:
    """Return the function that makes what was asked, or the estimands of a design's mean."""
    if ask is not None and ask != Ask():
        return lambda design, draws: asked_quantities(design, draws, ask)
    if isinstance(design.spec.mean, HaloMean):
        return halo_quantities
    told = additive_quantities if isinstance(design.spec.mean, RatesMean) else _regression
    return lambda design, draws: with_recorded(design, draws, told(design, draws))


def _regression(design: Design, draws: Draws) -> list[Quantity]:
    return [*regression_quantities(design, draws), *peak_quantities(design, draws)]


def with_recorded(design: Design, draws: Draws, found: list[Quantity]) -> list[Quantity]:
    """Return quantities and what the model says of orders beyond recorded ones."""
    return [*found, *recorded_quantities(design, draws, found)]
