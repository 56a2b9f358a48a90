"""Prior predictive check: what a model expects before the data, beside what was observed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import polars as pl
from numpy.typing import NDArray

from attribution.charts import theme, words

Floats = NDArray[np.float64]

BARS = 30
"""Bars of a panel."""

OUTER = 0.01
"""Share of the draws at either end that is not drawn, which outliers must not stretch."""

HEIGHT = 84

ROOM = 1.3
"""Height of a panel over that of its highest bar."""


@dataclass(frozen=True)
class Ruler:
    """Scale of a panel: linear, or where there is a ``unit`` linear up to it, then logarithmic."""

    unit: float | None

    def to(self, values: Floats) -> Floats:
        """Return where values lie, in steps of equal width."""
        if self.unit is None:
            return values
        return np.sign(values) * np.log1p(np.abs(values) / self.unit)

    def back(self, places: Floats) -> Floats:
        """Return the values at places."""
        if self.unit is None:
            return places
        return np.sign(places) * np.expm1(np.abs(places)) * self.unit

    def axis(self, title: str) -> dict[str, Any]:
        """Return scale and axis of the panel."""
        if self.unit is None:
            return {
                "scale": theme.value_scale(log=False),
                "axis": theme.value_axis(title, log=False),
            }
        ticks = [0.0, *(tick for tick in theme.LOG_TICKS if tick >= self.unit)]
        return {
            "scale": alt.Scale(type="symlog", constant=self.unit, nice=False, padding=10),
            "axis": alt.Axis(title=f"{title} (log scale)", format=theme.NUMBERS, values=ticks),
        }


def prior(draws: pl.DataFrame) -> alt.ChartType:
    """Return prior predictive distributions of figures, a panel each, with the observed value.

    Parameters
    ----------
    draws
        Long draws: figure, value, observed, lower, upper, interval, prob, reading, warning (null
        where nothing is odd).
    """
    frames = draws.partition_by("figure", maintain_order=True)
    return theme.framed(
        alt.vconcat(*map(_panel, frames), spacing=18),
        title=finding(draws),
        subtitle=[
            "bars: what the model expects before the data; line: what was observed",
            f"dark: {words.interval_name(draws).replace('credible', 'prior predictive')}",
            *_warnings(draws),
        ],
        description="Each panel shows how likely values of one figure of the outcomes are before "
        "the data, and the observed value as a line. A prior that holds it possible, and little "
        "that is absurd, will do.",
    )


def finding(draws: pl.DataFrame) -> str:
    """Return how many observed figures the prior holds possible, and which it does not."""
    by_figure = draws.unique("figure", maintain_order=True)
    odd = by_figure.filter(pl.col("warning").is_not_null())["figure"].to_list()
    if not odd:
        every = "the observed figure" if by_figure.height == 1 else "all observed figures"
        return f"The prior holds {every} possible, and little that is absurd"
    return f"The prior is odd about {words.listing(odd)}"


def _warnings(draws: pl.DataFrame) -> list[str]:
    rows = draws.unique("figure", maintain_order=True).drop_nulls("warning")
    return [f"{figure}: {text}" for figure, text in rows.select("figure", "warning").iter_rows()]


def bars(values: Floats, observed: float) -> tuple[pl.DataFrame, Ruler]:
    """Return the share of the draws in bars of equal width on the panel's scale, and that scale.

    Parameters
    ----------
    values
        Draws; infinite ones count as beyond the last bar.
    observed
        Inside the bars' range whatever the draws.
    """
    low, high = np.quantile(values, [OUTER, 1.0 - OUTER], method="inverted_cdf")
    finite = values[np.isfinite(values)]
    low, high = (float(np.clip(end, *_ends(finite, observed))) for end in (low, high))
    ruler = _ruler(finite, min(low, observed), max(high, observed))
    first, last = ruler.to(np.array([min(low, observed), max(high, observed)]))
    edges = np.linspace(first, last if last > first else first + 1.0, BARS + 1)
    counts, _ = np.histogram(ruler.to(finite), edges)
    ends = ruler.back(edges)
    shown = pl.DataFrame({"x": ends[:-1], "x2": ends[1:], "share": counts / len(values)})
    return shown.with_columns(bottom=0.0), ruler


def _ends(finite: Floats, observed: float) -> tuple[float, float]:
    every = np.append(finite, observed)
    return float(every.min()), float(every.max())


def _ruler(finite: Floats, low: float, high: float) -> Ruler:
    positive = finite[finite > 0]
    # What is at most 1 is a share, which reads best as it is.
    if low < 0 or high <= 1.0 or not len(positive):
        return Ruler(None)
    small = max(float(np.quantile(positive, 0.05)), high * 1e-9)
    if high / small <= theme.HEAVY_TAIL:
        return Ruler(None)
    return Ruler(min(10.0 ** np.floor(np.log10(small)), 1.0))


def _panel(frame: pl.DataFrame) -> alt.ChartType:
    first = frame.row(0, named=True)
    shown, ruler = bars(frame["value"].to_numpy(), first["observed"])
    middle = (pl.col("x") + pl.col("x2")) / 2.0
    tinted = theme.plain(
        shown.with_columns(inside=middle.is_between(first["lower"], first["upper"]))
    )
    # Room for the label of the observed value above the bars.
    top = ROOM * max(float(shown["share"].max()), 1.0 / len(frame))  # type: ignore[arg-type]
    x = alt.X("x:Q", **ruler.axis(first["figure"]))
    histogram = (
        alt.Chart(tinted)
        .mark_rect(stroke="white", strokeWidth=0.5)
        .encode(
            x=x,
            x2=alt.X2("x2:Q"),
            y=alt.Y("bottom:Q", axis=None, scale=alt.Scale(domain=[0.0, top])),
            y2=alt.Y2("share:Q"),
            color=alt.condition("datum.inside", alt.value(theme.BLUE), alt.value(theme.SKY)),
            tooltip=[alt.Tooltip(f"{name}:Q", format=".3~r") for name in ("x", "x2", "share")],
        )
    )
    seen = alt.Chart(theme.plain(pl.DataFrame({"observed": [first["observed"]]})))
    label = f"observed {words.number(first['observed'])}"
    right = (
        ruler.to(np.array([first["observed"]]))[0]
        > ruler.to(np.array([shown["x"].min(), shown["x2"].max()])).mean()
    )
    return theme.panel(
        histogram,
        seen.mark_rule(color=theme.VERMILION, strokeWidth=2.5).encode(x=alt.X("observed:Q")),
        seen.mark_text(
            text=label,
            align="right" if right else "left",
            dx=-6 if right else 6,
            y=7,
            color=theme.VERMILION,
            fontSize=12,
        ).encode(x=alt.X("observed:Q")),
        height=HEIGHT,
    )
