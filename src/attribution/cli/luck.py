"""``attribution luck``: how much of the differences between creators is chance."""

from __future__ import annotations

from pathlib import Path

import click

from attribution.cli._messages import warn_of
from attribution.cli._options import run_argument, top_option
from attribution.cli._output import Show, table_output
from attribution.cli._views import ESTIMATES


@click.command()
@run_argument()
@top_option()
@table_output(ESTIMATES)
def luck(run: Path, top: int | None, show: Show) -> None:
    """Tell how much of the differences between creators' observed rates is luck.

    Splits their variance into susceptibility and chance, and counts how many of those observed to
    lead probably do not.
    """
    from attribution import load_run

    opened = load_run(run)
    frame = opened.luck(top=top)
    warn_of(opened)
    show(frame)
