"""The columns that a model counts with: numbers, none below 0, and whole ones where orders are."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from attribution.errors import Problem
from attribution.spec.model import ModelSpec, RatesMean


def check_numbers(spec: ModelSpec, table: pl.DataFrame) -> list[Problem]:
    """Return a problem for each column of outcome, exposure and parts that cannot be counted with.

    The canonical columns were checked when the table was read; a spec may name others.
    """
    found = [
        _problem(table.get_column(column), key, whole=column == spec.outcome.column)
        for key, column in _counted(spec)
        if column in table.columns
    ]
    return [problem for problem in found if problem is not None]


def _counted(spec: ModelSpec) -> Iterator[tuple[str, str]]:
    yield "outcome.column", spec.outcome.column
    yield "outcome.exposure", spec.outcome.exposure
    if isinstance(spec.mean, RatesMean):
        for i, part in enumerate(spec.mean.parts):
            if part != spec.outcome.exposure:
                yield f"mean.parts[{i}]", part


def _problem(values: pl.Series, key: str, *, whole: bool) -> Problem | None:
    expected = f"{'whole numbers' if whole else 'numbers'}, 0 or more"
    what = f"the model cannot count with the column {values.name!r}"
    shown = values.drop_nulls()
    if shown.is_empty():
        return None
    if not values.dtype.is_numeric():
        return Problem(what, key=key, value=str(shown.first()), expected=expected)
    amounts = shown.cast(pl.Float64)
    good = amounts.is_finite() & (amounts >= 0)
    if whole:
        good &= amounts == amounts.floor()
    if good.all():
        return None
    return Problem(what, key=key, value=str(shown.filter(~good).first()), expected=expected)
