"""Simulated brands with a known delay from post to order, small enough for a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

START = datetime(2025, 1, 1, tzinfo=UTC)
DAYS = 180.0


@dataclass(frozen=True)
class Brand:
    """Posts and orders, and what nobody sees: each post's rate, each order's delay."""

    posts: pl.DataFrame
    orders: pl.DataFrame
    rates: NDArray[np.float64]
    delays: NDArray[np.float64]


def weibull(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    return rng.weibull(0.7, size) * 4.0


def log_normal(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    return rng.lognormal(0.5, 1.2, size)


def simulate(
    draw_delays: Callable[[np.random.Generator, int], NDArray[np.float64]] = weibull,
    *,
    codes: int = 40,
    posts: int = 25,
    orders: float = 8.0,
    shape: float = 1.5,
    seed: int = 1,
) -> Brand:
    """Draw a brand whose creators each post ``posts`` times in 180 days under one code.

    Posts bring ``orders`` on average; the smaller the ``shape``, the more they differ.
    """
    rng = np.random.default_rng(seed)
    posted = np.sort(rng.uniform(0.0, DAYS, (codes, posts)), axis=1).ravel()
    code = np.repeat(np.arange(codes), posts)
    rates = orders * rng.gamma(shape, 1 / shape, len(posted))
    source = np.repeat(np.arange(len(posted)), rng.poisson(rates))
    delays = draw_delays(rng, len(source))
    ordered = posted[source] + delays
    seen = ordered <= DAYS
    return Brand(
        posts=pl.DataFrame(
            {
                "post_id": [f"p{i:04}" for i in range(len(posted))],
                "creator_id": [f"c{c}" for c in code],
                "posted_at": moments(posted),
                "code": [f"code{c}" for c in code],
                "reach": 1000,
            }
        ),
        orders=pl.DataFrame(
            {
                "order_id": [f"o{i}" for i in range(seen.sum())],
                "ordered_at": moments(ordered[seen]),
                "code": [f"CODE{c}" for c in code[source[seen]]],
            }
        ),
        rates=rates,
        delays=delays,
    )


def moments(days: NDArray[np.float64]) -> pl.Series:
    return pl.Series(np.round(days * 86_400e6).astype(np.int64)).cast(pl.Duration("us")) + START
