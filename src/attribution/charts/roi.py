"""ROI: what each creator and tier would return again per unit of cost, and the verdict."""

from __future__ import annotations

import altair as alt
import polars as pl

from attribution.charts import theme, words
from attribution.errors import InputError, Problem
from attribution.quantities.estimates import CANNOT_TELL

MOST_CREATORS = 40
"""Creators drawn: those with the highest cost; all are in the table."""
VERDICTS = {
    "rebook": (theme.GREEN, "triangle-up"),
    "test again": (theme.MUTED, "circle"),
    "pause": (theme.VERMILION, "triangle-down"),
}
LINEAR_TO = 4.0
"""Largest ROI that is drawn on a linear scale; above, the scale bends."""
TICKS = [-1.0, -0.5, 0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0]
LABEL = "datum.value == 0 ? '0' : format(datum.value, '+,~r')"
HEADINGS = {"total": "All posts", "tier": "By tier", "creator": "By creator"}


def roi(table: pl.DataFrame) -> alt.ChartType:
    """Return expected ROI with its interval and verdict, all posts, by tier and by creator.

    Parameters
    ----------
    table
        ROI rows: by (``total``, ``tier`` or ``creator``), group, cost, realised_roi,
        expected_roi_median, expected_roi_lower, expected_roi_upper, interval, prob, p_profit,
        verdict, population, currency. Groups without a known cost have null and are not drawn.

    Raises
    ------
    InputError
        If no group has a known cost.
    """
    drawn = theme.plain(table).rename(lambda name: name.removeprefix("expected_roi_"))
    drawn = drawn.drop_nulls("median")
    if drawn.is_empty():
        raise InputError(Problem("There is no ROI to draw: no group has a known cost"))
    bent = float(drawn["upper"].drop_nulls().max() or 0) > LINEAR_TO  # type: ignore[arg-type]
    panels = [
        _panel(_shown(frame), bent) for frame in drawn.partition_by("by", maintain_order=True)
    ]
    return theme.framed(
        alt.vconcat(*panels, spacing=20).resolve_scale(x="shared"),
        title=finding(drawn),
        subtitle=[
            f"expected ROI: {words.interval_name(drawn)}, {words.population_name(drawn)}; "
            "small crosses: realised ROI",
            _basis(drawn),
            _left_out(drawn),
            _without_cost(table),
        ],
        description="Rows are sorted by expected ROI. The dashed line is where costs are just "
        "earned back. Triangles up are to rebook, triangles down to pause, circles to test again.",
    )


def finding(table: pl.DataFrame) -> str:
    """Return the verdicts in words: how many of the finest groups to rebook and to pause."""
    finest = table.filter(pl.col("by") == table["by"][-1])
    noun = finest["by"][0]
    if noun == "total":
        row = finest.row(0, named=True)
        return (
            f"All posts: expected ROI {words.number(row['median'])} "
            f"({words.span(row['lower'], row['upper'])}), "
            f"{words.stated('P(ROI > 0)', row['p_profit'])}"
        )
    tally = {name: int((finest["verdict"] == name).sum()) for name in VERDICTS}
    if tally["rebook"] + tally["pause"] == 0:
        return f"{words.capitalised(CANNOT_TELL)} yet for any {noun} whether it pays"
    every = words.count(finest.height, noun)
    return (
        f"Of {every}, rebook {tally['rebook']} and pause {tally['pause']}; "
        f"{CANNOT_TELL} for {tally['test again']}"
    )


def _shown(frame: pl.DataFrame) -> pl.DataFrame:
    kept = frame.sort("cost", descending=True).head(MOST_CREATORS)
    return kept.sort("median", descending=True)


def _left_out(table: pl.DataFrame) -> str:
    sizes = table.group_by("by", maintain_order=True).len().filter(pl.col("len") > MOST_CREATORS)
    if sizes.is_empty():
        return ""
    noun, size = sizes.row(0)
    return f"the {MOST_CREATORS} {noun}s with the highest cost of {size:,}; all are in the table"


def _basis(table: pl.DataFrame) -> str:
    """Say which orders expected ROI counts, where they are not recorded ones alone."""
    if "pays_from" not in table.columns or table["pays_from"].null_count() == table.height:
        return ""
    return f"expected ROI counts {table['basis'][0]}; realised ROI recorded orders"


def _without_cost(table: pl.DataFrame) -> str:
    missing = table.filter(pl.col("expected_roi_median").is_null())
    if missing.is_empty():
        return ""
    return f"not drawn, for want of a known cost: {words.count(missing.height, 'group')}"


def _scale(bent: bool) -> alt.Scale:
    if bent:
        return alt.Scale(type="symlog", constant=1, domainMin=-1)
    return alt.Scale(domainMin=-1, zero=False)


def _axis(bent: bool, title: str) -> alt.Axis:
    values = {"values": TICKS} if bent else {"tickCount": 6}
    text = f"{title} (scale bends)" if bent else title
    return alt.Axis(title=text, labelExpr=LABEL, **values)


def _panel(frame: pl.DataFrame, bent: bool) -> alt.ChartType:
    by = frame["by"][0]
    currency = frame["currency"][0]
    axis = _axis(bent, f"ROI: profit per {f'1 {currency}' if currency else 'unit'} of cost")
    names = list(VERDICTS)
    tint = alt.Scale(domain=names, range=[colour for colour, _ in VERDICTS.values()])
    form = alt.Scale(domain=names, range=[shape for _, shape in VERDICTS.values()])
    base = alt.Chart(frame).encode(
        y=alt.Y("group:N", sort=theme.levels(frame, "group"), title=None), tooltip=_tooltip()
    )
    colour = alt.Color("verdict:N", scale=tint, title="verdict")
    return theme.panel(
        theme.reference_line(0.0),
        base.mark_rule(strokeWidth=2.5).encode(
            x=alt.X("lower:Q", scale=_scale(bent), axis=axis), x2=alt.X2("upper:Q"), color=colour
        ),
        base.mark_point(shape=theme.TRUTH, size=22, color=theme.INK, strokeWidth=1.3).encode(
            x=alt.X("realised_roi:Q")
        ),
        base.mark_point(filled=True, size=75, opacity=1).encode(
            x=alt.X("median:Q"),
            color=colour,
            shape=alt.Shape("verdict:N", scale=form, title="verdict"),
        ),
        height=theme.rows(theme.ROW - 4),
        title=HEADINGS.get(by, by),
    )


def _tooltip() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("group:N"),
        alt.Tooltip("verdict:N"),
        alt.Tooltip("median:Q", title="expected ROI", format="+.2f"),
        alt.Tooltip("lower:Q", format="+.2f"),
        alt.Tooltip("upper:Q", format="+.2f"),
        alt.Tooltip("p_profit:Q", title="P(ROI > 0)", format=".2f"),
        alt.Tooltip("realised_roi:Q", title="realised ROI", format="+.2f"),
        alt.Tooltip("cost:Q", format=",.0f"),
    ]
