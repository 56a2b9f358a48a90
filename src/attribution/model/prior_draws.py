"""Draw from a model's prior, many draws at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr
from pytensor.compile.mode import Mode
from pytensor.compile.rewriting import inline_ofg_expansion
from pytensor.graph import FunctionGraph, vectorize_graph
from pytensor.graph.rewriting.basic import in2out
from pytensor.graph.traversal import toposort
from pytensor.tensor.random.op import RandomVariable

from attribution.design.types import Floats
from attribution.model.late import kept

Variable = Any  # PyTensor is not typed

AT_ONCE = 2_000_000
"""Numbers of the longest dim that draws hold at once: draws times its length."""


def draw_prior(model: pm.Model, draws: int, seed: int) -> xr.Dataset:
    """Draw parameters from the model's prior; each (chain, draw, …), one chain.

    Parameters
    ----------
    model
        Any model whose priors are distributions.
    draws
        How many draws.
    seed
        The same seed gives the same draws.
    """
    names = kept(model)
    longest = max((len(levels) for levels in model.coords.values()), default=1)
    size = int(np.clip(AT_ONCE // longest, 1, draws))
    # Python's steps: of so few draws a compile would take longer.
    mode = Mode(linker="py", optimizer=None)
    outputs = at_once([model[name] for name in names], size)
    draw = pm.compile([], outputs, random_seed=seed, mode=mode)
    blocks = [draw() for _ in range(-(-draws // size))]
    values: list[Floats] = [np.concatenate(of)[:draws] for of in zip(*blocks, strict=True)]
    dims = {name: model.named_vars_to_dims.get(name) or () for name in names}
    return xr.Dataset(
        {
            name: (("chain", "draw", *dims[name]), of[None])
            for name, of in zip(names, values, strict=True)
        },
        coords={d: list(model.coords[d]) for d in {d for of in dims.values() for d in of}},
    )


def at_once(outputs: Sequence[Variable], count: int) -> list[Variable]:
    """Return the graph of so many independent draws of random variables, along a first axis.

    Parameters
    ----------
    outputs
        Random variables, and what follows from them.
    count
        How many draws.
    """
    graph = FunctionGraph(outputs=list(outputs), clone=True, copy_inputs=False)
    # What is made of several steps may have steps that are random in it, each of its own size.
    in2out(inline_ofg_expansion).rewrite(graph)
    drawn: dict[Variable, Variable] = {}
    for node in toposort(graph.outputs):
        if isinstance(node.op, RandomVariable):
            drawn[node.outputs[1]] = _more(node, count, drawn)
    found: list[Variable] = vectorize_graph(list(graph.outputs), drawn)
    return found


def _more(node: Any, count: int, drawn: dict[Variable, Variable]) -> Variable:
    """Return draws of a random step whose parameters may have been drawn themselves.

    Its parameters have as many axes as what it gives, so that those of the draws come first.
    """
    generator, size, *parameters = node.inputs
    # The shape of one draw, without the draw.
    shape = node.op._infer_shape(size, parameters)[: node.op.batch_ndim(node)]
    many = vectorize_graph(parameters, drawn)
    return node.op.make_node(generator, pt.stack([count, *shape]), *many).outputs[1]
