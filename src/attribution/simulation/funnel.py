"""Brands whose posts come about stage after stage: reach, likes, comments, orders.

The multiplicative counterpart of :func:`attribution.simulation.simulate`, for models with stages:
tiers differ by a known factor in each stage, and what that comes to by each way is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TIERS: Mapping[str, tuple[float, float]] = {
    "nano": (1_000.0, 10_000.0),
    "micro": (10_000.0, 50_000.0),
    "mid": (50_000.0, 500_000.0),
    "macro": (500_000.0, 1_000_000.0),
}
"""Least and most followers by tier; log-uniform between."""

MIDDLE = 10_000.0
"""Followers of an account to which the median reach belongs."""

STAGES = ("reach", "likes", "comments", "orders")


@dataclass(frozen=True)
class Funnel:
    """Parameters of a brand.

    Parameters
    ----------
    shifts
        Stage -> tier -> deviation on the log scale: of reach per follower, likes per person
        reached, comments per like, orders per person reached at the same engagement.
    platform
        Stage -> deviation of the second of two platforms, on which a third of creators are.
    spread
        Stage -> standard deviation between creators, log scale.
    reach, likes, comments, orders
        Medians in an average tier on the first platform: people reached by an account with 10,000
        followers, likes per person reached, comments per like, orders per person reached at one
        like per ten people and one comment per ten likes.
    size
        Elasticity of reach to followers within a tier and between them.
    volume, conversation
        Elasticities of orders to likes per person reached and to comments per like.
    noise
        Standard deviation of log reach between posts of a creator.
    alphas
        Dispersion of likes, comments and orders.
    """

    shifts: Mapping[str, Mapping[str, float]] = field(
        default_factory=lambda: {
            "reach": {"nano": 0.3, "micro": 0.2, "mid": -0.1, "macro": -0.4},
            "likes": {"nano": 0.4, "micro": 0.1, "mid": -0.2, "macro": -0.3},
            "comments": {"nano": 0.1, "micro": 0.0, "mid": 0.0, "macro": -0.1},
            "orders": {"nano": -0.3, "micro": 0.3, "mid": 0.1, "macro": -0.1},
        }
    )
    platform: Mapping[str, float] = field(
        default_factory=lambda: {"reach": 0.8, "likes": 0.3, "comments": -0.5, "orders": 0.0}
    )
    spread: Mapping[str, float] = field(
        default_factory=lambda: {"reach": 0.3, "likes": 0.35, "comments": 0.4, "orders": 0.4}
    )
    reach: float = 1_500.0
    likes: float = 0.1
    comments: float = 0.05
    orders: float = 0.002
    size: float = 0.8
    volume: float = 0.4
    conversation: float = 0.15
    noise: float = 0.5
    alphas: tuple[float, float, float] = (3.0, 2.0, 3.0)

    @classmethod
    def null(cls) -> Funnel:
        """Return a brand whose tiers differ in nothing but followers, of which reach is a share."""
        equal = {stage: dict.fromkeys(TIERS, 0.0) for stage in STAGES}
        return replace(cls(), shifts=equal, size=1.0)


@dataclass(frozen=True)
class People:
    """Posts before anybody has seen them; each (post,), creators' deviations by stage."""

    followers: Floats
    second: NDArray[np.bool_]
    creators: Mapping[str, Floats]


def simulate_funnel(funnel: Funnel, creators: int, posts: int, seed: int) -> pl.DataFrame:
    """Return the posts of a brand, as many by each creator, with conversions.

    Parameters
    ----------
    funnel
        What is true of it.
    creators
        How many; a quarter in each tier.
    posts
        Posts of each creator.
    seed
        Of the random numbers.
    """
    rng = np.random.default_rng(seed)
    tiers = np.asarray(list(TIERS))[np.arange(creators) % len(TIERS)]
    people = _people(funnel, tiers, rng)
    which = np.repeat(np.arange(creators), posts)
    people = People(
        people.followers[which],
        people.second[which],
        {stage: values[which] for stage, values in people.creators.items()},
    )
    tier = dict.fromkeys(STAGES, tiers[which])
    seen = _engagement(funnel, people, tier, rng)
    mean = _orders(funnel, people, tier["orders"], seen)
    return pl.DataFrame(
        {
            "post_id": [f"P{k:04d}" for k in range(len(which))],
            "creator_id": [f"C{k:03d}" for k in which],
            "tier": tiers[which],
            "platform": np.where(people.second, "tiktok", "instagram"),
            "followers": people.followers.astype(np.int64),
            **{name: values.astype(np.int64) for name, values in seen.items()},
            "conversions": rng.poisson(rng.gamma(funnel.alphas[2], mean / funnel.alphas[2])),
        }
    )


def funnel_truth(
    funnel: Funnel, reference: str, *, posts: int = 400_000, seed: int = 0
) -> dict[tuple[str, str], float]:
    """Return what tiers do in truth: name of the quantity and group -> value.

    By drawing so many posts of new creators; the same creators for all tiers.
    """
    found: dict[tuple[str, str], float] = {}
    rates = {}
    for tier in TIERS:
        cells = {
            "none": _cell(funnel, reference, reference, reference, posts, seed),
            "besides": _cell(funnel, tier, reference, reference, posts, seed),
            "engaged": _cell(funnel, tier, tier, reference, posts, seed),
            "whole": _cell(funnel, tier, tier, tier, posts, seed),
        }
        rates[tier] = cells["whole"][1]
        per = {name: cell[0] for name, cell in cells.items()}
        ways = {
            "total": per["whole"] / per["none"],
            "direct": per["besides"] / per["none"],
            "through_engagement": per["engaged"] / per["besides"],
            "through_reach": per["whole"] / per["engaged"],
        }
        pair = f"{tier} / {reference}"
        found |= {(f"{way}_effect_by_followers", pair): value for way, value in ways.items()}
    for a in TIERS:
        for b in TIERS:
            for by in ("reach", "followers"):
                name = f"engagement_rate_ratio_by_{by}"
                found[name, f"{a} / {b}"] = rates[a][by] / rates[b][by]
    return found


def _cell(
    funnel: Funnel, buys: str, engages: str, reaches: str, posts: int, seed: int
) -> tuple[float, dict[str, float]]:
    """Orders per follower, and engagement rates, of posts that follow each tier in a stage."""
    rng = np.random.default_rng(seed)
    people = _people(funnel, np.full(posts, reaches), rng)
    by_stage = {"reach": reaches, "likes": engages, "comments": engages}
    tier = {stage: np.full(posts, name) for stage, name in by_stage.items()}
    seen = _engagement(funnel, people, tier, rng)
    orders = _orders(funnel, people, np.full(posts, buys), seen)
    engaged = seen["likes"] + seen["comments"]
    rates = {
        "reach": float(np.mean(engaged / seen["reach"])),
        "followers": float(np.mean(engaged / people.followers)),
    }
    return float(orders.sum() / people.followers.sum()), rates


def _people(funnel: Funnel, tiers: NDArray[np.str_], rng: np.random.Generator) -> People:
    low, high = np.log(np.asarray([TIERS[tier] for tier in tiers])).T
    size = len(tiers)
    followers = np.exp(low + (high - low) * rng.random(size))
    second = rng.permutation(size) < size / 3.0
    return People(followers, second, {s: rng.normal(0.0, funnel.spread[s], size) for s in STAGES})


def _engagement(
    funnel: Funnel,
    people: People,
    tier: Mapping[str, NDArray[np.str_]],
    rng: np.random.Generator,
) -> dict[str, Floats]:
    """Draw reach, likes and comments; each (post,)."""

    def shift(stage: str) -> Floats:
        deviations = np.asarray([funnel.shifts[stage][name] for name in tier[stage]])
        return deviations + people.creators[stage] + funnel.platform[stage] * people.second

    size = funnel.size * np.log(people.followers / MIDDLE)
    noise = rng.normal(0.0, funnel.noise, len(size))
    reach = np.maximum(np.rint(funnel.reach * np.exp(size + shift("reach") + noise)), 1.0)
    likes = _counts(reach * funnel.likes * np.exp(shift("likes")), funnel.alphas[0], rng)
    per_like = funnel.comments * np.exp(shift("comments"))
    return {
        "reach": reach,
        "likes": likes,
        "comments": _counts((1.0 + likes) * per_like, funnel.alphas[1], rng),
    }


def _orders(
    funnel: Funnel, people: People, tier: NDArray[np.str_], seen: Mapping[str, Floats]
) -> Floats:
    """Expected orders of each post; (post,)."""
    shift = np.asarray([funnel.shifts["orders"][name] for name in tier])
    shift = shift + people.creators["orders"] + funnel.platform["orders"] * people.second
    volume = np.log((1.0 + seen["likes"]) / seen["reach"] / 0.1)
    conversation = np.log((1.0 + seen["comments"]) / (1.0 + seen["likes"]) / 0.1)
    engaged = funnel.volume * volume + funnel.conversation * conversation
    return seen["reach"] * funnel.orders * np.exp(shift + engaged)


def _counts(mean: Floats, alpha: float, rng: np.random.Generator) -> Floats:
    return rng.poisson(rng.gamma(alpha, mean / alpha)).astype(np.float64)
