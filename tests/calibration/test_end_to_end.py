"""A very small model from draws of its prior to results, and one that is broken on purpose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from attribution.errors import InputError, Problem
from proofs.calibration import replicate
from proofs.calibration.chart import chart, finding
from proofs.calibration.replicate import LIKELIHOOD, Plan
from proofs.calibration.stored import lines, mark, read, save, summarise
from proofs.calibration.summary import figures
from proofs.parallel import Record, gather

SPEC = """
format = 1
name = "small"
[outcome]
column = "conversions"
family = "poisson"
exposure = "reach"
[mean]
[[mean.terms]]
kind = "intercept"
prior = { name = "normal", mu = -7.0, sigma = 1.0 }
[[mean.terms]]
kind = "group"
by = "creator_id"
of = ["intercept"]
effects = "exchangeable"
sd = { name = "half_normal", sigma = 0.7 }
"""


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    path = tmp_path_factory.mktemp("spec") / "small.toml"
    path.write_text(SPEC)
    return Plan(str(path), creators=6, each=3, draws=100, tune=200, chains=2)


@pytest.fixture(scope="module")
def record(plan: Plan) -> Record:
    return plan(0)


def test_a_replicate_ranks_parameters_effects_and_likelihood(record: Record) -> None:
    assert record["refused"] is None
    assert record["density"] == "native"
    names = set(record["ranks"])
    assert {"intercept", "creator_sd", LIKELIHOOD} <= names
    assert sum(name.startswith("creator_effect[") for name in names) >= 2
    assert any(name.startswith("orders_per_1000_reached_in_all, overall all") for name in names)
    for below, equal in record["ranks"].values():
        assert 0 <= below <= record["among"] - equal


def test_the_same_replicate_has_the_same_ranks(plan: Plan, record: Record) -> None:
    assert plan(0)["ranks"] == record["ranks"]


def test_replicates_whose_chains_are_apart_have_no_figures(record: Record) -> None:
    many = [{**record, "number": k, "agree": k % 5 > 0} for k in range(30)]
    (first, *_) = figures(many)
    assert len(first.replicates) == 24
    assert 5 not in first.replicates


@pytest.mark.slow
def test_the_right_model_stays_and_a_broken_one_strays(plan: Plan, tmp_path: Path) -> None:
    """60 replicates of each; results survive being written, and are drawn and told."""
    for kind in (None, "prior_scale", "shared"):
        of = replace(plan, broken=kind)
        found = figures(gather(of, range(60), lines(of, tmp_path), jobs=2, label=str(kind)))
        # A model without the effects of creators has no ranks of them.
        assert len(found) >= (3 if kind == "shared" else 6)
    stored = summarise(plan, tmp_path)
    assert stored is not None
    assert stored.astray == []
    broken = stored.facts["broken"]
    assert broken["shared"]["first"] <= 60
    assert broken["prior_scale"]["first"] <= 60
    again = read(save(stored, tmp_path))
    assert [one.name for one in again.astray] == []
    assert again.facts == stored.facts
    assert finding(again).startswith("No figure strays")
    assert chart(again).to_dict()


def test_words_of_a_spec_are_not_what_was_tried() -> None:
    from attribution.spec import read_spec

    spec = read_spec("tier_only")
    assert mark(replace(spec, title="Another")) == mark(spec)
    assert mark(replace(spec, missing={"likes": "latent"})) != mark(spec)


def test_a_fit_that_is_refused_is_counted_and_has_no_ranks(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: object) -> None:
        raise InputError(Problem("no chain can begin"))

    monkeypatch.setattr(replicate, "_fitted", refuse)
    found = plan(0)
    assert found["refused"] == "no chain can begin"
    assert found["ranks"] == {}
    assert found["total"] >= 0.0
