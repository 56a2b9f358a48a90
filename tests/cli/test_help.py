"""Help is instant and complete: every command, every option, no heavy import."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from attribution.cli import main

HEAVY = ("pymc", "pytensor", "nutpie", "arviz", "arviz_base", "arviz_stats", "polars", "altair")
REPORT_HEAVY = f"""
import sys
from attribution.cli import main
try:
    main(sys.argv[1:], prog_name="attribution")
finally:
    print("HEAVY", sorted(set(sys.modules) & set({HEAVY})))
"""


def every_command(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the words of every command and group below ``group``."""
    found = []
    for name, command in group.commands.items():
        words = (*path, name)
        found.append(words)
        if isinstance(command, click.Group):
            found.extend(every_command(command, words))
    return found


def command_at(words: tuple[str, ...]) -> click.Command:
    command: click.Command = main
    for word in words:
        assert isinstance(command, click.Group)
        command = command.commands[word]
    return command


COMMANDS = [(), *every_command(main)]
each_command = pytest.mark.parametrize("words", COMMANDS, ids=lambda w: " ".join(w) or "-")


@each_command
def test_help_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", REPORT_HEAVY, *words, "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(f"Usage: {' '.join(('attribution', *words))}")
    assert done.stdout.endswith("HEAVY []\n")


@each_command
def test_every_command_and_option_says_what_it_is_for(words: tuple[str, ...]) -> None:
    command = command_at(words)
    assert command.help
    options = [item for item in command.params if isinstance(item, click.Option)]
    assert [item.name for item in options if not item.help] == []


@each_command
def test_quiet_and_debug_can_stand_behind_every_command(words: tuple[str, ...]) -> None:
    command = command_at(words)
    if not isinstance(command, click.Group) or not words:
        assert {"quiet", "debug"} <= {item.name for item in command.params}
