"""The table of priors: named and parametrised as PyMC does, with the support it says."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytest

from attribution.spec.priors import (
    CORRELATION,
    POSITIVE,
    PRIORS,
    REAL,
    SCALES,
    SIMPLEX,
    UNIT,
    Prior,
    quantile,
    support_of,
)
from attribution.spec.statement import StatedPrior

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
    assert set(IN_PYMC) | {"flat", "half_flat", "dirichlet", "lkj"} == set(PRIORS)


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


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("dirichlet", {"concentration": 1.0}), ("lkj", {"eta": 1.0}), ("flat", {}), ("half_flat", {})],
)
def test_several_values_and_flat_priors_have_no_quantile(
    name: str, parameters: dict[str, float]
) -> None:
    with pytest.raises(ValueError, match=f"{name} is a prior without quantiles"):
        quantile(Prior(name, parameters), 0.5)


def test_only_flat_priors_are_improper() -> None:
    assert {name for name in PRIORS if not example(name).proper} == {"flat", "half_flat"}


@pytest.mark.parametrize("on", SCALES)
def test_quantiles_of_a_parameter_follow_from_the_scale_of_its_prior(on: str) -> None:
    scale = SCALES[on]
    name = "gamma" if scale.values == POSITIVE else "normal"
    prior = Prior(name, example(name).parameters, on)
    rng = np.random.default_rng(3)
    there = rng.gamma(2.3, 1 / 3.7, DRAWS) if name == "gamma" else rng.normal(2.3, 3.7, DRAWS)
    values = np.asarray(scale.back(np, there))
    assert scale.of.low <= values.min() < values.max() <= scale.of.high
    below = [np.mean(values < quantile(prior, share)) for share in SHARES]
    assert below == pytest.approx(SHARES, abs=4 * 0.5 / np.sqrt(DRAWS))


FORWARD = {
    "inverse": lambda x: 1 / x,
    "variance": lambda x: x**2,
    "precision": lambda x: 1 / x**2,
    "log": np.log,
    "logit": lambda x: np.log(x / (1 - x)),
}


@pytest.mark.parametrize("on", SCALES)
def test_back_undoes_what_the_words_of_a_scale_say(on: str) -> None:
    x = np.asarray([0.2, 0.5, 0.9])
    assert SCALES[on].back(np, FORWARD[on](x)) == pytest.approx(x)
    assert (np.diff(FORWARD[on](x)) < 0).all() == SCALES[on].falls


@pytest.mark.filterwarnings("ignore:PyTensor could not link to a BLAS:UserWarning")
def test_the_middle_of_a_correlation_is_that_of_pymcs_lkj() -> None:
    # PyMC gives Cholesky factors; the first column is that of the correlations with the first.
    lkj = pm.LKJCorr.dist(n=3, eta=2.0)
    correlations = pm.draw(lkj, 4_000, random_seed=2, mode="FAST_COMPILE")[:, 1, 0]
    low, high = StatedPrior("r", "", Prior("lkj", {"eta": 2.0}), "", count=3).interval(0.8)
    inside = np.mean((low < correlations) & (correlations < high))
    assert inside == pytest.approx(0.8, abs=4 * 0.4 / np.sqrt(4_000))
    # Of two alone, correlations are wider.
    two = StatedPrior("r", "", Prior("lkj", {"eta": 2.0}), "", count=2).interval(0.8)
    assert two[1] > high + 0.03


def test_supports_fit_into_each_other() -> None:
    assert UNIT.inside(POSITIVE)
    assert POSITIVE.inside(REAL)
    assert not REAL.inside(POSITIVE)
    assert not POSITIVE.inside(UNIT)
    assert not SIMPLEX.inside(UNIT)
    assert not UNIT.inside(SIMPLEX)
    assert not CORRELATION.inside(REAL)
    assert not UNIT.inside(CORRELATION)


@pytest.mark.parametrize("on", ["precision", "variance"])
def test_a_precision_or_variance_too_small_for_a_number_leaves_one(on: str) -> None:
    """Gamma(0.001, 0.001) draws are mostly below the least number that there is."""
    draws = np.random.default_rng(1).gamma(0.001, 1000.0, 200)
    assert (draws == 0.0).any()
    x = SCALES[on].back(np, draws)
    assert np.isfinite(x**2).all()
    assert (x**2 > 0).all()
