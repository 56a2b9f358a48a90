"""A graph as code that reads numbers: all that is needed of a model to make it machine code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.density.graph import DensityGraph, Stretch
from attribution.density.lower import Lowering
from attribution.density.native import Program, write_program
from attribution.density.parts import parts
from attribution.density.plan import Output


@dataclass(frozen=True)
class Programs:
    """What a model's density, and what is kept of its draws, are computed by.

    Parameters
    ----------
    density
        Log-density and gradient at a point.
    parts
        Sums of the log-density's terms that share no unknown, alone, without gradients, and the
        positions of their unknowns within a point; none where they were not asked for.
    expand
        What is kept of a draw, from its point.
    inputs, kept
        Names, places and shapes of unknowns in a point, and of what is kept in a draw.
    start
        Support point of the prior; (unknown,).
    """

    density: Program
    parts: Sequence[tuple[NDArray[np.int64], Program]]
    expand: Program
    inputs: Sequence[Stretch]
    kept: Sequence[Stretch]
    start: NDArray[np.float64]

    @property
    def size(self) -> int:
        """Bytes of the arrays that they read."""
        parts = [program for _, program in self.parts]
        found = {id(a): a for of in (self.density, *parts, self.expand) for a in of.table.arrays}
        return sum(array.nbytes for array in found.values())


def write_programs(graph: DensityGraph, *, apart: bool) -> Programs:
    """Write the code of a graph all of whose data are constants.

    Parameters
    ----------
    graph
        The graph.
    apart
        Whether its parts are wanted too, without gradients.

    Raises
    ------
    NotLoweredError
        For a step of the graph that cannot be written.
    """
    lowering = Lowering({v: stretch.start for v, stretch in graph.inputs.items()})
    dim = len(graph.start)
    value, *gradient = lowering.run(graph.density)
    starts = [stretch.start for stretch in graph.inputs.values()]
    slopes = [Output(array, start) for array, start in zip(gradient, starts, strict=True)]
    kept = [stretch for _, stretch in graph.kept]
    arrays = lowering.run([variable for variable, _ in graph.kept])
    draws = [Output(array, of.start) for array, of in zip(arrays, kept, strict=True)]
    return Programs(
        density=write_program([Output(value, -1), *slopes], dim, dim),
        parts=[
            (part.where, write_program([Output(part.value, -1)], dim, 0))
            for part in (parts(lowering, value, list(graph.inputs.values())) if apart else ())
        ],
        expand=write_program(draws, dim, sum(stretch.size for stretch in kept)),
        inputs=list(graph.inputs.values()),
        kept=kept,
        start=graph.start,
    )
