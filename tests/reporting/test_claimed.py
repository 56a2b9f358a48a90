"""What a report says of a model with stages: the claim, and by which ways tiers differ."""

from __future__ import annotations

import polars as pl
from support import frames
from support.runs import FabricatedRun

from attribution.reporting.findings import Findings, gather
from attribution.reporting.headline import answers
from attribution.reporting.sections import funnel, groups

FOUND = "Engagement rate by followers: "


def found(*more: pl.DataFrame) -> Findings:
    run = FabricatedRun(estimates=pl.concat([frames.effects(), *more]))
    return gather(run, margin=1.0, unhealthy=False)  # type: ignore[arg-type]


def test_the_claim_is_answered_by_pair_and_denominator() -> None:
    told = [a for a in answers(found(frames.claims())) if a.question.endswith("the engagement?")]
    assert [(a.question, a.short) for a in told] == [
        ("Do smaller creators get 1.6 times the engagement?", "Of some tiers")
    ]
    assert (
        f"{FOUND}supported for nano / macro (3.74 times, P = 0.99); "
        "not supported for nano / micro (1.36 times, P = 0.02); "
        "cannot tell for micro / macro (2.55 times, P = 0.60)." in told[0].text
    )


def test_a_claim_that_no_pair_supports_is_answered_with_no() -> None:
    none = frames.claims().with_columns(answer=pl.lit("not supported"))
    (told,) = (a for a in answers(found(none)) if a.question.endswith("the engagement?"))
    assert told.short == "No"


def test_the_ways_have_a_section_and_are_no_contrasts() -> None:
    of_all = found(frames.claims(), frames.funnel())
    kinds = [block.kind for block in funnel(of_all).blocks]
    assert kinds == ["words", "figure", "figure", "folded"]
    assert len(groups(of_all).blocks) == len(groups(found()).blocks)
    caption = groups(of_all).blocks[1]
    assert caption == groups(found()).blocks[1]


def test_a_model_without_stages_has_neither() -> None:
    assert funnel(found()).blocks == ()
    assert not [a for a in answers(found()) if a.question.endswith("the engagement?")]
