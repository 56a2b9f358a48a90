"""``attribution report``: everything about one run, or several of the same posts, in one file."""

from __future__ import annotations

from pathlib import Path

import click

from attribution.cli._messages import say, warn
from attribution.cli._options import PATH, runs_argument, unhealthy_option


@click.command()
@runs_argument()
@click.option(
    "-o",
    "--output",
    type=PATH,
    default=Path("report.html"),
    show_default=True,
    help="HTML file to write.",
)
@click.option(
    "--margin",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="Share of net revenue left after the cost of the goods.",
)
@unhealthy_option()
def report(runs: tuple[Path, ...], output: Path, margin: float, unhealthy: bool) -> None:
    """Write one HTML file with answers, charts, tables, health and how it was made.

    The file is complete: it opens anywhere, without a network. Of several runs of the same posts
    the first gives the numbers, and the others are compared with it. Prints the file's name.
    """
    import attribution as at

    opened = [at.load_run(run) for run in runs]
    at.report(opened, output, margin=margin, unhealthy=unhealthy)
    for run in opened:
        if not run.healthy:
            warn(f"{run.name} failed its health checks; the report carries a banner")
    say(f"wrote a report of {', '.join(run.name for run in opened)}")
    click.echo(str(output))
