"""Unknowns and data of the model in context, and how unknowns are sampled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pymc.logprob.transforms import Transform

from attribution.model.functions import Tensor
from attribution.spec.priors import PRIORS, REAL, SCALES, Prior

NARROW = 0.1
"""Scale of a prior, such as that of a slope per follower, below which it is sampled in units of
it."""

LARGE = 0.5
"""Scale of a coefficient below which it is sampled in units of it.

Samplers start within 1 of 0: that of a count up to 80, whose scale is 0.1, would start at means of
exp(40) and never come back.
"""


class InUnits(Transform):
    """Sampled in units of its prior: samplers start some units around where the prior is."""

    name = "units"

    def __init__(self, unit: float) -> None:
        self._unit = np.float64(unit)

    def forward(self, value: Tensor, *_inputs: Tensor) -> Tensor:
        """Return the value in units."""
        return value / self._unit

    def backward(self, value: Tensor, *_inputs: Tensor) -> Tensor:
        """Return the value from what is sampled."""
        return value * self._unit

    def log_jac_det(self, value: Tensor, *_inputs: Tensor) -> Tensor:
        """Return the logarithm of how fast the value changes with what is sampled."""
        return pt.zeros_like(value) + np.log(self._unit)


def prior(name: str, stated: Prior, dims: str | None = None, unit: float | None = None) -> Tensor:
    """Add an unknown with the stated prior to the model in context; scalar without dims.

    ``unit`` is how large a coefficient may be before it changes the outcome a lot, if it is known.
    """
    distribution = getattr(pm, PRIORS[stated.name].pymc or "")
    if stated.on is None:
        return distribution(name, **stated.parameters, dims=dims, **_sampled(stated, dims, unit))
    there = distribution(f"{stated.on}_{name}", **stated.parameters, dims=dims)
    return pm.Deterministic(name, SCALES[stated.on].back(pt, there), dims=dims)


def _sampled(stated: Prior, dims: str | None, unit: float | None) -> dict[str, Any]:
    """Return in which units an unknown is sampled, or where from if it has a bound.

    A prior, wide or flat, says nothing of the units of a feature: a coefficient of 1 per follower
    is beyond all numbers. The samplers start within about a unit of the prior's centre.
    """
    kind, known = PRIORS[stated.name], np.inf if unit is None else unit
    support = kind.support_with(stated.parameters)
    if support == REAL:
        scale = min(kind.scale_of(stated.parameters) or np.inf, known)
        far = scale < NARROW or (unit is not None and (scale < LARGE or scale > 1.0 / NARROW))
        return {"transform": InUnits(scale)} if far else {}
    if known < NARROW and support.low < known < support.high:
        count = () if dims is None else (len(pm.modelcontext(None).coords[dims]),)
        return {"initval": np.full(count, known)}
    return {}


def model_data(name: str, values: np.ndarray, dims: str | tuple[str, ...] | None = None) -> Tensor:
    """Return data of the model in context, added the first time that they are asked for."""
    model = pm.modelcontext(None)
    return model[name] if name in model else pm.Data(name, values, dims=dims)
