"""Priors: those a spec states are those of the model, whatever the parametrisation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pymc as pm
import pytest
from scipy import stats
from support import small, tiny

from attribution.model import build_model, prior
from attribution.spec import read_spec
from attribution.spec.priors import PRIORS, Prior, quantile
from attribution.spec.stated import stated_priors
from attribution.spec.statement import PROB

COUNT = 4_000
KS = 1.95 / np.sqrt(COUNT)
"""Kolmogorov's distance that draws from the stated distribution exceed once in a thousand."""

PARAMETERS: dict[str, dict[str, float]] = {
    "normal": {"mu": 1.0, "sigma": 2.0},
    "student_t": {"nu": 4.0, "mu": 1.0, "sigma": 2.0},
    "cauchy": {"alpha": 1.0, "beta": 2.0},
    "laplace": {"mu": 1.0, "b": 2.0},
    "logistic": {"mu": 1.0, "s": 2.0},
    "half_normal": {"sigma": 2.0},
    "half_student_t": {"nu": 4.0, "sigma": 2.0},
    "half_cauchy": {"beta": 2.0},
    "exponential": {"lam": 2.0},
    "gamma": {"alpha": 3.0, "beta": 2.0},
    "inverse_gamma": {"alpha": 3.0, "beta": 2.0},
    "log_normal": {"mu": 1.0, "sigma": 0.5},
    "beta": {"alpha": 3.0, "beta": 2.0},
    "uniform": {"lower": -1.0, "upper": 3.0},
}


def test_every_registered_prior_of_a_number_is_tried() -> None:
    assert PARAMETERS.keys() == {n for n, kind in PRIORS.items() if kind.quantile is not None}


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_registered_prior_is_pymcs_distribution_of_that_name(name: str) -> None:
    """The registry's quantiles and the model's draws agree, so parameters mean the same."""
    stated = Prior(name, PARAMETERS[name])
    with pm.Model(coords={"level": ["a", "b"]}):
        variable = prior("x", stated, "level")
    draws = pm.draw(variable, COUNT // 2, random_seed=1, mode="FAST_COMPILE")
    assert draws.shape == (COUNT // 2, 2)
    for share in (0.05, 0.25, 0.5, 0.75, 0.95):
        below = np.mean(draws < quantile(stated, share))
        assert abs(below - share) < 4 * np.sqrt(share * (1 - share) / COUNT)


@pytest.mark.parametrize("name", ["additive", "engagement"])
def test_stated_priors_are_all_the_models_parameters(name: str) -> None:
    model = build_model(small.design(name))
    free = {rv.name for rv in model.free_RVs}
    standardised = {n for n in free if n.endswith(("_z", "_raw"))}
    stated = stated_priors(read_spec(name))
    named = {f"{s.prior.on}_{s.parameter}" if s.prior.on else s.parameter for s in stated}
    assert named == free - standardised


@pytest.mark.parametrize("name", ["additive", "engagement"])
def test_parameters_lie_within_their_stated_interval_as_often_as_it_says(name: str) -> None:
    drawn = small.prior(name)
    for stated in stated_priors(read_spec(name)):
        values = drawn[stated.parameter].to_numpy()[0].reshape(small.DISTINCT, -1)[:, 0]
        low, high = stated.interval()
        inside = np.mean((values >= low) & (values <= high))
        assert abs(inside - PROB) < 4 * np.sqrt(PROB * (1 - PROB) / small.DISTINCT), stated


def drawn_effects(spec: Any, told: float) -> tuple[np.ndarray, np.ndarray]:
    """Return draws of creators' spread and effects, the data telling so much of each."""
    design = tiny.design(spec=spec)
    creators = replace(
        design.groups["creator_id"], information=np.full(2, told), estimate=np.array([-3.0, 5.0])
    )
    groups = {**design.groups, "creator_id": creators}
    model = build_model(replace(design, groups=groups))
    variables = [model["creator_sd"], model["creator_effect"]]
    sd, effect = pm.draw(variables, COUNT, random_seed=7, mode="FAST_COMPILE")
    return sd, effect


@pytest.mark.parametrize("told", [0.0, 3.0, 500.0])
@pytest.mark.parametrize("spec", [tiny.ADDITIVE, tiny.ENGAGEMENT], ids=lambda s: s.name)
def test_effects_have_the_same_prior_whatever_the_data_tell(spec: Any, told: float) -> None:
    """Standardised they are normal, for small and large spreads alike, and independent."""
    sd, effect = drawn_effects(spec, told)
    assert stats.kstest(sd, stats.halfnorm(scale=0.7).cdf).statistic < KS
    shift = sd**2 / 2 if spec.name == "additive" else np.zeros(COUNT)
    z = (effect + shift[:, None]) / sd[:, None]
    wide = sd > np.median(sd)
    for level in z.T:
        assert stats.kstest(level, stats.norm.cdf).statistic < KS
        assert stats.kstest(level[wide], stats.norm.cdf).statistic < KS * np.sqrt(2)
    assert abs(np.corrcoef(z.T)[0, 1]) < 4 / np.sqrt(COUNT)


@pytest.mark.parametrize("told", [0.0, 3.0, 500.0])
def test_multipliers_average_one(told: float) -> None:
    sd, effect = drawn_effects(tiny.ADDITIVE, told)
    multiplier = np.exp(effect[sd < 1.2])
    error = multiplier.std() / np.sqrt(multiplier.size)
    assert error < 0.03
    assert abs(multiplier.mean() - 1.0) < 5 * error


@pytest.mark.parametrize("told", [0.0, 3.0, 500.0])
def test_deviations_of_tiers_add_up_to_zero_for_every_part(told: float) -> None:
    design = small.design("additive")
    tiers = replace(design.groups["tier"], information=np.full(4, told))
    model = build_model(replace(design, groups={**design.groups, "tier": tiers}))
    variables = [model["tier_sd"], model["tier_effect"]]
    sd, effect = pm.draw(variables, COUNT, random_seed=3, mode="FAST_COMPILE")
    assert effect.shape == (COUNT, 3, 4)
    assert np.abs(effect.sum(axis=2)).max() < 1e-10
    scaled = effect / sd[:, :, None]
    assert scaled.var(axis=0) == pytest.approx(np.full((3, 4), 1 - 1 / 4), rel=0.12)
    assert abs(np.corrcoef(scaled[:, 0, 0], scaled[:, 1, 0])[0, 1]) < 4 / np.sqrt(COUNT)


def test_dims_have_the_names_of_what_they_are() -> None:
    model = build_model(small.design("additive"))
    design = small.design("additive")
    assert model.named_vars_to_dims["creator_effect"] == ("creator",)
    assert model.named_vars_to_dims["tier_effect"] == ("part", "tier")
    assert model.named_vars_to_dims["conversions"] == ("post",)
    assert tuple(model.coords["creator"]) == design.groups["creator_id"].levels
    assert tuple(model.coords["part"]) == ("reach", "likes", "comments")
    assert tuple(model.coords["post"]) == design.posts
