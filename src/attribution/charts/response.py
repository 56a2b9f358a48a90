"""Response: the expected outcome of a post by each column of numbers, group by group."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
import polars as pl

from attribution.charts import theme, words
from attribution.errors import InputError, Problem
from attribution.quantities.estimates import CANNOT_TELL

ORDERS = "orders"
"""The outcome that is counted: there are more or fewer of it, not higher or lower."""

HEIGHT = 250
HALO = {"color": "white", "stroke": "white", "strokeWidth": 4}
"""Drawn behind a label, so that it can be read over a ribbon."""


def response(curve: pl.DataFrame) -> alt.ChartType:
    """Return the expected outcome against each column of numbers, with a ribbon per group.

    A group's curve is drawn only where 90 % of its posts lie (its 5th to 95th percentile of the
    column): beyond, the model would be guessing.

    Parameters
    ----------
    curve
        signal (the column), tier (the group), by (what groups are, such as ``tier``), outcome (in
        words, such as ``orders``), unit, x, median, lower, upper, interval, prob, population,
        observed_low and observed_high (the group's 5th and 95th percentile).

    Raises
    ------
    InputError
        If there is no curve.
    """
    inside = theme.plain(curve).filter(
        pl.col("x").is_between(pl.col("observed_low"), pl.col("observed_high"))
    )
    if inside.is_empty():
        raise InputError(Problem("This model has no column of numbers to draw a curve of"))
    frames = inside.partition_by("signal", maintain_order=True)
    tiers = theme.levels(inside, "tier")
    findings = [finding(frame) for frame in frames]
    panels = [_panel(frame, text, tiers) for frame, text in zip(frames, findings, strict=True)]
    return theme.framed(
        alt.vconcat(*panels, spacing=22),
        title=_headline(frames),
        subtitle=[
            f"line: posterior median; ribbon: {words.interval_name(inside)}, "
            f"{words.population_name(inside)}",
            f"{_range(inside)} 5th and 95th percentile, between which it is drawn",
        ],
        description=f"Curves of expected {inside['outcome'][0]}, a panel per column. "
        f"{'. '.join(findings)}.",
    )


def _range(curve: pl.DataFrame) -> str:
    ends = "few and many" if curve["outcome"][0] == ORDERS else "low and high"
    return f"{ends}: {_whose(curve)}"


def _whose(curve: pl.DataFrame) -> str:
    one = curve["tier"].n_unique() == 1
    return "the" if one else f"a {curve['by'][0]}'s"


def finding(signal: pl.DataFrame) -> str:
    """Return how far the expected outcome differs between the ends of each group's range."""
    name, outcome = signal["signal"][0], signal["outcome"][0]
    ends = [_ends(frame) for frame in signal.partition_by("tier", maintain_order=True)]
    if outcome == ORDERS:
        times = _among([end.many / end.few for end in ends])
        text = f"Posts with many {name} have {times} times the expected orders of those with few"
    else:
        high, low = _among([end.many for end in ends]), _among([end.few for end in ends])
        text = f"{words.capitalised(outcome)}: {high} where {name} is high, {low} where it is low"
    if not any(end.clear for end in ends):
        return f"{text}, {CANNOT_TELL}"
    return text


def _among(values: list[float]) -> str:
    return words.number(values[0]) if len(values) == 1 else words.span(min(values), max(values))


def _headline(frames: list[pl.DataFrame]) -> str:
    said = [_said(frame) for frame in frames]
    return words.capitalised("; ".join(said))


@dataclass(frozen=True)
class _Ends:
    """Medians at few and many, and whether the intervals at the two ends are apart."""

    few: float
    many: float
    clear: bool

    @property
    def up(self) -> bool:
        return self.clear and self.many > self.few

    @property
    def down(self) -> bool:
        return self.clear and self.many < self.few


def _ends(tier: pl.DataFrame) -> _Ends:
    ordered = tier.sort("x")
    few, many = ordered.row(0, named=True), ordered.row(-1, named=True)
    apart = many["lower"] > few["upper"] or many["upper"] < few["lower"]
    return _Ends(few["median"], many["median"], apart)


def _said(signal: pl.DataFrame) -> str:
    """Say in how many groups more of the column clearly goes with more, or with less."""
    ends = [_ends(tier) for tier in signal.partition_by("tier", maintain_order=True)]
    up, down = sum(end.up for end in ends), sum(end.down for end in ends)
    start, more, less = _directions(signal["signal"][0], signal["outcome"][0])
    if up + down == 0:
        return f"{CANNOT_TELL} whether {start} {more}"
    if len(ends) == 1:
        return f"{start} {more if up else less}"
    groups = words.count(len(ends), signal["by"][0])
    if len(ends) in (up, down):
        return f"{start} {more if up else less} in all {groups}"
    counts = [f"{direction} in {n}" for direction, n in ((more, up), (less, down)) if n]
    return f"{start} {' and '.join(counts)} of {groups}"


def _directions(name: str, outcome: str) -> tuple[str, str, str]:
    """Return how a sentence starts, and its ends where the outcome rises and where it falls."""
    if outcome == ORDERS:
        return f"more {name} go with", "more orders", "fewer orders"
    return f"higher {name} goes with", f"higher {outcome}", f"lower {outcome}"


def _panel(frame: pl.DataFrame, title: str, tiers: list[str]) -> alt.ChartType:
    name, by = frame["signal"][0], frame["by"][0]
    of = " of a post" if frame["outcome"][0] == ORDERS else ""
    log_y = theme.heavy_tailed(frame["lower"], frame["upper"])
    # One group is all posts: there is nothing to tell apart.
    legend = theme.line_legend(by) if len(tiers) > 1 else None
    base = alt.Chart(frame).encode(
        x=theme.count_axis("x:Q", f"{name}{of}", frame["x"]),
        color=alt.Color("tier:N", scale=theme.colour(tiers), sort=tiers, legend=legend),
        tooltip=[
            alt.Tooltip("tier:N", title=by),
            alt.Tooltip("x:Q", title=name, format=".3~r"),
            *_tooltip(),
        ],
    )
    scale, axis = theme.value_scale(log_y), theme.value_axis(f"expected {frame['unit'][0]}", log_y)
    ends = frame.sort("x").group_by("tier", maintain_order=True).last()
    return theme.panel(
        base.mark_area(opacity=0.22).encode(
            y=alt.Y("lower:Q", scale=scale, axis=axis), y2=alt.Y2("upper:Q")
        ),
        base.mark_line(strokeWidth=2).encode(
            y=alt.Y("median:Q"),
            strokeDash=alt.StrokeDash("tier:N", scale=theme.dash(tiers), sort=tiers, legend=legend),
        ),
        *(_labels(ends) if legend is not None else ()),
        height=HEIGHT,
        title=title,
    )


def _labels(ends: pl.DataFrame) -> list[alt.Chart]:
    """Return the groups' names where their curves end."""
    return [
        alt.Chart(ends)
        .mark_text(align="right", dx=-4, dy=-12, fontSize=12, **look)
        .encode(x=alt.X("x:Q"), y=alt.Y("median:Q"), text=alt.Text("tier:N"))
        for look in (HALO, {"color": theme.INK})
    ]


def _tooltip() -> list[alt.Tooltip]:
    return [alt.Tooltip(f"{name}:Q", format=".3~r") for name in ("median", "lower", "upper")]
