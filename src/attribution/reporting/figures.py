"""Charts of a report, each from the table that the findings already hold."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from attribution.charts.html import embedded
from attribution.charts.registry import REGISTRY
from attribution.charts.sources import Request, claims, contrasts, rates, ways
from attribution.errors import InputError
from attribution.quantities.authenticity import fakes_table
from attribution.reporting.content import Figure, Missing
from attribution.reporting.findings import Findings, reason

HELD: dict[str, Callable[[Findings], pl.DataFrame | Missing]] = {
    "forest": lambda found: rates(found.effects),
    "contrasts": lambda found: contrasts(found.effects),
    "funnel": lambda found: ways(found.effects),
    "claim": lambda found: claims(found.effects),
    "fakes": lambda found: fakes_table(found.run, found.effects),
    "contributions": lambda found: found.contributions,
    "roi": lambda found: found.roi,
}
"""Charts whose table the findings hold; the others ask the run."""


def figure(name: str, found: Findings, prefix: str = "") -> Figure | Missing:
    """Return one chart of a run, or why it cannot be drawn.

    Parameters
    ----------
    name
        Name in the registry of charts.
    found
        The run's tables.
    prefix
        Put before the name to make an identifier that is unique on the page.
    """
    entry = REGISTRY[name]
    held = HELD.get(name)
    try:
        table = held(found) if held else entry.table(found.run, Request(margin=found.margin))
        if isinstance(table, Missing):
            return table
        return drawn(name, table, prefix)
    except InputError as error:
        return Missing(f"Chart “{name}”", reason(error))


def drawn(name: str, table: pl.DataFrame, prefix: str = "") -> Figure:
    """Return a chart of a table."""
    return Figure(f"{prefix}chart-{name}", embedded(REGISTRY[name].draw(table)))
