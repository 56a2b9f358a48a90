"""``attribution compare``: which of several runs on the same posts predicts better."""

from __future__ import annotations

from pathlib import Path

import click

from attribution.cli._options import runs_argument
from attribution.cli._output import Show, table_output
from attribution.cli._views import COMPARISON


@click.command()
@runs_argument()
@table_output(COMPARISON)
def compare(runs: tuple[Path, ...], show: Show) -> None:
    """Compare models fitted to the same posts, by how well they predict a post left out."""
    import attribution as at

    show(at.compare([at.load_run(run) for run in runs]))
