"""Arrays as expressions: what a density is lowered to, between PyTensor's graph and machine code.

Dimensions of length one are dropped from every shape: they carry no index. An array whose shape
is ``()`` is a scalar. Values are ``float64`` or truth values; integers are exact as floats up to
2**53, and positions appear only as constants.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Node:
    """An array; compared by identity.

    Parameters
    ----------
    shape
        Lengths of its dims, none of them one.
    truth
        Whether its elements are truth values.
    """

    shape: Shape
    truth: bool

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def args(self) -> tuple[Node, ...]:
        """The arrays that it is made of."""
        return ()


@dataclass(frozen=True, eq=False)
class Constant(Node):
    """Numbers that are known before sampling; ``float64``, C order."""

    value: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Input(Node):
    """A stretch of the point at which the density is asked for, from ``start`` on."""

    start: int


@dataclass(frozen=True, eq=False)
class Map(Node):
    """A scalar function of each element; ``dims[k]`` tells which dims argument k has."""

    function: str
    operands: tuple[Node, ...]
    dims: tuple[tuple[int, ...], ...]

    @property
    def args(self) -> tuple[Node, ...]:
        """The arrays that it is made of."""
        return self.operands


@dataclass(frozen=True, eq=False)
class Derived(Node):
    """An array made of one other."""

    source: Node

    @property
    def args(self) -> tuple[Node, ...]:
        """The arrays that it is made of."""
        return (self.source,)


@dataclass(frozen=True, eq=False)
class View(Derived):
    """Elements of another array: element ix is ``source[starts + steps @ ix]``.

    ``steps`` has a row for each dim of the source and a column for each dim of this array.
    """

    starts: tuple[int, ...]
    steps: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, eq=False)
class Reshape(Derived):
    """The same elements in the same order, under another shape; the source is in memory."""


@dataclass(frozen=True, eq=False)
class Gather(Derived):
    """``source[index[i, ...], rest]``: rows of the source at constant positions."""

    index: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Reduce(Derived):
    """Elements of the source combined over ``axes`` by ``function``: add, mul, max, min."""

    function: str
    axes: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Scatter(Node):
    """``base`` with ``values[i, rest]`` added (or set) at ``index[i], rest``, in order of i."""

    base: Node
    values: Node
    index: NDArray[np.int32]
    add: bool

    @property
    def args(self) -> tuple[Node, ...]:
        """The arrays that it is made of."""
        return (self.base, self.values)


@dataclass(frozen=True, eq=False)
class Write:
    """Values that go to the elements ``starts + steps @ ix`` of an assembled array."""

    values: Node
    space: Shape
    dims: tuple[int, ...]
    starts: tuple[int, ...]
    steps: tuple[tuple[int, ...], ...]
    add: bool = False


@dataclass(frozen=True, eq=False)
class Assemble(Node):
    """An array written region by region, in order; what is not written is zero."""

    writes: tuple[Write, ...] = field(default=())

    @property
    def args(self) -> tuple[Node, ...]:
        """The arrays that it is made of."""
        return tuple(write.values for write in self.writes)


def squeeze(shape: tuple[int, ...]) -> Shape:
    """Return the shape without its dims of length one."""
    return tuple(n for n in shape if n != 1)


def kept_dims(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the positions of the dims that ``squeeze`` keeps."""
    return tuple(k for k, n in enumerate(shape) if n != 1)
