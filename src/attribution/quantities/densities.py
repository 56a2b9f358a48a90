"""Draws of the headline quantities, long, for charts of their posterior densities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from attribution.draws import thin
from attribution.quantities.estimates import INTERVAL, PROBABILITY, Quantity, estimate_table
from attribution.quantities.method import with_method
from attribution.quantities.recorded import NOT_RATES, OF_BASIS

if TYPE_CHECKING:
    from attribution.run import Run

DRAWS = 1000
"""Draws kept per quantity: enough for a smooth curve."""


def draws_table(run: Run) -> pl.DataFrame:
    """Return draws of every quantity that is told overall, shares of orders aside.

    Returns
    -------
    pl.DataFrame
        One row per draw: quantity, label, unit, group, population, value, reference (the value
        that the statement compares with, or null), probability of the statement, answer, and the
        equal-tailed interval (lower, upper, interval, prob) from all draws.
    """
    found = [
        q
        for q in run.estimands
        if q.scope == "overall" and not q.quantity.startswith("share_") and not _of_capture(q)
    ]
    table = estimate_table(found, run.manifest.chains)
    frames = []
    for q, row in zip(found, table.rows(named=True), strict=True):
        kept = thin({"value": q.draws}, DRAWS)["value"]
        frames.append(
            pl.DataFrame({"value": kept}).select(
                pl.lit(q.quantity).alias("quantity"),
                pl.lit(q.label).alias("label"),
                pl.lit(q.unit).alias("unit"),
                pl.lit(q.group).alias("group"),
                pl.lit(q.population).alias("population"),
                "value",
                pl.lit(q.threshold, dtype=pl.Float64).alias("reference"),
                pl.lit(row["probability"], dtype=pl.Float64).alias("probability"),
                pl.lit(row["answer"]).alias("answer"),
                pl.lit(row["lower"]).alias("lower"),
                pl.lit(row["upper"]).alias("upper"),
                pl.lit(INTERVAL).alias("interval"),
                pl.lit(PROBABILITY).alias("prob"),
            )
        )
    return with_method(pl.concat(frames), run)


def _of_capture(quantity: Quantity) -> bool:
    """Whether another chart draws it."""
    return quantity.quantity in NOT_RATES or quantity.quantity.endswith(OF_BASIS)
