"""Every chart drawn from its fabricated table, and ways to look into a spec."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import altair as alt
import polars as pl

from attribution.charts.registry import REGISTRY
from support import frames

TABLES: dict[str, Callable[[], pl.DataFrame]] = {
    "forest": lambda: frames.effects().filter(pl.col("scope").is_in(["overall", "tier"])),
    "contrasts": lambda: frames.effects().filter(pl.col("scope") == "contrast"),
    "funnel": frames.funnel,
    "claim": frames.claims,
    "creators": frames.susceptibility,
    "fakes": frames.fakes,
    "capture": frames.capture,
    "density": frames.draws,
    "response": frames.curve,
    "contributions": frames.contributions,
    "halo": frames.halo,
    "predictive": frames.predictive,
    "roi": frames.roi,
    "comparison": frames.comparison,
    "ranks": frames.ranks,
    "trace": frames.trace,
}
"""Name of a chart -> its fabricated table."""


@cache
def chart(name: str) -> alt.ChartType:
    """Draw a chart from its fabricated table."""
    return REGISTRY[name].draw(TABLES[name]())


@cache
def spec(name: str) -> dict[str, Any]:
    """Return the spec of a chart's fabricated table; not to be changed."""
    return dict(chart(name).to_dict())


def title(drawn: alt.ChartType) -> str:
    """Return the title of a chart on one line."""
    return " ".join(drawn.to_dict()["title"]["text"])


def subtitle(drawn: alt.ChartType) -> str:
    """Return the lines below the title on one line."""
    return " ".join(drawn.to_dict()["title"]["subtitle"])


def without_data(spec: Any) -> Any:
    """Return a spec without its data and the names that depend on them."""
    if isinstance(spec, list):
        return [without_data(item) for item in spec]
    if not isinstance(spec, dict):
        return spec
    return {
        key: without_data(value) for key, value in spec.items() if key not in ("data", "datasets")
    }


def rows(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all rows of data in a spec."""
    return [row for data in spec["datasets"].values() for row in data]


def encodings(spec: Any, channel: str) -> Iterator[Any]:
    """Yield every encoding of a channel, wherever it stands."""
    if isinstance(spec, list):
        for item in spec:
            yield from encodings(item, channel)
    elif isinstance(spec, dict):
        if channel in spec.get("encoding", {}):
            yield spec["encoding"][channel]
        for key, value in spec.items():
            if key != "encoding":
                yield from encodings(value, channel)


def panels(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the panels of a stacked chart, or the chart itself."""
    return spec.get("vconcat") or spec.get("concat") or [spec]
