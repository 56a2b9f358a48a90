"""A real fit finds the truth that made a simulated brand, and is sure of it.

Each test bounds the error in posterior standard deviations *and* the posterior standard deviation
itself, so that a vague posterior cannot pass.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from attribution.data import AnalysisTable, ingest
from attribution.fitting import fit
from attribution.known_truth import KEYS, roi_truth, truth_table
from attribution.run import Run
from attribution.simulation import Brand, Settings, simulate

SEED = 11
MOST_SD = 4.0
"""Posterior standard deviations that an estimate may be off: once in 16,000 by chance."""


@pytest.fixture(scope="module")
def brand() -> Brand:
    return simulate(Settings.samples().sized(40, 400), SEED)


@pytest.fixture(scope="module")
def table(brand: Brand, tmp_path_factory: pytest.TempPathFactory) -> AnalysisTable:
    folder = tmp_path_factory.mktemp("brand")
    brand.write(folder)
    return ingest(folder / "posts.csv", folder / "orders.csv", folder / "creators.csv").table


@pytest.fixture(scope="module")
def run(table: AnalysisTable, tmp_path_factory: pytest.TempPathFactory) -> Run:
    out: Path = tmp_path_factory.mktemp("runs") / "additive"
    return fit("additive", table, out=out, draws=400, tune=600, chains=2, seed=SEED)


@pytest.fixture(scope="module")
def beside(run: Run, brand: Brand) -> pl.DataFrame:
    return run.effects().join(truth_table(brand.truth, run.design), on=KEYS, how="inner")


def one(table: pl.DataFrame, quantity: str) -> dict[str, float]:
    return table.row(
        by_predicate=(pl.col("quantity") == quantity) & (pl.col("scope") == "overall"), named=True
    )


@pytest.mark.parametrize(
    ("quantity", "most_sd"),
    [
        # relative to the truth: posterior sd seen at this size, times about 1.5
        ("orders_per_1000_reached_in_all", 0.15),
        ("orders_per_100_comments", 0.6),
        ("share_of_orders_comments", 0.6),
        ("share_of_orders_likes", 0.8),
        ("share_of_orders_reach", 0.8),
    ],
)
def test_an_overall_estimate_finds_the_truth(
    beside: pl.DataFrame, quantity: str, most_sd: float
) -> None:
    row = one(beside, quantity)
    assert abs(row["mean"] - row["truth"]) < MOST_SD * row["sd"]
    assert row["sd"] < most_sd * row["truth"]


def test_most_intervals_hold_the_truth(beside: pl.DataFrame) -> None:
    """About 89 % should; creators' multipliers alone are 40 intervals."""
    judged = beside.filter(pl.col("scope") == "creator")
    inside = judged.select(pl.col("truth").is_between("lower", "upper").mean()).item()
    assert 0.70 <= inside <= 1.0
    narrow = judged.select((pl.col("upper") / pl.col("lower")).median()).item()
    assert narrow < 5.0


def test_expected_roi_finds_the_truth(run: Run, brand: Brand) -> None:
    told = run.roi(by="total", margin=0.6, unhealthy=True).join(
        roi_truth(brand.truth, run.design, "total", margin=0.6), on="group"
    )
    row = told.row(0, named=True)
    assert abs(row["expected_roi_mean"] - row["true_roi"]) < MOST_SD * row["expected_roi_sd"]
    assert row["expected_roi_sd"] < 0.2 * (1.0 + row["true_roi"])


def test_without_late_orders_the_rate_is_too_low(run: Run, table: AnalysisTable) -> None:
    """Part of a post's orders lands elsewhere or after the export: the shares must say so."""
    assert run.design.sources is not None
    kept = run.design.sources.weight[:, 0].mean()
    assert kept < 0.95
    observed = float(run.design.outcome.sum())
    expected = run.roi(by="total", unhealthy=True).item(0, "expected_orders_mean")
    assert expected > observed * 0.98


def test_the_same_seed_gives_the_same_draws(run: Run, table: AnalysisTable) -> None:
    """Also with the run written and read, and the table stored as floats."""
    floats = AnalysisTable(
        table.frame.with_columns(pl.col("likes", "comments", "reach").cast(pl.Float64)),
        table.provenance,
        table.tiers,
    )
    again = fit("additive", floats, draws=400, tune=600, chains=2, seed=SEED)
    for name, draws in run.draws.items():
        np.testing.assert_array_equal(draws, again.draws[name], err_msg=name)
