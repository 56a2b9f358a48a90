"""Estimands of the halo model: sales through posts, their rates by part, and how they wear off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from attribution import forward
from attribution.design.halo import DrawnDays, Halo
from attribution.design.types import Design, Floats
from attribution.draws import Draws, blocks, n_draws
from attribution.errors import Problem
from attribution.quantities.estimates import Quantity
from attribution.quantities.rates import Rate, compare_groups, people
from attribution.quantities.totals import ALL
from attribution.spec.adstock import HALF_LIFE
from attribution.spec.halo import TOTAL, HaloMean

SHARE_FLOOR = 0.05
"""Share of sales that posts must credibly bring before anything is said of how they do.

The prior of the shipped model gives a larger one the probability 0.6, below the 0.95 needed.
"""

POPULATION, WEEK = "these posts", 7
BY = "per expected sale"


@dataclass(frozen=True)
class Sums:
    """Sales over the days of the fit.

    Parameters
    ----------
    parts
        Expected sales through each part; (draw, part).
    baseline
        Expected sales without posts; (draw,).
    """

    parts: Floats
    baseline: Floats

    @property
    def share(self) -> Floats:
        """Share of expected sales that come through posts; (draw,)."""
        through = self.parts.sum(axis=1)
        return np.asarray(through / (through + self.baseline))


def refused() -> Problem:
    """Return the problem of an effect that a halo model is asked for by column."""
    return Problem(
        "a model of daily sales tells what posts bring, not the effects of other columns",
        key="of",
        hint="Leave out --of, --by, --as and --step",
    )


def halo_quantities(design: Design, draws: Draws) -> list[Quantity]:
    """Return every estimand of a halo model with its draws, of the posterior or the prior."""
    mean, halo = design.spec.mean, design.halo
    if not isinstance(mean, HaloMean) or halo is None:
        raise TypeError("only a halo model has a halo")
    sums = _sums(design, draws)
    sure = float(np.mean(sums.share > SHARE_FLOOR))
    column = design.spec.outcome.column
    return [
        _share(sums, column),
        *_totals(sums, mean, column, sure),
        *_rates(design, halo, mean, draws, sure),
        *_wearing_off(mean, halo, draws, sure),
    ]


def _sums(design: Design, draws: Draws) -> Sums:
    parts: list[Floats] = []
    baseline = np.empty(n_draws(draws))
    for block in blocks(draws, len(design.outcome)):
        parts.append(forward.carried(design, block.draws).sum(axis=1))
        baseline[block.where] = forward.baseline(design, block.draws).sum(axis=1)
    return Sums(np.concatenate(parts), baseline)


def _share(sums: Sums, column: str) -> Quantity:
    return Quantity(
        quantity=TOTAL,
        label=f"Share of {column} through posts",
        scope="overall",
        group=ALL,
        population=POPULATION,
        weighting=BY,
        unit="share",
        draws=sums.share,
        threshold=SHARE_FLOOR,
        statement=f"P(share > {SHARE_FLOOR:.0%})",
        words=(f"posts bring {column}", f"posts bring next to no {column}"),
    )


def _totals(sums: Sums, mean: HaloMean, column: str, sure: float) -> Iterator[Quantity]:
    """Sales through posts on the days of the table, in all and by part."""
    scope, groups = parts_of(mean)
    whole = [("overall", ALL, sums.parts.sum(axis=1))]
    by_part = [(scope, group, sums.parts[:, k]) for k, group in enumerate(groups)]
    for where, group, values in [*whole, *(by_part if len(groups) > 1 else [])]:
        yield Quantity(
            quantity=f"{column}_through_posts",
            label=f"{column} through posts".capitalize(),
            scope=where,
            group=group,
            population=POPULATION,
            weighting="days of the table",
            unit=column,
            draws=values,
            evidence=sure,
        )


def parts_of(mean: HaloMean) -> tuple[str, tuple[str, ...]]:
    """Return what the parts are and their names: ``reach_nano`` and its kind are tiers."""
    exposures = {part.partition("_")[0] for part in mean.parts}
    tiers = tuple(part.partition("_")[2] for part in mean.parts)
    return ("tier", tiers) if len(exposures) == 1 and all(tiers) else ("part", mean.parts)


def _rate(mean: HaloMean, column: str) -> Rate:
    exposure = mean.parts[0].partition("_")[0]
    unit = f"{column} per 1,000 {people(exposure)}"
    name = f"{column}_per_1000_{people(exposure)}"
    return Rate(name, unit.capitalize(), unit, 1000.0, f"per {exposure}")


def rates(mean: HaloMean, halo: Halo, draws: Draws) -> Floats:
    """Return sales for each person reached, on the day and all days after; (draw, part)."""
    each = mean.rates(forward.F, DrawnDays(halo, draws))
    return halo.unit * np.concatenate(each, axis=1)


def _rates(
    design: Design, halo: Halo, mean: HaloMean, draws: Draws, sure: float
) -> Iterator[Quantity]:
    """Sales per 1,000 reached, as the posts were and by part, and which part is best."""
    rate, each = _rate(mean, design.spec.outcome.column), rates(mean, halo, draws)
    scope, groups = parts_of(mean)
    reached = halo.reach.sum(axis=0)
    rows = [("overall", ALL, each @ reached / reached.sum())]
    rows += (
        [(scope, group, each[:, k]) for k, group in enumerate(groups)] if len(groups) > 1 else []
    )
    for where, group, values in rows:
        yield Quantity(
            quantity=rate.quantity,
            label=rate.label,
            scope=where,
            group=group,
            population=POPULATION,
            weighting=rate.weighting,
            unit=rate.unit,
            draws=rate.per * values,
            evidence=sure,
        )
    if len(groups) > 1:
        compared = compare_groups(rate, each, groups, scope, np.full(len(groups), sure))
        yield from (replace(quantity, population=POPULATION) for quantity in compared)


def weights(mean: HaloMean, halo: Halo, draws: Draws) -> Floats:
    """Return the share of an effect that comes on each day after the post; (draw, lag)."""
    return np.asarray(mean.adstock.weights(forward.F, halo.ages, DrawnDays(halo, draws).value))


def _wearing_off(mean: HaloMean, halo: Halo, draws: Draws, sure: float) -> Iterator[Quantity]:
    """Half-life, mean delay and the share of the first week."""
    each = weights(mean, halo, draws)
    told = [
        (HALF_LIFE, "Days until half of the effect has come", "days", draws[HALF_LIFE]),
        ("mean_delay", "Days from a post to a sale, on average", "days",
         each @ np.arange(mean.days)),
        ("first_week", f"Share of the effect in the first {WEEK} days", "share",
         each[:, :WEEK].sum(axis=1)),
    ]  # fmt: skip
    for name, label, unit, values in told:
        yield Quantity(
            quantity=name,
            label=label,
            scope="overall",
            group=ALL,
            population=POPULATION,
            weighting="none",
            unit=unit,
            draws=values,
            evidence=sure,
        )
