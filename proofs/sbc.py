"""Simulation-based calibration: are a model's posteriors right, on data drawn from its own prior?

    uv run python -m proofs.sbc --model additive --replicates 300 --jobs 2
    uv run python -m proofs.sbc --model additive --replicates 100 --broken shared
    uv run python -m proofs.sbc --model additive --creators 50 --posts 10
    uv run python -m proofs.sbc --page

Every replicate becomes a line of a file in ``--folder``, so that a run that was stopped goes on.
``--page`` writes the results in the folder to docs/explanation/calibration/, and the page beside
it; of broken models what is kept there stays, where the folder has none. Exits with 1 where a
figure of the right model strays, or none of a broken one does.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from attribution.charts.save import save as save_chart
from attribution.spec.catalogue import catalogue_names
from proofs.calibration.bands import each
from proofs.calibration.broken import BROKEN
from proofs.calibration.chart import chart
from proofs.calibration.page import write_page
from proofs.calibration.replicate import Plan
from proofs.calibration.stored import FOLDER, lines, save, summarise, with_kept
from proofs.calibration.summary import astray, figures
from proofs.parallel import gather

SMALL = Plan("")


@click.command(help=__doc__)
@click.option("--model", default="additive", show_default=True, help="Shipped, or a file.")
@click.option("--replicates", type=click.IntRange(min=20), default=300, show_default=True)
@click.option("--creators", type=click.IntRange(min=2), default=SMALL.creators, show_default=True)
@click.option("--posts", type=click.IntRange(min=1), default=SMALL.each, show_default=True)
@click.option("--draws", type=click.IntRange(min=50), default=SMALL.draws, show_default=True)
@click.option("--tune", type=click.IntRange(min=50), default=SMALL.tune, show_default=True)
@click.option("--broken", type=click.Choice(list(BROKEN)), help="Fit a model that is wrong.")
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), default=Path("runs/sbc"))
@click.option("--page", is_flag=True, help="Write results and page from what is in the folder.")
def main(
    model: str,
    replicates: int,
    creators: int,
    posts: int,
    draws: int,
    tune: int,
    broken: str | None,
    jobs: int,
    folder: Path,
    page: bool,
) -> None:
    """Collect replicates of one model, or write the page."""
    plan = Plan(model, creators, posts, draws, tune, broken=broken)
    if page:
        publish(plan, folder)
        return
    label = f"{model} {creators} x {posts}" + (f", {broken} broken" if broken else "")
    records = gather(plan, range(replicates), lines(plan, folder), jobs, label)
    found = figures(records)
    gone = astray(found)
    apart = sum(not record.get("agree", True) for record in records)
    told = f"{label}: {len(records)} replicates, chains apart in {apart}, {len(found)} figures"
    click.echo(told)
    click.echo(f"figure,replicates,chance (a figure strays below {each(len(found)):.2g})")
    for one in sorted(found, key=lambda one: one.chance):
        click.echo(f'"{one.name}",{len(one.ranks)},{one.chance:.2g}')
    if bool(gone) != bool(broken):
        said = f"astray: {len(gone)}" if gone else "the broken model was not caught"
        click.echo(said, err=True)
        sys.exit(1)


def publish(plan: Plan, folder: Path) -> None:
    """Write what the folder has of every model, at the plan's size, and the page."""
    for name in catalogue_names():
        stored = summarise(replace(plan, model=name, broken=None), folder)
        if stored is not None and stored.figures:
            stored = with_kept(stored)
            save(stored)
            save_chart(chart(stored), FOLDER / f"{stored.name}.svg")
            click.echo(f"wrote {stored.name}", err=True)
    click.echo(f"wrote {write_page()}")


if __name__ == "__main__":
    main()
