"""The delays come back although codes do not say which post an order is from."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from support.brands import Brand, log_normal, simulate, weibull

from attribution.data import ingest
from attribution.data.carry import collecting_seconds
from attribution.data.delays import bin_edges, learn_delays
from attribution.data.pairs import Pairs, PostTimes, earlier_posts

WINDOW = 30.0


def learnt(made: Any) -> NDArray[np.float64]:
    """Return the learnt distribution function at the bins' edges."""
    delays = made.provenance["delays"]
    shares = np.array(delays["density_per_day"]) * np.diff(delays["edges_days"])
    return np.concatenate([[0.0], np.cumsum(shares)])


def truth(brand: Brand) -> NDArray[np.float64]:
    within = brand.delays[brand.delays <= WINDOW]
    return np.array([(within <= edge).mean() for edge in bin_edges(WINDOW)])


def naive(brand: Brand) -> NDArray[np.float64]:
    """Return the distribution of the time from the last touch: what a plain join would say."""
    orders = brand.orders.with_columns(code=pl.col("code").str.to_lowercase()).sort("ordered_at")
    joined = orders.join_asof(
        brand.posts.sort("posted_at"),
        left_on="ordered_at",
        right_on="posted_at",
        by="code",
        check_sortedness=False,
        coalesce=False,
    )
    delay = (joined["ordered_at"] - joined["posted_at"]).dt.total_seconds().to_numpy() / 86_400
    return np.array([(delay <= edge).mean() for edge in bin_edges(WINDOW)])


@pytest.mark.parametrize("draw", [weibull, log_normal])
@pytest.mark.parametrize("posts", [12, 40])
def test_a_known_delay_comes_back(draw: Any, posts: int) -> None:
    brand = simulate(draw, codes=600 // posts, posts=posts, orders=12.0)
    true = truth(brand)
    error = np.abs(learnt(ingest(brand.posts, brand.orders)) - true).max()
    naive_error = np.abs(naive(brand) - true).max()
    assert error < 0.035
    assert error < naive_error / 4


def test_posts_that_differ_much_do_not_bias_the_delays() -> None:
    """Equal rates for all posts, or their best values without uncertainty, would fail here."""
    errors = []
    for seed in range(3):
        brand = simulate(codes=30, posts=40, orders=12.0, shape=0.5, seed=seed)
        made = ingest(brand.posts, brand.orders)
        errors.append(np.abs(learnt(made) - truth(brand)).max())
    assert np.mean(errors) < 0.016


def test_the_exports_end_does_not_shorten_delays() -> None:
    """One post per creator, all online 3 days before the end: late orders are not there yet."""
    rng = np.random.default_rng(5)
    posts, per_post = 400, 30
    observed = np.where(np.arange(posts) % 2 == 0, 3.0, 30.0)
    delays = rng.exponential(6.0, (posts, per_post))
    post, _ = np.nonzero(delays <= observed[:, None])
    days = delays[delays <= observed[:, None]]
    found = learn_delays(
        Pairs(np.arange(len(post)), post), days, np.arange(posts), observed, WINDOW
    )
    true = (1 - np.exp(-found.edges / 6.0)) / (1 - np.exp(-WINDOW / 6.0))
    assert np.abs(found.cdf(found.edges) - true).max() < 0.02
    naive_share = (days <= 3.0).mean()
    assert naive_share - float(found.cdf(np.array([3.0]))[0]) > 0.1


def test_without_orders_the_prior_stands() -> None:
    nothing = np.empty(0, dtype=np.int64)
    found = learn_delays(
        Pairs(nothing, nothing), np.empty(0), np.array([0]), np.array([WINDOW]), WINDOW
    )
    assert found.orders == 0
    assert 2.0 < found.mean_days < 6.0
    assert np.sum(found.density * np.diff(found.edges)) == pytest.approx(1.0)


def test_the_distribution_is_0_before_the_post_and_1_after_the_window() -> None:
    brand = simulate(codes=5)
    delays = ingest(brand.posts, brand.orders).provenance["delays"]
    assert delays["edges_days"][-1] == WINDOW
    assert learnt(ingest(brand.posts, brand.orders))[-1] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("window", [0.1, 0.25, 2.5, 30.0, 90.0])
def test_the_window_closes_the_last_bin(window: float) -> None:
    edges = bin_edges(window)
    assert edges[-1] == window
    assert (np.diff(edges) > 0).all()


def test_pairs_are_the_posts_of_the_code_within_the_window() -> None:
    rng = np.random.default_rng(2)
    code = np.sort(rng.integers(0, 4, 30))
    seconds = rng.integers(0, 50, 30)
    order = np.lexsort((seconds, code))
    posts = PostTimes(code[order], seconds[order])
    events, at = rng.integers(0, 4, 40), rng.integers(-5, 80, 40)
    pairs = earlier_posts(posts, events, at, 20)
    expected = {
        (e, p)
        for e in range(40)
        for p in range(30)
        if posts.code[p] == events[e] and 0 <= at[e] - posts.seconds[p] <= 20
    }
    assert set(zip(pairs.event.tolist(), pairs.post.tolist(), strict=True)) == expected


def test_posts_collect_until_window_next_post_or_end() -> None:
    posts = PostTimes(np.array([0, 0, 0, 1]), np.array([0, 5, 90, 0]))
    assert collecting_seconds(posts, end=100, window=30).tolist() == [5, 30, 10, 30]


def test_expected_orders_under_the_rule_match_the_credited_ones() -> None:
    """Sum over carried posts of share times rate is what the rule credits, post by post."""
    brand = simulate(weibull, codes=60, posts=25, orders=20.0, seed=3)
    frame = ingest(brand.posts, brand.orders).table.frame
    rate = dict(zip(brand.posts["post_id"], brand.rates, strict=True))
    within = float((brand.delays <= WINDOW).mean())
    carried = frame.select("carry_posts", "carry_shares").rows()
    expected = within * np.array(
        [sum(rate[p] * w for p, w in zip(*row, strict=True)) for row in carried]
    )
    alone = within * frame["post_id"].replace_strict(rate).to_numpy()
    observed = frame["conversions"].to_numpy()
    assert observed.sum() == pytest.approx(expected.sum(), rel=0.02)

    def misfit(mean: NDArray[np.float64]) -> float:
        kept = mean > 1.0
        return float(np.mean((observed[kept] - mean[kept]) ** 2 / mean[kept]))

    assert misfit(expected) < 1.2
    assert misfit(alone) > 2.0
