"""Tables too large for draws x posts arrays: samples with a stated error, blocks, thinned draws."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from support import small

from attribution import forward
from attribution.design import build_design
from attribution.draws import stack
from attribution.loo import estimate, kept_posts, loo_of
from attribution.quantities.compare import compare
from attribution.quantities.effects import effects
from attribution.quantities.roi import roi
from attribution.run import Run
from attribution.sampling import PREDICTIVE_DRAWS, _predict
from attribution.spec import read_spec

DRAWS = small.CHAINS * small.DRAWS


def test_posts_are_sampled_alike_and_smaller_samples_lie_in_larger_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert kept_posts(50, 100).tolist() == list(range(50))
    monkeypatch.setattr("attribution.loo.NUMBERS", 1000)
    few, many = kept_posts(50, 100), kept_posts(50, 40)
    assert (len(few), len(many)) == (10, 25)
    assert set(few) < set(many)
    assert np.all(np.diff(many) > 0)


def test_an_estimate_from_a_sample_is_unbiased_and_knows_its_error() -> None:
    """Over many samples: the mean is the sum over all, the spread the stated standard error."""
    rng = np.random.default_rng(1)
    near = rng.normal(-2.0, 1.0, 4000)
    values = near - rng.gamma(1.0, 0.1, 4000)
    whole = estimate(values)
    found = []
    for _ in range(600):
        posts = rng.permutation(4000)[:300]
        found.append(estimate(values[posts], near, posts))
    totals = np.array([one.total for one in found])
    stated = np.sqrt(np.mean([one.se_subsample**2 for one in found]))
    assert abs(totals.mean() - whole.total) < 4 * totals.std() / np.sqrt(600)
    assert stated == pytest.approx(totals.std(), rel=0.12)
    assert np.mean([one.se for one in found]) == pytest.approx(whole.se, rel=0.02)
    assert whole.se_subsample == 0.0


def looked_at(run: Run, posts: int, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a run that kept the log density of so many posts only."""
    monkeypatch.setattr("attribution.loo.NUMBERS", posts * DRAWS)
    assert run.tree is not None
    tree = run.tree.copy()
    kept = kept_posts(len(run.design.outcome), DRAWS)
    tree["log_likelihood"] = tree["log_likelihood"].isel(post=kept)
    return replace(run, tree=tree)


def test_leave_one_out_from_a_sample_of_posts(monkeypatch: pytest.MonkeyPatch) -> None:
    run = small.believable("additive")
    whole = loo_of(run.design, run.posterior)
    part = looked_at(run, 60, monkeypatch)
    some = loo_of(part.design, part.posterior)
    assert np.array_equal(some.pointwise, whole.pointwise[some.posts])
    told = estimate(some.pointwise, some.plug_in, some.posts)
    assert 0 < told.se_subsample < 0.2 * told.se
    assert abs(told.total - whole.pointwise.sum()) < 4 * told.se_subsample


def test_runs_that_kept_a_sample_compare_as_whole_ones_do(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [small.believable("additive"), small.believable("engagement", "additive")]
    whole = compare(runs)
    part = compare([looked_at(run, 60, monkeypatch) for run in runs])
    assert part.get_column("posts_used").to_list() == [60, 60]
    assert whole.get_column("se_diff_subsample").to_list() == [0.0, 0.0]
    both = whole.join(part, on="model", suffix="_part")
    for row in both.iter_rows(named=True):
        assert abs(row["elpd"] - row["elpd_part"]) < 4 * row["se_subsample_part"]
        off = abs(row["elpd_diff"] - row["elpd_diff_part"])
        assert off <= 4 * row["se_diff_subsample_part"] + 1e-9


def test_a_run_knows_its_posts_whatever_the_present_release_would_keep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = looked_at(small.believable("additive"), 60, monkeypatch)
    before = loo_of(run.design, run.posterior)
    monkeypatch.setattr("attribution.loo.NUMBERS", 30 * DRAWS)
    after = loo_of(run.design, run.posterior)
    assert np.array_equal(after.posts, before.posts)
    assert np.array_equal(after.pointwise, before.pointwise)


def test_runs_that_kept_different_samples_are_compared_by_what_both_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = looked_at(small.believable("additive"), 80, monkeypatch)
    few = looked_at(small.believable("engagement", "additive"), 50, monkeypatch)
    assert compare([many, few]).get_column("posts_used").to_list() == [50, 50]


def test_figures_are_of_all_replications_whatever_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    run = small.believable("additive")
    posts = len(run.design.outcome)
    draws = {name: values[:PREDICTIVE_DRAWS] for name, values in run.draws.items()}
    every = _predict(run.design, draws, (1, 1))
    monkeypatch.setattr("attribution.sampling.PREDICTIVE_NUMBERS", 45 * posts)
    some = _predict(run.design, draws, (1, 1))
    step = -(-len(every.outcomes) // 45)
    assert np.array_equal(some.outcomes, every.outcomes[::step])
    assert all(np.array_equal(some.figures[name], every.figures[name]) for name in every.figures)


def many_posts(model: str, copies: int) -> Run:
    """Return a run of a brand whose every post is there so many times."""
    run = small.believable(model)
    table = pl.concat(
        run.design.table.with_columns(post_id=pl.format("{}-{}", "post_id", pl.lit(k)))
        for k in range(copies)
    ).drop("credited_through", "sources", strict=False)
    design = build_design(read_spec(model), table, level_order=run.source.tier_order)
    return replace(run, design=replace(design, hidden=None, sources=None))


def test_replications_that_are_not_kept_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("attribution.draws.BLOCK_NUMBERS", 50_000)
    run = many_posts("engagement", 50)
    posts = len(run.design.outcome)
    monkeypatch.setattr("attribution.sampling.PREDICTIVE_NUMBERS", 10 * posts)
    draws = {name: values[:PREDICTIVE_DRAWS] for name, values in run.draws.items()}
    tracemalloc.start()
    _predict(run.design, draws, (1, 1))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.3 * PREDICTIVE_DRAWS * posts * 8


@pytest.mark.parametrize("model", ["additive", "engagement"])
def test_no_array_of_draws_times_posts(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Estimates, ROI and log densities of a sample of posts stay far below one such array."""
    monkeypatch.setattr("attribution.draws.BLOCK_NUMBERS", 50_000)
    monkeypatch.setattr("attribution.run.ESTIMATION_NUMBERS", 2_000_000)
    run = many_posts(model, 100)
    posts = len(run.design.outcome)
    table = DRAWS * posts * 8
    effects(run), run.draws  # what is imported, and the draws, are not counted
    tracemalloc.start()
    effects(run)
    roi(run, by="creator", unhealthy=True)
    forward.log_likelihood(run.design, run.draws, np.arange(0, posts, 200))
    forward_peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert table > 60e6
    assert forward_peak < 0.35 * table


def test_estimates_of_a_large_table_use_fewer_draws_and_say_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = small.believable("additive")
    whole = effects(run)
    monkeypatch.setattr("attribution.run.ESTIMATION_NUMBERS", 200 * len(run.design.outcome))
    few = effects(replace(run))
    assert len(next(iter(replace(run).thinned.values()))) == 200
    mine, theirs = few.row(0, named=True), whole.row(0, named=True)
    assert mine["label"] == theirs["label"]
    assert mine["mcse_mean"] > theirs["mcse_mean"]
    error = np.hypot(mine["mcse_mean"], theirs["mcse_mean"])
    assert abs(mine["mean"] - theirs["mean"]) < 4 * error


def test_log_densities_of_some_posts_are_those_of_all() -> None:
    run = many_posts("engagement", 2)
    draws = {
        name: values[:7] for name, values in stack(run.posterior["posterior"].to_dataset()).items()
    }
    posts = np.array([3, 11, 150])
    whole = forward.log_likelihood(run.design, draws)
    np.testing.assert_allclose(forward.log_likelihood(run.design, draws, posts), whole[:, posts])
    late = small.believable("additive")
    some = {name: values[:7] for name, values in late.draws.items()}
    np.testing.assert_allclose(
        forward.log_likelihood(late.design, some, posts[:2]),
        forward.log_likelihood(late.design, some)[:, posts[:2]],
    )
