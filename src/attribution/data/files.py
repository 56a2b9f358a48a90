"""Read the wanted columns of a CSV file, a Parquet file or a frame, cells as they are."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import polars as pl

from attribution.data.columns import columns
from attribution.data.csv_text import decode, find_delimiter, records, text_frame
from attribution.data.mapping import ColumnMapping
from attribution.data.selection import Selection, select_columns
from attribution.errors import InputError, Problem

ROW = "__row"
"""Column with the row's number: in a CSV file the line on which the record begins."""

Tabular = str | Path | pl.DataFrame
"""A CSV or Parquet file, or a frame."""

UNREADABLE = {
    b"PK\x03\x04": "this is an Excel or zip file; save the sheet as CSV in UTF-8",
    b"\xd0\xcf\x11\xe0": "this is an old Excel file; save the sheet as CSV in UTF-8",
    b"\x1f\x8b": "this is a gzip file; unpack it first",
}


@dataclass(frozen=True)
class Raw:
    """Cells as they were read.

    Parameters
    ----------
    file
        Name for messages.
    frame
        ``ROW`` and the columns that are read; texts when they come from CSV.
    selection
        Which column is what.
    ragged
        (row, number of cells) of CSV records that do not fit the header.
    width
        Number of columns in the header.
    sha256
        Hash of the file's bytes; None for a frame.
    delimiter
        Character between the cells; None where there is none.
    """

    file: str
    frame: pl.DataFrame
    selection: Selection
    ragged: tuple[tuple[int, int], ...] = ()
    width: int = 0
    sha256: str | None = None
    delimiter: str | None = None


def read_raw(source: Tabular, kind: str, mapping: ColumnMapping, required: bool = True) -> Raw:
    """Read the columns of one canonical table.

    Parameters
    ----------
    source
        File or frame.
    kind
        ``creators``, ``posts``, ``orders`` or ``analysis``.
    mapping
        How the user's columns are called.
    required
        Whether the table's required columns must be there.

    Raises
    ------
    InputError
        When the file as a whole cannot be used.
    """
    if isinstance(source, pl.DataFrame):
        return _from_frame(source, kind, mapping, f"{kind} (frame)", None, required=required)
    path = Path(source)
    data = _bytes(path)
    if data.startswith(b"PAR1"):
        return _from_parquet(data, kind, mapping, str(path), required)
    return _from_csv(data, kind, mapping, str(path), required)


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(Problem("there is no such file", file=str(path))) from None
    except IsADirectoryError:
        raise InputError(
            Problem("this is a folder", file=str(path), expected="a CSV or Parquet file")
        ) from None
    if not data.strip():
        raise InputError(Problem("the file is empty", file=str(path)))
    for magic, words in UNREADABLE.items():
        if data.startswith(magic):
            raise InputError(Problem(words, file=str(path), expected="a CSV or Parquet file"))
    return data


def _from_csv(data: bytes, kind: str, mapping: ColumnMapping, file: str, required: bool) -> Raw:
    text = decode(data, mapping.encoding, file)
    named = [source for source in mapping.of(kind).values() if isinstance(source, str)]
    delimiter = mapping.delimiter or find_delimiter(text, (*columns(kind), *named))
    rows = records(text, delimiter, file)
    first = next(rows, (1, [""]))
    header = [cell.strip() for cell in first[1]]
    selection = select_columns(kind, header, mapping, file, required)
    second = _require_row(next(rows, None), file)
    frame, ragged = text_frame(chain((second,), rows), header, selection.read, ROW)
    return Raw(
        file=file,
        frame=frame,
        selection=selection,
        ragged=tuple(ragged),
        width=len(header),
        sha256=hashlib.sha256(data).hexdigest(),
        delimiter=delimiter,
    )


def _require_row[T](row: T | None, file: str) -> T:
    if row is None:
        raise InputError(Problem("the file has a header and no rows", file=file))
    return row


def _from_parquet(data: bytes, kind: str, mapping: ColumnMapping, file: str, required: bool) -> Raw:
    try:
        header = list(pl.read_parquet_schema(io.BytesIO(data)))
        wanted = select_columns(kind, header, mapping, file, required).read
        frame = pl.read_parquet(io.BytesIO(data), columns=list(wanted))
    except pl.exceptions.PolarsError as error:
        raise InputError(Problem(f"the Parquet file is damaged: {error}", file=file)) from None
    digest = hashlib.sha256(data).hexdigest()
    return _from_frame(frame, kind, mapping, file, digest, header, required=required)


def _from_frame(
    frame: pl.DataFrame,
    kind: str,
    mapping: ColumnMapping,
    file: str,
    sha256: str | None,
    header: Sequence[str] | None = None,
    *,
    required: bool,
) -> Raw:
    names = list(header or frame.columns)
    selection = select_columns(kind, names, mapping, file, required)
    _require_row(frame.height or None, file)
    cells = frame.select(selection.read).with_row_index(ROW, offset=1)
    return Raw(
        file=file,
        frame=cells.with_columns(pl.col(ROW).cast(pl.Int64)),
        selection=selection,
        width=len(names),
        sha256=sha256,
    )
