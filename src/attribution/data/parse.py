"""Turn cells into the declared types; every cell that does not fit is named."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from attribution.data.columns import Column
from attribution.data.files import ROW, Raw
from attribution.data.mapping import Constant, RowNumber, Source
from attribution.errors import Problem, raise_if_any

MOMENT = (
    r"^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(\.\d{1,9})?)?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2}| ?UTC)?$"
)
"""A date, a time with optional seconds, an optional zone; UTC where there is none (ISO 8601)."""

HINTS = (
    (r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$", "Write it without thousands separators"),
    (r"^[+-]?\d+,\d+$", "Write a decimal point, not a comma"),
    (r"(?i)^[+-]?[\d.,]+\s*[kmb]$", "Write the number in full"),
    (r"^[+-]?[\d.,]+\s*%$", "Write a share between 0 and 1, without the percent sign"),
    (r"^\d{1,4}[./]\d{1,2}[./]\d{1,4}", "Write the date as year-month-day: 2025-03-01 14:30"),
    (r"^[^\d\s.,+-]+\s*[\d.,]+$|^[\d.,]+\s*[^\d\s.,+-]+$", "Write the number alone"),
    (
        r"(?i)^(na|n/a|nan|null|none|-|–|unknown|hidden)$",
        "Leave the cell empty where the value is not known, or list the word as missing in a"
        " mapping file",
    ),
)
"""What to do about the usual kinds of cell that are no number or date."""

FAILURES = {ROW: pl.Int64, "column": pl.String, "value": pl.String, "expected": pl.String}


def parse(
    raw: Raw, columns: Mapping[str, Column], missing: tuple[str, ...]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give the canonical columns of a file their types.

    Parameters
    ----------
    raw
        Cells as read.
    columns
        The declared columns.
    missing
        Cell contents that mean "not known", besides the empty cell.

    Returns
    -------
    tuple
        The typed frame (``ROW``, canonical columns, extras; null where a cell does not fit), and
        a frame of the cells that do not fit, with columns ``ROW``, column, value, expected.

    Raises
    ------
    InputError
        When a column of a Parquet file holds another type altogether, or a constant of the
        mapping is no value of its column.
    """
    cells = raw.frame.with_columns(
        _blank_to_null(name, missing)
        for name, dtype in raw.frame.schema.items()
        if dtype == pl.String
    )
    sources = raw.selection.sources
    raise_if_any(
        _type_problem(raw.file, cells.schema[source], column, source)
        for name, column in columns.items()
        if isinstance(source := sources.get(name), str)
        and not _can_hold(cells.schema[source], column.kind)
    )
    lists = _read_lists(cells, columns, sources)
    typed = cells.select(
        ROW,
        *(
            lists.get(name, _typed(source, cells.schema, columns[name])).alias(name)
            for name, source in sources.items()
        ),
        *(pl.col(name) for name in raw.selection.extras),
    )
    raise_if_any(
        Problem(
            "the constant in the mapping does not fit", column=name, expected=columns[name].expected
        )
        for name, source in sources.items()
        if isinstance(source, Constant) and typed.get_column(name).null_count()
    )
    return _infer(typed, raw.selection.extras), _failures(cells, typed, columns, sources)


def _blank_to_null(name: str, missing: tuple[str, ...]) -> pl.Expr:
    cell = pl.col(name).str.strip_chars()
    return pl.when(~cell.is_in(["", *missing])).then(cell).alias(name)


def _can_hold(dtype: pl.DataType, kind: str) -> bool:
    if dtype in (pl.String, pl.Null):
        return True
    if kind in ("count", "amount"):
        return dtype.is_numeric()
    if kind in ("moment", "day"):
        return dtype in (pl.Datetime, pl.Date)
    if kind in ("texts", "shares"):
        return isinstance(dtype, pl.List)
    return dtype.is_integer() or dtype in (pl.Categorical, pl.Enum)


def _type_problem(file: str, dtype: pl.DataType, column: Column, source: str) -> Problem:
    return Problem(
        f"the column holds values of type {dtype}",
        file=file,
        column=source,
        expected=column.expected,
    )


def _typed(source: Source, schema: Mapping[str, pl.DataType], column: Column) -> pl.Expr:
    """Return the expression for a canonical column; null where the cell does not fit."""
    if isinstance(source, RowNumber):
        return pl.col(ROW).cast(pl.String)
    if isinstance(source, Constant):
        return _from_text(pl.lit(source.value), column)
    cell, dtype = pl.col(source), schema[source]
    if dtype == pl.String:
        return _from_text(cell, column)
    if column.kind == "count" and not dtype.is_integer():
        return _whole(cell.cast(pl.Float64))
    if column.kind == "amount":
        return _finite(cell.cast(pl.Float64))
    if column.kind == "moment" and isinstance(dtype, pl.Datetime) and dtype.time_zone:
        return cell.dt.convert_time_zone("UTC").dt.cast_time_unit("us")
    if column.kind == "moment":
        return cell.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return cell.cast(column.dtype)


def _from_text(cell: pl.Expr, column: Column) -> pl.Expr:
    match column.kind:
        case "count":
            whole = _whole(cell.cast(pl.Float64, strict=False))
            return pl.coalesce(cell.cast(pl.Int64, strict=False), whole)
        case "amount":
            return _finite(cell.cast(pl.Float64, strict=False))
        case "moment":
            return _moment(cell)
        case "day":
            return cell.str.to_date("%Y-%m-%d", strict=False)
        case _:
            return cell


def _whole(number: pl.Expr) -> pl.Expr:
    """Return whole numbers that were stored with a fraction of 0, such as 12.0."""
    return pl.when(number.is_finite() & (number == number.round())).then(
        number.cast(pl.Int64, strict=False)
    )


def _finite(number: pl.Expr) -> pl.Expr:
    return pl.when(number.is_finite()).then(number)


def _moment(cell: pl.Expr) -> pl.Expr:
    parts = cell.str.extract_groups(MOMENT)
    day, time, seconds, fraction, zone = (parts.struct[i] for i in range(5))
    offset = zone.str.strip_chars().replace(["Z", "UTC"], "+00:00").str.replace(":", "")
    iso = pl.concat_str(
        day,
        pl.lit("T"),
        time.fill_null("00:00"),
        pl.lit(":"),
        seconds.fill_null("00"),
        fraction.fill_null(".0"),
        offset.fill_null("+0000"),
    )
    return iso.str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", time_zone="UTC", strict=False
    )


def _read_lists(
    cells: pl.DataFrame, columns: Mapping[str, Column], sources: Mapping[str, Source]
) -> dict[str, pl.Expr]:
    """Return the list columns of a CSV file, written there as JSON lists."""
    return {
        name: pl.lit(_lists(cells.get_column(source), columns[name]))
        for name, source in sources.items()
        if columns[name].kind in ("texts", "shares")
        and isinstance(source, str)
        and cells.schema[source] == pl.String
    }


def _lists(texts: pl.Series, column: Column) -> pl.Series:
    item = str if column.kind == "texts" else (int, float)
    return pl.Series([_list(text, item) for text in texts], dtype=column.dtype)


def _list(text: str | None, item: Any) -> list[Any] | None:
    try:
        found = json.loads(text or "null")
    except json.JSONDecodeError:
        return None
    fits = isinstance(found, list) and all(isinstance(value, item) for value in found)
    return found if fits else None


def _infer(frame: pl.DataFrame, extras: tuple[str, ...]) -> pl.DataFrame:
    """Give the user's own columns the narrowest type that holds every cell."""
    return frame.with_columns(
        _narrowest(frame.get_column(name)) for name in extras if frame.schema[name] == pl.String
    )


def _narrowest(texts: pl.Series) -> pl.Series:
    for dtype in (pl.Int64, pl.Float64):
        numbers = texts.cast(dtype, strict=False)
        if numbers.null_count() == texts.null_count():
            return numbers
    return texts


def _failures(
    cells: pl.DataFrame,
    typed: pl.DataFrame,
    columns: Mapping[str, Column],
    sources: Mapping[str, Source],
) -> pl.DataFrame:
    """Return the cells that hold something but have no value of the declared type."""
    parts = [pl.DataFrame(schema=FAILURES)]
    for name, source in sources.items():
        if not isinstance(source, str):
            continue
        written = cells.get_column(source)
        bad = typed.get_column(name).is_null() & written.is_not_null()
        if bad.any():
            value = written.filter(bad).cast(pl.String)
            rows = typed.get_column(ROW).filter(bad)
            parts.append(_failure(name, rows, value, columns[name].expected))
    return pl.concat(parts)


def _failure(name: str, rows: pl.Series, value: pl.Series, expected: str) -> pl.DataFrame:
    advice = pl.coalesce(
        *(
            pl.when(pl.col("value").str.contains(pattern)).then(pl.lit(f"{expected}. {words}"))
            for pattern, words in HINTS
        ),
        pl.lit(expected),
    )
    frame = pl.DataFrame({ROW: rows, "value": value})
    return frame.select(ROW, pl.lit(name).alias("column"), "value", advice.alias("expected"))
