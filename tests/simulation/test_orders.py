"""Orders follow the additive rates model, come late by the stated delay, and the export ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from attribution.errors import InputError
from attribution.simulation import Brand, Settings, null_brand, simulate
from attribution.simulation.delay import Delay
from attribution.simulation.orders import draw_counts

PARTS = ["reach", "likes", "comments"]


def pearson(brand: Brand, inverse_alpha: float) -> float:
    """Mean squared standardised residual of posts' orders; 1 where the variance is right."""
    mu = brand.truth.posts["expected"].to_numpy()
    y = brand.truth.posts["orders"].to_numpy()
    return float(np.mean((y - mu) ** 2 / (mu + inverse_alpha * mu**2)))


def test_expected_orders_are_multiplier_times_the_sum_of_rates(
    large: Brand, large_posts: pl.DataFrame
) -> None:
    rates = large.truth.rates_by_tier
    for row in large_posts.sample(200, seed=1).iter_rows(named=True):
        by_part = [row["multiplier"] * rates[row["tier"]][part] * row[part] for part in PARTS]
        assert [row[f"expected_{part}"] for part in PARTS] == pytest.approx(by_part)
        assert row["expected"] == pytest.approx(sum(by_part))


def test_rates_give_the_stated_shares_at_the_tables_mix(large: Brand) -> None:
    """Without tiers' deviations, rate times amount of each part over all posts is its share."""
    truth, shown = large.truth, large.posts.drop_nulls("likes")
    totals = shown.select(PARTS).sum().row(0)
    for tier in truth.tiers:
        level = [
            truth.rates_by_tier[tier][part] / np.exp(truth.rates.tier_effects[part][tier]) * total
            for part, total in zip(PARTS, totals, strict=True)
        ]
        assert np.divide(level, sum(level)) == pytest.approx([0.35, 0.35, 0.30])
        assert sum(level) / totals[0] == pytest.approx(np.exp(truth.rates.log_rate))


def test_counts_have_the_mean_and_variance_of_the_negative_binomial(large: Brand) -> None:
    mu, y = large.truth.posts["expected"].to_numpy(), large.truth.posts["orders"].to_numpy()
    assert y.sum() == pytest.approx(mu.sum(), rel=0.05)
    assert pearson(large, 0.3) == pytest.approx(1.0, abs=0.12)
    assert pearson(large, 0.0) > 2.0  # a Poisson variance would be far too small


def test_counts_without_dispersion_are_poisson() -> None:
    expected = np.full((40_000, 2), [1.0, 3.0])
    total = draw_counts(expected, np.inf, np.random.default_rng(1)).total
    assert total.var() == pytest.approx(4.0, rel=0.05)


def test_parts_split_orders_multinomially(large: Brand) -> None:
    """Given a post's orders, each part's are binomial with its share of the expectation."""
    posts = large.truth.posts.filter(
        pl.col("orders") > 0, *(pl.col(f"expected_{part}") > 0 for part in PARTS)
    )
    y = posts["orders"].to_numpy()
    for part in PARTS:
        share = (posts[f"expected_{part}"] / posts["expected"]).to_numpy()
        drawn = posts[f"orders_{part}"].to_numpy()
        squares = (drawn - y * share) ** 2 / (y * share * (1 - share))
        assert squares.mean() == pytest.approx(1.0, abs=0.08)


def test_multipliers_average_one(large: Brand) -> None:
    v = large.truth.creators["multiplier"].to_numpy()
    assert v.mean() == pytest.approx(1.0, abs=0.07)
    assert np.log(v).std() == pytest.approx(0.5, abs=0.05)
    assert stats.kstest(np.log(v), stats.norm(-0.125, 0.5).cdf).pvalue > 0.01


def test_samples_have_orders_of_the_known_magnitude() -> None:
    """0.01 to 0.04 % of followers order; 5,000 to 15,000 orders with a code."""
    brands = [simulate(Settings.samples(), seed) for seed in range(5)]
    per_follower, orders = [], []
    for brand in brands:
        posts = brand.posts.join(brand.truth.posts.select("post_id", "expected"), on="post_id")
        per_follower.append((posts["expected"] / posts["followers"]).median())
        orders.append(brand.orders["code"].count())
    assert 1e-4 < np.median(per_follower) < 4e-4
    assert 5_000 < np.median(orders) < 15_000


@pytest.fixture(scope="module")
def delays(large: Brand) -> np.ndarray:
    """Days from the post to the order, of posts so early that hardly any order is cut off."""
    early = (
        large.posts["posted_at"].min() + (large.truth.export - large.posts["posted_at"].min()) / 2
    )
    posts = large.posts.filter(pl.col("posted_at") < early).select("post_id", "posted_at")
    orders = large.orders.join(large.truth.orders, on="order_id").join(posts, on="post_id")
    return orders.select((pl.col("ordered_at") - pl.col("posted_at")).dt.total_seconds() / 86_400)[
        "ordered_at"
    ].to_numpy()


def test_delays_are_weibull_and_know_no_window(delays: np.ndarray) -> None:
    scale = Delay(shape=0.75, mean=4.0).scale
    assert delays.min() >= 0
    assert delays.mean() == pytest.approx(4.0, rel=0.02)
    assert stats.kstest(delays, stats.weibull_min(0.75, 0, scale).cdf).statistic < 0.006
    assert stats.kstest(delays, stats.expon(0, 4.0).cdf).statistic > 0.05
    assert (delays > 30).mean() == pytest.approx(1 - Delay(0.75, 4.0).cdf(30), rel=0.25)


def test_delay_does_not_depend_on_the_next_post(large: Brand) -> None:
    """An order comes after its post's delay even where the creator posted again in between."""
    orders = large.orders.join(large.truth.orders.drop_nulls("post_id"), on="order_id")
    orders = orders.join(large.posts.select("post_id", "posted_at", "creator_id"), on="post_id")
    later = large.posts.select("creator_id", last="posted_at").group_by("creator_id").max()
    crossed = orders.join(later, on="creator_id").filter(pl.col("ordered_at") > pl.col("last"))
    assert (crossed["posted_at"] < crossed["last"]).sum() > 1_000


def test_orders_after_the_export_are_not_seen(large: Brand) -> None:
    assert large.orders["ordered_at"].max() < large.truth.export
    posts = large.truth.posts.join(large.posts.select("post_id", "posted_at"), on="post_id")
    days = (pl.lit(large.truth.export) - pl.col("posted_at")).dt.total_seconds() / 86_400
    late = posts.filter(days < 10)
    left = late.select(days).to_series().map_elements(large.truth.delay.cdf, pl.Float64)
    assert late["orders_seen"].sum() < late["orders"].sum()
    assert late["orders_seen"].sum() == pytest.approx((late["orders"] * left).sum(), rel=0.05)


def test_seen_orders_are_the_rows_of_the_export(large: Brand) -> None:
    truth = large.truth
    assert truth.orders["order_id"].to_list() == large.orders["order_id"].to_list()
    assert truth.posts["orders_seen"].sum() == truth.orders["post_id"].count()
    assert large.orders["ordered_at"].is_sorted()
    code = dict(large.posts.select("post_id", "code").rows())
    rows = truth.orders.join(large.orders, on="order_id").drop_nulls("post_id")
    assert rows["code"].to_list() == [code[post] for post in rows["post_id"]]


def test_null_brand_differs_in_orders_only() -> None:
    null, usual = null_brand(3), simulate(Settings.samples(), 3)
    assert null.posts.equals(usual.posts)
    posts = null.truth.posts
    assert posts["expected_likes"].sum() == posts["orders_likes"].sum() == 0
    assert posts["expected_comments"].sum() == posts["orders_comments"].sum() == 0
    assert posts["orders_reach"].sum() == posts["orders"].sum() > 0
    assert null.truth.kind == "null"


def test_too_many_orders_are_refused() -> None:
    settings = replace(Settings.samples(), max_orders=1_000)
    with pytest.raises(InputError, match=r"this brand would have [\d,]+ orders.*at most 1,000"):
        simulate(settings, 1)


def test_an_impossible_number_of_orders_is_refused_before_it_is_drawn() -> None:
    settings = Settings.samples()
    settings = replace(settings, rates=replace(settings.rates, log_rate=5.0))
    with pytest.raises(InputError, match="at most 400,000"):
        simulate(settings, 1)
