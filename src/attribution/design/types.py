"""The arrays that a model is built from, with their dims and units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from attribution.design.bases import Basis
from attribution.design.halo import Halo
from attribution.spec.families import Family
from attribution.spec.model import ModelSpec
from attribution.spec.terms import dim

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Truths = NDArray[np.bool_]

__all__ = [
    "Absent",
    "Basis",
    "Design",
    "Floats",
    "GroupIndex",
    "Hidden",
    "Integers",
    "Scores",
    "SetAside",
    "Sources",
    "Truths",
    "Value",
    "dim",
]


@dataclass(frozen=True)
class Absent:
    """A part of the answer that this table cannot give, and why."""

    part: str
    reason: str


@dataclass(frozen=True)
class SetAside:
    """A post that is left out of the fit, and why."""

    post_id: str
    reason: str


@dataclass(frozen=True)
class GroupIndex:
    """The levels of a grouping column and each post's level.

    Parameters
    ----------
    levels
        Names of the levels, in display order.
    index
        Level of each post; shape (post,), values 0 … len(levels) - 1.
    information
        What the data tell of each level's effect, one over its squared standard error, roughly,
        the creators within a level being a sample of such creators; shape (level,).
    estimate
        What the level's own data say that the weighted mean of its posts' log mean is, roughly;
        shape (level,). Both only steer how effects are sampled.
    weight
        Weight of each post in its level, by how much it says; adds to 1 by level; shape (post,).
    unseen
        Levels beyond those of the fit that posts have after a change; their positions follow.
    """

    levels: tuple[str, ...]
    index: Integers
    information: Floats
    estimate: Floats
    weight: Floats
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hidden:
    """Signals that a post does not show, with what the other signals say of them.

    Parameters
    ----------
    columns
        Column that is hidden, per hidden value; shape (hidden,).
    rows
        Position of the post in the design; shape (hidden,).
    mean, sd
        Predictive mean and standard deviation of log(1 + value); shape (hidden,).
    nodes
        Standardised values of log(1 + value) at which features are tabulated; shape (node,).
    features
        Each feature at the nodes, centred as the design's features; feature -> (hidden, node).
    """

    columns: tuple[str, ...]
    rows: Integers
    mean: Floats
    sd: Floats
    nodes: Floats
    features: Mapping[str, Floats]


@dataclass(frozen=True)
class Sources:
    """Which posts' orders can be credited to a post, and with what share.

    Parameters
    ----------
    index
        Position of the source post; shape (post, source), the post itself first.
    weight
        Share of the source's orders that the rule credits to the post; 0 where padded.
    credited
        Share of each post's orders that the rule credits to any post in the fit; shape (post,).
    orders
        Each post's own orders, roughly: those credited to a post, divided among its sources by
        weight. They only steer how the gamma mixing is sampled; shape (post,).
    """

    index: Integers
    weight: Floats
    credited: Floats
    orders: Floats


@dataclass(frozen=True)
class Value:
    """Net revenue of the credited orders.

    Parameters
    ----------
    rows
        Posts with at least one paying order; shape (sale,).
    orders
        Paying orders of those posts; shape (sale,).
    revenue
        Their net revenue, units of currency; shape (sale,).
    paying, credited
        Paying and credited orders in total, for the share of orders that keep net revenue.
    kept
        Paying orders of each post; (post,).
    """

    rows: Integers
    orders: Integers
    revenue: Floats
    paying: int
    credited: int
    kept: Integers


@dataclass(frozen=True)
class Refunds:
    """Counts that shares of paying orders are learned from, where these differ between posts.

    Parameters
    ----------
    rows
        Posts, or one of those that are added up; (credit,).
    orders, paying
        Credited and paying orders, more than 0 credited; (credit,).
    groups
        Columns that the share varies by, index and weight being those of the counts; (credit,).
    """

    rows: Integers
    orders: Integers
    paying: Integers
    groups: Mapping[str, GroupIndex]


@dataclass(frozen=True)
class Scores:
    """Scores of how credible creators' audiences are.

    Parameters
    ----------
    levels
        Position of each creator that has a score; shape (scored,).
    values
        Share of its audience believed real, strictly between 0 and 1; shape (scored,).
    """

    levels: Integers
    values: Floats

    def by_level(self, count: int) -> tuple[Floats, Floats]:
        """Return scores, a half where there is none, and 1 where there is one, else 0; (level,)."""
        values, known = np.full(count, 0.5), np.zeros(count)
        values[self.levels], known[self.levels] = self.values, 1.0
        return values, known


@dataclass(frozen=True)
class Design:
    """What a model is built from; the order of ``table`` is the order of the post dim.

    Parameters
    ----------
    spec
        The spec without the parts that the table cannot support.
    table
        The posts in the fit, one row each, counts as integers and amounts as floats.
    outcome
        What the model explains, such as conversions; whole numbers where its family counts;
        shape (post,).
    exposure
        What the mean is proportional to, people who could have seen the post; 1 where the model
        has no exposure; shape (post,).
    trials
        Number of trials of a share; None for other families; shape (post,).
    signals
        Amounts of each part of a rates mean, hidden values at their predictive median;
        column -> (post,).
    units
        Exposure per unit of each part over the posts that show all parts; shape (part,).
    features
        Centred features of all sums of terms; feature -> (post,).
    feature_centres
        What was subtracted from each feature.
    bases
        Functions of features that curves are made of; name of the curve -> basis.
    groups
        Grouping columns that the spec uses.
    hidden, sources, value
        None where the table has no hidden signal, no late orders, no revenue.
    absent, set_aside
        What cannot be answered and which posts were left out, each with its reason.
    tested
        1 for the posts that a lift test is of, else 0; shape (test, post). None without tests.
    scores
        Audiences' credibility, None where there is none.
    halo
        What posts reached before each day; None but for a halo mean.
    refunds
        Counts of paying orders, where their share differs between posts; else None.
    stages
        Outcomes on the way, each of the posts in the fit that show what it needs.
    """

    spec: ModelSpec
    table: pl.DataFrame
    outcome: Integers | Floats
    exposure: Floats
    trials: Floats | None
    signals: Mapping[str, Floats]
    units: Floats
    features: Mapping[str, Floats]
    feature_centres: Mapping[str, float]
    bases: Mapping[str, Basis]
    groups: Mapping[str, GroupIndex]
    value_groups: Mapping[str, GroupIndex]
    hidden: Hidden | None
    sources: Sources | None
    value: Value | None
    absent: tuple[Absent, ...]
    set_aside: tuple[SetAside, ...]
    tested: Floats | None = None
    scores: Scores | None = None
    halo: Halo | None = None
    refunds: Refunds | None = None
    stages: Mapping[str, Design] = field(default_factory=dict)

    @property
    def family(self) -> Family:
        """Distribution of the outcome."""
        return self.spec.outcome.distribution

    @property
    def posts(self) -> tuple[str, ...]:
        """Names of the posts in the fit."""
        return tuple(self.table.get_column("post_id"))
