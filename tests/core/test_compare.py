"""Comparison of models: ArviZ's numbers, what may be said of them, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import arviz_stats
import numpy as np
import polars as pl
import pytest
import xarray as xr
from support import small, tiny

from attribution.errors import InputError
from attribution.loo import loo, pareto_k
from attribution.quantities.compare import compare, reading
from attribution.run import Run


@pytest.fixture(scope="module")
def runs() -> tuple[Run, Run]:
    """Return two models of the same orders, which were drawn from the first one."""
    return small.believable("additive"), small.believable("engagement", orders_of="additive")


def shifted(run: Run, by: np.ndarray | float, name: str = "other") -> Run:
    """Return a run whose pointwise log densities are higher by so much."""
    groups = {n: node.to_dataset().copy(deep=True) for n, node in run.posterior.children.items()}
    groups["log_likelihood"]["conversions"] = groups["log_likelihood"]["conversions"] + by
    return replace(run, spec=replace(run.spec, name=name), tree=xr.DataTree.from_dict(groups))


@pytest.mark.filterwarnings("ignore:Estimated shape parameter")
def test_the_numbers_are_those_of_arviz(runs: tuple[Run, Run]) -> None:
    table = compare(runs)
    loos = {r.name: arviz_stats.loo(r.posterior, var_name="conversions") for r in runs}
    pointwise = {
        r.name: arviz_stats.loo(r.posterior, var_name="conversions", pointwise=True) for r in runs
    }
    theirs = arviz_stats.compare(pointwise, method="stacking", round_to="none")
    for row in table.rows(named=True):
        loo = loos[row["model"]]
        assert (row["elpd"], row["se"], row["p_loo"]) == pytest.approx((loo.elpd, loo.se, loo.p))
        line = theirs.loc[row["model"]]
        assert abs(row["elpd_diff"]) == pytest.approx(abs(line["elpd_diff"]))
        assert row["se_diff"] == pytest.approx(line["dse"], rel=0.01)
        assert row["weight"] == pytest.approx(line["weight"])
    assert table["rank"].to_list() == [1, 2]
    assert table["model"][0] == "additive"


def test_the_pareto_k_of_the_health_gate_are_those_of_arviz(runs: tuple[Run, Run]) -> None:
    for run in runs:
        found = loo(run.tree)
        np.testing.assert_allclose(pareto_k(run.tree), found.pareto_k, rtol=1e-10)
        assert np.ptp(found.pareto_k.to_numpy()) > 0.1


def test_leave_one_out_agrees_with_plain_importance_weights(runs: tuple[Run, Run]) -> None:
    """The draws scatter little, so that 1 / mean(1 / p) is a good estimate by itself."""
    values = runs[0].posterior["log_likelihood"]["conversions"].to_numpy().reshape(1000, -1)
    plain = -np.log(np.mean(np.exp(-values), axis=0)).sum()
    elpd = compare(runs).row(by_predicate=pl.col("model") == "additive", named=True)["elpd"]
    assert elpd == pytest.approx(plain, abs=0.5)


def test_a_clearly_better_model_is_said_to_be(runs: tuple[Run, Run]) -> None:
    table = compare([shifted(runs[0], -0.1), runs[0]])
    assert table["model"].to_list() == ["additive", "other"]
    assert table["elpd_diff"].to_list() == pytest.approx([0.0, -12.0])
    assert table["reading"].to_list() == ["best estimate", "predicts unseen posts worse"]


def test_a_small_difference_is_too_close_to_call(runs: tuple[Run, Run]) -> None:
    table = compare([shifted(runs[0], -0.03), runs[0]])
    assert table["elpd_diff"][1] == pytest.approx(-3.6)
    assert table["reading"][1] == "too close to call"


@pytest.mark.parametrize(
    ("rank", "difference", "se", "bad", "words"),
    [
        (0, 0.0, 0.0, 0, "best estimate"),
        (1, -3.9, 0.1, 0, "too close to call"),
        (1, -4.1, 0.1, 0, "predicts unseen posts worse"),
        (1, -10.0, 5.1, 0, "too close to call"),
        (1, -10.0, 4.9, 0, "predicts unseen posts worse"),
        (0, 0.0, 0.0, 2, "best estimate; 2 posts have Pareto k above 0.7"),
        (0, 0.0, 0.0, 1, "best estimate; 1 post has Pareto k above 0.7"),
        (1, -1.0, 1.0, 3, "too close to call; 3 posts have Pareto k above 0.7"),
        (1, float("nan"), 1.0, 0, "too close to call"),
        (1, -10.0, float("nan"), 0, "too close to call"),
    ],
)
def test_readings(rank: int, difference: float, se: float, bad: int, words: str) -> None:
    assert reading(rank, difference, se, bad).startswith(words)


def test_bad_posts_are_counted(runs: tuple[Run, Run]) -> None:
    noise = np.zeros((small.CHAINS, small.DRAWS, 120))
    noise[..., :4] = -np.random.default_rng(1).exponential(1.5, noise[..., :4].shape)
    table = compare([shifted(runs[0], noise), runs[0]])
    spoiled = table.row(by_predicate=pl.col("model") == "other", named=True)
    assert spoiled["n_bad_k"] == 4
    assert spoiled["worst_k"] > 0.7
    assert "take it with caution" in spoiled["reading"]


@pytest.mark.filterwarnings("ignore:Estimated shape parameter")
def test_a_post_without_a_pareto_k_counts_as_bad(runs: tuple[Run, Run]) -> None:
    """Ratios beyond all measure have a k that is not a number."""
    noise = np.zeros((small.CHAINS, small.DRAWS, 120))
    noise[..., 0] = -20 * np.random.default_rng(1).pareto(0.8, noise[..., 0].shape)
    spoiled = shifted(runs[0], noise)
    k = arviz_stats.loo(spoiled.posterior, var_name="conversions", pointwise=True).pareto_k
    assert np.isnan(k[0])
    table = compare([spoiled, runs[0]])
    assert table.filter(pl.col("model") == "other")["n_bad_k"].item() == 1


def test_a_post_with_ratios_at_the_edge_of_what_can_be_held_counts_as_bad(
    runs: tuple[Run, Run],
) -> None:
    """Left as they are, its leave-one-out density is no number, and its Pareto k is 0.17."""
    log_ratio = np.concatenate(
        [[0.0, -680.0, -700.0], -734.0 - np.abs(np.random.default_rng(0).normal(size=997))]
    )
    noise = np.zeros((small.CHAINS, small.DRAWS, 120))
    noise[..., 0] = -log_ratio.reshape(small.CHAINS, small.DRAWS)
    table = compare([shifted(runs[0], noise), runs[0]])
    spoiled = table.row(by_predicate=pl.col("model") == "other", named=True)
    assert spoiled["n_bad_k"] == 1
    assert np.isfinite(spoiled["elpd"])


def test_the_roi_ranking_is_compared_with_the_best_model(runs: tuple[Run, Run]) -> None:
    ranking = compare(runs)["roi_ranking"].to_list()
    assert ranking[0] == "—"
    assert ranking[1].startswith("rank correlation ")
    same = compare([shifted(runs[0], -0.1), runs[0]])["roi_ranking"][1]
    assert same == "rank correlation 1.00, the same creator first, 0 of 15 verdicts change"


def test_without_money_the_ranking_says_why(runs: tuple[Run, Run]) -> None:
    poor = [replace(r, design=replace(r.design, value=None)) for r in runs]
    assert compare(poor)["roi_ranking"][1].startswith("no ROI: there is no ROI")


def test_two_runs_of_one_name_are_numbered(runs: tuple[Run, Run]) -> None:
    table = compare([runs[0], shifted(runs[0], -0.1, name="additive")])
    assert table["model"].to_list() == ["additive (1)", "additive (2)"]


def test_one_run_is_not_compared(runs: tuple[Run, Run]) -> None:
    with pytest.raises(InputError, match="one run cannot be compared"):
        compare(runs[:1])


def test_different_posts_are_refused(runs: tuple[Run, Run]) -> None:
    with pytest.raises(InputError, match="were fitted to different rows"):
        compare([runs[0], tiny.run()])


def test_the_same_posts_with_other_orders_are_refused(runs: tuple[Run, Run]) -> None:
    design = runs[1].design
    other = replace(runs[1], design=replace(design, outcome=design.outcome + 1))
    with pytest.raises(InputError, match="were fitted to different rows"):
        compare([runs[0], other])


def test_different_outcomes_are_refused(runs: tuple[Run, Run]) -> None:
    other = replace(runs[1], manifest=replace(runs[1].manifest, outcome="clicks"))
    with pytest.raises(InputError, match="densities are about different things"):
        compare([runs[0], other])
