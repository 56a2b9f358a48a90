"""``attribution models init``: what is printed, what is written, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import attribution as at
from attribution.cli import main
from attribution.spec import parse_spec

ROWS = "\n".join(f"{k % 3},{k * k % 7},{'ab'[k % 2]}" for k in range(20))


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["models", "init", *map(str, words)])


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "posts.csv"
    path.write_text(f"sold,dose,arm\n{ROWS}\n", encoding="utf-8")
    return path


DRAFT = """\
# A first model of sold for a table of 20 posts, written by `attribution models init` from the names
# and values of the columns. Read every choice, change what you know better, above all take out what
# comes after the outcome or is part of it. Then `attribution models check SPEC TABLE` says what it
# expects before the data, and `attribution fit SPEC TABLE -o RUN` fits it. Every key is explained
# in docs/reference/grammar.md. Priors are the defaults for this table, in numbers; those without a
# reason are a judgement, wide enough for some dozens of posts to overrule.
#
format = 1
name = "my"
title = "sold: a first model"
question = "What goes with more sold?"
assumptions = [
    "The mean is a product of all that is named under [mean].",
    "Estimates are associations: nothing here proves what causes what.",
]

# negative_binomial, a guess: all values are counts, which vary more than Poisson counts do.
[outcome]
column = "sold"
family = "negative_binomial"

[features]
# dose as it is (0 to 4, median 2). If its numbers only name kinds, use a term of kind categorical
# instead.
dose_value = "dose"

[mean]
form = "linear"
link = "log"

# Centred on the table's average: sold at average features, 0.018 to 53 in the prior's middle 89%.
[[mean.terms]]
kind = "intercept"
prior = { name = "normal", mu = -0.0253, sigma = 2.5 }

# Slopes: one standard deviation more of a feature multiplies the mean by 0.2 to 5, so the prior's
# middle 89%; either sign is as likely.
[[mean.terms]]
kind = "linear"
feature = "dose_value"
prior = { name = "normal", mu = 0.0, sigma = 0.699 }

# 2 kinds, each compared with the most frequent one.
[[mean.terms]]
kind = "categorical"
by = "arm"
of = "intercept"
reference = "a"
prior = { name = "normal", mu = 0.0, sigma = 1.0 }

# alpha: variance = mean + mean^2 / alpha; large is Poisson.
[dispersion]
prior = { name = "half_normal", sigma = 1.0, on = "inverse" }
"""


def test_the_draft_is_printed(table: Path) -> None:
    result = invoke(table, "--outcome", "sold")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == DRAFT
    assert result.stdout == at.draft_spec(table, outcome="sold")
    parse_spec(result.stdout)


def test_a_file_is_written_and_not_replaced(table: Path, tmp_path: Path) -> None:
    spec = tmp_path / "Sold 2.toml"
    result = invoke(table, "--outcome", "sold", "-o", spec)
    assert (result.exit_code, result.stdout) == (0, f"{spec}\n")
    assert result.stderr == (
        "read every choice, then 'attribution models check' says what it expects before the data\n"
    )
    assert spec.read_text(encoding="utf-8") == DRAFT.replace('name = "my"', 'name = "sold_2"')
    again = invoke(table, "--outcome", "dose", "-o", spec)
    assert (again.exit_code, again.stdout) == (2, "")
    assert f"{str(spec)!r} exists already; --force replaces it" in again.stderr
    assert invoke(table, "--outcome", "dose", "-o", spec, "--force").exit_code == 0
    assert 'column = "dose"' in spec.read_text(encoding="utf-8")


def test_what_to_explain_must_be_said_where_it_cannot_be_known(table: Path) -> None:
    result = invoke(table)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "error: the table has no column 'conversions', so it must be said what the model explains; "
        "expected --outcome (outcome=) with one of sold, dose\n"
    )


def test_every_mistake_is_told_at_once(table: Path) -> None:
    result = invoke(table, "--outcome", "arm", "--family", "gama", "--exposure", "dos")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        "error: key outcome: the column 'arm' holds no numbers (found 'a'); expected numbers, or 0"
        " and 1",
        "error: key exposure: the table has no column 'dos'. Did you mean 'dose'?",
        "error: key family: there is no family 'gama'. Did you mean 'gamma'?",
    ]


def test_a_family_that_cannot_have_such_values_is_refused(table: Path) -> None:
    result = invoke(table, "--outcome", "sold", "--family", "gamma")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "error: key outcome.column: the model cannot count with the column 'sold' (found '0'); "
        "expected numbers above 0\n"
    )
