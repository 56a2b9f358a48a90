"""What codes miss and claim wrongly, and lift tests that measure what posts brought.

All else is drawn before, so that a brand of which codes miss orders is the brand without and less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from attribution.errors import Problem, raise_if_any

MISSED = "missed"
"""Source of an order that a post brought and that was exported without its code."""


@dataclass(frozen=True)
class Capture:
    """Which of the orders that go with posts are recorded, and which the posts brought.

    Parameters
    ----------
    share
        Share of them that has the post's code; above 0.
    anyway
        Share of them whose buyers would have come without the post, with or without a code.
    """

    share: float = 1.0
    anyway: float = 0.0

    def __post_init__(self) -> None:
        problems = []
        if not 0.0 < self.share <= 1.0:
            what, expected = "the share of orders with a code is impossible", "above 0, at most 1"
            problems.append(Problem(what, value=f"{self.share:g}", expected=expected))
        if not 0.0 <= self.anyway < 1.0:
            what, expected = "the share of buyers who would have come is impossible", "0 to below 1"
            problems.append(Problem(what, value=f"{self.anyway:g}", expected=expected))
        raise_if_any(problems)

    @property
    def brought(self) -> float:
        """Orders that posts bring for each recorded one."""
        return (1.0 - self.anyway) / self.share


@dataclass(frozen=True)
class LiftTests:
    """Experiments that measure what campaigns bring: a campaign is the posts of a month.

    Parameters
    ----------
    count
        How many campaigns are tested, the first ones.
    relative_error
        Standard error of each over the orders that the campaign brought.
    """

    count: int = 2
    relative_error: float = 0.15


@dataclass(frozen=True)
class Lift:
    """One lift test and what it should have measured.

    Parameters
    ----------
    name
        The campaign.
    orders
        Orders that would not have come without its posts, whenever they came.
    estimate, standard_error
        What the test says.
    """

    name: str
    orders: int
    estimate: float
    standard_error: float

    @property
    def posts(self) -> str:
        """Which posts it is of, as a spec says it."""
        return f"campaign = '{self.name}'"


def miss(capture: Capture, orders: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Take the code off orders that it misses; their buyers pay the same without a discount.

    Parameters
    ----------
    orders
        All orders of the export, with ``source`` and ``code``.
    """
    unseen = pl.Series("unseen", rng.random(orders.height) >= capture.share)
    missed = (pl.col("source") == "post") & pl.lit(unseen)
    return orders.with_columns(
        source=pl.when(missed).then(pl.lit(MISSED)).otherwise("source"),
        code=pl.when(~missed).then("code"),
        gross_revenue=pl.col("gross_revenue") - pl.when(missed).then("discount").otherwise(0.0),
        discount=pl.when(missed).then(0.0).otherwise("discount"),
    )


def with_campaigns(posts: pl.DataFrame) -> pl.DataFrame:
    """Call the posts of each month a campaign."""
    return posts.with_columns(campaign=pl.col("posted_at").dt.strftime("%Y-%m"))


def draw_lifts(
    tests: LiftTests,
    capture: Capture,
    posts: pl.DataFrame,
    orders: NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[Lift, ...]:
    """Draw what tests of the first campaigns find.

    Parameters
    ----------
    posts
        With ``campaign``.
    orders
        Orders that go with each post, whenever they come; shape (post,).
    """
    brought = rng.binomial(orders, 1.0 - capture.anyway)
    by_campaign = (
        posts.select("campaign", brought=pl.Series(brought)).group_by("campaign").sum()
    ).sort("campaign")
    found = []
    for name, truth in by_campaign.head(tests.count).rows():
        error = max(tests.relative_error * truth, 1.0)
        estimate = round(float(rng.normal(truth, error)), 1)
        found.append(Lift(name, truth, estimate, round(error, 1)))
    return tuple(found)
