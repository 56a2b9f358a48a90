"""Creators and posts have the magnitudes that DOMAIN facts support: see docs/explanation."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from support.tables import check_types

from attribution.errors import InputError
from attribution.simulation import Brand, Settings, simulate
from attribution.simulation.population import TIER_BOUNDS, Population, apportion
from attribution.tables import DEFAULT_TIERS, Creators, Posts

ENGAGEMENT = {  # (likes + comments) / followers between the lower and the higher of the sources
    ("instagram", "nano"): (0.0278, 0.048),
    ("instagram", "micro"): (0.018, 0.026),
    ("instagram", "mid"): (0.012, 0.018),
    ("instagram", "macro"): (0.007, 0.015),
    ("tiktok", "nano"): (0.09, 0.126),
    ("tiktok", "micro"): (0.07, 0.092),
    ("tiktok", "mid"): (0.05, 0.08),
    ("tiktok", "macro"): (0.04, 0.071),
}
FEES = {"nano": (10, 100), "micro": (100, 500), "mid": (500, 5_000), "macro": (5_000, 10_000)}


def median_by(posts: pl.DataFrame, value: pl.Expr) -> dict[tuple[str, str], float]:
    rows = posts.group_by("platform", "tier").agg(value.median()).rows()
    return {(platform, tier): number for platform, tier, number in rows}


def test_tables_keep_the_declared_rules(large: Brand) -> None:
    for schema, table in ((Creators, large.creators), (Posts, large.posts)):
        check_types(schema, table)
        assert table.to_series(0).is_unique().all()
    assert set(large.posts["creator_id"]) == set(large.creators["creator_id"])


def test_tiers_of_followers_are_those_of_the_truth(large: Brand) -> None:
    frame = large.creators.join(large.truth.creators, on="creator_id")
    assert (frame.select(DEFAULT_TIERS.of(pl.col("followers"))).to_series() == frame["tier"]).all()
    posts = large.posts.join(large.truth.creators, on="creator_id")
    assert (posts.select(DEFAULT_TIERS.of(pl.col("followers"))).to_series() == posts["tier"]).all()


def test_followers_are_log_normal_within_tiers(large: Brand) -> None:
    frame = large.creators.join(large.truth.creators, on="creator_id")
    for tier, (low, high) in TIER_BOUNDS.items():
        followers = np.log(frame.filter(tier=tier)["followers"].to_numpy())
        if tier in ("nano", "micro"):
            assert followers.mean() == pytest.approx((np.log(low) + np.log(high)) / 2, abs=0.1)
            flat = np.log(high / low) / np.sqrt(12)
            assert 0.3 < followers.std() < 0.95 * flat


def test_reach_per_follower_by_tier(large_posts: pl.DataFrame) -> None:
    reach = median_by(large_posts, pl.col("reach") / pl.col("followers"))
    assert reach["instagram", "micro"] == pytest.approx(0.157, rel=0.15)
    assert reach["instagram", "macro"] == pytest.approx(0.032, rel=0.25)
    tiktok = large_posts.filter(platform="tiktok").select(r=pl.col("views") / pl.col("followers"))
    assert tiktok["r"].median() == pytest.approx(0.71, rel=0.25)


def test_engagement_rates_by_tier_and_platform(large_posts: pl.DataFrame) -> None:
    engaged = (pl.col("likes") + pl.col("comments")) / pl.col("followers")
    for key, rate in median_by(large_posts, engaged).items():
        low, high = ENGAGEMENT[key]
        assert low < rate < high, key


def test_likes_per_comment_and_its_spread(large_posts: pl.DataFrame) -> None:
    posts = large_posts.filter(pl.col("comments") > 0)
    ratio = median_by(posts, pl.col("likes") / pl.col("comments"))
    assert ratio["instagram", "mid"] == pytest.approx(31, rel=0.25)
    assert ratio["tiktok", "mid"] == pytest.approx(138, rel=0.25)
    accounts = (
        posts.filter(platform="instagram")
        .group_by("creator_id")
        .agg((pl.col("likes") / pl.col("comments")).median().alias("ratio"))
    )
    low, high = accounts["ratio"].quantile(0.05), accounts["ratio"].quantile(0.95)
    assert 8 < low < 18
    assert 65 < high < 128


def busy(large_posts: pl.DataFrame) -> pl.DataFrame:
    """Posts on Instagram of accounts with many comments, like those of the source."""
    posts = large_posts.filter(platform="instagram").filter(
        pl.col("comments").median().over("creator_id") >= 20
    )
    return posts.with_columns(
        log_likes=pl.col("likes").log1p(), log_comments=pl.col("comments").log1p()
    )


def test_spread_and_correlation_within_accounts(large_posts: pl.DataFrame) -> None:
    posts = busy(large_posts).with_columns(
        pl.col("log_likes", "log_comments")
        - pl.col("log_likes", "log_comments").mean().over("creator_id")
    )
    degrees = posts.height - posts["creator_id"].n_unique()
    likes, comments = (posts[name].to_numpy() for name in ("log_likes", "log_comments"))
    assert np.sqrt((likes**2).sum() / degrees) == pytest.approx(0.75, abs=0.05)
    assert np.sqrt((comments**2).sum() / degrees) == pytest.approx(1.05, abs=0.07)
    assert np.sqrt(((likes - comments) ** 2).sum() / degrees) == pytest.approx(0.65, abs=0.05)
    assert np.corrcoef(likes, comments)[0, 1] == pytest.approx(0.8, abs=0.04)


def test_correlation_between_accounts(large_posts: pl.DataFrame) -> None:
    accounts = (
        large_posts.filter(platform="instagram")
        .group_by("creator_id")
        .agg(pl.col("likes", "comments").median().log1p())
    )
    correlation = np.corrcoef(accounts["likes"], accounts["comments"])[0, 1]
    assert correlation == pytest.approx(0.94, abs=0.04)


def test_posts_without_comments_are_rare_but_for_small_accounts(large_posts: pl.DataFrame) -> None:
    assert (busy(large_posts)["comments"] == 0).mean() < 0.01
    share = (large_posts["comments"] == 0).mean()
    assert 0.005 < share < 0.07


def test_fees_by_tier_and_their_correlation_with_followers(large_posts: pl.DataFrame) -> None:
    paid = large_posts.filter(pl.col("fee") > 0)
    for (platform, tier), fee in median_by(paid, pl.col("fee")).items():
        if platform == "instagram":
            low, high = FEES[tier]
            assert low <= fee <= high, tier
    logs = paid.filter(platform="instagram").select(pl.col("fee", "followers").log())
    assert 0.9 < np.corrcoef(logs["fee"], logs["followers"])[0, 1] < 0.99
    assert paid["fee"].mean() > 3 * paid["fee"].median()


def test_likes_are_hidden_at_random_and_null(large: Brand, large_posts: pl.DataFrame) -> None:
    hidden = large.posts["likes"].is_null()
    assert hidden.mean() == pytest.approx(0.04, abs=0.008)
    shown = large.posts.filter(~hidden)["likes"]
    assert (shown == large_posts.filter(~hidden)["likes"]).all()
    logs = large_posts["likes"].log1p()
    difference = logs.filter(hidden).mean() - logs.filter(~hidden).mean()
    assert abs(difference) < 4 * logs.std() / np.sqrt(hidden.sum())


def test_posts_lie_in_the_schedule_in_order_of_time(large: Brand) -> None:
    times = large.posts["posted_at"]
    assert times.is_sorted()
    assert times.min() >= Population().start
    assert times.max() < large.truth.posts_until < large.truth.export


def test_apportion_keeps_the_total_and_the_largest_remainders() -> None:
    assert apportion({"a": 0.5, "b": 0.3, "c": 0.2}, 4) == {"a": 2, "b": 1, "c": 1}
    assert sum(apportion(Population().tier_mix, 61).values()) == 61


def test_a_brand_can_be_one_creator_with_one_post() -> None:
    brand = simulate(Settings.samples().sized(1, 1), 0)
    assert (brand.creators.height, brand.posts.height) == (1, 1)


@pytest.mark.parametrize(("creators", "posts"), [(0, 5), (6, 5)])
def test_posts_without_creators_are_refused(creators: int, posts: int) -> None:
    with pytest.raises(InputError, match=f"{creators} creators cannot make {posts} posts"):
        Settings.samples().sized(creators, posts)


def test_a_tier_without_rates_is_refused() -> None:
    from dataclasses import replace

    settings = Settings.samples()
    population = replace(settings.population, tier_mix={"nano": 0.5, "mega": 0.5})
    with pytest.raises(InputError, match="there is no rate for the tier 'mega'"):
        replace(settings, population=population)
