"""Draw orders that no post brought: without a code, or with a code that leaked."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from attribution.simulation.clock import MICROSECONDS_PER_DAY, moments, to_seconds
from attribution.simulation.settings import Settings
from attribution.simulation.truth import Leak

SHAPE: dict[str, pl.DataType | type[pl.DataType]] = {
    "post_id": pl.String,
    "creator_id": pl.String,
    "part": pl.String,
    "ordered_at": pl.Datetime("us", "UTC"),
}


def draw_codeless(settings: Settings, with_code: int, rng: np.random.Generator) -> pl.DataFrame:
    """Draw orders without a code, evenly over the time that the export covers.

    Parameters
    ----------
    with_code
        Orders with a code; the settings say how many without there are for each.
    """
    count = int(rng.poisson(settings.codeless * with_code))
    first, last = _span(settings)
    return _rows([None] * count, to_seconds(rng.uniform(first, last, count)))


def draw_leaks(
    settings: Settings, posts: pl.DataFrame, rng: np.random.Generator
) -> tuple[pl.DataFrame, tuple[Leak, ...]]:
    """Draw the bursts of orders of leaked codes and say when each leaked.

    A code leaks after one of its creator's posts, up to 10 days later.
    """
    leaks = settings.leaks
    if leaks is None:
        return _rows([], np.empty(0, dtype=np.int64)), ()
    names = posts.get_column("creator_id").unique(maintain_order=True)
    chosen = sorted(rng.choice(len(names), size=min(leaks.creators, len(names)), replace=False))
    pieces, told = [], []
    for name in names.gather(chosen):
        moment = _moment(posts.filter(pl.col("creator_id") == name), rng)
        count = int(rng.poisson(leaks.orders))
        waits = rng.exponential(leaks.mean_days * MICROSECONDS_PER_DAY, count)
        times = to_seconds(moment + waits)
        times = times[times < _span(settings)[1]]
        pieces.append(_rows([name] * len(times), times))
        told.append(Leak(name, moments(np.asarray([moment], dtype=np.int64)).item(), len(times)))
    return pl.concat(pieces), tuple(told)


def _moment(posts: pl.DataFrame, rng: np.random.Generator) -> int:
    posted = posts.get_column("posted_at").dt.epoch("us").to_numpy()
    wait = rng.integers(0, 10 * MICROSECONDS_PER_DAY)
    return int(rng.choice(posted) + wait) // 1_000_000 * 1_000_000


def _span(settings: Settings) -> tuple[float, float]:
    """First and last moment of the export, microseconds since 1970."""
    population = settings.population
    return population.start.timestamp() * 1e6, population.export.timestamp() * 1e6


def _rows(creators: list[str | None], ordered: NDArray[np.int64]) -> pl.DataFrame:
    nothing = [None] * len(ordered)
    columns = {
        "post_id": nothing,
        "creator_id": creators,
        "part": nothing,
        "ordered_at": moments(ordered),
    }
    return pl.DataFrame(columns, schema=SHAPE)
