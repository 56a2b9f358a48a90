"""What the canonical declaration says about one column, in words that messages and docs share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import dataframely as dy
import polars as pl

from attribution.tables import KEYS, TABLES

WORDS = {
    "text": "a text",
    "count": "a whole number",
    "amount": "a number",
    "moment": "a date and time such as 2025-03-01 14:30",
    "day": "a day such as 2025-03-01",
    "texts": "a list of texts",
    "shares": "a list of numbers",
}


@dataclass(frozen=True)
class Column:
    """One column of a canonical table.

    Parameters
    ----------
    name, dtype
        Its name and Polars type.
    kind
        ``text``, ``count``, ``amount``, ``moment``, ``day``, ``texts`` or ``shares``.
    required
        Whether a table without the column can be used at all.
    nullable
        Whether a cell may be empty.
    key
        Whether its values name the rows, each once.
    minimum, maximum
        Smallest and largest value allowed, both included; None without a limit.
    unit, description
        Words for people.
    expected
        What a cell should hold, for the end of a message.
    """

    name: str
    dtype: pl.DataType
    kind: str
    required: bool
    nullable: bool
    key: bool
    minimum: Any
    maximum: Any
    unit: str
    description: str
    expected: str


@cache
def columns(table: str) -> dict[str, Column]:
    """Return the columns of a canonical table by name, in the declared order."""
    declared = TABLES[table].columns()
    return {name: _column(name, column, KEYS[table]) for name, column in declared.items()}


def _column(name: str, column: dy.Column, key: str) -> Column:
    metadata = column.metadata or {}
    kind = kind_of(column.dtype)
    minimum, maximum = getattr(column, "min", None), getattr(column, "max", None)
    return Column(
        name=name,
        dtype=column.dtype,
        kind=kind,
        required=metadata["required"],
        nullable=column.nullable,
        key=name == key,
        minimum=minimum if kind in ("count", "amount", "moment", "day") else None,
        maximum=maximum if kind in ("count", "amount") else None,
        unit=metadata["unit"],
        description=column.description or "",
        expected=metadata["expected"] or f"{WORDS[kind]}{range_words(kind, minimum, maximum)}",
    )


def kind_of(dtype: pl.DataType) -> str:
    """Return the word for a type: what a cell of it holds."""
    if isinstance(dtype, pl.List):
        return "texts" if dtype.inner == pl.String else "shares"
    names = {pl.String: "text", pl.Int64: "count", pl.Float64: "amount", pl.Date: "day"}
    return names.get(dtype.base_type(), "moment")


def range_words(kind: str, minimum: Any, maximum: Any) -> str:
    """Return the words for a range, with a leading comma or blank; empty without one."""
    if kind in ("count", "amount") and minimum is not None:
        return f" from {minimum} to {maximum}" if maximum is not None else f", {minimum} or more"
    if kind in ("moment", "day") and minimum is not None:
        return f", in {minimum.year} or later"
    return ""
