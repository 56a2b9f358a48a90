"""Which columns a spec needs, and what is said of those that a table lacks."""

from __future__ import annotations

import pytest
from support.specs import LINEAR, RATES

from attribution.spec import check_columns, columns_needed, parse_spec, read_spec

TABLE = ("post_id", "conversions", "reach", "likes", "comments", "tier", "creator_id")


@pytest.mark.parametrize("name", ["additive", "engagement"])
def test_the_shipped_models_need_these_columns(name: str) -> None:
    assert set(columns_needed(read_spec(name))) == set(TABLE) - {"post_id"}
    assert check_columns(read_spec(name), TABLE) == []


def test_every_missing_column_is_named_with_its_place_and_the_closest_one() -> None:
    columns = ["post_id", "conversions", "views", "Likes", "tiers"]
    assert [str(problem) for problem in check_columns(parse_spec(LINEAR), columns, "my.toml")] == [
        "my.toml, key outcome.exposure: the table has no column 'reach'; expected one of post_id, "
        "conversions, views, Likes, tiers",
        "my.toml, key features.volume: the table has no column 'likes'; expected one of post_id, "
        "conversions, views, Likes, tiers. Did you mean 'Likes'?",
        "my.toml, key mean.terms[2].by: the table has no column 'tier'; expected one of post_id, "
        "conversions, views, Likes, tiers. Did you mean 'tiers'?",
    ]


def test_parts_and_groups_of_the_order_value_are_needed_too() -> None:
    spec = parse_spec(
        RATES.replace('by = "tier"\nof = ["intercept"]', 'by = "campaign"\nof = ["intercept"]')
    )
    found = [problem.key for problem in check_columns(spec, ["conversions", "tier", "creator_id"])]
    assert found == ["outcome.exposure", "mean.parts[1]", "order_value.terms[0].by"]


def test_columns_that_a_fit_can_do_without_may_be_absent() -> None:
    columns = [column for column in TABLE if column != "tier"]
    assert check_columns(parse_spec(LINEAR), columns, optional={"tier"}) == []


def test_a_feature_may_not_hide_a_column() -> None:
    assert [str(problem) for problem in check_columns(parse_spec(LINEAR), [*TABLE, "volume"])] == [
        "key features.volume: the table has a column of the same name as the feature 'volume'. "
        "Choose another name for the feature"
    ]


def test_a_column_that_is_not_read_as_personal_is_not_just_said_to_be_absent() -> None:
    spec = parse_spec(LINEAR.replace('by = "tier"', 'by = "gender"'))
    (found,) = check_columns(spec, TABLE)
    assert found.hint == (
        "A file's column of this name is not read, since it may be personal data: "
        "rename it there if it is none"
    )


DAILY = ("day", "day_number", "weekday", "orders", "reach_nano", "reach_micro")


def test_a_model_of_days_is_not_for_a_table_of_posts() -> None:
    (found,) = check_columns(read_spec("halo"), TABLE, "halo")
    assert str(found) == (
        "halo, key mean.day: this model is of days, and the table is of posts. "
        "Make a table of days: `attribution daily POSTS DAILY_SALES -o daily.parquet`"
    )


@pytest.mark.parametrize("name", ["additive", "tier_only"])
def test_a_model_of_posts_is_not_for_a_table_of_days(name: str) -> None:
    (found,) = check_columns(read_spec(name), DAILY, name)
    assert str(found).startswith(f"{name}, key outcome.column: this model is of posts, and the")


def test_a_table_of_days_is_told_what_it_lacks_for_a_model_of_days() -> None:
    found = [problem.what for problem in check_columns(read_spec("halo"), DAILY)]
    assert found == [f"the table has no column 'reach_{tier}'" for tier in ("mid", "macro", "mega")]


def test_a_model_of_the_users_own_days_is_told_of_its_columns() -> None:
    spec = parse_spec(LINEAR.replace('by = "tier"', 'by = "weekday"'))
    assert len(check_columns(spec, [*DAILY, "conversions"])) > 1
