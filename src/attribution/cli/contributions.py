"""``attribution contributions``: how the observed orders split into reach, likes and comments."""

from __future__ import annotations

from pathlib import Path

import click

from attribution.cli._messages import warn_of
from attribution.cli._options import run_argument
from attribution.cli._output import Show, table_output
from attribution.cli._views import CONTRIBUTIONS


@click.command()
@run_argument()
@click.option(
    "--by",
    type=click.Choice(["total", "tier", "creator", "campaign", "post"]),
    default="total",
    show_default=True,
    help="What to add orders up over.",
)
@table_output(CONTRIBUTIONS)
def contributions(run: Path, by: str, show: Show) -> None:
    """Split the observed orders into those that came through reach, likes and comments."""
    from attribution import load_run

    opened = load_run(run)
    frame = opened.contributions(by=by)
    warn_of(opened)
    show(frame)
