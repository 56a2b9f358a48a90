"""What machine code need not compute: functions of known numbers, and steps that change nothing.

PyTensor's own rewrites do this and more, but take longer over a gradient than all else together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.density.arrays import Constant, Map, Node, Shape, View
from attribution.density.functions import TRUTHS

Dims = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Placed:
    """An array and the dims of the result that its own dims run along."""

    array: Node
    dims: tuple[int, ...]


NUMPY: Mapping[str, Callable[..., Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "abs": np.abs,
    "max": np.maximum,
    "min": np.minimum,
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
    "pow": np.power,
    "trunc": np.trunc,
    "sign": np.sign,
    "select": lambda condition, yes, no: np.where(condition != 0, yes, no),
    "number": np.positive,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
}
"""How functions of known numbers are computed; those that are not here are left to the code."""


def folded(
    function: str, operands: Sequence[Node], dims: Dims, shape: Shape
) -> NDArray[Any] | None:
    """Return a function of known numbers, itself known; None where one of them is not."""
    compute = NUMPY.get(function)
    if compute is None or not all(isinstance(x, Constant) for x in operands):
        return None
    values = [
        x.value.reshape([n if k in own else 1 for k, n in enumerate(shape)])
        for x, own in zip(operands, dims, strict=True)
        if isinstance(x, Constant)
    ]
    with np.errstate(all="ignore"):
        found = np.broadcast_to(compute(*values), shape)
    return found.astype(bool if function in TRUTHS else np.float64)


def spared(function: str, operands: Sequence[Placed]) -> Placed | None:
    """Return what a function of arrays comes to where it needs no work; else None."""
    if function == "neg":
        return _negated_twice(operands[0])
    if len(operands) != 2:
        return None
    left, right = operands
    if function == "mul" and (is_number(left, 0.0) or is_number(right, 0.0)):
        return left if is_number(left, 0.0) else right
    nothing = {"add": 0.0, "sub": 0.0, "mul": 1.0, "div": 1.0}.get(function)
    if nothing is None:
        return None
    if is_number(right, nothing) and not left.array.truth:
        return left
    turns = function in ("add", "mul")
    return right if turns and is_number(left, nothing) and not right.array.truth else None


def _negated_twice(operand: Placed) -> Placed | None:
    array = operand.array
    if not isinstance(array, Map) or array.function != "neg":
        return None
    return Placed(array.operands[0], tuple(operand.dims[d] for d in array.dims[0]))


def is_number(operand: Placed, value: float) -> bool:
    """Whether an operand is this one known number."""
    array = operand.array
    return isinstance(array, Constant) and array.shape == () and float(array.value) == value


def narrow(operand: Placed) -> Placed:
    """Return an operand without the dims along which it is only repeated."""
    array = operand.array
    if not isinstance(array, View) or any(array.starts):
        return operand
    columns = [row.index(1) if sum(map(abs, row)) == 1 and 1 in row else -1 for row in array.steps]
    whole = all(
        c >= 0 and array.shape[c] == n for c, n in zip(columns, array.source.shape, strict=True)
    )
    if not whole or len(columns) == len(array.shape) or columns != sorted(set(columns)):
        return operand
    return Placed(array.source, tuple(operand.dims[c] for c in columns))
