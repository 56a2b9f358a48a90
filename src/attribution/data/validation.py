"""Check one file against its canonical table: the good rows, the rest, and what was wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dataframely as dy
import polars as pl

from attribution.data.columns import columns
from attribution.data.files import ROW, Raw, Tabular, read_raw
from attribution.data.mapping import ColumnMapping, read_mapping
from attribution.data.parse import parse
from attribution.data.rejects import REJECTS, gather, problems
from attribution.data.selection import resembling
from attribution.errors import InputError, Problem, suggest
from attribution.tables import CROSS_RULES, KEYS, TABLES

ALIKE = 0.85
"""Likeness from which another column may be an optional one under another name."""

RULES = {"nullability": "empty", "inf": "type", "nan": "type", "regex": "form"}
"""Our names for the rules that dataframely names otherwise."""

SHOWN = 5


@dataclass(frozen=True)
class FileReport:
    """What became of one file; rows in = rows out + rows rejected.

    Parameters
    ----------
    kind, file, sha256, delimiter
        Which table it is and how it was read.
    rows_in, rows_out, rows_rejected
        Rows of the file, good ones, and those set aside.
    absent
        Optional canonical columns that the file does not have.
    extras, personal, ignored
        Other columns kept under their own names; those not read because they look like personal
        data; others that are not read.
    """

    kind: str
    file: str
    sha256: str | None
    delimiter: str | None
    rows_in: int
    rows_out: int
    rows_rejected: int
    absent: tuple[str, ...]
    extras: tuple[str, ...]
    personal: tuple[str, ...]
    ignored: tuple[str, ...]

    @property
    def look_alikes(self) -> tuple[str, ...]:
        """Sentences on optional columns that seem to be there under another name."""
        others = (*self.extras, *self.ignored)
        found = ((name, resembling(name, others, ALIKE)) for name in self.absent)
        return tuple(
            f"{self.kind} have no column {name!r}, but {other!r}: if that is it, map it:"
            f' --mapping FILE with [{self.kind}] {name} = "{other}"'
            for name, other in found
            if other is not None
        )


@dataclass(frozen=True)
class Validated:
    """A file after validation.

    Parameters
    ----------
    frame
        Good rows: the canonical columns the file has, then extras.
    aside
        The rejected rows as far as they can be read, with the same columns.
    rejects
        What was wrong: columns file, row, column, value, rule, expected; one row per problem.
    report
        Counts and columns.
    rows, aside_rows
        Row numbers of ``frame`` and of ``aside`` in the file.
    """

    frame: pl.DataFrame
    aside: pl.DataFrame
    rejects: pl.DataFrame
    report: FileReport
    rows: pl.Series
    aside_rows: pl.Series

    def require_rows(self) -> Validated:
        """Return this, or raise with the first problems when no row is good."""
        if self.frame.is_empty():
            first = Problem(
                f"none of the {self.report.rows_in:,} rows can be used; the first problems follow",
                file=self.report.file,
            )
            raise InputError((first, *problems(self.rejects, SHOWN)))
        return self


def validate(
    path: Tabular,
    kind: str,
    mapping: str | Path | ColumnMapping | None = None,
    *,
    required: bool = True,
) -> Validated:
    """Check a table and split its rows into good ones and rejects.

    Of rows with the same id the first good one is kept. A null stays null.

    Parameters
    ----------
    path
        CSV or Parquet file, or a frame.
    kind
        ``creators``, ``posts``, ``orders``, ``daily_sales`` or ``analysis``.
    mapping
        Mapping file for the user's own column names.
    required
        Whether the table's required columns must be there; a fit needs those of its model only.

    Raises
    ------
    InputError
        When the file as a whole cannot be used: it is missing or empty, is no text in its
        encoding, or lacks a required column.
    """
    if kind not in TABLES:
        raise InputError(Problem("no such kind of table", value=kind, hint=suggest(kind, TABLES)))
    chosen = read_mapping(mapping)
    raw = read_raw(path, kind, chosen, required)
    declared = columns(kind)
    typed, failures = parse(raw, declared, chosen.missing)
    broken = _broken_rules(typed, kind, failures)
    unreadable = failures.select(ROW, "column", "value", pl.lit("type").alias("rule"), "expected")
    found = pl.concat([unreadable, broken])
    duplicated = _duplicates(typed.join(found, on=ROW, how="anti"), KEYS[kind])
    found = pl.concat([found, duplicated, _ragged(raw)]).sort(ROW, maintain_order=True)
    return _split(typed, found, raw, kind)


def _broken_rules(typed: pl.DataFrame, kind: str, failures: pl.DataFrame) -> pl.DataFrame:
    """Return the declared rules that readable cells break; ROW, column, value, rule, expected."""
    absent = {
        name: pl.lit(None, dtype=column.dtype)
        for name, column in columns(kind).items()
        if name not in typed.columns
    }
    numbered: type[dy.Schema] = type("Numbered", (TABLES[kind],), {"row": dy.Int64(alias=ROW)})
    _, failure = numbered.filter(typed.with_columns(**absent))
    broken = [rule for rule in failure.counts() if rule.partition("|")[0] not in absent]
    if not broken:
        return pl.DataFrame(schema=_found_schema())
    details = failure.details()
    parts = [_broken(details.filter(pl.col(rule) == "invalid"), rule, kind) for rule in broken]
    # A cell that cannot be read is null by now; that it is empty would be no news.
    return pl.concat(parts).join(failures, on=[ROW, "column"], how="anti")


def _found_schema() -> dict[str, Any]:
    return {ROW: pl.Int64} | {
        name: REJECTS[name] for name in ("column", "value", "rule", "expected")
    }


def _broken(rows: pl.DataFrame, rule: str, kind: str) -> pl.DataFrame:
    name, _, test = rule.partition("|")
    test = test.removeprefix("inner_")
    if test:
        expected = columns(kind)[name].expected
    else:
        test, expected = name, CROSS_RULES[name].expected
        name = CROSS_RULES[name].column
    value = pl.col(name).cast(pl.String) if rows.schema[name] != pl.List else pl.lit(None)
    return rows.select(
        pl.col(ROW).cast(pl.Int64),
        pl.lit(name).alias("column"),
        value.cast(pl.String).alias("value"),
        pl.lit(RULES.get(test, test)).alias("rule"),
        pl.lit(expected).alias("expected"),
    )


def _duplicates(good: pl.DataFrame, key: str) -> pl.DataFrame:
    """Return the rows whose id an earlier good row has."""
    if key not in good.columns:
        return pl.DataFrame(schema=_found_schema())
    first = pl.col(ROW).first().over(key)
    words = pl.format("each {} once; row {} has it already", pl.lit(key), first)
    marked = good.select(
        ROW,
        pl.lit(key).alias("column"),
        pl.col(key).cast(pl.String).alias("value"),
        pl.lit("duplicate").alias("rule"),
        words.alias("expected"),
        first.alias("first"),
    )
    return marked.filter(pl.col(ROW) != pl.col("first")).drop("first")


def _ragged(raw: Raw) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (
                row,
                None,
                f"{cells} cells",
                "cells",
                f"{raw.width} cells; quote a cell that holds {raw.delimiter!r}",
            )
            for row, cells in raw.ragged
        ],
        schema=_found_schema(),
        orient="row",
    )


def _split(typed: pl.DataFrame, found: pl.DataFrame, raw: Raw, kind: str) -> Validated:
    bad = found.select(ROW).unique()
    good = typed.join(bad, on=ROW, how="anti", maintain_order="left")
    aside = typed.join(bad, on=ROW, how="semi", maintain_order="left")
    selection = raw.selection
    written = {
        name: source for name, source in selection.sources.items() if isinstance(source, str)
    }
    rejects = found.select(
        pl.lit(Path(raw.file).name).alias("file"),
        pl.col(ROW).alias("row"),
        pl.col("column").replace(written),
        "value",
        "rule",
        "expected",
    )
    report = FileReport(
        kind=kind,
        file=raw.file,
        sha256=raw.sha256,
        delimiter=raw.delimiter,
        rows_in=typed.height + len(raw.ragged),
        rows_out=good.height,
        rows_rejected=bad.height,
        absent=tuple(name for name in columns(kind) if name not in selection.sources),
        extras=selection.extras,
        personal=selection.personal,
        ignored=selection.ignored,
    )
    return Validated(
        good.drop(ROW), aside.drop(ROW), gather([rejects]), report, good[ROW], aside[ROW]
    )
