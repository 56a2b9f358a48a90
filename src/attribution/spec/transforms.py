"""Features: Polars SQL expressions whose value for a post depends on that post alone."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from attribution.errors import InputError, Problem, raise_if_any
from attribution.spec.expressions import scan
from attribution.spec.model import Feature

if TYPE_CHECKING:
    import polars as pl


@cache
def columns_of(feature: Feature) -> frozenset[str]:
    """Return the columns that a feature is made from.

    Raises
    ------
    InputError
        When the expression is not one of a single post's values.
    """
    columns, reasons = scan(feature.expression)
    if reasons:
        raise InputError([_problem(feature, what, hint) for what, hint in reasons])
    return frozenset(columns)


def row_wise(feature: Feature) -> pl.Expr:
    """Return the checked expression, named like the feature, as floats (true is 1, false is 0).

    For a table use :func:`evaluate`: on columns of small or unsigned integers the expression by
    itself would count modulo the type's size.

    Raises
    ------
    InputError
        When the expression is not one of a single post's values or Polars cannot read it.
    """
    import polars as pl

    return _expression(feature).cast(pl.Float64).alias(feature.name)


def evaluate(features: Iterable[Feature], table: pl.DataFrame) -> pl.DataFrame:
    """Return the features of every row, one column of floats each; null where they are unknown.

    Numbers are taken as floats whatever type the table stores them in, so that the type never
    changes a feature.

    Raises
    ------
    InputError
        When a feature is no number, cannot be computed from the table's types, or is infinite or
        undefined in some rows.
    """
    import polars as pl

    wanted = list(features)
    needed = set().union(*(columns_of(feature) for feature in wanted))
    numbers = table.select(name for name in table.columns if name in needed)
    numbers = numbers.with_columns(pl.selectors.numeric().cast(pl.Float64))
    columns: list[pl.Series] = []
    problems: list[Problem] = []
    for feature in wanted:
        try:
            columns.append(_values(feature, numbers))
        except InputError as error:
            problems.extend(error.problems)
    raise_if_any(problems)
    return pl.DataFrame(columns)


def _values(feature: Feature, numbers: pl.DataFrame) -> pl.Series:
    import polars as pl

    try:
        values = numbers.select(_expression(feature).alias(feature.name)).to_series()
    except pl.exceptions.PolarsError as error:
        raise InputError(_problem(feature, f"Polars cannot compute it: {_line(error)}")) from error
    if not (values.dtype.is_numeric() or values.dtype == pl.Boolean):
        raise InputError(_problem(feature, f"this gives no number but {values.dtype}"))
    values = values.cast(pl.Float64)
    bad = values.len() - values.is_finite().fill_null(True).sum()
    if bad:
        hint = "Keep ln() and / away from 0, as in ln(1 + likes)"
        raise InputError(_problem(feature, f"infinite or undefined in {bad:,} rows", hint))
    return values


@cache
def _expression(feature: Feature) -> pl.Expr:
    import polars as pl

    columns = columns_of(feature)
    try:
        expression = pl.sql_expr(feature.expression)
    except pl.exceptions.PolarsError as error:
        raise InputError(_problem(feature, f"Polars cannot read it: {_line(error)}")) from error
    if set(expression.meta.root_names()) != columns:
        raise InputError(_problem(feature, "this is more than an expression of a post's columns"))
    return expression


def _line(error: Exception) -> str:
    return str(error).splitlines()[0]


def _problem(feature: Feature, what: str, hint: str | None = None) -> Problem:
    return Problem(what, key=f"features.{feature.name}", value=feature.expression, hint=hint)
