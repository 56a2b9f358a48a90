"""``attribution fit``: sample a model's posterior and save the run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import click

from attribution.cli._messages import APPROXIMATE, progress, say, warn
from attribution.cli._options import (
    PATH,
    force_option,
    mapping_option,
    seed_option,
    tiers_option,
)

if TYPE_CHECKING:
    from attribution.data import AnalysisTable
    from attribution.manifest import Method
    from attribution.run import Run

UNHEALTHY = 3


@click.command()
@click.argument("spec")
@click.argument("table", type=PATH)
@click.option("-o", "--output", type=PATH, required=True, metavar="RUN", help="Folder to save to.")
@click.option(
    "--draws",
    type=int,
    default=None,
    show_default="1000, 500 of an approximation",
    help="Draws kept of each chain.",
)
@click.option("--tune", default=500, show_default=True, help="Steps each chain adapts in first.")
@click.option("--chains", default=4, show_default=True, help="Independent chains.")
@click.option(
    "--target-accept",
    type=float,
    default=None,
    show_default="0.85, and once more with 0.95 where that does not do",
    help="Acceptance rate that NUTS aims at; nearer to 1 means smaller steps.",
)
@click.option(
    "--method",
    type=click.Choice(["nuts", "approximate"]),
    default="nuts",
    show_default=True,
    help="Exact sampling, or a quick look that is labelled approximate.",
)
@click.option("--timings", is_flag=True, help="Show where each second went.")
@seed_option()
@mapping_option()
@tiers_option()
@force_option()
def fit(
    spec: str,
    table: Path,
    output: Path,
    draws: int | None,
    tune: int,
    chains: int,
    target_accept: float | None,
    method: Method,
    timings: bool,
    seed: int,
    mapping: Path | None,
    tiers: str | None,
    overwrite: bool,
) -> None:
    """Fit a model to a table of posts and save the run.

    SPEC is the name of a model of the catalogue or a TOML file; TABLE is the folder that `ingest`
    wrote, or a CSV or Parquet file with one row per post. The run's folder goes to stdout. Exit
    code 3 when the run fails its health checks; it is saved all the same.
    """
    began = perf_counter()
    import attribution as at
    from attribution.fitting import read_inputs

    _, posts = read_inputs(spec, table, mapping, tiers)
    ready = perf_counter() - began
    _warn_of_rejects(posts)
    with progress() as report:
        run = at.fit(
            spec,
            posts,
            out=output,
            draws=draws,
            tune=tune,
            chains=chains,
            target_accept=target_accept,
            method=method,
            seed=seed,
            overwrite=overwrite,
            progress=report,
        )
    _describe(run)
    if timings:
        _tell_timings(run, ready, perf_counter() - began)
    click.echo(str(run.path))
    if not run.healthy:
        say(f"unhealthy: see 'attribution check {run.path}' for what failed and what to do")
        click.get_current_context().exit(UNHEALTHY)


def _warn_of_rejects(posts: AnalysisTable) -> None:
    from attribution.data.rejects import counts_by_rule

    if not posts.rejected_rows:
        return
    reasons = [
        f"{rows:,} × {column}: {meaning}" if column else f"{rows:,} × {meaning}"
        for column, rows, meaning in counts_by_rule(posts.rejects)
        .select("column", "rows", "meaning")
        .iter_rows()
    ]
    warn(
        f"rows set aside: {posts.rejected_rows:,} ({'; '.join(reasons)});"
        " 'attribution validate FILE --kind analysis' lists them"
    )


def _tell_timings(run: Run, ready: float, total: float) -> None:
    """Say how long each stage took; what no stage counts is the writing of the run."""
    stages = {"import and read": ready + run.manifest.timings["read"]}
    stages |= {name: took for name, took in run.manifest.timings.items() if name != "read"}
    stages["save"] = total - sum(stages.values())
    for name, took in {**stages, "in all": total}.items():
        say(f"{took:8.2f} s  {name}")


def _describe(run: Run) -> None:
    from attribution.outcomes import noun_of

    noun, exposure = noun_of(run.table, run.manifest.outcome), run.manifest.exposure
    base = f", exposure {exposure}" if exposure else ""
    say(f"{run.table.height:,} {noun}s in the fit{base}")
    for reason, count in Counter(left.reason for left in run.manifest.set_aside).items():
        say(f"{count:,} {noun}s left out: {reason}")
    if run.manifest.density != "native":
        say(f"the density was compiled the slow way: {run.manifest.density}")
    if run.manifest.approximate:
        say(APPROXIMATE)
    for absent in run.manifest.absent:
        say(f"absent: {absent.part}: {absent.reason}")
