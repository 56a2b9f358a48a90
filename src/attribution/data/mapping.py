"""The mapping file: which of the user's columns is which canonical one."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from attribution.data.columns import columns
from attribution.errors import InputError, Problem, raise_if_any, suggest
from attribution.tables import TABLES

OPTIONS = ("delimiter", "encoding", "missing")
SOURCE_WORDS = 'a column name in quotes, { value = "text" } or { row_number = true }'


@dataclass(frozen=True)
class Constant:
    """The same text in every row."""

    value: str


@dataclass(frozen=True)
class RowNumber:
    """The row's number in the file, as text."""


Source = str | Constant | RowNumber
"""Where a canonical column comes from: a column of the file, a constant or the row number."""


@dataclass(frozen=True)
class ColumnMapping:
    """How to read the user's files.

    Parameters
    ----------
    tables
        Table kind -> canonical column -> where it comes from.
    delimiter
        Character between the cells of a CSV file; None to find it out.
    encoding
        Text encoding of CSV files.
    missing
        Cell contents that mean "not known", besides the empty cell.
    file
        Name of the mapping file, for messages.
    """

    tables: Mapping[str, Mapping[str, Source]] = field(default_factory=dict)
    delimiter: str | None = None
    encoding: str = "utf-8"
    missing: tuple[str, ...] = ()
    file: str | None = None

    def of(self, kind: str) -> Mapping[str, Source]:
        """Return the mapped columns of one kind of table."""
        return self.tables.get(kind, {})


NO_MAPPING = ColumnMapping()


def read_mapping(mapping: str | Path | ColumnMapping | None) -> ColumnMapping:
    """Read a mapping file.

    Parameters
    ----------
    mapping
        Path of a TOML file; a mapping that was read already, or None, is returned as such.

    Raises
    ------
    InputError
        With every mistake in the file, each at its key.
    """
    if mapping is None or isinstance(mapping, ColumnMapping):
        return mapping or NO_MAPPING
    path = Path(mapping)
    content = _load(path)
    raise_if_any(_problems(content, str(path)))
    return ColumnMapping(
        tables={kind: _sources(content[kind]) for kind in TABLES if kind in content},
        delimiter=content.get("delimiter"),
        encoding=content.get("encoding", "utf-8"),
        missing=tuple(content.get("missing", ())),
        file=str(path),
    )


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(Problem("there is no such mapping file", file=str(path))) from None
    except IsADirectoryError:
        raise InputError(Problem("this is a folder, not a mapping file", file=str(path))) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            Problem(f"this is not a TOML file in UTF-8: {error}", file=str(path))
        ) from None


def _sources(section: Mapping[str, Any]) -> dict[str, Source]:
    return {name: _source(value) for name, value in section.items()}


def _source(value: Any) -> Source:
    if isinstance(value, str):
        return value
    return Constant(value["value"]) if "value" in value else RowNumber()


def _problems(content: Mapping[str, Any], file: str) -> Iterator[Problem]:
    known = (*OPTIONS, *TABLES)
    for key, value in content.items():
        if key not in known:
            yield Problem("unknown key", file=file, key=key, hint=suggest(key, known))
        elif key in TABLES:
            yield from _section_problems(key, value, file)
        else:
            yield from _option_problems(key, value, file)


def _section_problems(kind: str, section: Any, file: str) -> Iterator[Problem]:
    if not isinstance(section, dict):
        yield Problem("this is no table of columns", file=file, key=kind, expected=f"[{kind}]")
        return
    for name, value in section.items():
        key = f"{kind}.{name}"
        if name not in columns(kind):
            hint = suggest(name, columns(kind))
            yield Problem(f"{kind} have no such column", file=file, key=key, hint=hint)
        elif not _is_source(value):
            yield Problem(
                "cannot read where the column comes from",
                file=file,
                key=key,
                value=str(value),
                expected=SOURCE_WORDS,
            )


def _is_source(value: Any) -> bool:
    if isinstance(value, dict):
        constant = list(value) == ["value"] and isinstance(value["value"], str)
        return constant or value == {"row_number": True}
    return isinstance(value, str)


def _option_problems(key: str, value: Any, file: str) -> Iterator[Problem]:
    expected = {
        "delimiter": (isinstance(value, str) and len(value) == 1, "one character such as ';'"),
        "encoding": (isinstance(value, str), "the name of an encoding such as 'cp1252'"),
        "missing": (
            isinstance(value, list) and all(isinstance(text, str) for text in value),
            'a list of texts such as ["NA", "-"]',
        ),
    }
    fine, words = expected[key]
    if not fine:
        yield Problem("cannot use the value", file=file, key=key, value=str(value), expected=words)
