"""Text tables that fit the terminal: wrapped words, else one record below the other."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from io import StringIO

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

Rows = Sequence[Sequence[str]]
UNBOUNDED = 100_000


def text_table(headings: Sequence[str], rows: Rows, right: Sequence[bool], width: int) -> str:
    """Lay rows out as a table of at most ``width`` cells, never cutting a word or a column.

    Parameters
    ----------
    headings, rows
        Text of the header and of every cell.
    right
        Which columns are numbers and stand to the right.
    width
        Cells in a line; use :func:`output_width`.
    """
    if not rows:
        return "(no rows)"
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading, is_number in zip(headings, right, strict=True):
        table.add_column(Text(heading), justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*(Text(value) for value in row))
    console = Console(file=StringIO(), width=UNBOUNDED)
    needed = Measurement.get(console, console.options, table)
    if needed.minimum > width:
        return records(headings, rows, width)
    return _rendered(table, min(width, needed.maximum))


def records(headings: Sequence[str], rows: Rows, width: int) -> str:
    """Lay every row out as lines of ``heading  value``, the values wrapped, empty ones left out."""
    label = max(cell_len(heading) for heading in headings)
    blocks = []
    for row in rows:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(width=min(label, max(width // 2, 1)), overflow="fold")
        table.add_column(overflow="fold")
        for heading, value in zip(headings, row, strict=True):
            if value:
                table.add_row(Text(heading), Text(value))
        blocks.append(_rendered(table, width))
    return "\n\n".join(blocks)


def markdown_table(headings: Sequence[str], rows: Rows, right: Sequence[bool]) -> str:
    """Lay rows out as a Markdown table."""
    rule = ["---:" if is_number else "---" for is_number in right]
    lines = [headings, rule, *rows]
    return "\n".join(f"| {' | '.join(map(_escaped, line))} |" for line in lines)


def output_width() -> int:
    """Return the terminal's width; without a terminal lines may be as long as they need."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else UNBOUNDED


def _escaped(value: str) -> str:
    return value.replace("|", "\\|").replace("\n", " ")


def _rendered(table: Table, width: int) -> str:
    out = StringIO()
    Console(file=out, width=width, color_system=None).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip("\n").splitlines())
