"""Halo: daily sales with and without posts, and how the effect of a post wears off."""

from __future__ import annotations

import altair as alt
import polars as pl

from attribution.charts import theme, words
from attribution.quantities.estimates import CANNOT_TELL
from attribution.quantities.halo_days import ALL_SALES, BASELINE, DAYS, DECAY, POSTS

HEIGHT, LOW = 230, 130
"""Heights of the panel of daily sales and of the others, in pixels."""

BOUNDS = ("median", "lower", "upper")
COLOURS = {BASELINE: theme.BLUE, ALL_SALES: theme.VERMILION, POSTS: theme.VERMILION}


def halo(table: pl.DataFrame) -> alt.ChartType:
    """Return daily sales with and without posts, the posts' part, and what is left of an effect.

    Parameters
    ----------
    table
        panel, day, lag, series, observed, median, lower, upper, interval, prob, population,
        outcome, share, share_lower, share_upper, answer; see ``quantities.halo_days``.
    """
    shown = theme.plain(table)
    days = shown.filter(pl.col("panel") == DAYS)
    decay = shown.filter(pl.col("panel") == DECAY)
    outcome = shown["outcome"][0]
    panels = [
        _sales(days.filter(pl.col("series") != POSTS), outcome),
        _posts(days.filter(pl.col("series") == POSTS), outcome),
        _decay(decay),
    ]
    return theme.framed(
        alt.vconcat(*panels, spacing=22).resolve_scale(
            color="independent", strokeDash="independent"
        ),
        title=finding(shown),
        subtitle=[
            f"lines: posterior median; ribbons: {words.interval_name(shown)} of what is expected, "
            f"{words.population_name(shown)}; dots: observed {outcome} of a day"
        ],
        description=f"Daily {outcome} with and without posts, what posts bring, and the share of "
        "an effect that is still to come by days after the post.",
    )


def finding(table: pl.DataFrame) -> str:
    """Return the share of sales that came through posts and how soon, in words."""
    row = table.row(0, named=True)
    share = words.percent(row["share"])
    span = words.percent_span(row["share_lower"], row["share_upper"])
    if row["answer"] == CANNOT_TELL:
        what = row["outcome"]
        return words.capitalised(f"{CANNOT_TELL} whether posts bring {what}: {share} ({span})")
    soon = words.span(*_half(table.filter(pl.col("panel") == DECAY)))
    text = f"{share} of {row['outcome']} ({span}) came through posts"
    return f"{text}, half of an effect within {soon} days"


def _half(decay: pl.DataFrame) -> tuple[int, int]:
    """Return the days after which less than half is to come at both ends of the interval."""
    low, high = (
        decay.filter(pl.col(name) <= 0.5)["lag"].min() or decay["lag"].max()
        for name in ("lower", "upper")
    )
    return int(low), int(high)  # type: ignore[arg-type]


def _sales(days: pl.DataFrame, outcome: str) -> alt.ChartType:
    observed = days.filter(pl.col("series") == BASELINE).select("day", "observed")
    title = f"Daily {outcome}, observed and expected"
    dots = (
        alt.Chart(observed)
        .mark_circle(size=14, color=theme.INK, opacity=0.55)
        .encode(
            x=_day(),
            y=alt.Y("observed:Q"),
            tooltip=[alt.Tooltip("day:T"), alt.Tooltip("observed:Q")],
        )
    )
    return theme.panel(
        *_curves(days, [ALL_SALES, BASELINE], f"{outcome} a day"), dots, height=HEIGHT, title=title
    )


def _posts(days: pl.DataFrame, outcome: str) -> alt.ChartType:
    title = f"Of these, expected {outcome} {POSTS}"
    return theme.panel(*_curves(days, [POSTS], f"{outcome} a day"), height=LOW, title=title)


def _curves(days: pl.DataFrame, names: list[str], title: str) -> list[alt.Chart]:
    """Return a ribbon and a line per series, told apart by colour and by dashes."""
    legend = theme.line_legend("expected") if len(names) > 1 else None
    scale = alt.Scale(domain=names, range=[COLOURS[name] for name in names])
    base = alt.Chart(days.select("day", "series", *BOUNDS)).encode(
        x=_day(), color=alt.Color("series:N", scale=scale, sort=names, legend=legend)
    )
    axis = theme.value_axis(title, log=False)
    y = alt.Scale(zero=len(names) == 1, padding=10)
    # Solid for what is observed, the line with posts.
    dashes = alt.StrokeDash("series:N", scale=theme.dash(names), sort=names, legend=legend)
    tooltip = [alt.Tooltip(f"{name}:Q", format=".3~r") for name in BOUNDS]
    return [
        base.mark_area(opacity=0.22).encode(
            y=alt.Y("lower:Q", scale=y, axis=axis), y2=alt.Y2("upper:Q")
        ),
        base.mark_line(strokeWidth=1.6).encode(
            y=alt.Y("median:Q"),
            strokeDash=dashes,
            tooltip=[alt.Tooltip("day:T"), alt.Tooltip("series:N"), *tooltip],
        ),
    ]


def _day() -> alt.X:
    return alt.X("day:T", axis=alt.Axis(title="day", tickCount=8))


def _decay(decay: pl.DataFrame) -> alt.ChartType:
    axis = alt.Axis(title="share still to come", format="%", tickCount=4)
    base = alt.Chart(decay.select("lag", *BOUNDS)).encode(
        x=alt.X(
            "lag:Q",
            scale=alt.Scale(nice=False),
            axis=alt.Axis(title="days after the post", tickCount=8),
        )
    )
    return theme.panel(
        base.mark_area(opacity=0.22, color=theme.GREEN).encode(
            y=alt.Y("lower:Q", scale=alt.Scale(domain=[0, 1]), axis=axis), y2=alt.Y2("upper:Q")
        ),
        base.mark_line(strokeWidth=2, color=theme.GREEN).encode(y=alt.Y("median:Q")),
        height=LOW,
        title="Share of a post's effect that is still to come",
    )
