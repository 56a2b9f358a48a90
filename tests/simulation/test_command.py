"""The command, its files, and the shipped samples made again."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from polars.testing import assert_frame_equal

from attribution.cli import main
from attribution.shipped import folder
from attribution.simulation import Truth

FILES = [
    "README.md",
    "creators.csv",
    "orders.csv",
    "posts.csv",
    "truth.json",
    "truth_orders.csv",
    "truth_posts.csv",
]
SMALL = ["--creators", "6", "--posts", "30"]


def run(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["simulate", *words])
    return done.exit_code, done.stdout, done.stderr


def numbers(value: object) -> object:
    """Return JSON with floats that compare approximately."""
    if isinstance(value, dict):
        return {key: numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [numbers(item) for item in value]
    return pytest.approx(value, rel=1e-9) if isinstance(value, float) else value


def test_default_options_make_the_shipped_samples_again(tmp_path: Path) -> None:
    out, samples = tmp_path / "again", folder("samples")
    assert run(str(out))[0] == 0
    assert sorted(path.name for path in out.iterdir()) == FILES
    for name in FILES:
        if name.endswith(".csv"):
            made, shipped = (
                pl.read_csv(place / name, infer_schema_length=None) for place in (out, samples)
            )
            assert_frame_equal(made, shipped, rel_tol=1e-9)
    made, shipped = (json.loads((place / "truth.json").read_text()) for place in (out, samples))
    assert made == numbers(shipped)
    assert (out / "README.md").read_text() == (samples / "README.md").read_text()


def test_folder_on_stdout_and_the_rest_on_stderr(tmp_path: Path) -> None:
    code, out, err = run(str(tmp_path / "b"), *SMALL)
    assert (code, out) == (0, f"{tmp_path / 'b'}\n")
    assert err.startswith("simulated 6 creators, 30 posts and ")


def test_another_seed_is_another_brand(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        run(str(tmp_path / seed), *SMALL, "--seed", seed)
    first, second = ((tmp_path / seed / "posts.csv").read_text() for seed in ("1", "2"))
    assert first != second


def test_options_reach_the_truth_and_the_page_says_them(tmp_path: Path) -> None:
    out = tmp_path / "b"
    assert run(str(out), *SMALL, "--seed", "4", "--null", "--leaks")[0] == 0
    truth, page = Truth.load(out), (out / "README.md").read_text()
    assert truth.kind == "null"
    assert len(truth.leaks) == 3
    assert "is simulated" in page
    assert "--creators 6 --posts 30 --seed 4 --leaks --null" in page
    assert "Codes leaked to people who saw no post" in page


def test_a_brand_from_a_prior_says_so(tmp_path: Path) -> None:
    out = tmp_path / "b"
    assert run(str(out), *SMALL, "--seed", "4", "--from-prior", "additive")[0] == 0
    assert Truth.load(out).model == "additive"
    assert "--from-prior additive" in (out / "README.md").read_text()


def test_files_that_exist_are_replaced_only_when_told_so(tmp_path: Path) -> None:
    run(str(tmp_path), *SMALL)
    before = (tmp_path / "posts.csv").read_text()
    code, _, err = run(str(tmp_path), *SMALL, "--seed", "9")
    assert code == 2
    assert "the folder already has creators.csv" in err
    assert "--force" in err
    assert (tmp_path / "posts.csv").read_text() == before
    assert run(str(tmp_path), *SMALL, "--seed", "9", "--force")[0] == 0
    assert (tmp_path / "posts.csv").read_text() != before


def test_bad_requests_say_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cases = {
        (str(tmp_path / "file"),): "this is a file, not a folder",
        (str(tmp_path / "b"), "--creators", "9", "--posts", "3"): "9 creators cannot make 3 posts",
        (str(tmp_path / "b"), "--null", "--from-prior", "additive"): "exclude each other",
        (str(tmp_path / "b"), "--from-prior", "aditive"): "additive",
    }
    for words, message in cases.items():
        code, out, err = run(*words)
        assert (code, out) == (2, "")
        assert message in err
    assert not (tmp_path / "b").exists()
