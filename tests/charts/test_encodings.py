"""Where the numbers of a table go in each chart."""

from __future__ import annotations

import polars as pl
import pytest
from support import drawn, frames

from attribution.charts.density import curve, density
from attribution.charts.forest import MOST_ROWS, forest
from attribution.charts.response import response
from attribution.charts.roi import MOST_CREATORS, VERDICTS, roi
from attribution.charts.theme import HEAVY_TAIL, heavy_tailed
from attribution.charts.trace import BLOCKS, blocks
from attribution.errors import InputError


def fields(spec: object, channel: str) -> list[str]:
    return [e["field"] for e in drawn.encodings(spec, channel) if e and "field" in e]


def test_forest_draws_bounds_median_and_truth_per_quantity_in_its_unit() -> None:
    table = drawn.TABLES["forest"]().with_columns(truth=pl.col("median") * 1.1)
    spec = forest(table).to_dict()
    shown = table.drop_nulls("lower")
    assert len(drawn.panels(spec)) == shown["quantity"].n_unique()
    for panel, unit in zip(
        drawn.panels(spec), shown.unique("quantity", maintain_order=True)["unit"], strict=True
    ):
        assert set(fields(panel, "x")) >= {"lower", "median", "truth"}
        assert fields(panel, "x2") == ["upper"]
        axis = next(e["axis"] for e in drawn.encodings(panel, "x") if "axis" in e)
        assert axis["title"].removesuffix(" (log scale)") == unit


def test_many_creators_are_drawn_by_the_extremes_and_it_says_so() -> None:
    chart = drawn.chart("creators")
    groups = {row["group"] for row in drawn.rows(chart.to_dict()) if "group" in row}
    assert len(groups) == MOST_ROWS
    assert {"creator_00", "creator_59"} <= groups
    assert "20 highest and 20 lowest of 60; all are in the table" in drawn.subtitle(chart)


def test_forest_without_any_interval_is_refused() -> None:
    best = frames.effects().filter(pl.col("statement") == "P(best)")
    with pytest.raises(InputError, match="no estimate with an interval"):
        forest(best)


def test_a_ratio_has_its_line_at_one_and_an_elasticity_at_zero() -> None:
    ratio = drawn.spec("contrasts")
    assert {row["reference"] for row in drawn.rows(ratio) if "reference" in row} == {1.0}
    both = drawn.spec("density")
    assert {row["reference"] for row in drawn.rows(both) if "reference" in row} == {0.0, 1.0}


def test_density_is_summarised_and_its_interval_shaded() -> None:
    table = frames.draws().filter(pl.col("quantity") == "likes_per_comment")
    spec = density(table).to_dict()
    curves = [row for row in drawn.rows(spec) if "density" in row]
    assert len(curves) < 400 < table.height
    areas = [layer for layer in spec["layer"] if layer["mark"]["type"] == "area"]
    assert len(areas) == 2


def test_density_of_heavy_tails_is_on_the_log_scale() -> None:
    values = frames.draws().filter(pl.col("quantity") == "likes_per_comment")["value"].to_numpy()
    shape, log = curve(values)
    assert not log
    shape, log = curve(values**4)
    assert log
    assert shape["x"].is_sorted()
    with pytest.raises(InputError, match="no density"):
        curve(values * 0)


def test_a_response_of_all_posts_needs_no_legend() -> None:
    table = frames.curve()
    one = table.filter(pl.col("tier") == table["tier"][0]).with_columns(tier=pl.lit("all"))
    for of, shown in ((table, True), (one, False)):
        spec = response(of).to_dict()
        tints = [tint for tint in drawn.encodings(spec, "color") if tint.get("field") == "tier"]
        assert tints
        assert all((tint["legend"] is not None) == shown for tint in tints)
        assert bool([*drawn.encodings(spec, "text")]) == shown


def test_response_is_not_drawn_beyond_what_a_tier_showed() -> None:
    table = frames.curve()
    assert table.filter(pl.col("x") > pl.col("observed_high")).height > 0
    for row in drawn.rows(response(table).to_dict()):
        assert row["observed_low"] <= row["x"] <= row["observed_high"]


def test_contributions_stack_to_the_observed_orders() -> None:
    spec = drawn.spec("contributions")
    bars = drawn.panels(spec)[0]
    assert next(drawn.encodings(bars, "x"))["stack"] == "zero"
    table = frames.contributions()
    sums = table.group_by("group").agg(pl.col("mean").sum(), pl.col("observed").first())
    assert (sums["mean"] - sums["observed"]).abs().max() < 1e-9  # type: ignore[operator]


def test_roi_marks_verdicts_by_shape_and_colour_and_shows_realised_roi() -> None:
    spec = drawn.spec("roi")
    assert [row["reference"] for row in drawn.rows(spec) if "reference" in row] == [0.0]
    for panel in drawn.panels(spec):
        assert set(fields(panel, "x")) == {"reference", "lower", "realised_roi", "median"}
        shape = next(e for e in drawn.encodings(panel, "shape"))
        assert shape["field"] == "verdict"
        assert shape["scale"]["domain"] == list(VERDICTS)
        assert len(set(shape["scale"]["range"])) == len(VERDICTS)


def test_roi_of_many_creators_shows_those_of_highest_cost_and_says_so() -> None:
    table = frames.roi(300)
    chart = roi(table)
    shown = {row["group"] for row in drawn.rows(chart.to_dict()) if row.get("by") == "creator"}
    dearest = (
        table.filter(pl.col("by") == "creator").sort("cost", descending=True).head(MOST_CREATORS)
    )
    assert shown == set(dearest["group"])
    assert "the 40 creators with the highest cost of 300" in drawn.subtitle(chart)


def test_roi_of_groups_without_cost_is_left_out_and_said() -> None:
    unknown = pl.when(pl.col("group") == "creator_07").then(None)
    names = [f"expected_roi_{name}" for name in ("median", "lower", "upper")]
    table = frames.roi().with_columns(
        unknown.otherwise(pl.col(name)).alias(name) for name in [*names, "p_profit", "verdict"]
    )
    assert "not drawn, for want of a known cost: 1 group" in drawn.subtitle(roi(table))
    nothing = table.with_columns(pl.lit(None, pl.Float64).alias(name) for name in names)
    with pytest.raises(InputError, match="no group has a known cost"):
        roi(nothing)


def test_trace_is_summarised_in_blocks() -> None:
    table = frames.trace()
    summary = blocks(table)
    assert summary.group_by("parameter", "chain").len()["len"].max() <= BLOCKS  # type: ignore[operator]
    assert summary.height < table.height / 10


def test_log_scale_is_for_positive_values_over_orders_of_magnitude() -> None:
    wide = pl.Series([1.0]), pl.Series([HEAVY_TAIL * 1.01])
    assert heavy_tailed(*wide)
    assert not heavy_tailed(pl.Series([0.0]), pl.Series([1000.0]))
    assert not heavy_tailed(pl.Series([1.0]), pl.Series([HEAVY_TAIL * 0.99]))
