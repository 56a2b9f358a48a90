"""Whatever the grammar can state is compiled here, and the compiled density is the model's own."""

from __future__ import annotations

import numpy as np
import polars as pl
import pymc as pm
import pytest
from support import grammar
from support.densities import assert_same, points_around

from attribution.density.compiled import compile_model
from attribution.design import build_design
from attribution.model import build_model, kept
from attribution.spec import ModelSpec
from attribution.spec.families import FAMILIES

TERMS = """
[[{section}.terms]]
kind = "intercept"

[[{section}.terms]]
kind = "linear"
feature = "x"

[[{section}.terms]]
kind = "group"
by = "kind"
of = ["intercept"]
effects = "exchangeable"
"""


def model_of(spec: ModelSpec, table: pl.DataFrame | None = None) -> pm.Model:
    return build_model(build_design(spec, grammar.table() if table is None else table))


def check(model: pm.Model, *spreads: float, largest: float = 0.0) -> None:
    compiled = compile_model(model, kept(model))
    assert_same(model, points_around(compiled.start, *spreads), compiled, largest)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_with_every_own_parameter_varying(family: str) -> None:
    own = "".join(f"[{name}]\n{TERMS.format(section=name)}" for name in FAMILIES[family].own)
    check(model_of(grammar.spec(family, own=own)), 0.0, 0.5, 2.0)


@pytest.mark.parametrize("link", ["probit", "cloglog"])
@pytest.mark.parametrize("family", ["binomial", "beta_binomial"])
def test_the_links_of_probabilities_hold_far_out(family: str, link: str) -> None:
    """A probit's sums of some 10 standard deviations, where probabilities are all but 0."""
    spread = 8.0 if (family, link) == ("binomial", "probit") else 2.0
    check(model_of(grammar.spec(family, link=link)), 0.5, spread)


@pytest.mark.parametrize("terms", [grammar.COMMON_TERMS, grammar.VARYING_TERMS])
def test_every_kind_of_term(terms: str) -> None:
    spec = grammar.spec("negative_binomial", terms=terms, exposure="people")
    check(model_of(spec), 0.0, 0.3, 1.0)


def test_nothing_centred() -> None:
    check(model_of(grammar.spec("poisson", terms=grammar.VARYING_TERMS, centre="none")), 0.3)


@pytest.mark.parametrize("family", [name for name, family in FAMILIES.items() if family.is_count])
def test_counts_of_a_million_and_none(family: str) -> None:
    orders = np.where(np.arange(60) % 20 == 0, 1_000_000, grammar.table()["orders"].to_numpy())
    huge = grammar.table().with_columns(orders=pl.Series(orders))
    check(model_of(grammar.spec(family), huge), 0.0, 0.5, largest=1e9)


def test_another_table_of_a_family_runs_the_same_code() -> None:
    """Of another length: numbers, addresses and all but the shortest lengths are no part of it."""
    codes = []
    for posts in (3000, 4000):
        spec = grammar.spec("zero_inflated_negative_binomial", exposure="people")
        compiled = compile_model(model_of(spec, grammar.table(posts)), [])
        codes.append(compiled.density.code)
    assert codes[0] == codes[1]
