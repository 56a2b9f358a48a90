"""How well the model ``advocacy`` finds effects that are known.

    uv run python -m proofs.advocacy --brands 40 --jobs 2

Brands are simulated with known factors of labels, payment, management, replies and relationship,
fitted with the shipped spec, and intervals are compared with the truth. Each brand
becomes a line of a file in ``--folder``, so that a run that was stopped goes on; the results are
written into docs/explanation/advocacy.md.
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
from proofs.pages import Page, held, table
from proofs.parallel import Lines, Record, gather, identity

MODEL = "advocacy"
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


def simulate(seed: int, truth: Mapping[str, float] = TRUTH) -> pl.DataFrame:
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
        log_rate = log_rate + [truth.get(f"{name} {value}", 0.0) for value in values]
    log_rate = log_rate + truth["managed"] * managed[creator]
    log_rate = log_rate + truth["reply rate"] * reply_rate[creator]
    log_rate = log_rate + truth["mentions"] * np.log1p(mentions)
    log_rate = log_rate + truth["collaborations"] * np.log1p(together)
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


def work(seed: int) -> Record:
    """Fit one brand; return mean, sd and interval of each effect."""
    from attribution.data import AnalysisTable
    from attribution.fitting import fit

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = fit(MODEL, AnalysisTable(simulate(seed)), seed=seed)
    effects = {name: judged(_draws(run, name), truth) for name, truth in TRUTH.items()}
    return {"seed": seed, "healthy": run.healthy, "effects": effects}


def judged(values: np.ndarray, truth: float) -> Record:
    """Return how draws of an effect stand to its truth, and if a sign is claimed."""
    low, high = np.quantile(values, [0.055, 0.945])
    return {
        "error": float(values.mean() - truth),
        "sd": float(values.std()),
        "inside": bool(low <= truth <= high),
        "claims": bool(max(np.mean(values > 0), np.mean(values < 0)) >= 0.95),
        "wrong": bool(np.mean(values > 0 if truth <= 0 else values < 0) >= 0.95),
    }


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


def effects(records: Sequence[Record]) -> str:
    """Return errors, widths and coverage as a Markdown table."""
    headings = (
        *("effect (log scale)", "truth", "mean error", "its se", "posterior sd"),
        *("89 % interval holds it", "claims a sign", "the wrong one"),
    )
    rows = []
    for name, truth in TRUTH.items():
        of = [record["effects"][name] for record in records]
        error = np.array([one["error"] for one in of])
        se = error.std(ddof=1) / np.sqrt(len(error)) if len(error) > 1 else float("nan")
        sd = np.mean([one["sd"] for one in of])
        claims, wrong = (sum(one[what] for one in of) for what in ("claims", "wrong"))
        told = (f"{truth:+.2f}", f"{error.mean():+.3f}", f"{se:.3f}", f"{sd:.2f}")
        rows.append((name, *told, held(one["inside"] for one in of), claims, wrong))
    healthy = sum(record["healthy"] for record in records)
    return table(headings, rows) + f"\nHealthy: {healthy} of {len(records)}.\n"


PAGE = Page("advocacy", {"effects": effects})


@click.command(help=__doc__)
@click.option("--brands", type=int, default=40, show_default=True)
@click.option("--jobs", type=int, default=2, show_default=True)
@click.option("--folder", type=Path, default=Path("runs/advocacy"), show_default=True)
def main(brands: int, jobs: int, folder: Path) -> None:
    """Write results and page, and print the table of errors, widths and coverage."""
    of = identity(mark(read_spec(MODEL)), CREATORS, POSTS, TRUTH, TIERS)
    records = gather(work, range(brands), Lines(folder / "brands.jsonl", of), jobs, "brands")
    PAGE.write(records)
    click.echo(effects(records))


if __name__ == "__main__":
    main()
