"""Text tables that fit the terminal: wrapped words, else one record below the other."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from itertools import zip_longest

from rich.cells import cell_len, chop_cells

Rows = Sequence[Sequence[str]]
UNBOUNDED = 100_000
GAP = 3


def text_table(headings: Sequence[str], rows: Rows, right: Sequence[bool], width: int) -> str:
    """Lay rows out as a table of at most ``width`` cells, never cutting a word or a number.

    Parameters
    ----------
    headings, rows
        Text of the header and of every cell.
    right
        Which columns are numbers: they stand to the right and are not wrapped.
    width
        Cells in a line; use :func:`output_width`. Where even wrapped columns need more, the rows
        become :func:`records`.
    """
    if not rows:
        return "(no rows)"
    columns = list(zip(*rows, strict=True))
    natural = [max(map(cell_len, (h, *c))) for h, c in zip(headings, columns, strict=True)]
    least = [
        max(_longest_word(heading), max(map(cell_len if is_number else _longest_word, column)))
        for heading, column, is_number in zip(headings, columns, right, strict=True)
    ]
    room = width - GAP * (len(columns) - 1)
    if sum(least) > room:
        return records(headings, rows, width)
    widths = _shared_out(natural, least, room)
    rule = "─" * (sum(widths) + GAP * (len(columns) - 1))
    body = [line for row in rows for line in _lines(row, widths, right)]
    return "\n".join([*_lines(headings, widths, right), rule, *body])


def records(headings: Sequence[str], rows: Rows, width: int) -> str:
    """Lay every row out as lines of ``heading  value``, the values wrapped, empty ones left out."""
    label = min(max(map(cell_len, headings)), max(width // 2, 1))
    widths = [label, max(width - label - 2, 1)]
    blocks = [
        "\n".join(
            line
            for pair in zip(headings, row, strict=True)
            if pair[1]
            for line in _lines(pair, widths, [False, False], gap=2)
        )
        for row in rows
    ]
    return "\n\n".join(blocks)


def markdown_table(headings: Sequence[str], rows: Rows, right: Sequence[bool]) -> str:
    """Lay rows out as a Markdown table."""
    rule = ["---:" if is_number else "---" for is_number in right]
    lines = [headings, rule, *rows]
    return "\n".join(f"| {' | '.join(map(_escaped, line))} |" for line in lines)


def output_width() -> int:
    """Return the terminal's width; without a terminal lines may be as long as they need."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else UNBOUNDED


def _shared_out(natural: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Return widths between ``least`` and ``natural`` that fit into ``room``."""
    wanted = sum(natural) - sum(least)
    spare = min(room - sum(least), wanted)
    return [
        low + (0 if wanted == 0 else (high - low) * spare // wanted)
        for low, high in zip(least, natural, strict=True)
    ]


def _lines(
    cells: Sequence[str], widths: Sequence[int], right: Sequence[bool], gap: int = GAP
) -> list[str]:
    wrapped = [_wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    return [
        (" " * gap)
        .join(
            _padded(part, width, is_number)
            for part, width, is_number in zip(line, widths, right, strict=True)
        )
        .rstrip()
        for line in zip_longest(*wrapped, fillvalue="")
    ]


def _wrapped(text: str, width: int) -> list[str]:
    """Break text between words; a word that is longer than a line breaks where it must."""
    if cell_len(text) <= width:
        return [text]
    lines = [""]
    for word in text.split():
        for piece in chop_cells(word, width):
            joined = f"{lines[-1]} {piece}".strip()
            if cell_len(joined) <= width:
                lines[-1] = joined
            else:
                lines.append(piece)
    return lines


def _padded(text: str, width: int, is_number: bool) -> str:
    space = " " * (width - cell_len(text))
    return space + text if is_number else text + space


def _longest_word(text: str) -> int:
    return max(map(cell_len, text.split()), default=0)


def _escaped(value: str) -> str:
    return value.replace("|", "\\|").replace("\n", " ")
