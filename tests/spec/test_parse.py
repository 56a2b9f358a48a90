"""Specs that are right: read as declared, written and read again as the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.specs import DISPERSION, LINEAR, ORDER_VALUE, RATES, changed

from attribution.spec import ModelSpec, catalogue, parse_spec, to_toml
from attribution.spec.model import (
    Dispersion,
    Feature,
    Group,
    Intercept,
    Linear,
    Predictor,
    OrderValue,
    Outcome,
    Prior,
    RatesMean,
)
from attribution.spec.priors import PRIORS


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
        dispersion=Dispersion(half_normal(1.0), "inverse"),
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


def test_a_spec_without_dispersion_would_not_come_back_unnoticed() -> None:
    text = to_toml(replace(parse_spec(RATES), dispersion=None))
    assert DISPERSION.strip().splitlines()[0] not in text
    with pytest.raises(Exception, match=r"key dispersion: the key is missing"):
        parse_spec(text)
