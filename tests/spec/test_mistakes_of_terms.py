"""Mistakes in families, own parameters, scales, terms and names: each at its place."""

from __future__ import annotations

import pytest

from attribution.errors import InputError
from attribution.spec import check_columns, describe, parse_spec, to_toml

INTERCEPT = '[[mean.terms]]\nkind = "intercept"\n'
LINEAR = '[[mean.terms]]\nkind = "linear"\nfeature = "x"\n'
MEAN = f"[mean]\n{INTERCEPT}{LINEAR}"
X = 'x = "likes"'
ONE = '{ name = "half_normal", sigma = 1 }'
LKJ = '{ name = "lkj", eta = 2 }'
NEEDS_POSITIVE = (
    "half_flat, half_normal, half_student_t, half_cauchy, exponential, gamma, inverse_gamma, "
    "log_normal, beta, uniform"
)


def head(family: str, more: str = "", *, features: str = X, column: str = "y") -> str:
    return (
        f'format = 1\nname = "mine"\n[outcome]\ncolumn = "{column}"\nfamily = "{family}"\n{more}\n'
        f"[features]\n{features}\n"
    )


def term(kind: str, *keys: str, at: str = "mean") -> str:
    lines = "\n".join(keys)
    return f'[[{at}.terms]]\nkind = "{kind}"\n{lines}\n'


def group(by: str, of: str, *keys: str, effects: str = "exchangeable") -> str:
    return term("group", f"by = {by}", f"of = {of}", f'effects = "{effects}"', *keys)


def section(name: str, *lines: str) -> str:
    return "\n".join((f"[{name}]", *lines)) + "\n"


def messages(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        parse_spec(text)
    return [str(problem).removeprefix("key ") for problem in caught.value.problems]


HIDDEN = '[missing]\nlikes = "latent"\n'
OUTCOMES = [
    (
        head("poison") + MEAN,
        "outcome.family: there is no family 'poison'. Did you mean 'poisson'?",
    ),
    (
        head("gamma") + MEAN.replace("[mean]", '[mean]\nlink = "identity"'),
        "mean.link: the family 'gamma' has no link 'identity'; expected one of log",
    ),
    (
        head("binomial") + MEAN,
        "outcome.trials: the family 'binomial' counts successes of a number of trials; expected "
        "the column with that number",
    ),
    (
        head("poisson", 'trials = "n"') + MEAN,
        "outcome.trials: the family 'poisson' has no trials. Remove it, or use binomial",
    ),
    (
        head("binomial", 'trials = "y"') + MEAN,
        "outcome.trials: the number of trials is the outcome 'y' itself",
    ),
    (
        head("bernoulli", 'exposure = "reach"') + MEAN,
        "outcome.exposure: only a mean with a log link is proportional to an exposure (found "
        "'reach'). Remove it; of a share of people say trials",
    ),
    (
        head("normal", 'exposure = "reach"') + MEAN,
        "outcome.exposure: only a mean with a log link is proportional to an exposure (found "
        "'reach'). Remove it; of a share of people say trials",
    ),
    (
        head("poisson") + MEAN.replace("[mean]", '[mean]\ncentre = "al"'),
        "mean.centre: there is no way to centre 'al'. Did you mean 'all'?",
    ),
]

OWN = [
    (
        head("poisson") + MEAN + section("sigma", f"prior = {ONE}"),
        "sigma: the family 'poisson' has no sigma. Remove it; families that have it: normal, "
        "student_t, log_normal",
    ),
    (
        head("normal") + MEAN + section("sigm", f"prior = {ONE}"),
        "sigm: unknown key. Did you mean 'sigma'?",
    ),
    (
        head("zero_inflated_poisson")
        + MEAN
        + section("zero_inflation", 'link = "log"')
        + term("intercept", at="zero_inflation"),
        "zero_inflation.link: zero_inflation has no link 'log'; expected one of logit, probit, "
        "cloglog",
    ),
    (
        head("normal") + MEAN + section("sigma", f"prior = {ONE}") + term("intercept", at="sigma"),
        "sigma.prior: sigma has terms of its own, so it has no prior. Remove it, or the terms",
    ),
    (
        head("normal") + MEAN + section("sigma", 'link = "log"'),
        "sigma.link: link belongs to terms, and sigma has none. Add terms, or remove it",
    ),
    (
        head("normal") + MEAN + section("sigma", "terms = []"),
        "sigma.terms: there are no terms; expected at least an intercept",
    ),
    (
        head("negative_binomial") + MEAN + section("dispersion", 'on = "alpha"'),
        "dispersion.on: there is no prior that this could be the scale of. Add a prior, or remove "
        "it",
    ),
    (
        head("negative_binomial")
        + MEAN
        + section(
            "dispersion",
            'on = "inverse"',
            'prior = { name = "half_normal", sigma = 1, on = "variance" }',
        ),
        "dispersion.on: the prior says itself which scale it is on. Remove it",
    ),
]

SCALES = [
    (
        head("normal")
        + MEAN.replace(
            INTERCEPT,
            INTERCEPT + 'prior = { name = "gamma", alpha = 1, beta = 1, on = "precision" }\n',
        ),
        "mean.terms[0].prior.on: a parameter that takes any number has no scale 'precision'. "
        "Remove it",
    ),
    (
        head("hurdle_poisson")
        + MEAN
        + section("hurdle", 'prior = { name = "gamma", alpha = 1, beta = 1, on = "inverse" }'),
        "hurdle.prior.on: a parameter that takes numbers between 0 and 1 has no scale 'inverse'; "
        "expected one of logit",
    ),
    (
        head("normal")
        + MEAN
        + section("sigma", 'prior = { name = "normal", mu = 0, sigma = 1, on = "logit" }'),
        "sigma.prior.on: a parameter that takes numbers above 0 has no scale 'logit'; expected one "
        "of inverse, variance, precision, log",
    ),
    (
        head("normal")
        + MEAN
        + section("sigma", 'prior = { name = "normal", mu = 1, sigma = 1, on = "precision" }'),
        "sigma.prior: a normal prior gives any number, but this parameter takes numbers above 0 on "
        f"the scale 'precision'; expected one of {NEEDS_POSITIVE}",
    ),
    (
        head("normal") + MEAN + section("sigma", 'prior = { name = "flat" }'),
        "sigma.prior: a flat prior gives any number, but this parameter takes numbers above 0; "
        f"expected one of {NEEDS_POSITIVE}",
    ),
    (
        head("hurdle_poisson") + MEAN + section("hurdle", 'prior = { name = "half_flat" }'),
        "hurdle.prior: a half_flat prior gives numbers above 0, but this parameter takes numbers "
        "between 0 and 1; expected one of beta, uniform",
    ),
    (
        head("normal") + MEAN.replace(INTERCEPT, f"{INTERCEPT}prior = {LKJ}\n"),
        "mean.terms[0].prior: a lkj prior gives correlations, but this parameter takes any number; "
        "expected one of flat, half_flat, normal, student_t, cauchy, laplace, logistic, "
        f"{NEEDS_POSITIVE.removeprefix('half_flat, ')}",
    ),
    (
        head("normal")
        + MEAN
        + group(
            '"g"',
            '["intercept", "x"]',
            'correlation = { name = "uniform", lower = -0.5, upper = 0.5 }',
        ),
        "mean.terms[2].correlation: a uniform prior gives numbers between -0.5 and 0.5, but this "
        "parameter takes correlations; expected one of lkj",
    ),
]

TERMS = [
    (
        group('"g"', '["intercept"]', f"correlation = {LKJ}"),
        "mean.terms[2].correlation: one thing that varies has nothing to be correlated with; "
        "expected two or more in `of`",
    ),
    (
        group('"g"', '["intercept", "x"]', f"correlation = {LKJ}", effects="zero_sum"),
        "mean.terms[2].effects: zero_sum effects cannot be correlated; expected exchangeable",
    ),
    (
        term("categorical", 'by = "g"') + group('"g"', '["intercept"]'),
        "mean.terms[3].by: the levels of 'g' have a term of their own for 'intercept' already. "
        "Keep one of the two",
    ),
    (
        term("categorical", 'by = "g"', 'of = "x"') + group('"g"', '["intercept", "x"]'),
        "mean.terms[3].by: the levels of 'g' have a term of their own for 'x' already. Keep one of "
        "the two",
    ),
    (
        term("monotone", 'by = "g"') + group('"g"', '["intercept"]'),
        "mean.terms[3].by: the levels of 'g' have a term of their own for 'intercept' already. "
        "Keep one of the two",
    ),
    (
        term("categorical", 'by = "g"') + term("monotone", 'by = "g"'),
        "mean.terms[3]: a second term for 'intercept' by 'g'",
    ),
    (
        term("spline", 'feature = "x"'),
        "mean.terms[2]: a second term for 'x'",
    ),
    (
        term("offset", 'feature = "x"'),
        "mean.terms[2]: a second term for 'x'",
    ),
    (
        term("gp", 'feature = "x"', "functions = 3.5"),
        "mean.terms[2].functions: wrong value (found '3.5'); expected a whole number from 5 to 60",
    ),
    (
        term("gp", 'feature = "x"', "functions = 61"),
        "mean.terms[2].functions: wrong value (found '61'); expected a whole number from 5 to 60",
    ),
    (
        term("gp", 'feature = "x"', "boundary = 1"),
        "mean.terms[2].boundary: impossible value (found '1.0'); expected above 1",
    ),
    (
        term("monotone", 'by = "g"', 'order = ["a", "b", "a"]'),
        "mean.terms[2].order: the level 'a' is there twice",
    ),
    (
        term("monotone", 'by = "g"', 'order = ["a"]'),
        "mean.terms[2].order: one level has no order; expected two levels or more",
    ),
    (
        group('"g"', '["intercept", "x"]', f"sd = [{ONE}]"),
        "mean.terms[2].sd: there is not one prior for each thing that varies (found '1'); expected "
        "a list of 2, or one",
    ),
    (
        group(
            '"g"', '["intercept", "x"]', f'sd = [{ONE}, {{ name = "normal", mu = 0, sigma = 1 }}]'
        ),
        "mean.terms[2].sd[1]: a normal prior gives any number, but this parameter takes numbers "
        f"above 0; expected one of {NEEDS_POSITIVE}",
    ),
    (
        group('"g"', '["intercept", "x"]', "sd = [1, 2]"),
        "mean.terms[2].sd: wrong value (found '[1, 2]'); expected tables [[mean.terms[2].sd]]",
    ),
    (
        group('["g", "g"]', '["intercept"]'),
        "mean.terms[2].by: the column 'g' is there twice",
    ),
    (
        group('["g", "y"]', '["intercept"]'),
        "mean.terms[2].by: 'y' is a number of the model, not a grouping",
    ),
]

LATENT = [
    (
        head("normal"),
        LINEAR,
        "hidden values are estimated only for negative_binomial and poisson outcomes with an "
        "exposure",
    ),
    (
        head("poisson"),
        LINEAR,
        "hidden values are estimated only for negative_binomial and poisson outcomes with an "
        "exposure",
    ),
    (
        head("poisson", 'exposure = "reach"'),
        term("spline", 'feature = "x"'),
        "a hidden 'likes' cannot be estimated: it is in mean.terms[1], a spline term",
    ),
    (
        head("negative_binomial", 'exposure = "reach"'),
        LINEAR
        + term("intercept", at="dispersion")
        + term("categorical", 'by = "g"', 'of = "x"', at="dispersion"),
        "a hidden 'likes' cannot be estimated: it is in dispersion.terms[1], a categorical term",
    ),
]

ELSE = "Rename the column in the table"
NAMES = [
    (
        head("normal", column="sigma") + MEAN,
        f"outcome.column: a run has something else called 'sigma'. {ELSE}",
    ),
    (
        head("normal", column="exposure") + MEAN,
        f"outcome.column: a run has something else called 'exposure'. {ELSE}",
    ),
    (
        head("normal", column="slope_x") + MEAN,
        f"outcome.column: a run has something else called 'slope_x'. {ELSE}",
    ),
    *(
        (
            head("normal") + MEAN + group(f'"{column}"', '["intercept"]'),
            f"mean.terms[2].by: a run has something else called '{column}', as this column would "
            f"be there (found '{column}'). {ELSE}",
        )
        for column in ("sigma", "draw", "post", "node")
    ),
    (
        head("normal")
        + MEAN
        + group('"g"', '["x"]')
        + group('["g", "x"]', '["intercept"]'),
        "mean.terms[3].sd: two parameters would both be called 'g_x_sd' in a run. Rename a feature "
        "or a column",
    ),
    (
        head("normal")
        + MEAN
        + group('["county", "year"]', '["intercept"]')
        + group('"county_year"', '["intercept"]'),
        "mean.terms[3].by: 'county_year' and 'county:year' would have the same name in a run",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [*OUTCOMES, *OWN, *SCALES, *NAMES])
def test_one_mistake_gives_one_message(text: str, expected: str) -> None:
    assert messages(text) == [expected]


@pytest.mark.parametrize(("terms", "expected"), TERMS)
def test_terms(terms: str, expected: str) -> None:
    assert messages(head("normal") + MEAN + terms) == [expected]


@pytest.mark.parametrize(("text", "terms", "expected"), LATENT)
def test_where_a_hidden_value_cannot_be_estimated(text: str, terms: str, expected: str) -> None:
    found = messages(text + HIDDEN + "[mean]\n" + INTERCEPT + terms)
    assert found == [f'missing.likes: {expected}; expected "set_aside"']


@pytest.mark.parametrize("terms", [LINEAR, group('"g"', '["x"]')])
def test_where_a_hidden_value_can_be_estimated(terms: str) -> None:
    text = head("poisson", 'exposure = "reach"') + HIDDEN + "[mean]\n" + INTERCEPT + terms
    assert parse_spec(text).missing == {"likes": "latent"}


@pytest.mark.parametrize("functions", [3, 41])
def test_functions_of_a_spline_have_bounds(functions: int) -> None:
    spline = term("spline", 'feature = "x"', f"functions = {functions}")
    assert messages(head("normal") + "[mean]\n" + INTERCEPT + spline) == [
        f"mean.terms[1].functions: wrong value (found '{functions}'); expected a whole number from "
        "4 to 40"
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("zero", "'zero' stands for something else in a run"),
        ("chain", "'chain' stands for something else in a run"),
        ("nu", "'nu' stands for something else in a run"),
        ("x_centre", "a run has something else of this name"),
        ("g_sd", "a run has something else of this name"),
        ("g_index", "a run has something else of this name"),
        ("precision_g_sd", "a run has something else of this name"),
        ("slope_x", "a run has something else of this name"),
        ("observed_y", "a run has something else of this name"),
    ],
)
def test_a_feature_is_not_called_like_something_else_in_a_run(name: str, message: str) -> None:
    text = head("normal", features=f'{X}\n{name} = "comments"') + MEAN
    sd = 'sd = { name = "gamma", alpha = 2, beta = 1, on = "precision" }'
    text += term("linear", f'feature = "{name}"') + group('"g"', '["intercept"]', sd)
    assert messages(text) == [f"features.{name}: {message}. Choose another name"]


@pytest.mark.parametrize(
    ("kind", "key", "more"),
    [
        ("linear", "feature", ()),
        ("spline", "feature", ()),
        ("gp", "feature", ()),
        ("offset", "feature", ()),
        ("categorical", "of", ('by = "g"',)),
    ],
)
def test_a_name_nearly_that_of_a_feature_is_a_mistake(
    kind: str, key: str, more: tuple[str, ...]
) -> None:
    text = head("normal", features=f'{X}\nvolume = "comments"') + MEAN
    text += term("linear", 'feature = "volume"') + term(kind, f'{key} = "volum"', *more)
    assert messages(text) == [
        f"mean.terms[3].{key}: there is no feature 'volum' under [features]. Did you mean 'volume'?"
    ]


def test_a_column_is_a_feature_under_its_own_name() -> None:
    spec = parse_spec(head("normal") + MEAN + term("linear", 'feature = "followers"'))
    assert [(f.name, f.expression) for f in spec.features] == [
        ("x", "likes"),
        ("followers", '"followers"'),
    ]
    assert parse_spec(to_toml(spec)) == spec
    (problem,) = check_columns(spec, ["y", "likes"])
    assert problem.key == "mean.terms[2].feature"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            term("linear", 'feature = "y"'),
            "mean.terms[2].feature: a feature may not be made from the outcome 'y'",
        ),
        (
            term("linear", 'feature = "g"') + group('"g"', '["intercept"]'),
            "mean.terms[2].feature: a feature may not have the name of a column",
        ),
    ],
)
def test_some_columns_are_no_features(text: str, message: str) -> None:
    assert messages(head("normal") + MEAN + text)[0].startswith(message)


def test_mistakes_of_several_sections_come_together() -> None:
    text = head("zero_inflated_poisson", 'trials = "n"') + MEAN.replace('"x"', '"xs"')
    text = text.replace("x = ", "xs_ = ")
    text += section("dispersion", f"prior = {ONE}") + section("zero_inflation", f"prior = {ONE}")
    assert [message.split(":")[0] for message in messages(text)] == [
        "outcome.trials",
        "dispersion",
        "zero_inflation.prior",
        "mean.terms[1].feature",
        "features.xs_",
    ]


def test_terms_that_stand_for_different_things_may_stand_together() -> None:
    text = head("normal", features=f'{X}\nz = "comments"') + MEAN + term("linear", 'feature = "z"')
    text += term("categorical", 'by = "g"') + group('"g"', '["x"]') + group('"h"', '["intercept"]')
    text += group('["g", "h"]', '["intercept"]') + group('"post_id"', '["intercept"]')
    assert "post_effect[post_id]" in describe(parse_spec(text))
