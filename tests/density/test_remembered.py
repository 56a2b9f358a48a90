"""Programs of a model that was seen before are those that would be written again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pymc as pm
import pytest
from support import small

from attribution.density import compiled, remembered, store
from attribution.density.compiled import NativeModel, compile_model
from attribution.density.programs import Programs

COUNTS = (0, 1, 2, 3, 4)


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

    def counted(*args: object, apart: bool) -> Programs:
        times.append(apart)
        return write(*args, apart=apart)  # type: ignore[arg-type]

    monkeypatch.setattr(compiled, "write_programs", counted)
    return times


def model(
    counts: tuple[int, ...] = COUNTS, *, apart: bool = False, kept: tuple[str, ...] = ("rate",)
) -> NativeModel:
    """Compile a model of counts, which is made from nothing else."""
    with pm.Model() as made:
        rate = pm.Gamma("rate", 2.0, 1.0)
        pm.Deterministic("double", 2.0 * rate)
        pm.Poisson("count", rate, observed=np.asarray(counts))
    return compile_model(made, kept, 1, apart=apart, made_from=counts)


def test_a_model_that_was_seen_is_not_rewritten(folder: Path, written: list[bool]) -> None:
    first, again = model(apart=True), model(apart=True)
    assert written == [True]
    assert len(list(folder.iterdir())) == 1
    points = first.start + np.random.default_rng(1).normal(size=(5, len(first.start)))
    for one, other in (
        (first.density, again.density),
        (first.parts[0][1], again.parts[0][1]),
        (first.expand, again.expand),
    ):
        assert np.array_equal(one.outputs(points), other.outputs(points))
        assert np.array_equal(one.values(points), other.values(points))
    assert first.inputs == again.inputs
    assert first.kept == again.kept
    assert np.array_equal(first.start, again.start)


def test_other_data_are_another_model(folder: Path, written: list[bool]) -> None:
    before, after = model(), model((0, 1, 2, 3, 5))
    assert len(written) == 2
    assert before.density(before.start)[0] != after.density(after.start)[0]


def test_what_is_wanted_is_part_of_what_it_is_found_under(
    folder: Path, written: list[bool]
) -> None:
    ((_, whole),) = model().parts
    ((_, part),) = model(apart=True).parts
    assert whole.length > part.length == 0
    assert [of.name for of in model(kept=("double",)).kept] == ["double"]
    assert written == [False, True, False]


def test_another_source_finds_nothing(
    folder: Path, written: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    model()
    monkeypatch.setattr(remembered, "_source", lambda: "of another release")
    model()
    assert len(written) == 2


def test_what_is_large_is_not_kept(
    folder: Path, written: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "LARGEST", -1)
    model()
    model()
    assert len(written) == 2
    assert not folder.exists()


def test_what_the_programs_read_is_counted(folder: Path) -> None:
    with pm.Model() as many:
        pm.Normal("y", pm.Normal("x"), observed=np.linspace(0.0, 1.0, 1000))
    programs = compiled.write_programs(compiled.density_graph(many, ["x"]), apart=False)
    assert 8_000 <= programs.size < 24_000


def test_without_what_it_is_made_from_nothing_is_kept(folder: Path, written: list[bool]) -> None:
    with pm.Model() as plain:
        pm.Normal("x")
    compile_model(plain, ["x"], 1)
    compile_model(plain, ["x"], 1)
    assert len(written) == 2
    assert not folder.exists()


def test_the_value_alone_is_that_beside_the_gradient(folder: Path) -> None:
    both = model(apart=True)
    ((where, value),) = both.parts
    assert value is not both.density
    assert list(where) == list(range(len(both.start)))
    points = both.start + np.random.default_rng(2).normal(size=(20, len(both.start)))
    np.testing.assert_allclose(value.values(points), both.density.values(points), rtol=1e-12)
    outside = np.full((1, len(both.start)), np.nan)
    assert value.values(outside) == -np.inf


def test_a_design_built_anew_is_the_same_and_one_of_another_count_is_not() -> None:
    one, other = small.design("additive"), small.design("additive")
    assert one is not other
    assert remembered._digest(one) == remembered._digest(other)
    more = replace(other, outcome=other.outcome + np.eye(len(other.outcome), dtype=int)[3])
    assert remembered._digest(one) != remembered._digest(more)
