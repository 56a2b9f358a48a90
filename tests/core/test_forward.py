"""The NumPy formulas are those of the PyMC model, at prior draws and at extreme points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pymc as pm
import pytest
from pytensor.graph.replace import graph_replace
from scipy import stats
from support import small

from attribution import forward
from attribution.design import Design
from attribution.model import build_model
from attribution.spec.families import FAMILIES, Given

CASES = [
    (model, sources, hidden)
    for model in ("additive", "engagement")
    for sources, hidden in ((True, True), (True, False), (False, True), (False, False))
]
every_case = pytest.mark.parametrize(("model", "sources", "hidden"), CASES)

EXTREMES: Mapping[str, Mapping[str, float]] = {
    "nearly Poisson": {"inverse_alpha": 1e-5},
    "very dispersed": {"inverse_alpha": 15.0},
    "few orders": {"log_rate": -16.0, "intercept": -16.0},
    "many orders": {"log_rate": -1.0, "intercept": -1.0},
    "no spread": {"tier_sd": 1e-4, "creator_sd": 1e-4},
    "wide spread": {"tier_sd": 2.0, "creator_sd": 2.5},
    "hidden far below": {"hidden_z": -7.0},
    "hidden far above": {"hidden_z": 7.0},
}


@cache
def case(model: str, sources: bool, hidden: bool) -> tuple[Design, Any, dict[str, np.ndarray]]:
    """Return a design, its model's densities as functions of parameters, and prior draws."""
    design = small.design(model, sources=sources, hidden=hidden)
    built = build_model(design)
    names = ["conversions", "net_revenue", "paying_orders"]
    names += ["mixing_raw"] if sources else []
    densities = graph_replace(
        built.logp([built[name] for name in names], sum=False, jacobian=False), of_variables(built)
    )
    outputs = densities + built.deterministics
    function = pm.compile(built.free_RVs, outputs, mode="FAST_COMPILE", on_unused_input="ignore")
    free = dict(
        zip(
            [rv.name for rv in built.free_RVs],
            pm.draw(built.free_RVs, 20, random_seed=4, mode="FAST_COMPILE"),
            strict=True,
        )
    )
    return design, (built, function, names), free


def of_variables(model: pm.Model) -> dict[Any, Any]:
    """Return each free value of a model's density as a function of the variable itself."""
    out = {}
    for rv in model.free_RVs:
        transform = model.rvs_to_transforms[rv]
        moved = rv if transform is None else transform.forward(rv, *rv.owner.inputs)
        out[model.rvs_to_values[rv]] = moved
    return out


def evaluate(built: Any, free: Mapping[str, np.ndarray]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the model's pointwise log densities and all its parameters, draws first."""
    model, function, names = built
    count = len(next(iter(free.values())))
    values = [function(*[free[rv.name][d] for rv in model.free_RVs]) for d in range(count)]
    columns = [np.stack(column) for column in zip(*values, strict=True)]
    densities = dict(zip(names, columns, strict=False))
    made = zip([v.name for v in model.deterministics], columns[len(names) :], strict=True)
    return densities, dict(free) | dict(made)


@every_case
def test_the_case_is_what_it_says(model: str, sources: bool, hidden: bool) -> None:
    design, _, _ = case(model, sources, hidden)
    assert (design.sources is not None) is sources
    assert (design.hidden is not None) is hidden
    assert not sources or (design.sources is not None and design.sources.index.shape[1] > 1)


def conversions_log_mass(design: Design, draws: Mapping[str, Any]) -> np.ndarray:
    """Log mass of the conversions given the posts' mixing, from the formulas under test."""
    if design.sources is None:
        return forward.log_likelihood(design, draws)
    means = forward.expected(design, draws) * draws["mixing"]
    return np.asarray(stats.poisson.logpmf(design.outcome, forward.landed(design, means)))


@every_case
def test_log_likelihood_is_the_models_at_prior_draws(
    model: str, sources: bool, hidden: bool
) -> None:
    design, built, free = case(model, sources, hidden)
    densities, draws = evaluate(built, free)
    ours = conversions_log_mass(design, draws)
    assert ours.shape == (20, len(design.outcome))
    assert ours == pytest.approx(densities["conversions"], rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("sources", [True, False])
@pytest.mark.parametrize("point", EXTREMES)
@pytest.mark.parametrize("model", ["additive", "engagement"])
def test_log_likelihood_is_the_models_at_extreme_points(
    model: str, point: str, sources: bool
) -> None:
    design, built, free = case(model, sources, True)
    moved = {
        name: np.full_like(values[:3], EXTREMES[point][name])
        if name in EXTREMES[point]
        else values[:3]
        for name, values in free.items()
    }
    densities, draws = evaluate(built, moved)
    assert np.all(np.isfinite(forward.log_likelihood(design, draws)))
    ours = conversions_log_mass(design, draws)
    assert ours == pytest.approx(densities["conversions"], rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("inverse_alpha", [0.02, 0.4, 1.0, 4.0])
def test_mixing_is_gamma_whatever_the_orders(inverse_alpha: float) -> None:
    """The density of the sampled form is the gamma's, times how fast g changes with it."""
    design, built, free = case("additive", True, True)
    assert design.sources is not None
    assert design.sources.orders.min() < 0.5 < 20.0 < design.sources.orders.max()
    alpha, step = 1.0 / inverse_alpha, 1e-4
    grid = np.linspace(-3.0, 3.0, 13)
    moved = {name: np.repeat(values[:1], 3 * len(grid), axis=0) for name, values in free.items()}
    moved["inverse_alpha"] = np.full(3 * len(grid), inverse_alpha)
    raw = (grid[:, None] + np.array([-step, 0.0, step])).ravel()
    moved["mixing_raw"] = moved["mixing_raw"] * 0.0 + centre_of_mixing(built, moved) + raw[:, None]
    densities, draws = evaluate(built, moved)
    g = draws["mixing"].reshape(len(grid), 3, -1)
    slope = (g[:, 2] - g[:, 0]) / (2.0 * step)
    expected = stats.gamma.logpdf(g[:, 1], alpha, scale=inverse_alpha) + np.log(slope)
    ours = densities["mixing_raw"].reshape(len(grid), 3, -1)[:, 1]
    assert ours == pytest.approx(expected, rel=1e-5, abs=1e-5)


def centre_of_mixing(built: Any, free: Mapping[str, np.ndarray]) -> np.ndarray:
    """Sampled form at which each post's mixing is 1; log g is linear in it."""
    zero = free["mixing_raw"] * 0.0
    at = [evaluate(built, dict(free) | {"mixing_raw": zero + x})[1] for x in (0.0, 1.0)]
    start, end = (np.log(draws["mixing"]) for draws in at)
    return np.asarray(-start / (end - start))


@pytest.mark.parametrize("model", ["additive", "engagement"])
def test_order_value_is_the_mean_of_the_models_revenue(model: str) -> None:
    design, built, free = case(model, True, True)
    densities, draws = evaluate(built, free)
    assert design.value is not None
    mean = forward.order_value(design, draws) / draws["paying_share"][:, None]
    shape = design.value.orders * draws["value_shape"][:, None]
    scale = mean[:, design.value.rows] / draws["value_shape"][:, None]
    expected = stats.gamma.logpdf(design.value.revenue, shape, scale=scale)
    assert densities["net_revenue"] == pytest.approx(expected, rel=1e-8)


def test_paying_orders_are_binomial_among_the_credited() -> None:
    design, built, free = case("additive", True, True)
    densities, draws = evaluate(built, free)
    assert design.value is not None
    value = design.value
    expected = stats.binom.logpmf(value.paying, value.credited, draws["paying_share"])
    assert densities["paying_orders"] == pytest.approx(expected, rel=1e-8)
    assert value.paying == small.table()["paying_orders"].sum()
    assert value.credited == small.table()["conversions"].sum()


def test_the_mass_is_that_of_scipy_and_adds_up_to_one() -> None:
    y, mu, alpha = np.arange(4000), 7.0, 1.6
    given = Given(np.float64(mu), {"dispersion": np.float64(alpha)})
    mass = FAMILIES["negative_binomial"].log_density(forward.F, y, given)
    assert mass == pytest.approx(stats.nbinom.logpmf(y, alpha, alpha / (alpha + mu)), rel=1e-10)
    assert np.exp(mass).sum() == pytest.approx(1.0)


def test_parts_add_up_to_the_mean() -> None:
    design, built, free = case("additive", True, True)
    _, draws = evaluate(built, free)
    parts = forward.expected_parts(design, draws)
    assert parts.sum(axis=2) == pytest.approx(forward.expected(design, draws))


def test_a_regression_has_no_parts() -> None:
    design, built, free = case("engagement", True, True)
    with pytest.raises(TypeError, match="parts that add up"):
        forward.expected_parts(design, evaluate(built, free)[1])


def replications(count: int) -> tuple[Design, dict[str, Any], np.ndarray, np.ndarray]:
    """Return a design with late orders, one draw, its posts' means and replicated conversions."""
    design, built, free = case("additive", True, True)
    one = {name: values[:1] for name, values in free.items()}
    one["log_rate"] = np.array([-7.0])
    one["inverse_alpha"] = np.array([0.5])
    _, draws = evaluate(built, one)
    many = {name: np.repeat(values, count, axis=0) for name, values in draws.items()}
    replicated = forward.replicate(design, many, np.random.default_rng(1))
    return design, draws, forward.expected(design, draws), replicated


def test_replications_have_the_mean_and_variance_of_the_likelihood() -> None:
    """20,000 replications at one point; 5 standard errors."""
    design, draws, mean, replicated = replications(20_000)
    mu = forward.landed(design, mean)[0]
    alpha = forward.credited(design, forward.given(design, draws)).own["dispersion"][0]
    variance = mu + mu**2 / alpha
    assert np.all(np.abs(replicated.mean(axis=0) - mu) < 5 * np.sqrt(variance / 20_000))
    busy = mu > 1.0
    assert replicated.var(axis=0)[busy] == pytest.approx(variance[busy], rel=0.15)


def test_posts_that_share_orders_are_dependent() -> None:
    """The total varies by mu + (share credited * mu)**2 / alpha, summed over posts, not by less.

    As if the posts were independent it would vary by what their own variances add up to.
    """
    design, draws, mean, replicated = replications(40_000)
    assert design.sources is not None
    credited = np.bincount(
        design.sources.index.ravel(), design.sources.weight.ravel(), len(design.outcome)
    )
    landed = forward.landed(design, mean)[0]
    alpha = draws["alpha"][0]
    expected = landed.sum() + np.sum((credited * mean[0]) ** 2) / alpha
    alone = forward.credited(design, forward.given(design, draws)).own["dispersion"][0]
    apart = np.sum(landed + landed**2 / alone)
    assert replicated.sum(axis=1).var() == pytest.approx(expected, rel=0.03)
    assert apart < 0.955 * expected


def test_a_posts_own_mass_is_nearly_the_exact_one() -> None:
    """At conversions as the model makes them; mixing integrated out by 50,000 draws."""
    built, draws, mean, replicated = replications(1)
    design = replace(built, outcome=replicated[0])
    rng = np.random.default_rng(2)
    alpha = float(draws["alpha"][0])
    exact = np.zeros(len(design.outcome))
    for _ in range(50):
        mixing = rng.gamma(alpha, 1.0 / alpha, (1000, len(exact)))
        landed = forward.landed(design, mean * mixing)
        exact += stats.poisson.pmf(design.outcome, landed).mean(axis=0) / 50
    difference = forward.log_likelihood(design, draws)[0] - np.log(exact)
    assert np.abs(difference).mean() < 0.02
    assert np.abs(difference).max() < 0.25


def test_late_orders_land_where_the_shares_say() -> None:
    """Every order that a post brings within the export is credited once; none is invented."""
    design, _, _ = case("additive", True, True)
    assert design.sources is not None
    ones = np.ones((1, len(design.outcome)))
    total = forward.landed(design, ones).sum()
    assert total == pytest.approx(design.sources.weight.sum())
    assert total <= len(design.outcome) + 1e-9
    both = np.stack([ones, 2 * ones], axis=2)
    assert forward.landed(design, both)[..., 1] == pytest.approx(2 * forward.landed(design, ones))


@pytest.mark.parametrize("hidden", [True, False])
@pytest.mark.parametrize("model", ["additive", "engagement"])
def test_the_matched_model_is_the_negative_binomial_of_the_formulas(
    model: str, hidden: bool
) -> None:
    design = small.design(model, sources=True, hidden=hidden)
    built = build_model(design, matched=True)
    density = graph_replace(
        built.logp([built["conversions"]], sum=False, jacobian=False),
        of_variables(built),
        strict=False,
    )
    outputs = density + built.deterministics
    compute = pm.compile(built.free_RVs, outputs, mode="FAST_COMPILE", on_unused_input="ignore")
    drawn = pm.draw(built.free_RVs, 5, random_seed=4, mode="FAST_COMPILE")
    values = [compute(*[of[d] for of in drawn]) for d in range(5)]
    free = dict(zip([rv.name for rv in built.free_RVs], drawn, strict=True))
    made = {
        v.name: np.stack([of[k + 1] for of in values]) for k, v in enumerate(built.deterministics)
    }
    ours = forward.log_likelihood(design, free | made)
    assert ours == pytest.approx(np.stack([of[0] for of in values]), rel=1e-7, abs=1e-7)
