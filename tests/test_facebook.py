"""A real table the whole way: posts of one Facebook page, as docs/how-to/facebook.md has it."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from attribution.cli import main

HOW_TO = Path(__file__).parents[1] / "docs" / "how-to"
MAPPING = HOW_TO / "facebook-mapping.toml"
REFERENCE = "ATTRIBUTION_REFERENCE_DATA"
FACEBOOK = "social/uci_facebook_metrics_dataset_Facebook.csv"
ABSENT = (
    "absent: ROI: the table has no cost column (fee, product_cost, commission, management_cost)",
    "absent: correction for late orders: the table does not say how long each post could collect "
    "orders",
)


@pytest.fixture(scope="module")
def posts() -> Path:
    """Return the file of the reference data, or skip."""
    folder = os.environ.get(REFERENCE)
    if folder is None:
        pytest.skip(f"{REFERENCE} does not name the folder of the reference data")
    path = Path(folder) / FACEBOOK
    if not path.is_file():
        pytest.skip(f"the reference data in {folder} lack {FACEBOOK}")
    return path


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def fit(model: str | Path, posts: Path, run: Path, draws: int, tune: int, chains: int) -> Result:
    settings = ("--draws", draws, "--tune", tune, "--chains", chains)
    table = (posts, "--mapping", MAPPING)
    return invoke("fit", model, *table, "-o", run, *map(str, settings))


WARNED = "posts along other columns"
"""Consequences of a click, and the month, are not used."""


def checks(run: Path, folder: Path) -> dict[str, str]:
    """Return the status of each health check by name."""
    invoke("check", run, "-o", folder / "checks.csv")
    return dict(pl.read_csv(folder / "checks.csv").select("name", "status").iter_rows())


def test_validate_finds_every_row_good(posts: Path) -> None:
    result = invoke("validate", posts, "--kind", "analysis", "--mapping", MAPPING)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "500 rows in, 500 good, 0 bad" in result.stderr
    assert "optional columns it does not have: creator_id, posted_at, campaign" in result.stderr


def test_a_shipped_model_is_found_not_to_hold(posts: Path, tmp_path: Path) -> None:
    run = tmp_path / "engagement"
    result = fit("engagement", posts, run, draws=200, tune=300, chains=2)
    assert result.exit_code == 3, result.stderr
    assert "500 posts in the fit, exposure reach" in result.stderr
    said = result.stderr.splitlines()
    assert set(ABSENT) <= set(said)
    assert "absent: order value and ROI: the table has no net_revenue column" in said
    by = "absent: differences of intercept by creator_id: the table has no creator_id"
    assert by in said
    status = checks(run, tmp_path)
    assert status["total conversions"] == "fail"
    assert status["predictive check: spread (standard deviation)"] == "fail"
    refused = invoke("report", run, "-o", tmp_path / "report.html")
    assert refused.exit_code == 3
    assert not (tmp_path / "report.html").exists()
    effects = invoke("effects", run)
    assert effects.exit_code == 0
    assert effects.stderr.startswith("warning: this run failed its health checks")


def test_a_model_of_the_users_own_goes_all_the_way(posts: Path, tmp_path: Path) -> None:
    run = tmp_path / "clicks"
    result = fit(HOW_TO / "facebook-clicks.toml", posts, run, draws=1000, tune=1000, chains=4)
    assert (result.exit_code, result.stdout) == (0, f"{run}\n"), result.stderr
    said = [line for line in result.stderr.splitlines() if line.startswith("absent")]
    assert said == list(ABSENT)
    warned = {name: status for name, status in checks(run, tmp_path).items() if status != "pass"}
    assert warned == {WARNED: "warn"}

    invoke("effects", run, "-o", tmp_path / "effects.parquet")
    effects = pl.read_parquet(tmp_path / "effects.parquet")
    these = effects.filter(pl.col("population") == "these creators")
    rates = these.filter(quantity="orders_per_1000_reached_in_all", scope="tier").sort("median")
    assert rates["group"].to_list() == ["Link", "Video", "Photo", "Status"]
    # What the how-to prints, within Monte Carlo error.
    assert rates["median"].to_list() == pytest.approx([14, 34, 54, 138], rel=0.05)
    for signal, probability in (("likes", 0.76), ("comments", 0.94)):
        row = these.row(
            by_predicate=(pl.col("quantity") == f"elasticity_{signal}")
            & (pl.col("scope") == "overall"),
            named=True,
        )
        assert row["answer"] == "cannot tell"
        assert row["probability"] == pytest.approx(probability, abs=0.05)

    assert invoke("contributions", run).exit_code == 2
    assert invoke("roi", run).exit_code == 2
    report = invoke("report", run, "-o", tmp_path / "report.html")
    assert report.exit_code == 0, report.stderr
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "We cannot tell yet" in page
    assert "The table was brought as it is, one row per post" in page
    assert "the table has no cost column" in page


def test_the_how_to_shows_what_the_spec_says() -> None:
    spec = (HOW_TO / "facebook-clicks.toml").read_text(encoding="utf-8")
    page = (HOW_TO / "facebook.md").read_text(encoding="utf-8")
    diff = page.split("```diff\n")[1].split("```")[0].splitlines()
    added = [line[1:] for line in diff if line.startswith("+") and line != "+"]
    assert added
    assert [line for line in added if line not in spec] == []
    removed = [line[1:] for line in diff if line.startswith("-")]
    assert [line for line in removed if line in spec] == []
