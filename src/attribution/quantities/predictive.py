"""Observed conversions beside what the fitted model predicts for the same posts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from attribution.design.types import Floats
from attribution.quantities.estimates import INTERVAL, PROBABILITY

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
    replicated = run.posterior["posterior_predictive"]["conversions"].to_numpy()[0]
    rows = [*_shares(run, replicated), *_totals(run, replicated)]
    return pl.DataFrame(rows, infer_schema_length=None)


def _shares(run: Run, replicated: Floats) -> Iterator[dict[str, object]]:
    observed = run.design.outcome
    for low, high in _bins(max(int(observed.max()), 1)):
        name = f"{low}" if low == high else f"{low:,} to {high:,}"
        yield _row(
            "share of posts by conversions",
            "share of posts",
            name,
            float(np.mean((observed >= low) & (observed <= high))),
            np.mean((replicated >= low) & (replicated <= high), axis=1),
        )


def _bins(largest: int) -> list[tuple[int, int]]:
    """Return 0, 1, 2 to 3, 4 to 7 … up to the largest count."""
    bins, low = [(0, 0)], 1
    while low <= largest:
        bins.append((low, 2 * low - 1))
        low *= 2
    return bins


def _totals(run: Run, replicated: Floats) -> Iterator[dict[str, object]]:
    observed = run.design.outcome
    yield _row("conversions in total", "conversions", "all", float(observed.sum()),
               replicated.sum(axis=1))  # fmt: skip
    for column, group in run.design.groups.items():
        if column == "creator_id":
            continue
        for k, level in enumerate(group.levels):
            here = group.index == k
            yield _row(
                f"conversions by {column}",
                "conversions",
                level,
                float(observed[here].sum()),
                replicated[:, here].sum(axis=1),
            )


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
