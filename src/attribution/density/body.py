"""Write the elements of arrays at an index, and the scalar functions that they are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from math import inf
from typing import Any, Protocol

from llvmlite import ir

from attribution.density.arrays import Gather, Map, Node, Reduce, Reshape, Shape, View
from attribution.density.elementary import DOUBLE, EMITTERS, FUSE, INT, number, whole
from attribution.density.plan import Plan, is_element

Value = Any  # llvmlite is not typed
Index = tuple[Value, ...]

POINTER = ir.PointerType()
BIT = ir.IntType(1)
NARROW = ir.IntType(32)

_SUM_FLAGS = ("reassoc", "contract", "nsz")


class Outer(Protocol):
    """What the elements of a loop are made from: what was known or computed before it."""

    plan: Plan

    def integer(self, value: int) -> Value:
        """Return a length or position."""

    def scalar(self, node: Node) -> Value:
        """Return the value of an array of one element."""

    def address(self, node: Node) -> Value:
        """Return where an array's elements are in memory."""

    def index_address(self, index: Any) -> Value:
        """Return where constant positions are in memory."""

    def place(self, _key: Any, make: Callable[[], Value]) -> Value:
        """Return a place for a result."""


class Body:
    """Writes elements of arrays at an index; each at most once per index."""

    def __init__(
        self,
        outer: Outer,
        builder: ir.IRBuilder,
        known: Mapping[Node, bool],
        *,
        inline: bool,
        computed: frozenset[Node] = frozenset(),
    ) -> None:
        self.outer, self.builder, self._known, self._inline = outer, builder, known, inline
        self._computed = computed
        self._made: dict[Any, Value] = {}
        self._indices: dict[Any, Index] = {}

    def element(self, node: Node, index: Index) -> Value:
        """Return an array's element; a scalar has one, whatever the index."""
        if node.shape == ():
            return self.outer.scalar(node)
        key = (node, *(id(ix) for ix in index))
        if key not in self._made:
            # The index is kept with the value: an id is only unique while its object lives.
            self._made[key] = (self._element(node, index), index)
        return self._made[key][0]

    def _element(self, node: Node, index: Index) -> Value:
        plan = self.outer.plan
        kept = node in plan.stored and node not in self._computed and not plan.cheap(node)
        if not is_element(node) or kept:
            return self._load(node, index)
        match node:
            case Map():
                return self._map(node, index)
            case View():
                return self.element(node.source, self.view_index(node, index))
            case Reshape():
                flat = self.flat(node.shape, index)
                place = self.outer.address(node.source)
                return self._truth(node, self._load_at(place, flat))
            case Gather():
                lead = len(node.index.shape)
                row = self.position(node.index, index[:lead])
                return self.element(node.source, (row, *index[lead:]))
            case Reduce():
                return self._short(node, index)
        raise AssertionError(node)

    def _load(self, node: Node, index: Index) -> Value:
        place = self.at(self.outer.address(node), node.shape, index)
        return self._truth(node, self.builder.load(place, typ=DOUBLE))

    def _load_at(self, pointer: Value, flat: Value) -> Value:
        place = self.builder.gep(pointer, [flat], source_etype=DOUBLE)
        return self.builder.load(place, typ=DOUBLE)

    def _truth(self, node: Node, value: Value) -> Value:
        if not node.truth:
            return value
        return self.builder.fcmp_unordered("!=", value, number(0.0))

    def _map(self, node: Map, index: Index) -> Value:
        if node.function == "select" and node.operands[0] in self._known:
            chosen = 1 if self._known[node.operands[0]] else 2
            return self.real(self._operand(node, chosen, index))
        return self.map(node, [self._operand(node, k, index) for k in range(len(node.operands))])

    def _operand(self, node: Map, k: int, index: Index) -> Value:
        operand = node.operands[k]
        return self.element(operand, tuple(index[d] for d in node.dims[k]))

    def _short(self, node: Reduce, index: Index) -> Value:
        lengths = [node.source.shape[axis] for axis in node.axes]
        total = None
        for steps in product(*(range(n) for n in lengths)):
            rest = iter(index)
            inner = dict(zip(node.axes, steps, strict=True))
            full = tuple(
                whole(inner[d]) if d in inner else next(rest) for d in range(len(node.source.shape))
            )
            value = self.real(self.element(node.source, full))
            total = value if total is None else self.combine(node.function, total, value)
        return self._truth(node, total)

    # Positions.

    def view_index(self, node: View, index: Index) -> Index:
        """Return the index in a view's source; the same objects for the same index."""
        key = (node, *(id(ix) for ix in index))
        if key not in self._indices:
            found = self.affine(node.starts, node.steps, index)
            self._indices[key] = (found, index)
        return self._indices[key][0]

    def affine(self, starts: Sequence[int], steps: Sequence[Sequence[int]], index: Index) -> Index:
        """Return ``starts + steps @ index``."""
        out = []
        for start, row in zip(starts, steps, strict=True):
            terms = [
                ix if step == 1 else self.builder.mul(self.outer.integer(step), ix)
                for step, ix in zip(row, index, strict=True)
                if step
            ]
            if start or not terms:
                terms.append(self.outer.integer(start))
            total = terms[0]
            for term in terms[1:]:
                total = self.builder.add(total, term)
            out.append(total)
        return tuple(out)

    def flat(self, shape: Shape, index: Index) -> Value:
        """Return the position of an element in C order."""
        position = whole(0)
        for length, ix in zip(shape, index, strict=True):
            scaled = self.builder.mul(position, self.outer.integer(length))
            position = self.builder.add(scaled, ix)
        return position

    def at(self, pointer: Value, shape: Shape, index: Index) -> Value:
        """Return where an element is in memory."""
        return self.builder.gep(pointer, [self._flat(shape, index)], source_etype=DOUBLE)

    def _flat(self, shape: Shape, index: Index) -> Value:
        return index[0] if len(shape) == 1 else self.flat(shape, index)

    def position(self, positions: Any, index: Index) -> Value:
        """Return a constant position."""
        key = ("position", id(positions), *(id(ix) for ix in index))
        if key not in self._made:
            pointer = self.outer.index_address(positions)
            flat = self._flat(positions.shape, index)
            place = self.builder.gep(pointer, [flat], source_etype=NARROW)
            value = self.builder.sext(self.builder.load(place, typ=NARROW), INT)
            self._made[key] = (value, index)
        return self._made[key][0]

    def store(self, pointer: Value, shape: Shape, index: Index, value: Value) -> None:
        """Write an element to memory."""
        self.builder.store(self.real(value), self.at(pointer, shape, index))

    def fill(self, node: Node, value: float) -> None:
        """Set a whole array in memory to one number."""
        lengths = [self.outer.integer(n) for n in node.shape]
        with loops(self.builder, lengths) as index:
            self.store(self.outer.address(node), node.shape, index, number(value))

    # Scalar functions.

    def real(self, value: Value) -> Value:
        """Return a truth value as 0 or 1."""
        return self.builder.uitofp(value, DOUBLE) if value.type == BIT else value

    def truth(self, value: Value) -> Value:
        """Return whether a number is not 0."""
        if value.type == BIT:
            return value
        return self.builder.fcmp_unordered("!=", value, number(0.0))

    def combine(self, function: str, total: Value, value: Value) -> Value:
        """Return a running reduction with one more element."""
        b = self.builder
        match function:
            case "add":
                return b.fadd(total, value, flags=_SUM_FLAGS)
            case "mul":
                return b.fmul(total, value)
            case "and":
                return b.fmul(total, value, flags=("reassoc",))  # of 0 and 1: exact
            case "or":
                return b.select(b.fcmp_ordered("==", value, number(0.0)), total, number(1.0))
            case _:
                return _extreme(b, function, total, value)

    def map(self, node: Map, operands: list[Value]) -> Value:
        """Return a scalar function of numbers."""
        b, name = self.builder, node.function
        if name in ("and", "or", "xor", "not"):
            truths = [self.truth(x) for x in operands]
            return b.not_(truths[0]) if name == "not" else getattr(b, _BITS[name])(*truths)
        if name == "select":
            condition = self.truth(operands[0])
            return b.select(condition, self.real(operands[1]), self.real(operands[2]))
        numbers = [self.real(x) for x in operands]
        if name in _ARITHMETIC:
            return _ARITHMETIC[name](b, *numbers)
        return self._call(name, numbers)

    def _call(self, name: str, numbers: list[Value]) -> Value:
        function = callee(self.builder.module, name, len(numbers), inline=self._inline)
        if name in SCIPY:
            numbers = [*numbers, ir.Constant(NARROW, 0)]
        return self.builder.call(function, numbers)


SCIPY = frozenset(
    (
        *("betainc", "gammainc", "gammaincc"),
        *("erf", "erfc", "erfcx", "erfinv", "erfcinv"),
    )
)
"""Functions that SciPy's compiled code provides."""

_BITS = {"and": "and_", "or": "or_", "xor": "xor"}


def callee(module: ir.Module, name: str, arity: int, *, inline: bool) -> ir.Function:
    """Return a function of numbers, declared or made in a module."""
    ours = name in EMITTERS or name in SCIPY
    full = f"attribution.{name}" if ours else name
    full += ".inline" if inline and name in EMITTERS else ""
    if full in module.globals:
        return module.globals[full]
    if name in EMITTERS:
        function = ir.Function(module, ir.FunctionType(DOUBLE, [DOUBLE]), full)
        function.linkage = "internal"
        function.attributes.add("alwaysinline" if inline else "noinline")
        builder = ir.IRBuilder(function.append_basic_block("entry"))
        builder.ret(EMITTERS[name](builder, function.args[0]))
        return function
    extra = [NARROW] if name in SCIPY else []
    kind = ir.FunctionType(DOUBLE, [DOUBLE] * arity + extra)
    return ir.Function(module, kind, full)


def _extreme(b: ir.IRBuilder, which: str, x: Value, y: Value) -> Value:
    """Return the larger or smaller number, NaN where either is."""
    chosen = b.select(b.fcmp_ordered(">" if which == "max" else "<", x, y), x, y)
    return b.select(b.fcmp_unordered("uno", x, x), x, chosen)


def _sign(b: ir.IRBuilder, x: Value) -> Value:
    positive = b.uitofp(b.fcmp_ordered(">", x, number(0.0)), DOUBLE)
    negative = b.uitofp(b.fcmp_ordered("<", x, number(0.0)), DOUBLE)
    return b.select(b.fcmp_unordered("uno", x, x), x, b.fsub(positive, negative))


def _intrinsic(name: str) -> Callable[..., Value]:
    def call(b: ir.IRBuilder, x: Value) -> Value:
        function = b.module.declare_intrinsic(f"llvm.{name}", [DOUBLE])
        return b.call(function, [x])

    return call


def _ordered(sign: str) -> Callable[..., Value]:
    return lambda b, x, y: b.fcmp_ordered(sign, x, y)


_ARITHMETIC: Mapping[str, Callable[..., Value]] = {
    "add": lambda b, x, y: b.fadd(x, y, flags=FUSE),
    "sub": lambda b, x, y: b.fsub(x, y, flags=FUSE),
    "mul": lambda b, x, y: b.fmul(x, y, flags=FUSE),
    "div": lambda b, x, y: b.fdiv(x, y),
    "neg": lambda b, x: b.fneg(x),
    "abs": _intrinsic("fabs"),
    "sqrt": _intrinsic("sqrt"),
    "floor": _intrinsic("floor"),
    "ceil": _intrinsic("ceil"),
    "trunc": _intrinsic("trunc"),
    "sign": _sign,
    "max": lambda b, x, y: _extreme(b, "max", x, y),
    "min": lambda b, x, y: _extreme(b, "min", x, y),
    "number": lambda _b, x: x,
    "lt": _ordered("<"),
    "le": _ordered("<="),
    "gt": _ordered(">"),
    "ge": _ordered(">="),
    "eq": _ordered("=="),
    "ne": lambda b, x, y: b.fcmp_unordered("!=", x, y),
    "isnan": lambda b, x: b.fcmp_unordered("uno", x, x),
    "isinf": lambda b, x: b.fcmp_ordered("==", _intrinsic("fabs")(b, x), number(inf)),
}


@contextmanager
def loops(builder: ir.IRBuilder, lengths: Sequence[Value]) -> Iterator[Index]:
    """Write nested loops around what is written within; yield their index."""
    index: list[Value] = []
    opened: list[tuple[Value, Any, Any]] = []
    for length in lengths:
        before = builder.block
        head = builder.append_basic_block("each")
        done = builder.append_basic_block("done")
        builder.branch(head)
        builder.position_at_end(head)
        ix = builder.phi(INT)
        ix.add_incoming(whole(0), before)
        index.append(ix)
        opened.append((length, head, done))
    yield tuple(index)
    for (length, head, done), ix in zip(reversed(opened), reversed(index), strict=True):
        following = builder.add(ix, whole(1), flags=("nuw", "nsw"))
        ix.add_incoming(following, builder.block)
        again = builder.icmp_signed("<", following, length)
        builder.cbranch(again, head, done)
        builder.position_at_end(done)
