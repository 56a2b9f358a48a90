"""Response: expected orders of a post by its likes, and by its comments, tier by tier."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
import polars as pl

from attribution.charts import theme, words
from attribution.errors import InputError, Problem
from attribution.quantities.estimates import CANNOT_TELL

HEIGHT = 250
HALO = {"color": "white", "stroke": "white", "strokeWidth": 4}
"""Drawn behind a label, so that it can be read over a ribbon."""


def response(curve: pl.DataFrame) -> alt.ChartType:
    """Return expected orders per post against each signal, with a ribbon per tier.

    A tier's curve is drawn only where 90 % of its posts lie (its 5th to 95th percentile of the
    signal): beyond, the model would be guessing.

    Parameters
    ----------
    curve
        signal (``likes`` or ``comments``), tier, x, median, lower, upper, interval, prob,
        population, observed_low and observed_high (the tier's 5th and 95th percentile).

    Raises
    ------
    InputError
        If no tier shows its likes or comments.
    """
    inside = theme.plain(curve).filter(
        pl.col("x").is_between(pl.col("observed_low"), pl.col("observed_high"))
    )
    if inside.is_empty():
        raise InputError(Problem("No tier shows its likes or comments"))
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
            "few and many: a tier's 5th and 95th percentile, between which it is drawn",
        ],
        description=f"Curves of expected orders by signal. {'. '.join(findings)}.",
    )


def finding(signal: pl.DataFrame) -> str:
    """Return how far expected orders differ between the ends of each tier's range."""
    name = signal["signal"][0]
    ends = [_ends(frame) for frame in signal.partition_by("tier", maintain_order=True)]
    ratios = [end.ratio for end in ends]
    times = words.number(ratios[0]) if len(ratios) == 1 else words.span(min(ratios), max(ratios))
    text = f"Posts with many {name} have {times} times the expected orders of those with few"
    if not any(end.clear for end in ends):
        return f"{text}, {CANNOT_TELL}"
    return text


def _headline(frames: list[pl.DataFrame]) -> str:
    said = [_said(frame) for frame in frames]
    return words.capitalised("; ".join(said))


def _said(signal: pl.DataFrame) -> str:
    """Say in how many tiers more of the signal clearly goes with more orders, or with fewer."""
    name = signal["signal"][0]
    ends = [_ends(tier) for tier in signal.partition_by("tier", maintain_order=True)]
    more = sum(end.clear and end.ratio > 1 for end in ends)
    fewer = sum(end.clear and end.ratio < 1 for end in ends)
    if more + fewer == 0:
        return f"{CANNOT_TELL} whether more {name} go with more orders"
    tiers = words.count(len(ends), "tier")
    if len(ends) in (more, fewer):
        return f"more {name} go with {'more' if more else 'fewer'} orders in all {tiers}"
    counts = [f"{word} orders in {n}" for word, n in (("more", more), ("fewer", fewer)) if n]
    return f"more {name} go with {' and '.join(counts)} of {tiers}"


@dataclass(frozen=True)
class _Ends:
    """Medians at many over few, and whether the intervals at the two ends are apart."""

    ratio: float
    clear: bool


def _ends(tier: pl.DataFrame) -> _Ends:
    ordered = tier.sort("x")
    few, many = ordered.row(0, named=True), ordered.row(-1, named=True)
    apart = many["lower"] > few["upper"] or many["upper"] < few["lower"]
    return _Ends(many["median"] / few["median"], apart)


def _panel(frame: pl.DataFrame, title: str, tiers: list[str]) -> alt.ChartType:
    name = frame["signal"][0]
    log_y = theme.heavy_tailed(frame["lower"], frame["upper"])
    base = alt.Chart(frame).encode(
        x=theme.count_axis("x:Q", f"{name} of a post", frame["x"]),
        color=alt.Color(
            "tier:N", scale=theme.colour(tiers), sort=tiers, legend=theme.line_legend("tier")
        ),
        tooltip=["tier:N", alt.Tooltip("x:Q", title=name, format=".3~r"), *_tooltip()],
    )
    scale, axis = theme.value_scale(log_y), theme.value_axis("expected orders per post", log_y)
    ends = frame.sort("x").group_by("tier", maintain_order=True).last()
    return theme.panel(
        base.mark_area(opacity=0.22).encode(
            y=alt.Y("lower:Q", scale=scale, axis=axis), y2="upper:Q"
        ),
        base.mark_line(strokeWidth=2).encode(
            y="median:Q",
            strokeDash=alt.StrokeDash(
                "tier:N", scale=theme.dash(tiers), sort=tiers, legend=theme.line_legend("tier")
            ),
        ),
        *(
            alt.Chart(ends)
            .mark_text(align="right", dx=-4, dy=-12, fontSize=12, **look)
            .encode(x="x:Q", y="median:Q", text="tier:N")
            for look in (HALO, {"color": theme.INK})
        ),
        height=HEIGHT,
        title=title,
    )


def _tooltip() -> list[alt.Tooltip]:
    return [alt.Tooltip(f"{name}:Q", format=".3~r") for name in ("median", "lower", "upper")]
