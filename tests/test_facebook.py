"""Real posts go the whole way with a mapping and a spec from the how-to, and no code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).parents[1]
HOW_TO = ROOT / "docs" / "how-to"
VARIABLE = "ATTRIBUTION_REFERENCE_DATA"
FILE = "social/uci_facebook_metrics_dataset_Facebook.csv"


@pytest.fixture(scope="module")
def posts() -> Path:
    folder = os.environ.get(VARIABLE)
    if not folder:
        pytest.skip(f"{VARIABLE} does not name the folder of the reference data")
    file = Path(folder) / FILE
    if not file.is_file():
        pytest.skip(f"{file} is not there")
    return file


def attribution(*words: str | Path, codes: tuple[int, ...] = (0,)) -> str:
    command = [sys.executable, "-m", "attribution", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in codes, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def test_facebook_posts_go_from_file_to_report(posts: Path, tmp_path: Path) -> None:
    """With few draws the gate may complain of them, but not of what the model predicts."""
    mapping = ("--mapping", HOW_TO / "facebook-mapping.toml")
    attribution("validate", posts, "--kind", "analysis", *mapping)
    run = tmp_path / "run"
    few = ("--draws", "250", "--tune", "500", "--chains", "2", "--seed", "1")
    attribution("fit", HOW_TO / "clicks.toml", posts, *mapping, "-o", run, *few, codes=(0, 3))
    checks = pl.read_csv(attribution("check", run, "--format", "csv", codes=(0, 3)).encode())
    predicted = checks.filter(
        pl.col("name").str.contains("predictive|total conversions|conversions of")
    )
    assert predicted.height >= 9
    assert set(predicted["status"]) == {"pass"}
    effects = pl.read_csv(attribution("effects", run, "--format", "csv").encode())
    assert {"change_per_1000_likes", "elasticity_comments"} <= set(effects["quantity"])
    report = tmp_path / "report.html"
    attribution("report", run, "-o", report, "--unhealthy")
    assert report.stat().st_size > 100_000
