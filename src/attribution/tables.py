"""The canonical tables as one declaration: columns, types, ranges, null policy, units and words.

Validation, the column reference in the docs and the simulator all read it, so that they cannot
disagree. A column is *optional* when the table may lack it; the parts that need it are then
absent, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dataframely as dy
import polars as pl

from attribution.tiers import DEFAULT_TIERS, Tiers

__all__ = [
    "COSTS",
    "CROSS_RULES",
    "DEFAULT_TIERS",
    "EXPOSURES",
    "KEYS",
    "TABLES",
    "Analysis",
    "Creators",
    "CrossRule",
    "DailySales",
    "Orders",
    "Posts",
    "Tiers",
]

EXPOSURES = ("reach", "views", "followers")
COSTS = ("fee", "product_cost", "commission", "management_cost")

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
CENT = 0.005


def _flag(description: str) -> dy.Int64:
    return dy.Int64(
        nullable=True, min=0, max=1, description=description, metadata=_meta(False, "1 or 0")
    )


def _share(description: str) -> dy.Float64:
    return dy.Float64(
        nullable=True, min=0, max=1, description=description, metadata=_meta(False, "share")
    )


def _text(description: str, *, required: bool = False, pattern: str | None = None) -> dy.String:
    meta = _meta(required, "", "three capital letters such as EUR" if pattern else None)
    return dy.String(nullable=not required, regex=pattern, description=description, metadata=meta)


def _count(description: str, unit: str, *, required: bool = False) -> dy.Int64:
    return dy.Int64(nullable=True, min=0, description=description, metadata=_meta(required, unit))


def _money(description: str, *, nullable: bool = True) -> dy.Float64:
    meta = _meta(False, "currency")
    return dy.Float64(nullable=nullable, min=0, description=description, metadata=meta)


def _moment(description: str, *, required: bool = True) -> dy.Datetime:
    return dy.Datetime(
        nullable=not required,
        min=EARLIEST,
        time_zone="UTC",
        description=description,
        metadata=_meta(required, "UTC"),
    )


def _meta(required: bool, unit: str, expected: str | None = None) -> dict[str, Any]:
    return {"required": required, "unit": unit, "expected": expected}


class Creators(dy.Schema):
    """One row per creator; nothing here names or locates a person."""

    creator_id = _text("The creator's id, the same as in posts.", required=True)
    platform = _text("Where the creator posts: instagram, tiktok, youtube, or another word.")
    followers = _count("Followers at the time of the snapshot.", "people", required=True)
    followers_as_of = dy.Date(
        nullable=True,
        min=EARLIEST.date(),
        description="Day of the followers' snapshot.",
        metadata=_meta(False, "day"),
    )
    audience_credibility = _share("Share of the audience believed real, by a vendor's estimate.")


class Posts(dy.Schema):
    """One row per post."""

    post_id = _text("The post's id.", required=True)
    creator_id = _text("The creator's id.", required=True)
    posted_at = _moment("When the post went online.")
    code = _text(
        "Promo code or link id that the post carries; a creator's posts may share one. Upper and"
        " lower case are the same."
    )
    reach = _count("People who saw the post.", "people")
    views = _count("Times the post was seen.", "views")
    followers = _count("Followers when the post went online.", "people")
    likes = _count("Likes; empty where they are hidden or were not delivered, never 0.", "likes")
    comments = _count("Comments; empty where they were not delivered, never 0.", "comments")
    fee = _money("Fee paid to the creator for this post.")
    product_cost = _money("Cost of products given for this post.")
    commission = _money("Commission paid on this post's orders.")
    management_cost = _money("Agency and management cost of this post.")
    currency = _text("Currency of the costs.", pattern="^[A-Z]{3}$")
    content_type = _text("Kind of content, such as reel, story or photo.")
    campaign = _text("Name of the campaign.")
    disclosure = _text("How the post is disclosed as advertising: label, text or none.")
    compensation = _text("How the creator is paid: paid, gifted, affiliate or organic.")
    managed = _flag("Whether an agency or manager runs the account: 1 or 0.")
    reply_rate = _share("Share of comments on earlier posts that the creator replied to.")
    prior_mentions = _count("Unpaid mentions of the brand by the creator before the post.", "posts")
    collaborations = _count("Paid posts of the creator for the brand before this one.", "posts")


class Orders(dy.Schema):
    """One row per order; columns that hold personal data of customers are never read."""

    order_id = _text("The order's id.", required=True)
    ordered_at = _moment("When the order was placed.")
    code = _text("Promo code or link id that the order used.")
    post_id = _text("The post whose tracked link the order came through, where that is known.")
    gross_revenue = _money("Value of the order before discount and refund.", nullable=False)
    discount = _money("Discount on the order; empty counts as 0.")
    refunded = _money("Amount paid back so far; empty counts as 0.")
    currency = _text("Currency of the amounts.", pattern="^[A-Z]{3}$")

    @dy.rule()
    def net_revenue_not_negative(cls) -> pl.Expr:  # noqa: N805
        """Refund and discount together are at most the gross revenue."""
        taken = pl.col("discount").fill_null(0.0) + pl.col("refunded").fill_null(0.0)
        return pl.col("gross_revenue") - taken >= -CENT


class DailySales(dy.Schema):
    """One row per day: what the shop sold in all, whatever brought it."""

    date = dy.Date(
        nullable=False,
        min=EARLIEST.date(),
        description="The day, as the shop counts days.",
        metadata=_meta(True, "day"),
    )
    orders = _count(
        "Orders of the day, with and without a code; empty where not known.",
        "orders",
        required=True,
    )
    revenue = _money("Net revenue of the day.")
    currency = _text("Currency of the revenue.", pattern="^[A-Z]{3}$")


class Analysis(dy.Schema):
    """One row per post with the orders credited to it: what a model is fitted to."""

    post_id = _text("The post's id.", required=True)
    creator_id = _text("The creator's id.")
    tier = _text("Band of followers, or any other group of posts to compare.")
    platform = _text("Where the creator posts.")
    posted_at = _moment("When the post went online.", required=False)
    content_type = _text("Kind of content, such as reel, story or photo.")
    campaign = _text("Name of the campaign.")
    disclosure = _text("How the post is disclosed as advertising: label, text or none.")
    compensation = _text("How the creator is paid: paid, gifted, affiliate or organic.")
    managed = _flag("Whether an agency or manager runs the account: 1 or 0.")
    reply_rate = _share("Share of comments on earlier posts that the creator replied to.")
    prior_mentions = _count("Unpaid mentions of the brand by the creator before the post.", "posts")
    collaborations = _count("Paid posts of the creator for the brand before this one.", "posts")
    reach = _count("People who saw the post.", "people")
    views = _count("Times the post was seen.", "views")
    followers = _count("Followers when the post went online.", "people")
    audience_credibility = _share("Share of the audience believed real, by a vendor's estimate.")
    likes = _count("Likes; empty where they are hidden or were not delivered, never 0.", "likes")
    comments = _count("Comments; empty where they were not delivered, never 0.", "comments")
    conversions = _count("Orders credited to the post.", "orders", required=True)
    paying_orders = _count("Credited orders with net revenue above 0.", "orders")
    net_revenue = _money("Net revenue of the credited orders: gross less discount and refund.")
    fee = _money("Fee paid to the creator for this post.")
    product_cost = _money("Cost of products given for this post.")
    commission = _money("Commission paid on this post's orders.")
    management_cost = _money("Agency and management cost of this post.")
    currency = _text("Currency of revenue and costs.", pattern="^[A-Z]{3}$")
    collect_days = dy.Float64(
        nullable=True,
        min=0,
        description="How long orders could be credited to the post: until the window's end, the"
        " next post with its code or the export's end.",
        metadata=_meta(False, "days"),
    )
    carry_posts = dy.List(
        dy.String(),
        nullable=True,
        description="The posts whose orders can be credited to this one, itself first.",
        metadata=_meta(False, ""),
    )
    carry_shares = dy.List(
        dy.Float64(min=0, max=1),
        nullable=True,
        description="For each post in carry_posts, the expected share of its orders that the rule"
        " credits to this post.",
        metadata=_meta(False, "share"),
    )

    @dy.rule()
    def paying_at_most_conversions(cls) -> pl.Expr:  # noqa: N805
        """Paying orders are at most the conversions."""
        return pl.col("paying_orders") <= pl.col("conversions")

    @dy.rule()
    def carry_lists_match(cls) -> pl.Expr:  # noqa: N805
        """Every carried post has its share."""
        return pl.col("carry_posts").list.len() == pl.col("carry_shares").list.len()


TABLES: dict[str, type[dy.Schema]] = {
    "creators": Creators,
    "posts": Posts,
    "orders": Orders,
    "daily_sales": DailySales,
    "analysis": Analysis,
}

KEYS = {
    "creators": "creator_id",
    "posts": "post_id",
    "orders": "order_id",
    "daily_sales": "date",
    "analysis": "post_id",
}


@dataclass(frozen=True)
class CrossRule:
    """Words for a rule between columns: the column to look at first and what was expected."""

    column: str
    expected: str


CROSS_RULES = {
    "net_revenue_not_negative": CrossRule(
        "refunded", "discount and refund together at most the gross revenue"
    ),
    "paying_at_most_conversions": CrossRule("paying_orders", "at most the post's conversions"),
    "carry_lists_match": CrossRule("carry_shares", "one share for each entry of carry_posts"),
}
