"""The days of a halo mean: each once, none missing, and what posts reached on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl

from attribution.design.halo import Halo, ages, lagged
from attribution.design.types import Absent, Floats, Integers
from attribution.errors import InputError, Problem
from attribution.spec.halo import HaloMean
from attribution.spec.model import ModelSpec

IN_A_ROW = "days that follow one another, each once, without a gap"
GAP_HINT = "Add the missing days, sales empty where they are not known"


def check_days(spec: ModelSpec, table: pl.DataFrame) -> Iterator[Problem]:
    """Yield what is wrong with the days of a halo mean and with what posts reached on them."""
    mean = spec.mean
    if not isinstance(mean, HaloMean) or not {mean.day, *mean.parts} <= set(table.columns):
        return
    yield from _check_order(table.get_column(mean.day))
    for index, part in enumerate(mean.parts):
        yield from _check_reach(table, mean.day, part, f"mean.parts[{index}]")


def _check_order(column: pl.Series) -> Iterator[Problem]:
    days = _numbers(column)
    if days is None or days.null_count():
        what, expected = f"the column {column.name!r} holds no days", "days such as 2025-03-01"
        value = str(column.dtype) if days is None else _first(column, days.is_null())
        yield Problem(what, key="mean.day", value=value, expected=expected)
        return
    ordered = days.sort()
    steps = ordered.diff()
    if (twice := ordered.filter(steps == 0)).len():
        day = _first(column, days == twice[0])
        what = f"{twice.len():,} rows are of a day that another row has already"
        yield Problem(what, key="mean.day", value=day, expected=IN_A_ROW)
    if (after := ordered.filter(steps > 1)).len():
        missing = int((steps.drop_nulls() - 1).clip(0).sum())
        what = f"{missing:,} days are missing in the table"
        value = f"the days before {_first(column, days == after[0])}"
        yield Problem(what, key="mean.day", value=value, expected=IN_A_ROW, hint=GAP_HINT)


def _first(column: pl.Series, where: pl.Series) -> str:
    value = column.filter(where).first()
    return "an empty cell" if value is None else str(value)


def _check_reach(table: pl.DataFrame, day: str, part: str, key: str) -> Iterator[Problem]:
    values = table.get_column(part)
    expected = "numbers, 0 or more; 0 on days without a post"
    what = f"the model cannot count with the column {part!r}"
    if not values.dtype.is_numeric():
        yield Problem(what, key=key, value=str(values.dtype), expected=expected)
        return
    bad = table.filter(~(pl.col(part) >= 0).fill_null(False) | ~pl.col(part).is_finite())
    if bad.height:
        value = bad.get_column(part)[0]
        found = "an empty cell" if value is None else f"{value:g}"
        where = f"{found} ({bad.get_column(day)[0]})"
        yield Problem(what, key=key, value=where, expected=expected)


def _numbers(column: pl.Series) -> pl.Series | None:
    """Return days as numbers that rise by 1 a day, null where there is none; None for no days."""
    if column.dtype == pl.String:
        column = column.str.to_date(strict=False)
    if column.dtype == pl.Datetime:
        column = column.dt.date()
    if column.dtype == pl.Date:
        return column.to_physical().cast(pl.Int64)
    return column.cast(pl.Int64) if column.dtype.is_integer() else None


def prune_halo(spec: ModelSpec, table: pl.DataFrame) -> tuple[ModelSpec, tuple[Absent, ...]]:
    """Return a spec without the parts that reached nobody on any day, and why.

    Raises
    ------
    InputError
        When no part is left.
    """
    mean = spec.mean
    if not isinstance(mean, HaloMean):
        return spec, ()
    kept = tuple(part for part in mean.parts if table.get_column(part).sum() > 0)
    if not kept:
        what = "no post reached anybody on the days of the table, so there is no halo to tell"
        raise InputError(Problem(what, key="mean.parts", value=", ".join(mean.parts)))
    gone = (part for part in mean.parts if part not in kept)
    absent = tuple(Absent(f"sales through {part}", f"all {part} are 0") for part in gone)
    return replace(spec, mean=replace(mean, parts=kept)), absent


def halo_of(
    spec: ModelSpec, table: pl.DataFrame, kept: pl.DataFrame, outcome: Integers | Floats
) -> Halo | None:
    """Return what posts reached before each day of the fit; None for another mean.

    Parameters
    ----------
    table
        All days, those without known sales included: their posts reach into the others.
    kept
        The days of the fit.
    outcome
        Their sales; (post,).
    """
    mean = spec.mean
    if not isinstance(mean, HaloMean):
        return None
    days, wanted = (_positions(frame.get_column(mean.day)) for frame in (table, kept))
    first = days.min()
    average = float(np.mean(outcome))
    reach = {part: np.zeros(len(days)) for part in mean.parts}
    for part, values in reach.items():
        values[days - first] = table.get_column(part).cast(pl.Float64).to_numpy()
    averages = np.asarray([np.mean(values) for values in reach.values()])
    unit = average / float(averages.sum())
    here = wanted - first
    return Halo(
        lags={part: unit * lagged(values, mean.days)[here] for part, values in reach.items()},
        unit=unit,
        mix=averages / averages.sum(),
        reach=np.stack([values[here] for values in reach.values()], axis=1),
        days=here,
        ages=ages(mean.days),
    )


def _positions(column: pl.Series) -> Integers:
    numbers = _numbers(column)
    if numbers is None:
        raise AssertionError("days are checked before they are used")
    return numbers.to_numpy()
