"""How often intervals of 50 and 89 % cover the truth.

    uv run python -m proofs.coverage --kind prior_50x10 --brands 200 --jobs 2
    uv run python -m proofs.coverage --model engagement --kind prior_8x3 --brands 200 --jobs 2
    uv run python -m proofs.coverage --kind fixed_50x10 --brands 40 --jobs 2
    uv run python -m proofs.coverage --page

Brands are fitted with the defaults. Those of the additive model are simulated, written as CSV and
joined by ``ingest``, and their truth is the simulator's record; those of another model are outcomes
drawn from its prior for such posts. What is done is kept in ``--folder``, so a run that was stopped
goes on. ``--page`` writes the results to ``docs/explanation/coverage.json`` and the page from them,
kinds that the folder lacks staying as they are; a command on brands of the prior exits with 1 when
a figure lies outside its band.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from proofs.brands import KINDS, collect
from proofs.coverage_page import PAGE, summary
from proofs.summary import coverage, outside

FIRST_SEED = 1000
MODELS = tuple(dict.fromkeys(kind.model for kind in KINDS.values()))
SIZED = tuple(dict.fromkeys(name.partition("_")[2] for name in KINDS))


@click.command(help=__doc__)
@click.option("--model", type=click.Choice(MODELS), default="additive", show_default=True)
@click.option("--kind", type=click.Choice(SIZED), default="prior_50x10", show_default=True)
@click.option("--brands", type=click.IntRange(min=2), default=40, show_default=True)
@click.option("--seed", type=int, default=FIRST_SEED, show_default=True, help="Of the first brand.")
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), default=Path("runs/coverage"))
@click.option("--page", is_flag=True, help="Write the page from what is in the folder.")
def main(
    model: str, kind: str, brands: int, seed: int, jobs: int, folder: Path, page: bool
) -> None:
    """Collect brands of one kind, or write the page."""
    if page:
        PAGE.write(summary(folder))
        click.echo(f"wrote {PAGE.path}")
        return
    name = f"{model}_{kind}"
    if name not in KINDS:
        raise click.UsageError(f"there is no fixed truth of the model {model!r}")
    estimates = collect(name, brands, seed, jobs, folder)
    table = coverage(estimates)
    click.echo(table.write_csv(float_precision=3))
    missed = outside(table)
    if kind.startswith("prior") and not missed.is_empty():
        click.echo(f"outside their band: {missed.height}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
