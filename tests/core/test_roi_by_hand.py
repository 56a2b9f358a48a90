"""ROI on three posts: what they earned, and what they would earn again.

Expected orders of creator a are 12 and 7.5 in the two draws at 20 and 30 EUR each, against costs
of 120; of creator b 1.8 and 13.8 at 40 and 50, against 320.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from support import tiny
from support.runs import FAILED

from attribution.errors import InputError, UnhealthyRunError
from attribution.quantities.estimates import THESE
from attribution.quantities.roi import PAUSE, REBOOK, roi, verdict


def row(table: pl.DataFrame, group: str) -> dict[str, Any]:
    return table.row(by_predicate=pl.col("group") == group, named=True)


def check(found: dict[str, Any], name: str, first: float, second: float) -> None:
    """Compare the interval with the two draws; the mean lies in the middle of them."""
    assert found[f"{name}_lower"] == pytest.approx(min(first, second))
    assert found[f"{name}_upper"] == pytest.approx(max(first, second))
    if f"{name}_mean" in found:
        assert found[f"{name}_mean"] == pytest.approx((first + second) / 2)


def test_by_creator() -> None:
    table = roi(tiny.run())
    a, b = row(table, "a"), row(table, "b")
    assert (a["posts"], a["orders"], a["cost"], a["net_revenue"]) == (2, 4, 120.0, 110.0)
    assert (b["posts"], b["orders"], b["cost"], b["net_revenue"]) == (1, 4, 320.0, 200.0)
    assert a["realised_roi"] == pytest.approx(-10 / 120)
    assert b["realised_roi"] == pytest.approx(-120 / 320)
    check(a, "expected_orders", 12.0, 7.5)
    check(b, "expected_orders", 1.8, 13.8)
    check(a, "expected_roi", 240 / 120 - 1, 225 / 120 - 1)
    check(b, "expected_roi", 72 / 320 - 1, 690 / 320 - 1)
    assert (a["p_profit"], b["p_profit"]) == (1.0, 0.5)
    assert (a["verdict"], b["verdict"]) == ("rebook", "test again")
    assert table["population"].unique().to_list() == [THESE]


def test_break_even_fee_is_the_fee_per_post_at_which_roi_is_zero() -> None:
    """Creator a: product cost 10, so (240 - 10) / 2 per post in draw 1."""
    table = roi(tiny.run())
    check(row(table, "a"), "break_even_fee", 115.0, 107.5)
    check(row(table, "b"), "break_even_fee", 52.0, 670.0)
    fees = tiny.table(fee=[115.0, 115.0, 52.0])
    at_break_even = roi(tiny.run(fees))
    assert row(at_break_even, "a")["expected_roi_upper"] == pytest.approx(0.0)
    assert row(at_break_even, "b")["expected_roi_lower"] == pytest.approx(0.0)


def test_in_total_and_by_tier() -> None:
    total = row(roi(tiny.run(), "total"), "all")
    check(total, "expected_roi", 312 / 440 - 1, 915 / 440 - 1)
    assert total["realised_roi"] == pytest.approx(310 / 440 - 1)
    nano = row(roi(tiny.run(), "tier"), "nano")
    check(nano, "expected_roi", 1.0, 0.875)


def test_several_levels_at_once_are_the_tables_of_each() -> None:
    levels = ["total", "tier", "creator", "post"]
    each = pl.concat([roi(tiny.run(), level) for level in levels])
    assert roi(tiny.run(), levels).equals(each)


def test_the_margin_is_a_share_of_revenue_before_costs() -> None:
    a = row(roi(tiny.run(), margin=0.5), "a")
    check(a, "expected_roi", 0.0, 112.5 / 120 - 1)
    assert a["realised_roi"] == pytest.approx(55 / 120 - 1)
    assert a["p_profit"] == 0.0  # a profit of exactly 0 is none
    assert a["verdict"] == "pause"
    assert a["margin"] == 0.5


def test_largest_cost_comes_first() -> None:
    assert roi(tiny.run())["group"].to_list() == ["b", "a"]


def test_a_post_without_any_cost_stays_out_and_is_counted() -> None:
    table = roi(tiny.run(tiny.table(fee=[None, 60.0, 300.0], product_cost=[None, 0.0, 20.0])))
    a = row(table, "a")
    assert (a["posts"], a["posts_without_cost"], a["cost"], a["orders"]) == (1, 1, 60.0, 1)
    assert a["net_revenue"] == 20.0
    check(a, "expected_orders", 6.0, 4.5)


def test_an_empty_cost_beside_a_filled_one_counts_as_nothing() -> None:
    a = row(roi(tiny.run(tiny.table(fee=[None, 60.0, 300.0]))), "a")
    assert (a["posts"], a["posts_without_cost"], a["cost"]) == (2, 0, 70.0)


@pytest.mark.parametrize("fees", [[0.0, 0.0, 300.0], [None, None, 300.0]])
def test_without_costs_there_is_no_roi_and_no_verdict(fees: list[float | None]) -> None:
    a = row(roi(tiny.run(tiny.table(fee=fees, product_cost=None))), "a")
    for name in ("realised_roi", "expected_roi_mean", "expected_roi_lower", "p_profit", "verdict"):
        assert a[name] is None, name


def test_every_cost_counts() -> None:
    costs = {"commission": [1.0, 2.0, 3.0], "management_cost": [4.0, 5.0, 6.0]}
    assert row(roi(tiny.run(tiny.table(**costs))), "a")["cost"] == 120.0 + 12.0


@pytest.mark.parametrize(
    ("p", "word"),
    [
        (REBOOK, "rebook"),
        (REBOOK - 1e-9, "test again"),
        (PAUSE + 1e-9, "test again"),
        (PAUSE, "pause"),
        (None, None),
    ],
)
def test_verdicts_at_their_limits(p: float | None, word: str | None) -> None:
    frame = pl.DataFrame({"p_profit": [p]}, schema={"p_profit": pl.Float64})
    assert frame.select(verdict()).item() == word


@pytest.mark.parametrize("margin", [0.0, -0.5, 1.01, float("nan")])
def test_an_impossible_margin_is_refused(margin: float) -> None:
    with pytest.raises(InputError, match="the margin is out of range"):
        roi(tiny.run(), margin=margin)


@pytest.mark.parametrize(
    ("gone", "message"),
    [
        (("net_revenue",), "there is no ROI: the table has no net_revenue column"),
        (("fee", "product_cost"), "there is no ROI: the table has no cost column"),
    ],
)
def test_a_table_without_money_has_no_roi(gone: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        roi(tiny.run(tiny.table().drop(gone)))


def test_an_unhealthy_run_gives_roi_only_when_asked_by_name() -> None:
    good = tiny.run()
    bad = replace(good, manifest=replace(good.manifest, health=(FAILED,)))
    with pytest.raises(UnhealthyRunError, match="divergences"):
        bad.roi()
    assert bad.roi(unhealthy=True).equals(good.roi())


def test_by_what_the_table_has() -> None:
    table = roi(tiny.run(tiny.table(campaign=["x", None, "y"])), "campaign")
    assert set(table["group"]) == {"x", "(none)", "y"}
    with pytest.raises(InputError, match="the table has no campaign"):
        roi(tiny.run(), "campaign")
    with pytest.raises(InputError, match="cannot tell by this"):
        roi(tiny.run(), "platform")
