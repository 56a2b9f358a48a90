"""What tiers do in truth by way of reach and engagement, for brands of the simulator.

By drawing the posts of many creators as the simulator draws them, and averaging: nothing of the
estimators enters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np
import polars as pl

from attribution.quantities.estimates import NEW
from attribution.simulation.creators import draw_creators
from attribution.simulation.population import Population
from attribution.simulation.posts import draw_posts

KEYS = ("quantity", "scope", "group", "population")
SCHEMA = dict.fromkeys(KEYS, pl.String) | {"truth": pl.Float64}

CREATORS = 40_000
"""Creators that are drawn, as many of each tier; their averages have errors of 1 % or less."""

FOLLOWERS = "followers"


def engagement_truth(
    population: Population, platforms: Mapping[str, float] | None = None, seed: int = 0
) -> pl.DataFrame:
    """Return engagement rates of new creators of each tier, and their ratios.

    Parameters
    ----------
    population
        What the brand's creators and posts are drawn from.
    platforms
        Share of posts by platform that rates are averaged at; the population's by default.
    seed
        Of the random numbers.

    Returns
    -------
    pl.DataFrame
        quantity, scope, group, population, truth; joins to the table of effects on the first four.
    """
    shares = platforms or {one.name: one.share for one in population.platforms}
    rates = _rates(population, seed).filter(pl.col("platform").is_in(list(shares)))
    weight = pl.col("platform").replace_strict(shares, default=0.0, return_dtype=pl.Float64)
    by_tier = rates.group_by("tier").agg((pl.col("reach", FOLLOWERS) * weight).sum() / weight.sum())
    found = {row["tier"]: row for row in by_tier.rows(named=True)}
    tiers = list(population.tier_counts)
    rows = []
    for by in ("reach", FOLLOWERS):
        name = f"engagement_rate_by_{by}"
        rows += [(name, "tier", tier, NEW, 100.0 * found[tier][by]) for tier in tiers]
        rows += [
            (f"engagement_rate_ratio_by_{by}", "contrast", f"{a} / {b}", NEW,
             found[a][by] / found[b][by])
            for a, b in combinations(tiers, 2)
        ]  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _rates(population: Population, seed: int) -> pl.DataFrame:
    """Average (likes + comments) per person reached and per follower, by tier and platform."""
    tiers = population.tier_counts
    each = CREATORS // len(tiers)
    many = replace(
        population,
        tier_mix=dict.fromkeys(tiers, 1.0 / len(tiers)),
        creators=each * len(tiers),
        posts=each * len(tiers),
    )
    rng = np.random.default_rng(seed)
    posts = draw_posts(many, draw_creators(many, rng), rng)
    engaged = pl.col("likes") + pl.col("comments")
    return posts.group_by("tier", "platform").agg(
        (engaged / pl.col("reach")).mean().alias("reach"),
        (engaged / pl.col(FOLLOWERS)).mean().alias(FOLLOWERS),
    )
