"""What a regression tells by itself: averages or rates, and the effect of each column.

Its parts multiply or go through a link, so they do not add up to the outcome; what more of a column
is worth is the change of the expected outcome, averaged over the observed posts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from attribution.design.types import Design, Floats, dim
from attribution.draws import Draws
from attribution.quantities.asked import Ask, estimand_of, slices_of
from attribution.quantities.counterfactual import walk
from attribution.quantities.drivers import Driver, Levels, Number, drivers, zero_sum_column
from attribution.quantities.estimands import Slice, averages, estimate
from attribution.quantities.estimates import NEW, THESE, Quantity
from attribution.quantities.of_numbers import comment_against_like
from attribution.quantities.outcome_words import told
from attribution.quantities.rates import Rate, compare_groups, in_all, per_exposure
from attribution.spec.terms import Group


def regression_quantities(design: Design, draws: Draws) -> list[Quantity]:
    """Return every estimand of a linear mean with its draws; serves posterior and prior alike."""
    slices, member = slices_of(design, ())
    words = told(design)
    by_column = {driver.column: estimand_of(design, driver, Ask()) for driver in _told_of(design)}
    estimands = [estimand for estimand in by_column.values() if estimand is not None]
    if words.is_orders:
        estimands += comment_against_like(by_column.get("likes"), by_column.get("comments"))
    found = estimate(design, draws, estimands, slices, member)
    rates = _rates(design, draws, found.outcome, slices, member)
    if words.is_orders and design.spec.outcome.exposure is not None:
        return [*found.quantities, *rates]
    return [*averages(design, found.outcome, slices, member), *rates, *found.quantities]


def _told_of(design: Design) -> list[Driver]:
    """Return the columns that are told of without being asked: numbers first."""
    found = [d for d in drivers(design) if not isinstance(d, Levels) or _compared(design, d)]
    return sorted(found, key=lambda driver: not isinstance(driver, Number))


def _compared(design: Design, driver: Levels) -> bool:
    """Whether levels are few, no sample of many, and not told by their rates already."""
    outcome, ranked = design.spec.outcome, zero_sum_column(design)
    rates = told(design).is_orders and outcome.exposure is not None
    return driver.few and not (rates and driver.column == ranked)


def _rates(
    design: Design, draws: Draws, outcome: Floats, slices: Sequence[Slice], member: Floats
) -> Iterator[Quantity]:
    """Expected outcome per unit of exposure, here and, of orders, for a new creator of a group."""
    if design.spec.outcome.exposure is None:
        return
    words, exposure = told(design), design.exposure @ member
    rate = (
        in_all(design.spec.outcome.exposure)
        if words.is_orders
        else per_exposure(words.column, design.spec.outcome.exposure, design.exposure.mean())
    )
    here = rate.per * outcome / exposure
    population = THESE if words.is_orders else words.population
    for g, where in enumerate(slices):
        yield _rate(rate, where.scope, where.group, population, here[:, g])
    column = zero_sum_column(design)
    new_draws = average_creator(design, draws)
    if column is None or new_draws is None or not words.is_orders:
        return
    groups, label = [where.group for where in slices[1:]], dim(column)
    new = rate.per * walk(design, new_draws, (), member).outcome / exposure
    for g, group in enumerate(groups, start=1):
        yield _rate(rate, label, group, NEW, new[:, g])
    yield from compare_groups(rate, new[:, 1:], groups, label, np.ones(len(groups)))


def _rate(rate: Rate, scope: str, group: str, population: str, draws: Floats) -> Quantity:
    return Quantity(
        quantity=rate.quantity,
        label=rate.label,
        scope=scope,
        group=group,
        population=population,
        weighting=rate.weighting,
        unit=rate.unit,
        draws=draws,
    )


def average_creator(design: Design, draws: Draws) -> Draws | None:
    """Return draws in which every creator has the population's mean multiplier.

    A normal effect with standard deviation s on the log scale multiplies by exp(s**2 / 2) on
    average, a mean-one effect by 1. None where another grouping varies slopes, whose average
    effect is no constant.
    """
    column = zero_sum_column(design)
    others = [t for t in design.spec.mean.terms if isinstance(t, Group) and t.by != column]
    if any(of not in {"intercept", "all parts"} for term in others for of in term.of):
        return None
    out = dict(draws)
    for term in others:
        name = dim(term.by)
        log_mean = draws[f"{name}_sd"] ** 2 / 2.0 if term.effects == "exchangeable" else 0.0
        out[f"{name}_effect"] = np.zeros_like(draws[f"{name}_effect"]) + np.reshape(
            log_mean, (-1, 1)
        )
    return out
