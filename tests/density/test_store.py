"""Machine code that is kept between processes is what was made, or is made again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pymc as pm
import pytest

from attribution.density import native, store
from attribution.density.compiled import NativeModel, compile_model


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield an empty folder for machine code, in a process that has made none."""
    monkeypatch.setattr(store, "root", lambda: tmp_path)
    native.compile_code.cache_clear()
    yield tmp_path / "code"
    native.compile_code.cache_clear()


def compiled() -> NativeModel:
    """Return a model compiled as if in a new process."""
    native.compile_code.cache_clear()
    with pm.Model() as model:
        rate = pm.Gamma("rate", 2.0, 1.0)
        pm.Poisson("count", rate, observed=np.arange(5))
    return compile_model(model, ["rate"], 1)


def test_kept_code_computes_the_same(folder: Path) -> None:
    points = np.linspace(-2.0, 2.0, 9)[:, None]
    made = compiled().density.values_and_outputs(points)
    pieces = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert len(pieces) == 2
    again = compiled().density.values_and_outputs(points)
    assert all(np.array_equal(*pair) for pair in zip(made, again, strict=True))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == pieces


def test_kept_code_is_not_made_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled()
    assert folder.exists()

    def refuse(*_: object) -> None:
        raise AssertionError("optimised again")

    monkeypatch.setattr("llvmlite.binding.create_pass_builder", refuse)
    compiled()


def test_damaged_code_is_made_again(folder: Path) -> None:
    points = np.zeros((1, 1))
    value = compiled().density.values(points)
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[:-100])
    assert compiled().density.values(points) == value


def test_without_a_place_it_is_made_each_time(folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    assert np.isfinite(compiled().density.values(np.zeros((1, 1)))).all()


def test_what_was_used_last_is_kept(folder: Path) -> None:
    shelf = store.Shelf("code", 3)
    for k in range(5):
        shelf.keep(str(k), b"code")
    assert len(list(folder.iterdir())) == 3
    assert shelf.find("4") == b"code"


@pytest.mark.parametrize("part", range(3))
def test_another_processor_or_compiler_has_its_own(part: int) -> None:
    made_from = ["code", "compiler", "processor"]
    other = [of + "!" if k == part else of for k, of in enumerate(made_from)]
    assert store.key(*made_from) != store.key(*other)
