"""Credited and paying orders as counts to learn refunds from, and what they tell of each level."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from attribution.design.types import Floats, GroupIndex, Integers, Refunds, Value
from attribution.spec.model import ModelSpec, OrderValue

HALF = 0.5
"""Orders added to either kind, so that a level whose orders all pay has a finite logit."""


def refunds_of(
    spec: ModelSpec, value: Value | None, credited: Integers, groups: Mapping[str, GroupIndex]
) -> Refunds | None:
    """Return counts of paying orders among credited ones; None where all posts share one share.

    Posts alike in every level that the share varies between are added up, where nothing else tells
    them apart: binomial counts with one probability are as good as their sum.

    Parameters
    ----------
    credited
        Credited orders of each post; (post,).
    groups
        Grouping columns of the order value, posts by posts.
    """
    stated = spec.order_value
    if stated is None or value is None or not stated.varying:
        return None
    rows = np.flatnonzero(credited > 0)
    orders, paying = credited[rows], value.kept[rows]
    if stated.paying_concentration is None:
        rows, orders, paying = _added_up(stated, rows, orders, paying, groups)
    of = {term.by: groups[term.by] for term in stated.paying_terms}
    levels = {name: _told(group, rows, orders, paying) for name, group in of.items()}
    return Refunds(rows, orders, paying, levels)


def _added_up(
    stated: OrderValue,
    rows: Integers,
    orders: Integers,
    paying: Integers,
    groups: Mapping[str, GroupIndex],
) -> tuple[Integers, Integers, Integers]:
    """Return a post of each combination of levels, and the sums of its orders and paying ones."""
    keys = {term.by: groups[term.by].index[rows] for term in stated.paying_terms}
    frame = pl.DataFrame({**keys, "row ": rows, "orders ": orders, "paying ": paying})
    sums = frame.group_by(list(keys), maintain_order=True).agg(
        pl.col("row ").first(), pl.col("orders ", "paying ").sum()
    )
    first, whole, kept = (sums.get_column(f"{name} ").to_numpy() for name in
                          ("row", "orders", "paying"))  # fmt: skip
    return first, whole, kept


def _told(group: GroupIndex, rows: Integers, orders: Integers, paying: Integers) -> GroupIndex:
    """Return each level's logit, and how much is told of it; these only steer the sampler."""
    index, count = group.index[rows], len(group.levels)
    share = (paying.sum() + HALF) / (orders.sum() + 2.0 * HALF)
    told: Floats = orders * share * (1.0 - share)
    whole, kept = (np.bincount(index, counts, count) for counts in (orders, paying))
    level = np.bincount(index, told, count)
    estimate = np.where(level > 0, np.log((kept + HALF) / (whole - kept + HALF)), 0.0)
    return GroupIndex(group.levels, index, level, estimate, told / level[index])
