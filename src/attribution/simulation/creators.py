"""Draw creators: tier, platform, followers, and how their posts and fees differ from others'."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit, ndtr, ndtri

from attribution.simulation.population import TIER_BOUNDS, Population, apportion
from attribution.simulation.rates import Floats
from attribution.simulation.settings import Settings

Integers = NDArray[np.int64]
Words = NDArray[Any]


def draw_creators(population: Population, rng: np.random.Generator) -> pl.DataFrame:
    """Draw one row per creator, in random order of tiers.

    Returns
    -------
    pl.DataFrame
        creator_id, tier, platform, followers at the export, growth (log), and deviations on the
        log scale from the platform's medians: reach_deviation, like_deviation, ratio_deviation,
        fee_deviation; activity (relative frequency of posts).
    """
    counts = population.tier_counts
    tiers = rng.permutation(np.repeat(list(counts), list(counts.values())))
    size = len(tiers)
    width = max(3, len(str(size)))
    return pl.DataFrame(
        {
            "creator_id": [f"C{i:0{width}d}" for i in range(1, size + 1)],
            "tier": tiers,
            "platform": _platforms(population, tiers, rng),
            "followers": _followers(population, tiers, rng),
            "growth": rng.normal(0.0, population.growth, size),
            "reach_deviation": rng.normal(0.0, population.reach_spread, size),
            "like_deviation": rng.normal(0.0, population.like_spread, size),
            "ratio_deviation": rng.normal(0.0, population.ratio_spread, size),
            "fee_deviation": rng.normal(0.0, population.fee_spread, size),
            "activity": rng.gamma(population.activity, 1.0 / population.activity, size),
        },
    )


def _platforms(population: Population, tiers: Words, rng: np.random.Generator) -> Words:
    """Share each tier's creators among the platforms; shape (creator,)."""
    shares = {platform.name: platform.share for platform in population.platforms}
    out = np.empty(len(tiers), dtype=object)
    for tier, size in population.tier_counts.items():
        counts = apportion(shares, size)
        names = np.repeat(list(counts), list(counts.values()))
        out[tiers == tier] = rng.permutation(names)
    return out


def draw_audiences(
    settings: Settings, creators: pl.DataFrame, rng: np.random.Generator
) -> pl.DataFrame:
    """Add what a creator's audience is worth, and the creator's code.

    Returns
    -------
    pl.DataFrame
        Beside the creators' columns: multiplier (v, log-normal with population mean 1),
        mean_net_revenue (of a paying order, currency), code, discount_rate, followers_as_of, and
        paying_share where refunds vary between creators.
    """
    size, rates, values = creators.height, settings.rates, settings.values
    tier = creators.get_column("tier").replace_strict(values.tier_effects, return_dtype=pl.Float64)
    log_value = values.log_mean + tier.to_numpy() + rng.normal(0.0, values.creator_sd, size)
    discount = pl.Series(rng.choice(settings.discounts, size))
    vary = {"paying_share": _paying_shares(settings, creators, rng)} if values.refunds_vary else {}
    percent = (discount * 100).round().cast(pl.Int64).cast(pl.String)
    return creators.with_columns(
        multiplier=np.exp(rng.normal(-(rates.creator_sd**2) / 2, rates.creator_sd, size)),
        mean_net_revenue=np.exp(log_value),
        code=pl.col("creator_id") + "-" + percent,
        discount_rate=discount,
        followers_as_of=pl.lit(settings.population.export.date()),
    ).with_columns(**vary)


def _paying_shares(settings: Settings, creators: pl.DataFrame, rng: np.random.Generator) -> Floats:
    """Share of each creator's orders that are not refunded in full; shape (creator,)."""
    values = settings.values
    tiers = [values.paying_tier_effects.get(tier, 0.0) for tier in creators.get_column("tier")]
    logit = np.log(values.paying_share) - np.log1p(-values.paying_share) + np.asarray(tiers)
    shares: Floats = expit(logit + rng.normal(0.0, values.paying_creator_sd, creators.height))
    return shares


def _followers(population: Population, tiers: Words, rng: np.random.Generator) -> Integers:
    """Log-normal followers within the bounds of each tier; integers, shape (creator,)."""
    bounds = np.log([TIER_BOUNDS[tier] for tier in tiers])
    middle = bounds.mean(axis=1)
    low, high = (ndtr((bounds[:, k] - middle) / population.follower_sd) for k in range(2))
    quantile: Floats = low + (high - low) * rng.random(len(tiers))
    followers = np.exp(middle + population.follower_sd * ndtri(quantile)).astype(np.int64)
    least, most = np.asarray([TIER_BOUNDS[tier] for tier in tiers]).T
    inside: Integers = np.clip(followers, least, most - 1)
    return inside
