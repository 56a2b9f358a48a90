"""The halo form of the mean: read, written, told, and what it refuses."""

from __future__ import annotations

import re

import pytest
from support import days

from attribution.errors import InputError
from attribution.spec import parse_spec, read_spec, to_toml
from attribution.spec.stated import stated_priors
from attribution.spec.words import describe, equations


def problems(text: str) -> str:
    with pytest.raises(InputError) as caught:
        parse_spec(text)
    return str(caught.value)


@pytest.mark.parametrize("adstock", days.ADSTOCKS)
def test_a_spec_reads_as_it_was_written(adstock: str) -> None:
    spec = days.spec(adstock)
    assert parse_spec(to_toml(spec)) == spec
    assert spec.mean.days == 14


def test_the_shipped_spec_says_what_it_is() -> None:
    spec = read_spec("halo")
    assert parse_spec(to_toml(spec)) == spec
    names = [stated.parameter for stated in stated_priors(spec)]
    assert names[:4] == ["halo_share", "part_sd", "half_life", "intercept"]
    assert "S(age) = 2 ** (-age / half_life)" in equations(spec)
    assert "log of usual orders" in describe(spec)


def test_every_prior_is_within_what_the_comments_say_of_it() -> None:
    stated = {s.parameter: s.interval() for s in stated_priors(read_spec("halo"))}
    assert stated["halo_share"] == pytest.approx((0.014, 0.516), abs=0.002)
    assert stated["half_life"] == pytest.approx((1.3, 12.3), abs=0.05)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"geometric"', '"geometrical"', "there is no adstock 'geometrical'"),
        ("half_life =", "half_live =", "mean.adstock.half_live: unknown key"),
        ('"negative_binomial"', '"gamma"', "a halo mean has no family 'gamma'"),
        ('"reach_mid"]', '"reach_nano"]', "the part 'reach_nano' is there twice"),
        ('"reach_mid"]', '"orders"]', "'orders' cannot be a part"),
        ("days = 14", "days = 0", "key mean.days: wrong value"),
        ('day = "day"\n', "", "key mean.day: the key is missing"),
        ('column = "orders"', 'column = "orders"\nexposure = "reach"', "not proportional"),
        (
            '"beta", alpha = 1, beta = 4',
            '"half_normal", sigma = 1',
            "takes numbers between 0 and 1",
        ),
    ],
)
def test_mistakes_are_named(old: str, new: str, said: str) -> None:
    text = days.text()
    assert old in text
    assert said in problems(text.replace(old, new, 1))


def test_sections_about_posts_are_refused() -> None:
    more = '\n[capture]\nshare = { name = "beta", alpha = 2, beta = 4 }\n'
    assert "a halo mean is of days, and [capture] of posts" in problems(days.text() + more)


def test_the_catalogue_explains_itself_in_comments() -> None:
    from attribution.spec import spec_text

    assert re.search(r"\[V\]|\[S:", spec_text("halo"))
