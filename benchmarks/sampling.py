"""Sampling time to 400 effective draws, against other tools.

    uv run --group benchmarks python -m benchmarks.sampling --repeats 3

Each tool runs in a process of its own, one after the other, on the same simulated posts with the
same priors, each run with another seed; one that takes longer than ``--limit`` seconds is stopped,
and what it sampled by then counts as a lower bound. Printed are medians: seconds to compile and to
sample, the least effective draws (bulk or tail) of all reported parameters, seconds of sampling to
400 of them, the ratio to this project's, and how far the estimates lie apart at most, in Monte
Carlo standard errors.
rstanarm needs Debian's package ``r-cran-rstanarm``.
"""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

import click

from benchmarks.peers import TOOLS, Told

HEAD = (
    "model",
    "posts",
    "tool",
    "runs",
    "compile s",
    "sample s",
    "least ESS",
    "R-hat",
    "divergent",
    "s to ESS 400",
    "ratio",
    "apart",
)


@dataclass(frozen=True)
class Found:
    """What one tool told in all its runs; stopped has the seconds it had sampled when stopped."""

    runs: list[Told]
    stopped: float | None = None

    def middle(self, key: str) -> float:
        """Median over the runs."""
        return median(run[key] for run in self.runs)


@click.command(help=__doc__)
@click.option("--model", "models", type=click.Choice(list(TOOLS)), multiple=True, default=TOOLS)
@click.option("--posts", type=int, multiple=True, default=(600, 6000, 60000), show_default=True)
@click.option("--tool", "tools", multiple=True, help="Which tools; all if not said.")
@click.option("--repeats", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--limit", type=float, default=600.0, show_default=True, help="Seconds for a tool.")
def main(
    models: tuple[str, ...],
    posts: tuple[int, ...],
    tools: tuple[str, ...],
    repeats: int,
    limit: float,
) -> None:
    """Run every tool at every size and print a Markdown table."""
    click.echo("| " + " | ".join(HEAD) + " |")
    click.echo("| --- | ---: | --- |" + " ---: |" * (len(HEAD) - 3))
    for model in models:
        for size in posts:
            own: Found | None = None
            for tool in TOOLS[model]:
                if tools and tool not in tools:
                    continue
                found = run_all(model, tool, size, repeats, limit)
                own = found if own is None else own
                cells = row(found, own, limit)
                click.echo(f"| {model} | {size:,} | {tool} | " + " | ".join(cells) + " |")


def run_all(model: str, tool: str, posts: int, repeats: int, limit: float) -> Found:
    """Run a tool several times, or until it is stopped once."""
    runs: list[Told] = []
    for seed in range(repeats):
        answer, stopped = run(model, tool, posts, seed, limit)
        if answer is None:
            return Found(runs, stopped)
        runs.append(answer)
    return Found(runs)


def run(
    model: str, tool: str, posts: int, seed: int, limit: float
) -> tuple[Told | None, float | None]:
    """Return what one tool told, or the seconds that it had sampled when it was stopped."""
    command = [sys.executable, "-m", "benchmarks.peers", model, tool, str(posts), str(seed)]
    began = perf_counter()
    # A session of its own: what the tool starts beside itself is stopped with it.
    peer = subprocess.Popen(  # noqa: S603
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, error = peer.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(peer.pid, signal.SIGKILL)
        lines = peer.communicate()[0].splitlines()
        compiling = json.loads(lines[0])["compile"] if lines else limit
        return None, limit - compiling
    if peer.returncode:
        raise click.ClickException(f"{tool} failed: {error[-2000:]}")
    answer: Told = json.loads(out.splitlines()[-1])
    return answer | {"process": perf_counter() - began}, None


def row(found: Found, own: Found, limit: float) -> list[str]:
    """Return one tool's medians, and its ratio to the first tool."""
    if found.stopped is not None or own.stopped is not None:
        sampled = limit if found.stopped is None else found.stopped
        ratio = "" if own.stopped is not None else f"> {sampled / own.middle('to_400'):,.0f}"
        return ["stopped", "", f"> {sampled:.0f}", "", "", "", f"> {sampled:.0f}", ratio, ""]
    return [
        str(len(found.runs)),
        f"{found.middle('compile'):.1f}",
        f"{found.middle('sample'):.2f}",
        f"{found.middle('ess'):,.0f}",
        f"{found.middle('r_hat'):.3f}",
        f"{found.middle('divergent'):.0f}",
        f"{found.middle('to_400'):.3f}",
        f"{found.middle('to_400') / own.middle('to_400'):.1f}",
        f"{apart(found.runs[0], own.runs[0]):.1f}",
    ]


def apart(one: Told, other: Told) -> float:
    """Return how far two tools' posterior means lie apart at most, in Monte Carlo errors."""
    far = [0.0]
    for name, (mean, se) in one["estimates"].items():
        if name in other["estimates"]:
            known: tuple[Any, Any] = other["estimates"][name]
            far.append(abs(mean - known[0]) / max(math.hypot(se, known[1]), 1e-12))
    return max(far)


if __name__ == "__main__":
    main()
