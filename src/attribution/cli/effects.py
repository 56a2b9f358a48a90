"""``attribution effects``: what likes, comments and reach bring."""

from __future__ import annotations

from pathlib import Path

import click

from attribution.cli._messages import warn_of
from attribution.cli._options import run_argument
from attribution.cli._output import Show, table_output
from attribution.cli._views import ESTIMATES


@click.command()
@run_argument()
@table_output(ESTIMATES)
def effects(run: Path, show: Show) -> None:
    """Show what likes, comments and reach bring, by tier and overall.

    Estimates are associations in these posts; only an experiment shows what a like causes.
    """
    from attribution import load_run

    opened = load_run(run)
    frame = opened.effects()
    warn_of(opened)
    show(frame)
