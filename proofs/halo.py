"""What the model ``halo`` finds on brands whose daily sales are known, some without any halo.

    uv run python -m proofs.halo --brands 20 --jobs 2

Daily sales of simulated brands are made and fitted with the shipped spec, and what was told is
counted. Results go to a folder, one file a brand, so that a run that was stopped goes on where it
was.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import click
import numpy as np
import polars as pl

from attribution.data import daily
from attribution.simulation import Brand, DailySales, Halo, Settings, simulate, simulate_daily_sales

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


def table(truth: Truth, seed: int) -> tuple[pl.DataFrame, DailySales]:
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


def one_brand(name: str, seed: int, folder: Path) -> dict[str, Any]:
    """Fit one brand and return what is told."""
    path = folder / f"{name.replace(' ', '_').replace(',', '')}-{seed}.json"
    if path.exists():
        found: dict[str, Any] = json.loads(path.read_text())
        return found
    from attribution.data import read_analysis
    from attribution.fitting import fit

    frame, sold = table(TRUTHS[name], seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = fit("halo", read_analysis(frame), seed=seed)
    path.write_text(json.dumps(found := {"truth": name, "seed": seed} | told(run, sold)))
    return found


def told(run: Any, sold: DailySales) -> dict[str, Any]:
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
        "rates_inside": float(np.mean(inside)),
    }


def _holds(row: Mapping[str, Any], truth: float) -> bool:
    return bool(row["lower"] <= truth <= row["upper"])


@click.command(help=__doc__)
@click.option("--brands", type=int, default=20, show_default=True, help="Brands of each truth.")
@click.option("--jobs", type=int, default=2, show_default=True)
@click.option("--folder", type=Path, default=Path("runs/halo"), show_default=True)
def main(brands: int, jobs: int, folder: Path) -> None:
    """Print a Markdown table of what was told."""
    folder.mkdir(parents=True, exist_ok=True)
    work = [(name, seed) for seed in range(brands) for name in TRUTHS]
    found: list[dict[str, Any]] = []
    # Spawned, not forked: Polars has threads, which a fork would leave locked.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(one_brand, *which, folder) for which in work]
        for done, future in enumerate(as_completed(futures), start=1):
            found.append(future.result())
            click.echo(f"\r{done} of {len(work)} brands", nl=False, err=True)
    click.echo("", err=True)
    click.echo(summary(pl.DataFrame(found)))


def summary(found: pl.DataFrame) -> str:
    """Return the counts as a Markdown table."""
    lines = [
        "| truth | brands | healthy | says posts bring orders | says next to none | cannot tell |"
        " median estimate of the share | interval holds the share | half-life | its interval holds"
        " it | tiers' rates inside |",
        "| --- |" + " ---: |" * 10,
    ]
    for name, truth in TRUTHS.items():
        of = found.filter(pl.col("truth") == name)
        if of.is_empty():
            continue
        claims = sum(sure >= 0.95 for sure in of["probability"])
        none = sum(sure <= 0.05 for sure in of["probability"])
        cells = [name, of.height, sum(of["healthy"]), claims, none, of.height - claims - none]
        cells += [f"{np.median(of['share'].to_numpy()):.1%}"]
        if truth.halo.share > 0:
            cells += [sum(of["share_inside"]), f"{np.median(of['half_life'].to_numpy()):.1f}"]
            cells += [sum(of["half_life_inside"]), f"{np.mean(of['rates_inside'].to_numpy()):.0%}"]
        else:
            cells += [""] * 4
        lines.append(f"| {' | '.join(str(cell) for cell in cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
