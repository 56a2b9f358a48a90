"""Sums by group of what is linear in the unknowns: the same numbers, without a row each."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.graph import FunctionGraph
from pytensor.graph.traversal import ancestors

from attribution.density.rewrites import take_apart

ROWS, GROUPS, TIERS = 200, 7, 3
rng = np.random.default_rng(3)
INDEX = rng.integers(0, GROUPS, ROWS)
TIER = rng.integers(0, TIERS, ROWS)
WEIGHT, X = rng.normal(size=(2, ROWS))

slope, level = pt.dscalar("slope"), pt.dscalar("level")
tiers = pt.TensorType("float64", shape=(TIERS,))("tiers")
free = pt.TensorType("float64", shape=(ROWS,))("free")
POINT = {slope: 0.7, level: -1.3, tiers: np.array([0.4, -2.0, 1.1]), free: rng.normal(size=ROWS)}

TERMS = {
    "data": lambda: pt.constant(X),
    "a scalar": lambda: level,
    "less a scalar": lambda: -level,
    "a scalar times data": lambda: slope * pt.constant(X),
    "two scalars times data": lambda: slope * level * pt.constant(X),
    "a level of another group": lambda: tiers[pt.constant(TIER)],
    "less a level of another group": lambda: -tiers[pt.constant(TIER)],
    "such a level times data": lambda: tiers[pt.constant(TIER)] * pt.constant(X),
    "such a level times a scalar": lambda: slope * tiers[pt.constant(TIER)],
    "a row each": lambda: pt.exp(free),
}
FOLDED = set(TERMS) - {"a row each", "such a level times a scalar"}


def scattered(terms: list[str]) -> pt.TensorVariable:
    total = sum((TERMS[name]() for name in terms[1:]), TERMS[terms[0]]())
    return pt.inc_subtensor(pt.zeros(GROUPS)[INDEX], pt.constant(WEIGHT) * total)


def rewritten(out: pt.TensorVariable) -> pt.TensorVariable:
    graph = FunctionGraph(outputs=[out], clone=False)
    take_apart().rewrite(graph)
    return graph.outputs[0]


def values(out: pt.TensorVariable) -> list[np.ndarray]:
    """Return the sums and the gradient of a function of them."""
    cost = (out**2).sum()
    gradient = pt.grad(cost, list(POINT), disconnected_inputs="ignore")
    function = pytensor.function(
        list(POINT), [out, *gradient], mode="FAST_COMPILE", on_unused_input="ignore"
    )
    return function(*POINT.values())


def long_steps(out: pt.TensorVariable) -> int:
    """Count the steps of a graph that yield a number for each row."""
    return sum(v.owner is not None and v.type.shape == (ROWS,) for v in ancestors([out]))


CASES = [[name] for name in TERMS] + [list(TERMS), ["a row each", "a scalar", "data"]]


@pytest.mark.parametrize("terms", CASES, ids=" and ".join)
def test_sums_and_gradients_stay_the_same(terms: list[str]) -> None:
    for got, wanted in zip(
        values(rewritten(scattered(terms))), values(scattered(terms)), strict=True
    ):
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", sorted(FOLDED))
def test_what_is_linear_needs_no_row_each(name: str) -> None:
    assert long_steps(rewritten(scattered([name]))) == 0


def test_distinct_pairs_are_left_as_they_are() -> None:
    """Where nearly every row is a pair of its own, nothing is saved."""
    many = pt.TensorType("float64", shape=(ROWS,))("many")
    out = pt.inc_subtensor(pt.zeros(GROUPS)[INDEX], many[pt.constant(np.arange(ROWS))])
    assert rewritten(out) is out
