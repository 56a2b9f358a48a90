"""The graph of a model's log-density and gradient, and of what a run keeps of each draw."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray
from pymc.initial_point import make_initial_point_expression
from pymc.model.transform.optimization import freeze_dims_and_data
from pytensor.compile.mode import Mode
from pytensor.graph import FunctionGraph, clone_replace, rewrite_graph

from attribution.density import rewrites
from attribution.density.conditions import conditions, unsure

Variable = Any  # PyTensor is not typed

COLLECTORS = ("local_add_canonizer", "local_mul_canonizer", "local_greedy_distributor")
"""Rewrites that collect and cancel the terms of sums and the factors of products.

Half of the time that goes into rewriting a gradient, whose code is no faster for it: what there is
to cancel was cancelled in the density that the gradient is taken of.
"""


@dataclass(frozen=True)
class Stretch:
    """Where a variable's elements are within a point or a draw."""

    name: str
    start: int
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)


@dataclass(frozen=True)
class DensityGraph:
    """A model as graphs of its unknowns on the unconstrained scale.

    Parameters
    ----------
    inputs
        Each unknown's variable and its stretch of the point.
    density
        Log-density, Jacobians of the transforms included, and its gradient by each input.
    kept
        What is kept of a draw, on the model's own scale, with its stretch of the draw.
    start
        Support point of the prior, unconstrained; shape (unknown,).
    open
        Data and lengths of dims that are no constants, by name.
    """

    inputs: dict[Variable, Stretch]
    density: list[Variable]
    kept: list[tuple[Variable, Stretch]]
    start: NDArray[np.float64]
    open: dict[str, Variable]


def density_graph(
    model: pm.Model, kept: Sequence[str], left_open: Collection[str] = ()
) -> DensityGraph:
    """Return the graphs of a model.

    Parameters
    ----------
    model
        Any model whose unknowns are continuous; its data become constants.
    kept
        Names of unknowns and deterministics that are kept of each draw.
    left_open
        Names of data, and of dims of data alone, that do not become constants, so that the graph
        serves for other values too.
    """
    frozen = freeze_dims_and_data(
        model,
        [name for name in model.coords if name not in left_open],
        [name for name in model.named_vars if name not in left_open],
    )
    start = _support_point(frozen)
    inputs, count = {}, 0
    replaced = {}
    for value in frozen.continuous_value_vars:
        shape = tuple(start[value.name].shape)
        replaced[value] = pt.TensorType("float64", shape=shape)(value.name)
        inputs[replaced[value]] = Stretch(value.name, count, shape)
        count += prod(shape)
    density = _density(frozen, replaced)
    outputs, stretches = _kept(frozen, replaced, kept)
    point = np.concatenate([np.ravel(start[s.name]) for s in inputs.values()])
    return DensityGraph(
        inputs,
        density,
        list(zip(outputs, stretches, strict=True)),
        point.astype(np.float64),
        {name: (frozen.dim_lengths | frozen.named_vars)[name] for name in left_open},
    )


def _support_point(model: pm.Model) -> dict[str, NDArray[np.float64]]:
    """Return the model's initial point: what PyMC compiles for it takes longer than once in Python.

    Returns
    -------
    dict
        Value of each unknown on the unconstrained scale, by the name of its value variable.
    """
    values = make_initial_point_expression(
        free_rvs=model.free_RVs,
        rvs_to_transforms=model.rvs_to_transforms,
        initval_strategies=model.rvs_to_initial_values,
        default_strategy="support_point",
        return_transformed=True,
    )
    found = pm.compile([], values, mode=Mode(linker="py", optimizer=None))()
    names = [model.rvs_to_values[variable].name for variable in model.free_RVs]
    return dict(zip(names, found, strict=True))


def _density(model: pm.Model, replaced: dict[Variable, Variable]) -> list[Variable]:
    logp = clone_replace(model.logp(), replaced, rebuild_strict=False)
    asked = conditions(logp)
    (logp,) = _rewritten([logp], rewrites.spell_out())
    (logp,) = _canonical([logp])
    (logp,) = _rewritten([logp], rewrites.take_apart())
    (logp,) = _rewritten([logp], rewrites.CollapseData())
    gradient = pt.grad(logp, list(replaced.values()), disconnected_inputs="ignore")
    # Not made canonical, which takes longer than all else: of constants and steps that change
    # nothing there are left what lowering drops, and what there is to cancel or to keep exact was
    # seen to in the density that the gradient is taken of.
    logp, *gradient = _rewritten([logp, *gradient], rewrites.spell_out())
    asked = unsure(_rewritten(asked, rewrites.spell_out())) if asked else []
    # After the gradient is taken: outside the support there is none, and the sampler is told so.
    for condition in asked:
        logp = pt.switch(condition, logp, -np.inf)
    return [logp, *gradient]


def _kept(
    model: pm.Model, replaced: dict[Variable, Variable], names: Sequence[str]
) -> tuple[list[Variable], list[Stretch]]:
    own = {variable.name: variable for variable in model.unobserved_value_vars}
    outputs = clone_replace([own[name] for name in names], replaced, rebuild_strict=False)
    outputs = _elementary(outputs)
    stretches, count = [], 0
    for name, output in zip(names, outputs, strict=True):
        shape = tuple(output.type.shape)
        if None in shape:
            shape = tuple(int(n) for n in pt.as_tensor(output.shape).eval())
        stretches.append(Stretch(name, count, shape))
        count += prod(shape)
    return outputs, stretches


def _elementary(outputs: list[Variable]) -> list[Variable]:
    spelled = _rewritten(outputs, rewrites.spell_out())
    return _rewritten(_canonical(spelled, without=COLLECTORS), rewrites.spell_out())


def _canonical(outputs: list[Variable], without: Sequence[str] = ()) -> list[Variable]:
    found: list[Variable] = rewrite_graph(
        outputs, include=("canonicalize", "stabilize"), exclude=without, clone=False
    )
    return found


def _rewritten(outputs: list[Variable], rewrite: Any) -> list[Variable]:
    graph = FunctionGraph(outputs=outputs, clone=False)
    rewrite.rewrite(graph)
    return list(graph.outputs)
