"""Crossed groups whose levels are few and far apart, in either order of the spec."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest

from attribution.data import read_analysis
from attribution.design import build_design
from attribution.fitting import fit
from attribution.model import build_model
from attribution.spec import parse_spec

GROUP = '[[mean.terms]]\nkind = "group"\nby = "{}"\nof = ["intercept"]\neffects = "exchangeable"\n'
HEAD = """
format = 1
name = "crossed"
[outcome]
column = "y"
family = "normal"
[[mean.terms]]
kind = "intercept"
"""


def table() -> pl.DataFrame:
    """As the penicillin of lme4: each of 24 plates with each of 6 cultures."""
    rng = np.random.default_rng(1)
    plate, culture = rng.normal(0.0, 0.8, 24), rng.normal(0.0, 2.0, 6)
    rows = [
        {"plate": f"p{i}", "culture": f"c{j}", "y": 23.0 + plate[i] + culture[j] + rng.normal() / 2}
        for i, j in itertools.product(range(24), range(6))
    ]
    return pl.DataFrame(rows)


def spec(*groups: str) -> str:
    """The model with its terms in an order."""
    return HEAD + "".join(GROUP.format(name) for name in groups)


def test_the_order_of_crossed_terms_makes_no_difference_to_what_is_sampled() -> None:
    models = [
        build_model(build_design(parse_spec(spec(*names)), read_analysis(table()).frame))
        for names in (("plate", "culture"), ("culture", "plate"))
    ]
    first, second = ([value.name for value in model.free_RVs] for model in models)
    assert first == second
    assert first.index("culture_raw") < first.index("plate_raw")


@pytest.mark.slow
def test_draws_are_many_whatever_the_order() -> None:
    """Of plates first, sampled around all but the cultures, about 100 of 4,000 are effective."""
    run = fit(parse_spec(spec("plate", "culture")), table(), seed=1)
    assert run.diagnostics["ess_bulk"].min() > 400
    assert run.diagnostics["r_hat"].max() < 1.01
