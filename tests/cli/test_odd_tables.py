"""Tables at the edge of what can be fitted: few draws, and an answer as wide as it should be."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

from attribution.cli import main

FEW = ("--draws", "150", "--tune", "300", "--chains", "2")


@dataclass(frozen=True)
class Fitted:
    """What a fit printed, and its run's effects and manifest."""

    stderr: str
    effects: pl.DataFrame
    run: Path

    @property
    def absent(self) -> dict[str, str]:
        """What is absent and why, as the manifest has it."""
        absent = json.loads((self.run / "manifest.json").read_text())["absent"]
        return {item["part"]: item["reason"] for item in absent}

    def overall(self, quantity: str) -> dict[str, float]:
        """Return the row of a quantity over all posts."""
        (row,) = self.effects.filter(
            pl.col("quantity") == quantity, pl.col("scope") == "overall"
        ).to_dicts()
        return row


def posts() -> pl.DataFrame:
    """Invent 48 posts of six creators in two tiers."""
    rng = np.random.default_rng(1)
    creator = np.arange(48) % 6
    reach = rng.integers(500, 20_000, 48)
    likes = rng.binomial(reach, 0.05)
    comments = rng.binomial(likes, 0.05)
    return pl.DataFrame(
        {
            "post_id": [f"p{i}" for i in range(48)],
            "creator_id": [f"c{i}" for i in creator],
            "tier": ["nano" if i < 3 else "micro" for i in creator],
            "reach": reach,
            "likes": likes,
            "comments": comments,
            "conversions": rng.poisson(reach * 2e-4 + likes * 0.01 + comments * 0.05),
        }
    )


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def fitted(tmp_path: Path) -> Callable[[pl.DataFrame], Fitted]:
    """Return a function that fits a table by the commands and reads its effects."""

    def fit(table: pl.DataFrame) -> Fitted:
        table.write_csv(tmp_path / "posts.csv")
        run = tmp_path / "run"
        result = invoke("fit", "additive", tmp_path / "posts.csv", "-o", run, *FEW)
        # So few draws may fail the health gate, which is no defect.
        assert result.exit_code in (0, 3), result.stderr
        effects = invoke("effects", run, "-o", tmp_path / "effects.parquet")
        assert effects.exit_code == 0, effects.stderr
        for words in (("check", run), ("contributions", run)):
            assert invoke(*words).exit_code in (0, 3)
        report = invoke("report", run, "-o", tmp_path / "report.html", "--unhealthy")
        assert report.exit_code == 0, report.stderr
        return Fitted(result.stderr, pl.read_parquet(tmp_path / "effects.parquet"), run)

    return fit


def test_without_any_conversion_rates_are_small_and_nothing_is_claimed(
    fitted: Callable[[pl.DataFrame], Fitted],
) -> None:
    of = fitted(posts().with_columns(conversions=pl.lit(0)))
    rate = of.overall("orders_per_1000_reached_in_all")
    # Of 0 orders in n people the rule of three gives 3 / n as an upper limit.
    assert 0 < rate["lower"] < rate["upper"] < 10 * 3 / posts()["reach"].sum() * 1000
    assert of.overall("likes_per_comment")["answer"] == "cannot tell"


def test_one_post_says_next_to_nothing(fitted: Callable[[pl.DataFrame], Fitted]) -> None:
    of = fitted(posts().head(1))
    assert "only one tier, 'nano': nothing varies" in of.absent["differences of rates by tier"]
    assert "only one creator_id" in of.absent["differences of rates by creator_id"]
    for quantity in ("orders_per_1000_likes", "orders_per_100_comments"):
        row = of.overall(quantity)
        assert row["upper"] > 10 * row["lower"]
    assert of.overall("likes_per_comment")["answer"] == "cannot tell"


def test_a_single_creator(fitted: Callable[[pl.DataFrame], Fitted]) -> None:
    of = fitted(posts().filter(pl.col("creator_id") == "c0"))
    assert set(of.absent) >= {"differences of rates by tier", "differences of rates by creator_id"}
    assert "absent: differences of rates by creator_id: the table has only one" in of.stderr
    assert of.effects.filter(pl.col("scope") == "creator").is_empty()
    assert of.effects.filter(pl.col("scope") == "contrast").is_empty()


def test_a_single_tier_and_a_row_set_aside(fitted: Callable[[pl.DataFrame], Fitted]) -> None:
    table = posts().filter(pl.col("tier") == "nano")
    bad = table.head(1).with_columns(post_id=pl.lit("bad"), likes=pl.lit(-1))
    of = fitted(pl.concat([table, bad.cast(table.schema)]))
    assert "differences of rates by creator_id" not in of.absent
    assert "only one tier" in of.absent["differences of rates by tier"]
    assert "warning: rows set aside: 1 (1 × likes: the value is too small)" in of.stderr
    assert json.loads((of.run / "manifest.json").read_text())["rejected_rows"] == 1
    report = (of.run.parent / "report.html").read_text()
    assert "1 row of the table broke a rule" in report
