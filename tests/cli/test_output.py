"""Tables in every format: full precision for machines, short readable cells for people."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import click
import polars as pl
import pytest
from click.testing import CliRunner, Result

from attribution.cli._format import cell, number, probability
from attribution.cli._layout import text_table
from attribution.cli._output import Show, table_output
from attribution.cli._views import ESTIMATES, View, chance, interval, plain
from attribution.cli.compare import of_a_sample

FRAME = pl.DataFrame(
    {
        "label": ["orders per 1,000 likes", "likes worth one comment"],
        "group": ["micro", "all"],
        "median": [1.23456789012345, 14123.0],
        "lower": [1.0, 12000.5],
        "upper": [1.5, None],
        "interval": ["eti", "eti"],
        "prob": [0.89, 0.89],
        "probability": [0.999, None],
    }
)
VIEW = View(
    (
        plain("quantity", "label"),
        plain("absent", "nowhere"),
        interval(),
        chance("P", "probability"),
    )
)


def show_frame(frame: pl.DataFrame, view: View | None, *arguments: str) -> Result:
    @click.command()
    @table_output(view)
    def table(show: Show) -> None:
        show(frame)

    return CliRunner().invoke(table, arguments)


def test_table_shows_the_view_and_names_the_interval() -> None:
    result = show_frame(FRAME, VIEW)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        "quantity",
        "─" * len(lines[1]),
        "orders per 1,000 likes",
        "likes worth one comment",
        "",
        "Intervals: 89% equal-tailed (eti).",
    ]
    assert lines[2].split("  ")[-1].strip() == "> 0.99"
    assert "1.00 to 1.50" in lines[2]


def test_the_interval_is_named_where_some_rows_have_none() -> None:
    rows = pl.DataFrame({"lower": [1.0, None], "interval": ["eti", None], "prob": [0.89, None]})
    assert View((interval(),)).page(rows).caption == "Intervals: 89% equal-tailed (eti)."


def test_table_without_a_view_shows_every_column() -> None:
    heading = show_frame(FRAME, None).stdout.splitlines()[0]
    assert heading.split() == FRAME.columns


def test_csv_and_json_keep_every_column_and_digit() -> None:
    csv = show_frame(FRAME, VIEW, "--format", "csv").stdout
    assert pl.read_csv(csv.encode()).equals(FRAME)
    rows = json.loads(show_frame(FRAME, VIEW, "--format", "json").stdout)
    assert rows == FRAME.to_dicts()


def test_json_writes_nan_as_null() -> None:
    frame = pl.DataFrame({"x": [float("nan"), 1.0]})
    assert json.loads(show_frame(frame, None, "--format", "json").stdout) == [
        {"x": None},
        {"x": 1.0},
    ]


def test_lists_survive_csv_as_json() -> None:
    frame = pl.DataFrame({"carry_posts": [["a", "b"], []], "shares": [[0.1, 0.9], None]})
    csv = show_frame(frame, None, "--format", "csv").stdout
    assert csv.splitlines()[1:] == ['"[""a"", ""b""]","[0.1, 0.9]"', "[],"]


def test_parquet_needs_a_file(tmp_path: Path) -> None:
    result = show_frame(FRAME, None, "--format", "parquet")
    assert result.exit_code == 2
    assert "name a file with -o FILE.parquet" in result.stderr
    target = tmp_path / "x.parquet"
    assert show_frame(FRAME, None, "-o", str(target)).exit_code == 0
    assert pl.read_parquet(BytesIO(target.read_bytes())).equals(FRAME)


@pytest.mark.parametrize("suffix", ["csv", "json", "md"])
def test_the_files_ending_chooses_the_format(tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"x.{suffix}"
    result = show_frame(FRAME, None, "-o", str(target))
    assert result.stdout == ""
    assert result.stderr == f"wrote {target} (2 rows)\n"
    assert target.read_text() == show_frame(FRAME, None, "--format", suffix).stdout


def test_format_wins_over_the_files_ending(tmp_path: Path) -> None:
    target = tmp_path / "x.csv"
    show_frame(FRAME, None, "-o", str(target), "--format", "json")
    assert json.loads(target.read_text()) == FRAME.to_dicts()


def test_a_missing_folder_and_a_folder_as_file_are_bad_usage(tmp_path: Path) -> None:
    missing = show_frame(FRAME, None, "-o", str(tmp_path / "no" / "x.csv"))
    assert (missing.exit_code, missing.stdout) == (2, "")
    assert "there is no folder" in missing.stderr
    folder = show_frame(FRAME, None, "-o", str(tmp_path), "--format", "csv")
    assert folder.exit_code == 2
    assert "is a folder; name a file" in folder.stderr


def test_markdown_escapes_bars() -> None:
    frame = pl.DataFrame({"a": ["x|y"], "n": [1.5]})
    assert show_frame(frame, None, "--format", "md").stdout.splitlines() == [
        "| a | n |",
        "| --- | ---: |",
        "| x\\|y | 1.50 |",
    ]


def test_no_rows() -> None:
    assert show_frame(FRAME.clear(), VIEW).stdout == "(no rows)\n"


def test_numbers_and_intervals_are_never_broken() -> None:
    for width in range(20, 60):
        rows = [["expected orders", "1,234,567", "4,432 to 7,689"]]
        text = text_table(["what", "orders", "interval"], rows, [False, True, True], width)
        assert "1,234,567" in text
        assert width < 30 or "4,432 to 7,689" in text


WORDS = ["quantity", "what it means for the reader", "median"]
ROWS = [["orders per 1,000 likes", "the chains agree with one another and mixed well", "1.23"]]


@pytest.mark.parametrize("width", range(20, 100))
def test_nothing_is_lost_or_too_wide_at_any_width(width: int) -> None:
    text = text_table(WORDS, ROWS, [False, False, True], width)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    for part in (*WORDS, *ROWS[0]):
        for word in part.split():
            assert word in text


def test_records_stand_below_each_other_when_columns_do_not_fit() -> None:
    text = text_table(["tier", "orders"], [["micro", "12"], ["nano", ""]], [False, True], 13)
    assert text.splitlines() == ["tier    micro", "orders  12", "", "tier    nano"]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (0.0, "0"),
        (1.23456, "1.23"),
        (12.3456, "12.3"),
        (99.96, "100"),
        (123.456, "123"),
        (1234567.8, "1,234,568"),
        (-0.012345, "-0.0123"),
        (0.000012345, "1.23e-05"),
        (9.999, "10.0"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_numbers(given: float, text: str) -> None:
    assert number(given) == text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (0.5, "0.50"),
        (0.999, "> 0.99"),
        (0.001, "< 0.01"),
        (0.0, "< 0.01"),
        (1.0, "> 0.99"),
        (None, ""),
    ],
)
def test_probabilities_are_never_rounded_to_certainty(given: float | None, text: str) -> None:
    assert probability(given) == text


@pytest.mark.parametrize(
    ("given", "text"),
    [(None, ""), (True, "yes"), (12345, "12,345"), ("x", "x"), ([1, 2.5], "1, 2.50")],
)
def test_cells(given: object, text: str) -> None:
    assert cell(given) == text


def test_the_view_of_estimates_reads_columns_of_the_tidy_table() -> None:
    tidy = {
        *("quantity", "label", "scope", "group", "population", "weighting", "unit"),
        *("mean", "sd", "median", "lower", "upper", "interval", "prob"),
        *("statement", "probability", "prior_probability", "answer"),
        *("ess_bulk", "ess_tail", "mcse_mean"),
    }
    assert {name for column in ESTIMATES.columns for name in column.needs} <= tidy


def test_a_comparison_by_a_sample_of_the_posts_says_so() -> None:
    assert of_a_sample(300, 300) == ""
    assert of_a_sample(5000, 1_000_000).startswith("looked at 5,000 of 1,000,000 posts")
