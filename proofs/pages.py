"""Results that a page shows: kept as JSON beside it, and its tables written anew from them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proofs.parallel import Record
from proofs.summary import clustered

FOLDER = Path(__file__).parents[1] / "docs" / "explanation"
BLOCK = re.compile(r"(<!-- table: (?P<name>\w+) -->\n).*?(?=<!-- end -->)", re.DOTALL)
DIGITS = 4
"""Significant digits of what is kept."""

FILED = ("of", "number")
"""What a record is filed by while it is gathered (:class:`proofs.parallel.Lines`)."""


@dataclass(frozen=True)
class Page:
    """A page of the documentation with tables of results.

    Parameters
    ----------
    name
        Of its file in ``docs/explanation``, without suffix.
    tables
        How to write each of its tables, as Markdown, by the name in the mark above it
        (``<!-- table: name -->``).
    """

    name: str
    tables: Mapping[str, Callable[[Sequence[Record]], str]]

    @property
    def path(self) -> Path:
        """Path of the page."""
        return FOLDER / f"{self.name}.md"

    @property
    def results(self) -> Path:
        """Path of the results: a list of records, each in a line of its own."""
        return self.path.with_suffix(".json")

    @property
    def marked(self) -> set[str]:
        """Names of the tables that the page has a place for."""
        return {match["name"] for match in BLOCK.finditer(self._text())}

    def read(self) -> list[Record]:
        """Return the results that are kept."""
        found: list[Record] = json.loads(self.results.read_text(encoding="utf-8"))
        return found

    def written(self, records: Sequence[Record]) -> str:
        """Return the page's text with its tables of these records."""
        return BLOCK.sub(lambda of: of[1] + self.tables[of["name"]](records), self._text())

    def write(self, records: Iterable[Record]) -> None:
        """Keep records, and write them into the page."""
        kept = [rounded(record) for record in records]
        lines = ",\n ".join(json.dumps(record) for record in kept)
        self.results.write_text(f"[\n {lines}\n]\n", encoding="utf-8")
        self.path.write_text(self.written(kept), encoding="utf-8")

    def _text(self) -> str:
        return self.path.read_text(encoding="utf-8")


def rounded(of: Any) -> Any:
    """Return a record with its floats cut to some digits, and without what it is filed by."""
    if isinstance(of, Mapping):
        return {key: rounded(value) for key, value in of.items() if key not in FILED}
    if isinstance(of, list | tuple):
        return [rounded(value) for value in of]
    return float(f"{of:.{DIGITS}g}") if isinstance(of, float) else of


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], words: int = 1) -> str:
    """Return a Markdown table; the first columns are words, the others figures.

    Parameters
    ----------
    headings
        Of the columns.
    rows
        Cells of each row.
    words
        How many of the first columns are words.
    """
    rule = ["---"] * words + ["---:"] * (len(headings) - words)
    lines = [headings, rule, *rows]
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines)


def covered(hits: Sequence[int], of: Sequence[int]) -> str:
    """Say how many intervals hold the truth, with a 95 % interval of their share.

    Parameters
    ----------
    hits, of
        Those that hold it and all, of each brand; those of one brand count for fewer.
    """
    _, low, high = clustered(hits, of)
    return f"{sum(hits)} of {sum(of)} ({low:.0%} to {high:.0%})"


def held(inside: Iterable[bool]) -> str:
    """Say how many of some intervals hold the truth."""
    kept = list(inside)
    return f"{sum(kept)} of {len(kept)}"
