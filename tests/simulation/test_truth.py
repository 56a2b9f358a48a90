"""The truth survives its files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from attribution.simulation import Brand, Settings, Truth, null_brand, simulate

FIELDS = ("kind", "seed", "model", "posts_until", "export", "leaks", "delay", "tiers")


def test_what_is_saved_is_what_is_loaded(leaky: Brand, tmp_path: Path) -> None:
    leaky.truth.save(tmp_path)
    loaded = Truth.load(tmp_path)
    for field in FIELDS:
        assert getattr(loaded, field) == getattr(leaky.truth, field), field
    assert loaded.rates == leaky.truth.rates
    assert loaded.values == leaky.truth.values
    assert loaded.units == pytest.approx(leaky.truth.units)
    for tier, row in leaky.truth.rates_by_tier.items():
        assert loaded.rates_by_tier[tier] == pytest.approx(row)
    for table in ("creators", "posts", "orders"):
        assert_frame_equal(getattr(loaded, table), getattr(leaky.truth, table), rel_tol=1e-10)


def test_a_brand_without_orders_has_files_all_the_same(tmp_path: Path) -> None:
    settings = Settings.samples().sized(3, 5)
    settings = replace(settings, rates=replace(settings.rates, log_rate=-60.0))
    brand = simulate(settings, 1)
    assert brand.orders.height == 0
    brand.write(tmp_path / "none")
    loaded = Truth.load(tmp_path / "none")
    assert loaded.orders.height == 0
    assert loaded.posts["orders"].sum() == 0
    assert pl.read_csv(tmp_path / "none/orders.csv").columns == brand.orders.columns


def test_alpha_is_the_inverse(leaky: Brand) -> None:
    assert leaky.truth.rates.alpha == pytest.approx(1 / 0.3)
    assert null_brand(1).truth.rates.shares == {"reach": 1.0, "likes": 0.0, "comments": 0.0}
