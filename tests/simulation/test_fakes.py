"""Simulated fakes: bought on top of what is genuine, told in the truth, seen through a score."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from polars.testing import assert_frame_equal

from attribution.cli import main
from attribution.errors import InputError
from attribution.simulation import (
    Brand,
    Fakes,
    Settings,
    Truth,
    simulate,
    simulate_from_prior,
)
from attribution.spec import read_spec

SETTINGS = Settings.samples().sized(200, 1000)


@cache
def brand(dose: float | None) -> Brand:
    return simulate(SETTINGS if dose is None else SETTINGS.with_fakes(dose), 8)


def test_a_brand_with_fakes_is_the_brand_without_and_more() -> None:
    plain, faked = brand(None), brand(0.2)
    assert_frame_equal(plain.orders, faked.orders)
    columns = pl.exclude("likes", "comments")
    assert_frame_equal(plain.posts.select(columns), faked.posts.select(columns))
    assert_frame_equal(plain.creators, faked.creators.drop("audience_credibility"))
    bought = faked.truth.posts.select("fake_likes", "fake_comments")
    shown = faked.truth.posts["likes"] - bought["fake_likes"]
    assert shown.to_list() == plain.truth.posts["likes"].to_list()
    assert (faked.posts["comments"] - bought["fake_comments"]).equals(plain.posts["comments"])


def test_no_dose_gives_scores_and_no_fakes() -> None:
    plain, none = brand(None), brand(0.0)
    assert_frame_equal(plain.posts, none.posts)
    assert none.truth.creators["fake_share"].sum() == 0.0
    scores = none.creators["audience_credibility"]
    assert float(scores.mean()) == pytest.approx(0.85, abs=0.02)
    assert float(scores.std()) == pytest.approx(np.sqrt(0.85 * 0.15 / 41), rel=0.2)


def test_half_of_the_creators_have_twice_the_share() -> None:
    share = brand(0.2).truth.creators["fake_share"]
    some = share.filter(share > 0)
    assert len(some) == 100
    assert float(some.mean()) == pytest.approx(0.4, abs=0.03)
    assert float(some.std()) == pytest.approx(np.sqrt(0.24 / 21), rel=0.2)


def test_each_creator_shows_its_share_of_fakes() -> None:
    truth = brand(0.4).truth
    shown = (
        truth.posts.group_by("creator_id")
        .agg(pl.col("fake_likes").sum(), pl.col("likes").sum())
        .join(truth.creators, on="creator_id")
        .filter(pl.col("likes") > 20_000)
    )
    assert shown.height > 20
    found = (shown["fake_likes"] / shown["likes"]).to_numpy()
    np.testing.assert_allclose(found, shown["fake_share"].to_numpy(), atol=0.02)


def test_scores_are_around_what_is_genuine() -> None:
    made = brand(0.4)
    table = made.creators.join(made.truth.creators, on="creator_id")
    off = table["audience_credibility"] - 0.85 * (1.0 - table["fake_share"])
    assert abs(float(off.mean())) < 0.02
    assert 0.03 < float(off.std()) < 0.09


def test_the_truth_survives_its_files(tmp_path: Path) -> None:
    made = brand(0.2)
    made.write(tmp_path / "b")
    loaded = Truth.load(tmp_path / "b")
    assert loaded.fakes == made.truth.fakes == Fakes(creators=0.5, share=0.4)
    assert_frame_equal(loaded.creators, made.truth.creators, rel_tol=1e-10)
    assert_frame_equal(loaded.posts, made.truth.posts, rel_tol=1e-10)
    assert "audience_credibility" in (tmp_path / "b/creators.csv").read_text().splitlines()[0]


def test_the_command_says_how_to_make_it_again(tmp_path: Path) -> None:
    words = ["simulate", str(tmp_path / "b"), "--creators", "6", "--posts", "30"]
    done = CliRunner().invoke(main, [*words, "--fakes", "0.2"])
    assert done.exit_code == 0
    page = (tmp_path / "b/README.md").read_text()
    assert "--fakes 0.2" in page
    assert "20% are fake on average" in page
    too_many = CliRunner().invoke(main, [*words, "--fakes", "0.6"])
    assert too_many.exit_code == 2


def test_shares_are_shares() -> None:
    with pytest.raises(InputError, match="creators of fakes is no share"):
        Fakes(creators=1.5)
    with pytest.raises(InputError, match="share of fakes is no share"):
        Fakes(share=-0.1)


def test_a_prior_gives_every_creator_a_share() -> None:
    spec = read_spec("authenticity")
    settings = replace(Settings.samples(), max_orders=10_000_000)
    made = simulate_from_prior(spec, 3, creators=60, posts_per_creator=3, settings=settings)
    assert made.truth.fakes is not None
    assert made.truth.fakes.creators == 1.0
    # The level of scores is drawn too.
    assert made.truth.fakes.credible != 1.0
    assert float(made.truth.creators["fake_share"].min()) > 0.0
