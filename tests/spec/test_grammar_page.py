"""The grammar's reference: its tables are the registries, its examples and messages are real."""

from __future__ import annotations

import re
import tomllib

import grammar_reference
import numpy as np
import polars as pl
import pytest
from support.specs import DISPERSION, HEAD, MISSING, changed_first

from attribution.design import build_design
from attribution.errors import InputError
from attribution.spec import parse_spec, spec_text, to_toml
from attribution.spec.catalogue import catalogue
from attribution.spec.defaults import DEFAULT
from attribution.spec.families import FAMILIES, OWN
from attribution.spec.links import LINKS
from attribution.spec.parse import FORMS, POLICIES
from attribution.spec.priors import PRIORS, SCALES
from attribution.spec.sections.authenticity import FAKE
from attribution.spec.stated import stated_priors
from attribution.spec.terms import CENTRES, EFFECTS, TERMS

TEXT = grammar_reference.PAGE.read_text(encoding="utf-8")
TOML = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
WHOLE = [toml for toml in TOML if "format" in tomllib.loads(toml)]
PARTS = [toml for toml in TOML if toml not in WHOLE]
NAMES = [tomllib.loads(toml)["name"] for toml in WHOLE]
MESSAGES = re.findall(r"^my\.toml, .*$", TEXT, re.MULTILINE)

ADDITIVE, ENGAGEMENT = spec_text("additive"), spec_text("engagement")
WELLS = WHOLE[NAMES.index("wells")]
BROKEN = [
    changed_first(ADDITIVE, "negative_binomial", "negativ_binomial"),
    changed_first(ADDITIVE, "sigma = 0.5", "sgima = 0.5"),
    changed_first(ADDITIVE, '"half_normal", sigma = 0.7', '"normal", mu = 0, sigma = 0.7'),
    changed_first(ENGAGEMENT, "ln((1 + likes) / reach)", "likes / avg(likes)"),
    changed_first(ADDITIVE, "[missing]", '[missing]\nsaves = "latent"'),
    changed_first(WELLS, '"logit"', '"log"'),
    WELLS + '\n[sigma]\nprior = { name = "half_normal", sigma = 1 }\n',
]

ROWS = 24
RNG = np.random.default_rng(4)
TABLE = pl.DataFrame(
    {
        "post_id": [f"p{k}" for k in range(ROWS)],
        "day": [f"2025-03-{k + 1:02d}" for k in range(ROWS)],
        "day_number": range(ROWS),
        "orders": [20 + k % 5 for k in range(ROWS)],
        "reach_nano": [1000 * (k % 3) for k in range(ROWS)],
        "reach_micro": [7000 * (k % 4) for k in range(ROWS)],
        "clicks": RNG.poisson(4.0, ROWS),
        "views": RNG.integers(100, 1000, ROWS),
        "hour": RNG.integers(0, 24, ROWS),
        "creator_id": [f"c{k % 5}" for k in range(ROWS)],
        "switched": [k % 2 for k in range(ROWS)],
        "dist": RNG.gamma(2.0, 20.0, ROWS),
        "arsenic": RNG.gamma(2.0, 1.0, ROWS),
        "caught": RNG.poisson(1.0, ROWS),
        "persons": RNG.integers(1, 5, ROWS),
        "child": RNG.integers(0, 3, ROWS),
        "log_radon": RNG.normal(1.0, 0.8, ROWS),
        "floor": [k % 3 == 0 for k in range(ROWS)],
        "county": [f"county {k % 4}" for k in range(ROWS)],
        "year": [2020 + k % 3 for k in range(ROWS)],
        "satisfaction": RNG.normal(50.0, 10.0, ROWS),
        "income": ["below 20", "20 to 40", "40 to 100", "above 100"] * (ROWS // 4),
        "germinated": RNG.binomial(20, 0.4, ROWS),
        "seeds": [20] * ROWS,
        "extract": ["bean", "cucumber"] * (ROWS // 2),
        "plate": [k // 2 for k in range(ROWS)],
        "batch": [k % 6 for k in range(ROWS)],
    }
)


def test_the_tables_are_those_of_the_registries() -> None:
    assert grammar_reference.page(TEXT) == TEXT, "run `uv run python tools/grammar_reference.py`"


def test_every_registry_has_its_table() -> None:
    found = {match["name"] for match in grammar_reference.BLOCK.finditer(TEXT)}
    assert found == set(grammar_reference.TABLES)


def test_a_stale_table_would_be_seen() -> None:
    line = next(line for line in TEXT.splitlines() if line.startswith("| `half_normal` |"))
    assert grammar_reference.page(TEXT.replace(line, "")) == TEXT


CONSTANT = """
[[mean.terms]]
kind = "intercept"
"""


@pytest.mark.parametrize("toml", PARTS)
def test_parts_of_specs_are_such(toml: str) -> None:
    whole = "mean" in tomllib.loads(toml)
    parse_spec(HEAD + (MISSING if whole else CONSTANT) + toml + DISPERSION)


@pytest.mark.parametrize("toml", WHOLE, ids=NAMES)
def test_whole_examples_suit_a_table_and_leave_nothing_out(toml: str) -> None:
    spec = parse_spec(toml)
    assert parse_spec(to_toml(spec)) == spec
    design = build_design(spec, TABLE)
    assert (design.absent, design.set_aside) == ((), ())
    assert DEFAULT not in [stated.prior for stated in stated_priors(design.spec)]


def test_examples_show_what_they_are_said_to() -> None:
    specs = {name: parse_spec(toml) for name, toml in zip(NAMES, WHOLE, strict=True)}
    assert set(specs) == {
        *("least", "wells", "fish", "radon", "satisfaction", "hours", "seeds", "yields"),
        *("daily", "every-row"),
    }
    assert (specs["wells"].outcome.family, specs["wells"].mean.centre) == ("bernoulli", "none")
    assert set(specs["fish"].predictors) == {"mean", "zero_inflation"}
    assert specs["radon"].mean.terms[2].correlation is not None
    assert [term.kind for term in specs["satisfaction"].mean.terms] == ["intercept", "monotone"]
    assert specs["hours"].mean.terms[1].kind == "spline"
    assert [term.sd.on for term in specs["seeds"].mean.terms[2:]] == ["precision"] * 2
    assert [term.by for term in specs["yields"].mean.terms[2:]] == ["county", "county:year"]


NAMED = """
format = 1
name = "named"
[outcome]
column = "caught"
family = "zero_inflated_negative_binomial"
[features]
x = "dist"
z = "arsenic"
w = "hour"
[mean]
[[mean.terms]]
kind = "intercept"
[[mean.terms]]
kind = "linear"
feature = "x"
[[mean.terms]]
kind = "spline"
feature = "z"
[[mean.terms]]
kind = "gp"
feature = "w"
[[mean.terms]]
kind = "{kind}"
by = "tier"
{order}
[[mean.terms]]
kind = "categorical"
by = "tier"
of = "x"
[[mean.terms]]
kind = "group"
by = "creator_id"
of = ["intercept", "x"]
effects = "exchangeable"
sd = {{ name = "gamma", alpha = 2, beta = 1, on = "precision" }}
correlation = {{ name = "lkj", eta = 2 }}
[[zero_inflation.terms]]
kind = "intercept"
[[zero_inflation.terms]]
kind = "linear"
feature = "x"
[[zero_inflation.terms]]
kind = "group"
by = "creator_id"
of = ["intercept"]
effects = "exchangeable"
"""


def table_of_names() -> set[str]:
    """Return the names of the page's table, without those of rates and order values."""
    section = TEXT[TEXT.index("## Names in a run") :].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    found = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    return {
        name for name in found if not name.startswith(("value_", "log_rate", "share", "paying"))
    }


def test_parameters_are_called_in_a_run_as_the_page_says() -> None:
    from attribution.model import build_model

    table = TABLE.with_columns(tier=pl.Series(["nano", "micro", "mega"] * 8))
    names = {"sigma", "zero_inflation", FAKE}  # Own parameters of other specs, and of a section.
    for shipped in catalogue():
        names |= {stated.parameter for stated in stated_priors(shipped)}
    for kind, order in (("categorical", ""), ("monotone", 'order = ["nano", "micro", "mega"]')):
        spec = parse_spec(NAMED.format(kind=kind, order=order))
        names |= set(build_model(build_design(spec, table)).named_vars)
    for curve, feature in (("spline", "z"), ("gp", "w")):
        # The page's curves are of x.
        names |= {name.replace(f"{feature}_{curve}", f"x_{curve}") for name in names}
    assert table_of_names() - names == set()


@pytest.mark.parametrize(("broken", "shown"), list(zip(BROKEN, MESSAGES, strict=True)))
def test_messages_are_real(broken: str, shown: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_spec(broken, file="my.toml")
    assert shown in str(caught.value).splitlines()


@pytest.mark.parametrize("word", [*FORMS, *POLICIES, *SCALES, *CENTRES])
def test_every_word_of_a_closed_set_is_explained(word: str) -> None:
    assert f'"{word}"' in TEXT


@pytest.mark.parametrize(
    "word", [*FAMILIES, *LINKS, *PRIORS, *TERMS, *EFFECTS, *(f"[{name}]" for name in OWN)]
)
def test_every_registered_name_is_in_a_table(word: str) -> None:
    assert re.search(rf"^\| `{re.escape(word)}` \|", TEXT, re.MULTILINE)


@pytest.mark.parametrize("text", [ADDITIVE, ENGAGEMENT], ids=["additive", "engagement"])
def test_every_key_of_the_shipped_specs_is_explained(text: str) -> None:
    keys = set(re.findall(r"^(\w+) = ", text, re.MULTILINE)) - {"volume", "conversation"}
    keys -= set(re.findall(r"^(\w+) = \"(?:latent|set_aside)\"", text, re.MULTILINE))
    assert [key for key in sorted(keys) if f"`{key}`" not in TEXT] == []
    names = set(re.findall(r'name = "(\w+)",', text))
    assert names <= set(PRIORS)


def test_vague_precisions_as_in_bugs_can_be_drawn_from() -> None:
    import pymc as pm

    from attribution.model import build_model

    design = build_design(parse_spec(WHOLE[NAMES.index("seeds")]), TABLE)
    model = build_model(design)
    effects = pm.draw([model["plate_effect"], model["batch_effect"]], 100, random_seed=1)
    assert all(np.isfinite(effect).all() for effect in effects)
