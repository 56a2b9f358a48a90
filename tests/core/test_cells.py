"""Posts that differ in their signals alone are told as one: the same sums, to rounding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support import small

from attribution import forward
from attribution.design import Design
from attribution.draws import Draws, stack, thin
from attribution.quantities.response import _rates_curve
from attribution.quantities.totals import membership, shown_mask, totals


@pytest.fixture(scope="module")
def design() -> Design:
    return small.design("additive", sources=True, hidden=False)


@pytest.fixture(scope="module")
def draws() -> Draws:
    # Effects of tiers and creators are those of the prior: wide, and all different.
    return thin(stack(small.prior("additive")), 40)


def test_there_are_fewer_cells_than_posts(design: Design) -> None:
    here, first, count = forward.cells(design)
    assert len(first) < len(design.outcome) == count.sum()
    for part, values in design.signals.items():
        assert here.signals[part].sum() == pytest.approx(values.sum())


def test_sums_over_cells_are_sums_over_posts(design: Design, draws: Draws) -> None:
    found, (_, member) = totals(design, draws), membership(design, "tier")
    parts, rates = forward.expected_parts(design, draws), forward.unit_rates(design, draws)
    orders = np.einsum("dip,ig->dgp", parts, member)
    np.testing.assert_allclose(found.orders, orders, rtol=1e-10)
    np.testing.assert_allclose(found.orders_shown, orders, rtol=1e-10)
    np.testing.assert_allclose(found.unit_rates, np.einsum("dpi,ig->dgp", rates, member))


def test_a_curve_over_cells_is_that_over_posts(design: Design, draws: Draws) -> None:
    x, (_, member) = np.array([0.0, 40.0, 900.0]), membership(design, "tier")
    chosen = member[:, 1]
    found = _rates_curve(design, draws, "likes", chosen, x)
    k, weight = list(design.signals).index("likes"), chosen / chosen.sum()
    parts, rates = forward.expected_parts(design, draws), forward.unit_rates(design, draws)
    others = (parts.sum(axis=2) - parts[:, :, k]) @ weight
    np.testing.assert_allclose(found, others[:, None] + (rates[:, k] @ weight)[:, None] * x)


def test_posts_that_hide_a_signal_stay_by_themselves(draws: Draws) -> None:
    hides = small.design("additive", hidden=True)
    assert hides.hidden is not None
    here, first, count = forward.cells(hides)
    assert here.hidden is not None
    np.testing.assert_array_equal(first[here.hidden.rows], hides.hidden.rows)
    assert (count[here.hidden.rows] == 1).all()
    found, (_, member) = totals(hides, draws), membership(hides, "tier")
    parts = forward.expected_parts(hides, draws)
    shown = shown_mask(hides, ("reach", "likes", "comments"))
    np.testing.assert_allclose(found.orders, np.einsum("dip,ig->dgp", parts, member))
    wanted = np.einsum("dip,ip,ig->dgp", parts, shown, member)
    np.testing.assert_allclose(found.orders_shown, wanted)


def test_without_groups_all_posts_are_one(design: Design) -> None:
    here, _, count = forward.cells(replace(design, groups={}))
    assert count.tolist() == [len(design.outcome)]
    assert here.signals["reach"].tolist() == [design.signals["reach"].sum()]
