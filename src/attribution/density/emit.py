"""Write a plan as LLVM code: one small function per loop, one that calls them in order.

The code holds no data. Arrays, lengths and numbers that stem from a table or a prior come from a
table of addresses, so that another table of posts runs the same code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import inf, isfinite, prod
from typing import Any

import numpy as np
from llvmlite import ir

from attribution.density.arrays import (
    Assemble,
    Constant,
    Gather,
    Input,
    Map,
    Node,
    Reduce,
    Scatter,
    Shape,
    View,
    Write,
)
from attribution.density.body import BIT, POINTER, Body, Index, Value, loops
from attribution.density.elementary import DOUBLE, INT, number, whole
from attribution.density.plan import Loop, Plan

LITERAL = 16
"""Lengths up to this are written into the code; longer ones come from the table."""

PLAIN_NUMBERS = frozenset((0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, inf, -inf))
"""Numbers that belong to a formula and not to a table or a prior."""

INLINE_FROM = 32
"""Length from which a loop is worth its own vectorised copy of a function."""

_STARTS = {"add": 0.0, "mul": 1.0, "max": -inf, "min": inf, "and": 1.0, "or": 0.0}


@dataclass
class Table:
    """What the code reads at run time, in the order of its slots."""

    integers: list[int] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)
    arrays: list[Any] = field(default_factory=list)


class Emitter:
    """Writes ``void name(double* x, double* out, double* value, double* memory, table)``.

    ``table`` has three addresses: of integers, of numbers and of arrays' addresses.
    """

    def __init__(self, module: ir.Module, name: str, plan: Plan) -> None:
        self.module, self.name, self.plan = module, name, plan
        self.table = Table()
        kind = ir.FunctionType(ir.VoidType(), [POINTER] * 5)
        self.function = ir.Function(module, kind, name)
        self.builder = ir.IRBuilder(self.function.append_basic_block("entry"))
        self._x, self._out, self._value, self._memory, table = self.function.args
        self._tables = [self._load_pointer(table, k) for k in range(3)]
        self._integers: dict[int, Value] = {}
        self._pointers: dict[Any, Value] = {}
        self._scalars: dict[Node, Value] = {}
        self._loops = 0
        self._scrap = ir.Module()

    def write(self) -> Table:
        """Write everything; return what the code will read."""
        for level in self.plan.levels:
            for scalar in level.scalars:
                self.scalar(scalar)
            for loop in level.loops.values():
                self._loop(loop)
            for node in level.whole:
                if isinstance(node, Assemble):
                    self._assemble(node)
            for group in _alike([node for node in level.whole if isinstance(node, Scatter)]):
                self._scatter(group)
        self.builder.ret_void()
        return self.table

    # What the function of all loops has at hand: numbers, lengths, addresses.

    def _load_pointer(self, table: Value, k: int) -> Value:
        place = self.builder.gep(table, [whole(k)], source_etype=POINTER)
        return self.builder.load(place, typ=POINTER)

    def integer(self, value: int) -> Value:
        """Return a length or position; long ones are read from the table."""
        if abs(value) <= LITERAL:
            return whole(value)
        if value not in self._integers:
            self._integers[value] = self._slot(value)
        return self._integers[value]

    def _slot(self, value: int) -> Value:
        """Return a number of the table, with a place of its own there."""
        place = self.builder.gep(
            self._tables[0], [whole(len(self.table.integers))], source_etype=INT
        )
        self.table.integers.append(value)
        return self.builder.load(place, typ=INT)

    def scalar(self, node: Node) -> Value:
        """Return the value of an array of one element."""
        if node not in self._scalars:
            self._scalars[node] = self._scalar(node)
        return self._scalars[node]

    def _scalar(self, node: Node) -> Value:
        if isinstance(node, Constant):
            return self._number(node)
        if isinstance(node, Input):
            return self.builder.load(self.address(node), typ=DOUBLE)
        body = Body(self, self.builder, {}, inline=False)
        if isinstance(node, Map):
            return body.map(node, [body.element(arg, ()) for arg in node.operands])
        if not isinstance(node, View):
            raise TypeError(node)
        return body.element(node.source, tuple(self.integer(start) for start in node.starts))

    def _number(self, node: Constant) -> Value:
        value = float(node.value)
        if node.truth:
            return ir.Constant(BIT, int(value))
        if value in PLAIN_NUMBERS or not isfinite(value):
            return number(value)
        place = self.builder.gep(
            self._tables[1], [whole(len(self.table.numbers))], source_etype=DOUBLE
        )
        self.table.numbers.append(value)
        return self.builder.load(place, typ=DOUBLE)

    def address(self, node: Node) -> Value:
        """Return where an array's elements are in memory."""
        key: Any = node
        if key not in self._pointers:
            if isinstance(node, Constant):
                self._pointers[key] = self._array(node.value)
            elif isinstance(node, Input):
                self._pointers[key] = self._offset(self._x, self._slot(node.start))
            else:
                start = self._slot(self.plan.stored[node])
                self._pointers[key] = self._offset(self._memory, start)
        return self._pointers[key]

    def index_address(self, index: Any) -> Value:
        """Return where constant positions are in memory."""
        key = ("index", id(index))
        if key not in self._pointers:
            self._pointers[key] = self._array(index)
        return self._pointers[key]

    def _array(self, values: Any) -> Value:
        place = self._load_pointer(self._tables[2], len(self.table.arrays))
        self.table.arrays.append(np.ascontiguousarray(values))
        return place

    def place(self, _key: Any, make: Callable[[], Value]) -> Value:
        """Return a place for a result."""
        return make()

    def _offset(self, pointer: Value, start: Value) -> Value:
        return self.builder.gep(pointer, [start], source_etype=DOUBLE)

    # Loops.

    def _loop(self, loop: Loop) -> None:
        if loop.space == ():
            for node, start in loop.outputs:
                self.builder.store(self.scalar(node), self.out(start))
            return
        work = _LoopWork(self, loop)
        self.kernel(loop.space, work)
        for node in loop.reductions:
            if node.shape == ():
                result = self.builder.load(work.places[node], typ=DOUBLE)
                if node.truth:
                    result = self.builder.fcmp_unordered("!=", result, number(0.0))
                self._scalars[node] = result

    def out(self, start: int) -> Value:
        """Return where an output goes."""
        return self._value if start < 0 else self._offset(self._out, self._slot(start))

    def kernel(self, space: Shape, work: Work) -> None:
        """Write a loop over a shape as a function of its own, and call it.

        The body is written twice: first to see what it needs, which then are its parameters.
        Parameters do not alias, which lets the compiler vectorise.
        """
        trial = Parameters(self, None)
        self._loops += 1
        draft = ir.Function(self._scrap, ir.FunctionType(ir.VoidType(), []), f"draft{self._loops}")
        self._write_kernel(draft, trial, space, work)
        kind = ir.FunctionType(ir.VoidType(), [value.type for value in trial.outer.values()])
        function = ir.Function(self.module, kind, f"{self.name}.loop{self._loops}")
        function.linkage = "internal"
        function.attributes.add("noinline")
        for argument in function.args:
            if isinstance(argument.type, ir.PointerType):
                argument.add_attribute("noalias")
        given = dict(zip(trial.outer, function.args, strict=True))
        self._write_kernel(function, Parameters(self, given), space, work)
        self.builder.call(function, list(trial.outer.values()))

    def _write_kernel(
        self, function: ir.Function, parameters: Parameters, space: Shape, work: Work
    ) -> None:
        builder = ir.IRBuilder(function.append_basic_block("entry"))
        conditions = work.conditions()
        if not conditions:
            self._nest(builder, parameters, space, work, {})
        else:
            # One loop for each outcome of a scalar condition, so that none is asked per element.
            (condition, *_) = conditions
            with builder.if_else(parameters.scalar(condition)) as (then, otherwise):
                for branch, holds in ((then, True), (otherwise, False)):
                    with branch:
                        self._nest(builder, parameters, space, work, {condition: holds})
        builder.ret_void()

    def _nest(
        self,
        builder: ir.IRBuilder,
        parameters: Parameters,
        space: Shape,
        work: Work,
        known: Mapping[Node, bool],
    ) -> None:
        inline = prod(space) >= INLINE_FROM
        body = Body(parameters, builder, known, inline=inline, computed=work.computed())
        work.before(body)
        with loops(builder, [parameters.integer(n) for n in space]) as index:
            work.each(body, index)
        work.after(body)

    def _scatter(self, nodes: list[Scatter]) -> None:
        """Write scatters along the same positions as one loop: their waits overlap."""
        for node in nodes:
            self.kernel(node.shape, _Copy(node))
        self.kernel(nodes[0].values.shape, _ScatterWork(nodes))

    def _assemble(self, node: Assemble) -> None:
        if not _covers(node):
            self.kernel(node.shape, _Zero(node))
        for write in node.writes:
            if write.space == ():
                body = Body(self, self.builder, {}, inline=False)
                _WriteWork(node, write).each(body, ())
            else:
                self.kernel(write.space, _WriteWork(node, write))


class Parameters:
    """What a loop's function asks of the outside, which its caller hands over."""

    def __init__(self, outside: Emitter, given: Mapping[Any, Value] | None) -> None:
        self._outside, self._given = outside, given
        self.outer: dict[Any, Value] = {}
        self.plan = outside.plan

    def _ask(self, key: Any, outer: Callable[[], Value]) -> Value:
        if self._given is not None:
            return self._given[key]
        if key not in self.outer:
            self.outer[key] = outer()
        value = self.outer[key]
        # A stand-in of the same type: the draft is thrown away.
        return ir.Constant(value.type, ir.Undefined)

    def integer(self, value: int) -> Value:
        """Return a length or position."""
        if abs(value) <= LITERAL:
            return whole(value)
        return self._ask(("integer", value), lambda: self._outside.integer(value))

    def scalar(self, node: Node) -> Value:
        """Return the value of an array of one element."""
        value = self._outside.scalar(node)
        return value if isinstance(value, ir.Constant) else self._ask(node, lambda: value)

    def address(self, node: Node) -> Value:
        """Return where an array's elements are in memory."""
        return self._ask(("address", node), lambda: self._outside.address(node))

    def index_address(self, index: Any) -> Value:
        """Return where constant positions are in memory."""
        return self._ask(("index", id(index)), lambda: self._outside.index_address(index))

    def place(self, _key: Any, make: Callable[[], Value]) -> Value:
        """Return a place that the caller made for a result."""
        return self._ask(("place", _key), make)


class Work:
    """What one loop does."""

    def conditions(self) -> list[Node]:
        """Return scalar conditions to be decided before the loop and not within."""
        return []

    def computed(self) -> frozenset[Node]:
        """Return the stored arrays that this very loop computes."""
        return frozenset()

    def before(self, body: Body) -> None:
        """Write what comes before the loop."""

    def each(self, body: Body, index: Index) -> None:
        """Write what is done for each index."""
        raise NotImplementedError

    def after(self, body: Body) -> None:
        """Write what comes after the loop."""


class _LoopWork(Work):
    """Stores, outputs and reductions that share a shape."""

    def __init__(self, emitter: Emitter, loop: Loop) -> None:
        self._emitter, self._loop = emitter, loop
        self.places: dict[Node, Value] = {}
        self._sums: dict[Node, Value] = {}

    def conditions(self) -> list[Node]:
        roots = [*self._loop.stores, *(r.source for r in self._loop.reductions)]
        roots += [node for node, _ in self._loop.outputs]
        return _conditions(roots)

    def computed(self) -> frozenset[Node]:
        return frozenset(self._loop.stores)

    def before(self, body: Body) -> None:
        for node in self._loop.reductions:
            if node.shape == ():
                self._sums[node] = body.builder.alloca(DOUBLE)
                body.builder.store(number(_STARTS[node.function]), self._sums[node])
            else:
                body.fill(node, _STARTS[node.function])

    def each(self, body: Body, index: Index) -> None:
        for node in self._loop.stores:
            body.store(body.outer.address(node), node.shape, index, body.element(node, index))
        for node, start in self._loop.outputs:
            place = body.outer.place(("out", start), partial(self._emitter.out, start))
            body.store(place, node.shape, index, body.element(node, index))
        for node in self._loop.reductions:
            self._reduce(body, node, index)

    def _reduce(self, body: Body, node: Reduce, index: Index) -> None:
        value = body.real(body.element(node.source, index))
        if node.shape == ():
            place = self._sums[node]
        else:
            kept = tuple(ix for k, ix in enumerate(index) if k not in node.axes)
            place = body.at(body.outer.address(node), node.shape, kept)
        total = body.combine(node.function, body.builder.load(place, typ=DOUBLE), value)
        body.builder.store(total, place)

    def after(self, body: Body) -> None:
        for node, total in self._sums.items():
            place = body.outer.place(node, partial(self._result, node))
            body.builder.store(body.builder.load(total, typ=DOUBLE), place)

    def _result(self, node: Node) -> Value:
        if node not in self.places:
            with self._emitter.builder.goto_entry_block():
                self.places[node] = self._emitter.builder.alloca(DOUBLE)
        return self.places[node]


@dataclass
class _Copy(Work):
    """The base of a scatter, copied to where the scatter adds to it."""

    node: Scatter

    def each(self, body: Body, index: Index) -> None:
        value = body.element(self.node.base, index)
        body.store(body.outer.address(self.node), self.node.shape, index, value)


@dataclass
class _Zero(Work):
    """An array set to zero."""

    node: Node

    def each(self, body: Body, index: Index) -> None:
        body.store(body.outer.address(self.node), self.node.shape, index, number(0.0))


@dataclass
class _ScatterWork(Work):
    """Values added or set at constant positions."""

    nodes: list[Scatter]

    def each(self, body: Body, index: Index) -> None:
        for node in self.nodes:
            row = body.position(node.index, index[:1])
            place = body.at(body.outer.address(node), node.shape, (row, *index[1:]))
            value = body.real(body.element(node.values, index))
            if node.add:
                value = body.builder.fadd(body.builder.load(place, typ=DOUBLE), value)
            body.builder.store(value, place)


@dataclass
class _WriteWork(Work):
    """Values written to a region of an assembled array."""

    node: Assemble
    write: Write

    def each(self, body: Body, index: Index) -> None:
        write = self.write
        target = body.affine(write.starts, write.steps, index)
        place = body.at(body.outer.address(self.node), self.node.shape, target)
        value = body.real(body.element(write.values, tuple(index[d] for d in write.dims)))
        if write.add:
            value = body.builder.fadd(body.builder.load(place, typ=DOUBLE), value)
        body.builder.store(value, place)


def _conditions(roots: Sequence[Node]) -> list[Node]:
    """Return the scalar conditions of selects within a loop, one at most."""
    seen: set[Node] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node in seen or node.shape == ():
            continue
        seen.add(node)
        if isinstance(node, Map) and node.function == "select":
            condition = node.operands[0]
            if condition.shape == () and condition.truth and not isinstance(condition, Constant):
                return [condition]
        if isinstance(node, Map | View | Gather):
            stack += node.args
    return []


def _alike(nodes: Sequence[Scatter]) -> list[list[Scatter]]:
    """Return scatters grouped by their positions and shapes."""
    groups: dict[Any, list[Scatter]] = {}
    for node in nodes:
        groups.setdefault((id(node.index), node.values.shape), []).append(node)
    return list(groups.values())


def _covers(node: Assemble) -> bool:
    """Whether the writes leave no element unwritten."""
    return sum(prod(write.space) for write in node.writes if not write.add) >= node.size
