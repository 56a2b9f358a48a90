"""``attribution roi``: realised and expected return on investment."""

from __future__ import annotations

from pathlib import Path

import click

from attribution.cli._messages import warn_of
from attribution.cli._options import run_argument, unhealthy_option
from attribution.cli._output import Show, table_output
from attribution.cli._views import ROI


@click.command()
@run_argument()
@click.option(
    "--by",
    type=click.Choice(["total", "tier", "creator", "campaign", "post"]),
    default="creator",
    show_default=True,
    help="What to add posts up over.",
)
@click.option(
    "--margin",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="Share of net revenue left after the cost of the goods.",
)
@unhealthy_option()
@table_output(ROI)
def roi(run: Path, by: str, margin: float, unhealthy: bool, show: Show) -> None:
    """Show what was earned on what was paid, and what the same posts would bring again."""
    from attribution import load_run

    opened = load_run(run)
    frame = opened.roi(by=by, margin=margin, unhealthy=unhealthy)
    warn_of(opened)
    show(frame)
