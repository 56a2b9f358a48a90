"""How long each post can collect orders, and whose orders those are."""

from __future__ import annotations

import numpy as np
import polars as pl

from attribution.data.delays import DAY, Delays
from attribution.data.pairs import Floats, Integers, PostTimes, earlier_posts

SMALLEST_SHARE = 0.002
"""Shares below this are left out, except a post's share of its own orders."""


def collecting_seconds(posts: PostTimes, end: int, window: int) -> Integers:
    """Return how long the rule credits a code's orders to each post, whole seconds.

    Until the window's end, the next post with the code, or the export's end.
    """
    stop = np.minimum(posts.seconds + window, end)
    same = posts.code[1:] == posts.code[:-1]
    stop[:-1] = np.where(same, np.minimum(stop[:-1], posts.seconds[1:]), stop[:-1])
    return np.maximum(stop - posts.seconds, 0)


def carry_shares(
    names: pl.Series, posts: PostTimes, delays: Delays, end: int, window: int, linked: Floats
) -> pl.DataFrame:
    """Compute which posts' orders the rule credits to each post, and what share of them.

    Post i collects while it is the latest with its code, from its start to its stop. Of the
    orders that post p brings within the window, the share F(stop_i - t_p) - F(start_i - t_p)
    falls into that time, F being the delays' distribution. Orders that name their post go to it
    whatever came later.

    Parameters
    ----------
    names
        The posts' ids, in the order of ``posts``.
    posts, delays
        When posts went online and how late orders come.
    end, window
        The export's end and the window, seconds.
    linked
        Share of each post's orders that name it; shape (post,).

    Returns
    -------
    polars.DataFrame
        post_id, collect_days, carry_posts (itself first, then the latest), carry_shares.
    """
    collecting = collecting_seconds(posts, end, window)
    pairs = earlier_posts(posts, posts.code, posts.seconds, window)
    # Of posts at the same instant the rule credits the last, so nothing carries back from it.
    forward = pairs.post <= pairs.event
    later, source = pairs.event[forward], pairs.post[forward]
    gap = (posts.seconds[later] - posts.seconds[source]) / DAY
    share = delays.cdf(gap + collecting[later] / DAY) - delays.cdf(gap)
    share *= 1.0 - linked[source]
    open_days = np.clip((end - posts.seconds) / DAY, 0.0, window / DAY)
    own = later == source
    share[own] += (linked * delays.cdf(open_days))[source[own]]
    days = np.where(linked == 1.0, open_days, collecting / DAY)
    return _lists(names, later, source, share).with_columns(collect_days=days)


def _lists(names: pl.Series, later: Integers, source: Integers, share: Floats) -> pl.DataFrame:
    """Gather the pairs by later post; itself comes first, having the highest position."""
    pairs = pl.DataFrame({"later": later, "source": source, "share": np.clip(share, 0.0, 1.0)})
    worth = (pl.col("share") >= SMALLEST_SHARE) | (pl.col("later") == pl.col("source"))
    kept = pairs.filter(worth).sort("later", "source", descending=[False, True])
    lists = (
        kept.with_columns(names.gather(kept["source"]).alias("name"))
        .group_by("later", maintain_order=True)
        .agg(carry_posts="name", carry_shares="share")
    )
    return lists.select(names.alias("post_id"), "carry_posts", "carry_shares")
