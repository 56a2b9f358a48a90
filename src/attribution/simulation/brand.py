"""Simulate a brand: creators, posts, orders, and the truth behind them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from attribution.simulation.capture import Capture, Lift, draw_lifts, miss, with_campaigns
from attribution.simulation.creators import draw_audiences, draw_creators
from attribution.simulation.fakes import add_fakes
from attribution.simulation.files import write
from attribution.simulation.orders import draw_counts
from attribution.simulation.posts import draw_posts, visible
from attribution.simulation.rates import expect
from attribution.simulation.sales import draw_orders
from attribution.simulation.settings import Settings
from attribution.simulation.telling import tell
from attribution.simulation.truth import Truth
from attribution.tables import Creators, Orders, Posts


@dataclass(frozen=True)
class Brand:
    """What a brand sees (canonical tables), and what is true of it.

    Parameters
    ----------
    creators, posts, orders
        The canonical tables.
    truth
        The parameters that made them, never seen by a brand.
    """

    creators: pl.DataFrame
    posts: pl.DataFrame
    orders: pl.DataFrame
    truth: Truth

    def write(self, folder: Path, *, overwrite: bool = False) -> None:
        """Write the tables as CSV, the truth and a README into a folder.

        Parameters
        ----------
        overwrite
            Replace these files where they exist; other files of the folder stay in any case.

        Raises
        ------
        InputError
            When a file exists and is not to be replaced, or the folder is a file.
        """
        tables = {"creators": self.creators, "posts": self.posts, "orders": self.orders}
        write(folder, tables, self.truth, overwrite=overwrite)


def simulate(settings: Settings, seed: int) -> Brand:
    """Simulate a brand.

    Parameters
    ----------
    settings
        What the brand is; ``Settings.samples()`` gives that of the shipped samples.
    seed
        Of the random numbers; the same settings, seed and versions give the same brand.

    Returns
    -------
    Brand
        Canonical tables and truth.

    Raises
    ------
    InputError
        When the brand would have more orders than ``settings.max_orders``.
    """
    brand = simulate_with(settings, np.random.default_rng(seed))
    return replace(brand, truth=replace(brand.truth, seed=seed))


def null_brand(seed: int, settings: Settings | None = None) -> Brand:
    """Simulate a brand like the samples where likes and comments carry nothing."""
    return simulate((settings or Settings.samples()).without_engagement(), seed)


def simulate_with(settings: Settings, rng: np.random.Generator) -> Brand:
    """Simulate a brand with a generator made elsewhere; its truth names no seed."""
    population = settings.population
    creators = draw_audiences(settings, draw_creators(population, rng), rng)
    posts = draw_posts(population, creators, rng)
    expected = expect(settings.rates, visible(posts), posts, tuple(population.tier_counts))
    counts = draw_counts(expected.by_part, settings.rates.alpha, rng)
    orders, leaks = draw_orders(settings, creators, posts, counts, rng)
    if settings.fakes is not None:
        creators, posts = add_fakes(settings.fakes, creators, posts, rng.spawn(1)[0])
    capture = settings.capture or Capture()
    lifts: tuple[Lift, ...] = ()
    if settings.capture is not None:
        orders = miss(capture, orders, rng.spawn(1)[0])
    if settings.lift_tests is not None:
        posts = with_campaigns(posts)
        tested = rng.spawn(1)[0]
        lifts = draw_lifts(settings.lift_tests, capture, posts, counts.total, tested)
    return Brand(
        creators=_as(Creators, creators),
        posts=_as(Posts, visible(posts)),
        orders=_as(Orders, orders.drop("post_id")),
        truth=tell(settings, creators, posts, expected, counts, orders, leaks, lifts),
    )


def _as(schema: type[Creators | Posts | Orders], frame: pl.DataFrame) -> pl.DataFrame:
    """Keep the canonical columns that the frame has, in canonical order."""
    return frame.select(name for name in schema.column_names() if name in frame.columns)
