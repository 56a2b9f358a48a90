"""The health gate: a healthy run passes, and each check fails when its own fault is put in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
import xarray as xr
from scipy import stats
from support import small

from attribution.agreement import two_sided
from attribution.design import Design, SetAside
from attribution.diagnostics import agreement, converged, diagnose, r_hat_limits
from attribution.health import check_health, health_table
from attribution.manifest import Check
from attribution.predictive import FOLLOWED, LATE

Parts = dict[str, xr.Dataset]


def spoil(
    parts: Callable[[Parts], Any] = lambda _: None,
    design: Callable[[Design], Design] = lambda d: d,
    model: str = "additive",
) -> dict[str, Check]:
    """Return the checks of a healthy run after changing its groups of draws or its design."""
    run = small.believable(model)
    groups = {
        name: node.to_dataset().copy(deep=True) for name, node in run.posterior.children.items()
    }
    parts(groups)
    of = design(run.design)
    groups["predictive_figures"] = small.figures_of(
        of,
        groups["posterior_predictive"]["conversions"].to_numpy()[0],
        groups["prior_predictive"]["conversions"].to_numpy()[0],
    )
    tree = xr.DataTree.from_dict(groups)
    return {check.name: check for check in check_health(of, tree, diagnose(groups["posterior"]))}


def scale(group: str, factor: float, some: Any = slice(None)) -> Callable[[Parts], None]:
    """Multiply the predictive conversions of some posts."""

    def change(groups: Parts) -> None:
        groups[group]["conversions"].values[..., some] = (
            groups[group]["conversions"].values[..., some] * factor
        )

    return change


@pytest.mark.parametrize("model", ["additive", "engagement"])
def test_a_healthy_run_passes_every_check(model: str) -> None:
    checks = spoil(model=model)
    assert {name: check.status for name, check in checks.items() if check.status == "fail"} == {}
    assert all(check.advice == "" for check in checks.values() if check.status == "pass")
    expected = {
        "convergence (R-hat)",
        "effective draws (bulk)",
        "effective draws (tail)",
        "divergences",
        "energy (BFMI)",
        "tree depth",
        "total conversions",
        "conversions of tier nano",
        LATE,
        "total net revenue",
        "net revenue of tier nano",
        "influential posts (Pareto k)",
        "prior and data agree",
        "posts left out",
    }
    assert expected <= checks.keys()
    assert ("the data tell the share of likes" in checks) is (model == "additive")


def nan_in(name: str) -> Callable[[Parts], None]:
    def change(groups: Parts) -> None:
        groups["posterior"][name].values[0, 3, ...] = np.nan

    return change


@pytest.mark.parametrize("name", ["log_rate", "creator_effect"])
def test_a_parameter_that_is_not_a_number_fails(name: str) -> None:
    checks = spoil(nan_in(name))
    for check in ("convergence (R-hat)", "effective draws (bulk)", "effective draws (tail)"):
        assert checks[check].status == "fail", check
        assert name in checks[check].value


def test_order_values_that_are_not_numbers_fail() -> None:
    def change(groups: Parts) -> None:
        groups["posterior"]["value_log_mean"].values[...] = np.nan

    checks = spoil(change)
    assert checks["total net revenue"].status == "fail"


def test_chains_apart_fail_convergence() -> None:
    def change(groups: Parts) -> None:
        values = groups["posterior"]["log_rate"].values
        values[1] += 0.5 * values.std()

    check = spoil(change)["convergence (R-hat)"]
    assert check.status == "fail"
    assert "log_rate" in check.value
    assert "--tune" in check.advice


def autocorrelated(parameters: int, apart: float = 0.0) -> xr.Dataset:
    """Four chains of 1,000 draws, about 1,000 of them effective; one of the first may be apart."""
    x = np.random.default_rng(5).normal(size=(4, 1000, parameters))
    for t in range(1, 1000):
        x[:, t] = 0.6 * x[:, t - 1] + 0.8 * x[:, t]
    x[0, :, 0] += apart
    return xr.Dataset({"x": (("chain", "draw", "level"), x)}, coords={"level": range(parameters)})


def test_r_hat_of_many_parameters_is_allowed_what_chance_gives() -> None:
    """Of 1,000 whose chains agree some ten are beyond 1.01, none beyond the limit."""
    agreeing = diagnose(autocorrelated(1000))
    assert agreeing["r_hat"].max() > 1.01
    assert converged(agreeing, 4)
    r_hat, limit, name = agreement(diagnose(autocorrelated(1000, apart=0.5)), 4)
    assert r_hat > limit
    assert name == "x[0]"


def test_the_limit_of_r_hat_rises_with_what_chance_gives_but_not_without_end() -> None:
    known = pl.DataFrame({"r_hat": [1.0] * 3, "ess_bulk": [4000.0, 1e3, 50.0], "ess_tail": 4000.0})
    few, chance, none = r_hat_limits(known, 4)
    assert few == 1.01
    assert chance == pytest.approx(np.sqrt(1 + stats.chi2(7).isf(0.01 / 3) / 1000))
    assert none == chance


def test_slow_chains_fail_effective_draws() -> None:
    def change(groups: Parts) -> None:
        values = groups["posterior"]["creator_effect"].values
        values[:, :, 2] = np.repeat(values[:, ::10, 2], 10, axis=1)

    checks = spoil(change)
    assert checks["effective draws (bulk)"].status == "fail"
    assert "creator_effect[" in checks["effective draws (bulk)"].value


def test_one_divergence_fails() -> None:
    def change(groups: Parts) -> None:
        groups["sample_stats"]["diverging"].values[1, 7] = True

    check = spoil(change)["divergences"]
    assert (check.status, check.value) == ("fail", "1")


@pytest.mark.parametrize("energy", ["a walk", "not a number"])
def test_energy_that_moves_too_little_fails(energy: str) -> None:
    def change(groups: Parts) -> None:
        values = groups["sample_stats"]["energy"].values
        values[0] = np.cumsum(values[0]) if energy == "a walk" else np.nan

    assert spoil(change)["energy (BFMI)"].status == "fail"


def test_deep_trees_only_warn() -> None:
    def change(groups: Parts) -> None:
        groups["sample_stats"]["depth"].values[:, :30] = 10

    assert spoil(change)["tree depth"].status == "warn"


def test_orders_that_come_later_or_sooner_than_thought_fail() -> None:
    sources = small.believable("additive").design.sources
    assert sources is not None
    own = sources.weight[:, 0]
    few = own <= np.quantile(own, FOLLOWED)
    for factor in (0.4, 2.5):
        check = spoil(scale("posterior_predictive", factor, few))[LATE]
        assert check.status == "fail"
        assert "attribution ingest" in check.advice


def test_without_late_orders_there_is_no_check_of_them() -> None:
    assert LATE not in spoil(design=lambda built: replace(built, sources=None))


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_totals_off_by_a_factor_fail(factor: float) -> None:
    check = spoil(scale("posterior_predictive", factor))["total conversions"]
    assert check.status == "fail"
    assert check.advice == "Do not use ROI: the model misses the total."


def test_a_tier_off_by_a_factor_fails() -> None:
    group = small.believable("additive").design.groups["tier"]
    micro = group.index == group.levels.index("micro")
    checks = spoil(scale("posterior_predictive", 2.5, micro))
    assert checks["conversions of tier micro"].status == "fail"
    assert checks["conversions of tier nano"].status == "pass"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("posts without conversions", lambda y: np.maximum(y, 1)),
        ("largest post", lambda y: np.minimum(y, 5)),
        ("spread (standard deviation)", lambda y: np.minimum(y, 5)),
        ("90th percentile", lambda y: 3 * y),
    ],
)
def test_posts_unlike_the_observed_ones_fail(
    name: str, values: Callable[[np.ndarray], np.ndarray]
) -> None:
    def change(groups: Parts) -> None:
        counts = groups["posterior_predictive"]["conversions"]
        counts.values[...] = values(counts.values)

    assert spoil(change)[f"predictive check: {name}"].status == "fail"


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_revenue_off_by_a_factor_fails(factor: float) -> None:
    def change(design: Design) -> Design:
        assert design.value is not None
        return replace(design, value=replace(design.value, revenue=design.value.revenue * factor))

    check = spoil(design=change)["total net revenue"]
    assert check.status == "fail"
    assert check.advice == "Do not use ROI in money."


def test_revenue_of_one_tier_off_by_a_factor_fails() -> None:
    def change(design: Design) -> Design:
        assert design.value is not None
        tier = design.value_groups["tier"]
        micro = tier.index[design.value.rows] == tier.levels.index("micro")
        revenue = np.where(micro, 4.0, 1.0) * design.value.revenue
        return replace(design, value=replace(design.value, revenue=revenue))

    checks = spoil(design=change)
    assert checks["net revenue of tier micro"].status == "fail"
    assert checks["net revenue of tier nano"].status == "pass"


def test_data_that_the_prior_did_not_expect_warn() -> None:
    def change(groups: Parts) -> None:
        groups["prior_predictive"]["conversions"].values[...] //= 10_000

    check = spoil(change)["prior and data agree"]
    assert check.status == "warn"
    assert check.advice.startswith("Copy the spec")


def test_a_prior_that_gives_no_numbers_fails() -> None:
    def change(groups: Parts) -> None:
        prior = groups["prior_predictive"]
        groups["prior_predictive"] = prior.assign(
            conversions=prior["conversions"].astype(float) * np.nan
        )

    assert spoil(change)["prior and data agree"].status == "fail"


def test_shares_that_the_data_do_not_tell_warn() -> None:
    def change(groups: Parts) -> None:
        posterior, prior = groups["posterior"]["share"], groups["prior"]["share"]
        again = np.resize(np.arange(small.DISTINCT), small.CHAINS * small.DRAWS)
        posterior.values[...] = prior.values[0][again].reshape(posterior.shape)

    check = spoil(change)["the data tell the share of comments"]
    assert check.status == "warn"
    assert "leans on the prior" in check.advice


def test_posts_that_decide_the_comparison_warn() -> None:
    def change(groups: Parts) -> None:
        values = groups["log_likelihood"]["conversions"].values
        # Importance ratios are then Pareto with k = 1.5.
        values[..., :5] -= np.random.default_rng(1).exponential(1.5, values[..., :5].shape)

    check = spoil(change)["influential posts (Pareto k)"]
    assert check.status == "warn"
    assert check.value == "5 of 120 above 0.7"


def test_draws_that_never_move_are_told_and_do_not_stop_the_checks() -> None:
    def change(groups: Parts) -> None:
        groups["log_likelihood"]["conversions"].values[:] = -1.0

    check = spoil(change)["influential posts (Pareto k)"]
    assert (check.status, check.value) == ("warn", "120 of 120 above 0.7")


@pytest.mark.parametrize(("count", "status"), [(13, "pass"), (14, "warn")])
def test_many_posts_left_out_warn(count: int, status: str) -> None:
    """13 of 133 is below a tenth, 14 of 134 above."""
    aside = tuple(SetAside(f"x{i}", "reach is empty") for i in range(count))
    check = spoil(design=lambda d: replace(d, set_aside=aside))["posts left out"]
    assert (check.status, check.value) == (status, f"{count} of {120 + count}")


def test_parameters_that_never_vary_are_no_reason_to_fail() -> None:
    """The rate of a table with one part has a share that is always 1."""

    def change(groups: Parts) -> None:
        groups["posterior"]["hidden_z"].values[..., 0] = 1.0

    assert spoil(change)["convergence (R-hat)"].status == "pass"


def test_two_sided_probability() -> None:
    replicated = np.arange(100.0)
    assert two_sided(49.5, replicated) == pytest.approx(1.0)
    assert two_sided(-1.0, replicated) == 0.0
    assert two_sided(99.5, replicated) == 0.0
    assert two_sided(2.0, replicated) == pytest.approx(2 * 0.025)
    assert two_sided(0.0, np.zeros(100)) == 1.0
    assert np.isnan(two_sided(1.0, np.array([1.0, np.nan])))
    assert np.isnan(two_sided(np.nan, replicated))


def test_the_table_has_a_row_per_check_in_order() -> None:
    checks = tuple(spoil().values())
    table = health_table(checks)
    assert table.columns == ["name", "status", "value", "threshold", "meaning", "advice"]
    assert table["name"].to_list() == [check.name for check in checks]


@pytest.mark.parametrize(
    ("k", "status"),
    [(-np.inf, "pass"), (0.69, "pass"), (0.71, "fail"), (np.inf, "fail"), (np.nan, "fail")],
)
def test_an_approximation_stands_or_falls_with_its_worst_pareto_k(k: float, status: str) -> None:
    run = small.believable("additive")
    groups = {name: node.to_dataset() for name, node in run.posterior.children.items()}
    groups["sample_stats"] = xr.Dataset({"pareto_k": (("unknowns",), [0.1, k])})
    tree = xr.DataTree.from_dict(groups)
    found = check_health(run.design, tree, diagnose(groups["posterior"]), "approximate")
    checks = {check.name: check for check in found}
    assert checks["approximation (Pareto k)"].status == status
    assert checks["late orders (approximate)"].status == "warn"
    assert "convergence (R-hat)" not in checks
