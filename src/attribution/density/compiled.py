"""A model's density, and what is kept of its draws, as machine code."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pymc as pm
from numpy.typing import NDArray

from attribution.density.graph import DensityGraph, Stretch, density_graph
from attribution.density.lower import Lowering
from attribution.density.native import NativeFunction
from attribution.density.plan import Output


@dataclass(frozen=True)
class NativeModel:
    """A model compiled for sampling.

    Parameters
    ----------
    density
        Log-density and gradient at a point; shape (unknown,).
    expand
        What is kept of a draw, from its point.
    kept
        Names, places and shapes of what is kept.
    start
        Support point of the prior; chains start within one unit of it.
    """

    density: NativeFunction
    expand: NativeFunction
    inputs: Sequence[Stretch]
    kept: Sequence[Stretch]
    start: NDArray[np.float64]

    def initial_point(self, seed: int) -> NDArray[np.float64]:
        """Return where a chain starts."""
        jitter = np.random.default_rng(seed).uniform(-1.0, 1.0, size=self.start.shape)
        return self.start + jitter


def compile_model(model: pm.Model, kept: Sequence[str], threads: int | None = None) -> NativeModel:
    """Compile a model's density and what is kept of a draw.

    Parameters
    ----------
    model
        Any model whose unknowns are continuous.
    kept
        Names of unknowns and deterministics that are kept of each draw.
    threads
        Threads that may sample at once; as many as there are processors if None.

    Raises
    ------
    NotLoweredError
        For a step of the model's graph that cannot be compiled this way.
    """
    with _uncollected():
        return compile_graph(density_graph(model, kept), threads or os.cpu_count() or 1)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Put off the search for circular garbage, a quarter of the time that rewriting a graph takes.

    Graphs are all circles, each of which every search would follow again.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def compile_graph(graph: DensityGraph, threads: int) -> NativeModel:
    """Compile a graph all of whose data are constants; see :func:`compile_model`."""
    lowering = Lowering({v: stretch.start for v, stretch in graph.inputs.items()})
    return NativeModel(
        density=_density(graph, lowering, threads),
        expand=_expand(graph, lowering, threads),
        inputs=list(graph.inputs.values()),
        kept=[stretch for _, stretch in graph.kept],
        start=graph.start,
    )


def _density(graph: DensityGraph, lowering: Lowering, threads: int) -> NativeFunction:
    value, *gradient = lowering.run(graph.density)
    outputs = [Output(value, -1)]
    for array, stretch in zip(gradient, graph.inputs.values(), strict=True):
        outputs.append(Output(array, stretch.start))
    dim = len(graph.start)
    return NativeFunction(outputs, dim, dim, threads)


def _expand(graph: DensityGraph, lowering: Lowering, threads: int) -> NativeFunction:
    arrays = lowering.run([variable for variable, _ in graph.kept])
    outputs = [
        Output(array, stretch.start) for array, (_, stretch) in zip(arrays, graph.kept, strict=True)
    ]
    length = sum(stretch.size for _, stretch in graph.kept)
    return NativeFunction(outputs, len(graph.start), length, threads)
