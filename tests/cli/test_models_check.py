"""``attribution models check``: what is printed, what is drawn, what is refused."""

from __future__ import annotations

import io
import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result
from polars.testing import assert_frame_equal

import attribution as at
from attribution.cli import main

SPEC = """
format = 1
name = "mine"
[outcome]
column = "switched"
family = "bernoulli"
[mean]
[[mean.terms]]
kind = "intercept"
prior = { name = "normal", mu = 0, sigma = 1.5 }
"""


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["models", "check", *map(str, words)])


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "my.toml"
    path.write_text(SPEC, encoding="utf-8")
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    rows = "\n".join(f"{int(k % 3 == 0)},{k}" for k in range(60))
    path.write_text(f"switched,age\n{rows}\n", encoding="utf-8")
    return path


def test_what_the_prior_expects_stands_beside_what_was_observed(spec: Path, table: Path) -> None:
    result = invoke(spec, table)
    assert result.exit_code == 0
    assert result.stderr == "60 rows; nothing is fitted, the priors alone are asked\n"
    row = at.check_prior(spec, table).row(0, named=True)
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[0] == "figure observed expected before the data interval reading"
    assert lines[2:] == [
        f"share where switched is 1 0.333 {row['median']:.3f} "
        f"{row['lower']:.3g} to {row['upper']:.3f} observed is within the prior's middle 89%",
        "",
        "Intervals: 89% equal-tailed (eti).",
    ]


def test_csv_holds_what_the_function_gives(spec: Path, table: Path) -> None:
    result = invoke(spec, table, "--seed", "5", "--format", "csv", "--quiet")
    assert (result.exit_code, result.stderr) == (0, "")
    found = pl.read_csv(io.BytesIO(result.stdout.encode()), schema_overrides={"warning": pl.String})
    assert_frame_equal(found, at.check_prior(spec, table, seed=5))


def test_a_warning_is_no_error(spec: Path, table: Path) -> None:
    spec.write_text(SPEC.replace("sigma = 1.5", "sigma = 30"), encoding="utf-8")
    result = invoke(spec, table, "--quiet")
    assert result.exit_code == 0
    assert result.stdout.startswith("figure")
    (line,) = result.stderr.splitlines()
    assert line.startswith("warning: share where switched is 1: ")
    assert line.endswith(
        "% of the prior is on probabilities below 0.01 or above 0.99: it is all but certain of "
        "each row before the data"
    )


def test_the_chart_is_drawn_too(spec: Path, table: Path, tmp_path: Path) -> None:
    chart = tmp_path / "prior.json"
    result = invoke(spec, table, "--chart", chart)
    assert result.exit_code == 0
    assert result.stderr.splitlines()[-1] == f"wrote {chart}"
    drawn = json.loads(chart.read_text(encoding="utf-8"))
    assert drawn["title"]["text"] == [
        "The prior holds the observed figure possible, and little that is absurd"
    ]
    refused = invoke(spec, table, "--chart", tmp_path / "prior.doc")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "A chart cannot be written in this format" in refused.stderr


def test_every_problem_of_spec_and_table_is_told(spec: Path, table: Path) -> None:
    spec.write_text(
        SPEC.replace('"switched"', '"swiched"').replace(
            'name = "normal", mu = 0, sigma = 1.5', 'name = "flat"'
        ),
        encoding="utf-8",
    )
    result = invoke(spec, table)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        f"error: {spec}, key outcome.column: the table has no column 'swiched'; expected one of "
        "post_id, switched, age. Did you mean 'switched'?",
        f"error: {spec}, key mean.terms[0].prior: nothing can be drawn from a flat prior. What the "
        "model expects before the data can be told with a proper one only",
    ]
