"""The table of parameters: every one there, in words, and centring undone exactly."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from support.small import believable

import attribution as at
from attribution import forward
from attribution.data import read_analysis
from attribution.design import Design, build_design
from attribution.draws import Draws, stack
from attribution.quantities.parameters import MOST_LEVELS, SCHEMA, at_zero, left_out
from attribution.quantities.wording import meanings
from attribution.spec import parse_spec
from attribution.spec.stated import stated_priors

REFERENCE = "ATTRIBUTION_REFERENCE_DATA"

SLOPES = """
format = 1
name = "slopes"
[outcome]
column = "y"
family = "negative_binomial"
[features]
a = "u + 3"
b = "v * 2"
[mean]
centre = "CENTRE"
[[mean.terms]]
kind = "intercept"
[[mean.terms]]
kind = "linear"
feature = "a"
[[mean.terms]]
kind = "linear"
feature = "b"
[[mean.terms]]
kind = "categorical"
by = "sort"
[[mean.terms]]
kind = "categorical"
by = "sort"
of = "b"
[[mean.terms]]
kind = "group"
by = "place"
of = ["intercept", "a"]
effects = "exchangeable"
correlation = { name = "lkj", eta = 2.0 }
[[mean.terms]]
kind = "group"
by = "shop"
of = ["a"]
effects = "zero_sum"
[dispersion]
[[dispersion.terms]]
kind = "intercept"
[[dispersion.terms]]
kind = "linear"
feature = "b"
"""


def drawn(centre: str) -> tuple[Design, Draws]:
    """Return a design with every way that a slope can be centred, and draws of its prior."""
    from attribution.model import build_model
    from attribution.model.prior_draws import draw_prior

    rng = np.random.default_rng(5)
    frame = pl.DataFrame(
        {
            "y": rng.integers(0, 9, 60),
            "u": rng.normal(2.0, 1.0, 60),
            "v": rng.normal(-4.0, 1.0, 60),
            "sort": rng.choice(["p", "q", "r"], 60),
            "place": rng.choice(["x", "y", "z"], 60),
            "shop": rng.choice(["k", "l", "m"], 60),
        }
    )
    design = build_design(parse_spec(SLOPES.replace("CENTRE", centre)), read_analysis(frame).frame)
    return design, stack(draw_prior(build_model(design), 20, 1))


@pytest.mark.parametrize("centre", ["all", "intercept", "none"])
def test_the_sum_of_terms_is_the_same_with_features_as_they_are(centre: str) -> None:
    design, draws = drawn(centre)
    moved = {one.name.removesuffix("_at_zero"): one.draws.T for one in at_zero(design, draws)}
    raw = {name: values + design.feature_centres[name] for name, values in design.features.items()}
    group = {column: index.index for column, index in design.groups.items()}

    def constant(name: str) -> np.ndarray:
        return moved[name] if name in moved else draws[name][:, None]

    def shift(name: str, by: str) -> np.ndarray:
        here = moved[name] if name in moved else draws.get(name, np.zeros((20, 3)))
        return here[:, group[by]]

    total = constant("intercept") + shift("sort_effect", "sort") + shift("place_effect", "place")
    total = total + shift("shop_effect", "shop")
    slope_a = draws["slope_a"][:, None] + draws["place_a_effect"][:, group["place"]]
    slope_a = slope_a + draws["shop_a_effect"][:, group["shop"]]
    slope_b = draws["slope_b"][:, None] + draws["sort_b_effect"][:, group["sort"]]
    total = total + slope_a * raw["a"] + slope_b * raw["b"]
    np.testing.assert_allclose(total, forward.sum_of_terms(design, draws, "mean"), atol=1e-9)
    own = constant("dispersion_intercept") + draws["dispersion_slope_b"][:, None] * raw["b"]
    # The section of the dispersion has no key `centre` here, so that its features are centred.
    np.testing.assert_allclose(own, forward.sum_of_terms(design, draws, "dispersion"), atol=1e-9)
    # Undone is what was done, and nothing else.
    assert ("intercept" in moved) == (centre != "none")
    assert ("sort_effect" in moved) == (centre != "none")
    assert ("place_effect" in moved) == ("shop_effect" in moved) == (centre == "all")


def test_every_parameter_of_a_spec_is_there_in_its_words() -> None:
    run = believable("engagement")
    table = run.parameters()
    assert table.columns == [*SCHEMA, "method"]
    found = dict(table.select("parameter", "meaning").iter_rows())
    stated = stated_priors(run.design.spec)
    assert {s.parameter: s.meaning for s in stated}.items() <= found.items()
    assert found["intercept"] == "log of conversions per unit of reach at average features"
    assert found["intercept_at_zero"] == (
        "log of conversions per unit of reach where all features are 0"
    )
    assert found["creator_effect"] == (
        "deviation of the log mean at a level of creator_id from the mean of all such levels, "
        "at average features"
    )
    assert not [name for name in found if name.endswith(("_raw", "_z"))]
    assert "inverse_alpha" not in found
    levels = table.filter(parameter="tier_effect").get_column("level").to_list()
    assert levels == list(run.design.groups["tier"].levels)
    assert table.row(0, named=True)["parameter"] == "intercept"
    assert set(table.get_column("interval")) == {"eti"}


def test_matrices_are_labelled_by_both_levels() -> None:
    run = believable("additive")
    table = run.parameters().filter(parameter="tier_effect")
    first, tier = "reach", run.design.groups["tier"].levels[0]
    assert table.item(0, "level") == f"{first}, {tier}"
    draws = run.draws["tier_effect"][:, 0, 0]
    assert table.item(0, "mean") == pytest.approx(draws.mean())
    assert table.item(0, "sd") == pytest.approx(draws.std(ddof=1))


def test_diagnostics_are_those_of_the_run() -> None:
    run = believable("engagement")
    label = pl.concat_str("parameter", pl.format("[{}]", "level").fill_null(""))
    both = (
        run.parameters(every=True)
        .with_columns(label.alias("parameter"))
        .join(run.diagnostics, on="parameter", suffix="_run")
    )
    assert both.height == run.diagnostics.height
    for name in ("r_hat", "ess_bulk", "ess_tail"):
        np.testing.assert_allclose(both[name], both[f"{name}_run"], rtol=1e-9)
    assert both.select((pl.col("mcse_mean") > 0).all()).item()


def test_levels_of_large_groups_and_unknowns_of_the_sampler_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import attribution.quantities.parameters as module

    assert MOST_LEVELS == 50
    monkeypatch.setattr(module, "MOST_LEVELS", 10)
    run = replace(believable("engagement"))
    names = set(run.parameters()["parameter"])
    assert "creator_effect" not in names
    creators = len(run.design.groups["creator_id"].levels)
    assert left_out(run)["creator_effect"] == creators
    every = run.parameters(every=True)
    assert every.filter(parameter="creator_effect").height == creators
    assert {"inverse_alpha", "creator_raw"} <= set(every["parameter"])
    assert set(run.draws) <= set(every["parameter"])


def test_the_table_is_made_once() -> None:
    run = believable("engagement")
    assert run.parameters() is run.parameters()
    assert run.parameters(every=True) is not run.parameters()


def test_every_effect_of_a_spec_has_words() -> None:
    design, draws = drawn("all")
    kept = {name for name in draws if not name.endswith(("_raw", "_z", "_partial"))}
    assert kept <= set(meanings(design.spec))


ROACHES = """
format = 1
name = "roaches"
[outcome]
column = "y"
family = "negative_binomial"
exposure = "exposure2"
[features]
roach = "roach1 / 100"
treated = "treatment * 1"
old = "senior * 1"
[[mean.terms]]
kind = "intercept"
prior = { name = "normal", mu = 0, sigma = 2.5 }
[[mean.terms]]
kind = "linear"
feature = "roach"
prior = { name = "normal", mu = 0, sigma = 3.32 }
[[mean.terms]]
kind = "linear"
feature = "treated"
prior = { name = "normal", mu = 0, sigma = 5.1 }
[[mean.terms]]
kind = "linear"
feature = "old"
prior = { name = "normal", mu = 0, sigma = 5.42 }
[dispersion]
prior = { name = "exponential", lam = 1 }
"""


def test_the_constant_at_zero_is_the_published_one() -> None:
    """Roaches in flats, rstanarm's vignette on counts: intercept 2.84, standard error 0.23."""
    folder = os.environ.get(REFERENCE)
    if folder is None:
        pytest.skip(f"{REFERENCE} does not name the folder of the reference data")
    run = at.fit(parse_spec(ROACHES), str(Path(folder) / "classic" / "roaches.csv"))
    table = run.parameters()
    row = table.row(by_predicate=pl.col("parameter") == "intercept_at_zero", named=True)
    published, se, rounding = 2.84, 0.23, 0.005
    assert row["mean"] == pytest.approx(published, abs=0.1 * se + rounding)
    assert row["sd"] == pytest.approx(se, abs=0.1 * se + rounding)
    assert row["mcse_mean"] < 0.05 * se
    assert row["r_hat"] < 1.01
    # The spec's own constant happens to lie near it, but is known far better.
    average = table.row(by_predicate=pl.col("parameter") == "intercept", named=True)
    assert average["sd"] < 0.6 * se
