"""A real fit finds who has fakes, and is sure of it; and what the proof of fakes found."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from support.fits import SETTINGS, joined

from attribution import health
from attribution.charts.registry import draw
from attribution.data import AnalysisTable
from attribution.fitting import fit
from attribution.known_truth import KEYS, truth_table
from attribution.run import Run
from attribution.simulation import Brand, Settings, simulate
from proofs import fakes_page

DOSE = 0.3


@pytest.fixture(scope="module")
def brand() -> Brand:
    return simulate(Settings.samples().sized(40, 400).with_fakes(DOSE), 11)


@pytest.fixture(scope="module")
def table(brand: Brand, tmp_path_factory: pytest.TempPathFactory) -> AnalysisTable:
    return joined(brand, tmp_path_factory.mktemp("faked"))


@pytest.fixture(scope="module")
def run(table: AnalysisTable) -> Run:
    return fit("authenticity", table, **SETTINGS)


@pytest.fixture(scope="module")
def beside(run: Run, brand: Brand) -> pl.DataFrame:
    return run.effects().join(truth_table(brand.truth, run.design), on=KEYS, how="inner")


@pytest.mark.slow
def test_shares_of_fakes_are_found(beside: pl.DataFrame) -> None:
    shares = beside.filter(pl.col("quantity") == "creator_fake_share")
    assert shares.height == 40
    error = shares["median"] - shares["truth"]
    assert float(np.sqrt((error**2).mean())) < 0.15
    assert float((error.abs() / shares["sd"]).max()) < 4.0
    assert float(shares["sd"].mean()) < 0.12
    assert shares.select(pl.corr("median", "truth")).item() > 0.85


@pytest.mark.slow
def test_who_has_more_fakes_is_said_and_nobody_wrongly(beside: pl.DataFrame) -> None:
    said = beside.filter(pl.col("quantity") == "creator_more_fakes")
    more = said.filter(pl.col("answer") == "more fakes than average")
    assert more.height >= 10
    assert more.filter(pl.col("truth") <= 0).height == 0


@pytest.mark.slow
def test_the_run_is_sound_and_can_be_drawn(run: Run) -> None:
    checks = {check.name: check for check in run.manifest.health}
    assert run.manifest.density == "native"
    assert checks["divergences"].value == "0"
    assert checks["the data tell the shares of fakes"].status == "pass"
    title = " ".join(draw(run, "fakes").to_dict()["title"]["text"])
    assert title.startswith("Fakes: of 40 creators, ")


@pytest.mark.slow
def test_shares_that_nothing_tells_lean_on_the_prior(run: Run) -> None:
    assert run.prior_draws is not None
    (check,) = health._fakes(run.design, run.prior_draws, run.prior_draws)
    assert (check.status, check.value) == ("warn", "prior variance cut by 0%")
    assert check.advice.endswith("the shares lean on the prior.")


TEXT = fakes_page.PAGE.read_text(encoding="utf-8")
RESULTS = json.loads(Path(fakes_page.RESULTS).read_text(encoding="utf-8"))


def test_the_page_has_the_results() -> None:
    assert fakes_page.page(TEXT, RESULTS) == TEXT, "run `uv run python -m proofs.fakes_page`"
    assert {match["name"] for match in fakes_page.BLOCK.finditer(TEXT)} == set(fakes_page.TABLES)
    assert fakes_page.CHART.exists()


def test_where_there_are_no_fakes_few_creators_are_said_to_have_more_than_average() -> None:
    for result in RESULTS:
        if result["dose"] == 0.0 and result["fake_share"]:
            assert result["creators_without"] == 50 * result["brands"]
            assert result["more_without"] <= 0.05 * result["creators_without"]


def test_without_scores_nobody_is_said_to_have_fakes() -> None:
    for result in RESULTS:
        if result["model"] == "no score":
            said = result["more_with"] + result["more_without"]
            assert said <= 0.05 * (result["creators_with"] + result["creators_without"])
