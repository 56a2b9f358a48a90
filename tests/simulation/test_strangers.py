"""Orders that no post brought: without a code, and with a leaked one."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from attribution.simulation import Brand, Leaks, Settings, simulate


def test_orders_without_a_code_belong_to_no_post(large: Brand) -> None:
    codeless = large.truth.orders.filter(source="codeless")
    with_code = large.orders["code"].count()
    assert codeless["post_id"].null_count() == codeless.height
    assert codeless.height == large.orders["code"].null_count()
    assert codeless.height == pytest.approx(0.25 * with_code, rel=0.05)


def test_samples_have_no_leaks(large: Brand) -> None:
    assert large.truth.leaks == ()
    assert set(large.truth.orders["source"]) == {"post", "codeless"}


def test_leaked_orders_are_a_burst_with_the_code_and_known(leaky: Brand) -> None:
    assert len(leaky.truth.leaks) == 3
    orders = leaky.orders.join(leaky.truth.orders.filter(source="leak"), on="order_id")
    assert orders["post_id"].null_count() == orders.height
    code = dict(leaky.posts.select("creator_id", "code").rows())
    for leak in leaky.truth.leaks:
        mine = orders.filter(pl.col("code") == code[leak.creator_id])
        assert mine.height == leak.orders
        assert mine["ordered_at"].min() >= leak.leaked_at
        median = mine["ordered_at"].median() - leak.leaked_at
        assert median.total_seconds() < 1.2 * 86_400
    assert sum(leak.orders for leak in leaky.truth.leaks) == orders.height
    assert orders.height == pytest.approx(240, abs=60)


def test_leaks_add_to_the_brand_and_change_nothing_else(leaky: Brand) -> None:
    usual = simulate(replace(Settings.samples(), codeless=0.1), 7)
    assert leaky.posts.equals(usual.posts)
    left = leaky.orders.join(leaky.truth.orders.filter(source="leak"), on="order_id", how="anti")
    assert left.drop("order_id").equals(usual.orders.drop("order_id"))


def test_no_more_codes_leak_than_there_are() -> None:
    settings = replace(Settings.samples().sized(2, 6), leaks=Leaks(creators=5))
    assert len(simulate(settings, 1).truth.leaks) == 2
