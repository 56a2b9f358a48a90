"""Capture: what is known of the share of orders that is recorded, and what rests on its prior."""

from __future__ import annotations

import altair as alt
import polars as pl

from attribution.charts import theme, words
from attribution.errors import InputError, Problem

AS_STATED = "prior as stated"
BEFORE, AFTER = "before the data", "after"
GROUPS = (BEFORE, AFTER)
COLOURS = (theme.MUTED, theme.BLUE)
HEIGHT = 110


def capture(table: pl.DataFrame) -> alt.ChartType:
    """Return what is known of each share before and after the data, and orders per recorded one.

    Parameters
    ----------
    table
        As :func:`attribution.quantities.captured.capture_table` makes it.

    Raises
    ------
    InputError
        If the model says nothing of orders beyond recorded ones.
    """
    drawn = theme.plain(table)
    answers = drawn.filter(pl.col("density").is_null())
    if answers.is_empty():
        raise InputError(Problem("There is nothing about orders beyond recorded ones to draw"))
    curves = drawn.filter(pl.col("density").is_not_null())
    panels = [_curves(frame) for frame in curves.partition_by("quantity", maintain_order=True)]
    return theme.framed(
        theme.stacked([*panels, _answers(answers)]),
        title=finding(answers),
        subtitle=[
            f"{words.interval_name(answers)}, {words.population_name(answers)}; dashed: an order "
            "for each recorded one",
            _unknown(answers),
        ],
        description="Curves say how plausible each share is before the data and after; where both "
        "are the same the data say nothing of it. The rows below are the orders for each recorded "
        "one with the prior counted half, as stated and twice: far apart, they rest on the prior.",
    )


def finding(answers: pl.DataFrame) -> str:
    """Return the orders for each recorded one, and what they are under other priors, in words."""
    rows = answers.rows(named=True)
    stated = next(row for row in rows if row["group"] == AS_STATED)
    others = [
        f"{words.number(row['median'])} with the {row['group']}"
        for row in rows
        if row["group"] != AS_STATED and row["median"] is not None
    ]
    said = f"{stated['label']}: {words.number(stated['median'])} "
    said += f"({words.span(stated['lower'], stated['upper'])})"
    return "; ".join([said, *others])


def _unknown(answers: pl.DataFrame) -> str:
    unknown = answers.filter(pl.col("median").is_null())["group"].to_list()
    if not unknown:
        return ""
    return f"not drawn, as the draws cannot tell: {words.listing(unknown)}"


def _curves(frame: pl.DataFrame) -> alt.ChartType:
    label = words.capitalised(frame["label"][0])
    base = alt.Chart(frame.select("group", "value", "density"))
    axis, scale = theme.value_axis(label, log=False), theme.value_scale(log=False, zero=True)
    tint = theme.colour(GROUPS, palette=COLOURS)
    x = alt.X("value:Q", scale=scale, axis=axis)
    y = alt.Y("density:Q", axis=None)
    area = base.transform_filter(alt.datum.group == AFTER).mark_area(color=theme.BLUE, opacity=0.25)
    lines = base.mark_line(strokeWidth=2).encode(
        x=x,
        y=y,
        color=alt.Color("group:N", scale=tint, legend=theme.line_legend("")),
        strokeDash=alt.StrokeDash("group:N", scale=_dashes(), legend=theme.line_legend("")),
    )
    return theme.panel(area.encode(x=x, y=y), lines, height=HEIGHT)


def _dashes() -> alt.Scale:
    return alt.Scale(domain=list(GROUPS), range=[[6, 3], [1, 0]])


def _answers(answers: pl.DataFrame) -> alt.ChartType:
    order = ["prior counted half", AS_STATED, "prior counted twice"]
    kept = answers.filter(pl.col("median").is_not_null())
    base = alt.Chart(kept).encode(
        y=alt.Y("group:N", scale=alt.Scale(domain=order), title=None),
        tooltip=[
            alt.Tooltip("group:N"),
            *(alt.Tooltip(f"{name}:Q", format=".3~r") for name in ("median", "lower", "upper")),
        ],
    )
    log = theme.heavy_tailed(kept["lower"], kept["upper"], also=1.0)
    label = kept["label"][0]
    scale, axis = theme.value_scale(log), theme.value_axis(label, log)
    intervals = base.mark_rule(strokeWidth=2.5, color=theme.BLUE)
    points = base.mark_point(filled=True, size=70, opacity=1, color=theme.BLUE)
    return theme.panel(
        theme.reference_line(1.0),
        intervals.encode(x=alt.X("lower:Q", scale=scale, axis=axis), x2=alt.X2("upper:Q")),
        points.encode(x=alt.X("median:Q", scale=scale)),
        height=theme.rows(),
    )
