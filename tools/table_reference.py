"""Write ``docs/reference/tables.md`` from the declaration of the tables."""

from __future__ import annotations

from pathlib import Path

from attribution.data.columns import Column, columns
from attribution.data.rejects import REJECTS, WORDS
from attribution.tables import DEFAULT_TIERS, TABLES

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "tables.md"

HEAD = """\
# Tables and their columns

Written by `uv run python tools/table_reference.py` from the declaration that `attribution validate`
checks against. A table is a CSV file (UTF-8; separated by `,` `;` tab or `|`) or a Parquet file.
[Preparing your data](../how-to/prepare-data.md) shows how to bring your own.

*Required* columns must be there. Any other column may be missing: the parts of an answer that need
it are then absent, with the reason. *May be empty* says whether a cell can be blank, which means
"not known" and never 0.
"""

NAMES = {
    "text": "text",
    "count": "whole number",
    "amount": "number",
    "moment": "date and time",
    "day": "day",
    "texts": "list of texts",
    "shares": "list of numbers",
}


def page() -> str:
    """Return the whole page."""
    sections = [HEAD, *(_section(kind) for kind in TABLES), _tiers(), _rules()]
    return "\n".join(sections)


def _section(kind: str) -> str:
    words = (TABLES[kind].__doc__ or "").strip()
    lines = [
        f"## {kind}\n",
        f"{words}\n",
        "| column | holds | unit | required | may be empty | meaning |",
        "| --- | --- | --- | --- | --- | --- |",
        *(_line(column) for column in columns(kind).values()),
    ]
    return "\n".join(lines) + "\n"


def _line(column: Column) -> str:
    cells = (
        f"`{column.name}`",
        NAMES[column.kind] + _range(column),
        column.unit,
        "yes" if column.required else "",
        "yes" if column.nullable else "no",
        column.description + (" Each once." if column.key else ""),
    )
    return f"| {' | '.join(cells)} |"


def _range(column: Column) -> str:
    if column.kind in ("moment", "day"):
        return ""
    low, high = column.minimum, column.maximum
    if low is None:
        return ""
    return f", {low} to {high}" if high is not None else f", {low} or more"


def _tiers() -> str:
    return (
        "## Tiers\n\n"
        "A tier is a band of followers. No two sources agree on the cut-points, so set your own"
        " with `--tiers`;\nthe default is\n\n"
        f"```text\n{DEFAULT_TIERS.text}\n```\n\n"
        "A creator exactly at a cut-point belongs to the band above it, and a creator belongs to"
        " one tier: by\nthe followers in the creators' table, or else by the median followers of"
        " its posts. A column `tier`\nof your own is used as it is.\n"
    )


def _rules() -> str:
    lines = [
        "## Rejects\n",
        "Rows that break a rule are set aside; of rows with the same id the first good one is"
        " kept. The\nrejects file has the columns "
        + ", ".join(f"`{name}`" for name in REJECTS)
        + ": one line per problem.\n`row` is the line of a CSV file as an editor counts it (the"
        " header is line 1; a record that holds line\nbreaks counts from its first line), and the"
        " number of the row in a Parquet file.\n",
        "| rule | what it says |",
        "| --- | --- |",
        *(f"| `{rule}` | {words} |" for rule, words in WORDS.items()),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
