"""Brands to judge the models on: simulated, joined and fitted as a user would.

Each brand becomes one Parquet file of estimates beside their truth, so that a run that was
stopped goes on where it was.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import click
import polars as pl

from attribution.data import ingest
from attribution.errors import InputError
from attribution.fitting import fit
from attribution.known_truth import KEYS, contributions_truth, roi_truth, truth_table
from attribution.run import Run
from attribution.simulation import Brand, Settings, Truth, null_brand, simulate, simulate_from_prior
from attribution.spec import read_spec

COLUMNS = (*KEYS, "lower", "upper", "median", "truth", "probability", "answer")


@dataclass(frozen=True)
class Kind:
    """A kind of brand: where its truth comes from, how large it is, how to make one."""

    name: str
    words: str
    make: Callable[[int], Brand]


def _prior(seed: int) -> Brand:
    return simulate_from_prior(read_spec("additive"), seed, creators=40, posts_per_creator=8)


def _fixed(seed: int) -> Brand:
    return simulate(Settings.samples().sized(60, 600), seed)


def _null(seed: int) -> Brand:
    return null_brand(seed, Settings.samples().sized(60, 600))


KINDS = {
    "prior": Kind("prior", "drawn from the model's own prior; 40 creators, 320 posts", _prior),
    "fixed": Kind("fixed", "the samples' truth; 60 creators, 600 posts", _fixed),
    "null": Kind("null", "engagement carries nothing; 60 creators, 600 posts", _null),
}


def collect(kind: str, brands: int, first_seed: int, jobs: int, folder: Path) -> pl.DataFrame:
    """Return the estimates of so many brands beside their truth, fitting what is missing.

    Brands that the simulator refuses (more orders than any export has) are passed over for the
    next seed: that depends on the data alone, so that coverage under the prior stays exact.
    """
    folder.mkdir(parents=True, exist_ok=True)
    seeds = iter(range(first_seed, first_seed + 10 * brands))
    frames: list[pl.DataFrame] = []
    # Spawned, not forked: Polars and Numba have threads, which a fork would leave locked.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        while len(frames) < brands:
            batch = [next(seeds) for _ in range(brands - len(frames))]
            frames += _batch(pool, kind, batch, folder)
    return pl.concat(frames)


def _batch(
    pool: ProcessPoolExecutor, kind: str, seeds: list[int], folder: Path
) -> Iterator[pl.DataFrame]:
    work = {pool.submit(one_brand, kind, seed, folder): seed for seed in seeds}
    for done, future in enumerate(as_completed(work), start=1):
        path = future.result()
        said = "refused: too many orders" if path is None else path.name
        click.echo(f"{kind}: {done} of {len(seeds)} ({said})")
        if path is not None:
            yield pl.read_parquet(path)


def one_brand(kind: str, seed: int, folder: Path) -> Path | None:
    """Simulate, join and fit one brand and write its estimates; None when it is refused."""
    path = folder / f"{kind}-{seed}.parquet"
    if path.exists():
        return path
    try:
        brand = KINDS[kind].make(seed)
    except InputError:
        return None
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        files = Path(scratch)
        brand.write(files, overwrite=True)
        table = ingest(files / "posts.csv", files / "orders.csv", files / "creators.csv").table
        run = fit("additive", table, seed=seed)
    estimates = beside_truth(run, brand.truth).with_columns(
        brand=pl.lit(seed),
        healthy=pl.lit(run.healthy),
        failed=pl.lit(", ".join(c.name for c in run.manifest.health if c.status == "fail")),
        orders=pl.lit(int(run.design.outcome.sum())),
        target_accept=pl.lit(run.manifest.target_accept),
    )
    estimates.write_parquet(path)
    return path


def beside_truth(run: Run, truth: Truth) -> pl.DataFrame:
    """Return every estimate with an interval beside its truth: effects, contributions, ROI."""
    effects = run.effects().join(
        truth_table(truth, run.design), on=KEYS, how="left", nulls_equal=True
    )
    return pl.concat(
        [
            effects.select(COLUMNS),
            *(_contributions(run, truth, by) for by in ("total", "tier")),
            *(_roi(run, truth, by) for by in ("total", "tier", "creator")),
        ]
    )


def _contributions(run: Run, truth: Truth, by: str) -> pl.DataFrame:
    told = run.contributions(by=by).join(
        contributions_truth(truth, run.design, by), on=["group", "part"], how="left"
    )
    return told.select(
        pl.concat_str(pl.lit("credited_orders_"), "part").alias("quantity"),
        pl.lit("overall" if by == "total" else by).alias("scope"),
        "group",
        "population",
        "lower",
        "upper",
        "median",
        "truth",
        pl.lit(None, dtype=pl.Float64).alias("probability"),
        pl.lit("estimated").alias("answer"),
    )


def _roi(run: Run, truth: Truth, by: str) -> pl.DataFrame:
    told = run.roi(by=by, margin=0.6, unhealthy=True).join(
        roi_truth(truth, run.design, by, margin=0.6), on="group", how="left"
    )
    scope = pl.lit("overall" if by == "total" else by).alias("scope")
    return pl.concat(
        told.select(
            pl.lit(name).alias("quantity"),
            scope,
            "group",
            "population",
            pl.col(f"{name}_lower").alias("lower"),
            pl.col(f"{name}_upper").alias("upper"),
            pl.col(f"{name}_{middle}").alias("median"),
            pl.col(true).alias("truth"),
            (
                pl.col("p_profit") if name == "expected_roi" else pl.lit(None, dtype=pl.Float64)
            ).alias("probability"),
            pl.col("verdict").alias("answer"),
        )
        for name, middle, true in (
            ("expected_roi", "median", "true_roi"),
            ("expected_orders", "mean", "true_orders"),
        )
    )
