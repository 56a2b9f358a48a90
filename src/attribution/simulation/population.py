"""The population of a simulated brand: how many creators and posts, where, when, of what size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from attribution.errors import InputError, Problem
from attribution.simulation.platforms import INSTAGRAM, TIKTOK, Platform
from attribution.tables import DEFAULT_TIERS

TIER_BOUNDS: Mapping[str, tuple[int, int]] = dict(
    zip(
        DEFAULT_TIERS.names,
        zip((1_000, *DEFAULT_TIERS.cuts), (*DEFAULT_TIERS.cuts, 3_000_000), strict=True),
        strict=True,
    )
)
"""Least and (exclusive) most followers by tier."""

TIER_MIX = {"nano": 0.28, "micro": 0.45, "mid": 0.20, "macro": 0.07}
GIFTED = {"nano": 0.25, "micro": 0.05, "mid": 0.0, "macro": 0.0, "mega": 0.0}


@dataclass(frozen=True)
class Population:
    """Creators and posts: what a brand has before anybody orders.

    Parameters
    ----------
    creators, posts
        How many; every creator has at least one post.
    tier_mix
        Share of creators by tier.
    platforms
        Where creators post.
    follower_sd
        Standard deviation of log followers around the tier's geometric middle, cut off at the
        tier's bounds.
    reach_spread, like_spread, ratio_spread, fee_spread
        Between creators, log scale: standard deviation of reach per follower, likes per person
        reached, likes per comment, fee per follower.
    activity
        Shape of the Gamma by which creators differ in how often they post.
    growth
        Standard deviation of followers' growth from the first day to the export, log scale.
    hidden_likes
        Share of posts that do not show their likes.
    gifted
        Share of posts without a fee, product only, by tier.
    start, days, export
        First day of posts, days with posts, and when the orders were exported (UTC).
    currency
        Of all amounts.
    """

    creators: int = 90
    posts: int = 1000
    tier_mix: Mapping[str, float] = field(default_factory=lambda: TIER_MIX)
    platforms: tuple[Platform, ...] = (INSTAGRAM, TIKTOK)
    follower_sd: float = 0.6
    reach_spread: float = 0.3
    like_spread: float = 0.35
    ratio_spread: float = 0.5
    fee_spread: float = 0.4
    activity: float = 3.0
    growth: float = 0.05
    hidden_likes: float = 0.04
    gifted: Mapping[str, float] = field(default_factory=lambda: GIFTED)
    start: datetime = datetime(2025, 7, 1, tzinfo=UTC)
    days: int = 180
    export: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    currency: str = "EUR"

    def __post_init__(self) -> None:
        if not 1 <= self.creators <= self.posts:
            raise InputError(
                Problem(
                    f"{self.creators} creators cannot make {self.posts} posts",
                    expected="at least one creator, and a post for each",
                )
            )

    @property
    def tier_counts(self) -> dict[str, int]:
        """Creators by tier, no empty tiers."""
        counts = apportion(self.tier_mix, self.creators)
        return {tier: count for tier, count in counts.items() if count}


def apportion(shares: Mapping[str, float], total: int) -> dict[str, int]:
    """Split a total by shares into whole numbers, by largest remainders."""
    exact = {name: share * total for name, share in shares.items()}
    counts = {name: int(number) for name, number in exact.items()}
    by_remainder = sorted(exact, key=lambda name: counts[name] - exact[name])
    for name in by_remainder[: total - sum(counts.values())]:
        counts[name] += 1
    return counts
