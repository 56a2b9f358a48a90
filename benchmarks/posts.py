"""Simulated posts of any number, as ``fit`` takes them and as other tools do."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

TIERS = ("nano", "micro", "mid", "macro")


def simulate(posts: int, creators: int | None = None) -> pl.DataFrame:
    """Return posts with a known truth, ten to a creator unless told; columns as ``fit`` takes."""
    rng = np.random.default_rng(posts)
    creators = max(20, posts // 10) if creators is None else creators
    creator = rng.integers(0, creators, posts)
    tier = creator % len(TIERS)
    reach = np.exp(rng.normal(8.0, 1.2, posts)).astype(np.int64) + 50
    likes = rng.poisson(reach * np.exp(rng.normal(-3.5, 0.6, posts)))
    comments = rng.poisson(likes * np.exp(rng.normal(-3.0, 0.7, posts)))
    volume = np.log((1 + likes) / reach)
    conversation = np.log((1 + comments) / (1 + likes))
    log_rate = -7.5 + 0.3 * (volume + 3.5) + 0.2 * (conversation + 3.0)
    log_rate += np.array([0.2, 0.1, -0.1, -0.2])[tier] + rng.normal(0.0, 0.5, creators)[creator]
    mean = reach * np.exp(log_rate)
    return pl.DataFrame(
        {
            "post_id": [f"p{i}" for i in range(posts)],
            "creator_id": [f"c{c}" for c in creator],
            "tier": [TIERS[t] for t in tier],
            "reach": reach,
            "likes": likes,
            "comments": comments,
            "conversions": rng.poisson(rng.gamma(1.5, mean / 1.5)),
        }
    )


def with_features(frame: pl.DataFrame) -> Any:
    """Add the columns that the peers' formulas name, centred as this project centres them."""
    return frame.with_columns(
        exposure=pl.col("reach").log(),
        volume=((1 + pl.col("likes")) / pl.col("reach")).log(),
        conversation=((1 + pl.col("comments")) / (1 + pl.col("likes"))).log(),
    ).with_columns(pl.col("volume", "conversation") - pl.col("volume", "conversation").mean())
