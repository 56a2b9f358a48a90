"""The page on calibration is what the results in the repository say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from attribution.spec import read_spec
from proofs.calibration.chart import chart, finding
from proofs.calibration.page import PAGE, text
from proofs.calibration.stored import FOLDER, Stored, mark, read, read_all, save, with_kept
from proofs.calibration.summary import STEPS, figure


@pytest.fixture(scope="module")
def kept() -> list[Stored]:
    return list(read_all())


def test_the_page_is_what_the_results_say(kept: list[Stored]) -> None:
    assert PAGE.read_text(encoding="utf-8") == text(kept), "run `python -m proofs.sbc --page`"


def test_every_result_has_its_chart(kept: list[Stored]) -> None:
    assert {path.stem for path in FOLDER.glob("*.svg")} == {stored.name for stored in kept}


def stored(spec: str, seed: int) -> Stored:
    """Return results of one figure of ``tier_only``, uniform but for those of seed 2."""
    rng = np.random.default_rng(seed)
    ranks = rng.beta(1.0, 1.0 if seed == 1 else 2.0, 100)
    facts = {
        "model": "tier_only",
        "spec": spec,
        "creators": 12,
        "each": 6,
        "draws": 400,
        "tune": 400,
        "chains": 4,
        "versions": {"polars": "2.1.0"},
        "replicates": 101,
        "refused": 1,
        "agree": 98,
        "again": 7,
        "diverging": 2,
        "native": 100,
        "least_effective": [400, 900],
        "seconds": 2.5,
        "outcomes": [20.0, 900.0, 1e6],
        "broken": {
            "shared": {
                "replicates": 50,
                "share": {"10": 0.4, "50": 1.0},
                "first": 20,
                "figure": "alpha",
            }
        },
    }
    return Stored(facts, (figure("creator_sd", range(100), ranks),))


def test_the_page_tells_models_what_strays_and_power() -> None:
    fine, astray = (text([stored(mark(read_spec("tier_only")), seed)]) for seed in (1, 2))
    row = "| tier_only | 12 × 6 | 101 | 1 | 7 | 2 | 2 | 400, 900 | 1 |"
    assert f"{row} none |" in fine
    assert f"{row} 1 |" in astray
    assert "Astray, with the probability of straying so far: creator_sd" in astray
    assert "| 50 | 40% | 100% | 20 | alpha |" in fine
    assert "only larger faults would show: tier_only 101." in fine
    assert "earlier version" not in fine


def test_results_of_another_spec_are_said_to_be_of_an_earlier_one() -> None:
    assert "Of an earlier version of the model than the shipped one: tier_only-12x6." in text(
        [stored("another", 1)]
    )


def test_results_come_back_as_they_were_written(tmp_path: Path) -> None:
    one = stored("some", 2)
    again = read(save(one, tmp_path))
    assert again.facts == one.facts
    assert [f.name for f in again.astray] == ["creator_sd"]
    assert np.abs(again.figures[0].ranks - one.figures[0].ranks).max() <= 1 / STEPS
    assert text([again]).splitlines()[3:] == text([one]).splitlines()[3:]


def test_broken_models_that_were_not_tried_again_stay(tmp_path: Path) -> None:
    before = stored(mark(read_spec("additive")), 1)
    save(before, tmp_path)
    tried = {"exposure": {"replicates": 7}}
    now = replace(before, facts={**before.facts, "replicates": 300, "broken": tried})
    found = with_kept(now, tmp_path)
    assert found.facts["replicates"] == 300
    assert found.facts["broken"] == {**before.facts["broken"], **tried}
    assert before.facts["broken"].keys() - tried.keys()


def test_broken_models_of_another_spec_or_size_do_not_stay(tmp_path: Path) -> None:
    before = stored(mark(read_spec("additive")), 1)
    now = replace(before, facts={**before.facts, "broken": {}})
    assert with_kept(now, tmp_path).facts["broken"] == {}
    save(before, tmp_path)
    for name in ("spec", "draws", "tune"):
        other = replace(now, facts={**now.facts, name: 0})
        assert with_kept(other, tmp_path).facts["broken"] == {}


def test_charts_name_what_strays() -> None:
    drawn = chart(stored("some", 2)).to_dict()
    assert "creator_sd" in " ".join(drawn["title"]["text"])
    assert finding(stored("some", 1)).startswith("No figure strays")
