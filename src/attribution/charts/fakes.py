"""Fakes: each creator's share of fake engagement, and what a vendor's score says of it."""

from __future__ import annotations

import altair as alt
import polars as pl

from attribution.charts import theme, words
from attribution.charts.forest import MOST_ROWS
from attribution.errors import InputError, Problem
from attribution.quantities.estimates import CANNOT_TELL

MORE, FEWER = "more fakes than average", "fewer fakes than average"
ANSWERS = (MORE, CANNOT_TELL, FEWER)
COLOURS = (theme.VERMILION, theme.MUTED, theme.BLUE)
TICK = 14
"""Height of the tick of a score, in pixels."""


def fakes(shares: pl.DataFrame) -> alt.ChartType:
    """Return each creator's share of fakes with its interval, and its score as a tick.

    Parameters
    ----------
    shares
        As :func:`attribution.quantities.authenticity.fakes_table` makes it.

    Raises
    ------
    InputError
        If there is no creator.
    """
    drawn = theme.plain(shares).sort("median", descending=True)
    if drawn.is_empty():
        raise InputError(Problem("There is no share of fakes to draw"))
    scored = drawn.height - drawn["by_score"].null_count()
    return theme.framed(
        _panel(drawn),
        title=finding(shares),
        subtitle=[*_subtitle(drawn, scored), *_left_out(drawn.height)],
        description="Each row is a creator: the point is the median share of likes and comments "
        "that is fake, the line its interval, the thin tick what the score says. The dashed line "
        "is the average creator.",
    )


def finding(shares: pl.DataFrame) -> str:
    """Return how many creators are told from the average, in words."""
    answers = shares["answer"].to_list()
    more, fewer = answers.count(MORE), answers.count(FEWER)
    total = words.count(shares.height, shares["scope"][0])
    if not more and not fewer:
        return f"Fakes: {CANNOT_TELL} any of {total} from the average"
    text = f"Fakes: of {total}, {more} with more than average, {fewer} with fewer"
    unsure = shares.height - more - fewer
    return f"{text}; {CANNOT_TELL} for {unsure}" if unsure else text


def _subtitle(drawn: pl.DataFrame, scored: int) -> list[str]:
    about = f"{words.interval_name(drawn)}, {words.population_name(drawn)}; no proof of fraud"
    if scored == 0:
        return [about, "no creator has a score: the shares lean on their prior"]
    return [about, "tick: share that the score does not believe real; dashed: the average creator"]


def _left_out(count: int) -> list[str]:
    if count <= MOST_ROWS:
        return []
    half = MOST_ROWS // 2
    return [f"{half} highest and {half} lowest of {count:,}; all are in the table"]


def _panel(drawn: pl.DataFrame) -> alt.ChartType:
    groups, half = drawn["group"].to_list(), MOST_ROWS // 2
    rows = groups
    if len(groups) > MOST_ROWS:
        rows = [*groups[:half], f"({len(groups) - 2 * half} between)", *groups[-half:]]
    kept = drawn.filter(pl.col("group").is_in(rows))
    base = alt.Chart(kept).encode(
        y=alt.Y("group:N", scale=alt.Scale(domain=tuple(rows)), title=None)
    )
    tint = alt.Color(
        "answer:N",
        scale=theme.colour(ANSWERS, palette=COLOURS),
        legend=alt.Legend(title=None),
    )
    scale, axis = (
        theme.value_scale(log=False, zero=True),
        theme.value_axis("share of likes and comments that is fake", log=False),
    )
    intervals = base.mark_rule(strokeWidth=2.5).encode(
        x=alt.X("lower:Q", scale=scale, axis=axis), x2=alt.X2("upper:Q"), color=tint
    )
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=alt.X("median:Q"),
        color=tint,
        shape=alt.Shape("answer:N", scale=theme.shape(ANSWERS)),
        tooltip=_tooltip(),
    )
    ticks = base.mark_tick(thickness=1.5, size=TICK, color=theme.INK).encode(x=alt.X("by_score:Q"))
    line = theme.reference_line(float(kept["average"][0]))
    return theme.panel(line, intervals, points, ticks, height=theme.rows())


def _tooltip() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("group:N"),
        alt.Tooltip("median:Q", format=".3~r"),
        alt.Tooltip("lower:Q", format=".3~r"),
        alt.Tooltip("upper:Q", format=".3~r"),
        alt.Tooltip("probability:Q", format=".2f", title="P(more than average)"),
        alt.Tooltip("by_score:Q", format=".2f", title="by the score"),
        alt.Tooltip("answer:N"),
    ]
