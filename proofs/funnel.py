"""What the model ``funnel`` says of brands whose stages are known.

    uv run python -m proofs.funnel --brands 20 --jobs 2

Brands are simulated stage by stage (see :mod:`attribution.simulation.funnel`), with tiers that
differ and with tiers that do not, and fitted with the shipped spec; how often intervals hold the
truth, and how often something is said, is counted. Each brand becomes a line of a file in
``--folder``, so that a run that was stopped goes on; the results are written into
docs/explanation/funnel.md.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import numpy as np
import polars as pl

from attribution.spec import read_spec
from proofs.calibration.stored import mark
from proofs.pages import Page, covered, table
from proofs.parallel import Lines, Record, gather, identity

MODEL = "funnel"
CREATORS, POSTS = 60, 8
TRUTHS = ("different", "equal")
REFERENCE = "nano"
"""All tiers have as many posts: the first is what others are compared with."""

WAYS = (
    "engagement_rate_ratio_by_reach",
    "engagement_rate_ratio_by_followers",
    "total_effect_by_followers",
    "direct_effect_by_followers",
    "through_engagement_effect_by_followers",
    "through_reach_effect_by_followers",
)


def work(number: int) -> Record:
    """Fit one brand; return what is told of its tiers. Numbers go through the truths in turn."""
    from attribution.data import AnalysisTable
    from attribution.fitting import fit
    from attribution.simulation.funnel import Funnel, funnel_truth, simulate_funnel
    from attribution.tables import DEFAULT_TIERS

    seed, which = divmod(number, len(TRUTHS))
    truth = TRUTHS[which]
    funnel = Funnel() if truth == "different" else Funnel.null()
    posts = AnalysisTable(simulate_funnel(funnel, CREATORS, POSTS, seed), tiers=DEFAULT_TIERS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = fit(MODEL, posts, seed=seed)
    told = beside(run.effects(), funnel_truth(funnel, REFERENCE))
    by_way = {way: judged(told.filter(pl.col("quantity") == way)) for way in WAYS}
    return {"truth": truth, "seed": seed, "healthy": run.healthy, "ways": by_way}


def judged(told: pl.DataFrame) -> Record:
    """Return how estimates of one kind stand to their truth, and how many say something."""
    error = (pl.col("median") / pl.col("truth")).log().abs()
    said = told.filter(pl.col("answer") != "cannot tell")
    up, above = pl.col("probability") > 0.5, pl.col("truth") > 1.0
    equal = (pl.col("truth") - 1.0).abs() < 1e-3
    return {
        "told": told.height,
        "inside": told.filter(pl.col("truth").is_between("lower", "upper")).height,
        "errors": told.select(error).to_series().to_list(),
        "said": said.height,
        "wrong": said.filter((up != above) | equal).height,
    }


def beside(rows: pl.DataFrame, known: Mapping[tuple[str, str], float]) -> pl.DataFrame:
    """Return estimates whose truth is known, with it."""
    truth = pl.DataFrame(
        [(quantity, group, value) for (quantity, group), value in known.items()],
        schema=["quantity", "group", "truth"],
        orient="row",
    )
    kept = ("quantity", "group", "median", "sd", "lower", "upper", "probability", "answer")
    return rows.select(kept).join(truth, on=["quantity", "group"])


def ways(records: Sequence[Record]) -> str:
    """Return the counts as a Markdown table."""
    headings = (
        *("tiers", "quantity", "intervals that hold the truth", "median error"),
        *("something is said", "and it is wrong"),
    )
    rows = []
    for truth in TRUTHS:
        for way in WAYS:
            of = [record["ways"][way] for record in records if record["truth"] == truth]
            inside = covered([one["inside"] for one in of], [one["told"] for one in of])
            said, wrong = (sum(one[what] for one in of) for what in ("said", "wrong"))
            error = np.median([error for one in of for error in one["errors"]])
            rows.append((truth, f"`{way}`", inside, f"{error:.0%}", said, wrong))
    healthy = sum(record["healthy"] for record in records)
    words = f"\n{healthy} of {len(records)} brands passed the health gate.\n"
    return table(headings, rows, words=2) + words


PAGE = Page("funnel", {"ways": ways})


@click.command(help=__doc__)
@click.option("--brands", type=int, default=20, show_default=True, help="Brands of each truth.")
@click.option("--jobs", type=int, default=2, show_default=True)
@click.option("--folder", type=Path, default=Path("runs/funnel"), show_default=True)
def main(brands: int, jobs: int, folder: Path) -> None:
    """Write results and page, and print the table of what was told."""
    of = identity(mark(read_spec(MODEL)), CREATORS, POSTS, TRUTHS, REFERENCE, WAYS)
    lines = Lines(folder / "brands.jsonl", of)
    records = gather(work, range(brands * len(TRUTHS)), lines, jobs, "brands")
    PAGE.write(records)
    click.echo(ways(records))


if __name__ == "__main__":
    main()
