"""Words for the person at the terminal: messages and progress, on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from attribution.cli._app import settings

Report = Callable[[str, int, int], None]
"""Called with the stage's name, the steps done and the steps in all."""


def say(text: str = "") -> None:
    """Print a message unless ``--quiet`` was given."""
    if not settings().quiet:
        click.echo(text, err=True)


def warn(text: str) -> None:
    """Print a warning; ``--quiet`` does not silence it."""
    click.echo(f"{click.style('warning:', fg='yellow', bold=True)} {text}", err=True)


@contextmanager
def progress() -> Iterator[Report]:
    """Give a function to report progress to: bars on a terminal, a line per stage elsewhere."""
    if settings().quiet:
        yield lambda _stage, _done, _total: None
    elif sys.stderr.isatty():
        with _bars() as report:
            yield report
    else:
        yield _lines()


@contextmanager
def _bars() -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bars:
        tasks: dict[str, int] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = int(bars.add_task(stage, total=total))
            bars.update(bars.task_ids[tasks[stage]], completed=done, total=total)

        yield report


def _lines() -> Report:
    started: dict[str, float] = {}
    finished: set[str] = set()

    def report(stage: str, done: int, total: int) -> None:
        begun = started.setdefault(stage, time.monotonic())
        if done >= total and stage not in finished:
            finished.add(stage)
            click.echo(f"{stage}: done in {time.monotonic() - begun:.1f} s", err=True)

    return report
