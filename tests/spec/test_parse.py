"""Specs that are right: read as declared, written and read again as the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.specs import LINEAR, MISSING, ORDER_VALUE, RATES, changed, changed_first

from attribution.spec import ModelSpec, catalogue, parse_spec, to_toml
from attribution.spec.model import Feature, OrderValue, Outcome, Own, Predictor, RatesMean
from attribution.spec.priors import PRIORS, Prior
from attribution.spec.terms import Group, Intercept, Linear


def normal(mu: float, sigma: float) -> Prior:
    return Prior("normal", {"mu": mu, "sigma": sigma})


def half_normal(sigma: float) -> Prior:
    return Prior("half_normal", {"sigma": sigma})


def test_a_linear_spec_is_read_as_declared() -> None:
    assert parse_spec(LINEAR) == ModelSpec(
        name="mine",
        title="A model",
        question="What is a like worth?",
        assumptions=("Likes add up.",),
        references=("None.",),
        outcome=Outcome("conversions", "negative_binomial", "reach"),
        features=(Feature("volume", "ln(1 + likes)"),),
        missing={"likes": "latent"},
        mean=Predictor(
            "log",
            (
                Intercept(normal(-7.5, 2.0)),
                Linear("volume", normal(0.0, 0.5)),
                Group("tier", ("intercept",), "zero_sum", half_normal(0.5)),
            ),
        ),
        own={"dispersion": Own(replace(half_normal(1.0), on="inverse"))},
        order_value=OrderValue(
            normal(4.0, 1.5),
            Prior("log_normal", {"mu": 0.5, "sigma": 1.0}),
            Prior("beta", {"alpha": 9.0, "beta": 1.0}),
            (Group("tier", ("intercept",), "zero_sum", half_normal(0.3)),),
        ),
    )


def test_a_rates_spec_is_read_as_declared() -> None:
    assert parse_spec(RATES).mean == RatesMean(
        ("reach", "likes"),
        normal(-7.5, 2.0),
        Prior("dirichlet", {"concentration": 1.0}),
        (
            Group("tier", ("each part",), "zero_sum", half_normal(0.5)),
            Group("creator_id", ("all parts",), "mean_one", half_normal(0.7)),
        ),
    )


def test_the_order_value_is_optional() -> None:
    assert parse_spec(RATES.replace(ORDER_VALUE, "")).order_value is None


def test_words_for_people_and_policies_may_be_left_out() -> None:
    text = LINEAR.replace(MISSING, "").replace('title = "A model"\n', "")
    text = text.replace('question = "What is a like worth?"\n', "")
    text = text.replace('assumptions = ["Likes add up."]\n', "")
    spec = parse_spec(text.replace('references = ["None."]\n', ""))
    assert (spec.title, spec.question, spec.assumptions, spec.references) == ("mine", "", (), ())
    assert spec.missing == {}
    assert parse_spec(to_toml(spec)) == spec


def test_a_mean_is_linear_with_the_first_link_unless_it_says_otherwise() -> None:
    text = changed_first(LINEAR, 'form = "linear"\nlink = "log"\n', "")
    assert parse_spec(text) == parse_spec(LINEAR)


def test_on_beside_the_prior_of_a_dispersion_is_its_scale_as_in_older_files() -> None:
    old = '[dispersion]\non = "inverse"\nprior = { name = "half_normal", sigma = 1.0 }\n'
    new = '[dispersion]\nprior = { name = "half_normal", sigma = 1.0, on = "inverse" }\n'
    assert parse_spec(changed_first(LINEAR, new, old)) == parse_spec(LINEAR)


def test_slopes_may_vary_between_groups() -> None:
    text = LINEAR.replace('of = ["intercept"]', 'of = ["intercept", "volume"]', 1)
    mean = parse_spec(text).mean
    assert mean.terms[2] == Group("tier", ("intercept", "volume"), "zero_sum", half_normal(0.5))


def test_numbers_may_be_whole_and_lines_may_end_as_in_windows() -> None:
    text = changed(LINEAR, "mu = 0.0, sigma = 0.5", "mu = 0, sigma = 5e-1")
    assert parse_spec(text.replace("\n", "\r\n")) == parse_spec(LINEAR)


@pytest.mark.parametrize("spec", catalogue(), ids=lambda spec: spec.name)
def test_shipped_specs_come_back_as_they_were(spec: ModelSpec) -> None:
    assert parse_spec(to_toml(spec)) == spec


finite = st.floats(-1e6, 1e6, allow_nan=False)
above = st.floats(1e-6, 1e6)
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1).filter(
    str.strip
)


@st.composite
def positive_priors(draw: st.DrawFn) -> Prior:
    kind = PRIORS[draw(st.sampled_from(["half_normal", "gamma", "log_normal", "half_student_t"]))]
    parameters = {
        name: draw(finite if support.low < 0 else above)
        for name, support in kind.parameters.items()
    }
    return Prior(kind.name, parameters)


@given(title=words, question=words, sd=positive_priors(), mu=finite, sigma=above)
def test_any_spec_comes_back_as_it_was(
    title: str, question: str, sd: Prior, mu: float, sigma: float
) -> None:
    linear = parse_spec(LINEAR)
    term = Group("creator_id", ("intercept", "volume"), "exchangeable", sd)
    mean = Predictor("log", (Intercept(normal(mu, sigma)), *linear.mean.terms[1:], term))
    spec = replace(linear, title=title, question=question, mean=mean, order_value=None)
    assert parse_spec(to_toml(spec)) == spec
