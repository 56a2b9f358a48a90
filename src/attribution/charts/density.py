"""Density: what values of a quantity the data leave plausible, with the line that matters."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import polars as pl

from attribution.charts import theme, words
from attribution.errors import InputError, Problem
from attribution.kernel import kernel_density
from attribution.quantities.estimates import CANNOT_TELL

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
        title=_headline(frames, findings),
        subtitle=[
            f"dark: {words.interval_name(draws)}, {words.population_name(draws)}",
            "the higher the curve, the more plausible the value",
        ],
        description="Curves of posterior density; a dashed line marks the value to compare with. "
        f"{words.capitalised(words.listing(findings))}.",
    )


def _headline(frames: list[pl.DataFrame], findings: list[str]) -> str:
    """Return the finding that compares with a value, or how many such findings are clear."""
    compared = [
        text
        for frame, text in zip(frames, findings, strict=True)
        if frame["reference"][0] is not None
    ]
    if len(compared) > 1:
        return words.summary(compared)
    return compared[0] if compared else findings[0]


def finding(panel: pl.DataFrame) -> str:
    """Return where the quantity lies, and the probability on each side of its reference."""
    first = panel.row(0, named=True)
    label = words.capitalised(first["label"])
    if first["group"] != "all":
        label = f"{label}, {first['group']}"
    line, told = first["reference"], first["answer"] != CANNOT_TELL
    if line is None:
        text = f"{label}: {words.span(first['lower'], first['upper'])}"
        return text if told else f"{text}, {CANNOT_TELL}"
    above = first["probability"]
    sides = ", ".join(
        words.stated(f"P({side} {words.number(line)})", chance)
        for side, chance in ((">", above), ("<", 1 - above))
    )
    return f"{label}: {sides}" if told else f"{label}: {CANNOT_TELL}, {sides}"


def curve(
    values: np.ndarray[Any, np.dtype[np.float64]], line: float | None = None
) -> tuple[pl.DataFrame, bool]:
    """Return a kernel density estimate of the draws, and whether it is one per log unit.

    Positive draws with a heavy tail, or far from the value to compare with (``line``), are
    estimated, and drawn, on the log scale.

    Raises
    ------
    InputError
        If all draws are equal.
    """
    if np.ptp(values) == 0:
        raise InputError(Problem("A quantity whose draws are all equal has no density"))
    low, high = np.quantile(values, [TAIL, 1 - TAIL])
    log = theme.heavy_tailed(pl.Series([low]), pl.Series([high]), also=line)
    kept = values[(values >= low) & (values <= high)]
    points = np.log(kept) if log else kept
    grid = np.linspace(points.min(), points.max(), POINTS)
    height = kernel_density(points, grid)
    x = np.exp(grid) if log else grid
    return pl.DataFrame({"x": x, "density": height / height.max()}), log


def _panel(frame: pl.DataFrame, title: str) -> alt.ChartType:
    first = frame.row(0, named=True)
    shape, log = curve(frame["value"].drop_nulls().to_numpy(), first["reference"])
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
    if first["reference"] is not None:
        layers.append(theme.reference_line(first["reference"]))
    return theme.panel(
        *layers,
        height=HEIGHT,
        title=title,
    )
