"""How often the model ``goldilocks`` claims a peak, on brands whose curve is known.

    uv run python -m proofs.peaks --brands 40 --jobs 2

Brands are simulated with a flat, a rising and a peaked curve of followers, fitted with the shipped
spec, and what was claimed is counted. Each brand becomes a line of a file in ``--folder``, so that
a run that was stopped goes on; the results are written into docs/explanation/goldilocks.md.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click
import numpy as np
import polars as pl
from numpy.typing import NDArray

from attribution.spec import read_spec
from proofs.calibration.stored import mark
from proofs.pages import Page, table
from proofs.parallel import Lines, Record, gather, identity

Floats = NDArray[np.float64]

MODEL = "goldilocks"
CREATORS, POSTS = 60, 8
PEAK = 30_000.0
"""Followers at which the peaked curve is highest."""

CURVES: Mapping[str, Callable[[Floats], Floats]] = {
    "flat": np.zeros_like,
    "rising": lambda size: 0.4 * (size - np.log(PEAK)),
    "falling": lambda size: -0.4 * (size - np.log(PEAK)),
    "peaked": lambda size: -0.35 * (size - np.log(PEAK)) ** 2,
}
"""Log rate by log followers."""


def simulate(curve: str, seed: int) -> pl.DataFrame:
    """Return the posts of a brand whose conversions per person reached follow a curve."""
    rng = np.random.default_rng([seed, list(CURVES).index(curve)])
    size = rng.normal(np.log(PEAK), 1.3, CREATORS)
    creator = np.repeat(np.arange(CREATORS), POSTS)
    followers = np.exp(size[creator]).astype(np.int64) + 500
    reach = np.exp(np.log(followers) - 1.6 + rng.normal(0.0, 0.4, len(creator))).astype(np.int64)
    effect = rng.normal(0.0, 0.5, CREATORS)[creator]
    log_rate = -7.0 + CURVES[curve](np.log(followers)) + effect
    mean = (reach + 1) * np.exp(log_rate)
    return pl.DataFrame(
        {
            "post_id": [f"p{k}" for k in range(len(creator))],
            "creator_id": [f"c{k}" for k in creator],
            "followers": followers,
            "reach": reach + 1,
            "conversions": rng.poisson(rng.gamma(1.5, mean / 1.5)),
        }
    )


def work(number: int) -> Record:
    """Fit one brand and return what is told of its peak; numbers go through the curves in turn."""
    from attribution.data import AnalysisTable
    from attribution.fitting import fit
    from attribution.quantities.estimates import estimate_table
    from attribution.quantities.peak import peak_quantities

    seed, which = divmod(number, len(CURVES))
    curve = list(CURVES)[which]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = fit(MODEL, AnalysisTable(simulate(curve, seed)), seed=seed)
    quantities = peak_quantities(run.design, run.draws)
    told = estimate_table(quantities, run.manifest.chains)
    rows = {row["quantity"]: row for row in told.rows(named=True)}
    return {
        "curve": curve,
        "seed": seed,
        "healthy": run.healthy,
        "probability": rows["has_peak_followers"]["probability"],
        "answer": rows["has_peak_followers"]["answer"],
        "ends": rows["ends_ratio_followers"]["answer"],
        **{name: rows["peak_followers"][name] for name in ("lower", "median", "upper")},
    }


def peaks(records: Sequence[Record]) -> str:
    """Return what was claimed as a Markdown table."""
    headings = (
        *("truth", "brands", "healthy", "claims a peak", "claims none", "cannot tell"),
        *("median P(peak)", "says the ends differ", "interval holds 30,000"),
    )
    return table(headings, (_of_curve(curve, records) for curve in CURVES))


def _of_curve(curve: str, records: Sequence[Record]) -> Sequence[object]:
    of = [record for record in records if record["curve"] == curve]
    claims = sum(record["answer"].startswith("there is a best") for record in of)
    none = sum(record["answer"].startswith("there is no") for record in of)
    inside = sum(record["lower"] <= PEAK <= record["upper"] for record in of)
    return (
        curve,
        len(of),
        sum(record["healthy"] for record in of),
        claims,
        none,
        len(of) - claims - none,
        f"{np.median([record['probability'] for record in of]):.2f}",
        sum(record["ends"] != "cannot tell" for record in of),
        inside if curve == "peaked" else "",
    )


PAGE = Page("goldilocks", {"peaks": peaks})


@click.command(help=__doc__)
@click.option("--brands", type=int, default=40, show_default=True, help="Brands of each curve.")
@click.option("--jobs", type=int, default=2, show_default=True)
@click.option("--folder", type=Path, default=Path("runs/peaks"), show_default=True)
def main(brands: int, jobs: int, folder: Path) -> None:
    """Write results and page, and print the table of what was claimed."""
    of = identity(mark(read_spec(MODEL)), CREATORS, POSTS, PEAK, list(CURVES))
    lines = Lines(folder / "brands.jsonl", of)
    records = gather(work, range(brands * len(CURVES)), lines, jobs, "peaks")
    PAGE.write(records)
    click.echo(peaks(records))


if __name__ == "__main__":
    main()
