"""Every entry of every closed table can be stated, and is written and read again as the same."""

from __future__ import annotations

import pytest

from attribution.spec import describe, parse_spec, to_toml
from attribution.spec.defaults import DEFAULT
from attribution.spec.families import FAMILIES, OWN
from attribution.spec.links import LINKS
from attribution.spec.model import ModelSpec, Own
from attribution.spec.priors import POSITIVE, PRIORS, REAL, SCALES, UNIT, Prior
from attribution.spec.stated import stated_priors
from attribution.spec.terms import CENTRES, TERMS, Intercept

PAIRS = [(family, link) for family in FAMILIES.values() for link in family.links]
OWNS = [
    (family, FAMILIES[family].own[k])
    for family in FAMILIES
    for k in range(len(FAMILIES[family].own))
]
VALUES = (0.3, 0.7, 1.3)
INTERCEPT = '[[mean.terms]]\nkind = "intercept"\n'


def outcome(family: str) -> str:
    trials = 'trials = "n"\n' if FAMILIES[family].trials else ""
    return f'format = 1\nname = "mine"\n[outcome]\ncolumn = "y"\nfamily = "{family}"\n{trials}'


def stated(prior: Prior) -> str:
    parts = [f'name = "{prior.name}"', *(f"{k} = {v}" for k, v in prior.parameters.items())]
    parts += [f'on = "{prior.on}"'] if prior.on else []
    return "{ " + ", ".join(parts) + " }"


def example(name: str, on: str | None = None) -> Prior:
    return Prior(name, dict(zip(PRIORS[name].parameters, VALUES, strict=False)), on)


def again(spec: ModelSpec) -> ModelSpec:
    """Return the spec as it is written and read again; its words must be writable too."""
    assert describe(spec)
    return parse_spec(to_toml(spec))


@pytest.mark.parametrize(("family", "link"), PAIRS, ids=lambda x: getattr(x, "name", x))
def test_every_family_with_every_link_of_it(family: object, link: str) -> None:
    name = family.name
    spec = parse_spec(outcome(name) + f'[mean]\nlink = "{link}"\n' + INTERCEPT)
    assert (spec.outcome.family, spec.mean.link) == (name, link)
    assert tuple(spec.own) == family.own
    assert spec.own == {section: Own(OWN[section].default) for section in family.own}
    assert again(spec) == spec


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_without_anything_else_has_its_first_link(family: str) -> None:
    spec = parse_spec(outcome(family) + "[mean]\n" + INTERCEPT)
    assert spec.mean.link == FAMILIES[family].links[0]
    assert spec.mean.terms == (Intercept(DEFAULT),)
    assert again(spec) == spec


@pytest.mark.parametrize(("family", "section"), OWNS)
def test_every_own_parameter_has_a_prior_or_terms(family: str, section: str) -> None:
    about = OWN[section]
    name = "beta" if about.support == UNIT else "gamma"
    text = outcome(family) + "[mean]\n" + INTERCEPT
    number = parse_spec(text + f"[{section}]\nprior = {stated(example(name))}\n")
    assert number.own[section] == Own(prior=example(name))
    for link in about.links:
        terms = f'[{section}]\nlink = "{link}"\n' + INTERCEPT.replace("mean", section)
        sums = parse_spec(text + terms)
        assert sums.predictors[section].link == link
        assert again(sums) == sums
    assert again(number) == number
    first = parse_spec(text + INTERCEPT.replace("mean", section))
    assert first.predictors[section].link == about.links[0]


@pytest.mark.parametrize("name", sorted(set(PRIORS) - {"dirichlet", "lkj"}))
def test_every_prior_of_a_number(name: str) -> None:
    prior = stated(example(name))
    spec = parse_spec(outcome("normal") + "[mean]\n" + INTERCEPT + f"prior = {prior}\n")
    assert spec.mean.terms == (Intercept(example(name)),)
    assert again(spec) == spec


@pytest.mark.parametrize("on", SCALES)
def test_every_scale_of_a_prior(on: str) -> None:
    section, family = (
        ("sigma", "normal") if SCALES[on].of == POSITIVE else ("hurdle", "hurdle_poisson")
    )
    prior = example("normal" if SCALES[on].values == REAL else "gamma", on)
    text = f"[mean]\n{INTERCEPT}[{section}]\nprior = {stated(prior)}\n"
    spec = parse_spec(outcome(family) + text)
    assert spec.own[section] == Own(prior=prior)
    assert again(spec) == spec
    parameter = OWN[section].parameter
    assert f"{on}_{parameter} = {SCALES[on].words.replace('x', parameter)}" in describe(spec)


FEATURES = '[features]\nx = "likes"\nab = "a * b"\n'
HALF = '{ name = "half_normal", sigma = 0.4 }'
NORMAL = '{ name = "normal", mu = 0.5, sigma = 0.4 }'
STATED = {
    "intercept": f"prior = {NORMAL}",
    "linear": f'feature = "x"\nprior = {NORMAL}',
    "offset": 'feature = "x"',
    "categorical": f'by = ["tier", "country"]\nof = "x"\nreference = "nano:de"\nprior = {NORMAL}',
    "monotone": f'by = "tier"\norder = ["nano", "micro"]\nprior = {NORMAL}\n'
    'shares = { name = "dirichlet", concentration = 2 }',
    "spline": f'feature = "x"\nfunctions = 7\nslope = {NORMAL}\nsd = {HALF}',
    "gp": f'feature = "x"\nfunctions = 9\nboundary = 2.0\nlength_scale = {HALF}\nsd = {HALF}',
    "group": f'by = ["county", "year"]\nof = ["intercept", "x"]\neffects = "exchangeable"\n'
    f'sd = {HALF}\ncorrelation = {{ name = "lkj", eta = 2 }}',
}
LEAST = {
    "intercept": "",
    "linear": 'feature = "x"',
    "offset": 'feature = "x"',
    "categorical": 'by = "tier"\nof = "x"',
    "monotone": 'by = "tier"',
    "spline": 'feature = "x"',
    "gp": 'feature = "x"',
    "group": 'by = "county"\nof = ["x"]\neffects = "zero_sum"',
}
SECTIONS = ("mean", "dispersion", "zero_inflation")


def with_term(kind: str, rest: str, section: str) -> ModelSpec:
    features = '[features]\nx = "likes"\n' if '"x"' in rest else ""
    intercept = "" if section == "mean" else INTERCEPT
    term = f'[[{section}.terms]]\nkind = "{kind}"\n{rest}\n'
    return parse_spec(outcome("zero_inflated_negative_binomial") + features + intercept + term)


def test_every_kind_of_term_is_tried() -> None:
    assert set(STATED) == set(LEAST) == set(TERMS)


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("kind", TERMS)
@pytest.mark.parametrize("texts", [STATED, LEAST], ids=["all keys", "few keys"])
def test_every_kind_of_term_in_every_sum(kind: str, section: str, texts: dict[str, str]) -> None:
    spec = with_term(kind, texts[kind], section)
    (term,) = spec.predictors[section].terms
    assert type(term) is TERMS[kind]
    assert again(spec) == spec


def test_standard_deviations_of_a_group_may_have_a_prior_each() -> None:
    few = [example("half_normal"), example("gamma", "precision")]
    stated_as = f"sd = [{stated(few[0])}, {stated(few[1])}]"
    spec = with_term("group", STATED["group"].replace(f"sd = {HALF}", stated_as), "mean")
    (term,) = spec.mean.terms
    assert [term.sd_of(of) for of in ("intercept", "x")] == few
    assert 'sd = [{name = "half_normal"' in to_toml(spec)
    assert again(spec) == spec
    found = {prior.parameter: (prior.key, prior.prior) for prior in stated_priors(spec)}
    assert found["county_year_sd"] == ("mean.terms[0].sd[0]", few[0])
    assert found["county_year_x_sd"] == ("mean.terms[0].sd[1]", few[1])


@pytest.mark.parametrize("kind", TERMS)
def test_every_key_of_a_term_is_written(kind: str) -> None:
    written = to_toml(with_term(kind, STATED[kind], "mean"))
    assert [key for key in TERMS[kind].keys if f"\n{key} = " not in written] == []


@pytest.mark.parametrize("kind", TERMS)
def test_a_term_with_few_keys_leaves_its_priors_to_the_table(kind: str) -> None:
    (term,) = with_term(kind, LEAST[kind], "mean").mean.terms
    left = [name for name in ("prior", "slope", "sd") if hasattr(term, name)]
    assert [getattr(term, name) for name in left] == [DEFAULT] * len(left)


@pytest.mark.parametrize("centre", CENTRES)
def test_every_way_to_centre(centre: str) -> None:
    text = outcome("normal") + f'[mean]\ncentre = "{centre}"\n' + INTERCEPT
    spec = parse_spec(text)
    assert spec.mean.centre == centre
    assert again(spec) == spec


def test_links_of_a_family_are_links() -> None:
    assert {link for family in FAMILIES.values() for link in family.links} == set(LINKS)
    assert {section for family in FAMILIES.values() for section in family.own} == set(OWN)
