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

from attribution.density import remembered
from attribution.density.graph import DensityGraph, Stretch, density_graph
from attribution.density.native import NativeFunction
from attribution.density.programs import Programs, write_programs


@dataclass(frozen=True)
class NativeModel:
    """A model compiled for sampling.

    Parameters
    ----------
    density
        Log-density and gradient at a point; shape (unknown,).
    parts
        Positions of unknowns within a point, and the sum of the log-density's terms that no other
        unknowns have a share in; the whole, with its gradient, where parts were not asked for.
    expand
        What is kept of a draw, from its point.
    inputs
        Names, places and shapes of the unknowns.
    kept
        Names, places and shapes of what is kept.
    start
        Support point of the prior; chains start within one unit of it.
    """

    density: NativeFunction
    parts: Sequence[tuple[NDArray[np.int64], NativeFunction]]
    expand: NativeFunction
    inputs: Sequence[Stretch]
    kept: Sequence[Stretch]
    start: NDArray[np.float64]

    def initial_point(self, seed: int) -> NDArray[np.float64]:
        """Return where a chain starts."""
        jitter = np.random.default_rng(seed).uniform(-1.0, 1.0, size=self.start.shape)
        return self.start + jitter


def compile_model(
    model: pm.Model,
    kept: Sequence[str],
    threads: int | None = None,
    *,
    apart: bool = False,
    made_from: object = None,
) -> NativeModel:
    """Compile a model's density and what is kept of a draw.

    Parameters
    ----------
    model
        Any model whose unknowns are continuous.
    kept
        Names of unknowns and deterministics that are kept of each draw.
    threads
        Threads that may sample at once; as many as there are processors if None.
    apart
        Whether the density's parts are wanted too, without gradients.
    made_from
        All that the model depends on, pickled the same where it is the same: its graph is then
        rewritten once on a machine. None to rewrite it each time.

    Raises
    ------
    NotLoweredError
        For a step of the model's graph that cannot be compiled this way.
    """

    def write() -> Programs:
        with _uncollected():
            return write_programs(density_graph(model, kept), apart=apart)

    if made_from is None:
        return _native(write(), threads)
    return _native(remembered.programs((made_from, tuple(kept), apart), write), threads)


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
    return _native(write_programs(graph, apart=False), threads)


def _native(programs: Programs, threads: int | None) -> NativeModel:
    threads = threads or os.cpu_count() or 1
    density = NativeFunction(programs.density, threads)
    parts = [(where, NativeFunction(program, threads)) for where, program in programs.parts]
    return NativeModel(
        density=density,
        parts=parts or [(np.arange(density.dim), density)],
        expand=NativeFunction(programs.expand, threads),
        inputs=programs.inputs,
        kept=programs.kept,
        start=programs.start,
    )
