"""Words for the person at the terminal: messages and progress, on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from attribution.cli._app import settings

if TYPE_CHECKING:
    from attribution.run import Run

Report = Callable[[str, int, int], None]
"""Called with the stage's name, the steps done and the steps in all."""


def say(text: str = "") -> None:
    """Print a message unless ``--quiet`` was given."""
    if not settings().quiet:
        click.echo(text, err=True)


def warn(text: str) -> None:
    """Print a warning; ``--quiet`` does not silence it."""
    click.echo(f"{click.style('warning:', fg='yellow', bold=True)} {text}", err=True)


APPROXIMATE = "approximate: a quick look; fit with --method nuts before money depends on it"


def warn_of(run: Run) -> None:
    """Say beside the numbers of a run that it is approximate, or failed its health checks."""
    if run.manifest.approximate:
        warn(APPROXIMATE)
    if not run.healthy:
        warn(f"this run failed its health checks; see 'attribution check {run.path}'")


@contextmanager
def progress() -> Iterator[Report]:
    """Give a function to report progress to: bars on a terminal, lines elsewhere.

    A line per stage when it ends, and one a minute while it goes on.

    A stage ends when it says so or when the next one begins; what it says later is not heard.
    """
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
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        running: dict[str, TaskID] = {}
        ended: set[str] = set()

        def end(stage: str) -> None:
            ended.add(stage)
            bars.update(running[stage], total=1, completed=1)
            bars.stop_task(running.pop(stage))

        def report(stage: str, done: int, total: int) -> None:
            if stage in ended:
                return
            if stage not in running:
                for before in list(running):
                    end(before)
                running[stage] = bars.add_task(stage, total=None)
            if done >= total:
                end(stage)
            elif total > 1:
                bars.update(running[stage], completed=done, total=total)

        yield report


EVERY = 60.0
"""Seconds between lines about one stage."""


def _lines() -> Report:
    running: dict[str, float] = {}
    ended: set[str] = set()
    said = time.monotonic()

    def end(stage: str) -> None:
        ended.add(stage)
        click.echo(f"{stage}: {time.monotonic() - running.pop(stage):.1f} s", err=True)

    def report(stage: str, done: int, total: int) -> None:
        nonlocal said
        if stage in ended:
            return
        if stage not in running:
            for before in list(running):
                end(before)
            said = running[stage] = time.monotonic()
        if done >= total:
            end(stage)
        elif time.monotonic() - said >= EVERY:
            said = time.monotonic()
            share, took = done / total, said - running[stage]
            click.echo(f"{stage}: {share:.0%} after {took:.0f} s", err=True)

    return report
