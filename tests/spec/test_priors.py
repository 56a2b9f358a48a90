"""The table of priors: named and parametrised as PyMC does, with the support it says."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytest

from attribution.spec.model import Prior
from attribution.spec.priors import POSITIVE, PRIORS, REAL, SIMPLEX, UNIT, quantile, support_of

IN_PYMC = {
    "normal": pm.Normal,
    "student_t": pm.StudentT,
    "cauchy": pm.Cauchy,
    "laplace": pm.Laplace,
    "logistic": pm.Logistic,
    "half_normal": pm.HalfNormal,
    "half_student_t": pm.HalfStudentT,
    "half_cauchy": pm.HalfCauchy,
    "exponential": pm.Exponential,
    "gamma": pm.Gamma,
    "inverse_gamma": pm.InverseGamma,
    "log_normal": pm.LogNormal,
    "beta": pm.Beta,
    "uniform": pm.Uniform,
}
SHARES = (0.1, 0.5, 0.9)
DRAWS = 20_000


def example(name: str) -> Prior:
    """Return a prior whose parameters all differ, so that none can stand for another."""
    values = (2.3, 3.7, 1.3)
    return Prior(name, dict(zip(PRIORS[name].parameters, values, strict=False)))


def test_every_prior_is_compared() -> None:
    assert set(IN_PYMC) | {"dirichlet"} == set(PRIORS)


@pytest.fixture(scope="module")
def drawn() -> dict[str, np.ndarray]:
    """Return draws of every prior as PyMC understands it; drawn together, compiled once."""
    priors = [IN_PYMC[name].dist(**example(name).parameters) for name in IN_PYMC]
    return dict(zip(IN_PYMC, pm.draw(priors, DRAWS, random_seed=1), strict=True))


@pytest.mark.parametrize("name", IN_PYMC)
def test_quantiles_are_those_of_pymc(name: str, drawn: dict[str, np.ndarray]) -> None:
    prior = example(name)
    below = [np.mean(drawn[name] < quantile(prior, share)) for share in SHARES]
    # Four standard errors of a share of 20,000 draws.
    assert below == pytest.approx(SHARES, abs=4 * 0.5 / np.sqrt(DRAWS))


@pytest.mark.parametrize("name", IN_PYMC)
def test_the_support_holds_the_whole_prior(name: str) -> None:
    prior = example(name)
    support = support_of(prior)
    low, high = quantile(prior, 1e-9), quantile(prior, 1 - 1e-9)
    assert support.low <= low < high <= support.high
    # A tighter support would not hold it: the ends are reached or run away.
    if np.isfinite(support.low):
        assert quantile(prior, 0.0) == pytest.approx(support.low)
    if np.isfinite(support.high):
        assert quantile(prior, 1.0) == pytest.approx(support.high)


def test_swapped_parameters_would_be_seen() -> None:
    prior = example("gamma")
    swapped = Prior("gamma", {"alpha": 3.7, "beta": 2.3})
    assert abs(quantile(prior, 0.5) - quantile(swapped, 0.5)) > 0.5


def test_several_values_have_no_single_quantile() -> None:
    with pytest.raises(ValueError, match="dirichlet is a prior of several values at once"):
        quantile(Prior("dirichlet", {"concentration": 1.0}), 0.5)


def test_supports_fit_into_each_other() -> None:
    assert UNIT.inside(POSITIVE)
    assert POSITIVE.inside(REAL)
    assert not REAL.inside(POSITIVE)
    assert not POSITIVE.inside(UNIT)
    assert not SIMPLEX.inside(UNIT)
    assert not UNIT.inside(SIMPLEX)
