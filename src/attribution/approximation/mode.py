"""The mode of a compiled density, and its curvature there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize

from attribution.density.native import NativeFunction
from attribution.design.types import Floats

STEP = 1e-4
"""Step of the differences of gradients, in units in which priors have a spread of about one."""

CORNER = 0.1
"""How far at most from where it is told to the search begins. Interpolation has corners at round
numbers, such as the middle of a prior; the gradient there may be 0 where both sides have a slope,
and a search that begins there does not leave."""

TINY = 1e-300
"""Length of a direction that is none."""

LONGEST = 1e6
"""Length of a step that no search takes whose arithmetic still holds: a trust region is at most
1,000 wide, and what its solver tries is little longer (1,340 was seen)."""

LEVEL = 0.1
"""Standard deviations from the peak of a normal density at which a slope still counts as none."""

FLAT = 1e-10
"""Least curvature, relative to the largest, at which there is still a peak."""


class _AstrayError(Exception):
    """A search has run out of what numbers hold."""


@dataclass(frozen=True)
class Mode:
    """Where a log-density is highest.

    Parameters
    ----------
    point
        Unknowns on the unconstrained scale; (unknown,).
    covariance
        Inverse of the negative Hessian there; (unknown, unknown).
    """

    point: Floats
    covariance: Floats


def find_mode(density: NativeFunction, start: Floats) -> Mode | None:
    """Find the mode by a trust-region Newton method; None where there is no peak.

    Parameters
    ----------
    density
        Log-density and gradient.
    start
        Where to begin, or near there; (unknown,).
    """
    start = start + CORNER * np.random.default_rng(0).uniform(-1.0, 1.0, size=len(start))

    def descent(point: Floats) -> tuple[float, Floats]:
        value, gradient, code = density(point)
        return (-value, -gradient) if code == 0 else (np.inf, np.zeros_like(point))

    def curvature(point: Floats, direction: Floats) -> Floats:
        """Negative Hessian times a direction, from the difference of two gradients."""
        length = linalg.norm(direction, check_finite=False)
        # Towards a peak without bound the curvature leaves what numbers hold, and steps follow it.
        if not length <= LONGEST:
            raise _AstrayError
        step = STEP * direction / max(length, TINY)
        ahead, behind = density.outputs(np.stack([point + step, point - step]))
        return np.asarray((behind - ahead) * length / (2.0 * STEP))

    options = {"jac": True, "hessp": curvature, "method": "trust-krylov"}
    try:
        point = optimize.minimize(descent, start, **options).x
    except _AstrayError:
        return None
    hessian = _negative_hessian(density, point)
    ends = linalg.eigvalsh(hessian)[[0, -1]] if np.all(np.isfinite(hessian)) else np.zeros(2)
    if ends[0] <= FLAT * ends[1]:
        return None
    factor = linalg.cho_factor(hessian, lower=True)
    _, slope, _ = density(point)
    if slope @ linalg.cho_solve(factor, slope) > LEVEL**2:
        return None
    return Mode(point, linalg.cho_solve(factor, np.eye(len(point))))


def _negative_hessian(density: NativeFunction, point: Floats) -> Floats:
    """Central differences of the gradient; (unknown, unknown)."""
    steps = STEP * np.eye(len(point))
    ahead, behind = density.outputs(point + steps), density.outputs(point - steps)
    hessian = (behind - ahead) / (2.0 * STEP)
    return np.asarray((hessian + hessian.T) / 2.0)
