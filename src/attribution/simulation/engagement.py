"""Draw what a platform shows of a post: reach, views, likes, comments, kind of content."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from attribution.simulation.platforms import Platform
from attribution.simulation.population import Population
from attribution.simulation.rates import Floats

MOST_LIKES = 0.9
"""Largest chance that a person reached leaves a like."""

PIVOT = 1000.0
"""Likes per post of the account whose likes per comment are the platform's median."""

REPEAT_VIEWS = 0.3
"""Mean of the extra views per person reached."""


def draw_engagement(
    population: Population, posts: pl.DataFrame, rng: np.random.Generator
) -> pl.DataFrame:
    """Add reach, views, likes, comments and content_type to posts.

    Reach is log-normal around the account's usual reach; each person reached may like the post;
    comments are Poisson around a rate that follows the post's likes.
    """
    platforms = {platform.name: platform for platform in population.platforms}
    pieces = [
        _of_platform(platforms[str(name)], piece, rng)
        for (name,), piece in posts.group_by("platform", maintain_order=True)
    ]
    return pl.concat(pieces).sort("post_id")


def _of_platform(platform: Platform, posts: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    size = posts.height
    base = _usual(platform, posts)
    more_reach = platform.reach_sd * rng.normal(size=size)
    more_likes = platform.like_sd * rng.normal(size=size)
    reach = np.maximum(np.rint(base["reach"] * np.exp(more_reach)), 1).astype(np.int64)
    chance = np.minimum(base["likes"] / base["reach"] * np.exp(more_likes), MOST_LIKES)
    more_comments = platform.comment_slope * (more_reach + more_likes)
    more_comments += platform.comment_sd * rng.normal(size=size)
    return posts.with_columns(
        reach=reach,
        views=reach + rng.poisson(REPEAT_VIEWS * reach),
        likes=rng.binomial(reach, chance),
        comments=rng.poisson(base["comments"] * np.exp(more_comments)),
        content_type=rng.choice(platform.content_types, size),
    )


def _usual(platform: Platform, posts: pl.DataFrame) -> Mapping[str, Floats]:
    """Median reach, likes and comments of each post's account; shape (post,)."""
    followers = posts.get_column("followers").to_numpy()
    per_follower = _by_tier(platform.reach_rate, posts)
    reach = followers * per_follower * np.exp(posts.get_column("reach_deviation").to_numpy())
    engaged = reach * _by_tier(platform.engagement_rate, posts) / per_follower
    engaged *= np.exp(posts.get_column("like_deviation").to_numpy())
    ratio = platform.likes_per_comment * (engaged / PIVOT) ** platform.ratio_slope
    ratio *= np.exp(posts.get_column("ratio_deviation").to_numpy())
    return {
        "reach": reach,
        "likes": engaged * ratio / (1 + ratio),
        "comments": engaged / (1 + ratio),
    }


def _by_tier(rates: Mapping[str, float], posts: pl.DataFrame) -> Floats:
    column = posts.get_column("tier").replace_strict(rates, return_dtype=pl.Float64)
    return column.to_numpy()
