"""Every problem at once; good rows and rejects; nothing dropped silently."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.data import ColumnMapping, validate
from attribution.data.rejects import counts_by_rule, problems
from attribution.errors import InputError

POSTS = """\
post_id,creator_id,posted_at,reach,likes,comments,fee,currency
p1,c1,2025-03-01 14:30,1000,12,3,10.5,EUR
p2,c1,2025-03-02,1000,,3.0,,EUR
p3,c1,yesterday,"1,234",12,3,10.5,EUR
p4,c1,2025-03-01 14:30,1000,-1,3,-10.5,eur
,c1,2025-03-01 14:30,1000,1,3,10.5,EUR
p1,c1,2025-03-01 14:30,1000,1,3,10.5,EUR
"""


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    path = tmp_path / "posts.csv"
    path.write_text(POSTS)
    return path


def analysis(**columns: list[object]) -> pl.DataFrame:
    rows = len(next(iter(columns.values())))
    base = {"post_id": [f"p{i}" for i in range(rows)], "conversions": [1] * rows}
    return pl.DataFrame(base | columns, strict=False)


def cells(column: str, *values: str) -> pl.DataFrame:
    """Return an analysis table whose column holds texts, as a CSV file does."""
    return analysis(**{column: list(values)})


def test_every_problem_of_a_file_is_told(posts: Path) -> None:
    rejects = validate(posts, "posts").rejects
    assert rejects.select("row", "column", "value", "rule").rows() == [
        (4, "posted_at", "yesterday", "type"),
        (4, "reach", "1,234", "type"),
        (5, "likes", "-1", "min"),
        (5, "fee", "-10.5", "min"),
        (5, "currency", "eur", "form"),
        (6, "post_id", None, "empty"),
        (7, "post_id", "p1", "duplicate"),
    ]
    assert rejects.get_column("file").unique().to_list() == ["posts.csv"]


def test_good_rows_go_on_as_they_are(posts: Path) -> None:
    validated = validate(posts, "posts")
    assert validated.frame.rows() == [
        ("p1", "c1", datetime(2025, 3, 1, 14, 30, tzinfo=UTC), 1000, 12, 3, 10.5, "EUR"),
        ("p2", "c1", datetime(2025, 3, 2, tzinfo=UTC), 1000, None, 3, None, "EUR"),
    ]
    assert validated.rows.to_list() == [2, 3]
    assert validated.aside_rows.to_list() == [4, 5, 6, 7]


def test_rows_in_are_rows_out_and_rejects(posts: Path) -> None:
    report = validate(posts, "posts").report
    assert (report.rows_in, report.rows_out, report.rows_rejected) == (6, 2, 4)


def test_problems_read_as_sentences(posts: Path) -> None:
    said = [str(problem) for problem in problems(validate(posts, "posts").rejects, 20)]
    assert said[1] == (
        "posts.csv, row 4, column 'reach': the cell cannot be read (found '1,234'); expected a"
        " whole number, 0 or more. Write it without thousands separators"
    )
    assert said[-1] == (
        "posts.csv, row 7, column 'post_id': the id appeared before (found 'p1'); expected each"
        " post_id once; row 2 has it already"
    )


def test_rules_are_counted(posts: Path) -> None:
    counts = counts_by_rule(validate(posts, "posts").rejects)
    assert counts.select("column", "rule", "rows").rows()[-1] == ("post_id", "duplicate", 1)


def test_of_rows_with_one_id_the_first_good_one_is_kept() -> None:
    frame = pl.DataFrame({"post_id": ["p", "p", "p"], "conversions": [-1, 2, 3]})
    validated = validate(frame, "analysis")
    assert validated.frame.rows() == [("p", 2)]
    assert validated.rejects.select("row", "rule").rows() == [(1, "min"), (3, "duplicate")]


def test_missing_columns_are_told_with_what_there_is(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Post ID,orders\np1,3\n")
    with pytest.raises(InputError) as caught:
        validate(path, "analysis")
    first, second = caught.value.problems
    assert str(first) == (
        f"{path}, column 'post_id': the column is missing. Did you mean 'Post ID'? The file has"
        " 'Post ID', 'orders'. If it has another name, map it: --mapping FILE with [analysis]"
        ' post_id = "your column"'
    )
    assert second.column == "conversions"


def test_an_unknown_kind_of_table(posts: Path) -> None:
    with pytest.raises(InputError, match="Did you mean 'posts'"):
        validate(posts, "post")


@pytest.mark.parametrize("text", ["12", "12.0", " 12 ", "+12", "1.2e1"])
def test_counts_may_be_stored_as_floats(text: str) -> None:
    assert validate(cells("likes", text), "analysis").frame["likes"].to_list() == [12]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1,234", "Write it without thousands separators"),
        ("1.2K", "Write the number in full"),
        ("3M", "Write the number in full"),
        ("12,5", "Write a decimal point, not a comma"),
        ("€12", "Write the number alone"),
        ("12 EUR", "Write the number alone"),
        ("5%", "Write a share between 0 and 1"),
        ("NA", "Leave the cell empty where the value is not known"),
        ("hidden", "Leave the cell empty where the value is not known"),
        ("12.5", "expected a whole number"),
        ("many", "expected a whole number"),
        ("inf", "expected a whole number"),
        ("1e300", "expected a whole number"),
        ("0x10", "expected a whole number"),
        ("1_000", "expected a whole number"),
    ],
)
def test_texts_that_are_no_count(text: str, hint: str) -> None:
    validated = validate(cells("likes", text), "analysis")
    assert validated.frame.is_empty()
    (problem,) = problems(validated.rejects, 9)
    assert problem.value == text
    assert hint in str(problem)


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e400"])
def test_amounts_are_finite(text: str) -> None:
    assert validate(cells("fee", text), "analysis").rejects["rule"].to_list() == ["type"]


NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-03-01", datetime(2025, 3, 1, tzinfo=UTC)),
        ("2025-03-01 12:00", NOON),
        ("2025-03-01T12:00:00Z", NOON),
        ("2025-03-01 12:00:00 UTC", NOON),
        ("2025-03-01T14:00:00+02:00", NOON),
        ("2025-03-01 09:00:00 -0300", NOON),
        ("2025-03-01T12:00:00.000250", NOON.replace(microsecond=250)),
        ("2025-03-01T12:00:00.123456789Z", NOON.replace(microsecond=123456)),
    ],
)
def test_times_are_utc_unless_they_say_otherwise(text: str, moment: datetime) -> None:
    assert validate(cells("posted_at", text), "analysis").frame["posted_at"].to_list() == [moment]


@pytest.mark.parametrize(
    "text", ["2025-02-30", "01/03/2025", "3.1.2025 12:00", "2025-03-01 25:00", "1740830400", "soon"]
)
def test_texts_that_are_no_time(text: str) -> None:
    validated = validate(cells("posted_at", text), "analysis")
    (problem,) = problems(validated.rejects, 9)
    assert "such as 2025-03-01 14:30" in str(problem)


def test_times_before_the_networks_existed_are_mistakes() -> None:
    rejects = validate(cells("posted_at", "0025-03-01"), "analysis").rejects
    assert rejects["rule"].to_list() == ["min"]


def test_hidden_likes_stay_unknown() -> None:
    frame = analysis(likes=[None, 0], comments=[1, None])
    validated = validate(frame, "analysis")
    assert validated.rejects.is_empty()
    assert validated.frame.select("likes", "comments").rows() == [(None, 1), (0, None)]


ORDERS = {
    "order_id": ["a", "b", "c"],
    "ordered_at": ["2025-03-01", "2025-03-01", "2025-03-01"],
    "gross_revenue": ["50", "50", "50"],
    "discount": ["10", "", "10"],
    "refunded": ["40", "50.01", ""],
}


def test_no_more_can_be_taken_off_than_an_order_was_worth() -> None:
    validated = validate(pl.DataFrame(ORDERS), "orders")
    assert validated.frame["order_id"].to_list() == ["a", "c"]
    (problem,) = problems(validated.rejects, 9)
    assert "discount and refund together at most the gross revenue" in str(problem)


def test_orders_need_no_amounts_but_none_may_be_missing() -> None:
    frame = pl.DataFrame(ORDERS)
    assert validate(frame.drop("gross_revenue"), "orders").frame.height == 3
    assert validate(frame.select("order_id", "ordered_at"), "orders").frame.height == 3
    holes = frame.with_columns(gross_revenue=pl.Series(["50", "", "50"]))
    assert validate(holes, "orders").rejects.select("row", "column", "rule").rows() == [
        (2, "gross_revenue", "empty")
    ]


def test_columns_that_look_personal_are_never_read(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(
        "order_id,ordered_at,Email,Billing Name,shipping address1,customerPhone,note\n"
        "1,2025-03-01,a@b.c,Ann,Street 1,123,for Ann\n"
    )
    validated = validate(path, "orders")
    assert validated.frame.columns == ["order_id", "ordered_at"]
    assert validated.report.personal == (
        "Email", "Billing Name", "shipping address1", "customerPhone", "note",
    )  # fmt: skip


def test_personal_columns_are_not_read_even_when_mapped(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("Email,Name,ordered_at\na@b.c,#1001,2025-03-01\n")
    with pytest.raises(InputError, match="looks like personal data"):
        validate(path, "orders", ColumnMapping({"orders": {"order_id": "Email"}}))
    named = validate(path, "orders", ColumnMapping({"orders": {"order_id": "Name"}}))
    assert named.frame["order_id"].to_list() == ["#1001"]


def test_other_columns_of_posts_are_kept_and_of_orders_are_not(posts: Path) -> None:
    text = POSTS.replace("currency\n", "currency,season,score,mail\n").replace(
        "EUR\n", "EUR,s,1,\n"
    )
    posts.write_text(text)
    frame = validate(posts, "posts").frame
    assert frame.columns[-2:] == ["season", "score"]
    assert frame.schema["score"] == pl.Int64
    orders = pl.DataFrame({"order_id": ["1"], "ordered_at": ["2025-03-01"], "season": ["s"]})
    validated = validate(orders, "orders")
    assert validated.frame.columns == ["order_id", "ordered_at"]
    assert validated.report.ignored == ("season",)


def test_typed_columns_of_parquet(tmp_path: Path) -> None:
    path = tmp_path / "posts.parquet"
    frame = pl.DataFrame(
        {
            "post_id": [1, 2, 3],
            "creator_id": pl.Series(["a", "b", "a"], dtype=pl.Categorical),
            "posted_at": [date(2025, 3, 1), None, date(2025, 3, 1)],
            "likes": [12.0, 1.5, None],
            "fee": pl.Series([1, 2, 3], dtype=pl.UInt8),
            "e-mail": ["a@b.c"] * 3,
        }
    )
    frame.write_parquet(path)
    validated = validate(path, "posts")
    assert validated.frame.schema["posted_at"] == pl.Datetime("us", "UTC")
    assert validated.frame.rows()[0] == ("1", "a", datetime(2025, 3, 1, tzinfo=UTC), 12, 1.0)
    assert validated.rejects.select("row", "column", "value", "rule").rows() == [
        (2, "likes", "1.5", "type"),
        (2, "posted_at", None, "empty"),
    ]


def test_times_with_a_zone_are_converted(tmp_path: Path) -> None:
    moments = (
        pl.Series([NOON])
        .dt.convert_time_zone("America/Sao_Paulo")
        .cast(pl.Datetime("ns", "America/Sao_Paulo"))
    )
    frame = analysis(posted_at=[None]).with_columns(posted_at=moments)
    assert validate(frame, "analysis").frame["posted_at"].to_list() == [NOON]


def test_a_column_of_another_type_altogether() -> None:
    with pytest.raises(InputError, match="holds values of type Boolean; expected a whole number"):
        validate(analysis(likes=[True, False]), "analysis")


@settings(deadline=None, max_examples=40)
@given(st.lists(st.one_of(st.integers(-5, 50).map(str), st.text(max_size=4)), min_size=1))
def test_no_row_is_lost_whatever_the_cells_hold(texts: list[str]) -> None:
    validated = validate(cells("likes", *texts), "analysis")
    rows = [*validated.rows, *validated.aside_rows]
    assert sorted(rows) == list(range(1, len(texts) + 1))
    assert set(validated.aside_rows) == set(validated.rejects["row"])
    kept = validated.frame["likes"].drop_nulls()
    assert (kept >= 0).all()


@pytest.mark.parametrize(
    ("kind", "header", "told"),
    [
        ("posts", "order_id,ordered_at,code", "orders (order_id, ordered_at), not of posts"),
        ("orders", "post_id,creator_id,posted_at,followers", "posts (post_id, creator_id, posted"),
        ("posts", "creator_id,followers", "creators (creator_id, followers), not of posts"),
        ("orders", "date,orders", "daily sales (date, orders), not of orders"),
    ],
)
def test_a_file_of_another_kind_is_told_once(
    kind: str, header: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(f"{header}\n{','.join('1' for _ in header.split(','))}\n")
    with pytest.raises(InputError) as caught:
        validate(path, kind)
    (problem,) = caught.value.problems
    assert told in problem.what
    assert "in each other's place" in str(problem)


def test_a_file_that_lacks_few_columns_is_told_which_though_it_has_another_kinds(
    tmp_path: Path,
) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("post_id,creator_id,followers\n1,ann,9\n")
    with pytest.raises(InputError) as caught:
        validate(path, "posts")
    (problem,) = caught.value.problems
    assert problem.column == "posted_at"
