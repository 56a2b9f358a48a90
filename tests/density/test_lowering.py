"""Each kind of step of a graph, compiled, against PyTensor's own evaluation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.density.lower import Lowering, NotLoweredError
from attribution.density.native import NativeFunction, write_program
from attribution.density.plan import Output

RNG = np.random.default_rng(11)
ROWS = np.array([3, 0, -1, 3, 2])
GRID = np.array([[0, 4], [1, 1], [3, -2]])
CONSTANT = RNG.normal(size=(5, 4))

STEPS: dict[str, Callable[[Any, Any], Any]] = {
    # of a matrix (5, 4) and a vector (40,)
    "transpose": lambda m, _: pt.exp(m).T * CONSTANT.T,
    "row and column": lambda m, v: m[:, 1][:, None] * v[:7][None, :],
    "reverse": lambda m, v: m[::-1, ::2] + v[::-10][:2],
    "negative position": lambda m, _: m[-2] * m[:, -1][1:],
    "reshape of a matrix": lambda m, _: pt.exp(m * CONSTANT).reshape((2, 10)),
    "reshape to a matrix": lambda _, v: v.reshape((8, 5)).sum(axis=0),
    "reshape with a rest": lambda m, _: pt.log1p(m**2).reshape((-1, 2)).T,
    "join": lambda m, v: pt.concatenate([v[:4], m[2], pt.exp(v[30:])]),
    "join columns": lambda m, _: pt.concatenate([m, pt.exp(m[:, :2])], axis=1),
    "stack": lambda m, v: pt.stack([m.sum(), v[3], pt.exp(v[0])]),
    "set a region": lambda m, v: pt.set_subtensor(m[1:3, ::2], v[:2] * 2.0),
    "add to a region": lambda m, v: pt.inc_subtensor(m[:, 2], v[10:15]),
    "gather": lambda m, _: pt.exp(m)[ROWS],
    "gather by a matrix": lambda _, v: (pt.exp(v)[GRID] * np.arange(6.0).reshape(3, 2)).sum(axis=1),
    "scatter": lambda m, v: pt.inc_subtensor(v[ROWS], m[:, 0]),
    "scatter of rows": lambda m, _: pt.inc_subtensor(m[ROWS], pt.exp(CONSTANT)),
    "scatter that sets": lambda m, v: pt.set_subtensor(v[ROWS], m[:, 1]),
    "sum of rows": lambda m, _: pt.exp(m).sum(axis=1),
    "sum of columns": lambda m, _: pt.exp(m).sum(axis=0) * pt.exp(m).sum(),
    "long sum by column": lambda _, v: (v[:, None] * v[None, :]).sum(axis=0),
    "largest and smallest": lambda m, v: pt.max(v) - pt.min(v) + pt.max(m, axis=0),
    "product": lambda m, _: pt.prod(m, axis=1),
    "all and any": lambda m, v: pt.switch(pt.all(v > -9.0), v, 0.0) * pt.any(m > 1.0),
    "conditions": lambda _, v: pt.switch((v > 0) & ~(v > 1) | pt.isnan(v), pt.sqrt(abs(v)), -v),
    "scalar condition": lambda m, v: pt.switch(m.sum() > 0.0, pt.exp(v), pt.log1p(v**2)),
    "powers": lambda m, v: pt.abs(v) ** 1.7 + v**3 + pt.abs(m[0, 0]) ** v,
    "scalar functions": lambda _, v: pt.sigmoid(v) + pt.softplus(v) + pt.erf(v) + pt.tanh(v),
    "special functions": lambda _, v: pt.gammaln(v**2 + 0.1) + pt.psi(v**2 + 0.1) + pt.expm1(v),
    "rounding": lambda _, v: pt.floor(v) + pt.ceil(v * 2.0) + pt.sign(v) + pt.clip(v, -0.5, 0.5),
    "broadcast": lambda m, v: pt.zeros((3, 5, 4)) + m[None] * v[:3, None, None],
}


@pytest.mark.parametrize("name", STEPS)
def test_a_step_gives_what_pytensor_gives(name: str) -> None:
    matrix = pt.TensorType("float64", shape=(5, 4))("matrix")
    vector = pt.TensorType("float64", shape=(40,))("vector")
    wanted = STEPS[name](matrix, vector)
    evaluate = pytensor.function(
        [matrix, vector], wanted, mode="FAST_COMPILE", on_unused_input="ignore"
    )
    (array,) = Lowering({matrix: 0, vector: 20}).run([pt.as_tensor(wanted)])
    for _ in range(2):
        point = RNG.normal(size=60)
        expected = np.ravel(evaluate(point[:20].reshape(5, 4), point[20:]))
        found = NativeFunction(write_program([Output(array, 0)], 60, expected.size), 1)(point)[1]
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


def test_a_position_outside_an_array_is_refused() -> None:
    vector = pt.TensorType("float64", shape=(3,))("vector")
    with pytest.raises(IndexError, match="outside an array of 3"):
        Lowering({vector: 0}).run([vector[np.array([0, 3])]])


def test_what_wraps_around_is_not_lowered() -> None:
    small = pt.constant(np.array([1, 2, 3], dtype=np.uint8))
    with pytest.raises(NotLoweredError, match="sub"):
        Lowering({}).run([small - pt.constant(np.array([2, 2, 2], dtype=np.uint8))])


UNARY: tuple[Callable[[Any], Any], ...] = (
    lambda x: pt.exp(-(x**2)),
    lambda x: pt.log1p(x**2),
    lambda x: 2.0 * x + 1.0,
    pt.tanh,
    lambda x: x - x.sum(),
    lambda x: x / (1.0 + pt.exp(x).sum()),
    lambda x: x[::-1],
    lambda x: x[np.array([0, 2, 2, 1])],
    lambda x: pt.inc_subtensor(x[np.array([1, 3, 3, 0])], x),
    lambda x: pt.set_subtensor(x[1:3], x[:2] * x.sum()),
    lambda x: pt.exp(x[:, None] * CONSTANT[:4, :3]).sum(axis=1),
    lambda x: (x[:, None] * x[None, :]).reshape((2, 8)).sum(axis=0)[:4],
    lambda x: pt.concatenate([x[2:], pt.exp(x[:2])]),
    lambda x: pt.switch(x.sum() > 0.0, pt.exp(-x), x),
)


@given(st.data())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_steps_in_any_order_and_their_gradient(data: st.DataObject) -> None:
    """What is stored, when, and what is computed again depends on how steps follow each other."""
    vector = pt.TensorType("float64", shape=(4,))("vector")
    made = [vector]
    for _ in range(data.draw(st.integers(2, 6))):
        step = UNARY[data.draw(st.integers(0, len(UNARY) - 1))]
        first, second = (made[data.draw(st.integers(0, len(made) - 1))] for _ in range(2))
        made.append(step(first) * 0.5 + pt.tanh(second))
    total = sum((pt.sum(x) for x in made), start=pt.as_tensor(0.0))
    outputs = [made[-1], pt.grad(total, vector), total]
    point = np.array(data.draw(st.lists(st.floats(-2.0, 2.0), min_size=4, max_size=4)))
    expected = pytensor.function([vector], outputs, mode="FAST_COMPILE")(point)
    arrays = Lowering({vector: 0}).run(outputs)
    places = [Output(arrays[0], 0), Output(arrays[1], 4), Output(arrays[2], -1)]
    value, found, _ = NativeFunction(write_program(places, 4, 8), 1)(point)
    np.testing.assert_allclose(found, np.concatenate(expected[:2]), rtol=1e-9, atol=1e-9)
    assert value == pytest.approx(float(expected[2]), rel=1e-9, abs=1e-9)
