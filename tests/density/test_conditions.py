"""Which checks of parameters hold by their form, and which are asked at every point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.density.compiled import compile_model
from attribution.density.conditions import unsure

X = pt.TensorType("float64", shape=(4,))("x")
S = pt.TensorType("float64", shape=())("s")
DATA = np.array([0.0, 1.0, 2.0, 3.0])
ROWS = np.array([0, 2, 2, 3])

SURE: dict[str, Any] = {
    "an exponential": pt.exp(X) > 0,
    "a sum with one": 1.0 + DATA * pt.exp(X) > 0,
    "a root": pt.sqrt(1.0 + pt.exp(2.0 * S) * DATA) > 0,
    "a power": pt.exp(X) ** -1.5 > 0,
    "a quotient": 1.0 / (pt.exp(X) / 2.0) > 0,
    "a share": pt.ge(pt.sigmoid(X), 0) & pt.le(pt.sigmoid(X), 1),
    "a square, or nothing": X**2 >= 0,
    "numbers": pt.constant(DATA) >= 0,
    "a number, given a dim": pt.constant(0.5)[None] > 0,
    "the other way around": pt.lt(0.0, pt.exp(X)),
    "sums by group": pt.inc_subtensor(pt.zeros(5)[ROWS], DATA * pt.exp(X)) >= 0,
    "sums by group, and some": pt.inc_subtensor(pt.ones(5)[ROWS], DATA * pt.exp(X)) > 0,
}

UNSURE: dict[str, Any] = {
    "anything": X > 0,
    "a square": X**2 > 0,
    "a sum with what may be less": 1.0 + X > 0,
    "nothing times an exponential": DATA * pt.exp(X) > 0,
    "a sum of what may be nothing": DATA + X**2 > 0,
    "a root of what may be nothing": pt.sqrt(DATA * pt.exp(X)) > 0,
    "nothing over something": DATA / pt.exp(X) > 0,
    "a difference": pt.exp(X) - pt.exp(S) > 0,
    "a product of two signs": X * S >= 0,
    "numbers that fail": pt.constant(DATA) > 0,
    "a power of anything": X**3 >= 0,
    "one over a square": 1.0 / X**2 > 0,
    "an exponential against another bound": pt.exp(X) > 1,
    "less than nothing": pt.exp(X) < 0,
    "sums by group that may be none": pt.inc_subtensor(pt.zeros(5)[ROWS], pt.exp(X)) > 0,
    "what is set by group": pt.set_subtensor(pt.ones(5)[ROWS], X) > 0,
    "not a condition": ~(pt.exp(X) > 0),
}


@pytest.mark.parametrize("name", SURE)
def test_what_holds_by_its_form_is_not_asked(name: str) -> None:
    assert unsure([pt.all(SURE[name])]) == []


@pytest.mark.parametrize("name", UNSURE)
def test_what_may_fail_is_asked(name: str) -> None:
    assert len(unsure([pt.all(UNSURE[name])])) == 1


def test_of_conditions_that_are_asked_together_those_that_may_fail_are_left() -> None:
    both = pt.all(pt.stack([pt.all(pt.exp(X) > 0), pt.all(X > 0), pt.all(X < 5)]))
    left = unsure([both & pt.all(pt.exp(X) > 0)])
    assert len(left) == 2
    found = pytensor.function([X], left, mode="FAST_COMPILE")
    assert [bool(x) for x in found(np.array([1.0, 2.0, 3.0, 6.0]))] == [True, False]
    assert [bool(x) for x in found(np.array([-1.0, 2.0, 3.0, 4.0]))] == [False, True]


STEPS: tuple[Callable[[Any, Any], Any], ...] = (
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: a / b,
    lambda a, b: a - b,
    lambda a, _: a**2,
    lambda a, _: pt.exp(pt.clip(a, -3.0, 3.0)),
    lambda a, _: abs(a),
    lambda a, _: pt.sigmoid(a),
    lambda a, _: a**-1.5,
    lambda a, _: DATA * a,
    lambda a, _: pt.inc_subtensor(pt.zeros(4)[ROWS], a),
)


@given(st.data())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_what_is_called_sure_holds_everywhere(data: st.DataObject) -> None:
    made = [X, pt.exp(S) * pt.ones(4), pt.constant(DATA), X - S]
    for _ in range(data.draw(st.integers(1, 5))):
        step = STEPS[data.draw(st.integers(0, len(STEPS) - 1))]
        first, second = (made[data.draw(st.integers(0, len(made) - 1))] for _ in range(2))
        made.append(step(first, second))
    asked = [pt.all(made[-1] > 0), pt.all(made[-1] >= 0)]
    if unsure(asked) == asked:
        return
    check = pytensor.function([X, S], asked, mode="FAST_COMPILE", on_unused_input="ignore")
    rng = np.random.default_rng(1)
    with np.errstate(all="ignore"):
        for _ in range(20):
            found = check(rng.normal(size=4), rng.normal())
            for condition, holds in zip(asked, found, strict=True):
                assert holds or unsure([condition])


def test_where_a_check_fails_the_density_is_none() -> None:
    with pm.Model() as model:
        sd = pm.Normal("sd", 1.0, 1.0)
        pm.Normal("x", 0.0, sd, shape=3)
    compiled = compile_model(model, ["sd", "x"], 1)
    inside, outside = np.array([[1.0, 0.1, 0.2, 0.3], [-1.0, 0.1, 0.2, 0.3]])
    assert np.isfinite(compiled.density(inside)[0])
    assert compiled.density.values(outside[None]) == -np.inf
