"""How often the model ``goldilocks`` claims a peak, on brands whose curve is known.

    uv run python -m proofs.peaks --brands 40 --jobs 2

Brands are simulated with a flat, a rising and a peaked curve of followers, fitted with the shipped
spec, and what was claimed is counted. Results go to a folder, one file a brand, so that a run that
was stopped goes on where it was.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import click
import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

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


def one_brand(curve: str, seed: int, folder: Path) -> dict[str, object]:
    """Fit one brand and return what is told of its peak."""
    path = folder / f"{curve}-{seed}.json"
    if path.exists():
        found: dict[str, object] = json.loads(path.read_text())
        return found
    from attribution.data import AnalysisTable
    from attribution.fitting import fit
    from attribution.quantities.estimates import estimate_table
    from attribution.quantities.peak import peak_quantities

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = fit("goldilocks", AnalysisTable(simulate(curve, seed)), seed=seed)
    quantities = peak_quantities(run.design, run.draws)
    table = estimate_table(quantities, run.manifest.chains)
    rows = {row["quantity"]: row for row in table.rows(named=True)}
    peak = rows["peak_followers"]
    found = {
        "curve": curve,
        "seed": seed,
        "healthy": run.healthy,
        "probability": rows["has_peak_followers"]["probability"],
        "answer": rows["has_peak_followers"]["answer"],
        "ends": rows["ends_ratio_followers"]["answer"],
        "lower": peak["lower"],
        "median": peak["median"],
        "upper": peak["upper"],
    }
    path.write_text(json.dumps(found))
    return found


@click.command(help=__doc__)
@click.option("--brands", type=int, default=40, show_default=True, help="Brands of each curve.")
@click.option("--jobs", type=int, default=2, show_default=True)
@click.option("--folder", type=Path, default=Path("runs/peaks"), show_default=True)
def main(brands: int, jobs: int, folder: Path) -> None:
    """Print a Markdown table of what was claimed."""
    folder.mkdir(parents=True, exist_ok=True)
    work = [(curve, seed) for curve in CURVES for seed in range(brands)]
    found: list[dict[str, object]] = []
    # Spawned, not forked: Polars has threads, which a fork would leave locked.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(one_brand, *which, folder) for which in work]
        for done, future in enumerate(as_completed(futures), start=1):
            found.append(future.result())
            click.echo(f"\r{done} of {len(work)} brands", nl=False, err=True)
    click.echo("", err=True)
    click.echo(table(pl.DataFrame(found)))


def table(found: pl.DataFrame) -> str:
    """Return the counts as a Markdown table."""
    lines = [
        "| truth | brands | healthy | claims a peak | claims none | cannot tell |"
        " median P(peak) | says the ends differ | interval holds 30,000 |",
        "| --- |" + " ---: |" * 8,
    ]
    for curve in CURVES:
        of = found.filter(pl.col("curve") == curve)
        answers = of.get_column("answer")
        claims = int(answers.str.starts_with("there is a best").sum())
        none = int(answers.str.starts_with("there is no").sum())
        cannot = of.height - claims - none
        ends = int((of.get_column("ends") != "cannot tell").sum())
        inside = of.filter(pl.lit(PEAK).is_between("lower", "upper")).height
        healthy = int(of.get_column("healthy").sum())
        middle = of.get_column("probability").median()
        lines.append(
            f"| {curve} | {of.height} | {healthy} | {claims} | {none} | {cannot} | {middle:.2f} |"
            f" {ends} | {inside if curve == 'peaked' else ''} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
