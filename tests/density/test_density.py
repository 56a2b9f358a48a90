"""The compiled density is the model's own, to rounding."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from numpy.typing import NDArray
from support import small

from attribution.density.compiled import NativeModel, compile_model
from attribution.design import build_design
from attribution.model import build_model
from attribution.sampling import kept
from attribution.spec import read_spec

RNG = np.random.default_rng(7)
Floats = NDArray[np.float64]


def plain(model: pm.Model, order: list[str]) -> Callable[[Floats], tuple[float, Floats]]:
    """Return PyMC's own density and gradient of an unconstrained point."""
    named = {value.name: value for value in model.continuous_value_vars}
    values = [named[name] for name in order]
    start = model.initial_point()
    compute = pytensor.function(
        values,
        [model.logp(), *pt.grad(model.logp(), values, disconnected_inputs="ignore")],
        mode="FAST_COMPILE",
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


def assert_same(model: pm.Model, points: list[Floats], compiled: NativeModel) -> None:
    own = plain(model, [stretch.name for stretch in compiled.inputs])
    for point in points:
        value, gradient, code = compiled.density(point)
        wanted, slope = own(point)
        assert np.isfinite(wanted)
        assert code == 0
        assert value == pytest.approx(wanted, rel=1e-12, abs=1e-9)
        np.testing.assert_allclose(gradient, slope, rtol=1e-8, atol=1e-9 * np.abs(slope).max())


def points_around(start: Floats, *spreads: float) -> list[Floats]:
    return [start + spread * RNG.uniform(-1.0, 1.0, start.shape) for spread in spreads]


@pytest.mark.parametrize("late", [True, False], ids=["late orders", "no late orders"])
@pytest.mark.parametrize("name", ["additive", "engagement"])
def test_both_models_have_their_own_density(name: str, late: bool) -> None:
    frame = small.small().table.frame
    if not late:
        frame = frame.drop("carry_posts", "carry_shares")
    model = build_model(build_design(read_spec(name), frame))
    compiled = compile_model(model, kept(model))
    assert_same(model, points_around(compiled.start, 0.0, 0.3, 1.0, 2.0), compiled)
