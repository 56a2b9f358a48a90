"""Capture in the report: the headline says how many orders, what they rest on, what ROI counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy import stats
from support import captured, tiny

from attribution.charts.roi import roi as draw_roi
from attribution.charts.sources import Request, roi_source
from attribution.reporting import words
from attribution.reporting.content import Answer
from attribution.reporting.findings import Findings, gather
from attribution.reporting.headline import money
from attribution.reporting.recorded import recorded
from attribution.run import Run
from attribution.spec.sections import Experiments, LiftTest, Survey

PRIOR = stats.beta(5.0, 5.0).ppf((np.arange(1600) + 0.5) / 1600)


@pytest.fixture(scope="module")
def run() -> Run:
    return captured.by_hand(share=np.random.default_rng(1).permutation(PRIOR))


def told(run: Run) -> Findings:
    return gather(run, margin=0.3, unhealthy=True)


def answer(run: Run) -> Answer:
    (found,) = recorded(told(run))
    return found


def test_the_headline_says_how_many_and_that_it_is_the_priors_answer(run: Run) -> None:
    found = answer(run)
    assert found.short == "2 for each recorded one"
    assert "2 orders brought, recorded or not (89 % interval" in found.text
    assert "with the prior of that counted half 2, twice 2" in found.text
    assert found.text.endswith(words.FROM_PRIOR)


def with_leaks(run: Run) -> xr.DataTree:
    """Return a run's draws, as many recorded orders leaked as are missed."""
    hand = run.tree["posterior"].to_dataset()
    hand = hand.assign(leaked_share=hand["capture_share"])
    return xr.DataTree.from_dict({"posterior": hand, "prior": hand})


def test_a_survey_and_lift_tests_are_named(run: Run) -> None:
    spec = run.design.spec
    assert spec.capture is not None
    surveyed = replace(spec, capture=replace(spec.capture, survey=Survey(200, 60)))
    found = answer(replace(run, design=replace(run.design, spec=surveyed)))
    assert found.text.endswith("It rests on the prior and a survey of 200 buyers.")
    leaking = replace(surveyed, capture=replace(surveyed.capture, leaked=surveyed.capture.share))
    draws = replace(run, tree=with_leaks(run))
    found = answer(replace(draws, design=replace(run.design, spec=leaking)))
    assert found.text.endswith(words.LEAKS_FROM_PRIOR)
    tests = Experiments((LiftTest("spring", "reach > 0", 10.0, 2.0),))
    design = replace(run.design, spec=replace(spec, experiments=tests), tested=np.ones((1, 3)))
    found = answer(replace(run, design=design))
    assert found.text.endswith("It rests on the prior and on 1 lift test.")


def test_money_says_which_orders_it_counts_and_from_where_it_pays(run: Run) -> None:
    text = money(told(run)).text
    assert (
        "Expected returns count orders brought, recorded or not: 2 for each recorded one." in text
    )
    assert "the posts pay from 2" in text
    assert "counted half and" in text
    assert "Expected returns count" not in money(told(tiny.run())).text


def test_the_chart_of_roi_says_so_too(run: Run) -> None:
    subtitle = " ".join(draw_roi(roi_source(run, Request())).to_dict()["title"]["subtitle"])
    assert "expected ROI counts orders brought, recorded or not" in subtitle
    plain = " ".join(draw_roi(roi_source(tiny.run(), Request())).to_dict()["title"]["subtitle"])
    assert "counts" not in plain


def test_a_model_of_recorded_orders_is_asked_nothing() -> None:
    assert recorded(told(tiny.run())) == ()
