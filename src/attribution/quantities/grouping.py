"""Posts by total, tier, creator, campaign or one by one, to add quantities up by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from attribution.design.types import Design, Floats, Integers
from attribution.errors import InputError, Problem

LEVELS = {
    "total": None,
    "tier": "tier",
    "creator": "creator_id",
    "campaign": "campaign",
    "post": "post_id",
}
"""What quantities can be told by, and the column that says it."""


@dataclass(frozen=True)
class Grouping:
    """Posts by one column.

    Parameters
    ----------
    by
        One of :data:`LEVELS`.
    names
        Of the groups.
    index
        Group of each post; (post,).
    """

    by: str
    names: Sequence[str]
    index: Integers

    def members(self, weights: Floats) -> csr_array:
        """Return the matrix that adds posts times their weights up; (group, post)."""
        count = len(self.index)
        return csr_array((weights, (self.index, np.arange(count))), shape=(len(self.names), count))

    def total(self, values: Floats) -> Floats:
        """Add posts' values up; (post,) -> (group,)."""
        added: Floats = np.bincount(self.index, weights=values, minlength=len(self.names))
        return added


def groupings(design: Design, by: str | Sequence[str]) -> list[Grouping]:
    """Return the posts by one or by several of :data:`LEVELS`.

    Raises
    ------
    InputError
        For an unknown ``by``, or a column that the table lacks.
    """
    return [_grouping(design, level) for level in ([by] if isinstance(by, str) else by)]


def _grouping(design: Design, by: str) -> Grouping:
    if by not in LEVELS:
        raise InputError(
            Problem("cannot tell by this", key="by", value=by, expected=", ".join(LEVELS))
        )
    column = LEVELS[by]
    if column is None:
        return Grouping(by, ("all",), np.zeros(len(design.outcome), dtype=np.int64))
    if column in design.groups:
        return Grouping(by, design.groups[column].levels, design.groups[column].index)
    if column not in design.table.columns:
        have = [name for name, c in LEVELS.items() if c is None or c in design.table.columns]
        raise InputError(
            Problem(f"the table has no {column}", key="by", value=by, expected=", ".join(have))
        )
    values = design.table.get_column(column).cast(pl.String).fill_null("(none)")
    levels = tuple(values.unique(maintain_order=True))
    position = {level: i for i, level in enumerate(levels)}
    return Grouping(by, levels, np.asarray([position[v] for v in values], dtype=np.int64))
