"""Simulated daily sales: their truth is that of what is drawn."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import attribution as at
from attribution.errors import InputError
from attribution.simulation import Brand, Halo, Settings, simulate, simulate_daily_sales


@pytest.fixture(scope="module")
def brand() -> Brand:
    return simulate(Settings.samples().sized(40, 400), 7)


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_posts_bring_their_share_of_what_is_expected(brand: Brand, share: float) -> None:
    sold = simulate_daily_sales(brand, Halo(share=share), 1)
    through, base = sold.days["through_posts"].sum(), sold.days["baseline"].sum()
    assert through / (through + base) == pytest.approx(share)
    drawn = sold.sales["orders"].sum() - sold.days["coded"].sum()
    assert drawn == pytest.approx(through + base, rel=0.02)


def test_what_posts_bring_follows_from_their_rates(brand: Brand) -> None:
    sold = simulate_daily_sales(brand, Halo(share=0.25, half_life=1.5), 1)
    daily = at.daily(brand.posts, sold.sales, creators=brand.creators).frame
    reached = sum(rate * daily[f"reach_{tier}"].to_numpy() for tier, rate in sold.rates.items())
    keep = 0.5 ** (1 / 1.5)
    left, through = 0.0, []
    for today in reached:
        left = keep * left + (1 - keep) * today
        through.append(left)
    assert sold.days["through_posts"].to_numpy() == pytest.approx(np.asarray(through))


def test_orders_with_a_code_are_those_of_the_export(brand: Brand) -> None:
    sold = simulate_daily_sales(brand, Halo(), 1)
    made = at.daily(brand.posts, sold.sales, orders=brand.orders, creators=brand.creators)
    both = made.frame.drop_nulls("orders").join(sold.days, left_on="day", right_on="date")
    assert both["coded_orders"].to_list() == both["coded"].cast(int).to_list()
    assert both.height >= sold.days.height - 2


def test_the_same_seed_gives_the_same_sales_and_files_hold_the_truth(
    brand: Brand, tmp_path: Path
) -> None:
    sold = simulate_daily_sales(brand, Halo(), 1)
    assert sold.sales.equals(simulate_daily_sales(brand, Halo(), 1).sales)
    assert not sold.sales.equals(simulate_daily_sales(brand, Halo(), 2).sales)
    sold.write(tmp_path)
    truth = json.loads((tmp_path / "daily_truth.json").read_text())
    assert truth["share"] == 0.2
    assert set(truth["orders_per_1000_reached"]) == {"nano", "micro", "mid", "macro"}
    with pytest.raises(InputError, match=r"already has daily_sales\.csv"):
        sold.write(tmp_path)


def test_a_share_of_all_is_refused() -> None:
    with pytest.raises(InputError, match="from 0 to below 1"):
        Halo(share=1.0)
