"""Arrange arrays into loops: what is computed together, in which order, and what is kept.

An array that is only used element by element is never in memory: it is computed in the loop that
uses it. Arrays that share a shape share a loop as long as none needs another one whole. What is
needed elsewhere is stored if it takes more than a few additions, and else computed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import prod

from attribution.density.arrays import (
    Assemble,
    Constant,
    Gather,
    Input,
    Map,
    Node,
    Reduce,
    Reshape,
    Scatter,
    Shape,
    View,
)

CHEAP = 4
"""Work, in additions, up to which an element is computed again and not stored."""

SHORT = 8
"""Elements up to which a reduction is written out within the loop that uses it."""

_LIGHT = frozenset(
    (
        *("add", "sub", "mul", "neg", "abs", "max", "min", "select", "number"),
        *("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not"),
    )
)
_HEAVY = 100


@dataclass
class Loop:
    """A loop over a shape that stores arrays element by element and sums others up."""

    space: Shape
    stores: list[Node] = field(default_factory=list)
    reductions: list[Reduce] = field(default_factory=list)
    outputs: list[tuple[Node, int]] = field(default_factory=list)


@dataclass
class Level:
    """What can be done once the levels before are done: scalars first, then the rest."""

    scalars: list[Node] = field(default_factory=list)
    loops: dict[Shape, Loop] = field(default_factory=dict)
    whole: list[Node] = field(default_factory=list)


@dataclass(frozen=True)
class Output:
    """An array and the place of its first element among the results."""

    array: Node
    start: int


def is_short(node: Node) -> bool:
    """Whether a node is a reduction that is written out where it is used."""
    if not isinstance(node, Reduce) or node.shape == ():
        return False
    return prod(node.source.shape[axis] for axis in node.axes) <= SHORT


def is_element(node: Node) -> bool:
    """Whether any one element of an array can be computed without the others."""
    return isinstance(node, Map | View | Gather | Reshape) or is_short(node)


class Plan:
    """The order of work that yields the outputs.

    Attributes
    ----------
    levels
        What is done, in order.
    stored
        Arrays that are kept in memory while the work goes on, with their place there.
    size
        Numbers that the memory holds.
    """

    def __init__(self, outputs: Sequence[Output]) -> None:
        self.levels: list[Level] = []
        self.stored: dict[Node, int] = {}
        self.size = 0
        self._done: set[Node] = set()
        self._visited: set[tuple[int, Shape, int]] = set()
        self._costs: dict[Node, int] = {}
        self._level: dict[Node, int] = {}
        order = in_order([output.array for output in outputs])
        self._positions = {node: k for k, node in enumerate(order)}
        for node in order:
            self._costs[node] = self._cost(node)
            self._level[node] = self._own_level(node)
        for output in outputs:
            self._ask(output)
        for level in self.levels:
            level.scalars.sort(key=lambda node: self._positions[node])

    # When an array's elements can be had.

    def home(self, node: Node) -> int:
        """Level at which an array's elements are computed."""
        return self._level[node]

    def cheap(self, node: Node) -> bool:
        """Whether elements are computed again wherever they are needed."""
        return self._costs[node] <= CHEAP

    def ready(self, node: Node) -> int:
        """Level from which any element of an array can be read in any loop."""
        if node.shape == () or not is_element(node) or isinstance(node, Reshape):
            return self._level[node]
        if self.cheap(node):
            return max((self.ready(arg) for arg in node.args), default=0)
        return self._level[node] + 1

    def _own_level(self, node: Node) -> int:
        match node:
            case Constant() | Input():
                return 0
            case Reduce() if not is_short(node):
                return self._within(node.source, node.source.shape) + 1
            case Scatter() | Assemble():
                return max(self.ready(arg) for arg in node.args) + 1
            case Map():
                return max(self._within(arg, node.shape) for arg in node.args)
            case Reshape():
                return self._level[node.source] + is_element(node.source)
            case _:
                return max(self.ready(arg) for arg in node.args)

    def _within(self, node: Node, space: Shape) -> int:
        """Level from which a loop over a shape can use the matching element of an array."""
        if is_element(node) and node.shape == space:
            return self._level[node]
        return self.ready(node)

    def _cost(self, node: Node) -> int:
        below = sum(self._costs[arg] for arg in node.args if arg.shape != ())
        match node:
            case Constant() | Input() | Scatter() | Assemble():
                return 0
            case Map():
                return below + (1 if node.function in _LIGHT else _HEAVY)
            case Reshape():
                return 1  # it reads its source, which is stored
            case Gather() | View():
                return below + 1
            case Reduce() if is_short(node):
                return (below + 1) * prod(node.source.shape[axis] for axis in node.axes)
            case _:
                return below

    # What is asked for, and by which loop.

    def _ask(self, output: Output) -> None:
        array = output.array
        if array.shape == ():
            self._need(array)
            self._loop((), self._level[array]).outputs.append((array, output.start))
            return
        level = self._level[array] if is_element(array) else self.ready(array)
        self._loop(array.shape, level).outputs.append((array, output.start))
        self._use(array, array.shape, level, matching=True)

    def _at(self, level: int) -> Level:
        while len(self.levels) <= level:
            self.levels.append(Level())
        return self.levels[level]

    def _loop(self, space: Shape, level: int) -> Loop:
        return self._at(level).loops.setdefault(space, Loop(space))

    def _use(self, node: Node, space: Shape, level: int, *, matching: bool) -> None:
        """Make an array's elements available to a loop; ``matching``: at the loop's own index."""
        if node.shape == () or not is_element(node):
            self._need(node)
        elif (matching and node.shape == space and self._level[node] == level) or self.cheap(node):
            self._use_parts(node, space, level, matching=matching)
        else:
            self._need(node)

    def _use_parts(self, node: Node, space: Shape, level: int, *, matching: bool) -> None:
        key = (id(node), space, level if matching else -1)
        if key in self._visited:
            return
        self._visited.add(key)
        for arg in node.args:
            if isinstance(node, Reshape):
                self._need(arg)
            else:
                same = matching and isinstance(node, Map) and arg.shape == node.shape
                self._use(arg, space, level, matching=same)

    def _need(self, node: Node) -> None:
        """Have an array in memory, or a scalar at hand."""
        if node in self._done or isinstance(node, Constant | Input):
            return
        self._done.add(node)
        level = self._level[node]
        if isinstance(node, Reduce) and not is_short(node):
            self._loop(node.source.shape, level - 1).reductions.append(node)
            self._use(node.source, node.source.shape, level - 1, matching=True)
        elif isinstance(node, Scatter | Assemble):
            self._at(level - 1).whole.append(node)
            for arg in node.args:
                self._use(arg, (), level - 1, matching=False)
        elif node.shape == ():
            self._at(level).scalars.append(node)
            for arg in node.args:
                self._need_for_scalar(arg, level)
        else:
            self._loop(node.shape, level).stores.append(node)
            self._use_parts(node, node.shape, level, matching=True)
        if node.shape != ():
            self.stored[node] = self.size
            self.size += -(-node.size // 8) * 8

    def _need_for_scalar(self, arg: Node, level: int) -> None:
        if arg.shape == ():
            self._need(arg)
        else:
            self._use(arg, (), level, matching=False)


def in_order(roots: Iterable[Node]) -> list[Node]:
    """Return all arrays below the roots, each after those that it is made of."""
    order: dict[Node, None] = {}
    stack = [(root, False) for root in roots]
    while stack:
        node, opened = stack.pop()
        if node in order:
            continue
        if opened:
            order[node] = None
        else:
            stack.append((node, True))
            stack += [(arg, False) for arg in node.args if arg not in order]
    return list(order)
