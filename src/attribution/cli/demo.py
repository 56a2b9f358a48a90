"""``attribution demo``: the whole way on the shipped samples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from attribution.cli._messages import progress, warn
from attribution.cli._options import PATH
from attribution.cli._views import BY_KIND

if TYPE_CHECKING:
    from attribution.tour import Step, Tour

UNHEALTHY = 3


@click.command()
@click.argument("folder", metavar="[DIR]", type=PATH, default=Path("attribution-demo"))
@click.option("--quick", is_flag=True, help="Take few draws: sooner done, less precise.")
def demo(folder: Path, quick: bool) -> None:
    """Go the whole way on the shipped samples and write a report.

    Copies a simulated brand to DIR (default attribution-demo), credits its orders to posts, fits
    and checks two models, compares them, puts the truth beside each estimate, works out ROI, draws
    charts and writes a report. With --quick the health checks may fail for want of draws.
    """
    import attribution as at

    with progress() as stages:
        tour = at.demo(folder, quick=quick, progress=stages, tell=_tell)
    _end(tour)
    if not tour.healthy:
        warn("a run failed its health checks; the report carries a banner that says so")
        if not quick:
            click.get_current_context().exit(UNHEALTHY)


def _tell(step: Step) -> None:
    from attribution.cli._layout import output_width, text_table

    click.echo(f"{click.style(step.title, bold=True)} ({step.seconds:.1f} s)")
    click.echo(f"  $ {step.command}")
    for sentence in step.found:
        click.echo(f"  {sentence}")
    if not step.table.is_empty():
        page = BY_KIND[step.kind].page(step.table)
        click.echo()
        click.echo(text_table(page.headings, page.rows, page.right, output_width()))
        if page.caption:
            click.echo(f"\n{page.caption}")
    click.echo()


def _end(tour: Tour) -> None:
    seconds = sum(step.seconds for step in tour.steps)
    click.echo(f"{click.style('With your own files', bold=True)}")
    click.echo("  attribution validate posts.csv --kind posts      what is wrong with a file")
    click.echo("  attribution ingest posts.csv orders.csv --creators creators.csv -o brand")
    click.echo("  attribution fit additive brand -o runs/additive")
    click.echo("  attribution report runs/additive -o report.html")
    click.echo("Other column names? `attribution ingest --help` says how to map them.\n")
    click.echo(f"All of it took {seconds:.0f} s. Open the report in a browser:")
    click.echo(str(tour.report))
