"""Levels of grouping columns: as texts, of several columns together, and those a spec names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
            together = pl.concat_str([texts(table.get_column(part)) for part in parts], separator=":")
            table = table.with_columns(together.alias(column))
    return table


def order_of(term: Term) -> tuple[str, ...]:
    """Return the order of levels that a term states; empty where it states none."""
    return term.order if isinstance(term, Monotone) else ()


def check_levels(spec: ModelSpec, table: pl.DataFrame) -> list[Problem]:
    """Return a problem for each level that a spec names and the table lacks, and for orders."""
    return [
        problem
        for key, term in all_terms(spec)
        for column in term.columns
        if column in table.columns
        for problem in _problems(key, term, texts(table.get_column(column)))
    ]


def _problems(key: str, term: Term, values: pl.Series) -> Iterator[Problem]:
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
