"""Says beside each number how the posterior was drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from attribution.run import Run


def with_method(frame: pl.DataFrame, run: Run) -> pl.DataFrame:
    """Add the column ``method``: ``nuts``, or ``approximate`` for a quick look."""
    return frame.with_columns(pl.lit(run.manifest.method).alias("method"))
