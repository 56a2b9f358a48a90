"""Put posts, credited orders, collecting times and tiers together: one row per post."""

from __future__ import annotations

import polars as pl

from attribution.data.columns import columns
from attribution.data.files import ROW
from attribution.data.money import is_paying, net_revenue
from attribution.tables import Tiers

OWN = "the posts' own column tier"
OF_CREATORS = "followers in the creators' table"
OF_POSTS = "median followers of the creator's posts"
NO_FOLLOWERS = "followers are not known"

HELPERS = (ROW, "code", "key", "known", "shared", "in_time", "passed", "kept")


def assemble(
    touchpoints: pl.DataFrame,
    credited: pl.DataFrame,
    spread: pl.DataFrame,
    creators: pl.DataFrame | None,
    tiers: Tiers,
    currency: str | None,
) -> tuple[pl.DataFrame, str]:
    """Build the analysis table's frame.

    Parameters
    ----------
    touchpoints
        All posts; only those kept enter, in the order of their file.
    credited
        Orders with the post_id they are credited to.
    spread
        Per post: collect_days, carry_posts, carry_shares.
    creators
        The creators' table, for platform, audience and followers.
    tiers, currency
        Cut-points; the one currency, None where none is stated.

    Returns
    -------
    tuple
        The frame, and where its tiers come from.
    """
    posts = touchpoints.filter(pl.col("kept")).sort(ROW).drop(HELPERS)
    posts, source = with_tier(_with_creators(posts, creators), creators, tiers)
    counted = posts.join(_counts(credited), on="post_id", how="left", maintain_order="left")
    zero = [name for name in ("conversions", "paying_orders") if name in counted.columns]
    revenue = [name for name in ("net_revenue",) if name in counted.columns]
    table = counted.with_columns(pl.col(zero).fill_null(0), pl.col(revenue).fill_null(0.0)).join(
        spread, on="post_id", how="left", maintain_order="left"
    )
    table = table.with_columns(pl.lit(currency, dtype=pl.String).alias("currency"))
    if currency is None:
        table = table.drop("currency")
    first = [name for name in columns("analysis") if name in table.columns]
    return table.select(*first, pl.exclude(first)), source


def _counts(credited: pl.DataFrame) -> pl.DataFrame:
    """Count each post's orders; revenue and paying orders only where orders state amounts."""
    orders = credited.group_by("post_id").agg(pl.len().cast(pl.Int64).alias("conversions"))
    if "gross_revenue" not in credited.columns:
        return orders
    amounts = credited.group_by("post_id").agg(
        is_paying(credited).sum().cast(pl.Int64).alias("paying_orders"),
        net_revenue(credited).sum().alias("net_revenue"),
    )
    return orders.join(amounts, on="post_id")


def _with_creators(posts: pl.DataFrame, creators: pl.DataFrame | None) -> pl.DataFrame:
    """Add what the creators' table knows and the posts do not say themselves."""
    if creators is None:
        return posts
    wanted = ("platform", "audience_credibility", "followers")
    new = [name for name in wanted if name in creators.columns and name not in posts.columns]
    known = creators.select("creator_id", *new)
    return posts.join(known, on="creator_id", how="left", maintain_order="left")


def with_tier(
    posts: pl.DataFrame, creators: pl.DataFrame | None, tiers: Tiers
) -> tuple[pl.DataFrame, str]:
    """Add the tier, and say where it is from.

    A creator belongs to one, whatever its followers were at each post.
    """
    if "tier" in posts.columns:
        return posts.with_columns(pl.col("tier").cast(pl.String)), OWN
    if creators is not None:
        known = creators.select("creator_id", tiers.of(pl.col("followers")).alias("tier"))
        joined = posts.join(known, on="creator_id", how="left", maintain_order="left")
        return joined, OF_CREATORS
    if "followers" in posts.columns:
        followers = pl.col("followers").median().over("creator_id")
        return posts.with_columns(tiers.of(followers).alias("tier")), OF_POSTS
    return posts, NO_FOLLOWERS
