"""Susceptibility: creators ranked, each observed ratio beside what is left after shrinkage."""

from __future__ import annotations

import altair as alt
import polars as pl

from attribution.charts import theme, words
from attribution.charts.forest import MOST_ROWS
from attribution.errors import InputError, Problem
from attribution.quantities.estimates import CANNOT_TELL
from attribution.quantities.susceptibility import ABOVE, BELOW

ANSWERS = (ABOVE, CANNOT_TELL, BELOW)
COLOURS = (theme.BLUE, theme.MUTED, theme.VERMILION)
EDGE = 0.9
"""Where a ratio of 0 is drawn on a log scale: this many times the smallest bound."""


def susceptibility(ranking: pl.DataFrame) -> alt.ChartType:
    """Return shrunk multipliers with intervals, and the observed ratios as hollow circles.

    Parameters
    ----------
    ranking
        As :func:`attribution.quantities.susceptibility.susceptibility` makes it, with
        ``share_of_luck``, ``share_of_luck_lower`` and ``_upper`` (alike in all rows, null where
        there is one creator). An optional column ``truth`` is drawn as a cross.

    Raises
    ------
    InputError
        If there is no creator.
    """
    if ranking.is_empty():
        raise InputError(Problem("There is no creator to draw"))
    drawn = theme.plain(ranking).sort("rank")
    return theme.framed(
        _panel(drawn),
        title=finding(drawn),
        subtitle=[_subtitle(drawn), *_left_out(drawn.height)],
        description="Each row is a creator, most prone first: the point is the median of what its "
        "audience orders against an average creator's, the line its interval, the hollow circle "
        "what was observed; a thin line joins the two.",
    )


def finding(ranking: pl.DataFrame) -> str:
    """Return how many creators are told from the average, and luck's share, in words."""
    answers = ranking["answer"].to_list()
    above, below = answers.count(ABOVE), answers.count(BELOW)
    total, share = words.count(ranking.height, "creator"), ranking["share_of_luck"][0]
    told = f"Susceptibility: of {total}, {above} above average, {below} below"
    if not above and not below:
        told = f"Susceptibility: {CANNOT_TELL} any of {total} from the average"
    elif unsure := ranking.height - above - below:
        told = f"{told}, {CANNOT_TELL} for {unsure}"
    if share is None:
        return told
    return f"{told}; about {words.percent(share)} of the differences in observed rates is luck"


def _subtitle(drawn: pl.DataFrame) -> str:
    text = f"{words.interval_name(drawn)}, {words.population_name(drawn)}; hollow: as observed"
    if drawn["share_of_luck_lower"][0] is not None:
        bounds = (drawn[f"share_of_luck_{end}"][0] for end in ("lower", "upper"))
        text = f"{text}; luck's share {words.percent_span(*bounds)}"
    return f"{text}; a cross is the simulated truth" if "truth" in drawn.columns else text


def _left_out(count: int) -> list[str]:
    if count <= MOST_ROWS:
        return []
    half = MOST_ROWS // 2
    return [f"{half} highest and {half} lowest of {count:,}; all are in the table"]


def _rows(groups: list[str]) -> list[str]:
    """Return the row labels in order; of too many creators the extremes, with a gap between."""
    if len(groups) <= MOST_ROWS:
        return groups
    half = MOST_ROWS // 2
    return [*groups[:half], f"({len(groups) - 2 * half} between)", *groups[-half:]]


def _panel(drawn: pl.DataFrame) -> alt.ChartType:
    rows = _rows(drawn["group"].to_list())
    kept = drawn.filter(pl.col("group").is_in(rows))
    log = theme.heavy_tailed(kept["lower"], kept["upper"], also=1.0)
    least = kept["lower"].min()
    if log:
        edge = pl.lit(least) * EDGE
        kept = kept.with_columns(shown=pl.max_horizontal("raw", edge))
    else:
        kept = kept.with_columns(shown=pl.col("raw"))
    scale = theme.value_scale(log) if log else alt.Scale(domainMin=0)
    axis = theme.value_axis("ratio to an average creator with the same posts", log)
    base = alt.Chart(kept).encode(
        y=alt.Y("group:N", scale=alt.Scale(domain=tuple(rows)), title=None), tooltip=_tooltip()
    )
    colour = alt.Color(
        "answer:N",
        scale=theme.colour(ANSWERS, palette=COLOURS),
        legend=alt.Legend(title=None),
    )
    form = alt.Shape("answer:N", scale=theme.shape(ANSWERS), legend=alt.Legend(title=None))
    pulls = base.mark_rule(strokeWidth=0.8, color=theme.MUTED, strokeDash=[2, 2]).encode(
        x=alt.X("shown:Q", scale=scale, axis=axis), x2=alt.X2("median:Q")
    )
    intervals = base.mark_rule(strokeWidth=2.5).encode(
        x=alt.X("lower:Q", scale=scale, axis=axis), x2=alt.X2("upper:Q"), color=colour
    )
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=alt.X("median:Q", scale=scale), color=colour, shape=form
    )
    observed = base.mark_point(
        filled=False, size=40, shape="circle", color=theme.INK, strokeWidth=1.2
    ).encode(x=alt.X("shown:Q", scale=scale))
    truths = base.mark_point(shape=theme.TRUTH, size=60, color=theme.INK, strokeWidth=2)
    more = [truths.encode(x=alt.X("truth:Q", scale=scale))] if "truth" in kept.columns else []
    line = theme.reference_line(1.0)
    return theme.panel(line, pulls, intervals, points, observed, *more, height=theme.rows())


def _tooltip() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("group:N", title="creator"),
        alt.Tooltip("rank:Q"),
        alt.Tooltip("observed:Q", format=",.0f"),
        alt.Tooltip("raw:Q", format=".3~r", title="observed ratio"),
        alt.Tooltip("median:Q", format=".3~r"),
        alt.Tooltip("lower:Q", format=".3~r"),
        alt.Tooltip("upper:Q", format=".3~r"),
        alt.Tooltip("probability:Q", format=".2f", title="P(above average)"),
        alt.Tooltip("p_top:Q", format=".2f", title="P(in the top)"),
        alt.Tooltip("answer:N"),
    ]
