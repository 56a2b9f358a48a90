"""The commands ``validate`` and ``ingest``: what they print, write and leave with."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result
from support.brands import simulate

from attribution.cli import main
from attribution.data import read_analysis


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def exports(tmp_path: Path) -> tuple[Path, Path]:
    brand = simulate(codes=3, posts=5)
    brand.posts.with_columns(email=pl.lit("a@b.c")).write_csv(tmp_path / "posts.csv")
    brand.orders.write_csv(tmp_path / "orders.csv", separator=";")
    return tmp_path / "posts.csv", tmp_path / "orders.csv"


def test_a_good_file(exports: tuple[Path, Path]) -> None:
    result = run("validate", exports[0], "--kind", "posts")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "posts.csv: 15 rows in, 15 good, 0 bad" in result.stderr
    assert "not read, may be personal data: email" in result.stderr


def test_a_file_with_bad_rows(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = "".join(f"p{i},x\n" for i in range(30))
    path.write_text(f"post_id,conversions\np,1\n{rows}q,-1\n")
    rejects = tmp_path / "rejects.csv"
    result = run("validate", path, "--kind", "analysis", "--rejects", rejects, "--format", "csv")
    assert result.exit_code == 2
    assert result.stdout == (
        "file,column,rule,rows,meaning\n"
        "t.csv,conversions,type,30,the cell cannot be read\n"
        "t.csv,conversions,min,1,the value is too small\n"
    )
    assert "t.csv, row 3, column 'conversions': the cell cannot be read" in result.stderr
    assert "... and 11 more; --rejects FILE writes them all" in result.stderr
    assert pl.read_csv(rejects).height == 31


def test_a_file_that_cannot_be_used(tmp_path: Path) -> None:
    result = run("validate", tmp_path / "no.csv", "--kind", "posts")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith("no.csv: there is no such file\n")


def test_ingest_writes_a_table_that_fits(exports: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run("ingest", *exports, "-o", out, "--window-days", "14", "--until", "2025-06-30")
    assert (result.exit_code, result.stdout) == (0, f"{out}\n")
    assert "posts: 15 rows in, 15 out, 0 set aside" in result.stderr
    assert "the export ends 2025-07-01T00:00:00+00:00 (--until)" in result.stderr
    table = read_analysis(out)
    assert table.provenance is not None
    assert table.provenance["rule"]["window_days"] == 14
    again = run("ingest", *exports, "-o", out)
    assert again.exit_code == 2
    assert "the folder exists already" in again.stderr
    assert run("ingest", *exports, "-o", out, "--force").exit_code == 0


def test_ingest_of_nothing_leaves_nothing(exports: tuple[Path, Path], tmp_path: Path) -> None:
    result = run("ingest", tmp_path / "no.csv", exports[1], "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_quiet_leaves_the_result_alone(exports: tuple[Path, Path], tmp_path: Path) -> None:
    result = run("--quiet", "ingest", *exports, "-o", tmp_path / "out")
    assert result.stdout == f"{tmp_path / 'out'}\n"
    assert "rows in" not in result.stderr
