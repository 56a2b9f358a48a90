"""Brands that several tests look at: one large enough for narrow bands, and the shipped one."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from attribution.simulation import Brand, Settings, simulate

SEED = 7


@pytest.fixture(scope="session")
def large() -> Brand:
    """Return a brand like the samples, with ten times their posts."""
    return simulate(Settings.samples().sized(600, 10_000), SEED)


@pytest.fixture(scope="session")
def large_posts(large: Brand) -> pl.DataFrame:
    """Return the posts of the large brand with tier, platform, true likes and expected orders."""
    creators = large.truth.creators.select("creator_id", "platform", "multiplier")
    return (
        large.posts.drop("likes")
        .join(large.truth.posts.drop("creator_id"), on="post_id", maintain_order="left")
        .join(creators, on="creator_id", maintain_order="left")
    )


@pytest.fixture(scope="session")
def leaky() -> Brand:
    """Return the brand of the samples with leaked codes."""
    settings = Settings.samples()
    return simulate(replace(settings.with_leaks(), codeless=0.1), SEED)
