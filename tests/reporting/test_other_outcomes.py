"""Reports of outcomes that are not orders say so, and nothing of likes, orders or money."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest
from support import frames
from support.families import fitted

from attribution.charts.html import bundle
from attribution.errors import InputError, Problem
from attribution.reporting import report
from attribution.reporting.findings import gather
from attribution.reporting.headline import answers
from attribution.run import Run


def text_of(runs: Run | list[Run], folder: Path) -> str:
    page = report(runs, folder / "report.html", unhealthy=True).read_text(encoding="utf-8")
    return page.replace(bundle(), "")


@pytest.fixture
def without_effects(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_run: Run) -> pl.DataFrame:
        raise InputError(Problem("the model has no effects in plain words"))

    monkeypatch.setattr(Run, "effects", refuse)


@pytest.mark.usefixtures("without_effects")
@pytest.mark.parametrize(
    ("family", "column"),
    [("bernoulli", "happened"), ("gamma", "amount"), ("beta_binomial", "spread_hits")],
)
def test_a_report_tells_the_parameters_and_no_word_of_orders(
    family: str, column: str, tmp_path: Path
) -> None:
    text = text_of(fitted(family, column, group=family != "beta_binomial"), tmp_path)
    assert f"<h1>What goes with {column}: {family}</h1>" in text
    assert "240 rows ·" in text
    sections = re.findall(r'<section id="(\w+)"', text)
    assert sections == ["answers", "estimates", "parameters", "health", "model", "data", "made"]
    assert "Estimates: not shown. The model has no effects in plain words." in text
    assert "slope_slope" in text
    assert f"{column} ~" in text
    assert "No row was left out of the fit." in text
    shown = re.sub(r"<(script|style).*?</\1>", "", text, flags=re.DOTALL)
    # The equations are in the words of the catalogue.
    words = set(re.findall(r"\w+", shown.replace("minus its average over the posts", "")))
    assert not words & {"orders", "order", "likes", "comments", "ROI", "posts", "None"}


@pytest.mark.usefixtures("without_effects")
def test_two_models_of_one_outcome_are_compared_without_money(tmp_path: Path) -> None:
    runs = [fitted("gamma", "amount", group=True), fitted("normal", "amount")]
    text = text_of(runs, tmp_path)
    assert "predicts unseen rows worse" in text
    assert "does the ROI ranking change?" not in text
    assert '<section id="run2"' in text
    assert "Unhealthy run" in text


def test_every_estimate_over_all_rows_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    estimates = frames.effects()
    monkeypatch.setattr(Run, "effects", lambda _run: estimates)
    found = answers(gather(fitted("gamma", "amount", group=True), margin=1.0, unhealthy=False))
    overall = estimates.filter(pl.col("scope") == "overall")
    assert [a.question for a in found[:-1]] == overall["label"].to_list()[:8]
    assert found[-1].question == "Can the numbers be trusted?"
    assert found[-1].short == "Yes"
    row = overall.row(0, named=True)
    assert row["unit"] in found[0].text
    assert "(89 % interval " in found[0].text


def test_a_failed_health_gate_is_the_answer_to_whether_it_can_be_trusted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Run, "effects", lambda _run: frames.effects().clear())
    found = answers(gather(fitted("normal", "amount"), margin=1.0, unhealthy=True))
    assert [answer.short for answer in found] == ["See below", "No"]
    assert "predictive check: smallest amount" in found[-1].text
