"""What the model ``funnel`` says of brands whose stages are known.

    uv run python -m proofs.funnel --brands 20 --jobs 2

Brands are simulated stage by stage (see :mod:`attribution.simulation.funnel`), with tiers that
differ and with tiers that do not, and fitted with the shipped spec; how often intervals hold the
truth, and how often something is said, is counted. Results go to a folder, one file a brand, so
that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import click
import polars as pl

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


def one_brand(truth: str, seed: int, folder: Path) -> pl.DataFrame:
    """Fit one brand and return what is told of its tiers beside the truth."""
    path = folder / f"{truth}-{seed}.parquet"
    if path.exists():
        return pl.read_parquet(path)
    from attribution.data import AnalysisTable
    from attribution.fitting import fit
    from attribution.simulation.funnel import Funnel, funnel_truth, simulate_funnel
    from attribution.tables import DEFAULT_TIERS

    funnel = Funnel() if truth == "different" else Funnel.null()
    table = AnalysisTable(simulate_funnel(funnel, CREATORS, POSTS, seed), tiers=DEFAULT_TIERS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = fit("funnel", table, seed=seed)
    known = funnel_truth(funnel, REFERENCE)
    rows = run.effects().filter(pl.col("quantity").str.contains("ratio_by|effect_by"))
    found = beside(rows, known).with_columns(
        brand=pl.lit(truth), seed=pl.lit(seed), healthy=pl.lit(run.healthy)
    )
    found.write_parquet(path)
    return found


def beside(rows: pl.DataFrame, known: Mapping[tuple[str, str], float]) -> pl.DataFrame:
    """Return estimates whose truth is known, with it."""
    truth = pl.DataFrame(
        [(quantity, group, value) for (quantity, group), value in known.items()],
        schema=["quantity", "group", "truth"],
        orient="row",
    )
    kept = ("quantity", "group", "median", "sd", "lower", "upper", "probability", "answer")
    return rows.select(kept).join(truth, on=["quantity", "group"])


@click.command(help=__doc__)
@click.option("--brands", type=int, default=20, show_default=True, help="Brands of each truth.")
@click.option("--jobs", type=int, default=2, show_default=True)
@click.option("--folder", type=Path, default=Path("runs/funnel"), show_default=True)
def main(brands: int, jobs: int, folder: Path) -> None:
    """Print a Markdown table of what was told."""
    folder.mkdir(parents=True, exist_ok=True)
    work = [(truth, seed) for truth in TRUTHS for seed in range(brands)]
    found: list[pl.DataFrame] = []
    # Spawned, not forked: Polars has threads, which a fork would leave locked.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(one_brand, *which, folder) for which in work]
        for done, future in enumerate(as_completed(futures), start=1):
            found.append(future.result())
            click.echo(f"\r{done} of {len(work)} brands", nl=False, err=True)
    click.echo("", err=True)
    click.echo(table(pl.concat(found)))


def table(found: pl.DataFrame) -> str:
    """Return the counts as a Markdown table."""
    lines = [
        "| tiers | quantity | intervals that hold the truth | median error | something is said |"
        " and it is wrong |",
        "| --- | --- |" + " ---: |" * 4,
    ]
    for truth in TRUTHS:
        for way in WAYS:
            of = found.filter(pl.col("brand") == truth, pl.col("quantity") == way)
            if of.is_empty():
                continue
            holds = of.filter(pl.col("truth").is_between("lower", "upper")).height
            error = of.select((pl.col("median") / pl.col("truth")).log().abs().median()).item()
            said = of.filter(pl.col("answer") != "cannot tell")
            up, above = pl.col("probability") > 0.5, pl.col("truth") > 1.0
            equal = (pl.col("truth") - 1.0).abs() < 1e-3
            wrong = said.filter((up != above) | equal).height
            lines.append(
                f"| {truth} | `{way}` | {holds} of {of.height} | {error:.0%} |"
                f" {said.height} | {wrong} |"
            )
    healthy = found.unique(["brand", "seed"]).get_column("healthy")
    lines += ["", f"{int(healthy.sum())} of {healthy.len()} fits passed the health gate."]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
