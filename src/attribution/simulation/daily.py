"""Simulate daily sales: a baseline, and what posts bring without a code, with a known truth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from attribution.errors import InputError, Problem
from attribution.simulation.brand import Brand
from attribution.tables import DEFAULT_TIERS

Floats = NDArray[np.float64]

SALES, TRUTH, TRUTH_DAYS = "daily_sales.csv", "daily_truth.json", "daily_truth.csv"

HORIZON = 365
"""Days after which nothing of an effect is left: far longer than any model looks."""

WEEKDAYS = (-0.05, -0.1, -0.05, 0.0, 0.05, 0.1, 0.05)
"""Log of a day's sales against the average, Monday first."""


@dataclass(frozen=True)
class Halo:
    """What daily sales without a code are.

    Parameters
    ----------
    share
        Share of them that posts bring over all days, from 0 to below 1.
    half_life
        Days until half of a post's effect has come; the rest follows day by day, without end.
    rates
        What a person reached brings by tier, against one another.
    baseline
        Sales on an average day without posts.
    growth, wave
        Log growth of the baseline from the first to the last day, and how far it swings once up
        and down meanwhile.
    inverse_alpha
        Variance = mean + mean**2 * inverse_alpha.
    """

    share: float = 0.2
    half_life: float = 4.0
    rates: Mapping[str, float] = field(
        default_factory=lambda: {"nano": 2.0, "micro": 1.5, "mid": 1.0, "macro": 0.7, "mega": 0.7}
    )
    baseline: float = 120.0
    growth: float = 0.25
    wave: float = 0.08
    inverse_alpha: float = 0.01

    def __post_init__(self) -> None:
        if not 0.0 <= self.share < 1.0:
            expected, key = "from 0 to below 1", "share"
            what = "the posts' share of sales is no such share"
            raise InputError(Problem(what, key=key, value=f"{self.share:g}", expected=expected))


@dataclass(frozen=True)
class DailySales:
    """Simulated daily sales and the truth behind them.

    Parameters
    ----------
    sales
        The canonical table: date, orders (with and without a code).
    halo
        The settings.
    rates
        Sales without a code for each person reached, in all, by tier.
    days
        date, baseline, through_posts: expected sales without a code; coded: orders with one.
    """

    sales: pl.DataFrame
    halo: Halo
    rates: Mapping[str, float]
    days: pl.DataFrame

    @property
    def truth(self) -> dict[str, object]:
        """The parameters, and what posts were expected to bring on these days."""
        through = self.days.get_column("through_posts").sum()
        return {
            **asdict(self.halo),
            "orders_through_posts": through,
            "orders_per_1000_reached": {tier: 1000.0 * rate for tier, rate in self.rates.items()},
        }

    def write(self, folder: Path, *, overwrite: bool = False) -> None:
        """Write the sales and the truth into a folder.

        Raises
        ------
        InputError
            When a file exists and is not to be replaced.
        """
        there = [name for name in (SALES, TRUTH, TRUTH_DAYS) if (folder / name).exists()]
        if there and not overwrite:
            what, hint = f"the folder already has {', '.join(there)}", "Replace them with --force"
            raise InputError(Problem(what, file=str(folder), hint=hint))
        folder.mkdir(parents=True, exist_ok=True)
        self.sales.write_csv(folder / SALES)
        (folder / TRUTH).write_text(json.dumps(self.truth, indent=2) + "\n", encoding="utf-8")
        self.days.write_csv(folder / TRUTH_DAYS)


def simulate_daily_sales(brand: Brand, halo: Halo, seed: int) -> DailySales:
    """Simulate the daily sales of a brand, from its first post's day to its export.

    The orders that the brand's export has with a code are added to what is drawn here: sales
    without a code, of which its export has only some.

    Parameters
    ----------
    brand
        A simulated brand.
    halo
        What its sales without a code are.
    seed
        Of the random numbers.
    """
    population = brand.truth
    first = brand.posts.get_column("posted_at").min().date()  # type: ignore[union-attr]
    last = population.export.date() - timedelta(days=1)
    with_code = brand.orders.filter(pl.col("code").is_not_null()).get_column("ordered_at")
    coded = _by_day(with_code.dt.date(), pl.Series(np.ones(len(with_code))), first, last)
    return draw_daily_sales(reach_of(brand, first, last), coded, halo, first, seed)


def reach_of(brand: Brand, first: date, last: date) -> dict[str, Floats]:
    """Return what a brand's posts reached on each day; tier -> (day,)."""
    tiers = brand.creators.select("creator_id", tier=DEFAULT_TIERS.of(pl.col("followers")))
    posts = brand.posts.join(tiers, on="creator_id").with_columns(pl.col("posted_at").dt.date())
    found = {}
    for tier in DEFAULT_TIERS.names:
        of = posts.filter(pl.col("tier") == tier)
        if of.height:
            found[tier] = _by_day(of["posted_at"], of["reach"].cast(pl.Float64), first, last)
    return found


def _by_day(days: pl.Series, amounts: pl.Series, first: date, last: date) -> Floats:
    index = (days - first).dt.total_days().to_numpy()
    length = (last - first).days + 1
    inside = (index >= 0) & (index < length)
    return np.bincount(index[inside], amounts.to_numpy()[inside], length)


def draw_daily_sales(
    reach: Mapping[str, Floats], coded: Floats, halo: Halo, first: date, seed: int
) -> DailySales:
    """Draw daily sales given what posts reached.

    Parameters
    ----------
    reach
        tier -> (day,).
    coded
        Orders with a code; (day,).
    halo
        What sales without a code are.
    first
        The first day.
    seed
        Of the random numbers.
    """
    rng = np.random.default_rng(seed)
    dates = [first + timedelta(days=k) for k in range(len(coded))]
    baseline = _baseline(halo, dates)
    carried = sum(halo.rates[tier] * _carried(values, halo) for tier, values in reach.items())
    # So that posts bring their share of all that is expected.
    scale = halo.share / (1.0 - halo.share) * baseline.sum() / np.sum(carried)
    through = scale * np.asarray(carried)
    mean = baseline + through
    shape = 1.0 / halo.inverse_alpha
    drawn = rng.poisson(rng.gamma(shape, mean / shape))
    orders = (drawn + coded).astype(np.int64)
    return DailySales(
        sales=pl.DataFrame({"date": dates, "orders": orders}),
        halo=halo,
        rates={tier: scale * halo.rates[tier] for tier in reach},
        days=pl.DataFrame(
            {"date": dates, "baseline": baseline, "through_posts": through, "coded": coded}
        ),
    )


def _baseline(halo: Halo, dates: list[date]) -> Floats:
    at = np.linspace(0.0, 1.0, len(dates))
    trend = halo.growth * (at - 0.5) + halo.wave * np.sin(2.0 * np.pi * at)
    weekday = np.asarray(WEEKDAYS)[[day.weekday() for day in dates]]
    return np.asarray(halo.baseline * np.exp(trend + weekday))


def _carried(values: Floats, halo: Halo) -> Floats:
    """Return what is left of each day's reach and of that of the days before; (day,)."""
    keep = 0.5 ** (1.0 / halo.half_life)
    weights = (1.0 - keep) * keep ** np.arange(min(len(values), HORIZON))
    return np.convolve(values, weights)[: len(values)]
