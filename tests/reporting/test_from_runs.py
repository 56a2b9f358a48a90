"""Charts and report take the tables as real runs make them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pytest
import xarray as xr
from support import drawn, tiny

from attribution.charts.registry import REGISTRY
from attribution.diagnostics import diagnose
from attribution.errors import InputError
from attribution.predictive import figures, figures_dataset
from attribution.reporting import report
from attribution.run import Run

OF_MODELS = {
    "capture": "has no capture",
    "claim": "has no engagement rates",
    "fakes": "has no shares of fakes",
    "funnel": "has no effects by way of stages",
    "halo": "only a halo model has a halo",
}
"""Charts of one model each, and what is said to a run of another."""
ONE_RUN = sorted(set(REGISTRY) - {"comparison", *OF_MODELS})


def real(spec: Any = tiny.ADDITIVE) -> Run:
    """Return the run of three posts with moving chains and replicated conversions."""
    run = tiny.run(spec=spec)
    assert run.tree is not None
    generator = np.random.default_rng(5)
    replicated = figures(run.design, generator.poisson(run.design.outcome, size=(40, 3)))
    groups = {name: node.to_dataset() for name, node in run.tree.children.items()}
    # Chains that never move have no R-hat.
    groups["posterior"] = groups["posterior"].map(
        lambda values: values + generator.normal(0.0, 1e-3, values.shape)
    )
    groups["predictive_figures"] = figures_dataset(run.design, replicated, replicated)
    tree = xr.DataTree.from_dict(groups)
    return replace(run, tree=tree, diagnosed=diagnose(groups["posterior"]))


@pytest.mark.parametrize("name", ONE_RUN)
def test_a_run_draws_its_charts(name: str) -> None:
    chart: alt.ChartType = getattr(real().charts, name)()
    assert len(drawn.title(chart)) > 15
    assert len(drawn.rows(chart.to_dict())) > 1


@pytest.mark.parametrize("name", sorted(set(ONE_RUN) - {"contributions"}))
def test_a_regression_draws_its_charts(name: str) -> None:
    chart = getattr(real(tiny.ENGAGEMENT).charts, name)()
    assert len(drawn.rows(chart.to_dict())) > 1


@pytest.mark.parametrize(("name", "reason"), OF_MODELS.items())
def test_a_chart_of_another_model_says_so(name: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        getattr(real().charts, name)()


def test_a_regression_has_no_contributions_and_says_so() -> None:
    with pytest.raises(InputError, match="its parts multiply"):
        real(tiny.ENGAGEMENT).charts.contributions()


def test_the_report_of_a_run_has_every_section(tmp_path: Path) -> None:
    page = real().report(tmp_path / "report.html").read_text(encoding="utf-8")
    for section in ("signals", "groups", "creators", "contributions", "roi", "health", "data"):
        assert f'<section id="{section}"' in page
    assert "not shown" not in page


def test_the_report_of_a_table_without_money_or_creators(tmp_path: Path) -> None:
    frame = tiny.table(fee=None, product_cost=None, net_revenue=None, paying_orders=None)
    run = replace(real(), design=tiny.design(frame))
    page = report(run, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Return on investment: not shown. There is no ROI" in page
