"""CSV files as text: encoding, delimiter, records with their line numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import batched

import polars as pl

from attribution.errors import InputError, Problem

DELIMITERS = (",", ";", "\t", "|")
BATCH = 10_000

Record = tuple[int, list[str]]
"""Line on which a record begins (the header is line 1) and its cells."""


def decode(data: bytes, encoding: str, file: str) -> str:
    """Return a file's text.

    Raises
    ------
    InputError
        At the first byte that is no text in this encoding, with its line and what to do.
    """
    try:
        # Spreadsheets put a byte order mark before UTF-8; it is no part of the first column.
        return data.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except LookupError:
        raise InputError(Problem("no such encoding", file=file, value=encoding)) from None
    except UnicodeDecodeError as error:
        raise InputError(_undecodable(data, encoding, error.start, file)) from None


def _undecodable(data: bytes, encoding: str, position: int, file: str) -> Problem:
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    likely = "utf-16" if wide else "cp1252"
    return Problem(
        f"byte {position + 1} is no text in {encoding}",
        file=file,
        row=data.count(b"\n", 0, position) + 1,
        value=f"0x{data[position]:02x}",
        hint=f'Save the file as UTF-8, or say encoding = "{likely}" (or what it is) in a mapping'
        " file",
    )


def find_delimiter(text: str, known: Iterable[str]) -> str:
    """Return the delimiter that makes most known columns of the first line, then most columns."""
    names = set(known)
    line = text.split("\n", 1)[0].rstrip("\r")

    def score(delimiter: str) -> tuple[int, int]:
        cells = [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
        return len(names.intersection(cells)), len(cells)

    return max(DELIMITERS, key=score)


def records(text: str, delimiter: str, file: str) -> Iterator[Record]:
    """Yield the records that are not blank, the header first.

    Raises
    ------
    InputError
        Where a quote is not closed or text follows a closed one: what comes after it cannot be
        told apart.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 0
    try:
        for cells in reader:
            if any(cells):
                yield line + 1, cells
            line = reader.line_num
    except csv.Error as error:
        raise InputError(
            Problem(
                f"the quotes of this record do not fit together: {error}",
                file=file,
                row=line + 1,
                hint='Inside quotes write a quote twice: "5"" heel"',
            )
        ) from None


def text_frame(
    rows: Iterable[Record], header: Sequence[str], wanted: Sequence[str], row_column: str
) -> tuple[pl.DataFrame, list[tuple[int, int]]]:
    """Gather records into a frame of texts.

    Parameters
    ----------
    rows
        Records after the header.
    header, wanted
        All columns of the file and those to keep; cells of the others are let go at once.
    row_column
        Name of the column for the line numbers.

    Returns
    -------
    tuple
        The frame, and (line, number of cells) of the records with more or fewer cells than the
        header.
    """
    positions = {name: header.index(name) for name in wanted}
    schema = {row_column: pl.Int64, **dict.fromkeys(wanted, pl.String)}
    ragged: list[tuple[int, int]] = []
    parts = [pl.DataFrame(schema=schema)]
    for batch in batched(rows, BATCH, strict=False):
        ragged += [(line, len(cells)) for line, cells in batch if len(cells) != len(header)]
        fitting = [(line, cells) for line, cells in batch if len(cells) == len(header)]
        if not fitting:
            continue
        lines, rows_of_cells = zip(*fitting, strict=True)
        cells_by_column = list(zip(*rows_of_cells, strict=True))
        data = {row_column: lines} | {name: cells_by_column[i] for name, i in positions.items()}
        parts.append(pl.DataFrame(data, schema=schema))
    return pl.concat(parts), ragged
