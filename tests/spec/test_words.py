"""Specs in words: equations with a run's names, every prior with its interval."""

from __future__ import annotations

import re

import pytest
from support.specs import LINEAR, RATES

from attribution.spec import catalogue, describe, parse_spec
from attribution.spec.model import ModelSpec
from attribution.spec.priors import Prior
from attribution.spec.stated import stated_priors
from attribution.spec.statement import StatedPrior
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
        "tier_effect[part, tier] ~ Normal(0, tier_sd[part]), adding up to 0 over the levels of "
        "tier",
        "creator_effect[creator_id] ~ Normal(-creator_sd^2 / 2, creator_sd), so that its "
        "exponential averages 1",
        LATE,
        "net_revenue ~ Gamma(paying_orders * value_shape, value_shape / order_value)",
        "order_value = exp(value_log_mean + value_tier_effect[tier])",
        "paying_orders ~ Binomial(credited orders, paying_share)",
        "value_tier_effect[tier] ~ Normal(0, value_tier_sd), adding up to 0 over the levels of "
        "tier",
        "inverse_alpha = 1 / alpha",
    ]


def test_equations_of_a_linear_mean_with_slopes_by_tier() -> None:
    text = LINEAR.replace('of = ["intercept"]', 'of = ["intercept", "volume"]', 1)
    assert equations(parse_spec(text))[1:6] == [
        "mean = reach * exp(intercept + slope_volume * volume + tier_effect[tier] + "
        "tier_volume_effect[tier] * volume)",
        "tier_effect[tier] ~ Normal(0, tier_sd), adding up to 0 over the levels of tier",
        "tier_volume_effect[tier] ~ Normal(0, tier_volume_sd), adding up to 0 over the levels of "
        "tier",
        "volume = ln(1 + likes), minus its average over the posts",
        LATE,
    ]


def test_every_prior_of_a_spec_is_stated_at_its_key() -> None:
    assert [(s.parameter, s.key) for s in stated_priors(parse_spec(LINEAR))] == [
        ("intercept", "mean.terms[0].prior"),
        ("slope_volume", "mean.terms[1].prior"),
        ("tier_sd", "mean.terms[2].sd"),
        ("alpha", "dispersion.prior"),
        ("value_log_mean", "order_value.mean"),
        ("value_shape", "order_value.shape"),
        ("paying_share", "order_value.paying_share"),
        ("value_tier_sd", "order_value.terms[0].sd"),
    ]


@pytest.mark.parametrize("spec", catalogue(), ids=lambda spec: spec.name)
def test_every_parameter_of_the_equations_has_a_prior(spec: ModelSpec) -> None:
    text = "\n".join(equations(spec))
    stated = {prior.parameter for prior in stated_priors(spec)}
    assert {name for name in stated if not re.search(rf"\b{name}\b", text)} == set()
    pattern = r"log_rate|intercept|slope_\w+|\w+_sd|alpha|value_log_mean|value_shape|paying_share"
    assert set(re.findall(rf"\b(?:{pattern})\b", text)) - stated == set()


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


HEAD = 'format = 1\nname = "mine"\n[outcome]\ncolumn = "{column}"\nfamily = "{family}"\n'
INTERCEPT = '[[mean.terms]]\nkind = "intercept"\n'


def model(family: str, rest: str, column: str = "y") -> ModelSpec:
    return parse_spec(HEAD.format(column=column, family=family) + rest)


def test_equations_of_own_parameters_with_terms() -> None:
    rest = '[features]\nx = "likes"\n[mean]\n' + INTERCEPT
    rest += INTERCEPT.replace("mean", "zero_inflation")
    rest += '[[zero_inflation.terms]]\nkind = "linear"\nfeature = "x"\n'
    assert equations(model("zero_inflated_poisson", rest)) == [
        "y ~ 0 with probability zero_inflation, else Poisson(mean)",
        "mean = exp(intercept)",
        "zero_inflation = inverse_logit(zero_inflation_intercept + zero_inflation_slope_x * x)",
        "x = likes, minus its average over the posts",
    ]


@pytest.mark.parametrize(
    ("centre", "words"),
    [
        ("all", ", minus its average over the posts"),
        ("intercept", ", minus its average over the posts in linear terms"),
        ("none", ""),
    ],
)
def test_equations_say_where_a_feature_is_centred(centre: str, words: str) -> None:
    rest = f'[features]\nx = "likes"\n[mean]\ncentre = "{centre}"\n{INTERCEPT}'
    rest += '[[mean.terms]]\nkind = "linear"\nfeature = "x"\n'
    rest += '[[mean.terms]]\nkind = "group"\nby = "g"\nof = ["x"]\neffects = "exchangeable"\n'
    assert equations(model("normal", rest))[-1] == f"x = likes{words}"


def test_offsets_and_curves_are_never_centred() -> None:
    rest = '[features]\nx = "likes"\nz = "comments"\n[mean]\n' + INTERCEPT
    rest += '[[mean.terms]]\nkind = "offset"\nfeature = "x"\n'
    rest += '[[mean.terms]]\nkind = "spline"\nfeature = "z"\n'
    found = equations(model("poisson", rest))
    assert found[1] == "mean = exp(intercept + x (not centred) + z_spline(z))"
    assert found[-2:] == ["x = likes", "z = comments"]


def test_only_conversions_are_said_to_come_late() -> None:
    assert LATE in equations(model("poisson", "[mean]\n" + INTERCEPT, column="conversions"))
    assert LATE not in equations(model("poisson", "[mean]\n" + INTERCEPT, column="clicks"))
    assert LATE not in equations(model("hurdle_poisson", "[mean]\n" + INTERCEPT, "conversions"))


DEFAULTS = [
    ("poisson", "intercept", "normal(mu = log of the average y, sigma = 2.5)"),
    ("normal", "intercept", "normal(mu = average y, sigma = 2.5 sd(y))"),
    ("log_normal", "intercept", "normal(mu = average ln(y), sigma = 2.5 sd(ln(y)))"),
    (
        "bernoulli",
        "intercept",
        "normal(mu = logit of the average probability of y, sigma = 2.5)",
    ),
    ("poisson", "slope_x", "normal(mu = 0, sigma = 1 / sd(x))"),
    ("normal", "slope_x", "normal(mu = 0, sigma = sd(y) / sd(x))"),
    ("poisson", "g_sd", "half_normal(sigma = 1)"),
    ("poisson", "g_x_sd", "half_normal(sigma = 1 / sd(x))"),
    ("poisson", "h_sd", "half_normal(sigma = 1)"),
    ("normal", "h_sd", "half_normal(sigma = sd(y))"),
    ("normal", "sigma", "exponential(lam = 1 / sd(y))"),
    ("log_normal", "sigma", "exponential(lam = 1 / sd(ln(y)))"),
]


@pytest.mark.parametrize(("family", "parameter", "rule"), DEFAULTS)
def test_a_default_prior_is_told_by_its_rule(family: str, parameter: str, rule: str) -> None:
    rest = '[features]\nx = "likes"\n[mean]\n' + INTERCEPT
    rest += '[[mean.terms]]\nkind = "linear"\nfeature = "x"\n'
    rest += '[[mean.terms]]\nkind = "group"\nby = "g"\nof = ["intercept", "x"]\n'
    rest += 'effects = "exchangeable"\n'
    rest += '[[mean.terms]]\nkind = "group"\nby = "h"\nof = ["intercept"]\n'
    rest += 'effects = "exchangeable"\n'
    lines = [line for line in prior_lines(model(family, rest)) if line.startswith(parameter + " ")]
    assert [line.split("  ")[0] for line in lines] == [parameter]
    assert f" default: {rule}  " in lines[0] + " "
    assert "  by the table  " in lines[0]


def test_a_spec_without_words_has_no_empty_sections() -> None:
    text = describe(model("poisson", "[mean]\n" + INTERCEPT))
    assert [line for line in text.splitlines() if line and not line.startswith(" ")] == [
        "mine",
        "Columns",
        "Equations, with the names that parameters have in a run",
        "Priors as they will be used, with the middle 89% of each",
    ]
