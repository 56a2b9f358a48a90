"""Estimands of the conversion rates model: rates, their ratio, shares, tiers, creators."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attribution import forward
from attribution.design.types import Design, Floats, dim
from attribution.draws import Draws
from attribution.quantities.authenticity import authenticity_quantities
from attribution.quantities.estimates import NEW, THESE, Quantity
from attribution.quantities.rates import Rate, compare_groups, in_all, rate_of
from attribution.quantities.totals import SHARE_FLOOR, Totals, evidence, rate_term, totals
from attribution.spec.terms import Group


def additive_quantities(design: Design, draws: Draws) -> list[Quantity]:
    """Return every estimand of the conversion rates model with its draws.

    The same function serves posterior and prior draws.
    """
    sums = totals(design, draws)
    return [
        *_rates_here(sums),
        *_rates_new(design, draws, sums),
        *_shares(sums),
        *_ratios(sums),
        *_tiers(design, draws, sums),
        *_creators(design, draws),
        *authenticity_quantities(design, draws, sums),
    ]


def _scope(sums: Totals, group: int) -> str:
    return "overall" if group == 0 else str(sums.column)


def _rates_here(sums: Totals) -> Iterator[Quantity]:
    """Orders per unit over the posts that show the signal, as these creators had them."""
    for p, part in enumerate(sums.parts):
        rate = rate_of(part, sums.parts[0])
        for g, group in enumerate(sums.groups):
            if not sums.amounts_shown[g, p]:
                continue
            draws = rate.per * sums.orders_shown[:, g, p] / sums.amounts_shown[g, p]
            yield _rate(rate, _scope(sums, g), group, THESE, draws, evidence(sums, g, p))
    whole = in_all(sums.parts[0])
    for g, group in enumerate(sums.groups):
        draws = whole.per * sums.orders[:, g].sum(axis=1) / sums.exposure[g]
        yield _rate(whole, _scope(sums, g), group, THESE, draws, 1.0)


def _rate(
    rate: Rate, scope: str, group: str, population: str, draws: Floats, sure: float
) -> Quantity:
    return Quantity(
        quantity=rate.quantity,
        label=rate.label,
        scope=scope,
        group=group,
        population=population,
        weighting=rate.weighting,
        unit=rate.unit,
        draws=draws,
        evidence=sure,
    )


def _new_rates(design: Design, draws: Draws) -> Floats | None:
    """Orders per unit for a new creator of each group; (draw, part, group), None without groups.

    A new creator's multiplier averages 1, so the group's rate is its mean; that holds for
    mean-one multipliers only.
    """
    term = rate_term(design)
    others = [t for t in design.spec.mean.terms if isinstance(t, Group) and t is not term]
    if term is None or any(t.effects != "mean_one" for t in others):
        return None
    effect = draws[f"{dim(term.by)}_effect"]
    return np.asarray(np.exp(forward.base_log_rates(design, draws)[:, :, None] + effect))


def _rates_new(design: Design, draws: Draws, sums: Totals) -> Iterator[Quantity]:
    rates = _new_rates(design, draws)
    if rates is None:
        return
    for p, part in enumerate(sums.parts):
        rate = rate_of(part, sums.parts[0])
        for g, group in enumerate(sums.groups[1:], start=1):
            values = rate.per * rates[:, p, g - 1]
            yield _rate(rate, _scope(sums, g), group, NEW, values, evidence(sums, g, p))
    whole = in_all(sums.parts[0])
    for g in sums.with_mix:
        draws_in_all = _in_all_new(rates, sums)[:, g - 1]
        yield _rate(whole, _scope(sums, g), sums.groups[g], NEW, draws_in_all, 1.0)


def _in_all_new(rates: Floats, sums: Totals) -> Floats:
    """Orders per 1,000 of exposure at each group's own mix of signals; (draw, group)."""
    return np.asarray(1000.0 * np.einsum("dpg,gp->dg", rates, sums.mix[1:]))


def _shares(sums: Totals) -> Iterator[Quantity]:
    """Share of expected orders that each part brings; the statement is that it passes the floor."""
    for g, group in enumerate(sums.groups):
        for p, part in enumerate(sums.parts):
            yield Quantity(
                quantity=f"share_of_orders_{part}",
                label=f"Share of orders through {part}",
                scope=_scope(sums, g),
                group=group,
                population=THESE,
                weighting="per expected order",
                unit="share",
                draws=sums.shares[:, g, p],
                threshold=SHARE_FLOOR,
                statement=f"P(share > {SHARE_FLOOR:.0%})",
                words=(f"{part} bring orders", f"{part} bring next to none"),
            )


def _ratios(sums: Totals) -> Iterator[Quantity]:
    """Likes worth one comment: the same post weights above and below."""
    if not {"likes", "comments"} <= set(sums.parts):
        return
    likes, comments = sums.parts.index("likes"), sums.parts.index("comments")
    for g, group in enumerate(sums.groups):
        yield Quantity(
            quantity="likes_per_comment",
            label="Likes worth one comment",
            scope=_scope(sums, g),
            group=group,
            population=THESE,
            weighting="per post",
            unit="likes",
            draws=sums.unit_rates[:, g, comments] / sums.unit_rates[:, g, likes],
            threshold=1.0,
            statement="P(comment > like)",
            evidence=min(evidence(sums, g, likes), evidence(sums, g, comments)),
            words=("a comment is worth more than a like", "a like is worth more than a comment"),
        )


def _tiers(design: Design, draws: Draws, sums: Totals) -> Iterator[Quantity]:
    """Contrasts between groups and the odds of being best, for a new creator of each."""
    rates = _new_rates(design, draws)
    if rates is None:
        return
    exposure = sums.parts[0]
    groups, scope = sums.groups[1:], str(sums.column)
    known = [g - 1 for g in sums.with_mix]
    if len(known) > 1:
        whole, mixed = _in_all_new(rates, sums)[:, known], [groups[k] for k in known]
        yield from compare_groups(in_all(exposure), whole, mixed, scope, np.ones(len(known)))
    for p, part in enumerate(sums.parts):
        if part == exposure:
            continue
        sure = np.array([evidence(sums, g, p) for g in range(1, len(sums.groups))])
        yield from compare_groups(rate_of(part, exposure), rates[:, p], groups, scope, sure)


def _creators(design: Design, draws: Draws) -> Iterator[Quantity]:
    """How prone each creator's audience is to buying, against the average of the population."""
    for term in design.spec.mean.terms:
        if not (isinstance(term, Group) and term.of == ("all parts",)):
            continue
        name = dim(term.by)
        factors = np.exp(draws[f"{name}_effect"])
        for k, level in enumerate(design.groups[term.by].levels):
            yield Quantity(
                quantity=f"{name}_multiplier",
                label=f"Orders against an average {name}, engagement and exposure alike",
                scope=name,
                group=level,
                population=THESE,
                weighting="none",
                unit="ratio",
                draws=factors[:, k],
                threshold=1.0,
                statement="P(> 1)",
                words=("above average", "below average"),
            )
