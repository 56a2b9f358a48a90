"""Features: each post's value comes from that post alone, whatever the table is and its types."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from attribution.errors import InputError
from attribution.spec.expressions import ACROSS_ROWS, FUNCTIONS
from attribution.spec.model import Feature
from attribution.spec.transforms import columns_of, evaluate, row_wise

MONDAY = datetime(2025, 3, 3, 17, 45, tzinfo=UTC)
PROBE = pl.DataFrame(
    {
        "likes": [12, 0, 340, None, 7, 51],
        "comments": [3, 0, 11, 4, None, 9],
        "tier": ["nano", "micro", "nano", "mid", "Mega", None],
        "posted_at": [MONDAY + timedelta(hours=13 * k) for k in range(6)],
        "Paid post": [1, 0, 0, 1, 1, 0],
    }
)

# Expression of each function and its value for the first row of the probe.
EXAMPLES = {
    "abs": ("abs(comments - likes)", 9.0),
    "cbrt": ("cbrt(likes - 4)", 2.0),
    "ceil": ("ceil(likes / 5)", 3.0),
    "coalesce": ("coalesce(likes, comments)", 12.0),
    "cos": ("cos(likes)", math.cos(12)),
    "date_part": ("date_part('hour', posted_at)", 17.0),
    "ends_with": ("ends_with(tier, 'no')", 1.0),
    "exp": ("exp(comments)", math.exp(3)),
    "floor": ("floor(likes / 5)", 2.0),
    "greatest": ("greatest(likes, comments)", 12.0),
    "if": ("if(likes > 10, 5, 6)", 5.0),
    "ifnull": ("ifnull(likes, 0)", 12.0),
    "least": ("least(likes, comments)", 3.0),
    "length": ("length(tier)", 4.0),
    "ln": ("ln(1 + likes)", math.log(13)),
    "log10": ("log10(88 + likes)", 2.0),
    "log1p": ("log1p(likes)", math.log(13)),
    "log2": ("log2(4 + likes)", 4.0),
    "lower": ("length(lower(tier))", 4.0),
    "mod": ("mod(likes, 5)", 2.0),
    "nullif": ("nullif(likes, 0)", 12.0),
    "power": ("power(likes, 2)", 144.0),
    "round": ("round(likes / 5, 1)", 2.4),
    "sign": ("sign(comments - likes)", -1.0),
    "sin": ("sin(likes)", math.sin(12)),
    "sqrt": ("sqrt(4 + likes)", 4.0),
    "starts_with": ("starts_with(tier, 'na')", 1.0),
    "upper": ("length(upper(tier))", 4.0),
}
OTHERS = {
    "plain": ("likes", 12.0),
    "division": ("comments / likes", 0.25),
    "difference": ("-comments - likes", -15.0),
    "remainder": ("likes % 5", 2.0),
    "number": ("1e1 + .5 * likes", 16.0),
    "condition": ("tier = 'nano'", 1.0),
    "list": ("tier in ('micro', 'mid')", 0.0),
    "case": ("case when likes > 3 and not comments between 4 and 9 then 1 else 0 end", 1.0),
    "pattern": ("tier like 'n%'", 1.0),
    "missing": ("likes is null or comments is null", 0.0),
    "quoted": ('"Paid post" + 1', 2.0),
    "hour of the day": ("sin(date_part('hour', posted_at) / 24)", math.sin(17 / 24)),
}
TRIED = {**EXAMPLES, **OTHERS}
DIVIDES_BY_ZERO = {"division"}


def feature(expression: str) -> Feature:
    return Feature("f", expression)


def refusals(expression: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        row_wise(feature(expression))
    return [str(problem) for problem in caught.value.problems]


def test_every_function_is_tried() -> None:
    assert set(EXAMPLES) == set(FUNCTIONS)


@pytest.mark.parametrize("name", TRIED)
def test_expressions_give_what_they_say(name: str) -> None:
    expression, expected = TRIED[name]
    value = evaluate([feature(expression)], PROBE.head(1)).item()
    assert value == pytest.approx(expected)


@pytest.mark.parametrize("name", TRIED)
def test_a_value_depends_on_its_own_row_alone(name: str) -> None:
    expression = row_wise(feature(TRIED[name][0]))
    alone = pl.concat(PROBE[k : k + 1].select(expression) for k in range(PROBE.height))
    assert_frame_equal(PROBE.select(expression), alone)
    order = [4, 4, 0, 5, 3, 2, 1, 0, 0]
    assert_frame_equal(PROBE[order].select(expression), alone[order])


def test_the_check_of_rows_would_see_an_aggregate() -> None:
    expression = pl.sql_expr("likes - avg(likes)").alias("f")
    alone = pl.concat(PROBE[k : k + 1].select(expression) for k in range(PROBE.height))
    with pytest.raises(AssertionError):
        assert_frame_equal(PROBE.select(expression), alone)


@pytest.mark.parametrize("dtype", [pl.UInt8, pl.Int8, pl.UInt32, pl.Float32, pl.Decimal(12, 0)])
def test_the_type_of_a_number_changes_nothing(dtype: pl.DataType) -> None:
    whole = pl.DataFrame({"likes": [3, 100, 7], "comments": [5, 90, 2]})
    features = [
        Feature("less", "comments - likes"),
        Feature("ratio", "comments / likes"),
        Feature("product", "comments * likes"),
    ]
    assert_frame_equal(evaluate(features, whole.cast(dtype)), evaluate(features, whole))
    assert evaluate(features, whole).row(1) == (-10.0, 0.9, 9000.0)


def test_a_missing_value_stays_missing() -> None:
    values = evaluate([feature("ln(1 + likes)")], PROBE).to_series()
    assert values.is_null().to_list() == [False, False, False, True, False, False]


def test_columns_are_those_that_the_expression_reads() -> None:
    expression = "case when \"Paid post\" = 1 then ln(1 + likes) else 0 end + length(tier || 'x')"
    assert columns_of(feature(expression.replace(" || 'x'", ""))) == {"Paid post", "likes", "tier"}


ROWS = "is computed over several posts; a feature is made from one post's values"


@pytest.mark.parametrize("name", sorted(ACROSS_ROWS - {"min", "max"}))
def test_aggregates_are_refused(name: str) -> None:
    expression = f"likes - {name}(likes)"
    assert refusals(expression) == [f"key features.f: {name!r} {ROWS} (found {expression!r})"]


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("MAX(likes)", f"'max' {ROWS}|For several values of one post, use greatest(x, y)"),
        ("min(likes)", f"'min' {ROWS}|For several values of one post, use least(x, y)"),
        ("count(*)", f"'count' {ROWS}|"),
        (
            "likes over (order by tier)",
            "'over' belongs to a query, not to an expression|",
        ),
        ("(select likes)", "'select' belongs to a query, not to an expression|If it is a column, "
         'write "select" in double quotes'),
        ("likes in (select 1)", "'select' belongs to a query, not to an expression|If it is a "
         'column, write "select" in double quotes'),
        ("exists(likes)", "'exists' belongs to a query, not to an expression|"),
        ("lnn(likes)", "there is no function 'lnn'|Did you mean 'ln'?"),
        ("random() + likes", None),
        ("\"avg\"(likes)", None),
        ('"avg"("avg")', None),
        ("likes -- avg", "'--' has no place in an expression|"),
        ("likes /* avg */", "'/*' has no place in an expression|"),
        ("likes; drop", "';' has no place in an expression|"),
        ("likes // 2", "'//' has no place in an expression|"),
        ("now() - posted_at", None),
        ("likes + current_date", "this is more than an expression of a post's columns|"),
        ("posted_at > date '2025-01-01'", "this is more than an expression of a post's columns|"),
        ("1 + 2", "it names no column, so it is the same for every post|"),
        ("*", "it names no column, so it is the same for every post|"),
        ("likes comments", None),
        ("ln(likes", "Polars cannot read it: unable to parse 'ln(likes' as Expr|"),
        ("round(likes, comments)", None),
    ],
)  # fmt: skip
def test_what_is_no_expression_of_one_post_is_refused(expression: str, why: str | None) -> None:
    found = refusals(expression)
    if why is not None:
        what, hint = why.split("|")
        assert found == [
            f"key features.f: {what} (found {expression!r})" + (f". {hint}" if hint else "")
        ]


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("ln(likes)", "infinite or undefined in 1 rows (found 'ln(likes)'). Keep ln() and / away "
         "from 0, as in ln(1 + likes)"),
        ("sqrt(comments - likes)", "infinite or undefined in 3 rows (found 'sqrt(comments - "
         "likes)'). Keep ln() and / away from 0, as in ln(1 + likes)"),
        ("upper(tier)", "this gives no number but String (found 'upper(tier)')"),
        ("posted_at", "this gives no number but Datetime(time_unit='us', time_zone='UTC') (found "
         "'posted_at')"),
        ("shares + 1", None),
        ("ln(tier)", None),
    ],
)  # fmt: skip
def test_what_gives_no_finite_number_is_refused(expression: str, why: str | None) -> None:
    with pytest.raises(InputError) as caught:
        evaluate([feature(expression)], PROBE)
    found = str(caught.value)
    if why is None:
        assert found.startswith("key features.f: Polars cannot compute it: ")
    else:
        assert found == f"key features.f: {why}"


def test_all_features_that_fail_are_named_at_once() -> None:
    features = [Feature("a", "ln(likes)"), Feature("b", "tier"), Feature("c", "likes")]
    with pytest.raises(InputError) as caught:
        evaluate(features, PROBE)
    assert [problem.key for problem in caught.value.problems] == ["features.a", "features.b"]
