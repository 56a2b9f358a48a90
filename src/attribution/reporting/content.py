"""What a report is made of: plain data between the numbers and the template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attribution.charts.html import Embedded


@dataclass(frozen=True)
class Answer:
    """A question of the reader and what the data say to it.

    Parameters
    ----------
    question
        As the reader would ask it.
    short
        ``Yes``, ``No``, ``We cannot tell yet`` or the like.
    text
        One to three sentences with numbers and probabilities.
    """

    question: str
    short: str
    text: str


@dataclass(frozen=True)
class Words:
    """Paragraphs."""

    kind: ClassVar[str] = "words"
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Items:
    """A list of sentences."""

    kind: ClassVar[str] = "items"
    items: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """Names and values, such as how the data were joined."""

    kind: ClassVar[str] = "facts"
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """A table of formatted cells.

    Parameters
    ----------
    caption
        What the rows are, the interval included.
    headings, rows
        Texts; ``numeric`` says which columns are aligned as numbers.
    numeric
        A flag per column.
    """

    kind: ClassVar[str] = "table"
    caption: str
    headings: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Figure:
    """A chart."""

    kind: ClassVar[str] = "figure"
    identifier: str
    chart: Embedded


@dataclass(frozen=True)
class Missing:
    """Something that this run cannot show, and why."""

    kind: ClassVar[str] = "missing"
    what: str
    reason: str


@dataclass(frozen=True)
class Folded:
    """Blocks that open on demand."""

    kind: ClassVar[str] = "folded"
    title: str
    blocks: tuple[Block, ...]


Block = Words | Items | Facts | Table | Figure | Missing | Folded


@dataclass(frozen=True)
class Section:
    """A titled part of the page."""

    identifier: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """The whole report.

    Parameters
    ----------
    title, subtitle
        What was analysed, from how many posts, when.
    banners
        Heading and text: why a run is unhealthy, which runs are approximate.
    answers, caveat
        The headline, and the one sentence about association.
    sections
        Everything below.
    """

    title: str
    subtitle: str
    banners: tuple[tuple[str, str], ...]
    answers: tuple[Answer, ...]
    caveat: str
    sections: tuple[Section, ...]
