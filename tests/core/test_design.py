"""From spec and table to arrays: units, features, groups, late orders, what is left out and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from support import small, tiny

from attribution.design import Absent, Design, SetAside, build_design
from attribution.design.build import SMALLEST_OWN_SHARE, pad_sources
from attribution.design.hidden import MINIMUM_SHOWN
from attribution.errors import InputError
from attribution.spec import read_spec

COUNTS = ("reach", "likes", "comments", "conversions", "paying_orders")


def arrays(design: Design) -> dict[str, Any]:
    """Return every array of a design by name."""
    value, sources = design.value, design.sources
    assert value is not None
    assert sources is not None
    return {
        "outcome": design.outcome,
        "exposure": design.exposure,
        "units": design.units,
        **{f"signal {name}": values for name, values in design.signals.items()},
        **{f"feature {name}": values for name, values in design.features.items()},
        **{f"index {name}": group.index for name, group in design.groups.items()},
        "sources": sources.index,
        "shares": sources.weight,
        "orders": value.orders,
        "revenue": value.revenue,
    }


@pytest.mark.parametrize("dtype", [pl.Int64, pl.UInt16, pl.Int32, pl.Float64, pl.Float32])
@pytest.mark.parametrize("spec", [tiny.ADDITIVE, tiny.ENGAGEMENT], ids=lambda s: s.name)
def test_a_numeric_type_changes_nothing(spec: Any, dtype: Any) -> None:
    plain = arrays(tiny.design(spec=spec))
    stored = arrays(tiny.design(tiny.table().with_columns(pl.col(COUNTS).cast(dtype)), spec))
    assert stored.keys() == plain.keys()
    for name, values in plain.items():
        assert stored[name].dtype == values.dtype, name
        assert np.array_equal(stored[name], values), name


def test_the_outcome_is_integers_and_the_rest_floats() -> None:
    design = tiny.design(tiny.table(conversions=[3.0, 1.0, 4.0]))
    assert design.outcome.dtype == np.int64
    assert {values.dtype for values in design.signals.values()} == {np.dtype("float64")}


def test_units_are_exposure_per_unit_of_each_part() -> None:
    assert tiny.design().units == pytest.approx([1.0, 7000 / 550, 7000 / 35])


def test_units_leave_out_posts_that_hide_a_part() -> None:
    many = many_posts(likes=[None, *[100] * 11], reach=[9999, *[1000] * 11])
    assert tiny.design(many).units == pytest.approx([1.0, 10.0, 100.0])


def many_posts(count: int = 12, **changes: list[Any]) -> pl.DataFrame:
    """Return posts by six creators of two tiers, enough to estimate hidden likes from."""
    columns: dict[str, Any] = {
        "post_id": [f"p{i}" for i in range(count)],
        "creator_id": [f"c{i % 6}" for i in range(count)],
        "tier": ["nano" if i % 6 < 3 else "micro" for i in range(count)],
        "reach": [1000] * count,
        "likes": [100] * count,
        "comments": [10] * count,
        "conversions": [i % 4 for i in range(count)],
    }
    return pl.DataFrame(columns | changes)


def test_features_are_centred_at_the_posts_that_show_everything() -> None:
    likes, comments = np.array([100, 50, 400]), np.array([10, 5, 20])
    design = tiny.design(spec=tiny.ENGAGEMENT)
    volume = np.log((1 + likes) / tiny.table().get_column("reach").to_numpy())
    conversation = np.log((1 + comments) / (1 + likes))
    assert design.features["volume"] == pytest.approx(volume - volume.mean())
    assert design.features["conversation"] == pytest.approx(conversation - conversation.mean())
    assert design.feature_centres["volume"] == pytest.approx(volume.mean())


def test_features_of_hidden_posts_follow_the_hidden_count() -> None:
    """At each node, and linear in between: the features are those of the count itself."""
    rng = np.random.default_rng(1)
    likes = [None, *rng.integers(20, 400, 11).tolist()]
    design = build_design(tiny.ENGAGEMENT, many_posts(likes=likes))
    hidden = design.hidden
    assert hidden is not None
    assert hidden.columns == ("likes",)
    assert hidden.rows.tolist() == [0]
    log_count = np.maximum(hidden.mean[0] + hidden.sd[0] * hidden.nodes, 0.0)
    shown = np.log1p(np.array(likes[1:], dtype=float))
    assert hidden.features["volume"][0] == pytest.approx(log_count - shown.mean())
    centre = np.mean(np.log(11.0) - shown)
    assert hidden.features["conversation"][0] == pytest.approx(np.log(11.0) - log_count - centre)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"reach": [0, 2000, 4000]}, "reach is 0"),
        ({"reach": [None, 2000, 4000]}, "reach is empty"),
        ({"conversions": [None, 1, 4]}, "conversions is empty"),
        ({"tier": [None, "nano", "micro"]}, "tier is empty"),
        ({"creator_id": [None, "a", "b"]}, "creator_id is empty"),
        ({"likes": [None, 50, 400]}, "likes is empty and the model sets such posts aside"),
        ({"comments": [None, 5, 20]}, "comments is empty and the model sets such posts aside"),
    ],
)
def test_a_post_is_set_aside_with_its_reason(changes: dict[str, Any], reason: str) -> None:
    design = tiny.design(tiny.table(**changes))
    assert design.set_aside == (SetAside("p1", reason),)
    assert design.posts == ("p2", "p3")
    assert design.outcome.tolist() == [1, 4]


@pytest.mark.parametrize("shown", [MINIMUM_SHOWN - 1, MINIMUM_SHOWN])
def test_hidden_likes_are_estimated_only_where_enough_are_shown(shown: int) -> None:
    likes = [None, *[100] * shown]
    design = tiny.design(many_posts(shown + 1, likes=likes))
    assert (design.hidden is not None) is (shown >= MINIMUM_SHOWN)
    assert len(design.set_aside) == (0 if shown >= MINIMUM_SHOWN else 1)


def test_a_post_that_hides_both_signals_is_set_aside() -> None:
    frame = many_posts(likes=[None, None, *[100] * 10], comments=[None, *[10] * 11])
    design = tiny.design(frame)
    reason = "likes and comments are hidden: nothing to estimate them from"
    assert design.set_aside == (SetAside("p0", reason),)
    assert design.hidden is not None
    assert design.hidden.columns == ("likes",)


def test_a_spec_may_set_hidden_posts_aside() -> None:
    spec = replace(tiny.ADDITIVE, missing={"likes": "set_aside", "comments": "latent"})
    design = tiny.design(many_posts(likes=[None, *[100] * 11]), spec)
    assert [aside.post_id for aside in design.set_aside] == ["p0"]
    assert design.hidden is None


@pytest.mark.parametrize(
    ("gone", "absent"),
    [
        (
            ("fee", "product_cost"),
            Absent(
                "ROI",
                "the table has no cost column (fee, product_cost, commission, management_cost)",
            ),
        ),
        (
            ("net_revenue",),
            Absent("order value and ROI", "the table has no net_revenue column"),
        ),
        (("likes",), Absent("rate of likes", "the table has no likes")),
        (("comments",), Absent("rate of comments", "the table has no comments")),
        (
            ("creator_id",),
            Absent("differences of rates by creator_id", "the table has no creator_id"),
        ),
        (("tier",), Absent("differences of rates by tier", "the table has no tier")),
        (
            ("carry_posts", "carry_shares"),
            Absent(
                "correction for late orders",
                "the table does not say how long each post could collect orders",
            ),
        ),
    ],
)
def test_what_a_table_lacks_is_absent_with_its_reason(
    gone: tuple[str, ...], absent: Absent
) -> None:
    whole, lacking = tiny.design(), tiny.design(tiny.table().drop(gone))
    assert whole.absent == ()
    assert absent in lacking.absent
    assert lacking.posts == whole.posts


def test_a_table_of_counts_alone_still_has_a_design() -> None:
    frame = tiny.table().select("post_id", "reach", "likes", "comments", "conversions")
    design = tiny.design(frame)
    assert set(design.groups) == set()
    assert design.value is None
    assert design.sources is None
    assert {absent.part for absent in design.absent} == {
        "differences of rates by tier",
        "differences of rates by creator_id",
        "order value and ROI",
        "ROI",
        "correction for late orders",
    }


@pytest.mark.parametrize(
    ("changes", "part", "reason"),
    [
        ({"tier": ["nano"] * 3}, "differences of rates by tier", "only one tier, 'nano'"),
        ({"creator_id": ["a"] * 3}, "differences of rates by creator_id", "one creator_id, 'a'"),
        ({"likes": [0, 0, 0]}, "rate of likes", "all likes are 0"),
        ({"likes": [None] * 3}, "rate of likes", "the table has no likes"),
        ({"net_revenue": [0.0] * 3}, "order value and ROI", "no credited order has net revenue"),
        ({"tier": [None] * 3}, "differences of rates by tier", "the table has no tier"),
    ],
)
def test_what_does_not_vary_is_absent(changes: dict[str, Any], part: str, reason: str) -> None:
    design = tiny.design(tiny.table(**changes))
    found = {absent.part: absent.reason for absent in design.absent}
    assert reason in found[part]
    assert len(design.posts) == 3


def test_a_regression_without_comments_keeps_what_likes_can_tell() -> None:
    design = tiny.design(tiny.table().drop("comments"), tiny.ENGAGEMENT)
    assert set(design.features) == {"volume"}
    absent = Absent("effect of conversation", "the table has no comments")
    assert absent in design.absent


def test_without_outcome_and_exposure_every_reason_is_told_at_once() -> None:
    frame = tiny.table(reach=[None] * 3).rename({"conversions": "conversion"})
    with pytest.raises(InputError) as raised:
        tiny.design(frame)
    what = [problem.what for problem in raised.value.problems]
    assert what == [
        "the model's column 'conversions' is not in the table",
        "the model's column 'reach' is empty",
    ]
    assert "conversion" in str(raised.value.problems[0].hint)


def test_no_usable_post_is_an_error_that_says_why() -> None:
    with pytest.raises(InputError, match="no post can be used: reach is 0"):
        tiny.design(tiny.table(reach=[0, 0, 0]))


@pytest.mark.parametrize("order", [("micro", "nano"), ("nano", "micro")])
def test_tiers_stand_in_their_own_order_whatever_the_rows(order: tuple[str, ...]) -> None:
    frame = tiny.table().sort("tier", descending=order[0] == "nano")
    assert tiny.design(frame).groups["tier"].levels == ("nano", "micro")


def test_levels_that_nobody_ordered_stand_alphabetically() -> None:
    frame = tiny.table(tier=["video", "photo", "video"])
    group = tiny.design(frame).groups["tier"]
    assert group.levels == ("photo", "video")
    assert group.index.tolist() == [1, 0, 1]


def test_weights_of_posts_add_up_to_one_in_every_level_with_orders() -> None:
    frame = tiny.table(creator_id=["a", "a", "b"], conversions=[3, 1, 0], paying_orders=[2, 1, 0])
    group = tiny.design(frame).groups["creator_id"]
    assert np.bincount(group.index, weights=group.weight) == pytest.approx([1.0, 0.0])
    assert group.weight[0] > group.weight[1] > 0


def test_levels_are_told_the_more_of_the_more_orders_they_have() -> None:
    few, many = (
        tiny.design(tiny.table(conversions=[a, a, 4])).groups["creator_id"] for a in (1, 100)
    )
    assert many.information[0] > few.information[0] > 0
    assert many.information[1] == few.information[1]
    nothing = tiny.design(tiny.table(conversions=[0, 0, 4])).groups["creator_id"]
    assert nothing.information[0] == 0.0
    assert np.all(np.isfinite(nothing.estimate))


def test_a_levels_estimate_is_the_log_mean_that_its_orders_speak_for() -> None:
    """Posts whose orders are one in a hundred reached: the weighted mean of log(reach / 100)."""
    frame = tiny.table(creator_id=["a", "a", "b"], reach=[500, 2000, 700], conversions=[5, 20, 7])
    group = tiny.design(frame).groups["creator_id"]
    wanted = np.bincount(group.index, weights=group.weight * np.log([5.0, 20.0, 7.0]))
    assert group.estimate == pytest.approx(wanted)


def test_a_tier_of_few_creators_is_known_no_better_than_they_spread() -> None:
    frame = tiny.table(
        creator_id=["a", "b", "c"], tier=["micro", "micro", "nano"], conversions=[900, 900, 900]
    )
    tier = tiny.design(frame).groups["tier"]
    wanted = {"micro": 2, "nano": 1}
    told = dict(zip(tier.levels, tier.information.tolist(), strict=True))
    # Each post tells 2, a creator's spread of 0.5 leaves 1 / (1 / 2 + 1 / 4).
    assert told == {level: pytest.approx(n / (0.5 + 0.25), rel=0.01) for level, n in wanted.items()}


LATE = {
    "carry_posts": [["p1"], ["p2", "p1"], ["p3"]],
    "carry_shares": [[0.8], [0.9, 0.2], [1.0]],
}


def test_sources_are_padded_with_shares_of_zero() -> None:
    sources = tiny.design(tiny.table(**LATE)).sources
    assert sources is not None
    assert sources.index.tolist() == [[0, 0], [1, 0], [2, 2]]
    assert sources.weight.tolist() == [[0.8, 0.0], [0.9, 0.2], [1.0, 0.0]]


def test_sources_follow_their_posts_when_others_are_set_aside() -> None:
    """Without p1 its orders cannot be predicted, and positions move up by one."""
    sources = tiny.design(tiny.table(**LATE, reach=[0, 2000, 4000])).sources
    assert sources is not None
    assert sources.index.tolist() == [[0], [1]]
    assert sources.weight.tolist() == [[0.9], [1.0]]


def test_a_post_followed_at_once_keeps_a_share_above_zero() -> None:
    late = LATE | {"carry_shares": [[0.0], [0.9, 0.2], [1.0]]}
    sources = tiny.design(tiny.table(**late)).sources
    assert sources is not None
    assert sources.weight[0].tolist() == [SMALLEST_OWN_SHARE, 0.0]


def test_a_post_without_its_list_keeps_its_own_orders() -> None:
    late = {"carry_posts": [["p1"], None, ["p3"]], "carry_shares": [[0.8], None, [1.0]]}
    sources = tiny.design(tiny.table(**late)).sources
    assert sources is not None
    assert sources.index.tolist() == [[0], [1], [2]]
    assert sources.weight.tolist() == [[0.8], [1.0], [1.0]]


def test_padding_by_hand() -> None:
    index, weight = pad_sources([[(0, 1.0)], [], [(2, 0.5), (0, 0.25), (1, 0.125)]])
    assert index.tolist() == [[0, 0, 0], [1, 1, 1], [2, 0, 1]]
    assert weight.tolist() == [[1.0, 0, 0], [0, 0, 0], [0.5, 0.25, 0.125]]


def test_value_counts_paying_orders_of_posts_with_revenue() -> None:
    frame = tiny.table(paying_orders=[2, 0, 4], net_revenue=[90.0, 0.0, 200.0])
    value = tiny.design(frame).value
    assert value is not None
    assert value.rows.tolist() == [0, 2]
    assert value.orders.tolist() == [2, 4]
    assert value.revenue.tolist() == [90.0, 200.0]
    assert (value.paying, value.credited) == (6, 8)


def test_without_paying_orders_all_orders_of_a_post_with_revenue_pay() -> None:
    frame = tiny.table(paying_orders=None, net_revenue=[90.0, 0.0, 200.0])
    value = tiny.design(frame).value
    assert value is not None
    assert value.orders.tolist() == [3, 4]
    assert (value.paying, value.credited) == (7, 8)


def test_a_post_that_reached_nobody_is_set_aside_before_features_are_made() -> None:
    """Its volume, likes per person reached, would be infinite."""
    table = small.table().with_columns(
        pl.when(pl.int_range(pl.len()) == 0).then(0).otherwise("reach").alias("reach")
    )
    design = build_design(read_spec("engagement"), table)
    assert [aside.reason for aside in design.set_aside] == ["reach is 0"]
