"""Bands of followers."""

from __future__ import annotations

import polars as pl
import pytest

from attribution.errors import InputError
from attribution.tables import DEFAULT_TIERS, Tiers


def test_a_creator_at_a_cut_point_belongs_to_the_band_above() -> None:
    followers = pl.Series([0, 9_999, 10_000, 49_999, 50_000, 500_000, 1_000_000, None])
    got = pl.select(DEFAULT_TIERS.of(pl.lit(followers))).to_series().to_list()
    assert got == ["nano", "nano", "micro", "micro", "mid", "macro", "mega", None]


def test_text_and_tiers_are_the_same_thing() -> None:
    tiers = Tiers.parse("small < 10_000 <= big<50000<=huge")
    assert tiers == Tiers(("small", "big", "huge"), (10_000, 50_000))
    assert Tiers.parse(tiers.text) == tiers
    assert Tiers.parse("everyone") == Tiers(("everyone",), ())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "cannot read the tiers"),
        ("nano<ten<=micro", "cannot read the tiers"),
        ("nano<10000<micro", "cannot read the tiers"),
        ("nano<=10000<micro", "cannot read the tiers"),
        ("nano<10000<=", "cannot read the tiers"),
        ("a<10<=b<10<=c", "must be above 0 and increase"),
        ("a<0<=b", "must be above 0 and increase"),
        ("a<10<=a", "a name is used twice"),
    ],
)
def test_tiers_that_cannot_be_used_say_why(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        Tiers.parse(text)
    assert "nano<10000<=micro" in str(caught.value)
