"""Draw posts: when, with which code, how many people they reached and engaged, what they cost."""

from __future__ import annotations

import numpy as np
import polars as pl

from attribution.simulation.clock import moments
from attribution.simulation.engagement import draw_engagement
from attribution.simulation.population import TIER_BOUNDS, Population

SECONDS_PER_DAY = 86_400
PRODUCT_COSTS = (15.0, 25.0, 40.0)
FEE_STEP = 5.0
FEE_SD = 0.15
"""Standard deviation of the log fee between posts of a creator."""


def draw_posts(
    population: Population, creators: pl.DataFrame, rng: np.random.Generator
) -> pl.DataFrame:
    """Draw one row per post, in order of time.

    Returns
    -------
    pl.DataFrame
        The columns of the posts table, with likes as they are (hidden ones too), and beside them
        tier, platform and likes_hidden.
    """
    posts = _schedule(population, creators, rng).join(
        creators, on="creator_id", maintain_order="left"
    )
    posts = _followers(population, posts)
    posts = draw_engagement(population, posts, rng)
    posts = _costs(population, posts, rng)
    return posts.with_columns(likes_hidden=rng.random(posts.height) < population.hidden_likes)


def visible(posts: pl.DataFrame) -> pl.DataFrame:
    """Return the posts as a brand sees them: hidden likes are null."""
    return posts.with_columns(likes=pl.when(~pl.col("likes_hidden")).then("likes"))


def _schedule(
    population: Population, creators: pl.DataFrame, rng: np.random.Generator
) -> pl.DataFrame:
    """Return post_id, creator_id, posted_at: every creator once, the others by activity."""
    activity = creators.get_column("activity").to_numpy()
    more = rng.multinomial(population.posts - creators.height, activity / activity.sum())
    who = np.repeat(np.arange(creators.height), more + 1)
    seconds = rng.integers(0, population.days * SECONDS_PER_DAY, len(who))
    order = np.lexsort((who, seconds))
    start = int(population.start.timestamp()) * 1_000_000
    width = max(4, len(str(len(who))))
    return pl.DataFrame(
        {
            "post_id": [f"P{i:0{width}d}" for i in range(1, len(who) + 1)],
            "creator_id": creators.get_column("creator_id").gather(who[order]),
            "posted_at": moments(start + seconds[order] * 1_000_000),
        }
    )


def _followers(population: Population, posts: pl.DataFrame) -> pl.DataFrame:
    """Set followers at post time: growth up to the export, within the creator's tier."""
    length = (population.export - population.start).total_seconds()
    until = (pl.lit(population.export) - pl.col("posted_at")).dt.total_seconds() / length
    low, high = (
        pl.col("tier").replace_strict({tier: bound[k] for tier, bound in TIER_BOUNDS.items()})
        for k in range(2)
    )
    then = (pl.col("followers") * (-pl.col("growth") * until).exp()).round().cast(pl.Int64)
    return posts.with_columns(followers=then.clip(low, high - 1))


def _costs(population: Population, posts: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Add fee (0 for a gifted post), product_cost and currency."""
    prices = {platform.name: platform.fee_per_1000 / 1000 for platform in population.platforms}
    gifted = posts.get_column("tier").replace_strict(population.gifted, return_dtype=pl.Float64)
    noise = pl.Series(rng.normal(0.0, FEE_SD, posts.height))
    typical = pl.col("followers") * pl.col("platform").replace_strict(prices)
    fee = (typical * (pl.col("fee_deviation") + noise).exp() / FEE_STEP).round() * FEE_STEP
    paid = pl.Series(rng.random(posts.height) >= gifted.to_numpy())
    return posts.with_columns(
        fee=pl.when(paid).then(fee.clip(FEE_STEP, None)).otherwise(0.0),
        product_cost=pl.Series(rng.choice(PRODUCT_COSTS, posts.height)),
        currency=pl.lit(population.currency),
    )
