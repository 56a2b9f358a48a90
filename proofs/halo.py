"""What the model ``halo`` finds on brands whose daily sales are known, some without any halo.

    uv run python -m proofs.halo --brands 20 --jobs 2

Daily sales of simulated brands are made and fitted with the shipped spec, and what was told is
counted. Each brand becomes a line of a file in ``--folder``, so that a run that was stopped goes
on; the results are written into docs/explanation/halo.md.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import polars as pl

from attribution.data import daily
from attribution.simulation import Brand, DailySales, Halo, Settings, simulate, simulate_daily_sales
from attribution.spec import read_spec
from proofs.calibration.stored import mark
from proofs.pages import Page, covered, table
from proofs.parallel import Lines, Record, gather, identity

MODEL = "halo"
CREATORS, POSTS = 60, 600
CAMPAIGNS, WEEK = (20, 65, 110, 155), 7
"""First days of the campaigns of brands that post in campaigns only, and their length."""

LIFT = 1.15
"""What a sale in the campaigns' weeks multiplies the baseline by."""


@dataclass(frozen=True)
class Truth:
    """What is true of a brand: its halo, when it posts, and if it has sales when it posts."""

    halo: Halo
    campaigns: bool = False
    sale: bool = False


TRUTHS: Mapping[str, Truth] = {
    "no halo": Truth(Halo(share=0.0)),
    "no halo, posts in four campaigns": Truth(Halo(share=0.0), campaigns=True),
    "a tenth of orders": Truth(Halo(share=0.1)),
    "a fifth, half-life 1.5 days": Truth(Halo(share=0.2, half_life=1.5)),
    "a fifth, half-life 4 days": Truth(Halo(share=0.2)),
    "a fifth, half-life 10 days": Truth(Halo(share=0.2, half_life=10.0)),
    "a fifth, posts in four campaigns": Truth(Halo(share=0.2), campaigns=True),
    "no halo, but a sale in each campaign": Truth(Halo(share=0.0), campaigns=True, sale=True),
}


def days(truth: Truth, seed: int) -> tuple[pl.DataFrame, DailySales]:
    """Return a brand's table of days as a user would make it, and its truth."""
    brand = simulate(Settings.samples().sized(CREATORS, POSTS), seed)
    if truth.campaigns:
        brand = in_campaigns(brand)
    sold = simulate_daily_sales(brand, truth.halo, seed)
    sales = with_sale(sold.sales, seed) if truth.sale else sold.sales
    made = daily(brand.posts, sales, orders=brand.orders, creators=brand.creators)
    return made.frame, sold


def in_campaigns(brand: Brand) -> Brand:
    """Return a brand whose posts all go online in the weeks of its campaigns."""
    first = brand.posts.get_column("posted_at").min()
    day = (pl.col("posted_at") - first).dt.total_days()
    start = pl.Series(CAMPAIGNS).gather(np.arange(brand.posts.height) % len(CAMPAIGNS))
    moved = pl.col("posted_at") + pl.duration(days=start + day % WEEK - day)
    return replace(brand, posts=brand.posts.with_columns(moved))


def with_sale(sales: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return daily sales with more of them in the campaigns' weeks, posts or not."""
    number = np.arange(sales.height) + CAMPAIGNS[0]
    inside = np.any([(number >= c) & (number < c + WEEK) for c in CAMPAIGNS], axis=0)
    more = np.random.default_rng(seed).poisson((LIFT - 1.0) * sales["orders"].to_numpy())
    return sales.with_columns(orders=pl.col("orders") + pl.Series(np.where(inside, more, 0)))


def work(number: int) -> Record:
    """Fit one brand and return what is told; numbers go through the truths in turn."""
    from attribution.data import read_analysis
    from attribution.fitting import fit

    seed, which = divmod(number, len(TRUTHS))
    name = list(TRUTHS)[which]
    frame, sold = days(TRUTHS[name], seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = fit(MODEL, read_analysis(frame), seed=seed)
    return {"truth": name, "seed": seed, **told(run, sold)}


def told(run: Any, sold: DailySales) -> Record:
    """Return what a run tells beside what is true of the days in the fit."""
    rows = {(row["quantity"], row["group"]): row for row in run.effects().rows(named=True)}
    days = sold.days.filter(pl.col("date").is_in(run.table.get_column("day").implode()))
    through, baseline = (float(days[name].sum()) for name in ("through_posts", "baseline"))
    share, half_life = rows["halo_share", "all"], rows["half_life", "all"]
    rates = "orders_per_1000_reached"
    inside = [
        _holds(rows[rates, tier], 1000.0 * rate)
        for tier, rate in sold.rates.items()
        if (rates, tier) in rows
    ]
    return {
        "healthy": run.healthy,
        "native": run.manifest.density == "native",
        "probability": share["probability"],
        "answer": share["answer"],
        "share": share["median"],
        "width": share["upper"] - share["lower"],
        "true_share": through / (through + baseline),
        "share_inside": _holds(share, through / (through + baseline)),
        "half_life": half_life["median"],
        "half_life_inside": _holds(half_life, sold.halo.half_life),
        "rates": len(inside),
        "rates_inside": sum(inside),
    }


def _holds(row: Mapping[str, Any], truth: float) -> bool:
    return bool(row["lower"] <= truth <= row["upper"])


def answers(records: Sequence[Record]) -> str:
    """Return what was told as a Markdown table."""
    headings = (
        *("truth", "brands", "healthy", "says posts bring orders", "says next to none"),
        *("cannot tell", "median estimate of the share", "interval holds the share", "half-life"),
        *("its interval holds it", "tiers' rates inside"),
    )
    by_truth = {name: [one for one in records if one["truth"] == name] for name in TRUTHS}
    return table(headings, (_of_truth(name, of) for name, of in by_truth.items() if of))


def _of_truth(name: str, of: Sequence[Record]) -> Sequence[object]:
    claims = sum(one["probability"] >= 0.95 for one in of)
    none = sum(one["probability"] <= 0.05 for one in of)
    healthy, share = sum(one["healthy"] for one in of), np.median([one["share"] for one in of])
    counts = (name, len(of), healthy, claims, none, len(of) - claims - none, f"{share:.1%}")
    if TRUTHS[name].halo.share == 0:
        return (*counts, "", "", "", "")
    once = [1] * len(of)
    return (
        *counts,
        covered([one["share_inside"] for one in of], once),
        f"{np.median([one['half_life'] for one in of]):.1f}",
        covered([one["half_life_inside"] for one in of], once),
        covered([one["rates_inside"] for one in of], [one["rates"] for one in of]),
    )


PAGE = Page("halo", {"answers": answers})


@click.command(help=__doc__)
@click.option("--brands", type=int, default=20, show_default=True, help="Brands of each truth.")
@click.option("--jobs", type=int, default=2, show_default=True)
@click.option("--folder", type=Path, default=Path("runs/halo"), show_default=True)
def main(brands: int, jobs: int, folder: Path) -> None:
    """Write results and page, and print the table of what was told."""
    truths = {name: repr(truth) for name, truth in TRUTHS.items()}
    of = identity(mark(read_spec(MODEL)), CREATORS, POSTS, CAMPAIGNS, WEEK, LIFT, truths)
    lines = Lines(folder / "brands.jsonl", of)
    records = gather(work, range(brands * len(TRUTHS)), lines, jobs, "brands")
    PAGE.write(records)
    click.echo(answers(records))


if __name__ == "__main__":
    main()
