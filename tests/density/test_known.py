"""What is computed beforehand is what the code would compute, and what is left out is nothing."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from attribution.density.arrays import Constant, Input, Map, Node
from attribution.density.known import NUMPY, Placed, folded, narrow, spared
from attribution.density.lower import Lowering
from attribution.density.native import NativeFunction, write_program
from attribution.density.plan import Output

RNG = np.random.default_rng(4)
NUMBERS = np.array([-2.5, -1.0, 0.0, 0.5, 3.0])
OF_TWO = {"add", "sub", "mul", "div", "max", "min", "pow", "lt", "le", "gt", "ge", "eq", "ne"}
OF_TRUTHS = {"and", "or", "not"}


def constant(values: object, truth: bool = False) -> Constant:
    array = np.asarray(values, dtype=np.float64)
    return Constant(array.shape, truth, array)


def arguments(function: str) -> list[np.ndarray]:
    if function == "select":
        return [NUMBERS > 0.0, NUMBERS, NUMBERS[::-1]]
    if function in OF_TRUTHS:
        return [NUMBERS > 0.0, NUMBERS < 1.0][: 1 if function == "not" else 2]
    if function == "number":
        return [NUMBERS > 0.0]
    positive = function in ("log", "sqrt", "pow")
    numbers = np.abs(NUMBERS) + 0.1 if positive else NUMBERS
    if function == "log1p":
        numbers = numbers[1:] * 0.9
    return [numbers, numbers[::-1]] if function in OF_TWO else [numbers]


@pytest.mark.parametrize("function", NUMPY)
def test_a_function_of_known_numbers_is_what_the_code_computes(function: str) -> None:
    values = arguments(function)
    length = len(values[0])
    known = [constant(v, v.dtype == bool) for v in values]
    along = ((0,),) * len(values)
    found = folded(function, known, along, (length,))
    assert found is not None

    lowering = Lowering({})
    # The same from numbers that are not known: a point's.
    inputs: list[Node] = [Input((length,), False, k * length) for k in range(len(values))]
    for k, v in enumerate(values):
        if v.dtype == bool:
            zero = lowering.number(0.0)
            inputs[k] = lowering.map("gt", inputs[k], zero, dims=((0,), ()), shape=(length,))
    made = lowering.map(function, *inputs, dims=along, shape=(length,))
    if made.truth:
        made = lowering.map("number", made, dims=((0,),), shape=(length,))
    point = np.concatenate(values).astype(np.float64)
    program = write_program([Output(made, 0)], len(point), length)
    np.testing.assert_allclose(
        found.astype(np.float64), NativeFunction(program, 1)(point)[1], rtol=1e-14
    )


def test_numbers_are_spread_along_their_own_dims() -> None:
    row, column = constant([1.0, 2.0, 3.0]), constant([10.0, 20.0])
    found = folded("add", [row, column], ((1,), (0,)), (2, 3))
    assert np.array_equal(found, np.add.outer([10.0, 20.0], [1.0, 2.0, 3.0]))


def test_what_is_not_known_is_not_folded() -> None:
    assert folded("add", [constant(1.0), Input((), False, 0)], ((), ()), ()) is None
    assert folded("gammaln", [constant(1.0)], ((),), ()) is None


X = Placed(Input((4,), False, 0), (0,))
TRUTH = Placed(Map((4,), True, "gt", (X.array, constant(0.0)), ((0,), ())), (0,))
ZERO, ONE = Placed(constant(0.0), ()), Placed(constant(1.0), ())
MINUS = Placed(Map((4,), False, "neg", (X.array,), ((0,),)), (0,))


@pytest.mark.parametrize(
    ("function", "operands", "left"),
    [
        ("add", (X, ZERO), X),
        ("add", (ZERO, X), X),
        ("sub", (X, ZERO), X),
        ("sub", (ZERO, X), None),
        ("mul", (X, ONE), X),
        ("mul", (ONE, X), X),
        ("mul", (X, ZERO), ZERO),
        ("div", (X, ONE), X),
        ("div", (ONE, X), None),
        ("neg", (MINUS,), X),
        ("neg", (X,), None),
        ("add", (TRUTH, ZERO), None),
        ("mul", (ONE, TRUTH), None),
        ("add", (X, X), None),
    ],
)
def test_steps_that_change_nothing_are_left_out(
    function: str, operands: tuple[Placed, ...], left: Placed | None
) -> None:
    assert spared(function, operands) == left


def test_repeated_dims_are_dropped_and_slices_are_not() -> None:
    lowering = Lowering({})
    matrix, vector = Input((3, 4), False, 0), Input((4,), False, 12)
    rows = lowering.view(vector, (0,), ((0, 1),), (3, 4))
    assert narrow(Placed(rows, (0, 1))) == Placed(vector, (1,))
    some = lowering.view(vector, (0,), ((0, 1),), (3, 2))
    assert narrow(Placed(some, (0, 1))) == Placed(some, (0, 1))
    turned = lowering.view(matrix, (0, 0), ((0, 1), (1, 0)), (4, 3))
    assert narrow(Placed(turned, (0, 1))) == Placed(turned, (0, 1))
    single = lowering.view(constant(2.0), (), (), (3,))
    assert narrow(Placed(single, (0,))).dims == ()


def test_a_known_element_is_known_and_stays_a_truth() -> None:
    lowering = Lowering({})
    for values in (NUMBERS, NUMBERS > 0.0):
        found = lowering.view(lowering.constant(values), (4,), ((),), ())
        assert isinstance(found, Constant)
        assert found.truth == (values.dtype == bool)
        assert found.value == values[4]


def test_a_gradient_that_was_not_made_canonical_is_no_longer() -> None:
    """Lowering drops what PyTensor's gradient has of ones, zeros and repeated numbers."""
    x = pt.TensorType("float64", shape=(50,))("x")
    scale = pt.TensorType("float64", shape=())("scale")
    total = pt.sum(-0.5 * (x / pt.exp(scale)) ** 2 - scale)
    outputs = [total, *pt.grad(total, [x, scale])]
    lowered = Lowering({x: 0, scale: 50}).run(outputs)
    maps = len({node for node in _below(lowered) if isinstance(node, Map)})
    assert maps <= 13
    program = write_program(
        [Output(lowered[0], -1), Output(lowered[1], 0), Output(lowered[2], 50)], 51, 51
    )
    point = RNG.normal(size=51)
    evaluate = pytensor.function([x, scale], outputs, mode="FAST_COMPILE")
    wanted = evaluate(point[:50], point[50])
    value, slopes, _ = NativeFunction(program, 1)(point)
    assert value == pytest.approx(float(wanted[0]))
    np.testing.assert_allclose(slopes, np.append(wanted[1], wanted[2]), rtol=1e-12)


def _below(roots: list[Node]) -> list[Node]:
    stack, seen = list(roots), []
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.append(node)
            stack += node.args
    return seen
