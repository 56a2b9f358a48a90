"""One graph for many data sets: a model of the same posts differs in known numbers alone.

Most of the time that a small fit takes goes into rewriting its graph. Models of the same posts with
other outcomes have the same graph but for data; those that were seen to differ are left open in it,
and filled in afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pymc.initial_point import make_initial_point_fn
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph import Apply, Constant
from pytensor.graph.traversal import toposort
from pytensor.tensor.random.type import RandomType
from pytensor.tensor.shape import Shape, Shape_i

from attribution.density.compiled import NativeModel, compile_graph
from attribution.density.graph import DensityGraph, density_graph

Variable = Any  # PyTensor is not typed
Values = dict[str, np.ndarray]
Form = tuple[Any, ...]


@dataclass(frozen=True)
class Template:
    """A graph whose data are open where models differed.

    Parameters
    ----------
    values
        Data and lengths of dims of the model that the graph was made of.
    graph
        The graph.
    start
        Where chains start given such data, by name of what is sampled.
    """

    values: Values
    graph: DensityGraph
    start: Callable[[Values], Values]

    @property
    def left_open(self) -> set[str]:
        """Names of the data and dims that are not in the graph."""
        return set(self.graph.open)


class Templates:
    """Compiles models, from a graph that is there where others like them were compiled before."""

    def __init__(self) -> None:
        self._first: dict[Form, Values] = {}
        self.made: dict[Form, Template] = {}

    def __call__(self, model: pm.Model, names: Sequence[str], threads: int) -> NativeModel:
        """Return what :func:`attribution.density.compiled.compile_model` does."""
        key, values = form(model), known(model)
        if key not in self._first:
            self._first[key] = values
            return compile_graph(density_graph(model, names), threads)
        template = self.made.get(key)
        left_open = set() if template is None else template.left_open
        before = self._first[key] if template is None else template.values
        other = {name for name, of in values.items() if not _alike(of, before[name])}
        if template is None or not other <= left_open:
            graph = density_graph(model, names, left_open | other)
            template = self.made[key] = Template(values, graph, starts(model))
        graph, start = filled(template.graph, values), template.start(values)
        point = np.concatenate([np.ravel(start[s.name]) for s in graph.inputs.values()])
        return compile_graph(replace(graph, start=point.astype(np.float64)), threads)


def starts(model: pm.Model) -> Callable[[Values], Values]:
    """Return what gives the prior's support point for other data; they are set in the model."""
    find = make_initial_point_fn(model=model, return_transformed=True)
    variables = {**model.dim_lengths, **{of.name: of for of in model.data_vars}}

    def start(values: Values) -> Values:
        for name, variable in variables.items():
            if isinstance(variable, SharedVariable):
                variable.set_value(values[name])
        found: Values = find(None)
        return found

    return start


def known(model: pm.Model) -> Values:
    """Return a model's data, and the lengths of its dims, by name."""
    data = {variable.name: variable.get_value(borrow=True) for variable in model.data_vars}
    lengths = {name: np.asarray(len(levels)) for name, levels in model.coords.items()}
    return {**lengths, **data}


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and one.dtype == other.dtype and bool(np.all(one == other))


def form(model: pm.Model) -> Form:
    """Return what models have in common that differ in data alone.

    Steps of the graph with the known numbers that are no data, transforms, shapes of unknowns and
    where they are said to start.
    What a closure holds, such as the density of a distribution made here, is the template's.
    """
    roots = [*model.free_RVs, *model.observed_RVs, *model.deterministics, *model.potentials]
    place: dict[Variable, Any] = {}

    def of(variable: Variable) -> Any:
        if variable in place:
            return place[variable]
        if isinstance(variable, Constant):
            value = np.asarray(variable.data)
            told = str(value) if value.dtype == object else value.tobytes()
            return (str(variable.type), value.shape, told)
        if isinstance(variable.type, RandomType):
            return "random"
        return variable.name

    steps = []
    for number, node in enumerate(toposort(roots)):
        for k, out in enumerate(node.outputs):
            place[out] = (number, k)
        props = getattr(node.op, "__props__", None) or ()
        how = tuple(str(getattr(node.op, name)) for name in props)
        types = tuple(str(out.type.dtype) for out in node.outputs if hasattr(out.type, "dtype"))
        steps.append((type(node.op).__name__, how, types, tuple(map(of, node.inputs))))
    unknowns = tuple(
        (
            variable.name,
            of(variable),
            _lengths(model, variable),
            _transform(model, variable),
            repr(model.rvs_to_initial_values[variable]),
        )
        for variable in model.free_RVs
    )
    return tuple(steps), unknowns, tuple((v.name, of(v)) for v in roots)


def _lengths(model: pm.Model, variable: Variable) -> tuple[int, ...]:
    dims = model.named_vars_to_dims.get(variable.name) or ()
    return tuple(len(model.coords[name]) for name in dims)


def _transform(model: pm.Model, variable: Variable) -> tuple[Any, ...]:
    """Return a transform's kind and its numbers, such as the unit that an unknown is sampled in."""
    transform = model.rvs_to_transforms[variable]
    own = {} if transform is None else vars(transform)
    numbers = [(name, value) for name, value in own.items() if isinstance(value, float | int)]
    return (type(transform).__name__, *numbers)


def filled(graph: DensityGraph, values: Values) -> DensityGraph:
    """Return the graph with values in place of what was left open."""
    at = {variable: pt.constant(values[name]) for name, variable in graph.open.items()}
    variables, stretches = zip(*graph.kept, strict=True)
    count = len(graph.density)
    out = _with([*graph.density, *variables], at)
    kept = list(zip(out[count:], stretches, strict=True))
    return replace(graph, density=out[:count], kept=kept, open={})


def _with(outputs: list[Variable], at: dict[Variable, Variable]) -> list[Variable]:
    """Return outputs with other leaves, every step of known numbers alone taken."""
    done = dict(at)
    for node in toposort(outputs):
        inputs = [done.get(x, x) for x in node.inputs]
        if all(new is old for new, old in zip(inputs, node.inputs, strict=True)):
            continue
        done.update(zip(node.outputs, _step(node, inputs), strict=True))
    return [done.get(x, x) for x in outputs]


def _step(node: Apply, inputs: list[Variable]) -> list[Variable]:
    """Return a step's outputs for other inputs: what is known of them as constants."""
    again = node.op.make_node(*inputs)
    if all(isinstance(x, Constant) for x in inputs):
        storage: list[list[Any]] = [[None] for _ in again.outputs]
        node.op.perform(again, [x.data for x in inputs], storage)
        return [_constant(x.type, of) for x, (of,) in zip(again.outputs, storage, strict=True)]
    if isinstance(node.op, Shape_i):
        length = inputs[0].type.shape[node.op.i]
        if length is not None:
            return [pt.constant(np.asarray(length, dtype=np.int64))]
    if isinstance(node.op, Shape) and None not in inputs[0].type.shape:
        return [pt.constant(np.asarray(inputs[0].type.shape, dtype=np.int64))]
    return list(again.outputs)


def _constant(kind: Any, value: Any) -> Variable:
    if hasattr(kind, "ndim"):
        return pt.constant(np.asarray(value), dtype=kind.dtype)
    return kind.constant_type(kind, value)
