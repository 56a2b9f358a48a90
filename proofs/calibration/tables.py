"""Tables of posts to draw outcomes for: simulated brands as ``ingest`` joins them."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from attribution.data import AnalysisTable, daily, ingest, read_analysis
from attribution.simulation import Halo, Settings, simulate, simulate_daily_sales
from attribution.spec import read_spec
from attribution.spec.halo import HaloMean

LABELS = {"none": 0.3, "label": 0.4, "text": 0.3}
COMPENSATIONS = {"paid": 0.5, "gifted": 0.3, "affiliate": 0.2}


def table_for(model: str, creators: int, each: int, seed: int) -> AnalysisTable:
    """Return posts, or days for a model of days; see :func:`posts`."""
    of_days = isinstance(read_spec(model).mean, HaloMean)
    return (days if of_days else posts)(creators, each, seed)


def days(creators: int, each: int, seed: int) -> AnalysisTable:
    """Return the days of a brand with what its posts reached, as ``daily`` joins them."""
    brand = simulate(Settings.samples().sized(creators, creators * each), seed)
    sold = simulate_daily_sales(brand, Halo(), seed)
    made = daily(brand.posts, sold.sales, orders=brand.orders, creators=brand.creators)
    return read_analysis(made.frame)


def posts(creators: int, each: int, seed: int) -> AnalysisTable:
    """Return the posts of a brand, some likes hidden, some orders late, all features there.

    Parameters
    ----------
    creators, each
        How many creators, and posts of each on average.
    seed
        Of the brand.
    """
    brand = simulate(Settings.samples().sized(creators, creators * each), seed)
    with tempfile.TemporaryDirectory() as scratch:
        files = Path(scratch)
        brand.write(files, overwrite=True)
        table = ingest(files / "posts.csv", files / "orders.csv", files / "creators.csv").table
    return replace(table, frame=with_advocacy(table.frame, np.random.default_rng((seed, 1))))


def with_advocacy(frame: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Add how creators are paid, labelled and managed, how they relate to the brand, and scores."""
    who = frame.select(pl.col("creator_id").unique(maintain_order=True))
    creators = who.with_columns(
        managed=pl.Series((rng.random(who.height) < 0.35).astype(np.int64)),
        reply_rate=pl.Series(rng.beta(1.5, 2.5, who.height)),
        prior_mentions=pl.Series(rng.poisson(1.5, who.height)),
        audience_credibility=pl.Series(rng.beta(8.0, 2.0, who.height)),
    )
    of_posts = {
        name: pl.Series(rng.choice(list(shares), frame.height, p=list(shares.values())))
        for name, shares in (("disclosure", LABELS), ("compensation", COMPENSATIONS))
    }
    together = (pl.col("post_id").cum_count().over("creator_id") - 1).cast(pl.Int64)
    added = (*creators.columns[1:], *of_posts, "collaborations")
    bare = frame.drop(name for name in added if name in frame.columns)
    return bare.join(creators, on="creator_id", how="left", maintain_order="left").with_columns(
        collaborations=together, **of_posts
    )
