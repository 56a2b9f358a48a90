"""A model's density as machine code, in the form that nutpie samples from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pymc as pm
from numpy.typing import NDArray
from nutpie import _lib
from nutpie.sample import CompiledModel

from attribution.density.graph import DensityGraph, Stretch, density_graph
from attribution.density.lower import Lowering
from attribution.density.native import NativeFunction
from attribution.density.plan import Output


@dataclass(frozen=True)
class NativeModel(CompiledModel):
    """A model compiled for nutpie.

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

    dims: dict[str, tuple[str, ...]]
    density: NativeFunction
    expand: NativeFunction
    inputs: Sequence[Stretch]
    kept: Sequence[Stretch]
    start: NDArray[np.float64]
    lengths: dict[str, int] = field(default_factory=dict)

    @property
    def n_dim(self) -> int:
        """Number of unknowns."""
        return self.density.dim

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each array that is kept."""
        return {stretch.name: stretch.shape for stretch in self.kept}

    @property
    def coords(self) -> dict[str, Any]:
        """Coordinates of dims: added by those who know them."""
        return {}

    def initial_point(self, seed: int) -> NDArray[np.float64]:
        """Return where a chain starts."""
        jitter = np.random.default_rng(seed).uniform(-1.0, 1.0, size=self.start.shape)
        return self.start + jitter

    def _make_model(self, _init_mean: Any) -> Any:
        expand = _lib.ExpandFunc(
            self.n_dim,
            self.expand.length,
            self.expand.address,
            self.expand.user.ctypes.data,
            self.expand,
        )
        logp = _lib.LogpFunc(self.density.address, self.density.user.ctypes.data, self.density)
        variables = _lib.PyVariable.new_variables(
            [stretch.name for stretch in self.kept],
            ["float64"] * len(self.kept),
            [stretch.shape for stretch in self.kept],
            self.lengths,
            self.dims,
        )
        return _lib.PyMcModel(
            logp, expand, variables, self.n_dim, self.lengths, {}, self.initial_point, None
        )

    def _make_sampler(
        self,
        settings: Any,
        init_mean: Any,
        cores: int,
        progress_type: Any,
        extra_callback: Any,
        extra_callback_rate: Any,
        store: Any,
    ) -> Any:
        return _lib.PySampler.from_pymc(
            settings,
            cores,
            self._make_model(init_mean),
            progress_type,
            extra_callback,
            extra_callback_rate,
            store,
        )


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
    graph = density_graph(model, kept)
    lowering = Lowering({v: stretch.start for v, stretch in graph.inputs.items()})
    threads = threads or os.cpu_count() or 1
    dims = {name: tuple(model.named_vars_to_dims.get(name) or ()) for name in kept}
    return NativeModel(
        dims={name: own for name, own in dims.items() if own},
        density=_density(graph, lowering, threads),
        expand=_expand(graph, lowering, threads),
        inputs=list(graph.inputs.values()),
        kept=[stretch for _, stretch in graph.kept],
        start=graph.start,
        lengths={name: len(values) for name, values in model.coords.items() if values is not None},
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
