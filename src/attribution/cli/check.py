"""``attribution check``: the health gate of a run."""

from __future__ import annotations

from pathlib import Path

import click

from attribution.cli._messages import say
from attribution.cli._options import run_argument
from attribution.cli._output import Show, table_output
from attribution.cli._views import CHECKS

UNHEALTHY = 3


@click.command()
@run_argument()
@table_output(CHECKS)
def check(run: Path, show: Show) -> None:
    """Say whether a run can be trusted; exit code 3 when it cannot."""
    from attribution import load_run

    opened = load_run(run)
    show(opened.check())
    if not opened.healthy:
        say("unhealthy: do not use this run's numbers before the failed checks are settled")
        click.get_current_context().exit(UNHEALTHY)
