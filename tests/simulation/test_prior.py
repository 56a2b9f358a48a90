"""Brands drawn from a model's prior: every parameter has the prior's moments."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from attribution.errors import InputError
from attribution.simulation import Settings, draw_prior, simulate_from_prior
from attribution.simulation.prior import zero_sum
from attribution.simulation.rates import Rates
from attribution.simulation.values import Values
from attribution.spec import ModelSpec, read_spec
from attribution.spec.model import RatesMean
from attribution.spec.priors import Prior, quantile
from attribution.spec.terms import Group

TIERS = ("nano", "micro", "mid", "macro")
COUNT = 3_000


@pytest.fixture(scope="module")
def spec() -> ModelSpec:
    return read_spec("additive")


@pytest.fixture(scope="module")
def drawn(spec: ModelSpec) -> list[tuple[Rates, Values]]:
    rng = np.random.default_rng(5)
    return [draw_prior(spec, TIERS, rng) for _ in range(COUNT)]


def check(values: list[float], prior: Prior) -> None:
    """Compare the shares of draws below the prior's quantiles with those shares (4 sd)."""
    for share in (0.1, 0.25, 0.5, 0.75, 0.9):
        below = np.mean(np.asarray(values) < quantile(prior, share))
        assert abs(below - share) < 4 * np.sqrt(share * (1 - share) / len(values))


def test_scalars_follow_their_priors(spec: ModelSpec, drawn: list[tuple[Rates, Values]]) -> None:
    mean, value = spec.mean, spec.order_value
    assert isinstance(mean, RatesMean)
    assert value is not None
    inverse_alpha = spec.own["dispersion"].prior
    assert inverse_alpha is not None
    assert inverse_alpha.on == "inverse"
    sd = {(term.by, term.of): term.sd for term in mean.terms}
    value_sd = {term.by: term.sd for term in value.terms}
    check([rates.log_rate for rates, _ in drawn], mean.rate)
    check([rates.creator_sd for rates, _ in drawn], sd["creator_id", ("all parts",)])
    check([rates.inverse_alpha for rates, _ in drawn], replace(inverse_alpha, on=None))
    for part in mean.parts:
        check([rates.tier_sd[part] for rates, _ in drawn], sd["tier", ("each part",)])
    check([values.log_mean for _, values in drawn], value.mean)
    check([values.shape for _, values in drawn], value.shape)
    check([values.paying_share for _, values in drawn], value.paying_share)
    check([values.creator_sd for _, values in drawn], value_sd["creator_id"])


def test_shares_are_dirichlet(drawn: list[tuple[Rates, Values]]) -> None:
    shares = np.asarray([list(rates.shares.values()) for rates, _ in drawn])
    assert shares.sum(axis=1) == pytest.approx(1.0)
    assert shares.mean(axis=0) == pytest.approx(1 / 3, abs=0.02)
    assert shares.var(axis=0) == pytest.approx(1 / 18, rel=0.1)


def test_deviations_of_tiers_add_up_to_zero_and_scale_with_their_sd(
    drawn: list[tuple[Rates, Values]],
) -> None:
    effects = np.asarray([[list(r.tier_effects[p].values()) for p in r.parts] for r, _ in drawn])
    sd = np.asarray([list(rates.tier_sd.values()) for rates, _ in drawn])
    assert np.abs(effects.sum(axis=2)).max() < 1e-12
    scaled = effects / sd[:, :, None]
    assert scaled.var(axis=0) == pytest.approx(np.full((3, 4), 1 - 1 / 4), rel=0.12)
    between_parts = np.corrcoef(scaled[:, 0, 0], scaled[:, 1, 0])[0, 1]
    assert abs(between_parts) < 4 / np.sqrt(COUNT)


def test_zero_sum_has_the_variance_and_correlation_of_pymc() -> None:
    import pymc as pm

    rng = np.random.default_rng(3)
    ours = np.asarray([zero_sum(1.5, 3, rng) for _ in range(20_000)])
    theirs = pm.draw(pm.ZeroSumNormal.dist(1.5, shape=3), draws=20_000, random_seed=4)
    assert np.cov(ours.T) == pytest.approx(np.cov(np.asarray(theirs).T), abs=0.08)


def test_a_single_tier_has_no_deviation(spec: ModelSpec) -> None:
    rates, values = draw_prior(spec, ("micro",), np.random.default_rng(1))
    assert {effect["micro"] for effect in rates.tier_effects.values()} == {0.0}
    assert values.tier_effects == {"micro": 0.0}


def test_a_brand_from_the_prior_carries_its_parameters(spec: ModelSpec) -> None:
    brand = simulate_from_prior(spec, 3, creators=30, posts_per_creator=4)
    truth = brand.truth
    assert (truth.kind, truth.model, truth.seed) == ("prior", "additive", 3)
    assert (brand.creators.height, brand.posts.height) == (30, 120)
    level = truth.rates.log_rate + np.log(truth.rates.shares["likes"] * truth.units["likes"])
    micro = level + truth.rates.tier_effects["likes"]["micro"]
    assert np.log(truth.rates_by_tier["micro"]["likes"]) == pytest.approx(micro)
    assert truth.values.distribution == "gamma"
    assert brand.orders["code"].null_count() == 0


def test_parameters_and_population_are_drawn_independently(spec: ModelSpec) -> None:
    """Two seeds differ in everything; the same seed gives the same brand."""
    first, again, other = (simulate_from_prior(spec, seed) for seed in (1, 1, 4))
    assert first.orders.equals(again.orders)
    assert first.truth.rates == again.truth.rates
    assert first.truth.rates.log_rate != other.truth.rates.log_rate
    assert not first.posts.equals(other.posts)


def test_amounts_keep_every_digit_so_that_small_orders_stay_paying(spec: ModelSpec) -> None:
    """With a shape of 0.1 a quarter of orders is worth less than half a cent."""
    value = spec.order_value
    assert value is not None
    shape = Prior("uniform", {"lower": 0.099, "upper": 0.101})
    rate = replace(spec.mean, rate=Prior("normal", {"mu": -7.0, "sigma": 0.01}))
    fixed = replace(spec, order_value=replace(value, shape=shape), mean=rate)
    brand = simulate_from_prior(fixed, 2)
    net = brand.orders["gross_revenue"] - brand.orders["discount"] - brand.orders["refunded"]
    paying = brand.truth.values.paying_share
    assert brand.orders.height > 500
    assert (net > 0).mean() == pytest.approx(paying, abs=4 * np.sqrt(0.25 / brand.orders.height))
    assert ((net > 0) & (net < 0.005)).mean() > 0.1


def test_a_model_without_rates_is_refused() -> None:
    with pytest.raises(InputError, match="brands cannot be drawn from the model 'engagement'"):
        simulate_from_prior(read_spec("engagement"), 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parts": ("reach", "saves")}, "simulated posts have no 'saves'"),
        (
            {"terms": (Group("platform", ("each part",), "zero_sum", Prior("half_normal", {})),)},
            "no zero_sum effects of platform on each part",
        ),
    ],
)
def test_what_brands_do_not_have_is_refused(
    spec: ModelSpec, change: dict[str, Any], message: str
) -> None:
    changed = replace(spec, mean=replace(spec.mean, **change))
    with pytest.raises(InputError, match=message):
        draw_prior(changed, TIERS, np.random.default_rng(1))


def test_max_orders_of_the_settings_holds(spec: ModelSpec) -> None:
    settings = replace(Settings.samples(), max_orders=10)
    with pytest.raises(InputError, match="at most 10"):
        simulate_from_prior(spec, 3, settings=settings)
