"""A design's model at points of its parameters: densities and all that follows from unknowns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
from pytensor.graph.replace import graph_replace

from attribution.design import Design
from attribution.model import build_model

Draws = dict[str, np.ndarray]


@dataclass(frozen=True)
class AtPoints:
    """A model and its functions of the free variables.

    Parameters
    ----------
    design
        What the model was built from.
    model
        The model.
    compute
        From values of the free variables to the log density of every variable, by element and
        without Jacobians, and to what is derived.
    """

    design: Design
    model: pm.Model
    compute: Any

    @property
    def free(self) -> list[str]:
        return [rv.name for rv in self.model.free_RVs]

    def prior(self, count: int, seed: int = 4) -> Draws:
        """Draw the free variables from the prior; draws first."""
        values = pm.draw(self.model.free_RVs, count, random_seed=seed, mode="FAST_COMPILE")
        return dict(zip(self.free, values, strict=True))

    def evaluate(self, free: Mapping[str, np.ndarray]) -> tuple[Draws, Draws]:
        """Return log densities by variable, and every parameter; draws first."""
        count = len(next(iter(free.values())))
        rows = [self.compute(*[free[name][d] for name in self.free]) for d in range(count)]
        columns = [np.stack(column) for column in zip(*rows, strict=True)]
        names = [rv.name for rv in self.model.basic_RVs]
        densities = dict(zip(names, columns, strict=False))
        derived = [v.name for v in self.model.deterministics]
        return densities, dict(free) | dict(zip(derived, columns[len(names) :], strict=True))


def at_points(design: Design) -> AtPoints:
    """Build and compile a design's model."""
    built = build_model(design)
    moved = {}
    for rv in built.free_RVs:
        transform = built.rvs_to_transforms[rv]
        moved[built.rvs_to_values[rv]] = (
            rv if transform is None else transform.forward(rv, *rv.owner.inputs)
        )
    densities = graph_replace(
        built.logp(built.basic_RVs, sum=False, jacobian=False), moved, strict=False
    )
    compute = pm.compile(
        built.free_RVs,
        [*densities, *built.deterministics],
        mode="FAST_COMPILE",
        on_unused_input="ignore",
    )
    return AtPoints(design, built, compute)
