"""How a tier's posts come to convert: reach, engagement and what is besides them.

W(d, e, r) is what posts by new creators are expected to bring whose audiences buy like those of
tier d, whose posts engage like tier e's and reach like tier r's. Platform and other columns are as
they are over all posts, whatever the tier. Against a reference tier 0, in orders per follower:

    total   W(k, k, k) / W(0, 0, 0)
    direct  W(k, 0, 0) / W(0, 0, 0)
    through W(k, k, k) / W(k, 0, 0) = engagement W(k, k, 0) / W(k, 0, 0)
                                    x reach      W(k, k, k) / W(k, k, 0)

so that total = direct x through in every draw (natural direct and indirect effects as ratios,
VanderWeele 2015, *Explanation in Causal Inference*, section 2.4). In orders per person reached, the
posts keep the reach that they have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
import polars as pl

from attribution.design.types import Design, Floats, dim
from attribution.draws import Draws, blocks, n_draws
from attribution.quantities.drivers import IDS, zero_sum_column
from attribution.quantities.estimates import NEW, Quantity
from attribution.quantities.staged import Situation, can_be_told, drawn, expected
from attribution.spec.stages import of_stage

FOLLOWERS = "followers"

NUMBERS = 600_000
"""Draws times posts of one situation: of more posts, evenly spaced ones are taken, platform by
platform."""

FEWEST, MOST = 60, 1000
"""Posts of a situation."""

SEED = 20260501
"""Of the creators and posts that are drawn: the same for each tier, so that they differ by it
alone."""

ENGAGEMENT = ("likes", "comments")

Cell = tuple[str, str, str | None]
"""Tier by which audiences buy, by which posts engage, by which they reach (None: as they do)."""


@dataclass(frozen=True)
class Sums:
    """Sums over the posts of a situation.

    Parameters
    ----------
    orders
        Cell -> expected orders; (draw,).
    base
        Tier of the reach, None for the posts' own -> followers, or people reached, in all.
    rates
        Tier -> denominator -> engagements per unit of it, averaged over posts; (draw,).
    """

    orders: dict[Cell, Floats]
    base: dict[str | None, float]
    rates: dict[str, dict[str, Floats]]


def funnel_quantities(design: Design, draws: Draws) -> list[Quantity]:
    """Return what tiers do by way of reach and engagement; nothing of a model without stages.

    Needs a column whose levels' effects add up to zero, such as ``tier``.

    Parameters
    ----------
    design, draws
        Of a model with stages; of the posterior or the prior.
    """
    column = zero_sum_column(design)
    if not design.stages or column is None or not can_be_told(design):
        return []
    tiers = design.groups[column].levels
    reference = tiers[int(np.argmax(np.bincount(design.groups[column].index)))]
    found = _walk(design, draws, column, reference)
    scope = dim(column)
    return [
        *_levels(design, found, scope),
        *_pairs(found, tiers),
        *_effects(design, found, tiers, reference),
    ]


def _walk(design: Design, draws: Draws, column: str, reference: str) -> Sums:
    """Add up over posts, block by block of draws."""
    posts = _posts(design, column, n_draws(draws))
    tiers = tuple(posts)
    exposure = design.spec.outcome.exposure
    parts = [
        _block(design, block.draws, posts, reference, (SEED, block.where.start))
        for block in blocks(draws, next(iter(posts.values())).height)
    ]

    def joined(values: Sequence[Floats]) -> Floats:
        return np.concatenate(values)

    base: dict[str | None, float] = {}
    if exposure is not None:
        base[None] = float(posts[reference].get_column(exposure).sum())
    if _has_followers(posts[reference]):
        base |= {tier: float(posts[tier].get_column(FOLLOWERS).sum()) for tier in tiers}
    return Sums(
        orders={cell: joined([p.orders[cell] for p in parts]) for cell in parts[0].orders},
        base=base,
        rates={
            tier: {name: joined([p.rates[tier][name] for p in parts]) for name in rates}
            for tier, rates in parts[0].rates.items()
        },
    )


def _posts(design: Design, column: str, draws: int) -> dict[str, pl.DataFrame]:
    """Return the same posts as those of each tier would be, followers included."""
    table = design.table
    if _has_followers(table):
        table = table.filter(pl.col(FOLLOWERS) > 0)
    # Evenly spaced ones of sorted posts have all posts' shares of platforms, or what else there is.
    table = table.sort(_strata(design, column), maintain_order=True)
    most = int(np.clip(NUMBERS // draws, FEWEST, MOST))
    kept = np.unique(np.linspace(0, table.height - 1, most).astype(int)).tolist()
    found = {}
    for tier in design.groups[column].levels:
        moved = table.with_columns(pl.lit(tier).alias(column))
        if _has_followers(table):
            moved = moved.with_columns(followers_of(table, column, tier))
        found[tier] = moved[kept]
    return found


def _strata(design: Design, column: str) -> list[pl.Expr]:
    """Return the grouping columns of stages, tier and creators aside, by which posts are sorted."""
    groups = dict.fromkeys(by for stage in design.stages.values() for by in stage.groups)
    columns = [by for by in groups if by not in {column, *IDS} and ":" not in by]
    return [pl.col(by) for by in columns] or [pl.lit(0)]


def _has_followers(table: pl.DataFrame) -> bool:
    return FOLLOWERS in table.columns and bool((table.get_column(FOLLOWERS) > 0).any())


def followers_of(table: pl.DataFrame, column: str, tier: str) -> pl.Series:
    """Return the followers that posts would have in a tier, at their rank in their own.

    The post with the median followers of its tier gets the median of the other; posts of the tier
    itself keep theirs.
    """
    ranked = table.select(
        ((pl.col(FOLLOWERS).rank("average") - 0.5) / pl.len()).over(column).alias("rank")
    )
    own = table.filter(pl.col(column).cast(pl.String) == tier).get_column(FOLLOWERS)
    values = np.quantile(
        own.to_numpy(), np.clip(ranked.get_column("rank").to_numpy(), 0.0, 1.0), method="hazen"
    )
    return pl.Series(FOLLOWERS, values)


def _block(
    design: Design,
    draws: Draws,
    posts: dict[str, pl.DataFrame],
    reference: str,
    seed: tuple[int, int],
) -> Sums:
    engage = partial(_engage, design, draws, posts, seed)
    orders: dict[Cell, Floats] = {}
    rates: dict[str, dict[str, Floats]] = {}

    def bought(by: str, engaged: str, reached: str | None, drawn: dict[str, Floats]) -> None:
        where = Situation(posts[by], drawn)
        orders[by, engaged, reached] = expected(design, draws, where).sum(axis=1)

    own, _ = engage(reference, None)
    through, _ = engage(reference, reference)
    for tier in posts:
        whole, means = engage(tier, tier)
        rates[tier] = _rates(design, posts[tier], whole, means)
        bought(tier, tier, tier, whole)
        bought(tier, reference, reference, through)
        bought(tier, reference, None, own)
        bought(tier, tier, None, engage(tier, None)[0])
        bought(tier, tier, reference, engage(tier, reference)[0])
    return Sums(orders, {}, rates)


def _engage(
    design: Design,
    draws: Draws,
    posts: dict[str, pl.DataFrame],
    seed: tuple[int, int],
    tier: str,
    reach: str | None,
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Draw what comes about on the way: reach as of one tier, engagement as of another.

    Returns
    -------
    tuple
        What was drawn, and what was expected of each given those before; column -> (draw, post).
    """
    found: dict[str, Floats] = {}
    means: dict[str, Floats] = {}
    for k, (name, stage) in enumerate(design.stages.items()):
        column = stage.spec.outcome.column
        of_reach = column == design.spec.outcome.exposure
        if of_reach and reach is None:
            continue
        where = Situation(posts[reach if of_reach and reach else tier], found)
        rng = np.random.default_rng((*seed, k))
        outcome, means[column] = drawn(stage, of_stage(draws, name), where, rng)
        # Nobody sees a post that reached nobody: such posts are not in a fit.
        found = {**found, column: np.maximum(outcome, 1.0) if of_reach else outcome}
    return found, means


def _rates(
    design: Design, posts: pl.DataFrame, found: dict[str, Floats], means: dict[str, Floats]
) -> dict[str, Floats]:
    """Engagements per unit of each denominator, averaged over posts; (draw,)."""
    counted = [means[column] for column in ENGAGEMENT if column in means]
    if not counted:
        return {}
    together, where = np.sum(counted, axis=0), Situation(posts, found)
    names = [name for name in (design.spec.outcome.exposure,) if name is not None]
    names += [FOLLOWERS] if _has_followers(posts) else []
    return {str(n): (together / where.column(str(n))).mean(axis=1) for n in dict.fromkeys(names)}


def engaged(design: Design) -> str:
    """Return what engagement is made of, in words."""
    columns = [stage.spec.outcome.column for stage in design.stages.values()]
    return " + ".join(column for column in ENGAGEMENT if column in columns)


def _levels(design: Design, found: Sums, scope: str) -> Iterator[Quantity]:
    """Yield engagement rates and orders per follower of each tier."""
    level = partial(Quantity, scope=scope, population=NEW)
    for tier, rates in found.rates.items():
        for name, draws in rates.items():
            yield level(
                quantity=f"engagement_rate_by_{name}",
                label=f"Engagement rate by {name}: ({engaged(design)}) / {name}",
                group=tier,
                weighting="per post",
                unit=f"per 100 {'reached' if name == 'reach' else name}",
                draws=100.0 * draws,
            )
    for tier in found.rates:
        if tier in found.base and tier is not None:
            yield level(
                quantity="orders_per_1000_followers",
                label="Orders per 1,000 followers, all ways together",
                group=tier,
                weighting="per follower",
                unit="orders per 1,000 followers",
                draws=1000.0 * found.orders[tier, tier, tier] / found.base[tier],
            )


def _pairs(found: Sums, tiers: Sequence[str]) -> Iterator[Quantity]:
    """Yield ratios of engagement rates of every two tiers, by each denominator."""
    for name in next(iter(found.rates.values()), {}):
        for a, b in combinations(tiers, 2):
            yield Quantity(
                quantity=f"engagement_rate_ratio_by_{name}",
                label=f"Engagement rate by {name}: ratio",
                scope="contrast",
                group=f"{a} / {b}",
                population=NEW,
                weighting="per post",
                unit="ratio",
                draws=found.rates[a][name] / found.rates[b][name],
                threshold=1.0,
                statement=f"P({a} > {b})",
                words=(f"{a} is higher", f"{b} is higher"),
            )


def _effects(
    design: Design, found: Sums, tiers: Sequence[str], reference: str
) -> Iterator[Quantity]:
    """Yield total, direct and indirect effects of each tier against the reference."""
    exposure = design.spec.outcome.exposure
    for tier in (t for t in tiers if t != reference):
        if reference in found.base and _explains(design, exposure):
            per = {t: found.base[t] for t in (tier, reference)}
            yield from _ways(FOLLOWERS, tier, reference, _per_follower(found, tier, reference, per))
        if exposure is not None:
            yield from _ways(exposure, tier, reference, _per_reached(found, tier, reference))


def _explains(design: Design, column: str | None) -> bool:
    return any(stage.spec.outcome.column == column for stage in design.stages.values())


def _per_follower(
    found: Sums, tier: str, reference: str, per: dict[str, float]
) -> dict[str, Floats]:
    none = found.orders[reference, reference, reference] / per[reference]
    besides = found.orders[tier, reference, reference] / per[reference]
    engaged = found.orders[tier, tier, reference] / per[reference]
    whole = found.orders[tier, tier, tier] / per[tier]
    return {
        "total": whole / none,
        "direct": besides / none,
        "through engagement": engaged / besides,
        "through reach": whole / engaged,
    }


def _per_reached(found: Sums, tier: str, reference: str) -> dict[str, Floats]:
    none = found.orders[reference, reference, None]
    besides, whole = found.orders[tier, reference, None], found.orders[tier, tier, None]
    return {
        "total": whole / none,
        "direct": besides / none,
        "through engagement": whole / besides,
    }


def _ways(name: str, tier: str, reference: str, ways: dict[str, Floats]) -> Iterator[Quantity]:
    people = "reached" if name == "reach" else name
    for way, draws in ways.items():
        yield Quantity(
            quantity=f"{way.replace(' ', '_')}_effect_by_{name}",
            label=f"Effect of tier on orders per 1,000 {people}: {way}",
            scope="contrast",
            group=f"{tier} / {reference}",
            population=NEW,
            weighting=f"per {name.removesuffix('s')}",
            unit="ratio",
            draws=draws,
            threshold=1.0,
            statement=f"P({tier} > {reference})",
            words=(f"{tier} is higher", f"{reference} is higher"),
        )
