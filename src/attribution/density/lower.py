"""Lower a PyTensor graph, all of whose data are constants, to arrays as expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import pytensor.scalar as ps
from numpy.typing import NDArray
from pytensor.compile.ops import DeepCopyOp, ViewOp
from pytensor.gradient import DisconnectedGrad
from pytensor.graph import Apply, FunctionGraph
from pytensor.graph import Constant as GraphConstant
from pytensor.tensor.basic import (
    Alloc,
    Join,
    MakeVector,
    ScalarFromTensor,
    Split,
    TensorFromScalar,
)
from pytensor.tensor.elemwise import CAReduce, DimShuffle, Elemwise
from pytensor.tensor.shape import Reshape as GraphReshape
from pytensor.tensor.shape import Shape, Shape_i, SpecifyShape
from pytensor.tensor.subtensor import (
    AdvancedIncSubtensor,
    AdvancedSubtensor,
    IncSubtensor,
    Subtensor,
    indices_from_subtensor,
)

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
    View,
    Write,
    kept_dims,
    squeeze,
)
from attribution.density.functions import FUNCTIONS, TRUTHS
from attribution.density.known import Dims, Placed, folded, is_number, narrow, spared

WRAPPING = frozenset(("Add", "Sub", "Neg"))
"""Functions that wrap around for unsigned integers and truth values; floats do not."""

Variable = Any  # PyTensor is not typed


class NotLoweredError(Exception):
    """A step of the graph that has no lowering; the message names it."""


class Lowering:
    """Arrays of a graph's variables, equal ones made once."""

    def __init__(self, inputs: Mapping[Variable, int]) -> None:
        self.arrays: dict[Variable, Node] = {}
        self.shapes: dict[Variable, tuple[int, ...]] = {}
        self._made: dict[tuple[Any, ...], Node] = {}
        self._indices: dict[tuple[Any, ...], NDArray[np.int32]] = {}
        for variable, start in inputs.items():
            shape = tuple(variable.type.shape)
            self._set(variable, shape, Input(squeeze(shape), False, start))

    def run(self, outputs: Sequence[Variable]) -> list[Node]:
        """Return the arrays of the outputs.

        Raises
        ------
        NotLoweredError
            For a step that has no lowering.
        """
        graph = FunctionGraph(outputs=list(outputs), clone=False)
        for node in graph.toposort():
            lower = _LOWERINGS.get(type(node.op))
            if lower is None:
                lower = next(
                    (f for kind, f in _LOWERINGS.items() if isinstance(node.op, kind)), None
                )
            if lower is None:
                raise NotLoweredError(str(node.op))
            lower(self, node)
        return [self.array(output) for output in outputs]

    def array(self, variable: Variable) -> Node:
        """Return the array of a variable whose node was lowered, or of a constant."""
        if variable not in self.arrays:
            if not isinstance(variable, GraphConstant):
                raise NotLoweredError(f"unbound {variable}")
            data = np.asarray(variable.data)
            self._set(variable, data.shape, self.constant(data))
        return self.arrays[variable]

    def shape(self, variable: Variable) -> tuple[int, ...]:
        """Return the lengths of a variable's dims, ones included."""
        self.array(variable)
        return self.shapes[variable]

    def constant(self, data: NDArray[Any]) -> Node:
        """Return known numbers as an array."""
        value = np.ascontiguousarray(data, dtype=np.float64).reshape(squeeze(data.shape))
        key = ("constant", data.dtype == bool, value.shape, value.tobytes())
        return self._once(key, lambda: Constant(value.shape, data.dtype == bool, value))

    def positions(self, index: NDArray[Any]) -> NDArray[np.int32]:
        """Return known positions, the same object for the same positions."""
        flat = np.ascontiguousarray(index.reshape(squeeze(index.shape)), dtype=np.int32)
        return self._indices.setdefault((flat.shape, flat.tobytes()), flat)

    def number(self, value: float) -> Node:
        """Return a known number as a scalar."""
        return self.constant(np.asarray(value, dtype=np.float64))

    def integers(self, variable: Variable) -> NDArray[np.int64]:
        """Return a variable's known integers, such as a position or a length."""
        if isinstance(variable, GraphConstant):
            return np.asarray(variable.data)
        node = variable.owner
        if node is not None and isinstance(node.op, Shape):
            return np.asarray(self.shape(node.inputs[0]))
        if node is not None and isinstance(node.op, Shape_i):
            return np.asarray(self.shape(node.inputs[0])[node.op.i])
        found = self.array(variable)
        if not isinstance(found, Constant):
            raise NotLoweredError(f"a length or position that is not known: {variable}")
        return found.value.astype(np.int64).reshape(self.shape(variable))

    def map(self, function: str, *operands: Node, dims: Dims, shape: tuple[int, ...]) -> Node:
        """Return a scalar function of arrays whose dims run along those of the result."""
        whole = len(dims[-1]) == len(shape)
        if function == "mul" and whole and is_number(Placed(operands[0], dims[0]), -1.0):
            return self.map("neg", operands[1], dims=dims[1:], shape=shape)
        if function == "abs" and isinstance(operands[0], Map) and operands[0].function == "neg":
            return self.map("abs", operands[0].operands[0], dims=operands[0].dims, shape=shape)
        known = folded(function, operands, dims, shape)
        if known is not None:
            return self.constant(known)
        key = (function, shape, dims, *(id(x) for x in operands))
        truth = function in TRUTHS
        return self._once(key, lambda: Map(shape, truth, function, tuple(operands), dims))

    def _once(self, key: tuple[Any, ...], make: Callable[[], Node]) -> Node:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def _set(self, variable: Variable, shape: tuple[int, ...], array: Node) -> None:
        if 0 in shape:
            raise NotLoweredError(f"an empty array: {variable}")
        self.shapes[variable] = tuple(int(n) for n in shape)
        self.arrays[variable] = array

    # Each of the following lowers the nodes of one kind of operation.

    def elemwise(self, node: Apply) -> None:
        """Scalar functions of broadcast arrays."""
        shapes = [self.shape(x) for x in node.inputs]
        full = np.broadcast_shapes(*shapes)
        where = {dim: k for k, dim in enumerate(kept_dims(full))}
        lead = [len(full) - len(shape) for shape in shapes]
        operands = [
            narrow(Placed(self.array(x), tuple(where[d + skip] for d in kept_dims(shape))))
            for x, shape, skip in zip(node.inputs, shapes, lead, strict=True)
        ]
        out = self._elemwise(node, Elementwise(self, squeeze(full)), operands)
        self._set(node.outputs[0], full, self._broadcast(out.array, out.dims, squeeze(full)))

    def _elemwise(self, node: Apply, make: Elementwise, operands: list[Placed]) -> Placed:
        op = node.op.scalar_op
        name = type(op).__name__
        if isinstance(op, ps.Cast):
            return self._cast(op.o_type.dtype, make, operands[0])
        if isinstance(op, ps.Second):
            return operands[1]
        if name == "Invert" and not operands[0].array.truth:
            raise NotLoweredError("bitwise not of integers")
        dtype = node.outputs[0].dtype
        wraps = name in WRAPPING and dtype.startswith(("bool", "uint"))
        if name not in FUNCTIONS or "complex" in dtype or wraps:
            raise NotLoweredError(f"scalar function {op}")
        return FUNCTIONS[name](make, *operands)

    def _cast(self, dtype: str, make: Elementwise, operand: Placed) -> Placed:
        if dtype == "bool" and not operand.array.truth:
            return make("ne", operand, 0.0)
        if dtype != "bool" and operand.array.truth:
            return make("number", operand)
        if dtype.startswith(("int", "uint")):
            return make("trunc", operand)
        return operand

    def _broadcast(self, source: Node, dims: tuple[int, ...], shape: tuple[int, ...]) -> Node:
        if source.shape == shape:
            return source
        steps = tuple(tuple(int(k == d) for k in range(len(shape))) for d in dims)
        starts = (0,) * len(dims)
        return self.view(source, starts, steps, shape)

    def view(self, source: Node, starts: Any, steps: Any, shape: tuple[int, ...]) -> Node:
        """Return elements of an array at affine positions."""
        straight = tuple(tuple(int(j == k) for k in range(len(shape))) for j in range(len(shape)))
        if source.shape == shape and steps == straight and not any(starts):
            return source
        if isinstance(source, Constant) and shape == ():
            picked = source.value[tuple(starts)]
            return self.constant(picked.astype(bool) if source.truth else picked)
        if isinstance(source, View):
            inner = np.array(source.steps, dtype=int).reshape(len(source.starts), len(source.shape))
            outer = np.array(steps, dtype=int).reshape(len(starts), len(shape))
            first = np.array(source.starts, dtype=int) + inner @ np.array(starts, dtype=int)
            steps = tuple(map(tuple, (inner @ outer).tolist()))
            return self.view(source.source, tuple(first.tolist()), steps, shape)
        key = ("view", id(source), starts, steps, shape)
        return self._once(key, lambda: View(shape, source.truth, source, starts, steps))

    def alias(self, node: Apply) -> None:
        """What changes no element: an identity, a check of the shape, a scalar's wrapping."""
        (source, *_) = node.inputs
        self._set(node.outputs[0], self.shape(source), self.array(source))

    def dimshuffle(self, node: Apply) -> None:
        """Transposed dims, dims of length one added or dropped."""
        source = self.array(node.inputs[0])
        shape = self.shape(node.inputs[0])
        order = node.op.new_order
        full = tuple(1 if d == "x" else shape[d] for d in order)
        place = {d: k for k, d in enumerate(kept_dims(shape))}
        kept = [place[d] for d in order if d != "x" and shape[d] != 1]
        steps = tuple(tuple(int(kept[k] == j) for k in range(len(kept))) for j in range(len(kept)))
        self._set(node.outputs[0], full, self.view(source, (0,) * len(kept), steps, squeeze(full)))

    def alloc(self, node: Apply) -> None:
        """An array broadcast to a shape."""
        value, *lengths = node.inputs
        full = tuple(int(self.integers(n)) for n in lengths)
        shape = self.shape(value)
        lead = len(full) - len(shape)
        where = {d: k for k, d in enumerate(kept_dims(full))}
        dims = tuple(where[d + lead] for d in kept_dims(shape))
        self._set(node.outputs[0], full, self._broadcast(self.array(value), dims, squeeze(full)))

    def reshape(self, node: Apply) -> None:
        """The same elements in order under another shape."""
        source = self.array(node.inputs[0])
        lengths = [int(n) for n in self.integers(node.inputs[1])]
        if -1 in lengths:
            lengths[lengths.index(-1)] = source.size // -prod(lengths)
        full = tuple(lengths)
        shape = squeeze(full)
        if shape == source.shape:
            self._set(node.outputs[0], full, source)
            return
        if len(source.shape) == 1:
            strides = [prod(shape[k + 1 :]) for k in range(len(shape))]
            self._set(node.outputs[0], full, self.view(source, (0,), (tuple(strides),), shape))
            return
        self._set(node.outputs[0], full, Reshape(shape, source.truth, source))

    def subtensor(self, node: Apply) -> None:
        """Slices and single elements at known positions."""
        shape = self.shape(node.inputs[0])
        region = self._region(node, node.inputs[1:], shape)
        self._set(
            node.outputs[0],
            region.full,
            self.view(self.array(node.inputs[0]), region.starts, region.steps, region.shape),
        )

    def _region(self, node: Apply, inputs: Any, shape: tuple[int, ...]) -> _Region:
        entries = indices_from_subtensor(list(inputs), node.op.idx_list)
        picked: list[int | slice] = []
        for entry, length in zip(entries, shape, strict=False):
            if isinstance(entry, slice):
                bounds = [None if x is None else self._integer(x) for x in _bounds(entry)]
                picked.append(slice(*slice(*bounds).indices(length)))
            else:
                picked.append(int(_within(np.asarray(self._integer(entry)), length)))
        picked += [slice(0, n, 1) for n in shape[len(picked) :]]
        return _Region(picked, shape)

    def _integer(self, entry: Any) -> int:
        if isinstance(entry, int | np.integer):
            return int(entry)
        return int(self.integers(entry))

    def incsubtensor(self, node: Apply) -> None:
        """An array with a region set or added to."""
        base, values, *positions = node.inputs
        shape = self.shape(base)
        region = self._region(node, positions, shape)
        target = self.array(values)
        lead = len(region.full) - len(self.shape(values))
        where = {d: k for k, d in enumerate(kept_dims(region.full))}
        dims = tuple(where[d + lead] for d in kept_dims(self.shape(values)))
        writes = (
            _whole(self.array(base), squeeze(shape)),
            Write(
                target,
                region.shape,
                dims,
                region.starts,
                region.steps,
                add=not node.op.set_instead_of_inc,
            ),
        )
        truth = self.array(base).truth
        self._set(node.outputs[0], shape, Assemble(squeeze(shape), truth, writes))

    def gather(self, node: Apply) -> None:
        """Rows at known positions along the first dim."""
        source, index = node.inputs[0], self._positions(node, node.inputs[1:])
        shape = self.shape(source)
        index = _within(index, shape[0])
        full = index.shape + shape[1:]
        array = self.array(source)
        if shape[0] == 1:
            lead = len(squeeze(index.shape))
            dims = tuple(range(lead, lead + len(array.shape)))
            self._set(node.outputs[0], full, self._broadcast(array, dims, squeeze(full)))
            return
        if index.size == 1:
            region = _Region([int(index.item()), *(slice(0, n, 1) for n in shape[1:])], shape)
            view = self.view(array, region.starts, region.steps, region.shape)
            self._set(node.outputs[0], full, view)
            return
        flat = self.positions(index)
        key = ("gather", id(array), id(flat))
        self._set(
            node.outputs[0],
            full,
            self._once(key, lambda: Gather(squeeze(full), array.truth, array, flat)),
        )

    def _positions(self, node: Apply, inputs: Any) -> NDArray[np.int64]:
        entries = indices_from_subtensor(list(inputs), node.op.idx_list)
        first, *rest = entries
        whole = slice(None)
        if isinstance(first, slice) or any(entry != whole for entry in rest):
            raise NotLoweredError("positions along another dim than the first")
        if str(first.type.dtype) == "bool":
            raise NotLoweredError("a mask of truth values")
        return np.asarray(self.integers(first))

    def scatter(self, node: Apply) -> None:
        """Values added or set at known positions along the first dim."""
        base, values, *positions = node.inputs
        index = self._positions(node, positions)
        shape = self.shape(base)
        index = _within(index, shape[0])
        if index.ndim != 1:
            raise NotLoweredError("a scatter to positions of several dims")
        full = index.shape + shape[1:]
        lead = len(full) - len(self.shape(values))
        where = {d: k for k, d in enumerate(kept_dims(full))}
        dims = tuple(where[d + lead] for d in kept_dims(self.shape(values)))
        wide = self._broadcast(self.array(values), dims, squeeze(full))
        add = not node.op.set_instead_of_inc
        out = self._scattered(self.array(base), wide, index, shape, add=add)
        self._set(node.outputs[0], shape, out)

    def _scattered(
        self, base: Node, values: Node, index: NDArray[Any], shape: tuple[int, ...], *, add: bool
    ) -> Node:
        if index.size == 1 and shape[0] == 1:
            return self._sum_of(base, values) if add else values
        if index.size == 1:
            region = _Region([slice(int(index[0]), int(index[0]) + 1, 1), *_all(shape[1:])], shape)
            dims = tuple(range(len(region.shape)))
            write = Write(values, region.shape, dims, region.starts, region.steps, add=add)
            whole = _whole(base, squeeze(shape))
            return Assemble(squeeze(shape), False, (whole, write))
        if shape[0] == 1 and add:
            total = Reduce(squeeze(shape), False, values, "add", (0,))
            return self._sum_of(base, total)
        if shape[0] == 1:
            raise NotLoweredError("a scatter that sets a single level")
        return Scatter(squeeze(shape), False, base, values, self.positions(index), add)

    def _sum_of(self, left: Node, right: Node) -> Node:
        dims = tuple(range(len(left.shape)))
        return self.map("add", left, right, dims=(dims, dims), shape=left.shape)

    def reduce(self, node: Apply) -> None:
        """Sums, products, largest and smallest elements."""
        (source,) = node.inputs
        shape = self.shape(source)
        axes = node.op.axis
        gone = tuple(range(len(shape))) if axes is None else tuple(a % len(shape) for a in axes)
        full = tuple(n for k, n in enumerate(shape) if k not in gone)
        place = {d: k for k, d in enumerate(kept_dims(shape))}
        inner = tuple(place[d] for d in gone if d in place)
        array = self.array(source)
        if not inner:
            self._set(node.outputs[0], full, array)
            return
        function = _REDUCTIONS.get(type(node.op.scalar_op).__name__)
        if function is None:
            raise NotLoweredError(f"reduction by {node.op.scalar_op}")
        out = Reduce(squeeze(full), function in ("and", "or"), array, function, inner)
        self._set(node.outputs[0], full, out)

    def join(self, node: Apply) -> None:
        """Arrays one after the other along a dim."""
        shapes = [self.shape(part) for part in node.inputs]
        axis = int(node.op.axis) % len(shapes[0])
        total = sum(shape[axis] for shape in shapes)
        full = (*shapes[0][:axis], total, *shapes[0][axis + 1 :])
        writes, start = [], 0
        for part, shape in zip(node.inputs, shapes, strict=True):
            picked = [
                slice(start, start + n, 1) if k == axis else slice(0, n, 1)
                for k, n in enumerate(shape)
            ]
            start += shape[axis]
            writes.append(_write(self.array(part), _Region(picked, full)))
        self._set(node.outputs[0], full, Assemble(squeeze(full), False, tuple(writes)))

    def make_vector(self, node: Apply) -> None:
        """Scalars one after the other."""
        full = (len(node.inputs),)
        if full == (1,):
            self._set(node.outputs[0], full, self.array(node.inputs[0]))
            return
        known = [self._known(x) for x in node.inputs]
        if all(x is not None for x in known):
            self._set(node.outputs[0], full, self.constant(np.array(known)))
            return
        writes = tuple(
            _write(self.array(x), _Region([slice(k, k + 1, 1)], full))
            for k, x in enumerate(node.inputs)
        )
        self._set(node.outputs[0], full, Assemble(full, False, writes))

    def _known(self, variable: Variable) -> float | None:
        array = self.array(variable)
        return float(array.value) if isinstance(array, Constant) else None

    def split(self, node: Apply) -> None:
        """The stretches of an array along a dim."""
        source, lengths = node.inputs
        shape = self.shape(source)
        along = int(node.op.axis) % len(shape)
        start = 0
        for out, length in zip(node.outputs, self.integers(lengths).tolist(), strict=True):
            picked = [slice(0, n, 1) for n in shape]
            picked[along] = slice(start, start + length, 1)
            start += length
            region = _Region(list(picked), shape)
            view = self.view(self.array(source), region.starts, region.steps, region.shape)
            self._set(out, region.full, view)

    def lengths(self, node: Apply) -> None:
        """The lengths of an array's dims."""
        shape = self.shape(node.inputs[0])
        found = np.asarray(shape if isinstance(node.op, Shape) else shape[node.op.i])
        self._set(node.outputs[0], found.shape, self.constant(found))


class _Region:
    """Elements of an array picked by slices and single positions; ``full`` keeps ones."""

    def __init__(self, picked: Sequence[int | slice], shape: tuple[int, ...]) -> None:
        self.full = tuple(_length(p) for p in picked if isinstance(p, slice))
        self.shape = squeeze(self.full)
        starts, steps, column = [], [], 0
        for entry, length in zip(picked, shape, strict=True):
            row = [0] * len(self.shape)
            start = entry if isinstance(entry, int) else entry.start
            if isinstance(entry, slice) and _length(entry) != 1:
                row[column] = entry.step
                column += 1
            if length != 1:
                starts.append(start)
                steps.append(tuple(row))
        self.starts, self.steps = tuple(starts), tuple(steps)


class Elementwise:
    """Makes elementary functions of arrays placed in the dims of one result.

    What has fewer dims than the result stays in those dims, and is computed there once.
    """

    def __init__(self, lowering: Lowering, shape: tuple[int, ...]) -> None:
        self._lowering, self._shape = lowering, shape

    def __call__(self, function: str, *operands: Placed | float) -> Placed:
        """Return a function of the operands."""
        placed = [
            x if isinstance(x, Placed) else Placed(self._lowering.number(x), ()) for x in operands
        ]
        same = spared(function, placed)
        if same is not None:
            return same
        used = tuple(sorted({d for x in placed for d in x.dims}))
        where = {d: k for k, d in enumerate(used)}
        made = self._lowering.map(
            function,
            *(x.array for x in placed),
            dims=tuple(tuple(where[d] for d in x.dims) for x in placed),
            shape=tuple(self._shape[d] for d in used),
        )
        return Placed(made, used)


def _length(entry: slice) -> int:
    """Number of elements of a slice with all three numbers given."""
    return len(range(entry.start, entry.stop, entry.step))


def _within(index: NDArray[Any], length: int) -> NDArray[Any]:
    """Return positions counted from the front.

    Raises
    ------
    IndexError
        For a position outside; machine code would read what is not there.
    """
    if index.size and (index.min() < -length or index.max() >= length):
        raise IndexError(f"a position outside an array of {length}")
    return np.where(index < 0, index + length, index)


def _bounds(entry: slice) -> tuple[Any, Any, Any]:
    return entry.start, entry.stop, entry.step


def _write(values: Node, region: _Region) -> Write:
    dims = tuple(range(len(region.shape)))
    return Write(values, region.shape, dims, region.starts, region.steps)


def _all(shape: tuple[int, ...]) -> list[slice]:
    return [slice(0, n, 1) for n in shape]


def _whole(values: Node, shape: tuple[int, ...]) -> Write:
    return _write(values, _Region([slice(0, n, 1) for n in shape], shape))


_REDUCTIONS = {
    "Add": "add",
    "Mul": "mul",
    "Maximum": "max",
    "ScalarMaximum": "max",
    "Minimum": "min",
    "ScalarMinimum": "min",
    "AND": "and",
    "OR": "or",
}

_LOWERINGS: Mapping[type, Callable[[Lowering, Apply], None]] = {
    Elemwise: Lowering.elemwise,
    DimShuffle: Lowering.dimshuffle,
    CAReduce: Lowering.reduce,
    Subtensor: Lowering.subtensor,
    IncSubtensor: Lowering.incsubtensor,
    AdvancedSubtensor: Lowering.gather,
    AdvancedIncSubtensor: Lowering.scatter,
    Alloc: Lowering.alloc,
    GraphReshape: Lowering.reshape,
    Join: Lowering.join,
    Split: Lowering.split,
    MakeVector: Lowering.make_vector,
    Shape: Lowering.lengths,
    Shape_i: Lowering.lengths,
    SpecifyShape: Lowering.alias,
    ScalarFromTensor: Lowering.alias,
    TensorFromScalar: Lowering.alias,
    DisconnectedGrad: Lowering.alias,
    ViewOp: Lowering.alias,
    DeepCopyOp: Lowering.alias,
}
"""How each kind of operation is lowered; another kind is one entry more."""
