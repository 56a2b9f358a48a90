"""Sampling time to 400 effective draws, against other tools.

    uv run --group benchmarks python -m benchmarks.sampling --posts 600 --posts 6000

Each tool runs in a process of its own, one after the other, on the same simulated posts with the
same priors; one that takes longer than ``--limit`` seconds counts as a lower bound. Printed are
times, the least effective draws (bulk or tail) of all reported parameters, and ratios.
"""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median
from time import perf_counter

import click

from benchmarks.peers import PEERS

HEAD = ("posts", "tool", "compile s", "sample s", "least ESS", "R-hat", "divergent", "s to ESS 400")


@click.command(help=__doc__)
@click.option("--posts", type=int, multiple=True, default=(600, 6000), show_default=True)
@click.option("--tool", "tools", type=click.Choice(list(PEERS)), multiple=True, default=list(PEERS))
@click.option("--repeats", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--limit", type=float, default=600.0, show_default=True, help="Seconds for a tool.")
def main(posts: tuple[int, ...], tools: tuple[str, ...], repeats: int, limit: float) -> None:
    """Run every tool at every size and print a Markdown table."""
    click.echo("| " + " | ".join((*HEAD, "ratio")) + " |")
    click.echo("| ---: | --- |" + " ---: |" * (len(HEAD) - 1))
    for size in posts:
        own: float | None = None
        for tool in tools:
            found = [run(tool, size, limit) for _ in range(repeats)]
            own = row(tool, size, [f for f in found if f is not None], limit, own)


def run(tool: str, posts: int, limit: float) -> dict[str, float] | None:
    """Return what one tool told; None when it took too long."""
    command = [sys.executable, "-m", "benchmarks.peers", tool, str(posts)]
    began = perf_counter()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=True)  # noqa: S603
    except subprocess.TimeoutExpired:
        return None
    except subprocess.CalledProcessError as error:
        raise click.ClickException(f"{tool} failed: {error.stderr[-2000:]}") from error
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told | {"process": perf_counter() - began}


def row(
    tool: str, posts: int, found: list[dict[str, float]], limit: float, own: float | None
) -> float | None:
    """Print one tool's medians and its ratio to the first tool; return the first tool's time."""
    if not found:
        ratio = "" if own is None else f"> {limit / own:.0f}"
        click.echo(f"| {posts:,} | {tool} | | > {limit:.0f} | | | | > {limit:.0f} | {ratio} |")
        return own
    middle = {key: median(f[key] for f in found) for key in found[0]}
    own = middle["to_400"] if own is None else own
    cells = (
        f"{posts:,}",
        tool,
        f"{middle['compile']:.1f}",
        f"{middle['sample']:.2f}",
        f"{middle['ess']:.0f}",
        f"{middle['r_hat']:.3f}",
        f"{middle['divergent']:.0f}",
        f"{middle['to_400']:.3f}",
        f"{middle['to_400'] / own:.1f}",
    )
    click.echo("| " + " | ".join(cells) + " |")
    return own


if __name__ == "__main__":
    main()
