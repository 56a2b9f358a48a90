"""Write docs/reference/cli.md from the commands themselves.

Run as ``uv run poe cli-reference``; a test compares the page with what this would write.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from attribution.cli import main

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "cli.md"
INTRO = """# Commands

Written by `uv run poe cli-reference` from the commands themselves. Results go to stdout, messages
and progress to stderr. [Exit codes, formats and shell completion](exit-codes.md) are the same for
every command. Each command is a thin layer over the Python function of the same name.
"""


def page() -> str:
    """Return the whole page as Markdown."""
    context = click.Context(main, info_name="attribution", **main.context_settings)
    index = [f"- [`attribution {name}`](#attribution-{name})" for name in main.commands]
    return "\n".join([INTRO, *index, "", *sections(main, context)])


def sections(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield the section of a command, then those of its subcommands."""
    yield f"## {context.command_path}\n"
    yield f"```\n{command.get_usage(context).removeprefix('Usage: ')}\n```\n"
    yield f"{words(command.help)}\n"
    yield options_table(command, context)
    if isinstance(command, click.Group):
        for name, member in command.commands.items():
            yield from sections(member, click.Context(member, info_name=name, parent=context))


def words(text: str | None) -> str:
    """Return a help text as Markdown paragraphs without the marks Click reads."""
    return inspect.cleandoc(text or "").replace("\b\n", "")


def options_table(command: click.Command, context: click.Context) -> str:
    """Return the options of a command as a Markdown table."""
    lines = ["| option | what it does |", "| --- | --- |"]
    for option in command.get_params(context):
        record = option.get_help_record(context)
        if record is not None and record[1]:
            lines.append(f"| `{record[0].replace('|', '\\|')}` | {escaped(record[1])} |")
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Return text that may stand in a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
