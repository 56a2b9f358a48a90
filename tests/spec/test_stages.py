"""Stages of a spec: read, written, described, and what they may not be."""

from __future__ import annotations

import pytest

from attribution.errors import InputError
from attribution.spec import columns_needed, describe, parse_spec, read_spec, spec_text, to_toml
from attribution.spec.stages import in_run, of_stage, split_name

TEXT = spec_text("funnel")


def test_it_is_read_and_written() -> None:
    spec = read_spec("funnel")
    assert list(spec.stages) == ["reach", "likes", "comments"]
    assert spec.stages["reach"].outcome.family == "log_normal"
    assert parse_spec(to_toml(spec)) == spec


def test_its_columns_and_words_are_those_of_all_stages() -> None:
    spec = read_spec("funnel")
    assert columns_needed(spec)["followers"] == "stages.reach.features.size"
    told = describe(spec)
    assert "Stage likes, whose names in a run begin with likes.\n" in told
    assert "  likes ~ NegativeBinomial(mean, alpha)" in told


def test_names_in_a_run() -> None:
    spec = read_spec("funnel")
    assert split_name(spec, in_run("likes", "tier_sd")) == ("likes", "tier_sd")
    assert split_name(spec, "tier_sd") == (None, "tier_sd")
    assert of_stage({"likes.a": 1, "a": 2, "likesb": 3}, "likes") == {"a": 1}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'column = "likes"\nfamily',
            'column = "conversions"\nfamily',
            "key stages.likes.outcome.column: 'conversions' is the model's own outcome",
        ),
        (
            'column = "comments"\nfamily',
            'column = "likes"\nfamily',
            "key stages.comments.outcome.column: another stage explains 'likes' already",
        ),
        (
            'size = "ln(followers)"',
            'size = "ln(1 + comments)"',
            "key stages.reach: the stage 'reach' uses 'comments', which comes about after it",
        ),
        (
            'size = "ln(followers)"',
            'size = "ln(reach)"',
            "key stages.reach.features.size: a feature may not be made from the outcome 'reach'",
        ),
        (
            'family = "log_normal"',
            'family = "lognormal"',
            "key stages.reach.outcome.family: there is no family 'lognormal'",
        ),
        (
            "[stages.comments.outcome]",
            "[stages.comments.out]",
            "stages.comments.out: unknown key",
        ),
        ("[stages.likes.", "[stages.Likes.", "key stages.Likes: this is no name for a stage"),
    ],
)
def test_a_mistake_is_told_at_its_place(old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(InputError) as caught:
        parse_spec(TEXT.replace(old, new))
    assert message in str(caught.value)
