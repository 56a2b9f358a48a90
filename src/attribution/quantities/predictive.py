"""Observed conversions beside what the fitted model predicts for the same posts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from attribution.design.types import Design, Floats
from attribution.predictive import BIN, TOTAL, bins, totals
from attribution.quantities.estimates import INTERVAL, PROBABILITY
from attribution.quantities.method import with_method

if TYPE_CHECKING:
    from attribution.run import Run


def predictive_table(run: Run) -> pl.DataFrame:
    """Return shares of posts by conversions, and totals by group, observed and predicted.

    Returns
    -------
    pl.DataFrame
        panel, unit, group, observed, lower, median, upper (equal-tailed predictive interval),
        interval, prob.
    """
    figures = run.group("predictive_figures")
    rows = []
    for panel, unit, group, name in _panels(run.design):
        of = figures.sel(figure=name)
        rows.append(_row(panel, unit, group, float(of["observed"]), of["posterior"].to_numpy()))
    return with_method(pl.DataFrame(rows, infer_schema_length=None), run)


def _panels(design: Design) -> Iterator[tuple[str, str, str, str]]:
    """Yield panel, unit and group of each figure that is drawn, and its name."""
    for _low, _high, name in bins(design):
        span = name.removeprefix(BIN)
        yield "share of posts by conversions", "share of posts", span, name
    yield "conversions in total", "conversions", "all", TOTAL
    for column, k, name in totals(design):
        yield f"conversions by {column}", "conversions", design.groups[column].levels[k], name


def _row(
    panel: str, unit: str, group: str, observed: float, replicated: Floats
) -> dict[str, object]:
    tail = (1.0 - PROBABILITY) / 2.0
    lower, median, upper = np.quantile(replicated, [tail, 0.5, 1.0 - tail])
    return {
        "panel": panel,
        "unit": unit,
        "group": group,
        "observed": observed,
        "lower": float(lower),
        "median": float(median),
        "upper": float(upper),
        "interval": INTERVAL,
        "prob": PROBABILITY,
    }
