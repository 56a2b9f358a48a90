"""How well the model ``advocacy`` finds effects that are known.

    uv run python -m proofs.advocacy --brands 40 --jobs 2

Brands are simulated with known factors of labels, payment, management, replies and relationship,
fitted with the shipped spec, and intervals are compared with the truth. Results go to a folder, one
file a brand, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import click
import numpy as np
import polars as pl

CREATORS, POSTS = 60, 8

TRUTH: Mapping[str, float] = {
    "disclosure label": -0.3,
    "disclosure text": -0.1,
    "compensation gifted": -0.2,
    "compensation affiliate": 0.2,
    "managed": -0.25,
    "reply rate": 0.4,
    "mentions": 0.1,
    "collaborations": 0.0,
}
"""Change of the log of conversions per person reached."""

TIERS = {"nano": 5_000, "micro": 25_000, "mid": 150_000}


def simulate(seed: int) -> pl.DataFrame:
    """Return the posts of a brand with known effects."""
    rng = np.random.default_rng(seed)
    creator = np.repeat(np.arange(CREATORS), POSTS)
    count = len(creator)
    tier = (rng.integers(0, 3, CREATORS))[creator]
    managed = rng.random(CREATORS) < 0.35
    reply_rate = rng.beta(1.5, 2.5, CREATORS)
    mentions = rng.poisson(1.5, CREATORS)[creator]
    together = np.tile(np.arange(POSTS), CREATORS)
    disclosure = rng.choice(["none", "label", "text"], count, p=[0.3, 0.4, 0.3])
    compensation = rng.choice(["paid", "gifted", "affiliate"], count, p=[0.5, 0.3, 0.2])
    followers = np.array(list(TIERS.values()))[tier]
    reach = rng.poisson(0.2 * followers * np.exp(rng.normal(0.0, 0.4, count))) + 1
    log_rate = -7.0 + np.array([0.2, 0.0, -0.2])[tier]
    log_rate = log_rate + rng.normal(0.0, 0.4, CREATORS)[creator]
    for name, values in (("disclosure", disclosure), ("compensation", compensation)):
        log_rate = log_rate + [TRUTH.get(f"{name} {value}", 0.0) for value in values]
    log_rate = log_rate + TRUTH["managed"] * managed[creator]
    log_rate = log_rate + TRUTH["reply rate"] * reply_rate[creator]
    log_rate = log_rate + TRUTH["mentions"] * np.log1p(mentions)
    log_rate = log_rate + TRUTH["collaborations"] * np.log1p(together)
    mean = reach * np.exp(log_rate)
    return pl.DataFrame(
        {
            "post_id": [f"p{k}" for k in range(count)],
            "creator_id": [f"c{k}" for k in creator],
            "tier": [list(TIERS)[k] for k in tier],
            "reach": reach,
            "disclosure": disclosure,
            "compensation": compensation,
            "managed": managed[creator].astype(np.int64),
            "reply_rate": reply_rate[creator],
            "prior_mentions": mentions,
            "collaborations": together,
            "conversions": rng.poisson(rng.gamma(2.0, mean / 2.0)),
        }
    )


def one_brand(seed: int, folder: Path) -> list[dict[str, object]]:
    """Fit one brand; return mean, sd and interval of each effect."""
    path = folder / f"{seed}.json"
    if path.exists():
        found: list[dict[str, object]] = json.loads(path.read_text())
        return found
    from attribution.data import AnalysisTable
    from attribution.fitting import fit

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = fit("advocacy", AnalysisTable(simulate(seed)), seed=seed)
    found = []
    for name, truth in TRUTH.items():
        values = _draws(run, name)
        low, high = np.quantile(values, [0.055, 0.945])
        found.append(
            {
                "seed": seed,
                "effect": name,
                "healthy": run.healthy,
                "error": float(values.mean() - truth),
                "sd": float(values.std()),
                "inside": bool(low <= truth <= high),
                "claims": bool(max(np.mean(values > 0), np.mean(values < 0)) >= 0.95),
                "wrong": bool(np.mean(values > 0 if truth <= 0 else values < 0) >= 0.95),
            }
        )
    path.write_text(json.dumps(found))
    return found


SLOPES = {
    "managed": "slope_is_managed",
    "reply rate": "slope_replies",
    "mentions": "slope_mentions",
    "collaborations": "slope_together",
}


def _draws(run: object, effect: str) -> np.ndarray:
    draws, groups = run.draws, run.design.groups  # type: ignore[attr-defined]
    if effect in SLOPES:
        return np.asarray(draws[SLOPES[effect]])
    column, level = effect.split()
    return np.asarray(draws[f"{column}_effect"][:, groups[column].levels.index(level)])


@click.command(help=__doc__)
@click.option("--brands", type=int, default=40, show_default=True)
@click.option("--jobs", type=int, default=2, show_default=True)
@click.option("--folder", type=Path, default=Path("runs/advocacy"), show_default=True)
def main(brands: int, jobs: int, folder: Path) -> None:
    """Print a Markdown table of errors, widths and coverage."""
    folder.mkdir(parents=True, exist_ok=True)
    found: list[dict[str, object]] = []
    # Spawned, not forked: Polars has threads, which a fork would leave locked.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(one_brand, seed, folder) for seed in range(brands)]
        for done, future in enumerate(as_completed(futures), start=1):
            found += future.result()
            click.echo(f"\r{done} of {brands} brands", nl=False, err=True)
    click.echo("", err=True)
    click.echo(table(pl.DataFrame(found)))


def table(found: pl.DataFrame) -> str:
    """Return the results as a Markdown table."""
    lines = [
        "| effect (log scale) | truth | mean error | its se | posterior sd |"
        " 89 % interval holds it | claims a sign | the wrong one |",
        "| --- |" + " ---: |" * 7,
    ]
    for name, truth in TRUTH.items():
        of = found.filter(pl.col("effect") == name)
        error = of.get_column("error").to_numpy()
        se = error.std(ddof=1) / np.sqrt(len(error)) if len(error) > 1 else float("nan")
        lines.append(
            f"| {name} | {truth:+.2f} | {error.mean():+.3f} | {se:.3f} |"
            f" {of.get_column('sd').mean():.2f} | {of.get_column('inside').sum()} of {of.height} |"
            f" {of.get_column('claims').sum()} | {of.get_column('wrong').sum()} |"
        )
    healthy = found.filter(pl.col("effect") == "managed").get_column("healthy")
    return "\n".join([*lines, "", f"Healthy: {healthy.sum()} of {len(healthy)}."])


if __name__ == "__main__":
    main()
