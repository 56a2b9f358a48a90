"""Work that was stopped goes on, and results of something else are not taken for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proofs.parallel import Lines, Record, gather, identity


def square(number: int) -> Record:
    """At the top of a module, so that a process of its own finds it."""
    return {"square": number**2}


def fails(number: int) -> Record:
    if number == 2:
        raise ValueError("stopped")
    return square(number)


def never(number: int) -> Record:
    raise AssertionError(f"{number} was done before")


@pytest.fixture
def lines(tmp_path: Path) -> Lines:
    return Lines(tmp_path / "kept" / "squares.jsonl", identity("squares", 1))


def test_work_goes_on_where_it_was_stopped(lines: Lines) -> None:
    with pytest.raises(ValueError, match="stopped"):
        gather(fails, range(4), lines, jobs=1, label="squares")
    assert set(lines.read()) == {0, 1}
    found = gather(square, range(4), lines, jobs=1, label="squares")
    assert [record["square"] for record in found] == [0, 1, 4, 9]
    assert gather(never, range(4), lines, jobs=1, label="squares") == found


def test_a_line_that_was_cut_off_is_done_again(lines: Lines) -> None:
    lines.add(0, {"square": 0})
    lines.add(1, {"square": 1})
    whole = lines.path.read_text()
    lines.path.write_text(whole[:-9])
    assert set(lines.read()) == {0}
    lines.add(1, {"square": 1})
    assert lines.read()[1]["square"] == 1
    assert len(lines.path.read_text().splitlines()) == 3


def test_results_of_something_else_are_left_alone(lines: Lines) -> None:
    lines.add(0, {"square": 0})
    other = Lines(lines.path, identity("squares", 2))
    assert other.read() == {}
    other.add(0, {"square": -1})
    assert lines.read()[0]["square"] == 0
    assert [json.loads(line)["square"] for line in lines.path.read_text().splitlines()] == [0, -1]
