"""Seconds for one gradient of the log-density, from 10,000 posts to a million.

    uv run python -m benchmarks.gradient

Printed are medians of calls from one thread, the time for a post, and the power of the number of
posts that the times grow with (1 is linear).
"""

from __future__ import annotations

from statistics import median
from time import perf_counter
from typing import Any

import click
import numpy as np

from benchmarks.posts import TIERS, simulate

CREATORS = 5000
SECONDS = 3.0
"""How long each is measured."""


@click.command(help=__doc__)
@click.option("--model", "models", multiple=True, default=("engagement", "additive"))
@click.option(
    "--posts", type=int, multiple=True, default=(10_000, 30_000, 100_000, 300_000, 1_000_000)
)
def main(models: tuple[str, ...], posts: tuple[int, ...]) -> None:
    """Print a Markdown table of each model."""
    click.echo("| model | posts | creators | ms | ns a post |")
    click.echo("| --- | ---: | ---: | ---: | ---: |")
    for model in models:
        times = []
        for size in posts:
            creators = min(CREATORS, size // 10)
            took = gradient(model, size, creators)
            times.append(took)
            cells = (f"{size:,}", f"{creators:,}", f"{1e3 * took:.3f}", f"{1e9 * took / size:.1f}")
            click.echo(f"| {model} | " + " | ".join(cells) + " |")
        if len(posts) > 1:
            power = np.polyfit(np.log(posts), np.log(times), 1)[0]
            click.echo(f"{model}: grows with posts to the power of {power:.2f}")


def gradient(model: str, posts: int, creators: int) -> float:
    """Return the median seconds of a gradient."""
    from attribution.design import build_design
    from attribution.model import build_model
    from attribution.spec import read_spec

    design = build_design(read_spec(model), simulate(posts, creators), level_order=TIERS)
    return gradient_of(build_model(design))


def gradient_of(built: Any) -> float:
    """Return the median seconds of a gradient of a model."""
    from attribution.density.compiled import compile_model
    from attribution.model import kept

    compiled = compile_model(built, kept(built), 1)
    point = compiled.initial_point(1)
    taken: list[float] = []
    while sum(taken) < SECONDS:
        began = perf_counter()
        compiled.density(point)
        taken.append(perf_counter() - began)
    return median(taken)


if __name__ == "__main__":
    main()
