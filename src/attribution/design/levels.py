"""Levels of grouping columns: as texts, of several columns together, and those a spec names."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from math import isfinite

import polars as pl

from attribution.errors import Problem, suggest
from attribution.spec.columns import all_terms
from attribution.spec.model import ModelSpec
from attribution.spec.terms import Categorical, Monotone, Term


def texts(values: pl.Series) -> pl.Series:
    """Return levels as texts; whole numbers look the same whatever type stores them."""
    if values.dtype.is_float() and (values.drop_nulls() == values.drop_nulls().floor()).all():
        values = values.cast(pl.Int64)
    return values.cast(pl.String)


def join_columns(table: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Add a column for each that stands for several, ``county:year``; its levels are joined."""
    for column in columns:
        parts = column.split(":")
        if len(parts) > 1 and set(parts) <= set(table.columns):
            together = pl.concat_str(
                [texts(table.get_column(part)) for part in parts], separator=":"
            )
            table = table.with_columns(together.alias(column))
    return table


def order_of(term: Term) -> tuple[str, ...]:
    """Return the order of levels that a term states; empty where it states none."""
    return term.order if isinstance(term, Monotone) else ()


def check_levels(
    spec: ModelSpec, table: pl.DataFrame, level_order: Collection[str] = ()
) -> list[Problem]:
    """Return a problem for each level that a spec names and the table lacks, and for orders.

    Parameters
    ----------
    spec
        The spec.
    table
        The posts of the fit.
    level_order
        Order of tiers, where it is known.
    """
    return [
        problem
        for key, term in all_terms(spec)
        for column in term.columns
        if column in table.columns
        for problem in _problems(key, term, texts(table.get_column(column)), level_order)
    ]


def _problems(
    key: str, term: Term, values: pl.Series, level_order: Collection[str]
) -> Iterator[Problem]:
    levels = values.drop_nulls().unique().sort().to_list()
    if isinstance(term, Categorical) and term.reference not in (None, *levels):
        yield Problem(
            f"{term.by} has no level {term.reference!r}",
            key=f"{key}.reference",
            hint=suggest(str(term.reference), levels),
        )
    if isinstance(term, Monotone) and term.order:
        for level in levels:
            if level not in term.order:
                what = f"the order does not say where level {level!r} of {term.by} stands"
                yield Problem(what, key=f"{key}.order", value=", ".join(term.order))
    elif isinstance(term, Monotone) and not (set(levels) <= set(level_order) or _numbers(levels)):
        example = ", ".join(f'"{level}"' for level in levels[:MOST_SHOWN])
        yield Problem(
            f"nothing says in which order the levels of {term.by} stand",
            key=f"{key}.order",
            expected=f"a list of them, first to last: {example}{_more(levels)}",
        )


MOST_SHOWN = 12
"""Levels that a message names."""


def _more(levels: Sequence[str]) -> str:
    return f" and {len(levels) - MOST_SHOWN} more" if len(levels) > MOST_SHOWN else ""


def _numbers(levels: Sequence[str]) -> bool:
    """Whether all levels are numbers, whose order is that of their size."""
    try:
        return all(isfinite(float(level)) for level in levels)
    except ValueError:
        return False
