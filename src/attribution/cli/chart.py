"""``attribution chart``: one chart of a run as a file."""

from __future__ import annotations

from pathlib import Path

import click

from attribution.cli._messages import say
from attribution.cli._options import PATH, run_argument, unhealthy_option

NAMES = (
    "forest",
    "contrasts",
    "funnel",
    "claim",
    "creators",
    "fakes",
    "capture",
    "density",
    "response",
    "contributions",
    "halo",
    "predictive",
    "roi",
    "comparison",
    "ranks",
    "trace",
)


@click.command()
@run_argument()
@click.argument("name", type=click.Choice(NAMES))
@click.option(
    "-o",
    "--output",
    type=PATH,
    required=True,
    help="File to write; its ending says the format: html, svg, png, pdf or json (Vega-Lite).",
)
@click.option(
    "--against",
    "others",
    type=PATH,
    multiple=True,
    help="Another run of the same posts, for the chart 'comparison'; may be repeated.",
)
@click.option(
    "--margin",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="Share of net revenue left after the cost of the goods, for the chart 'roi'.",
)
@unhealthy_option()
def chart(
    run: Path, name: str, output: Path, others: tuple[Path, ...], margin: float, unhealthy: bool
) -> None:
    """Draw one chart of a run; works without a network.

    Prints the file's name.
    """
    import attribution as at

    at.chart(run, name, output, others=others, margin=margin, unhealthy=unhealthy)
    say(f"drew {name}")
    click.echo(str(output))
