"""The one theme of all charts: colours, sizes, scales, and the frame around a chart.

Colours are those of Okabe and Ito (2008), which people with colour-blindness can tell apart;
whatever a colour means, a shape, a position or a word says as well.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl
import polars.selectors as cs

INK = "#222222"
MUTED = "#5F5F5F"
GRID = "#E4E4E4"
BLUE = "#0072B2"
ORANGE = "#E69F00"
GREEN = "#009E73"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"
SKY = "#56B4E9"
PALETTE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, INK)
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [12, 3], [4, 4], [1, 3])
SHAPES = ("circle", "diamond", "square", "triangle-up", "triangle-down", "cross", "stroke")

WIDTH = 600
"""Width of a panel without its labels, in pixels."""
FACET, FACET_HEIGHT = 260, 105
"""Width and height of a small panel, one of many."""
ROW = 24
"""Height of a row of a forest, in pixels."""
LETTER = 7
"""Width of a letter in the heading of a panel, in pixels."""
LINE = 88
"""Characters in a line of a title."""
NUMBERS = ",~r"
"""Axis numbers: plain digits with thousands separators."""
HEAVY_TAIL = 20
"""Positive values whose largest is this many times the smallest go on a log scale."""

LOG_TICKS = [digit * 10.0**power for power in range(-7, 9) for digit in (1, 2, 5)]
"""Values that may carry a tick on a log scale; labels that would collide are left out."""
COUNT_TICKS = [0.0, *(tick for tick in LOG_TICKS if tick >= 1)]
"""The same for counts, which may be 0."""
TRUTH = "M-1,-1L1,1M1,-1L-1,1"
"""Shape of the mark of a known truth: a cross."""

CONFIG: dict[str, Any] = {
    "font": "Liberation Sans, Arial, Helvetica, sans-serif",
    "background": "white",
    "view": {"stroke": None},
    "title": {
        "anchor": "start",
        "fontSize": 15,
        "fontWeight": "bold",
        "color": INK,
        "subtitleFontSize": 12,
        "subtitleColor": MUTED,
        "subtitlePadding": 5,
        "offset": 12,
    },
    "axis": {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": INK,
        "gridColor": GRID,
        "domainColor": MUTED,
        "tickColor": MUTED,
        "labelLimit": 170,
        "labelOverlap": True,
    },
    "axisBand": {"grid": False},
    "legend": {
        "orient": "top",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelLimit": 260,
        "symbolSize": 90,
    },
    "header": {"labelFontSize": 12, "labelAnchor": "start", "labelFontWeight": "bold"},
}


def framed(
    chart: alt.ChartType, *, title: str, subtitle: Sequence[str], description: str
) -> alt.ChartType:
    """Return the chart with its title, subtitle, alternative text and the theme.

    Parameters
    ----------
    chart
        A chart without title; it is changed.
    title
        The finding, in words.
    subtitle
        What the marks are: interval, population, what was left out. One line each.
    description
        What the chart shows and how to read it; title and subtitle are added to it to make the
        text that a screen reader says.
    """
    lines = [line for text in subtitle if text for line in wrapped(text, LINE + 20)]
    heading = alt.TitleParams(text=wrapped(title, LINE), subtitle=lines)
    spoken = " ".join([f"{title}.", *(f"{text}." for text in subtitle if text), description])
    # Set in place: each of Altair's own methods would copy all that is below once more.
    chart.title, chart.description, chart.config = heading, spoken, alt.Config(**CONFIG)
    return chart


def wrapped(text: str, width: int) -> list[str]:
    """Return lines of at most ``width`` characters that do not part a number from its sign."""
    bound = re.sub(r"(?<=[=<>]) | (?=[=<>])", "\x1f", text)
    return [line.replace("\x1f", " ") for line in textwrap.wrap(bound, width)]


def noted(chart: alt.ChartType, note: str) -> alt.ChartType:
    """Add a note below a framed chart's title and to its alternative text; return the chart."""
    chart.title.subtitle = [note, *chart.title.subtitle]
    chart.description = f"{note}. {chart.description}"
    return chart


def specification(chart: alt.ChartType) -> dict[str, Any]:
    """Return the chart as Vega-Lite, not checked against its schema, which tests do."""
    spec: dict[str, Any] = chart.to_dict(validate=False)
    return spec


def plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the table as JSON can carry it: NaN and infinities null, six significant digits."""
    floats = cs.float()
    return frame.with_columns(
        pl.when(floats.is_finite()).then(floats.round_sig_figs(6)).name.keep()
    )


def heavy_tailed(lower: pl.Series, upper: pl.Series, also: float | None = None) -> bool:
    """Return whether values between these bounds, and one more, belong on a log scale."""
    marked = [] if also is None else [also]
    low = min([*lower.drop_nulls(), *marked], default=0.0)
    high = max([*upper.drop_nulls(), *marked], default=0.0)
    return low > 0 and high / low > HEAVY_TAIL


def value_scale(log: bool, *, zero: bool = False) -> alt.Scale:
    """Return the scale of a value axis: logarithmic, or linear with or without zero."""
    return (
        alt.Scale(type="log", nice=False, padding=10) if log else alt.Scale(zero=zero, padding=10)
    )


def value_axis(title: str, log: bool) -> alt.Axis:
    """Return a value axis named with its unit, and with its scale where it is not linear."""
    return alt.Axis(
        title=f"{title} (log scale)" if log else title,
        format=NUMBERS,
        labelFlush=False,
        **({"values": LOG_TICKS} if log else {"tickCount": 6}),
    )


def ratio_axis() -> alt.Axis:
    """Return an axis of ratios on a log scale, which may span less than a factor of two."""
    steps = (1, 1.2, 1.5, 2, 3, 5, 7)
    ticks = [step * 10.0**power for power in range(-3, 4) for step in steps]
    return alt.Axis(title="ratio (log scale)", format=NUMBERS, labelFlush=False, values=ticks)


def count_axis(field: str, title: str, counts: pl.Series) -> alt.X:
    """Return the channel of an axis of counts, which may span orders of magnitude from 0 on."""
    if not heavy_tailed(counts + 1, counts + 1):
        return alt.X(field, scale=value_scale(log=False), axis=value_axis(title, log=False))
    axis = alt.Axis(title=f"{title} (log scale)", format=NUMBERS, values=COUNT_TICKS)
    return alt.X(
        field, scale=alt.Scale(type="symlog", constant=1, nice=False, padding=10), axis=axis
    )


def panel(
    *layers: alt.Chart, height: int | alt.Step, title: str = "", width: int = WIDTH
) -> alt.ChartType:
    """Return one panel of layers, its heading flush with its axis."""
    lines = wrapped(title, width // LETTER)
    heading = alt.TitleParams(text=lines, fontSize=13, offset=6, frame="group")
    more = {"title": heading} if title else {}
    return alt.layer(*layers, width=width, height=height, **more)


def facets(frame: pl.DataFrame, by: str, *layers: alt.Chart) -> alt.ChartType:
    """Return a small panel for each of many names, two side by side, each with its own scale.

    Parameters
    ----------
    frame
        What all layers draw.
    by
        Column of the names, in the order of the table.
    layers
        Marks without data.
    """
    lines = pl.col(by).map_elements(_broken, pl.String)
    drawn = frame.with_columns(lines)
    header = alt.Header(
        labelExpr=r"split(datum.label, '\n')", labelFontSize=13, labelLimit=0, labelPadding=6
    )
    names = alt.Facet(f"{by}:N", title=None, sort=levels(drawn, by), header=header)
    panels = alt.layer(*layers, data=drawn, width=FACET, height=FACET_HEIGHT)
    faceted = panels.facet(names, columns=2, spacing=20).resolve_scale(y="independent")
    return faceted.resolve_axis(x="independent")


def _broken(name: str) -> str:
    return "\n".join(wrapped(name, FACET // LETTER))


def rows(size: int = ROW) -> alt.Step:
    """Return the height of a panel whose rows are this high, whatever each row holds."""
    return alt.Step(size, **{"for": "position"})


def stacked(panels: Sequence[alt.ChartType]) -> alt.ChartType:
    """Return the panels below each other, or the only one as it is."""
    return alt.vconcat(*panels, spacing=22) if len(panels) > 1 else panels[0]


def line_legend(title: str) -> alt.Legend:
    """Return a legend of lines, solid in colour even where ribbons share it."""
    return alt.Legend(title=title, symbolType="stroke", symbolOpacity=1, symbolStrokeWidth=2.5)


def reference_line(value: float) -> alt.Chart:
    """Return a dashed vertical line at the value that the reader compares with."""
    rule: alt.Chart = alt.Chart(pl.DataFrame({"reference": [value]})).mark_rule(
        color=INK, strokeDash=[4, 3], strokeWidth=1.2
    )
    return rule.encode(x=alt.X("reference:Q"))


def levels(frame: pl.DataFrame, column: str) -> list[str]:
    """Return the column's values in the order of the table, without null."""
    return frame[column].drop_nulls().unique(maintain_order=True).to_list()


def colour(domain: Sequence[str], *, palette: Sequence[str] = PALETTE) -> alt.Scale:
    """Return a colour scale that gives each name its own colour, in order."""
    return alt.Scale(
        domain=list(domain), range=[palette[i % len(palette)] for i in range(len(domain))]
    )


def shape(domain: Sequence[str]) -> alt.Scale:
    """Return a shape scale that gives each name its own shape, in order."""
    return alt.Scale(
        domain=list(domain), range=[SHAPES[i % len(SHAPES)] for i in range(len(domain))]
    )


def dash(domain: Sequence[str]) -> alt.Scale:
    """Return a scale that gives each name its own dashes, in order."""
    return alt.Scale(
        domain=list(domain), range=[DASHES[i % len(DASHES)] for i in range(len(domain))]
    )
