"""How many of a brand's orders are found where they come weeks after a post, by the window.

    uv run python -m proofs.windows --brands 12

Brands are simulated whose orders come late, and joined with windows of several lengths. What the
shares of `ingest` say that the recorded orders stand for is compared with the orders that posts
brought, whenever they came. Nothing is fitted. Results are written into
docs/explanation/crediting.md.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from attribution.simulation.delay import Delay
from proofs.null_brands import shown
from proofs.pages import Page, table
from proofs.parallel import Lines, Record, gather, identity

if TYPE_CHECKING:
    from attribution.simulation import Brand

FIRST_SEED = 8000
WINDOWS = (30, 60, 90, 180)
"""Days."""

LATE = {f"{mean:g}": Delay(0.75, mean) for mean in (5.2, 12.0, 29.0)}
"""Delays by their mean in days."""


def work(number: int) -> Record:
    """Simulate one brand with one kind of delays; numbers go through the delays in turn."""
    from attribution.simulation import simulate

    seed, which = divmod(number, len(LATE))
    late = list(LATE)[which]
    brand = simulate(replace(shown(), delay=LATE[late]), FIRST_SEED + seed)
    with tempfile.TemporaryDirectory() as scratch:
        found = {str(days): of_window(brand, Path(scratch), days) for days in WINDOWS}
    return {"truth": late, "seed": FIRST_SEED + seed, "windows": found}


def of_window(brand: Brand, folder: Path, days: int) -> Record:
    """Return the delays that are learnt, and orders over those that posts brought."""
    from attribution.data import ingest
    from attribution.fitting import design_of
    from attribution.spec import read_spec

    brand.write(folder, overwrite=True)
    files = (folder / f"{name}.csv" for name in ("posts", "orders", "creators"))
    made = ingest(*files, window_days=days)
    joined = made.table
    design = design_of(read_spec("additive"), joined)
    truth = joined.frame.select("post_id").join(
        brand.truth.posts, on="post_id", maintain_order="left"
    )
    brought = truth.get_column("orders").to_numpy()
    if design.sources is None:
        raise AssertionError("orders come late")
    collected = (design.sources.weight * brought[design.sources.index]).sum()
    recorded = design.outcome.sum()
    return {
        "within": brand.truth.delay.cdf(days),
        "learnt": made.provenance["delays"]["mean_days"],
        "recorded": float(recorded / brought.sum()),
        "stand_for": float(recorded / collected),
    }


def windows(records: Sequence[Record]) -> str:
    """Return what is found with each window as a Markdown table."""
    headings = (
        *("mean delay, days", "window, days", "come within it", "mean that `ingest` tells"),
        *("recorded / brought", "what these stand for / brought", "from to"),
    )
    return table(headings, list(_rows(records)), words=0)


def _rows(records: Sequence[Record]) -> Iterator[Sequence[object]]:
    for mean in LATE:
        of = [record["windows"] for record in records if record["truth"] == mean]
        for days in WINDOWS:
            some = [one[str(days)] for one in of]
            stand = [one["stand_for"] for one in some]
            recorded = np.mean([one["recorded"] for one in some])
            span = f"{min(stand):.2f} to {max(stand):.2f}"
            within = f"{some[0]['within']:.0%}"
            learnt = f"{np.mean([one['learnt'] for one in some]):.1f}"
            found = f"{recorded:.2f}", f"{np.mean(stand):.2f}", span
            yield mean, days, within, learnt, *found


PAGE = Page("crediting", {"windows": windows})


@click.command(help=__doc__)
@click.option("--brands", type=int, default=12, show_default=True, help="Brands of each delay.")
@click.option("--jobs", type=int, default=2, show_default=True)
@click.option("--folder", type=Path, default=Path("runs/windows"), show_default=True)
def main(brands: int, jobs: int, folder: Path) -> None:
    """Write results and page, and print the table."""
    of = identity(repr(shown()), repr(LATE), WINDOWS)
    lines = Lines(folder / "brands.jsonl", of)
    records = gather(work, range(brands * len(LATE)), lines, jobs, "brands")
    PAGE.write(records)
    click.echo(windows(records))


if __name__ == "__main__":
    main()
