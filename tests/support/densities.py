"""Compare a compiled density and its gradient with PyMC's own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from numpy.typing import NDArray
from pytensor.compile.mode import Mode

from attribution.density.compiled import NativeModel

Floats = NDArray[np.float64]


def plain(model: pm.Model, order: list[str]) -> Callable[[Floats], tuple[float, Floats]]:
    """Return PyMC's own density and gradient of an unconstrained point."""
    named = {value.name: value for value in model.continuous_value_vars}
    values = [named[name] for name in order]
    start = model.initial_point()
    compute = pytensor.function(
        values,
        [model.logp(), *pt.grad(model.logp(), values, disconnected_inputs="ignore")],
        # All of PyTensor's rewrites, its stable forms of logarithms among them, evaluated plainly.
        mode=Mode(linker="py", optimizer="fast_run").excluding("fusion", "inplace"),
        on_unused_input="ignore",
    )

    def evaluate(point: Floats) -> tuple[float, Floats]:
        parts, at = [], 0
        for value in values:
            shape = start[value.name].shape
            size = int(np.prod(shape))
            parts.append(point[at : at + size].reshape(shape))
            at += size
        value, *gradient = compute(*parts)
        return float(value), np.concatenate([np.ravel(g) for g in gradient])

    return evaluate


def assert_same(
    model: pm.Model, points: list[Floats], compiled: NativeModel, largest: float = 0.0
) -> None:
    """Compare with PyMC; ``largest`` is the size of terms whose rounding both sides suffer."""
    own = plain(model, [stretch.name for stretch in compiled.inputs])
    for point in points:
        value, gradient, code = compiled.density(point)
        wanted, slope = own(point)
        assert np.isfinite(wanted)
        assert code == 0
        assert value == pytest.approx(wanted, rel=1e-12, abs=1e-9 + 2e-16 * largest)
        np.testing.assert_allclose(
            gradient, slope, rtol=1e-8, atol=1e-9 * np.abs(slope).max() + 2e-16 * largest
        )


def points_around(start: Floats, *spreads: float) -> list[Floats]:
    # The same points whichever tests ran before: rounding is within its tolerance at these.
    rng = np.random.default_rng(start.size)
    return [start + spread * rng.uniform(-1.0, 1.0, start.shape) for spread in spreads]
