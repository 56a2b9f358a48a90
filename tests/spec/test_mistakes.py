"""Specs that are wrong: every message whole, at its place, and all of them at once."""

from __future__ import annotations

import pytest
from support.specs import (
    FEATURES,
    HEAD,
    LINEAR,
    LINEAR_MEAN,
    MISSING,
    RATES,
    changed,
    changed_first,
)

from attribution.errors import InputError
from attribution.spec import parse_spec

POSITIVE_PRIORS = (
    "half_flat, half_normal, half_student_t, half_cauchy, exponential, gamma, inverse_gamma, "
    "log_normal, beta, uniform"
)


REQUIRED = ("format", "name", "outcome", "mean")
SECTIONS = (
    "assumptions, authenticity, capture, concentration, dispersion, experiments, features, format, "
    "hurdle, mean, missing, name, nu, order_value, outcome, question, references, shape, sigma, "
    "stages, title, zero_inflation"
)


def messages(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        parse_spec(text, file="my.toml")
    assert caught.value.exit_code == 2
    return [str(problem) for problem in caught.value.problems]


def only(text: str) -> str:
    found = messages(text)
    assert len(found) == 1, found
    return found[0]


KEYS = [
    (
        changed_first(RATES, "title", "titel"),
        ["my.toml, key titel: unknown key. Did you mean 'title'?"],
    ),
    (
        changed_first(RATES, 'rate = { name = "normal", mu = -7.5, sigma = 2.0 }', ""),
        ["my.toml, key mean.rate: the key is missing; expected a table [mean.rate]"],
    ),
    (
        changed_first(RATES, "sigma = 0.7", "sigma = 0.7, nu = 3"),
        ["my.toml, key mean.terms[1].sd.nu: unknown key. There are: name, on, sigma"],
    ),
    (
        RATES + "\n[priors]\na = 1\n",
        [f"my.toml, key priors: unknown key. There are: {SECTIONS}"],
    ),
    (
        changed_first(RATES, 'title = "A model"', "title = 3"),
        ["my.toml, key title: wrong value (found '3'); expected text in quotes"],
    ),
    (
        changed_first(RATES, 'title = "A model"', 'title = " "'),
        ["my.toml, key title: wrong value (found ' '); expected text in quotes"],
    ),
    (
        changed_first(RATES, '["Likes add up."]', '"Likes add up."'),
        [
            "my.toml, key assumptions: wrong value (found 'Likes add up.'); expected a list of "
            'texts, such as ["one", "two"]'
        ],
    ),
    (
        changed_first(RATES, '["Likes add up."]', "[]"),
        [
            "my.toml, key assumptions: wrong value (found '[]'); expected a list of texts, such "
            'as ["one", "two"]'
        ],
    ),
    (
        changed_first(RATES, "format = 1", "format = 2"),
        [
            "my.toml, key format: this version of attribution does not read that format "
            "(found '2'); expected 1"
        ],
    ),
    (
        changed_first(RATES, 'name = "mine"', 'name = "My model"'),
        [
            "my.toml, key name: this is no name for a model (found 'My model'); expected "
            "lower-case letters, digits, - and _, beginning with a letter"
        ],
    ),
    (
        "outcome = 3\n" + changed_first(RATES, HEAD[HEAD.index("[outcome]") :], ""),
        ["my.toml, key outcome: wrong value (found '3'); expected a table [outcome]"],
    ),
    (
        changed_first(RATES, 'kind = "group"', 'kind = "grup"'),
        ["my.toml, key mean.terms[0].kind: there is no kind of term 'grup'. Did you mean 'group'?"],
    ),
]

REGISTRIES = [
    (
        "negative_binomial",
        "negativ_binomial",
        "outcome.family: there is no family 'negativ_binomial'. Did you mean 'negative_binomial'?",
    ),
    ('"log"', '"logs"', "mean.link: there is no link 'logs'. Did you mean 'log'?"),
    (
        '"log"',
        '"logit"',
        "mean.link: the family 'negative_binomial' has no link 'logit'; expected one of log",
    ),
    (
        '"half_normal", sigma = 0.5',
        '"halfnormal", sigma = 0.5',
        "mean.terms[2].sd.name: there is no prior 'halfnormal'. Did you mean 'half_normal'?",
    ),
    (
        '"zero_sum"',
        '"zerosum"',
        "mean.terms[2].effects: there is no kind of effects 'zerosum'. Did you mean 'zero_sum'?",
    ),
    (
        '"inverse"',
        '"invers"',
        "dispersion.prior.on: there is no scale of a prior 'invers'. Did you mean 'inverse'?",
    ),
    (
        '"latent"',
        '"drop"',
        "missing.likes: there is no policy 'drop'. There are: latent, set_aside",
    ),
    (
        '"linear"\nlink',
        '"ratio"\nlink',
        "mean.form: there is no form of the mean 'ratio'. Did you mean 'rates'?",
    ),
]

PRIORS = [
    (
        '"half_normal", sigma = 0.5',
        '"half_normal", sigma = -0.5',
        "mean.terms[2].sd.sigma: impossible value (found '-0.5'); expected numbers above 0",
    ),
    (
        '"half_normal", sigma = 0.5',
        '"half_normal", sigma = 0',
        "mean.terms[2].sd.sigma: impossible value (found '0.0'); expected numbers above 0",
    ),
    (
        '"half_normal", sigma = 0.5',
        '"half_normal", sigma = nan',
        "mean.terms[2].sd.sigma: wrong value (found 'nan'); expected a finite number",
    ),
    (
        '"half_normal", sigma = 0.5',
        '"half_normal", sigma = inf',
        "mean.terms[2].sd.sigma: wrong value (found 'inf'); expected a finite number",
    ),
    (
        '"half_normal", sigma = 0.5',
        '"half_normal", sigma = true',
        "mean.terms[2].sd.sigma: wrong value (found 'true'); expected a finite number",
    ),
    (
        '"half_normal", sigma = 0.5',
        '"half_normal", sigma = "0.5"',
        "mean.terms[2].sd.sigma: wrong value (found '0.5'); expected a finite number",
    ),
    (
        '"half_normal", sigma = 0.5',
        '"half_normal"',
        "mean.terms[2].sd.sigma: the key is missing; expected a number",
    ),
    (
        '{ name = "half_normal", sigma = 0.5 }',
        "0.5",
        "mean.terms[2].sd: wrong value (found '0.5'); expected a table [mean.terms[2].sd]",
    ),
    (
        '"half_normal", sigma = 0.5',
        '"normal", mu = 0, sigma = 0.5',
        "mean.terms[2].sd: a normal prior gives any number, but this parameter takes numbers "
        f"above 0; expected one of {POSITIVE_PRIORS}",
    ),
    (
        '"half_normal", sigma = 0.5',
        '"uniform", lower = -1, upper = 1',
        "mean.terms[2].sd: a uniform prior gives numbers between -1 and 1, but this parameter "
        f"takes numbers above 0; expected one of {POSITIVE_PRIORS}",
    ),
    (
        '"half_normal", sigma = 0.5',
        '"uniform", lower = 2, upper = 1',
        "mean.terms[2].sd: lower is not below upper",
    ),
    (
        '"beta", alpha = 9.0, beta = 1.0',
        '"half_normal", sigma = 1',
        "order_value.paying_share: a half_normal prior gives numbers above 0, but this parameter "
        "takes numbers between 0 and 1; expected one of beta, uniform",
    ),
    (
        '"beta", alpha = 9.0, beta = 1.0',
        '"beta", alpha = 9.0, beta = 0',
        "order_value.paying_share.beta: impossible value (found '0.0'); expected numbers above 0",
    ),
    (
        '"normal", mu = -7.5, sigma = 2.0',
        '"dirichlet", concentration = 1',
        "mean.terms[0].prior: a dirichlet prior gives shares that add up to 1, but this parameter "
        "takes any number; expected one of flat, half_flat, normal, student_t, cauchy, laplace, "
        f"logistic, {POSITIVE_PRIORS.removeprefix('half_flat, ')}",
    ),
]

LINEAR_RULES = [
    ('feature = "volume"', 'feature = "volum"', [
        "mean.terms[1].feature: there is no feature 'volum' under [features]. Did you mean "
        "'volume'?",
        "features.volume: the feature 'volume' is never used. Remove it, or add a term for it"]),
    ('of = ["intercept"]\neffects = "zero_sum"\nsd = { name = "half_normal", sigma = 0.5',
     'of = ["volum"]\neffects = "zero_sum"\nsd = { name = "half_normal", sigma = 0.5', [
        "mean.terms[2].of: 'volum' cannot vary between the levels of 'tier' here; expected one of "
        "intercept, volume"]),
    ('of = ["intercept"]\neffects = "zero_sum"\nsd = { name = "half_normal", sigma = 0.5',
     'of = ["volume"]\neffects = "mean_one"\nsd = { name = "half_normal", sigma = 0.5', [
        "mean.terms[2].effects: the slope of 'volume' is no multiplier, so its effects cannot be "
        "mean_one; expected zero_sum or exchangeable"]),
    ('of = ["intercept"]\neffects = "zero_sum"\nsd = { name = "half_normal", sigma = 0.3',
     'of = ["volume"]\neffects = "zero_sum"\nsd = { name = "half_normal", sigma = 0.3', [
        "order_value.terms[0].of: 'volume' cannot vary between the levels of 'tier' here; expected "
        "one of intercept"]),
    ('volume = "ln', 'tier = "ln', [
        "features.tier: a feature may not have the name of a column. Choose another name",
        "features.tier: the feature 'tier' is never used. Remove it, or add a term for it"]),
    ('by = "tier"\nof = ["intercept"]\neffects = "zero_sum"\nsd = { name = "half_normal", sigma '
     "= 0.5", 'by = "reach"\nof = ["intercept"]\neffects = "zero_sum"\nsd = { name = "half_normal",'
     " sigma = 0.5", [
        "mean.terms[2].by: 'reach' is a number of the model, not a grouping"]),
    ('exposure = "reach"', 'exposure = "conversions"', [
        "outcome.exposure: the exposure is the outcome 'conversions' itself; expected the number "
        "of people who could have seen the post"]),
    ('volume = "ln(1 + likes)"', 'volume = "ln(1 + likes / conversions)"', [
        "features.volume: a feature may not be made from the outcome 'conversions' (found 'ln(1 + "
        "likes / conversions)')"]),
    ('volume = "ln(1 + likes)"', 'volume = "likes / avg(likes)"', [
        "features.volume: 'avg' is computed over several posts; a feature is made from one post's "
        "values (found 'likes / avg(likes)')"]),
    ('likes = "latent"', 'likes = "latent"\nlike = "latent"', [
        "missing.like: 'like' is no signal of this model, so it needs no policy. Did you mean "
        "'likes'?"]),
    ('likes = "latent"', 'likes = "latent"\nreach = "set_aside"', [
        "missing.reach: 'reach' is no signal of this model, so it needs no policy. There are: "
        "likes"]),
]  # fmt: skip

SECOND_TERM = """
[[mean.terms]]
kind = "{kind}"
{rest}
"""
GROUP = """by = "tier"
of = ["intercept"]
effects = "zero_sum"
sd = { name = "half_normal", sigma = 1 }"""

RATES_RULES = [
    ('parts = ["reach", "likes"]', 'parts = ["likes", "reach"]', [
        "mean.parts[0]: the first part must be the outcome's exposure 'reach' (found 'likes'); "
        "expected reach"]),
    ('parts = ["reach", "likes"]', 'parts = ["reach", "likes", "likes"]', [
        "mean.parts[2]: the part 'likes' is there twice"]),
    ('parts = ["reach", "likes"]', 'parts = ["reach", "likes", "conversions"]', [
        "mean.parts[2]: the outcome 'conversions' cannot be a part"]),
    ('of = ["each part"]', 'of = ["intercept"]', [
        "mean.terms[0].of: 'intercept' cannot vary between the levels of 'tier' here; expected one "
        "of all parts, each part"]),
    ('of = ["each part"]', 'of = ["each part", "all parts"]', [
        "mean.terms[0]: a second term for 'all parts' by 'tier'",
        "mean.terms[0].of: each part varies by itself or all parts vary together, not both in one "
        "term. Write two terms"]),
    ('by = "creator_id"', 'by = "tier"', [
        "mean.terms[1]: a second term for 'all parts' by 'tier'"]),
    ('by = "creator_id"', 'by = "tier_id"', [
        "mean.terms[1].by: 'tier_id' and 'tier' would have the same name in a run"]),
    (MISSING, FEATURES + MISSING, [
        "features.volume: a rates mean uses no features: the feature 'volume' is never used. "
        "Remove it, or use a linear mean"]),
    ('exposure = "reach"', "", [
        "outcome.exposure: a rates mean needs an exposure; expected reach"]),
    ("negative_binomial", "poisson", [
        "dispersion: the family 'poisson' has no dispersion. Remove it; families that have it: "
        "negative_binomial, zero_inflated_negative_binomial, hurdle_negative_binomial",
        "outcome.family: a rates mean has no family 'poisson'; expected negative_binomial"]),
    ('effects = "zero_sum"', 'effects = "exchangeable"', [
        "mean.terms[0].effects: rates of each part cannot have exchangeable effects; expected "
        "zero_sum"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), KEYS)
def test_keys(text: str, expected: list[str]) -> None:
    assert messages(text) == expected


@pytest.mark.parametrize(("old", "new", "expected"), REGISTRIES)
def test_registered_names(old: str, new: str, expected: str) -> None:
    assert f"my.toml, key {expected}" in messages(changed_first(LINEAR, old, new))


@pytest.mark.parametrize(("old", "new", "expected"), PRIORS)
def test_priors(old: str, new: str, expected: str) -> None:
    assert only(changed_first(LINEAR, old, new)) == f"my.toml, key {expected}"


@pytest.mark.parametrize(("old", "new", "expected"), LINEAR_RULES)
def test_rules_of_a_linear_mean(old: str, new: str, expected: list[str]) -> None:
    assert messages(changed_first(LINEAR, old, new)) == [f"my.toml, key {e}" for e in expected]


@pytest.mark.parametrize(("old", "new", "expected"), RATES_RULES)
def test_rules_of_a_rates_mean(old: str, new: str, expected: list[str]) -> None:
    assert messages(changed_first(RATES, old, new)) == [f"my.toml, key {e}" for e in expected]


@pytest.mark.parametrize(
    ("kind", "rest", "expected"),
    [
        (
            "intercept",
            'prior = { name = "normal", mu = 0, sigma = 1 }',
            "mean.terms[3]: a second term for 'intercept'",
        ),
        (
            "linear",
            'feature = "volume"\nprior = { name = "normal", mu = 0, sigma = 1 }',
            "mean.terms[3]: a second term for 'volume'",
        ),
        (
            "group",
            GROUP,
            "mean.terms[3]: a second term for 'intercept' by 'tier'",
        ),
    ],
)
def test_a_term_may_be_there_once(kind: str, rest: str, expected: str) -> None:
    text = LINEAR.replace(LINEAR_MEAN, LINEAR_MEAN + SECOND_TERM.format(kind=kind, rest=rest))
    assert only(text) == f"my.toml, key {expected}"


@pytest.mark.parametrize("name", ["intercept", "exposure", "alpha"])
def test_a_feature_may_not_have_a_name_with_another_meaning(name: str) -> None:
    text = LINEAR.replace("volume", name)
    found = (
        f"my.toml, key features.{name}: {name!r} stands for something else in a run. "
        "Choose another name"
    )
    assert found in messages(text)


def test_a_mean_needs_terms() -> None:
    text = LINEAR.replace(LINEAR_MEAN, '[mean]\nform = "linear"\nlink = "log"\n')
    assert messages(text.replace(FEATURES, "").replace(MISSING, "")) == [
        "my.toml, key mean.terms: there are no terms; expected at least an intercept"
    ]


def test_text_that_is_not_toml_is_named_with_its_line() -> None:
    assert only('format = 1\nname = "a" "b"\n') == (
        "my.toml, row 2: this is not TOML: Expected newline or end of document after a statement "
        "(at line 2, column 12)"
    )


def test_a_feature_declared_twice_is_not_toml() -> None:
    text = LINEAR.replace(FEATURES, FEATURES + 'volume = "likes"\n')
    row = text[: text.index('volume = "likes"')].count("\n") + 1
    assert only(text) == (
        f"my.toml, row {row}: this is not TOML: Cannot overwrite a value (at line {row}, column "
        "17). A key may appear only once"
    )


def test_everything_is_reported_at_once() -> None:
    text = LINEAR.replace("negative_binomial", "negativ_binomial")
    text = changed_first(text, "sigma = 2.0", "sigma = -2.0")
    text = changed_first(text, 'link = "log"', 'link = "logg"')
    text = changed_first(text, 'by = "tier"', 'by = ""')
    text = changed_first(text, 'likes = "latent"', 'likes = "guess"')
    text = changed(text, "beta = 1.0", "beta = 1.0, gamma = 2")
    assert messages(text + "\n[more]\n") == [
        "my.toml, key outcome.family: there is no family 'negativ_binomial'. Did you mean "
        "'negative_binomial'?",
        "my.toml, key missing.likes: there is no policy 'guess'. There are: latent, set_aside",
        "my.toml, key mean.link: there is no link 'logg'. Did you mean 'log'?",
        "my.toml, key mean.terms[0].prior.sigma: impossible value (found '-2.0'); expected numbers "
        "above 0",
        "my.toml, key mean.terms[2].by: wrong value (found ''); expected text in quotes",
        "my.toml, key order_value.paying_share.gamma: unknown key. There are: alpha, beta, name, "
        "on",
        f"my.toml, key more: unknown key. There are: {SECTIONS}",
    ]


def test_an_empty_file_lacks_every_key() -> None:
    assert [message.split(": ")[0] for message in messages("")] == [
        f"my.toml, key {key}" for key in REQUIRED
    ]


def test_an_expression_is_told_of_although_the_family_is_unknown() -> None:
    text = changed_first(LINEAR, "negative_binomial", "negativ_binomial")
    found = messages(changed_first(text, "ln(1 + likes)", "likes / avg(likes)"))
    assert any("there is no family 'negativ_binomial'" in line for line in found)
    assert any("'avg' is computed over several posts" in line for line in found)
