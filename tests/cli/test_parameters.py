"""``attribution parameters``: what is printed, and where."""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result
from polars.testing import assert_frame_equal
from support import tiny
from support.small import believable

import attribution as at
from attribution.cli import main
from attribution.run import Run, save_run


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["parameters", *map(str, words)])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a saved run that is healthy by construction."""
    return save_run(believable("engagement"), tmp_path_factory.mktemp("runs") / "engagement")


def test_people_read_parameters_with_their_intervals(tmp_path: Path) -> None:
    draws = tiny.run(spec=tiny.ENGAGEMENT)
    drawn = save_run(draws, tmp_path / "run")
    result = invoke(drawn.path or "")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[0] == ("parameter level mean sd interval R-hat effective draws what it is")
    assert lines[2].startswith("intercept -6.50 0.516 -7.00 to -6.00")
    assert lines[2].endswith("log of conversions per unit of reach at average features")
    assert lines[3].startswith("intercept_at_zero ")
    names = [line.split()[0] for line in lines[2:-2]]
    assert [name for name in names if name.startswith("tier_effect")] == ["tier_effect"] * 2
    assert lines[-1] == "Intervals: 89% equal-tailed (eti)."


def test_csv_holds_what_the_function_gives(run: Run) -> None:
    result = invoke(run.path or "", "--format", "csv")
    assert (result.exit_code, result.stderr) == (0, "")
    table = at.parameters(run.path or "")
    assert_frame_equal(pl.read_csv(io.BytesIO(result.stdout.encode())), table)


def test_what_is_left_out_is_said_and_can_be_asked_for(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    import attribution.quantities.parameters as module

    monkeypatch.setattr(module, "MOST_LEVELS", 10)
    few = invoke(run.path or "", "--format", "csv")
    assert few.exit_code == 0
    assert few.stderr.splitlines() == [
        "left out: 15 levels of creator_effect; --all shows them",
        "left out: 15 levels of value_creator_effect; --all shows them",
    ]
    assert "creator_effect" not in few.stdout
    every = invoke(run.path or "", "--all", "--format", "csv")
    assert (every.exit_code, every.stderr) == (0, "")
    assert every.stdout.count("\ncreator_effect,") == 15
    assert every.stdout.count("\ncreator_raw,") == 15


def test_no_run_is_bad_input(tmp_path: Path) -> None:
    result = invoke(tmp_path / "none")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")
    assert "the run folder does not exist" in result.stderr
