"""Capture and lift tests that are wrong: every message whole, at its place."""

from __future__ import annotations

import polars as pl
import pytest
from support import captured

from attribution.design import Design, build_design
from attribution.errors import InputError

LIFT, CAPTURE = captured.LIFT, captured.CAPTURE


def messages(more: str, family: str = "negative_binomial") -> list[str]:
    with pytest.raises(InputError) as caught:
        captured.spec(more, family)
    return [str(problem) for problem in caught.value.problems]


SPECS = [
    (
        LIFT + CAPTURE,
        "key experiments.incremental: [capture] says already how many orders come for each "
        "recorded one. Remove it, or [capture]",
    ),
    (
        LIFT.replace("standard_error = 30.0", "standard_error = 0.0"),
        "key experiments.tests[0].standard_error: impossible value (found '0.0'); expected "
        "a number above 0",
    ),
    (
        LIFT.replace("standard_error = 30.0\n", ""),
        "key experiments.tests[0].standard_error: the key is missing; expected a number",
    ),
    (
        LIFT.replace("campaign = 'spring'", "conversions > avg(conversions)"),
        "key experiments.tests[0].posts: 'avg' is computed over several posts; a feature is made "
        "from one post's values (found 'conversions > avg(conversions)')",
    ),
    (
        LIFT.replace("campaign = 'spring'", "campaign is"),
        "key experiments.tests[0].posts: Polars cannot read it",
    ),
    (
        LIFT + LIFT[LIFT.index("[[") :],
        "key experiments.tests[1].name: a second test called 'spring'",
    ),
    (
        LIFT[: LIFT.index("[[")],
        "key experiments.tests: there are no tests; expected a table [[experiments.tests]] for "
        "each lift test",
    ),
    (
        LIFT.replace("estimate = 300.0", "estimated = 300.0"),
        "key experiments.tests[0].estimate: the key is missing; expected a number",
    ),
    (
        CAPTURE.replace("alpha = 3.0, beta = 5.0", "alpha = 3.0"),
        "key capture.share.beta: the key is missing; expected a number",
    ),
    (
        CAPTURE.replace('"beta", alpha = 3.0, beta = 5.0', '"normal", mu = 0.3, sigma = 0.1'),
        "key capture.share: a normal prior gives any number, but this parameter takes numbers "
        "between 0 and 1; expected one of beta, uniform",
    ),
    (
        CAPTURE + "survey = { buyers = 20, recorded = 30 }",
        "key capture.survey.recorded: more buyers were recorded than there were (found '30'); "
        "expected at most 20",
    ),
    (
        CAPTURE + "survey = { buyers = 20 }",
        "key capture.survey.recorded: the key is missing; expected a whole number",
    ),
    (
        CAPTURE + "survey = { buyers = 20, recorded = -1 }",
        "key capture.survey.recorded: wrong value (found '-1')",
    ),
    ("[capture]\n", "key capture.share: the key is missing; expected a table [capture.share]"),
]


@pytest.mark.parametrize(("more", "message"), SPECS)
def test_a_mistake_is_told_at_its_place(more: str, message: str) -> None:
    found = messages(more)
    assert any(text.startswith(message) for text in found), found


@pytest.mark.parametrize("family", ["normal", "hurdle_negative_binomial", "bernoulli"])
@pytest.mark.parametrize("section", [LIFT, CAPTURE])
def test_outcomes_that_are_no_counts_are_refused(section: str, family: str) -> None:
    (found,) = messages(section, family)
    assert f"{family!r}" in found
    assert found.endswith("expected poisson or negative_binomial, or zero-inflated")


def design(more: str, table: pl.DataFrame | None = None) -> Design:
    return build_design(captured.spec(more), captured.table() if table is None else table)


TABLES = [
    (
        LIFT.replace("'spring'", "'sprnig'"),
        "key experiments.tests[0].posts: no post of the table is in the lift test 'spring' "
        "(found \"campaign = 'sprnig'\"). Look at the values of the columns that it names",
    ),
    (
        LIFT.replace("campaign = 'spring'", "conversions"),
        "key experiments.tests[0].posts: the posts of the lift test 'spring' are not told by yes "
        "or no (found 'conversions'); expected a condition, such as campaign = 'spring'",
    ),
    (
        LIFT.replace("campaign =", "campagne ="),
        "key experiments.tests[0].posts: the table has no column 'campagne' "
        "(found \"campagne = 'spring'\")",
    ),
    (
        LIFT.replace("campaign = 'spring'", "abs(campaign) > 1"),
        "key experiments.tests[0].posts: Polars cannot compute it",
    ),
]


@pytest.mark.parametrize(("more", "message"), TABLES)
def test_a_condition_that_the_table_cannot_tell(more: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        design(more)
    (found,) = caught.value.problems
    assert str(found).startswith(message)


def test_a_test_some_of_whose_posts_are_left_out_is_dropped_and_said() -> None:
    table = captured.table().with_columns(
        conversions=pl.when(pl.col("post_id") != "p3").then("conversions")
    )
    found = design(LIFT, table)
    assert found.spec.experiments is None
    (absent,) = (a for a in found.absent if "lift" in a.part)
    assert (absent.part, absent.reason) == (
        "lift test 'spring'",
        "1 of its 15 posts are not in the fit",
    )


def test_a_test_whose_posts_are_all_there_is_kept() -> None:
    table = captured.table().with_columns(
        conversions=pl.when(pl.col("post_id") != "p33").then("conversions")
    )
    found = design(LIFT, table)
    assert found.tested is not None
    assert found.tested.sum() == 15
    assert [test.name for test in found.spec.experiments.tests] == ["spring"]
