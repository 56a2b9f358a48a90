"""The halo model fitted to daily sales with a known truth, through the whole pipeline."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import attribution as at
from attribution.charts.registry import draw
from attribution.run import Run
from attribution.simulation import (
    DailySales,
    Halo,
    Settings,
    simulate,
    simulate_daily_sales,
)


def table(halo: Halo, seed: int) -> tuple[pl.DataFrame, DailySales]:
    brand = simulate(Settings.samples().sized(60, 600), seed)
    sold = simulate_daily_sales(brand, halo, seed)
    made = at.daily(brand.posts, sold.sales, orders=brand.orders, creators=brand.creators)
    return made.frame, sold


def fitted(halo: Halo, seed: int, out: Path | None = None) -> tuple[Run, DailySales]:
    from attribution.data import read_analysis

    frame, sold = table(halo, seed)
    run = at.fit("halo", read_analysis(frame), out=out, seed=seed)
    return run, sold


def rows(run: Run) -> dict[tuple[str, str], dict[str, float]]:
    return {(r["quantity"], r["group"]): r for r in run.effects().rows(named=True)}


@pytest.fixture(scope="module")
def run_and_truth(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, DailySales]:
    return fitted(Halo(share=0.2), 3, tmp_path_factory.mktemp("halo") / "run")


def test_it_is_healthy_and_compiled_here(run_and_truth: tuple[Run, DailySales]) -> None:
    run, _ = run_and_truth
    failed = run.check().filter(pl.col("status") == "fail")
    assert failed.is_empty(), failed
    assert run.manifest.density == "native"
    names = run.check()["name"].to_list()
    assert "likeness of successive days (correlation)" in names
    assert [a.part for a in run.manifest.absent] == ["sales through reach_mega"]


def test_the_truth_is_found(run_and_truth: tuple[Run, DailySales]) -> None:
    run, sold = run_and_truth
    found = rows(run)
    share = found["halo_share", "all"]
    assert share["lower"] < 0.2 < share["upper"]
    assert share["sd"] < 0.05
    assert share["answer"] == "posts bring orders"
    assert 0.5 < share["prior_probability"] < 0.9
    ahead = found["best_tier_orders_per_1000_reached", "nano"]["prior_probability"]
    assert ahead == pytest.approx(0.25, abs=0.07)
    half_life = found["half_life", "all"]
    assert half_life["lower"] < 4.0 < half_life["upper"]
    inside = [
        found["orders_per_1000_reached", tier]["lower"]
        < 1000 * rate
        < found["orders_per_1000_reached", tier]["upper"]
        for tier, rate in sold.rates.items()
    ]
    assert sum(inside) >= 3
    by_tier = [row["mean"] for (name, tier), row in found.items()
               if name == "orders_through_posts" and tier != "all"]  # fmt: skip
    assert sum(by_tier) == pytest.approx(found["orders_through_posts", "all"]["mean"])


def test_a_saved_run_tells_the_same(run_and_truth: tuple[Run, DailySales]) -> None:
    run, _ = run_and_truth
    assert run.path is not None
    again = at.load_run(run.path)
    assert again.effects().equals(run.effects())
    assert again.design.posts == run.design.posts


def test_the_chart_splits_what_is_expected(run_and_truth: tuple[Run, DailySales]) -> None:
    from attribution.quantities.halo_days import halo_table

    run, sold = run_and_truth
    frame = halo_table(run)
    days = frame.filter(pl.col("panel") == "days").pivot("series", index="day", values="mean")
    parts = days["without posts"] + days["through posts"]
    assert (parts - days["with posts"]).abs().max() < 1e-9
    truth = sold.days.filter(pl.col("date").is_in(days["day"].implode()))
    assert pl.DataFrame([days["through posts"], truth["through_posts"]]).corr()[0, 1] > 0.8
    assert "of orders" in str(draw(run, "halo").to_dict()["title"]["text"])


def test_the_report_shows_it(run_and_truth: tuple[Run, DailySales], tmp_path: Path) -> None:
    run, _ = run_and_truth
    page = run.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "What posts add to daily orders" in page
    assert "Share of orders through posts" in page


@pytest.mark.slow
def test_where_posts_bring_nothing_nothing_is_claimed() -> None:
    shares = [
        rows(fitted(Halo(share=0.0), 100 + seed)[0])["halo_share", "all"] for seed in range(6)
    ]
    assert not any(share["answer"] == "posts bring orders" for share in shares)
    # Bounds of 89 % leave out large shares: an interval that holds everything would pass otherwise.
    assert max(share["median"] for share in shares) < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("half_life", [1.5, 8.0])
def test_the_share_is_found_however_fast_effects_wear_off(half_life: float) -> None:
    found = []
    for seed in range(4):
        run, _ = fitted(Halo(share=0.25, half_life=half_life), 200 + seed)
        found.append(rows(run))
    shares = [told["halo_share", "all"] for told in found]
    # Of four intervals of 89 %, two or more miss with a probability of 0.06.
    assert sum(share["lower"] < 0.25 < share["upper"] for share in shares) >= 3
    assert max(share["sd"] for share in shares) < 0.08
    middle = sorted(told["half_life", "all"]["median"] for told in found)[1:3]
    assert all(half_life / 1.6 < days < 1.6 * half_life for days in middle)
