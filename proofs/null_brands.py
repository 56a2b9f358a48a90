"""Brands of which something is not true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy import stats

from attribution.simulation import (
    Brand,
    Halo,
    LiftTests,
    Settings,
    simulate,
    simulate_daily_sales,
)
from attribution.simulation.settings import SAMPLE_RATES
from proofs.fakes import joined

if TYPE_CHECKING:
    from attribution.data import AnalysisTable
    from attribution.design.types import Floats

CREATORS, POSTS = 40, 320
SMALL = (8, 24)
"""Creators and posts of brands whose size is of no account."""
ZEROS = 0.2
"""Share of posts that bring nothing whatever their mean, where some do."""
FEE, FEE_SD = 0.02, 0.3
"""Fee per person reached, and how much creators differ in it (log scale)."""


def shown() -> Settings:
    """Return the samples' settings at the size of these brands; all likes are shown."""
    sized = Settings.samples().sized(CREATORS, POSTS)
    return replace(sized, population=replace(sized.population, hidden_likes=0.0))


def nothing_in_engagement(seed: int) -> AnalysisTable:
    """Return posts whose orders all come from reach, at one rate in all tiers."""
    return joined(brand_without_engagement(seed))


def brand_without_engagement(seed: int) -> Brand:
    """Return a brand whose orders all come from reach, at one rate in all tiers."""
    alike = {part: dict.fromkeys(tiers, 0.0) for part, tiers in SAMPLE_RATES.tier_effects.items()}
    settings = shown().without_engagement()
    return simulate(replace(settings, rates=replace(settings.rates, tier_effects=alike)), seed)


def nothing_fake(seed: int) -> AnalysisTable:
    """Return posts without fakes, with a vendor's scores of audiences."""
    return joined(simulate(shown().with_fakes(0.0), seed))


def creators_alike(seed: int) -> AnalysisTable:
    """Return posts of creators whose audiences buy alike."""
    settings = shown()
    return joined(simulate(replace(settings, rates=replace(settings.rates, creator_sd=0.0)), seed))


def nothing_without_code(seed: int) -> AnalysisTable:
    """Return days on which posts bring nothing but orders with a code."""
    from attribution.data import daily, read_analysis

    brand = simulate(Settings.samples().sized(60, 600), seed)
    sold = simulate_daily_sales(brand, Halo(share=0.0), seed)
    made = daily(brand.posts, sold.sales, orders=brand.orders, creators=brand.creators)
    return read_analysis(made.frame)


def zeros_alone(seed: int) -> AnalysisTable:
    """Return posts as without anything in engagement, of which some bring nothing by chance."""

    def counts(mean: Floats, alpha: float, rng: np.random.Generator) -> Floats:
        usual = rng.poisson(rng.gamma(alpha, mean / alpha))
        return np.where(rng.random(len(mean)) < ZEROS, 0, usual)

    return drawn_anew(seed, counts)


def hurdle_alone(seed: int) -> AnalysisTable:
    """Return posts as without anything in engagement; whether one sells at all is by chance."""

    def counts(mean: Floats, alpha: float, rng: np.random.Generator) -> Floats:
        # The quantile of a uniform number above P(0) is a count that is not 0.
        usual = stats.nbinom(alpha, alpha / (alpha + mean))
        none = usual.cdf(0)
        some = usual.ppf(none + (1.0 - none) * rng.random(len(mean)))
        return np.where(rng.random(len(mean)) < ZEROS, 0, np.maximum(some, 1))

    return drawn_anew(seed, counts)


def drawn_anew(
    seed: int, counts: Callable[[Floats, float, np.random.Generator], Floats]
) -> AnalysisTable:
    """Return posts without anything in engagement with other orders, from what is expected.

    Parameters
    ----------
    counts
        From expected orders, (post,), and their dispersion to orders, (post,).
    """
    brand = brand_without_engagement(seed)
    table = joined(brand)
    expected = table.frame.select("post_id").join(
        brand.truth.posts.select("post_id", "expected"), on="post_id", maintain_order="left"
    )
    rng = np.random.default_rng(seed)
    orders = counts(expected["expected"].to_numpy(), brand.truth.rates.alpha, rng)
    frame = table.frame.drop("carry_posts", "carry_shares", "paying_orders", "net_revenue")
    return replace(table, frame=frame.with_columns(conversions=pl.Series(orders, dtype=pl.Int64)))


def stages_alike(seed: int) -> AnalysisTable:
    """Return posts of tiers that differ in followers alone; engagement brings nothing."""
    from attribution.data import AnalysisTable
    from attribution.simulation.funnel import Funnel, simulate_funnel
    from attribution.tables import DEFAULT_TIERS

    funnel = replace(Funnel.null(), volume=0.0, conversation=0.0)
    posts = simulate_funnel(funnel, CREATORS, POSTS // CREATORS, seed)
    return AnalysisTable(posts, tiers=DEFAULT_TIERS)


def factors_alone(seed: int) -> AnalysisTable:
    """Return posts whose label, payment, management and relationship bring nothing."""
    from attribution.data import AnalysisTable
    from proofs import advocacy

    return AnalysisTable(advocacy.simulate(seed, dict.fromkeys(advocacy.TRUTH, 0.0)))


def rate_flat(seed: int) -> AnalysisTable:
    """Return posts that bring orders at one rate, whatever the followers."""
    return _with_fees("flat", seed)


def rate_monotone(seed: int) -> AnalysisTable:
    """Return posts whose rate rises with followers all the way, or falls of every other seed."""
    return _with_fees("falling" if seed % 2 else "rising", seed)


def _with_fees(curve: str, seed: int) -> AnalysisTable:
    """Return posts with a curve of followers, whose fees follow reach."""
    from attribution.data import AnalysisTable
    from proofs import peaks

    posts = peaks.simulate(curve, seed)
    off = np.random.default_rng((seed, 1)).normal(0.0, FEE_SD, peaks.CREATORS)
    fees = FEE * posts["reach"].to_numpy() * np.exp(np.repeat(off, peaks.POSTS))
    return AnalysisTable(posts.with_columns(fee=pl.Series(fees)))


def all_recorded(seed: int) -> Brand:
    """Return a brand of which every order through a post has a code, with two lift tests."""
    return simulate(replace(shown(), lift_tests=LiftTests(count=2)), seed)


def few_recorded(seed: int) -> AnalysisTable:
    """Return few posts of which every order has a code: counts tell nothing of orders without."""
    return joined(simulate(shown().sized(*SMALL), seed))
