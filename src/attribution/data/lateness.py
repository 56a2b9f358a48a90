"""Learn the delays of a brand's orders and what they mean for each post."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from attribution.data.carry import carry_shares
from attribution.data.delays import DAY, Delays, learn_delays
from attribution.data.pairs import Floats, Integers, Pairs, PostTimes, earlier_posts

ENOUGH_ORDERS = 40_000
"""Orders, in whole codes, from which the delays are learnt."""


def lateness(
    touched: pl.DataFrame, posts: pl.DataFrame, window: timedelta, end: datetime
) -> tuple[pl.DataFrame, Delays]:
    """Estimate the delays and each post's collecting time, carried posts and shares.

    Parameters
    ----------
    touched
        Orders that reached a post in time: ordered_at, key, post_id, by_link.
    posts
        Touchpoints in the order of key, time and id.
    window, end
        Longest delay; the export's end.

    Returns
    -------
    tuple
        One row per post (post_id, carry_posts, carry_shares, collect_days), and the delays.
    """
    limit, last = int(window.total_seconds()), int(end.timestamp())
    delays = _learn(*_sample(touched, posts), limit, last)
    shares = carry_shares(
        posts["post_id"], _times(posts), delays, last, limit, _linked(touched, posts)
    )
    return shares, delays


def _learn(touched: pl.DataFrame, posts: pl.DataFrame, window: int, end: int) -> Delays:
    times, ordered = _times(posts), _in_pair_order(touched)
    pairs = _pairs(ordered, posts, times, window)
    days = (_seconds(ordered["ordered_at"])[pairs.event] - times.seconds[pairs.post]) / DAY
    observed = np.clip((end - times.seconds) / DAY, 0.0, window / DAY)
    return learn_delays(pairs, days, times.code, observed, window / DAY)


def _sample(touched: pl.DataFrame, posts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Take every n-th code, all its posts and orders: enough to know the delays."""
    step = -(-touched.height // ENOUGH_ORDERS)
    if step <= 1:
        return touched, posts
    chosen = posts.filter(pl.Series(_code_numbers(posts["key"]) % step == 0))
    return touched.join(chosen.select("post_id"), on="post_id", how="semi"), chosen


def _times(posts: pl.DataFrame) -> PostTimes:
    return PostTimes(_code_numbers(posts["key"]), _seconds(posts["posted_at"]))


def _seconds(moments: pl.Series) -> Integers:
    return moments.dt.epoch("s").to_numpy()


def _code_numbers(key: pl.Series) -> Integers:
    """Give each code a number, and each post without a code one of its own."""
    ranks = key.rank("dense").to_numpy().astype(np.float64)
    lacking = np.isnan(ranks)
    first_free = int(np.nanmax(ranks, initial=0.0)) + 1
    ranks[lacking] = first_free + np.arange(lacking.sum())
    numbers: Integers = ranks.astype(np.int64) - 1
    return numbers


def _in_pair_order(touched: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([touched.filter(~pl.col("by_link")), touched.filter(pl.col("by_link"))])


def _pairs(ordered: pl.DataFrame, posts: pl.DataFrame, times: PostTimes, window: int) -> Pairs:
    """Pair orders by code with all posts they may be from, orders by link with their one post."""
    position = posts.select("post_id", pl.int_range(pl.len()).alias("place"))
    placed = ordered.join(position, on="post_id", how="left", maintain_order="left")
    place = placed["place"].to_numpy()
    by_link = placed["by_link"].to_numpy()
    by_code = int((~by_link).sum())
    codes, moments = times.code[place[:by_code]], _seconds(placed["ordered_at"][:by_code])
    possible = earlier_posts(times, codes, moments, window)
    links = np.arange(by_code, len(place))
    return Pairs(
        np.concatenate([possible.event, links]), np.concatenate([possible.post, place[by_code:]])
    )


def _linked(touched: pl.DataFrame, posts: pl.DataFrame) -> Floats:
    """Share of orders that name their post: all where a post has no code, else as observed."""
    coded = posts.filter(pl.col("key").is_not_null()).select("post_id")
    share = touched.join(coded, on="post_id", how="semi")["by_link"].mean()
    observed = 0.0 if share is None else float(share)  # type: ignore[arg-type]
    without_code = posts["key"].is_null().to_numpy()
    return np.where(without_code, 1.0, observed)
