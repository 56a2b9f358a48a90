"""What each estimand is in truth, for a simulated brand: plain sums over its posts.

Computed from the simulator's own record with nothing of the estimators, so that a wrong formula
there shows as a miss here. The populations and weights are those of the estimates' table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import polars as pl

from attribution.design.types import Design
from attribution.errors import InputError, Problem
from attribution.quantities.estimates import NEW, THESE
from attribution.quantities.recorded import IN_ALL as BROUGHT_IN_ALL
from attribution.quantities.recorded import OF_BASIS, PER_RECORDED, RECORDED, basis
from attribution.simulation.capture import Capture
from attribution.simulation.fakes import FAKED
from attribution.simulation.truth import Truth
from attribution.spec.sections.capture import LEAKED, SHARE

KEYS = ("quantity", "scope", "group", "population")
SCHEMA = dict.fromkeys(KEYS, pl.String) | {"truth": pl.Float64}
PER = {"reach": 1000.0, "likes": 1000.0, "comments": 100.0}
NAMES = {
    "reach": "orders_per_1000_reached",
    "likes": "orders_per_1000_likes",
    "comments": "orders_per_100_comments",
}
IN_ALL = "orders_per_1000_reached_in_all"

Row = dict[str, Any]


def truth_table(truth: Truth, design: Design) -> pl.DataFrame:
    """Return the truth of every estimand with an interval, for the posts of a fit.

    Parameters
    ----------
    truth
        The simulator's record of the brand.
    design
        The posts in the fit: the truth is about the same ones.

    Returns
    -------
    pl.DataFrame
        quantity, scope, group, population, truth; joins to the table of effects on the first
        four. Units as in that table.

    Raises
    ------
    InputError
        When a post of the fit is not in the brand.
    """
    posts = true_posts(truth, design)
    tiers = [t for t in truth.tiers if t in set(posts.get_column("tier"))]
    rows: list[Row] = []
    for scope, group, some in _groups(posts, tiers):
        rows += [_row(q, scope, group, THESE, value) for q, value in _here(some)]
        rows += [_row(q, scope, group, THESE, value) for q, value in _changes(some)]
    rows += _new(truth, posts, tiers)
    rows += [
        _row("creator_multiplier", "creator", creator, THESE, value)
        for creator, value in posts.group_by("creator_id").agg(pl.first("multiplier")).rows()
    ]
    rows += _brought(truth, design, posts)
    if truth.fakes is not None:
        rows += _fakes(truth.fakes.mean, posts, tiers)
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def true_posts(truth: Truth, design: Design) -> pl.DataFrame:
    """Return the posts of a fit with their signals as the table shows them, and their truth.

    Columns besides the table's: tier, expected_<part>, expected, rate_<part> (orders per unit
    shown at that post, the creator's multiplier and fakes included), multiplier, fake_share, value
    (expected net revenue per order, currency). Orders are recorded ones.
    """
    vary = "paying_share" in truth.creators.columns
    paying = pl.col("paying_share") if vary else pl.lit(truth.values.paying_share)
    creators = truth.creators.select(
        "creator_id",
        "multiplier",
        (pl.lit(0.0) if truth.fakes is None else pl.col("fake_share")).alias("fake_share"),
        (pl.col("mean_net_revenue") * paying).alias("value"),
    )
    record = truth.posts.select("post_id", "tier", pl.col("^expected.*$") * _capture(truth).share)
    table = design.table.select(
        "post_id", "creator_id", "reach", "likes", "comments", *_costs(design.table)
    )
    posts = table.join(record, on="post_id", how="left", maintain_order="left").join(
        creators, on="creator_id", how="left", maintain_order="left"
    )
    unknown = posts.filter(pl.col("expected").is_null())
    if not unknown.is_empty():
        raise InputError(
            Problem(
                "a post of the fit is not in the simulated brand",
                value=str(unknown.item(0, "post_id")),
                expected="the truth of the brand that was fitted",
            )
        )
    return posts.with_columns(_unit_rate(truth, part).alias(f"rate_{part}") for part in PER)


def _capture(truth: Truth) -> Capture:
    return truth.capture or Capture()


def _costs(table: pl.DataFrame) -> list[str]:
    return [
        c for c in ("fee", "product_cost", "commission", "management_cost") if c in table.columns
    ]


def _unit_rate(truth: Truth, part: str) -> pl.Expr:
    by_tier = {tier: rates[part] for tier, rates in truth.rates_by_tier.items()}
    genuine = 1.0 - pl.col("fake_share") if part in FAKED else pl.lit(1.0)
    rate = pl.col("tier").replace_strict(by_tier, return_dtype=pl.Float64)
    return pl.col("multiplier") * genuine * rate * _capture(truth).share


def _row(quantity: str, scope: str, group: str, population: str, value: float) -> Row:
    return dict(zip((*KEYS, "truth"), (quantity, scope, group, population, value), strict=True))


def _groups(posts: pl.DataFrame, tiers: Sequence[str]) -> Iterator[tuple[str, str, pl.DataFrame]]:
    yield "overall", "all", posts
    for tier in tiers:
        yield "tier", tier, posts.filter(pl.col("tier") == tier)


def _sum(frame: pl.DataFrame, column: str) -> float:
    return float(frame.get_column(column).sum())


def _here(posts: pl.DataFrame) -> Iterator[tuple[str, float]]:
    """Rates, shares and the likes worth one comment, over these posts."""
    yield from _rates(posts)
    for part in NAMES:
        yield f"share_of_orders_{part}", _sum(posts, f"expected_{part}") / _sum(posts, "expected")
    if _sum(posts, "rate_likes") > 0:
        yield "likes_per_comment", _sum(posts, "rate_comments") / _sum(posts, "rate_likes")


def _changes(posts: pl.DataFrame) -> Iterator[tuple[str, float]]:
    """What more likes or comments would bring, over the posts that show both."""
    shown = posts.drop_nulls(["likes", "comments"])
    for signal, step in (("likes", 1000.0), ("comments", 100.0)):
        yield f"change_per_{step:.0f}_{signal}", step * _sum(shown, f"rate_{signal}") / shown.height
        yield f"elasticity_{signal}", _sum(shown, f"expected_{signal}") / _sum(shown, "expected")


def _brought(truth: Truth, design: Design, posts: pl.DataFrame) -> Iterator[Row]:
    """What a model tells of orders beyond recorded ones, and of lift tests."""
    orders = {lift.name: float(lift.orders) for lift in truth.lifts}
    for test in design.spec.experiments.tests if design.spec.experiments else ():
        if test.name in orders:
            yield _row("expected_lift", "lift test", test.name, THESE, orders[test.name])
    if basis(design) == RECORDED:
        return
    capture, recorded = _capture(truth), _sum(posts, "expected")
    found = {
        PER_RECORDED: capture.brought,
        "expected_recorded_orders": recorded,
        BROUGHT_IN_ALL: capture.brought * recorded,
        **{f"{name}{OF_BASIS}": capture.brought * value for name, value in _rates(posts)},
    }
    if design.spec.capture is not None:
        kept = (1.0 - capture.anyway) * recorded
        found["orders_missed"] = kept / capture.share - kept
        found[SHARE] = capture.share
        if design.spec.capture.leaked is not None:
            found |= {"orders_leaked": capture.anyway * recorded, LEAKED: capture.anyway}
    for name, value in found.items():
        yield _row(name, "overall", "all", THESE, value)


def _rates(posts: pl.DataFrame) -> Iterator[tuple[str, float]]:
    """Recorded orders per unit of reach, likes and comments, and by all ways."""
    for part, name in NAMES.items():
        shown = posts.filter(pl.col(part).is_not_null())
        yield name, PER[part] * _sum(shown, f"expected_{part}") / _sum(shown, part)
    yield IN_ALL, 1000.0 * _sum(posts, "expected") / _sum(posts, "reach")


def _fakes(mean: float, posts: pl.DataFrame, tiers: Sequence[str]) -> Iterator[Row]:
    """Shares of fakes, of shown engagement and by creator, and rates of what is genuine."""
    for part in FAKED:
        shown = posts.filter(pl.col(part).is_not_null()).with_columns(
            fake=pl.col(part) * pl.col("fake_share")
        )
        share = _sum(shown, "fake") / _sum(shown, part)
        yield _row(f"fake_share_of_{part}", "overall", "all", THESE, share)
        for scope, group, some in _groups(shown, tiers):
            genuine = _sum(some, part) - _sum(some, "fake")
            value = PER[part] * _sum(some, f"expected_{part}") / genuine
            yield _row(f"{NAMES[part]}_genuine", scope, group, THESE, value)
    for creator, fake in posts.group_by("creator_id").agg(pl.first("fake_share")).rows():
        yield _row("creator_fake_share", "creator", creator, THESE, fake)
        yield _row("creator_more_fakes", "creator", creator, THESE, fake - mean)


def _new(truth: Truth, posts: pl.DataFrame, tiers: Sequence[str]) -> Iterator[Row]:
    """Rates of a new creator (multiplier 1, fakes as on average) by tier, and their ratios."""
    rates = {name: {t: PER[p] * _new_rate(truth, t, p) for t in tiers} for p, name in NAMES.items()}
    rates[IN_ALL] = {tier: _in_all(truth, posts, tier) for tier in tiers}
    for name, by_tier in rates.items():
        for tier, value in by_tier.items():
            yield _row(name, "tier", tier, NEW, value)
        for a, b in combinations(tiers, 2):
            if name != NAMES["reach"] and by_tier[b] > 0:
                ratio = by_tier[a] / by_tier[b]
                yield _row(f"tier_contrast_{name}", "contrast", f"{a} / {b}", NEW, ratio)


def _new_rate(truth: Truth, tier: str, part: str) -> float:
    """Orders per unit shown by a new creator."""
    fake = 0.0 if truth.fakes is None or part not in FAKED else truth.fakes.mean
    return (1.0 - fake) * truth.rates_by_tier[tier][part] * _capture(truth).share


def _in_all(truth: Truth, posts: pl.DataFrame, tier: str) -> float:
    """Orders per 1,000 reached at the tier's mix over the posts that show every signal."""
    shown = posts.filter(pl.col("tier") == tier).drop_nulls(list(PER))
    orders = sum(_new_rate(truth, tier, p) * _sum(shown, p) for p in PER)
    return 1000.0 * orders / _sum(shown, "reach")


def roi_truth(truth: Truth, design: Design, by: str, *, margin: float = 1.0) -> pl.DataFrame:
    """Return the true expected ROI and expected orders by creator, tier or in total.

    Returns
    -------
    pl.DataFrame
        group, true_roi, true_orders; posts without a known cost stay out.
    """
    posts = true_posts(truth, design)
    costs, factor = _costs(posts), 1.0 if basis(design) == RECORDED else _capture(truth).brought
    known = posts.filter(pl.any_horizontal(pl.col(costs).is_not_null())).with_columns(
        cost=pl.sum_horizontal(costs),
        expected=factor * pl.col("expected"),
        revenue=factor * pl.col("expected") * pl.col("value"),
    )
    column = {"total": pl.lit("all"), "tier": pl.col("tier"), "creator": pl.col("creator_id")}[by]
    return (
        known.group_by(column.alias("group"), maintain_order=True)
        .agg(pl.col("revenue", "cost").sum(), true_orders=pl.col("expected").sum())
        .select(
            "group",
            true_roi=(margin * pl.col("revenue") - pl.col("cost")) / pl.col("cost"),
            true_orders="true_orders",
        )
    )


def contributions_truth(truth: Truth, design: Design, by: str) -> pl.DataFrame:
    """Return the observed orders times the true share of each part, in total or by tier.

    The shares are those of the posts whose orders can land on each post, weighted by how much of
    theirs the rule credits to it.

    Returns
    -------
    pl.DataFrame
        group, part, truth (credited orders).
    """
    posts = true_posts(truth, design)
    landed = {part: _landed(design, posts.get_column(f"expected_{part}")) for part in PER}
    shares = pl.DataFrame(landed).select(pl.all() / pl.sum_horizontal(pl.all()))
    credited = shares.select(pl.all() * pl.Series(design.outcome)).with_columns(
        group=pl.lit("all") if by == "total" else posts.get_column("tier")
    )
    return (
        credited.group_by("group", maintain_order=True)
        .agg(pl.all().sum())
        .unpivot(index="group", variable_name="part", value_name="truth")
    )


def _landed(design: Design, expected: pl.Series) -> pl.Series:
    if design.sources is None:
        return expected
    values = expected.to_numpy()
    return pl.Series((design.sources.weight * values[design.sources.index]).sum(axis=1))
