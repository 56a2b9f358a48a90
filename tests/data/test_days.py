"""The table of days: what posts reached by tier, sales without a code, and what is not known."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import attribution as at
from attribution.cli import main
from attribution.errors import InputError


def moment(day: int, hour: int = 12) -> datetime:
    return datetime(2025, 3, day, hour, tzinfo=UTC)


POSTS = pl.DataFrame(
    {
        "post_id": ["p1", "p2", "p3", "p4"],
        "creator_id": ["a", "b", "a", "c"],
        "posted_at": [moment(1), moment(4), moment(4, 23), moment(20)],
        "code": ["ANNA", "bo", "ANNA", None],
        "reach": [1_000, 70_000, 2_000, 10],
        "followers": [4_000, 200_000, 6_000, 12_000],
    }
)
SALES = pl.DataFrame({"date": [date(2025, 3, d) for d in (3, 4, 5, 7)], "orders": [10, 12, 11, 9]})
ORDERS = pl.DataFrame(
    {
        "order_id": ["o1", "o2", "o3", "o4", "o5"],
        "ordered_at": [moment(3), moment(4), moment(4), moment(5), moment(7)],
        "code": ["anna", "BO", "SPRING", None, None],
        "post_id": [None, None, None, "p1", None],
    }
)


def test_every_day_is_there_with_what_posts_reached_by_tier() -> None:
    made = at.daily(POSTS, SALES)
    frame = made.frame
    assert frame["day"].to_list() == [date(2025, 3, d) for d in range(1, 8)]
    assert frame["day_number"].to_list() == list(range(7))
    assert frame["weekday"].to_list()[:2] == ["Saturday", "Sunday"]
    assert frame["orders"].to_list() == [None, None, 10, 12, 11, None, 9]
    assert frame["reach_nano"].to_list() == [1_000, 0, 0, 2_000, 0, 0, 0]
    assert frame["reach_mid"].to_list() == [0, 0, 0, 70_000, 0, 0, 0]
    assert frame["reach_mega"].sum() == 0
    assert "reach_micro" in frame.columns
    assert made.notes == (
        "2 days before the first known sales are there for their posts alone",
        "1 days between have no known orders; write 0 where nothing was sold",
        "1 days with posts are before 2025-03-01 or after 2025-03-07, and not in the table",
        "orders with a code are counted too: give the export of orders to take them out",
    )


def test_orders_that_a_post_is_named_in_are_taken_out() -> None:
    frame = at.daily(POSTS, SALES, orders=ORDERS).frame
    assert frame["coded_orders"].to_list() == [None, None, 1, 1, 1, None, 0]
    assert frame["orders"].to_list() == [None, None, 9, 11, 10, None, 9]


def test_days_beyond_the_export_of_orders_are_not_known() -> None:
    made = at.daily(POSTS, SALES, orders=ORDERS.head(3))
    assert made.frame["day"].max() == date(2025, 3, 4)
    assert "2 days are outside the export of orders: their sales are not known" in made.notes


def test_more_orders_with_a_code_than_orders_are_no_sales() -> None:
    few = SALES.with_columns(orders=pl.Series([0, 12, 11, 9]))
    made = at.daily(POSTS, few, orders=ORDERS)
    assert made.frame["day"][0] == date(2025, 3, 1)
    assert made.frame["orders"].to_list()[:4] == [None, None, None, 11]
    assert "1 days have more orders with a code than orders: their sales are not known" in (
        made.notes
    )


def test_days_begin_where_the_shop_is() -> None:
    frame = at.daily(POSTS, SALES, time_zone="Europe/Berlin").frame
    assert frame["reach_nano"].to_list() == [1_000, 0, 0, 0, 2_000, 0, 0]


def test_own_tiers_cuts_and_exposures_are_used() -> None:
    own = POSTS.with_columns(tier=pl.Series(["x", "y", "x", "x"]))
    assert "reach_x" in at.daily(own, SALES).frame.columns
    assert at.daily(POSTS, SALES, tiers="small<5500<=large").frame["reach_small"].sum() == 3_000
    by_followers = at.daily(POSTS, SALES, exposure="followers").frame
    assert by_followers["followers_mid"].sum() == 200_000
    nobody = at.daily(POSTS.drop("followers"), SALES)
    assert nobody.frame["reach"].sum() == 73_000
    assert "followers are not known, so posts are not told apart by tier" in nobody.notes


def test_a_warm_up_is_no_longer_than_it_can_matter() -> None:
    old = POSTS.with_columns(
        posted_at=pl.Series([datetime(2024, 3, 1, tzinfo=UTC), *POSTS["posted_at"].to_list()[1:]])
    )
    made = at.daily(old, SALES).frame
    assert made["day"][0] == date(2024, 11, 3)
    assert made["reach_nano"].sum() == 2_000


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"exposure": "views"}, "the posts have no views. Say --exposure reach"),
        ({"exposure": "rech"}, "there is no such exposure (found 'rech'). Did you mean 'reach'?"),
        ({"time_zone": "Berlin"}, "no such time zone (found 'Berlin')"),
    ],
)
def test_what_cannot_be_used_is_named(more: dict[str, str], said: str) -> None:
    with pytest.raises(InputError) as caught:
        at.daily(POSTS, SALES, **more)
    assert said in str(caught.value)


def test_a_day_that_is_there_twice_is_set_aside() -> None:
    twice = pl.concat([SALES, SALES.head(1)])
    made = at.daily(POSTS, twice)
    assert made.rejects.select("row", "column", "value", "rule").rows() == [
        (5, "date", "2025-03-03", "duplicate")
    ]


def test_the_command_writes_the_table_and_says_what_it_did(tmp_path: Path) -> None:
    for name, frame in (("posts", POSTS), ("sales", SALES)):
        frame.write_csv(tmp_path / f"{name}.csv", datetime_format="%Y-%m-%dT%H:%M:%SZ")
    out = tmp_path / "daily.parquet"
    words = ["daily", str(tmp_path / "posts.csv"), str(tmp_path / "sales.csv"), "-o", str(out)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert pl.read_parquet(out).equals(at.daily(POSTS, SALES).frame)
    assert "daily_sales: 4 rows in, 4 out, 0 set aside" in result.stderr
