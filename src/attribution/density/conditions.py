"""What a density's checks of parameters ask, and which of them hold at every point by their form.

PyMC checks that a standard deviation is positive each time that the density is asked for; of the
exponential of an unknown that need not be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.graph import Apply, Constant
from pytensor.graph.traversal import ancestors
from pytensor.raise_op import CheckAndRaise
from pytensor.scalar import basic as scalar
from pytensor.scalar import math as scalar_math
from pytensor.tensor.basic import Alloc, MakeVector, ScalarFromTensor, TensorFromScalar
from pytensor.tensor.elemwise import DimShuffle, Elemwise
from pytensor.tensor.math import All
from pytensor.tensor.subtensor import AdvancedIncSubtensor

Variable = Any  # PyTensor is not typed


def conditions(logp: Variable) -> list[Variable]:
    """Return what the density's checks of parameters ask; where one fails it is minus infinity."""
    found: dict[Variable, None] = {}
    for node in ancestors([logp]):
        if node.owner is not None and isinstance(node.owner.op, CheckAndRaise):
            found |= dict.fromkeys(node.owner.inputs[1:])
    return [pt.as_tensor(condition) for condition in found]


def unsure(found: list[Variable]) -> list[Variable]:
    """Return what of the conditions some point might not meet, each part for itself."""
    return [part for condition in found for part in _parts(condition) if not _sure(part)]


def _parts(condition: Variable) -> list[Variable]:
    """Return the conditions that one asks to hold together."""
    node = condition.owner
    if node is None:
        return [condition]
    inner = node.inputs[0]
    together = isinstance(node.op, MakeVector) or isinstance(_step(node), scalar.AND)
    if together and all(x.type.ndim == 0 for x in node.inputs):
        return [part for x in node.inputs for part in _parts(x)]
    if isinstance(node.op, TensorFromScalar | ScalarFromTensor):
        return _parts(inner)
    if isinstance(node.op, All):
        parts = _parts(inner)
        return parts if all(part.type.ndim == 0 for part in parts) else [condition]
    return [condition]


def _step(node: Apply) -> Any:
    """Return the scalar function of a step that has one."""
    return node.op.scalar_op if isinstance(node.op, Elemwise) else None


def _sure(condition: Variable) -> bool:
    """Whether a condition holds by its form: of known numbers, or of what is positive.

    An exponential that underflows to 0 where more than 0 is asked gives a density that is not
    finite, which a sampler refuses as well.
    """
    if isinstance(condition, Constant):
        return bool(np.all(condition.data))
    node = condition.owner
    if node is None:
        return False
    if isinstance(node.op, All | DimShuffle | TensorFromScalar | ScalarFromTensor):
        return _sure(node.inputs[0])
    if isinstance(_step(node), scalar.AND):
        return all(_sure(x) for x in node.inputs)
    compare = _COMPARED.get(type(_step(node)))
    if compare is None:
        return False
    left, right = map(_bare, node.inputs)
    if isinstance(left, Constant) and isinstance(right, Constant):
        return bool(np.all(compare(left.data, right.data)))
    if compare in (np.less, np.less_equal):
        left, right = right, left
    or_equal = compare in (np.greater_equal, np.less_equal)
    at_least = _positive(left, or_zero=or_equal)
    return (at_least and _known(right, 0.0)) or (_known(left, 1.0) and _is_share(right))


_COMPARED: Mapping[type, Any] = {
    scalar.GT: np.greater,
    scalar.GE: np.greater_equal,
    scalar.LT: np.less,
    scalar.LE: np.less_equal,
}


def _bare(variable: Variable) -> Variable:
    """Return a single known number without the dims of length one that it was given."""
    node = variable.owner
    if node is not None and isinstance(node.op, DimShuffle):
        inner = _bare(node.inputs[0])
        if isinstance(inner, Constant) and inner.data.size == 1:
            return inner
    return variable


def _known(variable: Variable, value: float) -> bool:
    return isinstance(variable, Constant) and bool(np.all(variable.data == value))


def _is_share(variable: Variable) -> bool:
    node = variable.owner
    if node is not None and isinstance(node.op, DimShuffle):
        return _is_share(node.inputs[0])
    return node is not None and isinstance(_step(node), scalar_math.Sigmoid)


def _positive(variable: Variable, *, or_zero: bool = False) -> bool:
    """Whether a variable is positive by its form: made of exponentials, data and squares."""
    if isinstance(variable, Constant):
        return bool(np.all(variable.data >= 0 if or_zero else variable.data > 0))
    node = variable.owner
    if node is None:
        return False
    rule = _RULES.get(type(node.op)) or _RULES.get(type(_step(node)))
    return rule is not None and rule(node, or_zero)


def _always(_node: Apply, _or_zero: bool) -> bool:
    return True


def _first(node: Apply, or_zero: bool) -> bool:
    return _positive(node.inputs[0], or_zero=or_zero)


def _each(node: Apply, or_zero: bool) -> bool:
    return all(_positive(x, or_zero=or_zero) for x in node.inputs)


def _sum(node: Apply, or_zero: bool) -> bool:
    one = or_zero or any(_positive(x) for x in node.inputs)
    return one and all(_positive(x, or_zero=True) for x in node.inputs)


def _square(node: Apply, or_zero: bool) -> bool:
    return or_zero or _positive(node.inputs[0])


def _power(node: Apply, or_zero: bool) -> bool:
    return _positive(node.inputs[0]) or (or_zero and _known(_bare(node.inputs[1]), 2.0))


def _quotient(node: Apply, or_zero: bool) -> bool:
    return _positive(node.inputs[0], or_zero=or_zero) and _positive(node.inputs[1])


def _sums_by_group(node: Apply, or_zero: bool) -> bool:
    """Where nothing is added the base is left."""
    base, values, *_ = node.inputs
    adds = not node.op.set_instead_of_inc
    return adds and _positive(base, or_zero=or_zero) and _positive(values, or_zero=True)


_RULES: Mapping[type, Callable[[Apply, bool], bool]] = {
    DimShuffle: _first,
    Alloc: _first,
    AdvancedIncSubtensor: _sums_by_group,
    scalar.Exp: _always,
    scalar_math.Sigmoid: _always,
    scalar_math.Softplus: _always,
    scalar.Add: _sum,
    scalar.Mul: _each,
    scalar.Sqrt: _first,
    scalar.Sqr: _square,
    scalar.Abs: _square,
    scalar.Pow: _power,
    scalar.TrueDiv: _quotient,
    scalar.Reciprocal: lambda node, _or_zero: _positive(node.inputs[0]),
    scalar.Second: lambda node, or_zero: _positive(node.inputs[1], or_zero=or_zero),
}
"""When what a step gives is positive, or, where that is enough, not negative."""
