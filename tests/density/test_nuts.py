"""NUTS on known distributions: their quantiles, and the steps that normals take."""

from __future__ import annotations

from functools import cache

import arviz_stats
import numpy as np
import pymc as pm
import pytest
from scipy import stats

from attribution.density import nuts
from attribution.density.compiled import NativeModel, compile_model

FAMILIES = {
    "gamma": (lambda name: pm.Gamma(name, 2.0, 3.0), stats.gamma(2.0, scale=1 / 3.0)),
    "student": (lambda name: pm.StudentT(name, 4.0), stats.t(4.0)),
    "beta": (lambda name: pm.Beta(name, 0.7, 3.0), stats.beta(0.7, 3.0)),
    "half_normal": (lambda name: pm.HalfNormal(name, 2.0), stats.halfnorm(scale=2.0)),
    "far": (lambda name: pm.Normal(name, 1e4, 3.0), stats.norm(1e4, 3.0)),
    "small": (lambda name: pm.Normal(name, 0.0, 1e-5), stats.norm(0.0, 1e-5)),
}
AT = (0.05, 0.25, 0.5, 0.75, 0.95)


def drawn(model: NativeModel, draws: int, tune: int = 400) -> nuts.Draws:
    how = {"tune": tune, "chains": 4, "seed": 1, "target_accept": 0.85}
    return nuts.sample(model, draws=draws, progress=lambda _done, _total: None, **how)


@cache
def known() -> nuts.Draws:
    """Draws of each family, and of a normal whose spread another one decides."""
    with pm.Model() as model:
        for name, (make, _) in FAMILIES.items():
            make(name)
        spread = pm.Normal("spread")
        pm.Normal("within", 0.0, pm.math.exp(0.5 * spread), shape=3)
    return drawn(compile_model(model, [*FAMILIES, "spread", "within"]), 4000)


def check(values: np.ndarray, distribution: stats.rv_continuous) -> None:
    """Compare quantiles with the true ones; (chain, draw)."""
    for prob in AT:
        error = float(arviz_stats.mcse(values, method="quantile", prob=prob))
        true = distribution.ppf(prob)
        assert np.quantile(values, prob) == pytest.approx(true, abs=4.5 * error), prob


@pytest.mark.parametrize("name", FAMILIES)
def test_draws_have_the_quantiles_of_the_distribution(name: str) -> None:
    check(known().values[name], FAMILIES[name][1])


def test_draws_have_the_quantiles_of_a_spread_and_of_what_it_spreads() -> None:
    values = known().values
    check(values["spread"], stats.norm())
    scaled = values["within"] / np.exp(0.5 * values["spread"])[..., None]
    for k in range(3):
        check(scaled[..., k], stats.norm())


@cache
def normals(count: int) -> nuts.Draws:
    scale = np.geomspace(1e-3, 1e3, count)
    with pm.Model() as model:
        pm.Normal("x", -2.0 * scale, scale, shape=count)
    return drawn(compile_model(model, ["x"]), 500)


def test_a_thousand_normals_take_no_more_steps_than_half_a_turn() -> None:
    """Leapfrog steps, with which the error grows with their number, take 15 a draw."""
    assert normals(1000).statistics["n_steps"].mean() <= 7.5


def test_normals_do_not_go_to_and_fro() -> None:
    """With steps of up to half a turn the squares hardly change from draw to draw."""
    scaled = normals(3).values["x"] / np.geomspace(1e-3, 1e3, 3) + 2.0
    for k in range(3):
        assert float(arviz_stats.ess(scaled[..., k] ** 2)) > 400
