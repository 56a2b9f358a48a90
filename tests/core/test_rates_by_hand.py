"""Estimands of the conversion rates model on three posts, against numbers worked out on paper.

With the draws of ``support.tiny``, expected orders through reach, likes and comments are

* draw 1: p1 2, 2, 2; p2 4, 1, 1; p3 1, 0.4, 0.4
* draw 2: p1 2, 0.5, 0.5; p2 4, 0.25, 0.25; p3 4.8, 3.6, 5.4
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from support import tiny

from attribution import forward
from attribution.quantities.additive import additive_quantities
from attribution.quantities.contributions import contributions, credited
from attribution.quantities.densities import draws_table
from attribution.quantities.estimates import NEW, SCHEMA, THESE, Quantity
from attribution.quantities.grouping import groupings
from attribution.quantities.response import response_table
from attribution.quantities.totals import SHARE_FLOOR
from attribution.run import Run

PARTS = np.array(
    [
        [[2, 2, 2], [4, 1, 1], [1, 0.4, 0.4]],
        [[2, 0.5, 0.5], [4, 0.25, 0.25], [4.8, 3.6, 5.4]],
    ]
)
"""Shape (draw, post, part)."""


@cache
def run() -> Run:
    return tiny.run()


@cache
def found() -> dict[tuple[str, str, str, str], Quantity]:
    quantities = additive_quantities(run().design, run().draws)
    by_key = {q.key: q for q in quantities}
    assert len(by_key) == len(quantities)
    return by_key


def test_expected_orders_by_part() -> None:
    assert forward.expected_parts(run().design, run().draws)[:2] == pytest.approx(PARTS)


IN_ALL = "orders_per_1000_reached_in_all"

RATES_HERE = [
    ("orders_per_1000_reached", "overall", "all", 1000 * 7 / 7000, 1000 * 10.8 / 7000),
    ("orders_per_1000_reached", "tier", "nano", 1000 * 6 / 3000, 1000 * 6 / 3000),
    ("orders_per_1000_likes", "overall", "all", 1000 * 3.4 / 550, 1000 * 4.35 / 550),
    ("orders_per_1000_likes", "tier", "nano", 1000 * 3 / 150, 1000 * 0.75 / 150),
    ("orders_per_1000_likes", "tier", "micro", 1000 * 0.4 / 400, 1000 * 3.6 / 400),
    ("orders_per_100_comments", "overall", "all", 100 * 3.4 / 35, 100 * 6.15 / 35),
    ("orders_per_100_comments", "tier", "micro", 100 * 0.4 / 20, 100 * 5.4 / 20),
    ("orders_per_1000_reached_in_all", "overall", "all", 13.8 / 7, 21.3 / 7),
    ("orders_per_1000_reached_in_all", "tier", "nano", 12 / 3, 7.5 / 3),
    ("share_of_orders_reach", "overall", "all", 7 / 13.8, 10.8 / 21.3),
    ("share_of_orders_likes", "overall", "all", 3.4 / 13.8, 4.35 / 21.3),
    ("share_of_orders_comments", "tier", "micro", 0.4 / 1.8, 5.4 / 13.8),
    # The same post weights above and below: sum of v * phi over sum of v * theta.
    ("likes_per_comment", "overall", "all", 0.42 / 0.041, 0.37 / 0.019),
    ("likes_per_comment", "tier", "nano", 10.0, 10.0),
    ("likes_per_comment", "tier", "micro", 20.0, 30.0),
    ("creator_multiplier", "creator", "a", 2.0, 1.0),
    ("creator_multiplier", "creator", "b", 0.5, 3.0),
]

RATES_NEW = [
    ("orders_per_1000_reached", "tier", "nano", 1.0, 2.0),
    ("orders_per_1000_likes", "tier", "nano", 10.0, 5.0),
    ("orders_per_1000_likes", "tier", "micro", 2.0, 3.0),
    ("orders_per_100_comments", "tier", "micro", 4.0, 9.0),
    # At the tier's own mix: 0.05 likes and 0.005 comments per person reached by nano posts.
    ("orders_per_1000_reached_in_all", "tier", "nano", 2.0, 2.5),
    ("orders_per_1000_reached_in_all", "tier", "micro", 0.9, 1.15),
    ("tier_contrast_orders_per_1000_likes", "contrast", "nano / micro", 5.0, 5 / 3),
    ("tier_contrast_orders_per_100_comments", "contrast", "nano / micro", 2.5, 5 / 9),
    (
        "tier_contrast_orders_per_1000_reached_in_all",
        "contrast",
        "nano / micro",
        2 / 0.9,
        2.5 / 1.15,
    ),
    ("best_tier_orders_per_1000_likes", "tier", "nano", 1.0, 1.0),
    ("best_tier_orders_per_1000_likes", "tier", "micro", 0.0, 0.0),
    ("best_tier_orders_per_100_comments", "tier", "nano", 1.0, 0.0),
    ("best_tier_orders_per_100_comments", "tier", "micro", 0.0, 1.0),
]


@pytest.mark.parametrize(("quantity", "scope", "group", "first", "second"), RATES_HERE)
def test_of_these_creators(
    quantity: str, scope: str, group: str, first: float, second: float
) -> None:
    draws = found()[quantity, scope, group, THESE].draws
    assert draws == pytest.approx(tiny.both(first, second))


@pytest.mark.parametrize(("quantity", "scope", "group", "first", "second"), RATES_NEW)
def test_of_a_new_creator_of_the_tier(
    quantity: str, scope: str, group: str, first: float, second: float
) -> None:
    draws = found()[quantity, scope, group, NEW].draws
    assert draws == pytest.approx(tiny.both(first, second))


def test_weights_and_units_are_named() -> None:
    weighting = {key[0]: q.weighting for key, q in found().items()}
    assert weighting["orders_per_1000_likes"] == "per like"
    assert weighting["orders_per_100_comments"] == "per comment"
    assert weighting["orders_per_1000_reached"] == "per reach"
    assert weighting["likes_per_comment"] == "per post"
    assert weighting["share_of_orders_likes"] == "per expected order"
    assert {q.population for q in found().values()} == {THESE, NEW}
    assert (
        found()["orders_per_1000_likes", "overall", "all", THESE].unit == "orders per 1,000 likes"
    )


def test_hidden_likes_stay_out_of_a_rate_and_count_in_shares() -> None:
    """Of 12 posts with 100 likes one hides them: the rate is over 1,100 likes and 11 posts."""
    frame = pl.concat([tiny.table()] * 4).with_columns(
        post_id=pl.int_range(12).cast(pl.String),
        likes=pl.when(pl.int_range(12) == 0).then(None).otherwise("likes"),
        carry_posts=pl.concat_list(pl.int_range(12).cast(pl.String)),
    )
    design = tiny.design(frame)
    draws = dict(tiny.additive_draws(design)) | {"hidden_z": np.zeros((16, 1))}
    by_key = {q.key: q for q in additive_quantities(design, draws)}
    rate = by_key["orders_per_1000_likes", "overall", "all", THESE].draws
    assert rate[0] == pytest.approx(1000 * (4 * 3.4 - 2) / (4 * 550 - 100))
    likes = np.expm1(design.hidden.mean[0]) if design.hidden else 0.0
    orders = np.array([4 * 7, 4 * 3.4 - 2 + 0.02 * likes, 4 * 3.4])
    share = by_key["share_of_orders_likes", "overall", "all", THESE].draws
    assert share[0] == pytest.approx(orders[1] / orders.sum())


def test_a_tier_that_shows_no_likes_has_no_mix_to_tell_rates_at() -> None:
    frame = pl.concat([tiny.table()] * 12).with_columns(
        post_id=pl.int_range(36).cast(pl.String),
        likes=pl.when(pl.col("tier") == "nano").then("likes"),
        carry_posts=pl.concat_list(pl.int_range(36).cast(pl.String)),
    )
    design = tiny.design(frame)
    draws = dict(tiny.additive_draws(design)) | {"hidden_z": np.zeros((16, 12))}
    keys = {q.key for q in additive_quantities(design, draws)}
    assert (IN_ALL, "tier", "micro", THESE) in keys
    assert ("orders_per_1000_likes", "tier", "micro", THESE) not in keys
    assert (IN_ALL, "tier", "nano", NEW) in keys
    assert (IN_ALL, "tier", "micro", NEW) not in keys
    assert not {key for key in keys if key[0] == f"tier_contrast_{IN_ALL}"}
    assert "orders_per_100_comments" in {key[0] for key in keys if key[2:] == ("micro", THESE)}


def test_the_effects_table_says_what_the_draws_say() -> None:
    effects = run().effects()
    assert effects.schema == pl.Schema(SCHEMA | {"method": pl.String})
    contrasts = {row["quantity"]: row for row in effects.rows(named=True)}
    row = contrasts["tier_contrast_orders_per_100_comments"]
    assert row["statement"] == "P(nano > micro)"
    assert row["probability"] == row["prior_probability"] == 0.5
    assert row["answer"] == "cannot tell"
    assert row["mean"] == pytest.approx((2.5 + 5 / 9) / 2)
    assert (row["lower"], row["upper"]) == pytest.approx((5 / 9, 2.5))
    sure = effects.row(
        by_predicate=pl.col("quantity") == "tier_contrast_orders_per_1000_likes", named=True
    )
    assert (sure["probability"], sure["answer"]) == (1.0, "nano is higher")


@pytest.mark.parametrize("stored", [pl.Int32, pl.Float64])
def test_effects_do_not_depend_on_how_counts_are_stored(stored: type[pl.DataType]) -> None:
    counts = ("reach", "likes", "comments", "conversions", "paying_orders")
    for spec in (tiny.ADDITIVE, tiny.ENGAGEMENT):
        plain = tiny.run(spec=spec).effects()
        again = tiny.run(tiny.table().with_columns(pl.col(counts).cast(stored)), spec).effects()
        assert again.equals(plain)


@pytest.mark.parametrize(("share", "answer"), [(0.9, "cannot tell"), (1.1, "a comment is worth")])
def test_likes_and_comments_are_compared_only_above_the_floor(share: float, answer: str) -> None:
    """Rates of likes are set so that they bring 0.9 or 1.1 times the floor's share of orders."""
    design = tiny.design()
    draws = dict(tiny.additive_draws(design))
    parts = forward.expected_parts(design, draws).sum(axis=1)
    others = parts[:, 0] + parts[:, 2]
    wanted = share * SHARE_FLOOR
    factor = wanted * others / ((1 - wanted) * parts[:, 1])
    draws["tier_effect"] = draws["tier_effect"].copy()
    draws["tier_effect"][:, 1] += np.log(factor)[:, None]
    by_key = {q.key: q for q in additive_quantities(design, draws)}
    ratio = by_key["likes_per_comment", "overall", "all", THESE]
    assert ratio.probability == 1.0
    assert ratio.answer.startswith(answer)
    rate = by_key["orders_per_1000_likes", "overall", "all", THESE]
    assert rate.answer == ("cannot tell" if share < 1 else "estimated")
    shares = by_key["share_of_orders_likes", "overall", "all", THESE]
    assert shares.answer == ("likes bring next to none" if share < 1 else "likes bring orders")


CREDITED = [
    ("total", "all", "reach", 1 + 2 / 3 + 4 / 1.8, 2 + 4 / 4.5 + 4 * 4.8 / 13.8),
    ("total", "all", "likes", 1 + 1 / 6 + 1.6 / 1.8, 0.5 + 0.25 / 4.5 + 4 * 3.6 / 13.8),
    ("tier", "nano", "comments", 1 + 1 / 6, 0.5 + 0.25 / 4.5),
    ("creator", "b", "reach", 4 / 1.8, 4 * 4.8 / 13.8),
    ("post", "p2", "reach", 4 / 6, 4 / 4.5),
]


@pytest.mark.parametrize(("by", "group", "part", "first", "second"), CREDITED)
def test_contributions(by: str, group: str, part: str, first: float, second: float) -> None:
    table = contributions(run(), by)
    row = table.row(by_predicate=(pl.col("group") == group) & (pl.col("part") == part), named=True)
    assert row["mean"] == pytest.approx((first + second) / 2)
    assert (row["lower"], row["upper"]) == pytest.approx(tuple(sorted((first, second))))
    assert row["share_mean"] == pytest.approx(row["mean"] / row["observed"])


def test_contributions_of_a_post_without_orders_have_no_share() -> None:
    table = contributions(
        tiny.run(tiny.table(conversions=[3, 0, 4], paying_orders=[2, 0, 4])), "post"
    )
    none = table.filter(pl.col("group") == "p2")
    assert none["mean"].to_list() == [0.0] * 3
    assert none["share_mean"].null_count() == 3
    assert none["ess_bulk"].null_count() == 3


def test_late_orders_are_credited_by_where_they_come_from() -> None:
    """A fifth of p1's orders land on p2, which then has 4.4, 1.4 and 1.4 of its own 7.2."""
    frame = tiny.table(
        carry_posts=[["p1"], ["p2", "p1"], ["p3"]], carry_shares=[[0.8], [1.0, 0.2], [1.0]]
    )
    late = tiny.run(frame)
    (draws,) = credited(late.design, late.draws, groupings(late.design, "post"))
    assert draws[0, 1] == pytest.approx([4.4 / 7.2, 1.4 / 7.2, 1.4 / 7.2])
    assert draws[0, 0] == pytest.approx([1.0, 1.0, 1.0])


@pytest.mark.parametrize("by", ["total", "tier", "creator", "post"])
def test_contributions_add_up_to_the_observed_orders(by: str) -> None:
    table = contributions(run(), by)
    sums = table.group_by("group").agg(pl.col("mean").sum(), pl.col("observed").first())
    assert sums["mean"].to_list() == pytest.approx(sums["observed"].to_list())
    assert sums["observed"].sum() == 8


def test_contributions_by_several_levels_at_once_are_the_tables_of_each() -> None:
    levels = ["total", "tier", "post"]
    each = pl.concat([contributions(run(), level) for level in levels])
    assert contributions(run(), levels).equals(each)


def test_draws_for_densities_are_those_of_the_quantity() -> None:
    table = draws_table(run())
    rate = table.filter(pl.col("quantity") == "orders_per_1000_likes")
    assert rate["value"].to_list() == pytest.approx(tiny.both(3400 / 550, 4350 / 550).tolist())
    assert rate["reference"].null_count() == rate.height
    ratio = table.filter(pl.col("quantity") == "likes_per_comment")
    assert ratio["reference"].unique().to_list() == [1.0]
    assert not table["quantity"].str.starts_with("share_").any()


def test_the_response_curve_is_a_line_with_the_rate_as_slope() -> None:
    """Nano: 4.5 orders otherwise and 0.02 per like in draw 1; 3.375 and 0.005 in draw 2."""
    curve = response_table(run()).filter(pl.col("signal") == "likes", pl.col("tier") == "nano")
    x = curve["x"].to_numpy()
    lines = np.stack([4.5 + 0.02 * x, 3.375 + 0.005 * x])
    assert curve["upper"].to_numpy() == pytest.approx(lines.max(axis=0))
    assert curve["lower"].to_numpy() == pytest.approx(lines.min(axis=0))
    assert (x.min(), x.max()) == pytest.approx((52.5, 97.5))


def test_parts_of_a_curve_are_in_order() -> None:
    x = response_table(run()).filter(pl.col("signal") == "comments", pl.col("tier") == "nano")["x"]
    assert all(a < b for a, b in pairwise(x))
