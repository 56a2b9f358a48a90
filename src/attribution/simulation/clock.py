"""Moments as whole seconds, the way exports write them."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

MICROSECONDS_PER_DAY = 86_400_000_000


def to_seconds(microseconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Cut moments to whole seconds; microseconds since 1970."""
    return microseconds.astype(np.int64) // 1_000_000 * 1_000_000


def moments(microseconds: NDArray[np.int64]) -> pl.Series:
    """Return microseconds since 1970 as UTC moments."""
    return pl.Series(microseconds).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
