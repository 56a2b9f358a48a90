"""Density: what values of a quantity the data leave plausible, with the line that matters."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import polars as pl
from scipy.stats import gaussian_kde

from attribution.charts import theme, words
from attribution.errors import InputError, Problem
from attribution.quantities.estimates import CANNOT_TELL, SURE

POINTS = 160
"""Points of a density curve: the draws themselves are not put into the chart."""
TAIL = 0.0005
"""Share of the draws beyond either end of a curve, which outliers must not stretch."""
HEIGHT = 110


def density(draws: pl.DataFrame) -> alt.ChartType:
    """Return posterior densities, a panel per quantity and group, the interval shaded.

    Parameters
    ----------
    draws
        Long draws: quantity, label, unit, group, population, value, reference (the 0 or 1 to
        compare with, or null), lower, upper, interval, prob; an ``answer`` of ``cannot tell`` is
        said in the title.
    """
    frames = draws.partition_by("quantity", "group", maintain_order=True)
    findings = [finding(frame) for frame in frames]
    panels = [
        _panel(frame, text if len(frames) > 1 else "")
        for frame, text in zip(frames, findings, strict=True)
    ]
    return theme.framed(
        theme.stacked(panels),
        title=findings[0] if len(findings) == 1 else words.summary(findings),
        subtitle=[
            f"dark: {words.interval_name(draws)}, {words.population_name(draws)}",
            "the higher the curve, the more plausible the value",
        ],
        description="Curves of posterior density; a dashed line marks the value to compare with. "
        f"{words.capitalised(words.listing(findings))}.",
    )


def finding(panel: pl.DataFrame) -> str:
    """Return where the quantity lies, and the probability on each side of its reference."""
    first = panel.row(0, named=True)
    label = words.capitalised(first["label"])
    if first["group"] != "all":
        label = f"{label}, {first['group']}"
    line = first["reference"]
    if line is None:
        return f"{label}: {words.span(first['lower'], first['upper'])} {first['unit']}"
    above = float(np.mean(panel["value"].to_numpy() > line))
    sides = ", ".join(
        words.stated(f"P({side} {words.number(line)})", chance)
        for side, chance in ((">", above), ("<", 1 - above))
    )
    unsure = max(above, 1 - above) < SURE or first.get("answer") == CANNOT_TELL
    return f"{label}: {CANNOT_TELL}, {sides}" if unsure else f"{label}: {sides}"


def curve(values: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[pl.DataFrame, bool]:
    """Return a kernel density estimate of the draws, and whether it is one per log unit.

    Positive draws with a heavy tail are estimated, and drawn, on the log scale.

    Raises
    ------
    InputError
        If all draws are equal.
    """
    if np.ptp(values) == 0:
        raise InputError(Problem("A quantity whose draws are all equal has no density"))
    low, high = np.quantile(values, [TAIL, 1 - TAIL])
    log = bool(low > 0 and high / low > theme.HEAVY_TAIL)
    kept = values[(values >= low) & (values <= high)]
    points = np.log(kept) if log else kept
    grid = np.linspace(points.min(), points.max(), POINTS)
    height = gaussian_kde(points)(grid)
    x = np.exp(grid) if log else grid
    return pl.DataFrame({"x": x, "density": height / height.max()}), log


def _panel(frame: pl.DataFrame, title: str) -> alt.ChartType:
    first = frame.row(0, named=True)
    shape, log = curve(frame["value"].drop_nulls().to_numpy())
    inside = shape.filter(pl.col("x").is_between(first["lower"], first["upper"]))
    x = alt.X(
        "x:Q",
        scale=theme.value_scale(log),
        axis=theme.value_axis(first["unit"], log),
    )
    y = alt.Y("density:Q", axis=None)
    layers = [
        alt.Chart(shape).mark_area(color=theme.BLUE, opacity=0.22).encode(x=x, y=y),
        alt.Chart(inside).mark_area(color=theme.BLUE, opacity=0.55).encode(x=x, y=y),
        alt.Chart(shape).mark_line(color=theme.BLUE, strokeWidth=1.5).encode(x=x, y=y),
    ]
    if first["reference"] is not None and not (log and first["reference"] <= 0):
        layers.append(theme.reference_line(first["reference"]))
    return theme.panel(
        *layers,
        height=HEIGHT,
        title=title,
    )
