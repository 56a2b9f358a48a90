"""``attribution effects``: averages, contrasts and slopes of the outcome."""

from __future__ import annotations

from pathlib import Path

import click

from attribution.cli._messages import warn_of
from attribution.cli._options import run_argument
from attribution.cli._output import Show, table_output
from attribution.cli._views import ESTIMATES

WAYS = ("difference", "ratio", "elasticity", "slope")
"""As ``quantities.asked.WAYS``, which is too heavy to import for a help page."""


@click.command()
@run_argument()
@click.option("--of", multiple=True, metavar="COLUMN", help="Tell the effect of this column only.")
@click.option("--by", multiple=True, metavar="COLUMN", help="Tell effects by this column's levels.")
@click.option("--as", "as_", type=click.Choice(WAYS), help="How to tell effects.")
@click.option(
    "--step", type=float, help="Size of a change of a number, and what a slope is told per."
)
@click.option(
    "--ratio",
    type=float,
    help="Threshold of a claim: how probable ratios between groups above it are. By default 1.6 of "
    "engagement rates, in a model of them.",
)
@table_output(ESTIMATES)
def effects(
    run: Path,
    of: tuple[str, ...],
    by: tuple[str, ...],
    as_: str | None,
    step: float | None,
    ratio: float | None,
    show: Show,
) -> None:
    """Show averages, contrasts and slopes of the outcome, overall and by group.

    Each is averaged over the observed posts, in the outcome's units. --of and --by can be given
    several times. Estimates are associations in these posts; only an experiment shows causes.
    """
    from attribution import load_run

    opened = load_run(run)
    frame = opened.effects(of=of, by=by, as_=as_, step=step, ratio=ratio)
    warn_of(opened)
    show(frame)
