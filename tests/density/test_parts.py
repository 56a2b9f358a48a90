"""Parts of a density add up to it, and share no unknown."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytest
from numpy.typing import NDArray
from support import small

from attribution.density.compiled import NativeModel, compile_model
from attribution.model import build_model, kept

RNG = np.random.default_rng(8)


def compiled(model: pm.Model) -> NativeModel:
    return compile_model(model, kept(model), 2, apart=True)


def two_sets(tie: bool = False) -> pm.Model:
    """Return two means with twelve levels each, which one term may tie."""
    with pm.Model() as model:
        means = [pm.Normal(f"{name}_mean", 0.0, 1.0) for name in "ab"]
        a, b = (
            pm.Normal(name, mean, 1.0, shape=12) for name, mean in zip("ab", means, strict=True)
        )
        for name, levels in (("a_seen", a), ("b_seen", b)):
            pm.Normal(name, levels, 1.0, observed=np.linspace(-1.0, 1.0, 12))
        if tie:
            # Its curvature at 0 is none: only its form tells.
            pm.Potential("tie", -((a[0] * b[0]) ** 2))
    return model


def sums(found: NativeModel, points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sum([value.values(points) for _, value in found.parts], axis=0)


def assert_parts_add_up(found: NativeModel) -> None:
    """Compare with the whole, and see that a part forgets what is not its own."""
    points = found.start + RNG.normal(size=(6, len(found.start)))
    np.testing.assert_allclose(sums(found, points), found.density.values(points), rtol=1e-11)
    everywhere = np.concatenate([where for where, _ in found.parts])
    assert sorted(everywhere) == list(range(len(found.start)))
    for where, value in found.parts:
        others = np.setdiff1d(everywhere, where)
        moved = points.copy()
        moved[:, others] = RNG.normal(size=(6, len(others)))
        assert np.array_equal(value.values(moved), value.values(points))


def test_unknowns_that_no_term_ties_are_apart() -> None:
    found = compiled(two_sets())
    assert [len(where) for where, _ in found.parts] == [13, 13]
    assert_parts_add_up(found)


def test_one_term_ties_them() -> None:
    ((where, _),) = compiled(two_sets(tie=True)).parts
    assert list(where) == list(range(26))


def test_few_unknowns_go_to_the_smallest_of_the_others() -> None:
    with two_sets() as model:
        pm.Gamma("alone", 2.0, 1.0)
        pm.Normal("many", shape=30)
    found = compiled(model)
    assert [len(where) for where, _ in found.parts] == [14, 13, 30]
    assert_parts_add_up(found)


def test_only_few_unknowns_are_one_part() -> None:
    with pm.Model() as model:
        pm.Gamma("one", 2.0, 1.0)
        pm.Normal("two", shape=3)
    found = compiled(model)
    assert [len(where) for where, _ in found.parts] == [4]
    assert_parts_add_up(found)


def test_outside_the_support_a_part_is_minus_infinity() -> None:
    with two_sets() as model:
        # Asks of its sd to be positive, which it need not be.
        pm.Normal("odd", 0.0, model["a_mean"], observed=[0.5])
    found = compiled(model)
    point = np.zeros((1, len(found.start)))
    point[:, [of.start for of in found.inputs if of.name == "a_mean"]] = -1.0
    assert sums(found, point) == -np.inf
    assert_parts_add_up_where_positive(found)


def assert_parts_add_up_where_positive(found: NativeModel) -> None:
    points = np.abs(RNG.normal(size=(6, len(found.start)))) + 0.1
    np.testing.assert_allclose(sums(found, points), found.density.values(points), rtol=1e-11)


@pytest.mark.parametrize("name", ["additive", "engagement"])
def test_values_of_orders_are_a_part_of_a_shipped_model(name: str) -> None:
    found = compiled(build_model(small.design(name), matched=True))
    assert_parts_add_up(found)
    of_values = {
        of.name.startswith(("value_", "paying_"))
        for of in found.inputs
        if np.isin(of.start, found.parts[0][0])
    }
    assert len(found.parts) == 1 or of_values == {True}
