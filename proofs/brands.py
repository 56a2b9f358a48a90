"""Brands to judge the models on: simulated, joined and fitted as a user would.

Each brand becomes one Parquet file of estimates beside their truth, so that a run that was
stopped goes on where it was.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from unittest.mock import patch

import polars as pl

from attribution.data import ingest
from attribution.errors import InputError
from attribution.fitting import fit
from attribution.known_truth import KEYS, contributions_truth, roi_truth, truth_table
from attribution.quantities import estimates as estimated
from attribution.run import Run
from attribution.simulation import Brand, Settings, Truth, simulate, simulate_from_prior
from attribution.spec import read_spec
from proofs.calibration.stored import mark
from proofs.parallel import in_processes

PROBABILITIES = (0.89, 0.5)
"""Of the intervals that are compared with the truth."""

COLUMNS = (*KEYS, "lower", "upper", "median", "truth", "probability", "answer")


@dataclass(frozen=True)
class Kind:
    """A kind of brand: where its truth comes from, how large it is, how to make one."""

    name: str
    words: str
    make: Callable[[int], Brand]


def _prior(seed: int, creators: int, each: int) -> Brand:
    spec = read_spec("additive")
    return simulate_from_prior(spec, seed, creators=creators, posts_per_creator=each)


def _fixed(seed: int, creators: int, each: int) -> Brand:
    return simulate(Settings.samples().sized(creators, creators * each), seed)


def _sized(name: str, words: str, make: Callable[..., Brand], creators: int, each: int) -> Kind:
    said = f"{words}; {creators} creators, {creators * each} posts"
    return Kind(f"{name}_{creators}x{each}", said, partial(make, creators=creators, each=each))


KINDS = {
    kind.name: kind
    for kind in (
        _sized("prior", "drawn from the model's own prior", _prior, 50, 10),
        _sized("prior", "drawn from the model's own prior", _prior, 8, 3),
        _sized("fixed", "the samples' truth", _fixed, 50, 10),
        _sized("fixed", "the samples' truth", _fixed, 8, 3),
    )
}


def collect(kind: str, brands: int, first_seed: int, jobs: int, folder: Path) -> pl.DataFrame:
    """Return the estimates of so many brands beside their truth, fitting what is missing.

    Brands that are refused (more orders than any export has, or none) are passed over for the next
    seed: that depends on the data alone, so that coverage under the prior stays exact.
    """
    folder.mkdir(parents=True, exist_ok=True)
    seeds = iter(range(first_seed, first_seed + 10 * brands))
    frames: list[pl.DataFrame] = []
    work = partial(one_brand, kind, folder=folder)
    while len(frames) < brands:
        batch = [next(seeds) for _ in range(brands - len(frames))]
        done = [path for _, path in in_processes(work, batch, jobs, kind) if path is not None]
        frames += map(pl.read_parquet, done)
    return pl.concat(frames)


def one_brand(kind: str, seed: int, folder: Path) -> Path | None:
    """Fit one brand and write its estimates beside their truth; None when it is refused."""
    path, spec = folder / f"{kind}-{seed}.parquet", mark(read_spec("additive"))
    if path.exists() and _is_of(path, spec):
        return path
    try:
        brand = KINDS[kind].make(seed)
        run = fitted(brand, seed)
    except InputError:
        return None
    told = [at_probability(run, brand.truth, probability) for probability in PROBABILITIES]
    estimates = pl.concat(told).with_columns(
        brand=pl.lit(seed),
        spec=pl.lit(spec),
        healthy=pl.lit(run.healthy),
        failed=pl.lit(", ".join(c.name for c in run.manifest.health if c.status == "fail")),
        orders=pl.lit(int(run.design.outcome.sum())),
        target_accept=pl.lit(run.manifest.target_accept),
    )
    # Renamed when it is whole: a file that was cut off is none.
    unfinished = path.with_suffix(".part")
    estimates.write_parquet(unfinished)
    unfinished.replace(path)
    return path


def fitted(brand: Brand, seed: int) -> Run:
    """Write a brand as CSV files, join them and fit them, as a user would.

    Raises
    ------
    InputError
        Where a user would be refused, such as without any order.
    """
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        files = Path(scratch)
        brand.write(files, overwrite=True)
        table = ingest(files / "posts.csv", files / "orders.csv", files / "creators.csv").table
        return fit("additive", table, seed=seed)


def _is_of(path: Path, spec: str) -> bool:
    """Whether a file has what is told today, of the model as it is."""
    if not {"spec", "prob"} <= set(pl.read_parquet_schema(path)):
        return False
    return bool(pl.read_parquet(path, columns=["spec"], n_rows=1).item() == spec)


def at_probability(run: Run, truth: Truth, probability: float) -> pl.DataFrame:
    """Return every estimate beside its truth, with intervals of another probability, ``prob``."""
    # A run keeps its effects once they are told: another one of the same draws tells them anew.
    run = replace(run)
    with patch.object(estimated, "PROBABILITY", probability):
        return beside_truth(run, truth).with_columns(prob=pl.lit(probability))


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
