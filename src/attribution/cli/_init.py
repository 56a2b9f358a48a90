"""``attribution models init``: a first spec for a table."""

from __future__ import annotations

from pathlib import Path

import click

from attribution.cli._messages import say
from attribution.cli._options import PATH, force_option, mapping_option, tiers_option
from attribution.cli._output import write_file


@click.command("init")
@click.argument("table", type=PATH)
@click.option("-o", "--output", type=PATH, metavar="TOML", help="File to write, not the terminal.")
@click.option(
    "--outcome", metavar="COLUMN", help="What the model explains.  [default: conversions]"
)
@click.option("--family", metavar="NAME", help="Its distribution.  [default: a guess]")
@click.option(
    "--exposure",
    metavar="COLUMN",
    help="What the mean of a count is proportional to.  [default: reach, views or followers]",
)
@click.option("--trials", metavar="COLUMN", help="Number of trials that the outcome counts in.")
@mapping_option()
@tiers_option()
@force_option()
def init_model(
    table: Path,
    output: Path | None,
    outcome: str | None,
    family: str | None,
    exposure: str | None,
    trials: str | None,
    mapping: Path | None,
    tiers: str | None,
    overwrite: bool,
) -> None:
    """Write a first spec for a table, a comment above each choice, to read and edit.

    TABLE is the folder that `ingest` wrote, or a CSV or Parquet file with one row per post. The
    spec goes to stdout, or into a file whose name goes to stdout. It can be fitted as it is.
    """
    import attribution as at
    from attribution.data import read_analysis

    if output is not None and output.exists() and not overwrite:
        raise click.UsageError(f"{str(output)!r} exists already; --force replaces it")
    posts = read_analysis(table, mapping=mapping, tiers=tiers)
    text = at.draft_spec(
        posts,
        name="my" if output is None else output.stem,
        outcome=outcome,
        family=family,
        exposure=exposure,
        trials=trials,
    )
    if output is None:
        click.echo(text, nl=False)
        return
    write_file(output, text.encode())
    say("read every choice, then 'attribution models check' says what it expects before the data")
    click.echo(str(output))
