"""Programs of a model that was seen before are those that would be written again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pymc as pm
import pytest
from support import small

from attribution.density import compiled, remembered, store
from attribution.density.compiled import NativeModel, compile_model
from attribution.density.programs import Programs
from attribution.design import Design
from attribution.model import build_model, kept


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of programs, empty."""
    monkeypatch.setattr(store, "root", lambda: tmp_path)
    return tmp_path / remembered.SHELF.name


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Return what grows by one each time that a graph is written as programs."""
    times: list[bool] = []
    write = compiled.write_programs

    def counted(*args: object, alone: bool) -> Programs:
        times.append(alone)
        return write(*args, alone=alone)  # type: ignore[arg-type]

    monkeypatch.setattr(compiled, "write_programs", counted)
    return times


def model(design: Design, alone: bool = False, changed: str = "") -> NativeModel:
    built = build_model(design)
    return compile_model(built, kept(built), 1, alone=alone, made_from=(design, changed))


@pytest.fixture(scope="module")
def design() -> Design:
    return small.design("tier_only", sources=False, hidden=False)


def test_a_model_that_was_seen_is_not_rewritten(
    folder: Path, written: list[bool], design: Design
) -> None:
    first, again = model(design, alone=True), model(design, alone=True)
    assert written == [True]
    assert len(list(folder.iterdir())) == 1
    points = first.start + np.random.default_rng(1).normal(size=(5, len(first.start)))
    for name in ("density", "value", "expand"):
        one, other = getattr(first, name), getattr(again, name)
        assert np.array_equal(one.outputs(points), other.outputs(points))
        assert np.array_equal(one.values(points), other.values(points))
    assert first.inputs == again.inputs
    assert first.kept == again.kept
    assert np.array_equal(first.start, again.start)


def other_count(design: Design) -> Design:
    outcome = design.outcome.copy()
    outcome[3] += 1
    return replace(design, outcome=outcome)


@pytest.mark.parametrize(
    ("change", "how"),
    [
        (other_count, {}),
        (lambda design: design, {"alone": True}),
        (lambda design: design, {"changed": "approximate"}),
    ],
)
def test_whatever_differs_is_written_anew(
    folder: Path,
    written: list[bool],
    design: Design,
    change: Callable[[Design], Design],
    how: dict[str, bool],
) -> None:
    before, after = model(design), model(change(design), **how)
    assert len(written) == 2
    point = before.start + 0.1
    if change is other_count:
        assert before.density(point)[0] != after.density(point)[0]


def test_another_source_finds_nothing(
    folder: Path, written: list[bool], design: Design, monkeypatch: pytest.MonkeyPatch
) -> None:
    model(design)
    monkeypatch.setattr(remembered, "_source", lambda: "of another release")
    model(design)
    assert len(written) == 2


def test_what_is_large_is_not_kept(
    folder: Path, written: list[bool], design: Design, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "LARGEST", 1000)
    model(design)
    model(design)
    assert len(written) == 2
    assert not folder.exists()


def test_without_what_it_is_made_from_nothing_is_kept(folder: Path, written: list[bool]) -> None:
    with pm.Model() as plain:
        pm.Normal("x")
    compile_model(plain, ["x"], 1)
    compile_model(plain, ["x"], 1)
    assert len(written) == 2
    assert not folder.exists()


def test_the_value_alone_is_that_beside_the_gradient(folder: Path, design: Design) -> None:
    both = model(design, alone=True)
    assert both.value is not both.density
    points = both.start + np.random.default_rng(2).normal(size=(20, len(both.start)))
    np.testing.assert_allclose(both.value.values(points), both.density.values(points), rtol=1e-12)
    outside = np.full((1, len(both.start)), np.nan)
    assert both.value.values(outside) == -np.inf
