"""Rewrites of a log-density's graph that make it faster or more exact, never another function.

They know nothing of models: what is data shows in the graph as a constant.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from numpy.typing import NDArray
from pytensor.compile.builders import OpFromGraph
from pytensor.compile.rewriting import inline_ofg_node
from pytensor.gradient import disconnected_grad
from pytensor.graph import Apply, Constant, FunctionGraph
from pytensor.graph.rewriting.basic import (
    EquilibriumGraphRewriter,
    GraphRewriter,
    node_rewriter,
)
from pytensor.raise_op import CheckAndRaise
from pytensor.scalar import basic as scalar
from pytensor.scalar import math as scalar_math
from pytensor.tensor.elemwise import Elemwise
from pytensor.tensor.math import Sum
from pytensor.tensor.special import LogSoftmax, Softmax
from pytensor.tensor.subtensor import AdvancedIncSubtensor, AdvancedSubtensor

Variable = Any  # PyTensor is not typed

COSTLY = (scalar_math.GammaLn, scalar_math.Psi, scalar_math.TriGamma, scalar_math.BetaInc)
"""Functions that take as long as a hundred additions."""


def _scalar_op(variable: Variable) -> Any:
    node = variable.owner
    return node.op.scalar_op if node is not None and isinstance(node.op, Elemwise) else None


def _is(variable: Variable, kind: type) -> bool:
    return isinstance(_scalar_op(variable), kind)


@node_rewriter([OpFromGraph])
def inline_graph(_fgraph: FunctionGraph, node: Apply) -> list[Variable]:
    """Put an operation's inner graph in its place."""
    inlined: list[Variable] = inline_ofg_node(node)
    return inlined


@node_rewriter([CheckAndRaise])
def drop_checks(_fgraph: FunctionGraph, node: Apply) -> list[Variable]:
    """Leave out checks of parameters: see :mod:`attribution.density.conditions`."""
    return [node.inputs[0]]


@node_rewriter([Softmax])
def spell_softmax(_fgraph: FunctionGraph, node: Apply) -> list[Variable]:
    """Spell softmax in elementary steps; shifting by the maximum changes nothing."""
    (x,) = node.inputs
    top = disconnected_grad(pt.max(x, axis=node.op.axis, keepdims=True))
    part = pt.exp(x - top)
    return [part / pt.sum(part, axis=node.op.axis, keepdims=True)]


@node_rewriter([LogSoftmax])
def spell_log_softmax(_fgraph: FunctionGraph, node: Apply) -> list[Variable]:
    """Spell the logarithm of softmax in elementary steps."""
    (x,) = node.inputs
    top = disconnected_grad(pt.max(x, axis=node.op.axis, keepdims=True))
    total = pt.sum(pt.exp(x - top), axis=node.op.axis, keepdims=True)
    return [x - top - pt.log(total)]


@node_rewriter([Elemwise])
def constant_switch(_fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
    """Take the one branch of a switch whose condition is the same for all elements."""
    if not isinstance(node.op.scalar_op, scalar.Switch):
        return None
    condition, yes, no = node.inputs
    if not isinstance(condition, Constant):
        return None
    if condition.data.all():
        return [_like(yes, node)]
    return None if condition.data.any() else [_like(no, node)]


def _like(variable: Variable, node: Apply) -> Variable:
    out = node.outputs[0]
    shape = out.type.shape
    if variable.type.shape != shape and None not in shape:
        variable = pt.alloc(variable, *shape)
    return variable.astype(out.dtype)


@node_rewriter([Sum])
def split_sum(_fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
    """Sum(a + b) = Sum(a) + Sum(b), for the parts that the next rewrites can then take apart."""
    (inside,) = node.inputs
    if node.op.axis is not None and len(node.op.axis) != inside.type.ndim:
        return None
    op = _scalar_op(inside)
    if not isinstance(op, scalar.Add | scalar.Sub) or None in inside.type.shape:
        return None
    parts = [_whole_sum(part, inside.type.shape) for part in inside.owner.inputs]
    return [parts[0] - parts[1] if isinstance(op, scalar.Sub) else sum(parts[1:], parts[0])]


def _whole_sum(part: Variable, shape: tuple[int, ...]) -> Variable:
    """Sum of an array broadcast to a shape, without building it."""
    repeated = [n for n, one in zip(shape, part.type.broadcastable, strict=True) if one]
    return pt.sum(part) * float(np.prod(repeated)) if repeated else pt.sum(part)


@node_rewriter([Sum])
def split_sum_of_switch(_fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
    """Sum(switch(c, a, b + d)) = Sum(switch(c, a, 0)) + Sum(switch(c, 0, b)) + ..., c scalar."""
    (inside,) = node.inputs
    if node.op.axis is not None and len(node.op.axis) != inside.type.ndim:
        return None
    if not _is(inside, scalar.Switch) or None in inside.type.shape:
        return None
    condition, yes, no = inside.owner.inputs
    if not all(condition.type.broadcastable):
        return None
    if not any(isinstance(_scalar_op(x), scalar.Add | scalar.Sub) for x in (yes, no)):
        return None
    zero = np.zeros(())
    parts = [_whole_sum(pt.switch(condition, x, zero), inside.type.shape) for x in _terms(yes)]
    parts += [_whole_sum(pt.switch(condition, zero, x), inside.type.shape) for x in _terms(no)]
    return [sum(parts[1:], parts[0])]


def _terms(variable: Variable) -> list[Variable]:
    """Return what adds up to the variable."""
    op = _scalar_op(variable)
    if isinstance(op, scalar.Add):
        return list(variable.owner.inputs)
    if isinstance(op, scalar.Sub):
        left, right = variable.owner.inputs
        return [left, -right]
    return [variable]


@node_rewriter([AdvancedIncSubtensor])
def split_scatter(_fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
    """Sum a linear function of unknowns by group with sums of the data taken beforehand.

    For known weights w and data x, adding w * (a + s * x + t[j]) at the positions of groups is
    adding s times the groups' known sums of w * x, and t at each distinct pair of a group and j
    with the pair's known sum of w: as many numbers as there are groups or pairs, not rows.
    """
    base, values, *positions = node.inputs
    index = _rows(node, positions)
    if index is None or node.op.set_instead_of_inc or base.type.ndim != 1:
        return None
    length = base.type.shape[0]
    if length is None:
        return None
    known, rest = _known_factor(values, len(index))
    terms = _terms_of_sum(rest)
    found = [_scattered(term, known, index, length) for term in terms]
    if all(total is None for total in found):
        return None
    out = base
    for term, total in zip(terms, found, strict=True):
        if total is None:
            out = pt.inc_subtensor(out[index], pt.constant(known) * term)
        else:
            out = out + total
    return [_like(out, node)]


def _rows(node: Apply, positions: list[Variable]) -> NDArray[np.int64] | None:
    """Return the known positions of a scatter or gather along one dim."""
    if node.op.idx_list != (0,) or len(positions) != 1:
        return None
    (index,) = positions
    if not isinstance(index, Constant) or index.type.ndim != 1 or index.type.dtype == "bool":
        return None
    rows: NDArray[np.int64] = np.asarray(index.data, dtype=np.int64)
    return rows if rows.size and rows.min() >= 0 else None


def _known_factor(values: Variable, count: int) -> tuple[NDArray[np.float64], Variable]:
    """Split values into known factors and the rest; factors (count,)."""
    known = np.ones(count)
    if not _is(values, scalar.Mul):
        return known, values
    rest = []
    for factor in values.owner.inputs:
        if isinstance(factor, Constant):
            known = known * factor.data
        else:
            rest.append(factor)
    if not rest:
        return known, pt.constant(1.0)
    return known, rest[0] if len(rest) == 1 else pt.mul(*rest)


def _terms_of_sum(variable: Variable) -> list[Variable]:
    """Return what adds up to the variable, sums within sums included."""
    terms = _terms(variable)
    if len(terms) == 1:
        return terms
    return [inner for term in terms for inner in _terms_of_sum(term)]


def _scattered(
    term: Variable, known: NDArray[np.float64], index: NDArray[np.int64], length: int
) -> Variable | None:
    """Sum known * term by group, without a row each; (length,), None where there is no way."""
    count = len(index)
    weight, rest = known, term
    if isinstance(term, Constant):
        weight, rest = known * term.data, None
    elif not all(term.type.broadcastable) and _is(term, scalar.Mul):
        weight, rest = _known_factor(term, count)
        weight = weight * known
    if rest is None or all(rest.type.broadcastable):
        sums = pt.constant(np.bincount(index, weight, minlength=length))
        return sums if rest is None else sums * rest
    negative = _is(rest, scalar.Neg)
    node = (rest.owner.inputs[0] if negative else rest).owner
    if node is None or not isinstance(node.op, AdvancedSubtensor):
        return None
    source, *positions = node.inputs
    chosen = _rows(node, positions)
    if chosen is None or source.type.ndim != 1:
        return None
    pairs, which = np.unique(np.stack([index, chosen]), axis=1, return_inverse=True)
    if pairs.shape[1] > count // 2:
        return None
    total = pt.constant(np.bincount(which.reshape(-1), weight))
    picked = total * source[pt.constant(pairs[1])]
    return pt.inc_subtensor(pt.zeros(length)[pairs[0]], -picked if negative else picked)


class CollapseData(GraphRewriter):
    """Evaluate costly functions of data and scalars once per distinct value of the data.

    ``f(y, a)`` over posts becomes ``f(distinct, a)[position]``; a sum over posts of it becomes a
    sum over the distinct values, weighted by how many posts have each. Exact: the same function
    of the same numbers.
    """

    def apply(self, fgraph: FunctionGraph) -> None:
        """Rewrite every such function in the graph."""
        for node in list(fgraph.toposort()):
            out = node.outputs[0]
            if out in fgraph.variables and self._is_top(fgraph, out):
                self._collapse(fgraph, out)

    def _is_top(self, fgraph: FunctionGraph, out: Variable) -> bool:
        if not self._of_data(out) or not _costly(out):
            return False
        users = [client.outputs[0] for client, _ in fgraph.clients[out] if client.outputs]
        return not all(self._of_data(user) and user.type.ndim == out.type.ndim for user in users)

    def _of_data(self, variable: Variable) -> bool:
        """Whether a vector is an elementwise function of constant vectors and scalars alone."""
        if variable.owner is None or not isinstance(variable.owner.op, Elemwise):
            return False
        return variable.type.ndim == 1 and all(
            _leaf(x) or self._of_data(x) for x in _args(variable)
        )

    def _collapse(self, fgraph: FunctionGraph, out: Variable) -> None:
        data = _data_leaves(out)
        if not data:
            return
        table = np.stack([np.asarray(leaf.data, dtype=np.float64) for leaf in data], axis=1)
        rows, position, counts = np.unique(table, axis=0, return_inverse=True, return_counts=True)
        if len(rows) > len(table) // 2:
            return
        replaced = {
            leaf: pt.constant(rows[:, k].astype(leaf.data.dtype)) for k, leaf in enumerate(data)
        }
        small = _rebuild(out, replaced)
        position = position.reshape(-1)
        for client, _ in list(fgraph.clients[out]):
            if isinstance(client.op, Sum) and client.outputs[0].type.ndim == 0:
                total = pt.sum(small * pt.constant(counts.astype(np.float64)))
                fgraph.replace(client.outputs[0], total, reason="collapse")
        if fgraph.clients.get(out):
            fgraph.replace(out, small[pt.constant(position.astype(np.int64))], reason="collapse")


def _args(variable: Variable) -> list[Variable]:
    return list(variable.owner.inputs)


def _leaf(variable: Variable) -> bool:
    return isinstance(variable, Constant) or all(variable.type.broadcastable)


def _costly(variable: Variable) -> bool:
    if _leaf(variable) or not isinstance(variable.owner.op, Elemwise):
        return False
    own = isinstance(variable.owner.op.scalar_op, COSTLY)
    return own or any(_costly(x) for x in _args(variable))


def _data_leaves(variable: Variable) -> list[Constant]:
    found: dict[Variable, None] = {}

    def visit(x: Variable) -> None:
        if isinstance(x, Constant) and not all(x.type.broadcastable):
            found[x] = None
        elif not _leaf(x):
            for arg in _args(x):
                visit(arg)

    visit(variable)
    return list(found)


def _rebuild(variable: Variable, replaced: dict[Variable, Variable]) -> Variable:
    if variable in replaced:
        return replaced[variable]
    if _leaf(variable):
        return variable
    node = variable.owner
    return node.op(*[_rebuild(x, replaced) for x in node.inputs])


def _together(*rewrites: Any) -> GraphRewriter:
    return EquilibriumGraphRewriter(list(rewrites), max_use_ratio=100)


def spell_out() -> GraphRewriter:
    """Return the rewrites that leave elementary steps only."""
    return _together(inline_graph, drop_checks, spell_softmax, spell_log_softmax, constant_switch)


def take_apart() -> GraphRewriter:
    """Return the rewrites of sums into simpler sums."""
    return _together(constant_switch, split_sum, split_sum_of_switch, split_scatter)
