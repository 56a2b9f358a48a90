"""Put together the truth of a brand from what it was drawn with."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from attribution.simulation.capture import Lift
from attribution.simulation.orders import Counts
from attribution.simulation.rates import Expected
from attribution.simulation.settings import Settings
from attribution.simulation.truth import CREATOR_COLUMNS, ORDER_COLUMNS, Leak, Truth


def tell(
    settings: Settings,
    creators: pl.DataFrame,
    posts: pl.DataFrame,
    expected: Expected,
    counts: Counts,
    orders: pl.DataFrame,
    leaks: tuple[Leak, ...],
    lifts: tuple[Lift, ...] = (),
) -> Truth:
    """Return the truth of a brand; see :class:`Truth`."""
    population = settings.population
    return Truth(
        kind=settings.kind,
        seed=None,
        model=settings.model,
        rates=settings.rates,
        values=settings.values,
        delay=settings.delay,
        units=expected.units,
        rates_by_tier=expected.rates,
        posts_until=population.start + timedelta(days=population.days),
        export=population.export,
        leaks=leaks,
        creators=creators.select(*CREATOR_COLUMNS, pl.col("^(fake|paying)_share$")),
        posts=_posts(settings.rates.parts, posts, expected, counts, orders),
        orders=orders.select(ORDER_COLUMNS),
        fakes=settings.fakes,
        capture=settings.capture,
        lifts=lifts,
    )


def _posts(
    parts: tuple[str, ...],
    posts: pl.DataFrame,
    expected: Expected,
    counts: Counts,
    orders: pl.DataFrame,
) -> pl.DataFrame:
    seen = orders.drop_nulls("post_id").group_by("post_id").len("orders_seen")
    amounts = {f"expected_{part}": expected.by_part[:, k] for k, part in enumerate(parts)}
    brought = {f"orders_{part}": counts.by_part[:, k] for k, part in enumerate(parts)}
    return (
        posts.select("post_id", "creator_id", "tier", "likes", pl.col("^fake_(likes|comments)$"))
        .with_columns(**amounts, expected=expected.by_part.sum(axis=1))
        .with_columns(**brought, orders=counts.total)
        .join(seen, on="post_id", how="left", maintain_order="left")
        .with_columns(pl.col("orders_seen").fill_null(0).cast(pl.Int64))
    )
