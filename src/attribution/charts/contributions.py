"""Contributions: which part of the orders came with reach, with likes and with comments."""

from __future__ import annotations

import altair as alt
import polars as pl

from attribution.charts import theme, words
from attribution.quantities.estimates import CANNOT_TELL

PARTS = {"reach": "#8C8C8C", "likes": theme.BLUE, "comments": theme.ORANGE}
OTHERS = (theme.GREEN, theme.PURPLE, theme.SKY)


def contributions(table: pl.DataFrame) -> alt.ChartType:
    """Return credited orders by part as stacked bars, and each part's share with its interval.

    Parameters
    ----------
    table
        Contributions with by (``total``, ``tier`` …), group, part, observed, mean (credited
        orders) and share_mean, share_lower, share_upper.
    """
    drawn = theme.plain(table)
    parts = theme.levels(drawn, "part")
    order = theme.levels(drawn, "group")
    overall = drawn.filter(pl.col("by") == "total")
    return theme.framed(
        alt.vconcat(_bars(drawn, order, parts), _shares(drawn, order, parts), spacing=24),
        title=finding(overall if not overall.is_empty() else drawn),
        subtitle=[
            "credited orders split the observed orders and add up to them",
            f"lines: {words.interval_name(drawn)} of the share, {words.population_name(drawn)}",
        ],
        description="Stacked bars of credited orders by part for each group, and below them the "
        "share of each part as a point with its interval.",
    )


def finding(overall: pl.DataFrame) -> str:
    """Return the parts' shares of all credited orders, or that the largest cannot be told."""
    if overall["share_mean"].null_count():
        return "No orders were observed, so there is nothing to split"
    rows = overall.sort("share_mean", descending=True).rows(named=True)
    shares = words.listing([f"{row['part']} {words.percent(row['share_mean'])}" for row in rows])
    top, others = rows[0], rows[1:]
    if any(row["share_upper"] > top["share_lower"] for row in others):
        return f"{words.capitalised(CANNOT_TELL)} which part is the largest: {shares}"
    return f"The largest part of the orders came with {top['part']}: {shares}"


def _tint(parts: list[str]) -> alt.Scale:
    others = iter(OTHERS * len(parts))
    return alt.Scale(domain=parts, range=[PARTS.get(part) or next(others) for part in parts])


def _bars(table: pl.DataFrame, order: list[str], parts: list[str]) -> alt.ChartType:
    totals = table.unique("group", maintain_order=True)
    ranked = table.with_columns(
        position=pl.col("part").replace_strict(parts, range(len(parts)), return_dtype=pl.Int64)
    )
    y = alt.Y("group:N", sort=order, title=None)
    bars = (
        alt.Chart(ranked)
        .mark_bar(stroke="white", strokeWidth=1, size=18)
        .encode(
            x=alt.X("mean:Q", stack="zero", axis=theme.value_axis("credited orders", log=False)),
            y=y,
            color=alt.Color("part:N", scale=_tint(parts), title="came with"),
            order=alt.Order("position:Q"),
            tooltip=[
                alt.Tooltip("group:N"),
                alt.Tooltip("part:N"),
                alt.Tooltip("mean:Q", format=",.1f"),
            ],
        )
    )
    labels = (
        alt.Chart(totals)
        .mark_text(align="left", dx=5, fontSize=12, color=theme.INK)
        .encode(x=alt.X("observed:Q"), y=y, text=alt.Text("observed:Q", format=","))
    )
    return theme.panel(
        bars,
        labels,
        height=theme.rows(theme.ROW + 2),
        title="Credited orders; the number is the observed total",
    )


def _shares(table: pl.DataFrame, order: list[str], parts: list[str]) -> alt.ChartType:
    axis = alt.Axis(title="share of the group's credited orders", format=".0%", tickCount=5)
    scale = alt.Scale(domain=[0, 1])
    tint = alt.Color("part:N", scale=_tint(parts), title="came with")
    base = alt.Chart(table).encode(
        y=alt.Y("group:N", sort=order, title=None),
        yOffset=alt.YOffset("part:N", sort=parts),
        tooltip=[
            alt.Tooltip("group:N"),
            alt.Tooltip("part:N"),
            *(
                alt.Tooltip(f"{name}:Q", format=".1%")
                for name in ("share_mean", "share_lower", "share_upper")
            ),
        ],
    )
    return theme.panel(
        base.mark_rule(strokeWidth=2.5).encode(
            x=alt.X("share_lower:Q", scale=scale, axis=axis), x2=alt.X2("share_upper:Q"), color=tint
        ),
        base.mark_point(filled=True, size=65, opacity=1).encode(
            x=alt.X("share_mean:Q"),
            color=tint,
            shape=alt.Shape("part:N", scale=theme.shape(parts), title="came with"),
        ),
        height=theme.rows(theme.ROW + 8),
        title="Share of each part, with its interval",
    )
