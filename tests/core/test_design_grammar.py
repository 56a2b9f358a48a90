"""What a table does to a spec: levels and orders, parts it cannot support, defaults in numbers."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from attribution.design import Design, build_design
from attribution.errors import InputError
from attribution.spec import parse_spec, to_toml
from attribution.spec.defaults import DEFAULT
from attribution.spec.model import ModelSpec
from attribution.spec.priors import Prior
from attribution.spec.stated import stated_priors

ROWS = 24
RNG = np.random.default_rng(1)
TABLE = pl.DataFrame(
    {
        "post_id": [f"p{(7 * i) % ROWS}" for i in range(ROWS)],
        "y": RNG.poisson(3.0, ROWS),
        "z": RNG.normal(5.0, 2.0, ROWS),
        "tiny": RNG.gamma(2.0, 0.0005, ROWS),
        "n": [10] * ROWS,
        "reach": RNG.integers(100, 1000, ROWS),
        "likes": RNG.poisson(50.0, ROWS),
        "one": [1.0] * ROWS,
        "g": ["u", "v", "w"] * 8,
        "only": ["same"] * ROWS,
        "edu": ["low", "mid", "high"] * 8,
        "num": [1, 2, 10] * 8,
        "text": ["q", "r"] * 12,
        "below": [-1.5] + [2.0] * (ROWS - 1),
        "rare": ["x"] * (ROWS - 1) + ["y"],
        "shown": [5.0] * (ROWS - 1) + [None],
    }
)
INTERCEPT = '[[mean.terms]]\nkind = "intercept"\n'
LINEAR = '[[mean.terms]]\nkind = "linear"\nfeature = "x"\n'


def term(kind: str, *keys: str, at: str = "mean") -> str:
    lines = "\n".join(keys)
    return f'[[{at}.terms]]\nkind = "{kind}"\n{lines}\n'


def spec_of(
    terms: str, *, x: str = "", family: str = "poisson", more: str = "", column: str = "y"
) -> ModelSpec:
    features = f'[features]\nx = "{x}"\n' if x else ""
    outcome = f'[outcome]\ncolumn = "{column}"\nfamily = "{family}"\n{more}\n'
    return parse_spec(f'format = 1\nname = "mine"\n{outcome}{features}[mean]\n{terms}')


def design(terms: str, **rest: str) -> Design:
    return build_design(spec_of(terms, **rest), TABLE)


def messages(spec: ModelSpec) -> list[str]:
    with pytest.raises(InputError) as caught:
        build_design(spec, TABLE)
    return [str(problem).removeprefix("key ") for problem in caught.value.problems]


GROUP = ('by = "g"', 'of = ["intercept", "x"]', 'effects = "exchangeable"')
SAME = "x is the same for all posts"
ONE_LEVEL = "the table has only one only, 'same': nothing varies"
LOST = [
    (LINEAR, "one", "effect of x", SAME, ["intercept"]),
    (term("spline", 'feature = "x"'), "one", "effect of x", SAME, ["intercept"]),
    (term("gp", 'feature = "x"'), "one", "effect of x", SAME, ["intercept"]),
    (
        term("categorical", 'by = "g"', 'of = "x"'),
        "one",
        "differences of x by g",
        SAME,
        ["intercept"],
    ),
    (term("group", *GROUP), "one", "differences of x by g", SAME, ["intercept", "group"]),
    (
        term("group", 'by = "only"', 'of = ["intercept"]', 'effects = "zero_sum"'),
        "",
        "differences of intercept by only",
        ONE_LEVEL,
        ["intercept"],
    ),
    (term("categorical", 'by = "only"'), "", "differences by only", ONE_LEVEL, ["intercept"]),
    (term("monotone", 'by = "only"'), "", "differences by only", ONE_LEVEL, ["intercept"]),
    (
        term("group", 'by = ["g", "nope"]', 'of = ["intercept"]', 'effects = "exchangeable"'),
        "",
        "differences of intercept by g:nope",
        "the table has no nope",
        ["intercept"],
    ),
]


@pytest.mark.parametrize(("terms", "x", "part", "reason", "left"), LOST)
def test_what_a_table_cannot_support_goes_with_its_reason(
    terms: str, x: str, part: str, reason: str, left: list[str]
) -> None:
    found = design(INTERCEPT + terms, x=x)
    assert [(absent.part, absent.reason) for absent in found.absent] == [(part, reason)]
    assert [term.kind for term in found.spec.mean.terms] == left


def test_a_group_keeps_what_can_vary_and_no_correlation_of_one_thing() -> None:
    correlated = term("group", *GROUP, 'correlation = { name = "lkj", eta = 2 }')
    (_, group) = design(INTERCEPT + correlated, x="one").spec.mean.terms
    assert (group.of, group.correlation) == (("intercept",), None)
    (_, group) = design(INTERCEPT + correlated, x="likes").spec.mean.terms
    assert (group.of, group.correlation) == (
        ("intercept", "x"),
        Prior("lkj", {"eta": 2.0}),
    )


def test_what_is_left_of_a_spec_can_be_written_and_read() -> None:
    more = 'exposure = "reach"\n[missing]\none = "set_aside"'
    found = design(INTERCEPT + LINEAR, x="one", more=more).spec
    assert (found.features, found.missing) == ((), {})
    assert parse_spec(to_toml(found)) == found


def test_an_offset_may_be_constant() -> None:
    assert design(INTERCEPT + term("offset", 'feature = "x"'), x="one").absent == ()


def test_a_sum_that_loses_every_term_is_no_model() -> None:
    assert messages(spec_of(LINEAR, x="one")) == [
        f"mean.terms: the table supports no term of this sum: effect of x: {SAME}. Add an intercept"
    ]


def test_a_level_that_only_posts_set_aside_have_is_gone() -> None:
    """The one post of level y does not show the feature, so that one level is left."""
    rare = term("categorical", 'by = "rare"', 'reference = "y"')
    found = design(INTERCEPT + LINEAR + rare, x="likes + 0 * shown")
    assert [aside.post_id for aside in found.set_aside] == [TABLE["post_id"][-1]]
    assert [(absent.part, absent.reason) for absent in found.absent] == [
        ("differences by rare", "the table has only one rare, 'x': nothing varies")
    ]


ORDERS = [
    (
        term("monotone", 'by = "edu"'),
        "mean.terms[1].order: nothing says in which order the levels of edu stand; expected a list "
        'of them, first to last: "high", "low", "mid"',
    ),
    (
        term("monotone", 'by = "edu"', 'order = ["low", "mid"]'),
        "mean.terms[1].order: the order does not say where level 'high' of edu stands (found "
        "'low, mid')",
    ),
    (
        term("categorical", 'by = "g"', 'reference = "uu"'),
        "mean.terms[1].reference: g has no level 'uu'. Did you mean 'u'?",
    ),
    (
        term("categorical", 'by = ["g", "edu"]', 'reference = "u:mid"'),
        "mean.terms[1].reference: g:edu has no level 'u:mid'. Did you mean 'w:mid'?",
    ),
]


@pytest.mark.parametrize(("terms", "message"), ORDERS)
def test_levels_that_a_spec_names_must_be_there(terms: str, message: str) -> None:
    found = messages(spec_of(INTERCEPT + terms))
    assert [text.split(". Did")[0] for text in found] == [message.split(". Did")[0]]


@pytest.mark.parametrize(
    ("by", "more", "levels"),
    [
        ("edu", 'order = ["low", "mid", "high", "phd"]', ("low", "mid", "high")),
        ("num", "", ("1", "2", "10")),
    ],
)
def test_levels_stand_in_the_order_that_is_stated_or_of_their_numbers(
    by: str, more: str, levels: tuple[str, ...]
) -> None:
    found = design(INTERCEPT + term("monotone", f'by = "{by}"', more))
    assert found.groups[by].levels == levels


def test_the_order_of_tiers_orders_a_monotone_term() -> None:
    spec = spec_of(INTERCEPT + term("monotone", 'by = "edu"'))
    found = build_design(spec, TABLE, level_order=("low", "mid", "high", "top"))
    assert found.groups["edu"].levels == ("low", "mid", "high")


def test_a_number_as_reference_is_its_text() -> None:
    reference = term("categorical", 'by = "num"', 'reference = "10"')
    assert design(INTERCEPT + reference).absent == ()


def test_an_effect_of_every_post_keeps_the_order_of_the_posts() -> None:
    each = term("group", 'by = "post_id"', 'of = ["intercept"]', 'effects = "exchangeable"')
    found = design(INTERCEPT + each)
    assert found.groups["post_id"].levels == found.posts == tuple(TABLE["post_id"])
    assert found.groups["post_id"].index.tolist() == list(range(ROWS))


@pytest.mark.parametrize(("column", "value"), [("text", "q"), ("below", "-1.5")])
def test_hidden_values_are_amounts(column: str, value: str) -> None:
    x = f"if({column} = 'q', 1, 0)" if column == "text" else column
    text = f'exposure = "reach"\n[missing]\n{column} = "latent"'
    assert messages(spec_of(INTERCEPT + LINEAR, x=x, more=text)) == [
        f"missing.{column}: the model cannot count with the column '{column}' (found '{value}'); "
        'expected numbers, 0 or more, or the policy "set_aside"'
    ]


def test_a_text_column_does_not_stop_hidden_values_of_another() -> None:
    frame = TABLE.with_columns(likes=pl.when(pl.int_range(ROWS) > 2).then("likes"))
    more = 'exposure = "reach"\n[missing]\nlikes = "latent"'
    spec = spec_of(INTERCEPT + LINEAR, x="likes + if(text = 'q', 1, 0)", more=more)
    assert build_design(spec, frame).hidden.rows.tolist() == [0, 1, 2]


def numbers(found: Design) -> dict[str, Prior]:
    return {stated.parameter: stated.prior for stated in stated_priors(found.spec)}


def short(value: float) -> float:
    return float(f"{value:.3g}")


ALL = (
    INTERCEPT
    + LINEAR
    + term("group", *GROUP)
    + term("group", 'by = "edu"', 'of = ["intercept"]', 'effects = "zero_sum"')
    + term("categorical", 'by = "num"')
    + term("gp", 'feature = "x"')
)


def test_defaults_are_their_rules_on_the_log_scale() -> None:
    found = numbers(design(ALL, x="likes"))
    sd = TABLE["likes"].std(ddof=0)
    location = np.log((TABLE["y"].sum() + 0.5) / ROWS)
    assert found["intercept"] == Prior("normal", {"mu": short(location), "sigma": 2.5})
    assert found["slope_x"] == Prior("normal", {"mu": 0.0, "sigma": short(1 / sd)})
    # Each of what varies in its own units.
    assert found["g_sd"] == Prior("half_normal", {"sigma": 1.0})
    assert found["g_x_sd"] == Prior("half_normal", {"sigma": short(1 / sd)})
    assert found["edu_sd"] == found["x_gp_sd"] == Prior("half_normal", {"sigma": 1.0})
    assert found["num_difference"] == Prior("normal", {"mu": 0.0, "sigma": 1.0})
    assert DEFAULT not in found.values()


def test_defaults_are_their_rules_in_units_of_the_outcome() -> None:
    found = numbers(design(ALL, x="likes / 1000.0", family="normal", column="z"))
    sd_x, sd = TABLE["likes"].std(ddof=0) / 1000.0, TABLE["z"].std(ddof=0)
    assert found["intercept"] == Prior(
        "normal", {"mu": short(TABLE["z"].mean()), "sigma": short(2.5 * sd)}
    )
    assert found["slope_x"] == Prior("normal", {"mu": 0.0, "sigma": short(sd / sd_x)})
    assert found["g_sd"] == Prior("half_normal", {"sigma": short(sd)})
    assert found["g_x_sd"] == Prior("half_normal", {"sigma": short(sd / sd_x)})
    assert found["edu_sd"] == Prior("half_normal", {"sigma": short(sd)})
    assert found["sigma"].name == "exponential"
    assert found["sigma"].parameters["lam"] == pytest.approx(1 / sd, rel=0.005)


def location(found: Design) -> float:
    return numbers(found)["intercept"].parameters["mu"]


def test_the_default_intercept_is_at_the_average_outcome() -> None:
    more = {"family": "binomial", "more": 'trials = "n"'}
    share = (TABLE["y"].sum() + 0.5) / (TABLE["n"].sum() + 1.0)
    assert location(design(INTERCEPT, **more)) == short(np.log(share / (1 - share)))
    per = (TABLE["y"].sum() + 0.5) / TABLE["reach"].sum()
    assert location(design(INTERCEPT, more='exposure = "reach"')) == short(np.log(per))
    # Of an amount nothing is added: half a unit would be far more than all of these.
    found = design(INTERCEPT, family="gamma", column="tiny")
    assert location(found) == short(np.log(TABLE["tiny"].mean()))
    found = design(INTERCEPT, family="log_normal", column="tiny")
    assert location(found) == short(np.log(TABLE["tiny"]).mean())


def test_defaults_of_an_own_parameter_with_terms() -> None:
    terms = INTERCEPT + term("intercept", at="sigma") + term("linear", 'feature = "x"', at="sigma")
    found = numbers(design(terms, x="likes", family="normal", column="z"))
    at = short(np.log(TABLE["z"].std(ddof=0)))
    assert found["sigma_intercept"] == Prior("normal", {"mu": at, "sigma": 2.5})
    sd = TABLE["likes"].std(ddof=0)
    assert found["sigma_slope_x"] == Prior("normal", {"mu": 0.0, "sigma": short(1 / sd)})


def test_order_values_and_rates_have_defaults_too() -> None:
    group = 'kind = "group"\nby = "g"\nof = ["{of}"]\neffects = "zero_sum"\n'
    text = (
        'format = 1\nname = "mine"\n[outcome]\ncolumn = "y"\nfamily = "negative_binomial"\n'
        'exposure = "reach"\n[mean]\nform = "rates"\nparts = ["reach", "likes"]\n'
        'rate = { name = "normal", mu = -5, sigma = 2 }\n'
        'shares = { name = "dirichlet", concentration = 1 }\n'
        f"[[mean.terms]]\n{group.format(of='each part')}"
        '[order_value]\nmean = { name = "normal", mu = 3, sigma = 1 }\n'
        'shape = { name = "half_normal", sigma = 1 }\n'
        'paying_share = { name = "beta", alpha = 1, beta = 1 }\n'
        f"[[order_value.terms]]\n{group.format(of='intercept')}"
    )
    frame = TABLE.with_columns(net_revenue=pl.lit(30.0), fee=pl.lit(3.0))
    found = numbers(build_design(parse_spec(text), frame))
    assert found["g_sd"] == found["value_g_sd"] == Prior("half_normal", {"sigma": 1.0})


def test_columns_of_an_order_value_may_be_taken_together() -> None:
    text = (
        'format = 1\nname = "mine"\n[outcome]\ncolumn = "y"\nfamily = "negative_binomial"\n'
        f"[mean]\n{INTERCEPT}"
        '[order_value]\nmean = { name = "normal", mu = 3, sigma = 1 }\n'
        'shape = { name = "half_normal", sigma = 1 }\n'
        'paying_share = { name = "beta", alpha = 1, beta = 1 }\n'
        '[[order_value.terms]]\nkind = "group"\nby = ["g", "edu"]\nof = ["intercept"]\n'
        'effects = "exchangeable"\n'
    )
    frame = TABLE.with_columns(net_revenue=pl.lit(30.0), fee=pl.lit(3.0))
    found = build_design(parse_spec(text), frame)
    assert found.absent == ()
    assert found.value_groups["g:edu"].levels == ("u:low", "v:mid", "w:high")


def test_two_terms_may_compare_levels_of_a_column_with_different_ones() -> None:
    from attribution.model import build_model

    terms = INTERCEPT + term("categorical", 'by = "g"', 'reference = "u"')
    terms += term("intercept", at="zero_inflation")
    terms += term("categorical", 'by = "g"', 'reference = "w"', at="zero_inflation")
    model = build_model(design(terms, family="zero_inflated_poisson"))
    dims = model.named_vars_to_dims
    compared = [dims[f"{prefix}g_difference"][0] for prefix in ("", "zero_inflation_")]
    assert [tuple(model.coords[name]) for name in compared] == [("v", "w"), ("u", "v")]
