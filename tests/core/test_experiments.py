"""Lift tests: what they tell of the orders that their posts brought, and of incremental ones."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import stats
from support import captured, small
from support.densities import assert_same, points_around
from support.points import at_points

from attribution import forward
from attribution.data import AnalysisTable
from attribution.density.compiled import compile_model
from attribution.design import Design, build_design
from attribution.fitting import fit
from attribution.model import build_model, kept
from attribution.quantities.effects import effects
from attribution.quantities.sensitivity import LOG_DENSITIES
from attribution.run import Run
from attribution.spec import read_spec
from attribution.spec.families import Given
from attribution.spec.priors import PRIORS, Prior, quantile
from attribution.spec.sections import Experiments, LiftTest, realised

SETTINGS: dict[str, Any] = {"draws": 1000, "tune": 500, "chains": 2, "seed": 3}
ESTIMATE, ERROR = 300.0, 30.0


def prior(mu: float, sigma: float) -> str:
    return f"mu = {mu:g}, sigma = {sigma:g}"


@cache
def run(incremental: str = prior(0.0, 1.0), estimate: float = ESTIMATE) -> Run:
    text = captured.LIFT.replace("mu = 0.0, sigma = 1.0", incremental)
    text = text.replace("estimate = 300.0", f"estimate = {estimate}")
    return fit(captured.spec(text), AnalysisTable(captured.table()), **SETTINGS)


def spring() -> float:
    table = captured.table()
    return float(table.filter(campaign="spring")["conversions"].sum())


def test_with_a_wide_prior_a_test_says_its_estimate_over_the_orders_of_its_posts() -> None:
    found = run(prior(0.0, 5.0)).draws["incremental"]
    said = ESTIMATE / spring()
    assert found.mean() == pytest.approx(said, rel=0.05)
    relative = np.hypot(ERROR / ESTIMATE, 1.0 / np.sqrt(spring()))
    assert found.std() / found.mean() == pytest.approx(relative, rel=0.2)


def test_a_test_that_found_nothing_leaves_no_incremental_orders() -> None:
    table = effects(run(prior(0.0, 5.0), estimate=0.0))
    found = table.filter(quantity="orders_per_recorded_order", scope="overall").row(0, named=True)
    assert found["upper"] < 0.25
    assert found["answer"] == "fewer orders than recorded"
    null = effects(run(prior(0.0, 5.0), estimate=spring()))
    found = null.filter(quantity="orders_per_recorded_order", scope="overall").row(0, named=True)
    assert found["lower"] < 1.0 < found["upper"]
    assert found["answer"] == "cannot tell"


def simulated_scores(alpha: float, rng: np.random.Generator) -> tuple[float, float]:
    """Return how far tests are from what is expected of them, in standard errors, on average.

    With the posts' own luck, and with what another draw of the same posts would bring.
    """
    mean, factor, error = np.geomspace(2.0, 60.0, 12), 0.7, 15.0
    count = 4000
    luck = rng.gamma(alpha, 1.0 / alpha, (count, 12))
    orders = rng.poisson(mean * luck)
    estimate = rng.normal(factor * (mean * luck).sum(axis=1), error)
    given = Given(mean=np.broadcast_to(mean, orders.shape), own={"dispersion": alpha})
    brought, variance = realised(forward.F, given, orders, 1.0)
    spread = np.sqrt(error**2 + factor**2 * variance.sum(axis=1))
    own = (estimate - factor * brought.sum(axis=1)) / spread
    naive = (estimate - factor * mean.sum()) / error
    return float(own.std()), float(naive.std())


def test_a_test_shares_the_luck_of_its_posts() -> None:
    """Compared with expected orders of such posts, tests are far off beyond their errors."""
    own, naive = simulated_scores(1.5, np.random.default_rng(1))
    assert own == pytest.approx(1.0, abs=0.04)
    assert naive > 2.0


@pytest.mark.parametrize("alpha", [None, 1.5])
@pytest.mark.parametrize("idle", [0.0, 0.4])
@pytest.mark.parametrize("credited", [1.0, 0.6])
def test_what_posts_brought_given_their_recorded_orders(
    alpha: float | None, idle: float, credited: float
) -> None:
    """Against plain simulation: the posts that happened to have so many recorded orders."""
    rng = np.random.default_rng(2)
    mean, count = 3.0, 600_000
    luck = np.ones(count) if alpha is None else rng.gamma(alpha, 1.0 / alpha, count)
    brought = mean * luck * (rng.random(count) >= idle)
    recorded = rng.poisson((1.0 if idle else credited) * brought)
    own = {} if alpha is None else {"dispersion": np.asarray(alpha)}
    own |= {"zero_inflation": np.asarray(idle)} if idle else {}
    for orders in (0, 1, 4):
        like = brought[recorded == orders]
        given = Given(mean=np.asarray(mean), own=own)
        share = 1.0 if idle else credited
        found, variance = realised(forward.F, given, np.asarray(orders), share)
        assert found == pytest.approx(like.mean(), rel=0.03)
        assert variance == pytest.approx(like.var(), rel=0.05, abs=1e-9)


TESTS = (
    LiftTest("one", "tier = 'nano'", 120.0, 25.0),
    LiftTest("two", "reach > 3000", 700.0, 60.0),
)


ERRORS = np.array([test.standard_error for test in TESTS])
ESTIMATES = np.array([test.estimate for test in TESTS])


@cache
def design(model: str, sources: bool, factor: bool = True) -> Design:
    stated = read_spec(model)
    incremental = Prior("log_normal", {"mu": 0.0, "sigma": 1.0}) if factor else None
    stated = replace(stated, experiments=Experiments(TESTS, incremental))
    table = small.table(sources=sources)
    return build_design(stated, table, level_order=small.small().table.tier_order)


@pytest.mark.parametrize("model", ["additive", "engagement"])
def test_the_models_density_of_a_test_is_that_of_the_formulas(model: str) -> None:
    of = design(model, sources=False)
    at = at_points(of)
    found, draws = at.evaluate(at.prior(5))
    means, variances = forward.lift(of, draws)
    spread = np.sqrt(ERRORS**2 + variances)
    assert stats.norm.logpdf(ESTIMATES, means, spread) == pytest.approx(found["lift"], rel=1e-6)


def test_where_orders_come_late_the_luck_is_that_of_the_posts() -> None:
    of = design("additive", sources=True)
    at = at_points(of)
    found, draws = at.evaluate(at.prior(5))
    assert of.tested is not None
    brought = (forward.expected(of, draws) * draws["mixing"]) @ of.tested.T
    means = draws["incremental"][:, None] * brought
    assert stats.norm.logpdf(ESTIMATES, means, ERRORS) == pytest.approx(found["lift"], rel=1e-6)


@pytest.mark.parametrize(
    ("sources", "matched", "factor"),
    [(True, False, True), (True, True, True), (False, False, False)],
)
def test_models_with_lift_tests_are_compiled_here(
    sources: bool, matched: bool, factor: bool
) -> None:
    built = build_model(design("additive", sources, factor=factor), matched=matched)
    compiled = compile_model(built, kept(built))
    assert_same(built, points_around(compiled.start, 0.0, 0.3), compiled, 0.0)


def test_models_with_capture_are_compiled_here() -> None:
    spec = captured.spec(captured.CAPTURE + captured.SURVEY)
    built = build_model(build_design(spec, captured.table()))
    compiled = compile_model(built, kept(built))
    assert_same(built, points_around(compiled.start, 0.0, 0.5), compiled, 0.0)


def test_the_shipped_model_of_capture_is_compiled_here_late_orders_and_values_included() -> None:
    of = small.design("capture")
    assert of.sources is not None
    assert of.value is not None
    built = build_model(of)
    compiled = compile_model(built, kept(built))
    value, gradient, code = compiled.density(compiled.start)
    assert code == 0
    assert np.isfinite([value, *gradient]).all()


def test_zero_inflated_models_with_lift_tests_are_compiled_here() -> None:
    spec = captured.spec(captured.LIFT, "zero_inflated_negative_binomial")
    built = build_model(build_design(spec, captured.table()))
    compiled = compile_model(built, kept(built))
    assert_same(built, points_around(compiled.start, 0.0, 0.5), compiled, 0.0)


@pytest.mark.parametrize(("power", "words"), [(0.5, "half"), (2.0, "twice")])
def test_a_prior_counted_otherwise_is_what_a_fit_with_that_prior_finds(
    power: float, words: str
) -> None:
    """A log-normal density to a power is log-normal again, times x to a power."""
    mu, sigma = 1.5, 0.15
    variance = sigma**2 / power
    again = run(prior(round(mu + (1.0 - power) * variance, 10), round(variance**0.5, 10)))
    table = effects(run(prior(mu, sigma)))
    told = table.filter(quantity="orders_per_recorded_order", group=f"prior counted {words}").row(
        0, named=True
    )
    stated = table.filter(quantity="orders_per_recorded_order", group="all").row(0, named=True)
    exact = again.draws["incremental"]
    error = exact.std() / np.sqrt(300)
    assert told["mean"] == pytest.approx(exact.mean(), abs=4 * error)
    assert told["sd"] == pytest.approx(exact.std(), rel=0.15)
    assert abs(stated["mean"] - exact.mean()) > 4 * error, "no leaning would pass as well"


PARAMETERS = {
    "mu": 1.0,
    "sigma": 0.5,
    "nu": 4.0,
    "alpha": 3.0,
    "beta": 2.0,
    "b": 2.0,
    "s": 2.0,
    "lam": 2.0,
    "lower": -1.0,
    "upper": 3.0,
}


@pytest.mark.parametrize("name", [n for n, kind in PRIORS.items() if kind.quantile is not None])
def test_log_densities_are_those_of_the_priors(name: str) -> None:
    """By differences of quantiles, which know nothing of the formulas."""
    stated = Prior(name, {key: PARAMETERS[key] for key in PRIORS[name].parameters})
    shares = np.linspace(0.05, 0.95, 19)
    step = 1e-5
    places = np.array([quantile(stated, float(p)) for p in shares])
    wide = np.array([quantile(stated, p + step) - quantile(stated, p - step) for p in shares])
    density = np.log(2 * step / wide)
    ours = LOG_DENSITIES[name](places, stated.parameters)
    assert ours - ours[0] == pytest.approx(density - density[0], abs=1e-3)


def test_every_prior_of_a_number_has_its_log_density() -> None:
    of_numbers = {n for n, kind in PRIORS.items() if kind.quantile is not None or not kind.proper}
    assert of_numbers <= LOG_DENSITIES.keys()


def test_a_test_that_contradicts_its_posts_fails_the_run() -> None:
    text = captured.LIFT.replace("estimate = 300.0", "estimate = 900.0")
    text = "\n".join(line for line in text.splitlines() if not line.startswith("incremental"))
    found = fit(captured.spec(text), AnalysisTable(captured.table()), **SETTINGS)
    status = {check.name: check.status for check in found.manifest.health}
    assert status["lift test 'spring'"] == "fail"
    good = {check.name: check.status for check in run().manifest.health}
    assert good["lift test 'spring'"] == "pass"
