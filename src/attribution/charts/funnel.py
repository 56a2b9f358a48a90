"""Funnel: by which ways tiers come to different orders, in all, directly and through the rest."""

from __future__ import annotations

import altair as alt
import polars as pl

from attribution.charts import theme, words
from attribution.errors import InputError, Problem
from attribution.quantities.estimates import CANNOT_TELL

ROW = 60
"""Height of a tier's row, in pixels: it holds up to four intervals."""


def funnel(effects: pl.DataFrame) -> alt.ChartType:
    """Return intervals of total, direct and indirect effects, a panel per denominator.

    Parameters
    ----------
    effects
        Tidy estimates whose labels end in the way, after a colon, such as ``…: direct``.

    Raises
    ------
    InputError
        If there is none.
    """
    drawn = theme.plain(effects).filter(pl.col("lower").is_not_null())
    if drawn.is_empty():
        raise InputError(Problem("There is no effect by way of stages to draw"))
    told = drawn.with_columns(pl.col("label").str.split(": ").list.to_struct(fields=["of", "way"]))
    table = told.unnest("label")
    frames = table.partition_by("of", maintain_order=True)
    findings = [finding(frame) for frame in frames]
    ways = theme.levels(table, "way")
    panels = [_panel(frame, text, ways) for frame, text in zip(frames, findings, strict=True)]
    return theme.framed(
        theme.stacked(panels),
        title=findings[0] if len(frames) == 1 else _together(table),
        subtitle=[
            f"point: posterior median; line: {words.interval_name(table)}, "
            f"{words.population_name(table)}",
            "total = direct x through engagement x through reach; right of the dashed line more "
            "than the tier it is compared with",
        ],
        description="A row per pair of tiers, an interval for each way by which they differ. "
        f"{'. '.join(findings)}.",
    )


def _together(table: pl.DataFrame) -> str:
    total = table.filter(pl.col("way") == "total")
    unsure = int((total["answer"] == CANNOT_TELL).sum())
    clear = total.height - unsure
    return f"In all, tiers differ clearly in {clear} of {total.height} comparisons" + (
        f", {CANNOT_TELL} in {unsure}" if unsure else ""
    )


def finding(frame: pl.DataFrame) -> str:
    """Return which tiers bring more or fewer orders in all than the one they are compared with."""
    total = frame.filter(pl.col("way") == "total")
    clear = total.filter(pl.col("answer") != CANNOT_TELL)
    what = frame["of"][0].removeprefix("Effect of tier on ")
    said = [f"{pair} {words.number(x)} times" for pair, x in clear.select("group", "median").rows()]
    unsure = total.filter(pl.col("answer") == CANNOT_TELL)["group"].to_list()
    said += [f"{CANNOT_TELL} {words.listing(unsure)} apart"] if unsure else []
    return words.capitalised(f"{what}: {', '.join(said)}")


def _panel(frame: pl.DataFrame, title: str, ways: list[str]) -> alt.ChartType:
    pairs = theme.levels(frame, "group")
    base = alt.Chart(frame.drop("of")).encode(
        y=alt.Y("group:N", scale=alt.Scale(domain=pairs), title=None),
        yOffset=alt.YOffset("way:N", sort=ways),
        tooltip=[
            alt.Tooltip("group:N"),
            alt.Tooltip("way:N"),
            *(alt.Tooltip(f"{name}:Q", format=".3~r") for name in ("median", "lower", "upper")),
            alt.Tooltip("answer:N"),
        ],
    )
    legend = alt.Legend(title="way")
    tint = alt.Color("way:N", scale=theme.colour(ways), sort=ways, legend=legend)
    form = alt.Shape("way:N", scale=theme.shape(ways), sort=ways, legend=legend)
    scale, axis = theme.value_scale(log=True), theme.ratio_axis()
    intervals = base.mark_rule(strokeWidth=2.5).encode(
        x=alt.X("lower:Q", scale=scale, axis=axis), x2=alt.X2("upper:Q"), color=tint
    )
    points = base.mark_point(filled=True, size=60, opacity=1).encode(
        x=alt.X("median:Q", scale=scale), color=tint, shape=form
    )
    return theme.panel(
        theme.reference_line(1.0), intervals, points, height=theme.rows(ROW), title=title
    )
