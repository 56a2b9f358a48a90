"""The columns whose effect on the expected outcome a model can tell: numbers, yes or no, levels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from attribution.design.levels import texts
from attribution.design.rows import sort_levels
from attribution.design.types import Design, Floats
from attribution.spec.columns import all_terms, signals
from attribution.spec.terms import Categorical, Group, Monotone

MOST_LEVELS = 12
"""Levels of a column that effects are told by, or compared, without being asked."""

IDS = ("creator_id", "post_id")
"""Columns whose levels are told of elsewhere, if at all."""


@dataclass(frozen=True)
class Driver:
    """A column that the expected outcome depends on.

    Parameters
    ----------
    column
        Its name.
    values
        Of the posts of the fit, as the table stores them.
    """

    column: str
    values: pl.Series


@dataclass(frozen=True)
class Number(Driver):
    """A column of numbers."""

    @cached_property
    def numbers(self) -> Floats:
        """Values as floats, NaN where hidden; (post,)."""
        return self.values.cast(pl.Float64).to_numpy()

    @cached_property
    def spread(self) -> float:
        """Standard deviation over the posts that show it; 1 where it does not vary."""
        spread = float(np.nanstd(self.numbers))
        return spread if spread > 0 else 1.0

    @property
    def unit(self) -> float:
        """The power of ten nearest to the standard deviation: what a slope is told per."""
        return float(10.0 ** round(np.log10(self.spread)))

    @property
    def least(self) -> float:
        """The smallest value."""
        return float(np.nanmin(self.numbers))


@dataclass(frozen=True)
class YesNo(Driver):
    """A column of 1 and 0, or of truths."""


@dataclass(frozen=True)
class Levels(Driver):
    """A column of levels.

    Parameters
    ----------
    levels
        As texts, in display order.
    reference
        The level that others are compared with.
    zero_sum
        Whether a term's deviations by it add up to zero: its levels are ranked.
    pooled
        Whether its levels are a sample of many, such as creators; told only when asked for.
    """

    levels: tuple[str, ...]
    reference: str
    zero_sum: bool
    pooled: bool

    @property
    def few(self) -> bool:
        """Whether its levels are compared without being asked."""
        return not self.pooled and len(self.levels) <= MOST_LEVELS and self.column not in IDS

    def raw(self, level: str) -> pl.Expr:
        """Return a level as the table stores it."""
        position = texts(self.values).to_list().index(level)
        return pl.lit(self.values[position]).cast(self.values.dtype)


def drivers(design: Design) -> list[Driver]:
    """Return every column that the expected outcome depends on, exposure and trials aside.

    Columns of features and parts come first, then those whose levels terms tell apart; a column
    that is both counts as levels.
    """
    spec = design.spec
    apart = dict.fromkeys(p for _, t in all_terms(spec) for c in t.columns for p in c.split(":"))
    numbers = (spec.outcome.column, spec.outcome.exposure, spec.outcome.trials)
    names = dict.fromkeys((*signals(spec), *apart))
    found = (_driver(design, name, levels=name in apart) for name in names if name not in numbers)
    return [driver for driver in found if driver is not None]


def _driver(design: Design, column: str, *, levels: bool) -> Driver | None:
    values = design.table.get_column(column)
    dtype = values.dtype
    if levels or dtype in (pl.String, pl.Categorical, pl.Enum):
        return _levels(design, column, values)
    if dtype == pl.Boolean:
        return YesNo(column, values)
    if not dtype.is_numeric():
        return None
    few = values.drop_nulls().cast(pl.Float64).unique()
    if few.len() == 2 and set(few) == {0.0, 1.0}:
        return YesNo(column, values)
    return Number(column, values)


def _levels(design: Design, column: str, values: pl.Series) -> Levels:
    known = design.groups.get(column)
    found = (
        known.levels if known else sort_levels(texts(values).drop_nulls().unique().to_list(), ())
    )
    terms = [t for _, t in all_terms(design.spec) if column in t.columns]
    references = (t.reference for t in terms if isinstance(t, Categorical) and t.reference)
    zero_sum = any(isinstance(t, Group) and t.effects == "zero_sum" for t in terms)
    whole = any(isinstance(t, Categorical | Monotone) for t in terms) or zero_sum or known is None
    return Levels(column, values, found, next(references, found[0]), zero_sum, pooled=not whole)


def driver_of(design: Design, column: str) -> Driver | None:
    """Return what a column is, None where the expected outcome does not depend on it."""
    return next((d for d in drivers(design) if d.column == column), None)


def zero_sum_column(design: Design) -> str | None:
    """Return the first column of the mean whose levels' effects add up to zero."""
    terms = (t for t in design.spec.mean.terms if isinstance(t, Group))
    return next((t.by for t in terms if t.effects == "zero_sum"), None)


def reporting_column(design: Design) -> str | None:
    """Return the column to report by: the zero-sum one, else the first with few levels."""
    return zero_sum_column(design) or next(_with_few_levels(design), None)


def _with_few_levels(design: Design) -> Iterator[str]:
    for term in design.spec.mean.terms:
        for column in term.columns:
            few = len(design.groups[column].levels) <= MOST_LEVELS
            if few and ":" not in column and column not in IDS:
                yield column
