"""``attribution models``: what is printed, and where."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result
from support.specs import RATES

from attribution.cli import main
from attribution.spec import catalogue, describe, parse_spec, read_spec, spec_text


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["models", *words])


def test_list_names_every_model_and_its_question() -> None:
    result = run("list", "--format", "csv")
    assert result.exit_code == 0
    frame = pl.read_csv(result.stdout.encode())
    assert frame.columns == ["name", "title", "question", "outcome", "family"]
    assert frame.get_column("name").to_list() == [spec.name for spec in catalogue()]
    assert frame.get_column("question").to_list() == [spec.question for spec in catalogue()]


def test_list_shows_three_columns_to_people() -> None:
    heading = run("list").stdout.splitlines()[0]
    assert heading.split("  ")[0] == "model"
    assert "what it is" in heading
    assert "family" not in heading


@pytest.mark.parametrize("name", ["additive", "engagement"])
def test_show_prints_the_model_in_words(name: str) -> None:
    result = run("show", name)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == describe(read_spec(name), width=100) + "\n"


def test_show_prints_the_file_to_copy() -> None:
    result = run("show", "additive", "--toml")
    assert (result.exit_code, result.stdout) == (0, spec_text("additive"))
    assert parse_spec(result.stdout) == read_spec("additive")


def test_show_takes_a_file(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text(RATES, encoding="utf-8")
    assert run("show", str(path)).stdout.startswith("mine: A model\n\nQuestion\n")


def test_show_reports_every_mistake_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text(RATES.replace("sigma = 0.", "sgima = 0."), encoding="utf-8")
    result = run("show", str(path))
    assert (result.exit_code, result.stdout) == (2, "")
    lines = result.stderr.splitlines()
    assert len(lines) == 6
    assert lines[1] == (
        f"error: {path}, key mean.terms[0].sd.sgima: unknown key. Did you mean 'sigma'?"
    )


def test_an_unknown_model_is_answered_with_the_catalogue() -> None:
    result = run("show", "aditive")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "error: there is no model 'aditive' in the catalogue and no such file; expected one of "
        "additive, engagement, or a TOML file. Did you mean 'additive'?\n"
    )
