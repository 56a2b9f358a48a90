"""Specs in words: equations with a run's names, every prior with its interval."""

from __future__ import annotations

import re

import pytest
from support.specs import LINEAR, RATES

from attribution.spec import catalogue, describe, parse_spec
from attribution.spec.model import ModelSpec, Prior
from attribution.spec.stated import StatedPrior, stated_priors
from attribution.spec.words import equations, prior_lines, prior_text

LATE = (
    "where orders come late (carry_shares in the table), conversions are the sum of what each post "
    "whose orders are credited here leaves by its share; posts share that post's good or bad luck"
)


def test_equations_of_a_rates_mean() -> None:
    assert equations(parse_spec(RATES)) == [
        "conversions ~ NegativeBinomial(mean, alpha), variance = mean + mean^2 / alpha",
        "mean = exp(creator_effect[creator_id]) * (rate[reach] * reach + rate[likes] * likes)",
        "log(rate[part]) = log_rate + log(share[part]) + log(unit[part]) + tier_effect[part, tier]",
        "unit[part] = total reach / total of the part, over the posts that show every part",
        LATE,
        "tier_effect[part, tier] ~ Normal(0, tier_sd[part]), adding up to 0 over the levels of "
        "tier",
        "creator_effect[creator_id] ~ Normal(-creator_sd^2 / 2, creator_sd), so that its "
        "exponential averages 1",
        "alpha = 1 / inverse_alpha",
        "net_revenue ~ Gamma(paying_orders * value_shape, value_shape / order_value)",
        "order_value = exp(value_log_mean + value_tier_effect[tier])",
        "paying_orders ~ Binomial(credited orders, paying_share)",
        "value_tier_effect[tier] ~ Normal(0, value_tier_sd), adding up to 0 over the levels of "
        "tier",
    ]


def test_equations_of_a_linear_mean_with_slopes_by_tier() -> None:
    text = LINEAR.replace('of = ["intercept"]', 'of = ["intercept", "volume"]', 1)
    assert equations(parse_spec(text))[1:6] == [
        "mean = reach * exp(intercept + slope_volume * volume + tier_effect[tier] + "
        "tier_volume_effect[tier] * volume)",
        "volume = ln(1 + likes), minus its average over the posts",
        LATE,
        "tier_effect[tier] ~ Normal(0, tier_sd), adding up to 0 over the levels of tier",
        "tier_volume_effect[tier] ~ Normal(0, tier_volume_sd), adding up to 0 over the levels of "
        "tier",
    ]


def test_every_prior_of_a_spec_is_stated_at_its_key() -> None:
    assert [(s.parameter, s.key) for s in stated_priors(parse_spec(LINEAR))] == [
        ("intercept", "mean.terms[0].prior"),
        ("slope_volume", "mean.terms[1].prior"),
        ("tier_sd", "mean.terms[2].sd"),
        ("inverse_alpha", "dispersion.prior"),
        ("value_log_mean", "order_value.mean"),
        ("value_shape", "order_value.shape"),
        ("paying_share", "order_value.paying_share"),
        ("value_tier_sd", "order_value.terms[0].sd"),
    ]


@pytest.mark.parametrize("spec", catalogue(), ids=lambda spec: spec.name)
def test_every_parameter_of_the_equations_has_a_prior(spec: ModelSpec) -> None:
    pattern = (
        r"log_rate|share(?=\[)|intercept|slope_\w+|\w+_sd|inverse_alpha|value_log_mean|value_shape"
        r"|paying_share"
    )
    named = set(re.findall(rf"\b(?:{pattern})", "\n".join(equations(spec))))
    assert named == {stated.parameter for stated in stated_priors(spec)}


def test_prior_lines_give_the_middle_of_each_prior_and_its_natural_scale() -> None:
    lines = prior_lines(parse_spec(LINEAR))
    assert lines[:3] == [
        "intercept       normal(mu = -7.5, sigma = 2)     -10.7 to -4.3    log of conversions per "
        "unit of reach at average features",
        "                that is 2.3e-05 to 0.014 conversions per unit of reach",
        "slope_volume    normal(mu = 0, sigma = 0.5)      -0.799 to 0.799  change of the log mean "
        "per unit of volume",
    ]
    assert "                that is 5 to 600 net revenue per paying order" in lines


def test_the_interval_of_one_share_is_that_of_its_marginal() -> None:
    # With two shares and concentration 1 each is uniform between 0 and 1.
    prior = Prior("dirichlet", {"concentration": 1.0})
    assert StatedPrior("share", "mean.shares", prior, "", count=2).interval(0.9) == pytest.approx(
        (0.05, 0.95)
    )
    three = StatedPrior("share", "mean.shares", prior, "", count=3).interval(0.9)
    assert three == pytest.approx((1 - 0.95**0.5, 1 - 0.05**0.5))


def test_a_prior_is_written_with_its_parameters() -> None:
    assert prior_text(Prior("normal", {"mu": -7.5, "sigma": 2.0})) == "normal(mu = -7.5, sigma = 2)"


def test_the_description_has_every_section_in_reading_order() -> None:
    text = describe(parse_spec(RATES), width=80)
    assert [line for line in text.splitlines() if line and not line.startswith(" ")] == [
        "mine: A model",
        "Question",
        "Assumptions",
        "Columns",
        "Missing values",
        "Equations, with the names that parameters have in a run",
        "Priors as they will be used, with the middle 89% of each",
        "References",
    ]
    assert "  - Likes add up.\n" in text
    assert (
        "  conversions, reach, likes, tier, creator_id, for the order value net_revenue\n"
        "  and paying_orders\n"
    ) in text
