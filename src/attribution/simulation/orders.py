"""Draw orders: how many each post brings, when they come, and which the export still shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from attribution.errors import InputError, Problem
from attribution.simulation.clock import MICROSECONDS_PER_DAY, moments, to_seconds
from attribution.simulation.rates import Floats
from attribution.simulation.settings import Settings

Integers = NDArray[np.int64]

HOPELESS = 50
"""A brand with so many times the allowed orders is refused before their dates are drawn."""


@dataclass(frozen=True)
class Counts:
    """Orders that posts bring, whenever they come.

    Parameters
    ----------
    by_part
        Through each part; shape (post, part).
    """

    by_part: Integers

    @property
    def total(self) -> Integers:
        """All orders of each post; shape (post,)."""
        return self.by_part.sum(axis=1)


def draw_counts(expected: Floats, alpha: float, rng: np.random.Generator) -> Counts:
    """Draw negative binomial orders as gamma-mixed Poisson streams, one per part.

    The gamma factor is the post's own and common to its parts, so that given the total the parts
    are multinomial with shares expected / total expected.

    Parameters
    ----------
    expected
        Expected orders by part; shape (post, part).
    alpha
        Dispersion; infinite for Poisson counts.
    """
    posts = len(expected)
    factor = np.ones(posts) if np.isinf(alpha) else rng.gamma(alpha, 1.0 / alpha, posts)
    return Counts(rng.poisson(expected * factor[:, None]))


def draw_dates(
    settings: Settings, posts: pl.DataFrame, counts: Counts, rng: np.random.Generator
) -> pl.DataFrame:
    """Draw one row per order that the export shows.

    Returns
    -------
    pl.DataFrame
        post_id (the post that brought it), creator_id, part, ordered_at.

    Raises
    ------
    InputError
        When there are more orders than the settings allow.
    """
    _refuse(settings, int(counts.total.sum()), HOPELESS * settings.max_orders)
    parts = settings.rates.parts
    stream = np.repeat(np.arange(counts.by_part.size), counts.by_part.ravel())
    source = stream // len(parts)
    late = settings.delay.draw(len(stream), rng) * MICROSECONDS_PER_DAY
    posted = posts.get_column("posted_at").dt.epoch("us").to_numpy()
    ordered = to_seconds(posted[source] + late)
    seen = ordered < settings.population.export.timestamp() * 1e6
    _refuse(settings, int(seen.sum()), settings.max_orders)
    rows = source[seen]
    return pl.DataFrame(
        {
            "post_id": posts.get_column("post_id").gather(rows),
            "creator_id": posts.get_column("creator_id").gather(rows),
            "part": pl.Series(parts, dtype=pl.String).gather(stream[seen] % len(parts)),
            "ordered_at": moments(ordered[seen]),
        }
    )


def _refuse(settings: Settings, orders: int, limit: int) -> None:
    if orders > limit:
        raise InputError(
            Problem(
                f"this brand would have {orders:,} orders",
                expected=f"at most {settings.max_orders:,}",
                hint="Take fewer posts, a lower rate, another seed or a higher max_orders.",
            )
        )
