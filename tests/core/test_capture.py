"""Capture: what a survey, a prior and the counts say of the share of orders that is recorded."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats
from support import captured, tiny

from attribution.data import AnalysisTable
from attribution.design import build_design
from attribution.fitting import fit
from attribution.quantities.compare import roi_ranking
from attribution.quantities.effects import effects
from attribution.quantities.estimates import Quantity
from attribution.quantities.recorded import (
    BROUGHT,
    PER_RECORDED,
    RECORDED,
    recorded_quantities,
)
from attribution.quantities.roi import roi
from attribution.run import Run

SETTINGS: dict[str, Any] = {"draws": 2000, "tune": 500, "chains": 2, "seed": 3}
PRIOR = (3.0, 5.0)
BUYERS, RECORDED_BUYERS = 12, 9


@cache
def surveyed() -> Run:
    spec = captured.spec(captured.CAPTURE + captured.SURVEY)
    return fit(spec, AnalysisTable(captured.table()), **SETTINGS)


def posterior(power: float = 1.0) -> Any:
    """Return what is known of the share by its prior, counted with a power, and the survey."""
    a, b = (power * (value - 1.0) + 1.0 for value in PRIOR)
    return stats.beta(a + RECORDED_BUYERS, b + BUYERS - RECORDED_BUYERS)


def assert_drawn_from(draws: np.ndarray, distribution: Any, effective: float) -> None:
    """Compare shares below quantiles with their chance, to four Monte Carlo errors."""
    for share in (0.055, 0.25, 0.5, 0.75, 0.945):
        below = np.mean(draws < distribution.ppf(share))
        assert abs(below - share) < 4.0 * np.sqrt(share * (1.0 - share) / effective), share


def test_thinning_a_negative_binomial_count_scales_its_mean_and_leaves_its_dispersion() -> None:
    rng = np.random.default_rng(1)
    mean, alpha, share, count = 12.0, 1.5, 0.3, 400_000
    brought = rng.poisson(rng.gamma(alpha, mean / alpha, count))
    recorded = rng.binomial(brought, share)
    thinned = stats.nbinom(alpha, alpha / (alpha + share * mean))
    observed = np.bincount(recorded, minlength=16)[:16]
    expected = count * thinned.pmf(np.arange(16))
    assert stats.chisquare(observed, expected * observed.sum() / expected.sum()).pvalue > 1e-3
    wrong = stats.nbinom(share * alpha, alpha / (alpha + mean)).pmf(np.arange(16))
    assert stats.chisquare(observed, wrong * observed.sum() / wrong.sum()).pvalue < 1e-3


def test_with_a_survey_the_share_is_beta_whatever_the_counts() -> None:
    run = surveyed()
    share = run.draws["capture_share"]
    effective = run.diagnosed.filter(parameter="capture_share").item(0, "ess_bulk")
    assert effective > 1000
    assert_drawn_from(share, posterior(), effective)
    assert_drawn_from(run.draws["leaked_share"], stats.beta(1.0, 9.0), effective)


def test_a_run_without_the_survey_is_not_that_beta() -> None:
    """The comparison can fail: the prior alone is far from what the survey makes of it."""
    with pytest.raises(AssertionError):
        assert_drawn_from(surveyed().draws["capture_share"], stats.beta(*PRIOR), 4000)


def row(table: pl.DataFrame, quantity: str, scope: str = "overall", group: str = "all") -> Any:
    found = table.filter(quantity=quantity, scope=scope, group=group)
    assert found.height == 1, (quantity, scope, group)
    return found.row(0, named=True)


@pytest.mark.parametrize(("power", "words"), [(0.5, "half"), (2.0, "twice")])
def test_the_prior_counted_otherwise_is_the_posterior_under_that_prior(
    power: float, words: str
) -> None:
    told = row(effects(surveyed()), "capture_share", "sensitivity", f"prior counted {words}")
    exact = posterior(power)
    error = exact.std() / np.sqrt(1000)
    assert told["mean"] == pytest.approx(exact.mean(), abs=4 * error)
    assert told["lower"] == pytest.approx(exact.ppf(0.055), abs=8 * error)
    assert told["upper"] == pytest.approx(exact.ppf(0.945), abs=8 * error)
    stated = row(effects(surveyed()), "capture_share")
    assert abs(told["mean"] - stated["mean"]) > 4 * error, "no leaning would pass as well"


def test_orders_brought_are_recorded_ones_less_leaks_over_the_share() -> None:
    run = surveyed()
    share, leaked = run.draws["capture_share"], run.draws["leaked_share"]
    table = effects(run)
    factor = (1.0 - leaked) / share
    assert row(table, "orders_per_recorded_order")["mean"] == pytest.approx(factor.mean())
    recorded = row(table, "expected_recorded_orders")["mean"]
    assert recorded == pytest.approx(run.table["conversions"].sum(), rel=0.1)
    total = sum(
        row(table, name)["mean"] * sign
        for name, sign in (
            ("expected_recorded_orders", 1.0),
            ("orders_leaked", -1.0),
            ("orders_missed", 1.0),
        )
    )
    assert row(table, "expected_orders_brought")["mean"] == pytest.approx(total)


def test_the_label_says_what_rests_on_the_prior_alone() -> None:
    table = effects(surveyed())
    assert "prior alone" not in row(table, "capture_share")["label"]
    assert "prior alone" in row(table, "leaked_share")["label"]


def test_a_survey_that_the_prior_contradicts_fails_the_run() -> None:
    sure = captured.CAPTURE.replace("alpha = 3.0, beta = 5.0", "alpha = 50.0, beta = 450.0")
    spec = captured.spec(sure + captured.SURVEY)
    run = fit(spec, AnalysisTable(captured.table()), **SETTINGS | {"draws": 300})
    status = {check.name: check.status for check in run.manifest.health}
    assert status["survey of buyers"] == "fail"
    good = {check.name: check.status for check in surveyed().manifest.health}
    assert good["survey of buyers"] == "pass"


def test_a_share_that_rests_on_its_prior_alone_is_warned_of() -> None:
    spec = captured.spec(captured.CAPTURE)
    run = fit(spec, AnalysisTable(captured.table()), **SETTINGS | {"draws": 300})
    status = {check.name: check.status for check in run.manifest.health}
    assert status["share of orders recorded"] == "warn"
    assert "share of orders recorded" not in {c.name for c in surveyed().manifest.health}
    told = row(effects(run), "orders_per_recorded_order")
    assert told["median"] > 1.0
    assert (told["statement"], told["probability"], told["answer"]) == (None, None, "estimated")
    told = row(effects(surveyed()), "orders_per_recorded_order")
    assert (told["statement"], told["answer"]) == ("P(> 1)", "more orders than recorded")


def told_of(more: str, *, leaked: float | None = None) -> Quantity:
    """Return the orders for each recorded one where 1,000 of 1,000 buyers had a code.

    Of the share what its prior and the survey say; of leaks what their prior says, or a number.
    """
    spec = captured.spec(more)
    design = build_design(spec, captured.table())
    rng, count = np.random.default_rng(1), 4000
    draws = {
        "intercept": np.full(count, 3.0),
        "alpha": np.full(count, 2.0),
        "capture_share": rng.beta(PRIOR[0] + 1000, PRIOR[1], count),
        "leaked_share": rng.beta(1.0, 9.0, count) if leaked is None else np.full(count, leaked),
    }
    found = recorded_quantities(design, draws)
    (one,) = [q for q in found if (q.quantity, q.scope) == (PER_RECORDED, "overall")]
    return one


ALL_HAD_A_CODE = "survey = { buyers = 1000, recorded = 1000 }\n"
NO_LEAKS = '[capture]\nshare = { name = "beta", alpha = 3.0, beta = 5.0 }\n'


def test_a_survey_never_says_that_codes_claim_too_many_orders() -> None:
    """That some recorded orders are not the posts' is the prior's word, however many were asked."""
    told = told_of(captured.CAPTURE + ALL_HAD_A_CODE)
    assert told.probability is not None
    assert told.probability < 0.05, "the prior of leaks alone makes fewer likely"
    assert told.answer == "cannot tell"


def test_a_lift_test_says_that_codes_claim_too_many_orders() -> None:
    lift = captured.LIFT.replace('incremental = { name = "log_normal", mu = 0.0, sigma = 1.0 }', "")
    told = told_of(captured.CAPTURE + ALL_HAD_A_CODE + lift, leaked=0.5)
    assert told.answer == "fewer orders than recorded"


def test_where_codes_claim_nothing_wrongly_more_orders_have_to_be_noticeably_more() -> None:
    """Of a share below 1 there are more orders than recorded, whatever the survey says."""
    told = told_of(NO_LEAKS + ALL_HAD_A_CODE)
    assert np.all(told.draws > 1.0)
    assert (told.statement, told.answer) == ("P(> 1.05)", "hardly more orders than recorded")


def creator(table: pl.DataFrame, name: str) -> dict[str, Any]:
    return table.row(by_predicate=pl.col("group") == name, named=True)


def test_expected_roi_counts_orders_that_are_missed_and_says_so() -> None:
    """Creator a earns 240 and 225 by recorded orders at a cost of 120: 480 and 900 by all."""
    a = creator(roi(captured.by_hand()), "a")
    assert a["basis"] == BROUGHT
    found = (a["expected_roi_lower"], a["expected_roi_upper"])
    assert found == pytest.approx((480 / 120 - 1, 900 / 120 - 1))
    assert a["realised_roi"] == pytest.approx(-10 / 120), "a fact of recorded orders"
    assert a["pays_from"] == pytest.approx(120 / 232.5)
    plain = creator(roi(tiny.run()), "a")
    assert plain["basis"] == RECORDED
    assert plain["pays_from"] is plain["p_profit_prior_half"] is None


def test_of_few_draws_nothing_is_said_under_other_priors() -> None:
    a = creator(roi(captured.by_hand()), "a")
    assert a["p_profit_prior_half"] is a["p_profit_prior_twice"] is None


def test_odds_of_profit_are_told_with_the_prior_counted_otherwise() -> None:
    """At a margin of 0.3 creator a pays where the share is below 0.6 or, in draw 2, 0.5625."""
    beta = stats.beta(5.0, 5.0).ppf((np.arange(1600) + 0.5) / 1600)
    share = np.random.default_rng(1).permutation(beta)
    a = creator(roi(captured.by_hand(share=share), margin=0.3), "a")

    def exact(alpha: float) -> float:
        return float(np.mean(stats.beta(alpha, alpha).cdf([0.6, 0.5625])))

    assert a["p_profit"] == pytest.approx(exact(5.0), abs=0.02)
    assert a["p_profit_prior_half"] == pytest.approx(exact(3.0), abs=0.02)
    assert a["p_profit_prior_twice"] == pytest.approx(exact(9.0), abs=0.02)
    assert abs(exact(9.0) - exact(5.0)) > 0.04
    assert abs(exact(3.0) - exact(5.0)) > 0.03


def test_a_comparison_says_that_roi_counts_other_orders() -> None:
    said = roi_ranking(captured.by_hand(), tiny.run())
    assert said.endswith(f"(ROI here counts {BROUGHT}, there {RECORDED})")
    assert "counts" not in roi_ranking(tiny.run(), tiny.run())
