"""The headline answers the reader's questions, and says so where it cannot."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from support import frames
from support.runs import FabricatedRun, poor_run

from attribution.reporting import words
from attribution.reporting.content import Answer
from attribution.reporting.findings import gather
from attribution.reporting.headline import answers, odds, signed


def asked(run: Any, question: str, **options: Any) -> Answer:
    settings = {"margin": 1.0, "unhealthy": False} | options
    found = answers(gather(run, **settings))
    return next(answer for answer in found if answer.question == question)


def answered(quantity: str, answer: str, probability: float) -> FabricatedRun:
    """Return a run whose overall estimate of a quantity has this answer."""
    here = (pl.col("quantity") == quantity) & (pl.col("scope") == "overall")
    estimates = frames.effects().with_columns(
        answer=pl.when(here).then(pl.lit(answer)).otherwise("answer"),
        probability=pl.when(here).then(probability).otherwise("probability"),
    )
    return FabricatedRun(estimates=estimates)


def test_likes_that_bring_orders() -> None:
    found = asked(FabricatedRun(), words.ASK_LIKES)
    assert found.short == "Yes"
    assert found.text == (
        "Likes go with about 6 orders per 1,000 likes (89 % interval 5.1 to 6.9), over all likes "
        "of these creators' posts. Together they bring about 50 % of the orders."
    )


def test_likes_that_bring_next_to_none() -> None:
    found = asked(
        answered("share_of_orders_likes", "likes bring next to none", 0.02), words.ASK_LIKES
    )
    assert found.short == "No"
    assert "more than 5 % of the orders is 0.02 (before the data 0.50)" in found.text


def test_likes_that_cannot_be_told() -> None:
    found = asked(answered("share_of_orders_likes", "cannot tell", 0.6), words.ASK_LIKES)
    assert found.short == "We cannot tell yet"
    assert "may bring 5.1 to 6.9 orders per 1,000 likes, or next to none" in found.text


def test_comments_against_likes() -> None:
    found = asked(FabricatedRun(), words.ASK_COMMENTS)
    assert found.short == "Yes"
    assert "as many orders as 13.4 likes (89 % interval 7.4 to 19.4)" in found.text
    assert "above 0.99 (before the data 0.50)" in found.text
    unsure = asked(answered("likes_per_comment", "cannot tell", 0.7), words.ASK_COMMENTS)
    assert unsure.short == "We cannot tell yet"
    lower = answered("likes_per_comment", "a like is worth more than a comment", 0.01)
    assert asked(lower, words.ASK_COMMENTS).short == "No"


@pytest.mark.parametrize(
    ("median", "probability", "answer", "short", "said"),
    [
        (0.4, 0.99, "more likes go with more orders", "Yes", "1 % more likes go with 0.4 % more"),
        (-0.4, 0.01, "more likes go with fewer orders", "No", "with 0.4 % fewer orders"),
        (0.1, 0.7, "cannot tell", "We cannot tell yet", "with 0.1 % more orders"),
    ],
)
def test_a_regression_answers_by_elasticities(
    median: float, probability: float, answer: str, short: str, said: str
) -> None:
    row = frames.estimate(
        "elasticity_likes",
        "Change in orders for 1 % more likes",
        "%",
        median,
        0.2,
        statement="P(> 0)",
        probability=probability,
        prior_probability=0.5,
        answer=answer,
    )
    run = FabricatedRun(estimates=pl.DataFrame([row], schema=frames.effects().schema))
    found = asked(run, words.ASK_LIKES)
    assert found.short == short
    assert said in found.text
    assert asked(run, words.ASK_COMMENTS).short == "Not asked"


def regression(tiers: dict[str, tuple[float, str]], against: float) -> FabricatedRun:
    """Return a run of a regression with an elasticity of likes by tier, comments against likes."""
    stated = {"statement": "P(> 0)", "probability": 0.99, "prior_probability": 0.5, "answer": "yes"}
    unsure = (
        {**stated, "probability": against, "answer": "cannot tell"} if against < 0.95 else stated
    )
    label = "Change in orders for 1 % more likes"
    rows = [
        frames.estimate("change_per_1000_likes", "Change", "orders per post", 0.8, 0.2, **stated),
        frames.estimate("change_per_100_comments", "Change", "orders per post", 5.0, 0.2, **stated),
        frames.estimate("comment_less_like", "Less", "orders per post", 0.049, 0.01, **unsure),
        frames.estimate("elasticity_comments", "Change", "%", 0.4, 0.1, **stated),
        frames.estimate("elasticity_likes", label, "%", 0.25, 0.1, **stated),
        *(
            {
                **frames.estimate("elasticity_likes", label, "%", median, 0.1, **stated),
                "scope": "tier",
                "group": tier,
                "answer": answer,
            }
            for tier, (median, answer) in tiers.items()
        ),
    ]
    return FabricatedRun(estimates=pl.DataFrame(rows, schema=frames.effects().schema))


def test_a_regression_tells_orders_and_tiers_that_differ() -> None:
    tiers = {"nano": (0.3, "yes"), "macro": (0.1, "cannot tell")}
    text = asked(regression(tiers, 0.99), words.ASK_LIKES).text
    assert text.startswith("1,000 more likes on a post go with 0.8 more orders (89 % interval ")
    assert text.endswith(
        "By tier, orders with 1 % more likes: 0.3 % more for nano and 0.1 % more for macro (we "
        "cannot tell yet)."
    )
    alike = {"nano": (0.251, "yes"), "macro": (0.249, "yes")}
    assert "By tier" not in asked(regression(alike, 0.99), words.ASK_LIKES).text


def test_a_regression_compares_a_comment_with_a_like() -> None:
    """That more comments go with more orders is no answer to whether commenters buy more."""
    sure = asked(regression({}, 0.99), words.ASK_COMMENTS)
    assert sure.short == "Yes"
    assert sure.text.startswith(
        "One more comment goes with 0.05 orders of its post, one more like with 0.0008; the "
    )
    assert asked(regression({}, 0.6), words.ASK_COMMENTS).short == "We cannot tell yet"


def test_the_tier_that_pays_is_told_by_its_return() -> None:
    found = asked(FabricatedRun(), "Which tier pays?")
    rebooked = frames.roi().filter(pl.col("by") == "tier", pl.col("verdict") == "rebook")["group"]
    assert rebooked.len() > 1
    assert found.short == f"{', '.join(rebooked[:-1])} and {rebooked[-1]}"
    assert "P(ROI > 0)" in found.text


def test_no_tier_pays_or_it_cannot_be_told() -> None:
    paused = frames.roi().with_columns(verdict=pl.lit("pause"))
    assert asked(FabricatedRun(money=paused), "Which tier pays?").short == "None"
    unsure = frames.roi().with_columns(verdict=pl.lit("test again"))
    assert asked(FabricatedRun(money=unsure), "Which tier pays?").short == "We cannot tell yet"


def test_without_money_the_tier_is_told_by_its_orders() -> None:
    found = asked(FabricatedRun(money=None), "Which tier pays?")
    assert found.short == "nano"
    assert "most orders per 1,000 reached: the probability is 0.96" in found.text


def test_one_tier_has_nothing_to_compare() -> None:
    assert asked(poor_run(), "Which tier pays?").short == "Not asked"


def test_return_realised_and_expected_are_two_numbers() -> None:
    found = asked(FabricatedRun(), words.ASK_ROI, margin=0.6)
    assert found.short == "Yes"
    assert (
        "The posts cost EUR 250,000. Counted by the orders credited to them, they returned +55 %."
        in (found.text)
    )
    assert "expected to return +35 % (89 % interval +15 % to +55 %)" in found.text
    assert "at a margin of 60 % of net revenue" in found.text
    assert "Of 60 creators with a known cost: rebook " in found.text


def test_without_money_there_is_no_return_and_the_reason_is_given() -> None:
    found = asked(FabricatedRun(money=None), words.ASK_ROI)
    assert found.short == "Not asked"
    assert "the table has no cost column" in found.text


def test_probabilities_are_never_certain() -> None:
    assert [odds(p) for p in (1.0, 0.0, 0.5, None)] == [
        "above 0.99",
        "below 0.01",
        "0.50",
        "unknown",
    ]


def test_returns_carry_their_sign() -> None:
    assert [signed(v) for v in (0.345, -0.5, None)] == ["+34 %", "−50 %", "unknown"]
