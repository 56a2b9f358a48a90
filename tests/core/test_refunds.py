"""Refunds that differ between creators and posts: grammar, model, draws, health and ROI."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.special import expit
from scipy.stats import betabinom, binom
from support import tiny

from attribution import forward
from attribution.design import build_design
from attribution.errors import InputError
from attribution.fitting import fit
from attribution.model import build_model
from attribution.quantities.roi import roi
from attribution.refunds import refund_checks
from attribution.run import Run
from attribution.spec import parse_spec, to_toml
from attribution.spec.model import ModelSpec
from attribution.spec.priors import Prior
from attribution.spec.terms import Group
from attribution.spec.words import equations

BY_CREATOR = Group(
    "creator_id", ("intercept",), "exchangeable", Prior("half_normal", {"sigma": 1.0})
)
BY_POST = Prior("log_normal", {"mu": 3.0, "sigma": 1.5})

SPEC = parse_spec("""
format = 1
name = "values"
[outcome]
column = "conversions"
family = "poisson"
exposure = "reach"
[mean]
link = "log"
[[mean.terms]]
kind = "intercept"
prior = { name = "normal", mu = -5.0, sigma = 2.0 }
[order_value]
mean = { name = "normal", mu = 4.0, sigma = 1.5 }
shape = { name = "log_normal", mu = 0.5, sigma = 1.0 }
paying_share = { name = "beta", alpha = 9.0, beta = 1.0 }
paying_concentration = { name = "log_normal", mu = 3.0, sigma = 1.5 }
[[order_value.paying_terms]]
kind = "group"
by = "creator_id"
of = ["intercept"]
effects = "exchangeable"
sd = { name = "half_normal", sigma = 1.0 }
""")


def with_refunds(spec: ModelSpec, *, creators: bool = False, posts: bool = False) -> ModelSpec:
    assert spec.order_value is not None
    value = replace(
        spec.order_value,
        paying_terms=(BY_CREATOR,) if creators else (),
        paying_concentration=BY_POST if posts else None,
    )
    return replace(spec, order_value=value)


POOLED = with_refunds(SPEC)
CREATORS, POSTS, SHARE, SD, CONCENTRATION = 40, 6, 0.7, 0.8, 15.0


def brand(sd: float, concentration: float) -> tuple[pl.DataFrame, np.ndarray]:
    """Return posts whose refunds differ, and the true share of each creator."""
    rng = np.random.default_rng(8)
    creator = np.repeat(np.arange(CREATORS), POSTS)
    shares = expit(np.log(SHARE / (1 - SHARE)) + rng.normal(0.0, sd, CREATORS))
    reach = rng.integers(500, 4000, len(creator))
    orders = rng.poisson(0.006 * reach)
    p = rng.beta(shares[creator] * concentration, (1 - shares[creator]) * concentration)
    paying = rng.binomial(orders, p)
    frame = pl.DataFrame(
        {
            "post_id": [f"p{k}" for k in range(len(creator))],
            "creator_id": [f"c{k:02d}" for k in creator],
            "reach": reach,
            "conversions": orders,
            "paying_orders": paying,
            "net_revenue": np.where(paying > 0, rng.gamma(np.maximum(paying, 1) * 2.0, 25.0), 0.0),
            "fee": 100.0,
        }
    )
    return frame, shares


@pytest.fixture(scope="module")
def known() -> tuple[Run, pl.DataFrame, np.ndarray]:
    frame, shares = brand(SD, CONCENTRATION)
    return fit(SPEC, frame, draws=500, tune=500, chains=2, seed=1), frame, shares


def test_a_spec_says_how_refunds_differ_and_is_written_back() -> None:
    assert parse_spec(to_toml(SPEC)) == SPEC
    lines = list(equations(SPEC))
    both = "share * paying_concentration, (1 - share) * paying_concentration"
    assert f"paying_orders ~ BetaBinomial(credited orders, {both})" in lines
    assert "logit share = logit(paying_share) + paying_creator_effect[creator_id]" in lines
    pooled = list(equations(POOLED))
    assert "paying_orders ~ Binomial(credited orders, paying_share)" in pooled


def test_a_share_has_no_multipliers() -> None:
    text = to_toml(SPEC).replace('"exchangeable"', '"mean_one"')
    with pytest.raises(InputError, match="a share has no multipliers"):
        parse_spec(text)


def test_a_spec_without_the_keys_builds_the_model_that_it_did() -> None:
    frame, _ = brand(SD, CONCENTRATION)
    model = build_model(build_design(POOLED, frame))
    names = {variable.name for variable in model.free_RVs}
    assert names == {"intercept", "value_log_mean", "value_shape", "paying_share"}
    assert model["paying_orders"].ndim == 0


@pytest.mark.parametrize(("creators", "posts"), [(True, False), (True, True)])
def test_the_likelihood_of_refunds_is_that_of_scipy(creators: bool, posts: bool) -> None:
    frame, _ = brand(SD, CONCENTRATION)
    design = build_design(with_refunds(SPEC, creators=creators, posts=posts), frame)
    model = build_model(design)
    names = ("paying_share", "paying_creator_effect", "paying_concentration")
    there = [name for name in names if name in model.named_vars]
    wanted = model.replace_rvs_by_values([model[name] for name in there])
    outputs = [model.logp([model["paying_orders"]], sum=False)[0], *wanted]
    function = model.compile_fn(
        outputs, inputs=model.value_vars, on_unused_input="ignore", mode="FAST_COMPILE"
    )
    terms, *values = function(model.initial_point())
    term, drawn = terms.sum(), dict(zip(there, values, strict=True))
    logit = np.log(drawn["paying_share"] / (1 - drawn["paying_share"]))
    p = np.full(len(frame), expit(logit))
    if creators:
        p = expit(logit + drawn["paying_creator_effect"][design.value_groups["creator_id"].index])
    n, k = frame["conversions"].to_numpy(), frame["paying_orders"].to_numpy()
    if posts:
        c = drawn["paying_concentration"]
        assert term == pytest.approx(betabinom.logpmf(k, n, p * c, (1 - p) * c)[n > 0].sum())
        return
    # Posts of a creator are added up: equal but for the number of ways.
    of = design.value_groups["creator_id"].index
    whole, kept = np.bincount(of, n), np.bincount(of, k)
    first = np.unique(of, return_index=True)[1]
    assert term == pytest.approx(binom.logpmf(kept, whole, p[first]).sum())


def test_refunds_are_found(known: tuple[Run, pl.DataFrame, np.ndarray]) -> None:
    run, _, shares = known
    assert run.manifest.density == "native"
    told = {row["parameter"]: row for row in run.parameters().to_dicts()}
    for name, truth, most in (
        ("paying_share", SHARE, 0.06),
        ("paying_concentration", CONCENTRATION, 12.0),
        ("paying_creator_sd", SD, 0.25),
    ):
        assert abs(told[name]["mean"] - truth) < 3.0 * told[name]["sd"], name
        assert told[name]["sd"] < most, name
    found = forward.paying_share(run.design, run.draws)[:, ::POSTS]
    low, high = np.quantile(found, [0.055, 0.945], axis=0)
    assert np.mean((low <= shares) & (shares <= high)) >= 0.75
    assert np.mean(high - low) < 0.3
    checks = {check.name: check.status for check in run.manifest.health}
    assert checks["paying orders"] == checks["spread of refunds between creators"] == "pass"


def test_one_share_for_all_fails_the_gate_where_creators_differ() -> None:
    """The draws are of the binomial posterior itself, which is Beta."""
    for sd, status in ((SD, "fail"), (0.0, "pass")):
        frame, _ = brand(sd, CONCENTRATION if sd else 1e6)
        design = build_design(POOLED, frame)
        assert design.value is not None
        kept, whole = design.value.paying, design.value.credited
        share = np.random.default_rng(1).beta(9 + kept, 1 + whole - kept, 1000)
        draws = {"paying_share": share}
        checks = {check.name: check for check in refund_checks(design, draws)}
        assert checks["paying orders"].status == "pass"
        assert checks["spread of refunds between creators"].status == status


@pytest.mark.parametrize("spec", [tiny.ADDITIVE, tiny.ENGAGEMENT], ids=["rates", "regression"])
def test_expected_roi_takes_each_creators_own_refunds(spec: ModelSpec) -> None:
    before = tiny.run(spec=with_refunds(spec))
    effects = np.tile(np.array([[0.0, -1.0]]), (len(before.draws["alpha"]), 1))
    draws = {**before.draws, "paying_creator_effect": effects}
    design = tiny.design(spec=with_refunds(spec, creators=True))
    order = list(design.value_groups["creator_id"].levels)
    assert order == ["a", "b"]
    after = replace(before, design=design)
    after.__dict__["draws"] = draws
    told = {row["group"]: row for row in roi(after).to_dicts()}
    was = {row["group"]: row for row in roi(before).to_dicts()}
    factor = expit(np.log(0.8 / 0.2) - 1.0) / 0.8
    assert told["a"]["expected_roi_mean"] == pytest.approx(was["a"]["expected_roi_mean"])
    expected = factor * (1.0 + was["b"]["expected_roi_mean"]) - 1.0
    assert told["b"]["expected_roi_mean"] == pytest.approx(expected)


def test_intervals_of_roi_hold_the_truth_only_with_refunds_of_creators(
    known: tuple[Run, pl.DataFrame, np.ndarray],
) -> None:
    """With one share for all, its posterior is Beta and independent of all else."""
    run, frame, shares = known
    design = build_design(POOLED, frame)
    assert design.value is not None
    kept, whole = design.value.paying, design.value.credited
    pooled = replace(run, design=design)
    share = np.random.default_rng(2).beta(9 + kept, 1 + whole - kept, len(run.draws["intercept"]))
    pooled.__dict__["draws"] = {**run.draws, "paying_share": share}
    reach = frame.group_by("creator_id", maintain_order=True).agg(pl.col("reach").sum())
    truth = reach.select(
        group="creator_id",
        true=0.006 * pl.col("reach") * 50.0 * pl.Series(shares) / (100.0 * POSTS) - 1.0,
    )

    def held(of: Run) -> float:
        told = roi(of, unhealthy=True).join(truth, on="group")
        inside = pl.col("true").is_between("expected_roi_lower", "expected_roi_upper")
        return float(told.select(inside.mean()).item())

    assert held(run) >= 0.75
    assert held(pooled) <= 0.4
