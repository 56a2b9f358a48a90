"""The chart of a model's calibration: differences of ECDFs from the diagonal, with their band."""

from __future__ import annotations

from collections import Counter

import altair as alt
import numpy as np
import polars as pl

from attribution.charts import theme
from proofs.calibration.bands import band, each, ecdf
from proofs.calibration.stored import Stored
from proofs.calibration.summary import LEAST, Figure

POINTS = np.linspace(0.0, 1.0, 41)
HEIGHT = 260


def chart(stored: Stored) -> alt.ChartType:
    """Return one line per figure over the band that all should stay in."""
    gone = {one.name for one in stored.astray}
    count = Counter(len(one.ranks) for one in stored.figures).most_common(1)[0][0]
    x = alt.X(
        "rank:Q",
        title="rank of the truth among the posterior's draws, as a share",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(format=".1f", tickCount=6),
    )
    layers = [_ribbon(stored, count, x), *_lines(stored.figures, gone, x)]
    return theme.framed(
        theme.panel(*layers, height=HEIGHT),
        title=finding(stored),
        subtitle=[
            f"{stored.facts['model']}, {stored.facts['creators']} creators with"
            f" {stored.facts['each']} posts each; {len(stored.figures)} figures, a line each",
            "band: holds all lines with probability 0.95 if every figure is calibrated",
        ],
        description="Lines above the band: ranks too low, the posterior too high; below: the"
        " reverse; first above and then below: too narrow.",
    )


def finding(stored: Stored) -> str:
    """Return in words whether the model is calibrated."""
    gone, count = len(stored.astray), len(stored.figures)
    replicates = stored.facts["replicates"]
    names = [one.name for one in stored.astray]
    if len(names) == 1:
        return f"One of {count} figures strays: {names[0]} ({replicates} replicates)"
    if not gone:
        return f"No figure strays: {count} figures, {replicates} replicates"
    return f"{gone} of {count} figures stray ({replicates} replicates)"


def _ribbon(stored: Stored, count: int, x: alt.X) -> alt.Chart:
    found = band(max(count, LEAST), each(len(stored.figures)))
    some = np.unique(np.linspace(0, len(found.points) - 1, len(POINTS)).astype(int))
    points = found.points[some]
    frame = pl.DataFrame(
        {
            "rank": [0.0, *points, 1.0],
            "low": [0.0, *(found.low[some] - points), 0.0],
            "high": [0.0, *(found.high[some] - points), 0.0],
        }
    )
    y = alt.Y(
        "low:Q", title="share of ranks up to there, less rank", scale=theme.value_scale(log=False)
    )
    ribbon: alt.Chart = alt.Chart(theme.plain(frame)).mark_area(color=theme.GRID)
    return ribbon.encode(x=x, y=y, y2="high:Q")


def _lines(figures: tuple[Figure, ...], gone: set[str], x: alt.X) -> list[alt.Chart]:
    frame = pl.concat(
        pl.DataFrame({"rank": POINTS, "off": ecdf(one.ranks, POINTS) - POINTS}).with_columns(
            figure=pl.lit(one.name), strays=pl.lit(one.name in gone)
        )
        for one in figures
    )
    layers = []
    for strays, colour, width in ((False, theme.BLUE, 0.7), (True, theme.VERMILION, 1.8)):
        some = frame.filter(pl.col("strays") == strays)
        if not some.is_empty():
            line = alt.Chart(theme.plain(some)).mark_line(
                color=colour, strokeWidth=width, opacity=0.8
            )
            layers.append(line.encode(x=x, y="off:Q", detail="figure:N"))
    if gone:
        ends = frame.filter("strays").sort(pl.col("off").abs(), descending=True)
        ends = ends.group_by("figure", maintain_order=True).first()
        text = alt.Chart(theme.plain(ends)).mark_text(dy=15, color=theme.VERMILION)
        layers.append(text.encode(x=x, y="off:Q", text="figure:N"))
    return layers
