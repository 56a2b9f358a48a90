"""``attribution parameters``: every parameter of a run's model."""

from __future__ import annotations

from pathlib import Path

import click

from attribution.cli._messages import say, warn_of
from attribution.cli._options import run_argument
from attribution.cli._output import Show, table_output
from attribution.cli._views import PARAMETERS


@click.command()
@run_argument()
@click.option(
    "--all",
    "every",
    is_flag=True,
    help="Show also the levels of large groups, and what only the sampler knows.",
)
@table_output(PARAMETERS)
def parameters(run: Path, every: bool, show: Show) -> None:
    """Show every parameter of the model, on the scale that its spec states.

    Features are centred on their averages where the spec does not say otherwise: rows that end in
    `_at_zero` undo that, so that they compare with published results of uncentred features.
    """
    from attribution import load_run
    from attribution.quantities.parameters import left_out

    opened = load_run(run)
    frame = opened.parameters(every=every)
    warn_of(opened)
    if not every:
        for name, levels in left_out(opened).items():
            say(f"left out: {levels:,} levels of {name}; --all shows them")
    show(frame)
