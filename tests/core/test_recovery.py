"""A real fit finds the truth that made a simulated brand, and is sure of it.

Each test bounds the error in posterior standard deviations *and* the posterior standard deviation
itself, so that a vague posterior cannot pass.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from support.fits import SETTINGS

from attribution.data import AnalysisTable
from attribution.fitting import fit
from attribution.known_truth import KEYS, roi_truth, truth_table
from attribution.quantities.compare import compare
from attribution.run import Run, load_run
from attribution.simulation import Brand

MOST_SD = 4.0
"""Posterior standard deviations that an estimate may be off: once in 16,000 by chance."""


@pytest.fixture(scope="module")
def beside(additive_run: Run, fitted_brand: Brand) -> pl.DataFrame:
    truth = truth_table(fitted_brand.truth, additive_run.design)
    return additive_run.effects().join(truth, on=KEYS, how="inner")


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


def test_expected_roi_finds_the_truth(additive_run: Run, fitted_brand: Brand) -> None:
    truth = roi_truth(fitted_brand.truth, additive_run.design, "total", margin=0.6)
    told = additive_run.roi(by="total", margin=0.6, unhealthy=True).join(truth, on="group")
    row = told.row(0, named=True)
    assert abs(row["expected_roi_mean"] - row["true_roi"]) < MOST_SD * row["expected_roi_sd"]
    assert row["expected_roi_sd"] < 0.2 * (1.0 + row["true_roi"])


def test_without_late_orders_the_rate_is_too_low(additive_run: Run) -> None:
    """Part of a post's orders lands elsewhere or after the export: the shares must say so."""
    run = additive_run
    assert run.design.sources is not None
    kept = run.design.sources.weight[:, 0].mean()
    assert kept < 0.95
    observed = float(run.design.outcome.sum())
    expected = run.roi(by="total", unhealthy=True).item(0, "expected_orders_mean")
    assert expected > observed * 0.98


def test_the_regression_finds_how_orders_move_with_likes_and_comments(
    engagement_run: Run, fitted_brand: Brand
) -> None:
    """The brand is additive, so the regression is close at best; it must be sure and not far."""
    truth = truth_table(fitted_brand.truth, engagement_run.design)
    beside = engagement_run.effects().join(truth, on=KEYS, how="inner")
    for signal in ("likes", "comments"):
        row = one(beside, f"elasticity_{signal}")
        assert abs(row["mean"] - row["truth"]) < MOST_SD * row["sd"]
        assert row["sd"] < 0.2
    rate = one(beside, "orders_per_1000_reached_in_all")
    assert abs(rate["mean"] - rate["truth"]) < MOST_SD * rate["sd"]
    assert rate["sd"] < 0.15 * rate["truth"]


def test_two_real_runs_of_one_table_are_compared(additive_run: Run, engagement_run: Run) -> None:
    table = compare([engagement_run, additive_run])
    assert sorted(table["model"]) == ["additive", "engagement"]
    assert table["elpd"].is_finite().all()
    assert table["weight"].sum() == pytest.approx(1.0)
    assert table["p_loo"].is_between(10, 100).all()
    assert table["roi_ranking"][1].startswith("rank correlation")


@pytest.mark.parametrize("model", ["additive", "engagement"])
def test_a_real_run_keeps_its_chains_together(model: str, request: pytest.FixtureRequest) -> None:
    run: Run = request.getfixturevalue(f"{model}_run")
    checks = {check.name: check for check in run.manifest.health}
    assert checks["divergences"].value == "0"
    assert float(checks["convergence (R-hat)"].value.split()[0]) < 1.05
    assert checks["total conversions"].status == "pass"
    assert checks["total net revenue"].status == "pass"


def test_the_same_seed_gives_the_same_draws(additive_run: Run, fitted_table: AnalysisTable) -> None:
    """Also with the run written and read, and the table stored as floats."""
    floats = AnalysisTable(
        fitted_table.frame.with_columns(pl.col("likes", "comments", "reach").cast(pl.Float64)),
        fitted_table.provenance,
        fitted_table.tiers,
    )
    again = fit("additive", floats, **SETTINGS)
    for name, draws in load_run(additive_run.path or "").draws.items():
        np.testing.assert_array_equal(draws, again.draws[name], err_msg=name)
