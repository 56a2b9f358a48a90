"""A model with stages: one model whose density is the product of the stages' own."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

from attribution.data import AnalysisTable
from attribution.density.compiled import compile_model
from attribution.design import Design, build_design
from attribution.design.stages import set_aside_of
from attribution.draws import stage_dataset
from attribution.errors import InputError
from attribution.fitting import fit
from attribution.health import stage_tree
from attribution.model import build_model, kept
from attribution.model.prior_draws import draw_prior
from attribution.quantities.compare import compare
from attribution.run import Run, load_run
from attribution.simulation.funnel import Funnel, simulate_funnel
from attribution.spec import parse_spec, read_spec, spec_text
from attribution.spec.stages import of_stage
from attribution.tables import DEFAULT_TIERS

TIERS = ("nano", "micro", "mid", "macro")
SETTINGS: dict[str, Any] = {"seed": 5}


def table() -> pl.DataFrame:
    """Return posts, one of which hides its likes and one its reach."""
    hides = pl.int_range(pl.len())
    return simulate_funnel(Funnel(), 16, 4, seed=8).with_columns(
        likes=pl.when(hides != 3).then("likes"), reach=pl.when(hides != 5).then("reach")
    )


@cache
def design() -> Design:
    spec = parse_spec(spec_text("funnel").replace('likes = "latent"', 'likes = "set_aside"', 1))
    return build_design(spec, table(), level_order=TIERS)


@cache
def latent() -> Design:
    many = simulate_funnel(Funnel(), 16, 4, seed=8).with_columns(
        likes=pl.when(pl.int_range(pl.len()) != 3).then("likes")
    )
    return build_design(read_spec("funnel"), many, level_order=TIERS)


def test_a_post_that_a_stage_cannot_use_is_left_out_of_that_stage_and_named() -> None:
    built = latent()
    counts = {name: len(stage.outcome) for name, stage in built.stages.items()}
    assert (len(built.outcome), counts) == (64, {"reach": 64, "likes": 63, "comments": 63})
    named = [(post.post_id, post.reason) for post in set_aside_of(built)]
    assert named[0] == ("P0003", "of stage likes: likes is empty")
    assert [post for post, _ in named] == ["P0003", "P0003"]


def test_what_the_model_sets_aside_no_stage_has() -> None:
    built = design()
    assert len(built.outcome) == 62
    assert {len(stage.outcome) for stage in built.stages.values()} == {62}


def test_a_table_without_a_stages_outcome_is_refused_at_its_place() -> None:
    with pytest.raises(InputError) as caught:
        build_design(read_spec("funnel"), table().drop("comments"))
    assert "stages.comments.outcome.column: the model's column 'comments' is not" in str(
        caught.value
    )


def test_the_density_is_the_product_of_the_stages_own() -> None:
    built = design()
    whole = build_model(built)
    parts = {"": build_model(replace(built, stages={}))}
    parts |= {f"{name}.": build_model(stage) for name, stage in built.stages.items()}
    rng = np.random.default_rng(1)
    point = {
        name: value + 0.1 * rng.normal(size=np.shape(value))
        for name, value in whole.initial_point().items()
    }
    total, seen = 0.0, set()
    for start, model in parts.items():
        own = {v.name: point[f"{start}{v.name}"] for v in model.value_vars}
        seen |= {f"{start}{name}" for name in own}
        total += log_density(model, own)
    assert seen == set(point)
    assert log_density(whole, point) == pytest.approx(total, rel=1e-12)


def log_density(model: Any, point: dict[str, np.ndarray]) -> float:
    terms = model.compile_logp(sum=False, mode="FAST_COMPILE")(point)
    return float(sum(np.sum(term) for term in terms))


def test_it_is_compiled_natively() -> None:
    """Dims of stages too have lengths that the compiler knows."""
    model = build_model(design())
    names = {str(length.name) for length in model.dim_lengths.values()}
    assert {"post", "likes.tier", "reach.platform_compared"} <= names
    compile_model(model, kept(model), 2)


def test_the_prior_of_a_stage_goes_by_its_name() -> None:
    drawn = draw_prior(build_model(design()), 5, 1)
    own = stage_dataset(drawn, "likes")
    assert own["tier_effect"].dims == ("chain", "draw", "tier")
    assert [str(level) for level in own["tier"].to_numpy()] == list(TIERS)
    assert drawn["likes.tier_effect"].dims == ("chain", "draw", "likes.tier")
    assert not [name for name in own.data_vars if "." in str(name)]


@pytest.fixture(scope="module")
def source() -> AnalysisTable:
    return AnalysisTable(simulate_funnel(Funnel(), 40, 8, seed=4), tiers=DEFAULT_TIERS)


@pytest.fixture(scope="module")
def run(source: AnalysisTable, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return load_run(
        fit("funnel", source, out=tmp_path_factory.mktemp("runs") / "funnel", **SETTINGS).path  # type: ignore[arg-type]
    )


@pytest.mark.slow
def test_a_stage_in_the_run_is_the_stage_alone(run: Run, source: AnalysisTable) -> None:
    """Means and spreads agree to Monte Carlo error, of every parameter."""
    for name, stage in run.spec.stages.items():
        alone = fit(stage, source, **SETTINGS)
        joint = of_stage(run.draws, name)
        for parameter, values in alone.draws.items():
            a, b = (v.reshape((len(v), -1)) for v in (values, joint[parameter]))
            spread = np.maximum(a.std(axis=0), 1e-12)
            # Some parameters have 200 effective draws: an error of 0.07 sd each.
            assert np.all(np.abs(a.mean(axis=0) - b.mean(axis=0)) < 0.45 * spread), parameter
            assert np.all(np.abs(np.log(spread / np.maximum(b.std(axis=0), 1e-12))) < 0.5)


@pytest.mark.slow
def test_a_run_tells_of_every_stage(run: Run, source: AnalysisTable) -> None:
    assert run.manifest.density == "native"
    assert run.healthy, [c for c in run.manifest.health if c.status == "fail"]
    names = [check.name for check in run.manifest.health]
    assert "likes: predictive check: spread (standard deviation)" in names
    assert "reach: prior and data agree" in names
    told = run.parameters()
    assert {"reach.slope_size", "likes.tier_effect", "alpha"} <= set(told["parameter"])
    assert not told["meaning"].str.starts_with("link scale").any()
    assert "log_likelihood" in stage_tree(run.posterior, "comments").children
    rows = run.effects()
    assert rows.filter(pl.col("quantity") == "engagement_rate_ratio_by_reach_above_1.6").height == 6
    other = fit("engagement", source, **SETTINGS)
    assert compare([run, other]).height == 2
    asked = run.effects(ratio=2.0)
    assert "P(> 2)" in set(asked["statement"])
