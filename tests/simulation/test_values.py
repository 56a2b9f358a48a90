"""Amounts: means by creator, discount by code, refunds; net revenue is never negative."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from support.tables import check_types

from attribution.simulation import Brand
from attribution.simulation.settings import SAMPLE_VALUES
from attribution.simulation.values import Values, draw_amounts
from attribution.tables import Orders

GAMMA = replace(
    SAMPLE_VALUES,
    distribution="gamma",
    shape=2.5,
    paying_share=0.8,
    partial_refunds=0.0,
    cents=False,
)


def net(values: Values, count: int = 200_000, mean: float = 50.0) -> np.ndarray:
    rng = np.random.default_rng(11)
    means, discounts = np.full(count, mean), np.full(count, 0.1)
    amounts = draw_amounts(values, means, discounts, values.paying_share, rng)
    return amounts["gross_revenue"] - amounts["discount"] - amounts["refunded"]


def test_orders_keep_the_declared_rules(large: Brand) -> None:
    check_types(Orders, large.orders)
    left = pl.col("gross_revenue") - pl.col("discount") - pl.col("refunded")
    assert large.orders.select(left.min()).item() > -1e-9
    assert large.orders["order_id"].is_unique().all()


def test_amounts_are_in_cents(large: Brand) -> None:
    for name in ("gross_revenue", "discount", "refunded"):
        cents = large.orders[name].to_numpy() * 100
        assert np.abs(cents - cents.round()).max() < 1e-6


@pytest.mark.parametrize("values", [GAMMA, SAMPLE_VALUES], ids=["gamma", "log-normal"])
def test_mean_of_paying_orders_is_the_creators(values: Values) -> None:
    paid = net(values)
    assert paid[paid > 0.005].mean() == pytest.approx(50.0, rel=0.01)
    assert (paid > 0.005).mean() == pytest.approx(values.paying_share, abs=0.003)


def test_gamma_orders_have_the_stated_shape() -> None:
    paid = net(GAMMA)
    paid = paid[paid > 0]
    assert (paid.mean() / paid.std()) ** 2 == pytest.approx(2.5, rel=0.03)


def test_a_full_refund_leaves_exactly_nothing() -> None:
    values = replace(GAMMA, shape=0.3)
    paid = net(values)
    assert (paid == 0).mean() == pytest.approx(0.2, abs=0.003)
    assert (paid >= 0).all()


def test_order_value_and_its_tail(large: Brand) -> None:
    gross = large.orders["gross_revenue"]
    assert 50 < gross.mean() < 75
    assert gross.quantile(0.99) > 3.5 * gross.median()


def test_discounts_belong_to_codes(large: Brand) -> None:
    orders = large.orders.with_columns(rate=(pl.col("discount") / pl.col("gross_revenue")).round(2))
    assert (orders.filter(pl.col("code").is_null())["discount"] == 0).all()
    coded = orders.drop_nulls("code").filter(pl.col("gross_revenue") > 10)
    stated = coded["code"].str.split("-").list.last().cast(pl.Int64) / 100
    assert (coded["rate"] - stated).abs().max() < 1e-9
    assert set(stated) == {0.10, 0.15}


def test_refunds_full_and_partial(large: Brand) -> None:
    left = pl.col("gross_revenue") - pl.col("discount") - pl.col("refunded")
    orders = large.orders.select("refunded", left=left)
    full = (orders["left"] < 0.005).mean()
    partial = orders.filter(pl.col("left") >= 0.005).select((pl.col("refunded") > 0).mean()).item()
    assert full == pytest.approx(0.06, abs=0.004)
    assert partial == pytest.approx(0.04, abs=0.004)


def test_creators_means_come_back(large: Brand) -> None:
    left = pl.col("gross_revenue") - pl.col("discount") - pl.col("refunded")
    orders = (
        large.orders.drop_nulls("code")
        .with_columns(left=left, creator_id=pl.col("code").str.split("-").list.first())
        .filter(pl.col("left") >= 0.005)
    )
    by_creator = orders.group_by("creator_id").agg(
        pl.col("left").mean().alias("mean"), pl.col("left").std().alias("sd"), pl.len().alias("n")
    )
    frame = by_creator.filter(pl.col("n") >= 100).join(large.truth.creators, on="creator_id")
    z = (frame["mean"] - frame["mean_net_revenue"]) / (frame["sd"] / frame["n"].sqrt())
    assert frame.height > 100
    assert abs(z.mean()) < 0.3
    assert 0.8 < z.std() < 1.25
