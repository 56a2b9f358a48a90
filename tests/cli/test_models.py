"""``attribution models``: what is printed, and where."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result
from support.specs import RATES

from attribution.cli import main
from attribution.spec import (
    catalogue,
    catalogue_names,
    describe,
    parse_spec,
    read_spec,
    spec_text,
)


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
        f"{', '.join(catalogue_names())}, or a TOML file. Did you mean 'additive'?\n"
    )


LEAST = """
format = 1
name = "least"

[outcome]
column = "amount"
family = "normal"

[features]
x = "size"
same = "one"

[mean]

[[mean.terms]]
kind = "intercept"

[[mean.terms]]
kind = "linear"
feature = "x"

[[mean.terms]]
kind = "linear"
feature = "same"
"""


@pytest.fixture
def least(tmp_path: Path) -> tuple[str, str]:
    """Return a spec that leaves its priors to the table, and a table."""
    spec, table = tmp_path / "least.toml", tmp_path / "table.csv"
    spec.write_text(LEAST, encoding="utf-8")
    frame = pl.DataFrame({"amount": [1.0, 2.0, 3.0, 6.0], "size": [0, 2, 0, 2], "one": [1] * 4})
    pl.concat([frame, frame.head(1).with_columns(size=None)]).write_csv(table)
    return str(spec), str(table)


def prior_of(result: Result, parameter: str) -> str:
    (line,) = (x for x in result.stdout.splitlines() if x.strip().startswith(f"{parameter} "))
    return line.split("  by the table")[0].split(maxsplit=1)[1].strip()


def test_show_tells_the_rule_of_a_default_prior(least: tuple[str, str]) -> None:
    result = run("show", least[0])
    assert (result.exit_code, result.stderr) == (0, "")
    assert prior_of(result, "intercept") == (
        "default: normal(mu = average amount, sigma = 2.5 sd(amount))"
    )
    assert prior_of(result, "slope_x") == "default: normal(mu = 0, sigma = sd(amount) / sd(x))"


def test_show_with_a_table_tells_priors_in_numbers(least: tuple[str, str]) -> None:
    """Amounts 1, 2, 3 and 6 have mean 3 and variance 3.5; sizes have a standard deviation of 1."""
    result = run("show", *least)
    assert result.exit_code == 0
    assert result.stderr == f"{least[1]}: 4 posts in the fit, 1 set aside\n"
    assert prior_of(result, "intercept").startswith("normal(mu = 3, sigma = 4.68) ")
    assert prior_of(result, "slope_x").startswith("normal(mu = 0, sigma = 1.87) ")
    assert prior_of(result, "sigma").startswith("exponential(lam = 0.535) ")
    assert "default" not in result.stdout


def test_show_with_a_table_names_what_the_table_cannot_support(least: tuple[str, str]) -> None:
    lines = run("show", *least).stdout.splitlines()
    at = lines.index("Left out for this table")
    assert lines[at + 1] == "  - effect of same: same is the same for all posts"
    assert "slope_same" not in "\n".join(lines)


def test_toml_with_a_table_has_every_prior_in_numbers(least: tuple[str, str]) -> None:
    result = run("show", *least, "--toml")
    spec = parse_spec(result.stdout)
    assert [term.prior.parameters["sigma"] for term in spec.mean.terms] == [4.68, 1.87]
    assert spec.own["sigma"].prior.parameters == {"lam": 0.535}


def test_show_says_what_a_table_lacks(least: tuple[str, str], tmp_path: Path) -> None:
    table = tmp_path / "other.csv"
    pl.DataFrame({"amounts": [1.0], "size": [1], "one": [1]}).write_csv(table)
    result = run("show", least[0], str(table))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"error: {least[0]}, key outcome.column: the table has no column 'amount'; expected one of "
        "post_id, amounts, size, one. Did you mean 'amounts'?\n"
    )
