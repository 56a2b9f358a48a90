"""Seconds from a shell's prompt to the answers, and peak memory, against a Bambi script.

    uv run --group benchmarks python -m benchmarks.latency

On the samples (1,000 posts), 4 chains of 1,000 draws. Each command is a process of its own, one
after the other; printed are medians. The Bambi script reads the same table, samples with nutpie and
prints a summary: no health checks, no predictions, nothing saved. ``first fit`` finds neither
Python's compiled files nor PyTensor's; ``again`` is a table that the machine has fitted with the
model before, the others one with another fee each time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from random import uniform
from statistics import median
from time import perf_counter

import click
import polars as pl

from attribution.data import read_analysis

NEW = 4
"""Tasks that have other tables."""

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
OWN = "attribution"


@dataclass(frozen=True)
class Task:
    """A command line, and what is set in its environment."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]


@click.command(help=__doc__)
@click.option("--repeats", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--only", multiple=True, help="Names of what to run; all if not said.")
def main(repeats: int, only: tuple[str, ...]) -> None:
    """Run everything and print a Markdown table."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        prepare(folder, repeats)
        click.echo("| what | seconds | from | to | peak memory, GB |")
        click.echo("| --- | ---: | ---: | ---: | ---: |")
        for task in tasks(folder):
            if only and task.name not in only:
                continue
            found = [run(task, folder, k) for k in range(repeats)]
            seconds = [took for took, _ in found]
            cells = (f"{of:.2f}" for of in (median(seconds), min(seconds), max(seconds)))
            memory = median(peak for _, peak in found)
            click.echo(f"| {task.name} | " + " | ".join(cells) + f" | {memory:.2f} |")


def prepare(folder: Path, repeats: int) -> None:
    """Join the samples, fit the run that charts and reports are made of, and make other tables."""
    posts, orders, creators = (str(SAMPLES / f"{n}.csv") for n in ("posts", "orders", "creators"))
    join = (OWN, "ingest", posts, orders, "--creators", creators, "-o", "joined")
    run(Task("", join, {}), folder)
    run(Task("", (OWN, "fit", "additive", "joined", "-o", "run"), {}), folder)
    seen = read_analysis(folder / "joined")
    for task in range(NEW):
        for k in range(repeats):
            # By chance, so that no earlier run of this benchmark has left what it compiled.
            fee = pl.col("fee") + uniform(1.0, 2.0)  # noqa: S311
            other = replace(seen, frame=seen.frame.with_columns(fee=fee))
            other.save(folder / f"new-{task}-{k}.parquet")


def tasks(folder: Path) -> list[Task]:
    """Return what is timed."""
    fit, to = (OWN, "fit", "additive"), ("-o", "again", "--force")
    new, old = (f"new-{task}-{{k}}.parquet" for task in range(NEW)), "joined"
    quick = ("--method", "approximate")
    cold = {
        "PYTHONPYCACHEPREFIX": str(folder / "compiled-{run}"),
        "PYTENSOR_FLAGS": f"base_compiledir={folder}/pytensor-{{run}}",
    }
    script = str(Path(__file__).with_name("bambi_script.py"))
    return [
        Task("--help", (OWN, "--help"), {}),
        Task("fit, rates", (*fit, next(new), *to), {}),
        Task("fit, rates, again", (*fit, old, *to), {}),
        Task("fit, regression", (OWN, "fit", "engagement", next(new), *to), {}),
        Task("fit, approximate", (*fit, next(new), *to, *quick), {}),
        Task("fit, approximate, again", (*fit, old, *to, *quick), {}),
        Task("first fit", (*fit, next(new), *to), cold),
        Task("effects", (OWN, "effects", "run"), {}),
        Task("roi", (OWN, "roi", "run"), {}),
        Task("chart", (OWN, "chart", "run", "forest", "-o", "forest.svg"), {}),
        Task("report", (OWN, "report", "run", "-o", "report.html"), {}),
        Task("Bambi script", (sys.executable, script, "joined/analysis.parquet"), {}),
    ]


def run(task: Task, folder: Path, k: int = 0) -> tuple[float, float]:
    """Return seconds and peak memory in gigabytes of one process, the ``k``-th of its task."""
    stamp = str(perf_counter()).replace(".", "")
    more = {name: value.replace("{run}", stamp) for name, value in task.environment.items()}
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    began = perf_counter()
    child = subprocess.Popen(  # noqa: S603
        [of.replace("{k}", str(k)) for of in task.command],
        cwd=folder,
        env=environment | more,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(child.pid, 0)
    took = perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    # 3: the run is saved, and fails its health checks.
    if child.returncode not in (0, 3):
        raise click.ClickException(f"{' '.join(task.command)} ended with {child.returncode}")
    return took, usage.ru_maxrss / 1e6


if __name__ == "__main__":
    main()
