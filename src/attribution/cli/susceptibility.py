"""``attribution susceptibility``: whose audience is more prone to buy."""

from __future__ import annotations

from pathlib import Path

import click

from attribution.cli._messages import warn_of
from attribution.cli._options import run_argument, top_option
from attribution.cli._output import Show, table_output
from attribution.cli._views import SUSCEPTIBILITY


@click.command()
@run_argument()
@top_option()
@table_output(SUSCEPTIBILITY)
def susceptibility(run: Path, top: int | None, show: Show) -> None:
    """Rank creators by how prone their audiences are to buy, shrunk for luck, with odds.

    1 is an average creator with the same posts; the ratio that was observed stands beside it, and
    `luck` tells how much of the differences is chance. A prone audience, a product that fits it and
    better posts cannot be told apart.
    """
    from attribution import load_run

    opened = load_run(run)
    frame = opened.susceptibility(top=top)
    warn_of(opened)
    show(frame)
