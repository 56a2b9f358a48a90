"""A model that has a step without lowering is drawn by nutpie's own way, and that is told."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from attribution.sampling import Settings, compile_density


def model(step: str) -> pm.Model:
    """Three normals whose largest and smallest are drawn together."""
    with pm.Model() as made:
        x = pm.Normal("x", [0.0, 3.0, -3.0], 1.0, shape=3)
        if step == "sort":
            pm.Potential("order", pt.sum(pt.sort(x) * np.array([0.5, 0.0, -0.5])))
        else:
            pm.Potential("order", 0.5 * (pt.min(x) - pt.max(x)))
    return made


def test_both_ways_draw_the_same_posterior() -> None:
    """A sort has no lowering; the largest and smallest element, the same here, have one."""
    means = {}
    settings = Settings(draws=500, tune=300, chains=2, seed=4)
    for step, way in (("sort", "numba (ArgSort"), ("ends", "native")):
        draw, told = compile_density(model(step), settings.chains)
        assert told.startswith(way)
        tree = draw(settings, lambda _done, _total: None)
        assert tree["posterior"]["x"].shape == (2, 500, 3)
        assert set(tree["sample_stats"].data_vars) >= {"diverging", "energy", "depth", "n_steps"}
        means[step] = tree["posterior"]["x"].to_numpy().mean(axis=(0, 1))
    # Shrunk by half a standard deviation at either end.
    for found in means.values():
        np.testing.assert_allclose(found, [0.0, 2.5, -2.5], atol=0.2)
