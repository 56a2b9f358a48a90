"""Credit orders to posts by last touch: the rule that is recorded in every analysis table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

RULE = (
    "Last touch: an order that names a post goes to that post; any other goes to the latest post"
    " with its code, not later than the order. Either way the order comes within the window."
)

NO_TOUCH = "the order has neither a code nor a post"
NO_POST = "no post has this id"
NO_CODE = "no post carries this code"
SHARED = "creators share this code"
BEFORE = "the order came before the post"
LATE = "the order came after the window"
ASIDE = "its post was set aside"
AFTER_END = "the order came after the export's end"


@dataclass(frozen=True)
class Credit:
    """Where each order went.

    Parameters
    ----------
    credited
        Orders with a post: all columns of the orders, ``post_id`` that of the post, and
        ``by_link``: whether the order named the post itself.
    unattributed
        The others: order_id, reason.
    touched
        Orders that reached a post in time, whether or not that post was set aside: order_id,
        ordered_at, key, post_id, by_link. The delays are learnt from these.
    """

    credited: pl.DataFrame
    unattributed: pl.DataFrame
    touched: pl.DataFrame


def code_key(code: pl.Expr) -> pl.Expr:
    """Return a code as it is compared: upper and lower case are the same."""
    return code.str.to_uppercase()


def credit(orders: pl.DataFrame, posts: pl.DataFrame, window: timedelta, end: datetime) -> Credit:
    """Credit each order to the post it touched last.

    Parameters
    ----------
    orders
        Canonical orders; each order_id once.
    posts
        Columns post_id, posted_at, key (the code as compared, null without one), shared (whether
        creators share the code) and kept (False for a post that was set aside: it can still be
        what the customer saw), sorted by posted_at.
    window
        Longest time from post to order.
    end
        The export's end; later orders are not credited.

    Returns
    -------
    Credit
        Every order is in exactly one of ``credited`` and ``unattributed``.
    """
    lacking = [
        pl.lit(None, dtype=pl.String).alias(name)
        for name in ("code", "post_id")
        if name not in orders.columns
    ]
    asked = orders.with_columns(lacking).with_columns(key=code_key(pl.col("code")))
    asked = asked.rename({"post_id": "named"})
    named = pl.col("named").is_not_null()
    found = pl.concat(
        [_by_link(asked.filter(named), posts), _by_code(asked.filter(~named), posts)],
        how="diagonal",
    )
    judged = found.with_columns(_reason(window, end).alias("reason"))
    touched = judged.filter(pl.col("reason").is_null() | (pl.col("reason") == ASIDE))
    credited = judged.filter(pl.col("reason").is_null())
    helpers = ("key", "named", "posted_at", "shared", "kept", "known", "reason")
    return Credit(
        credited=credited.drop(helpers),
        unattributed=judged.filter(pl.col("reason").is_not_null()).select("order_id", "reason"),
        touched=touched.select("order_id", "ordered_at", "key", "post_id", "by_link"),
    )


def _by_link(orders: pl.DataFrame, posts: pl.DataFrame) -> pl.DataFrame:
    there = posts.select("post_id", "posted_at", "shared", "kept")
    return orders.join(there, left_on="named", right_on="post_id", how="left").with_columns(
        post_id=pl.col("named"), known=pl.col("kept").is_not_null(), by_link=True
    )


def _by_code(orders: pl.DataFrame, posts: pl.DataFrame) -> pl.DataFrame:
    """Find the latest post with the order's code; of posts at the same instant the last one."""
    coded = posts.filter(pl.col("key").is_not_null())
    latest = orders.sort("ordered_at").join_asof(
        coded.select("key", "post_id", "posted_at", "shared", "kept"),
        left_on="ordered_at",
        right_on="posted_at",
        by="key",
        strategy="backward",
        check_sortedness=False,
        coalesce=False,
    )
    carriers = coded.select(pl.col("key").unique()).to_series()
    return latest.with_columns(known=pl.col("key").is_in(carriers.implode()), by_link=False)


def _reason(window: timedelta, end: datetime) -> pl.Expr:
    """Return why an order has no post; null when it has one. The first reason that holds."""
    by_link = pl.col("by_link")
    delay = pl.col("ordered_at") - pl.col("posted_at")
    rules = (
        (pl.col("ordered_at") > end, AFTER_END),
        (~by_link & pl.col("key").is_null(), NO_TOUCH),
        (~pl.col("known") & by_link, NO_POST),
        (~pl.col("known"), NO_CODE),
        (pl.col("posted_at").is_null() | (delay < timedelta(0)), BEFORE),
        (pl.col("shared") & ~by_link, SHARED),
        (delay > window, LATE),
        (~pl.col("kept"), ASIDE),
    )
    return pl.coalesce(pl.when(broken).then(pl.lit(words)) for broken, words in rules)
