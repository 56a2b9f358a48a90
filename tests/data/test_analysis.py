"""Tables that are one row per post already, with whatever they have."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from attribution.data import AnalysisTable, read_analysis
from attribution.errors import InputError
from attribution.tables import DEFAULT_TIERS, Tiers

SMALLEST = pl.DataFrame({"post_id": ["a", "b"], "conversions": [0, 3], "reach": [10, 20]})


def test_two_columns_are_enough() -> None:
    table = read_analysis(SMALLEST.drop("reach"))
    assert table.frame.columns == ["post_id", "conversions"]
    assert (table.provenance, table.tiers, table.tier_order) == (None, None, ())


def test_an_own_tier_stands_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    SMALLEST.with_columns(tier=pl.Series(["Photo", "Video"]), followers=5).write_csv(path)
    table = read_analysis(path)
    assert table.frame["tier"].to_list() == ["Photo", "Video"]
    assert table.tier_order == ()


def test_tiers_come_from_followers_one_per_creator() -> None:
    frame = SMALLEST.with_columns(creator_id=pl.lit("c"), followers=pl.Series([9_000, 12_000]))
    table = read_analysis(frame)
    assert table.frame["tier"].to_list() == ["micro", "micro"]
    assert table.tiers == DEFAULT_TIERS
    alone = read_analysis(frame.drop("creator_id"))
    assert alone.frame["tier"].to_list() == ["nano", "micro"]


def test_asked_tiers_replace_the_tables_own() -> None:
    frame = SMALLEST.with_columns(followers=pl.Series([1, 9]), tier=pl.lit("x"))
    for tiers in ("few<5<=many", Tiers(("few", "many"), (5,))):
        assert read_analysis(frame, tiers=tiers).frame["tier"].to_list() == ["few", "many"]
    with pytest.raises(InputError, match="tiers need the column followers"):
        read_analysis(SMALLEST, tiers="few<5<=many")


def test_provenance_and_tiers_travel_in_the_parquet_file(tmp_path: Path) -> None:
    tiers = Tiers(("small", "big"), (100,))
    frame = SMALLEST.with_columns(tier=pl.Series(["small", "big"]))
    saved = AnalysisTable(frame, {"rule": {"window_days": 30}}, tiers)
    saved.save(tmp_path / "t.parquet")
    read = read_analysis(tmp_path / "t.parquet")
    assert read.provenance == saved.provenance
    assert read.tier_order == ("small", "big")


def test_bad_rows_are_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("post_id,conversions\na,1\nb,-1\n")
    table = read_analysis(path)
    assert table.frame.height == 1
    assert table.rejects.select("file", "row", "rule").rows() == [("t.csv", 3, "min")]


def test_a_table_without_a_good_row(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("post_id,conversions\na,x\nb,-1\n")
    with pytest.raises(InputError, match="none of the 2 rows can be used") as caught:
        read_analysis(path)
    assert len(caught.value.problems) == 3


def test_lists_read_back_from_csv(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "post_id;conversions;carry_posts;carry_shares\n"
        'a;1;["a"];[0.5]\nb;1;["b", "a"];[0.5, 0.25]\nc;1;["c"];[0.5, 1]\nd;1;nobody;[2]\n'
    )
    table = read_analysis(path)
    assert table.frame["carry_shares"].to_list() == [[0.5], [0.5, 0.25]]
    assert table.rejects.select("row", "column", "rule").rows() == [
        (4, "carry_shares", "carry_lists_match"),
        (5, "carry_posts", "type"),
        (5, "carry_shares", "max"),
    ]


def test_paying_orders_are_at_most_the_conversions() -> None:
    table = read_analysis(
        SMALLEST.with_columns(paying_orders=pl.Series([0, 4]))
        .reverse()
        .vstack(
            SMALLEST.with_columns(paying_orders=pl.Series([0, 1])).with_columns(
                post_id="x_" + pl.col("post_id")
            )
        )
    )
    assert table.rejects.select("column", "rule").rows() == [
        ("paying_orders", "paying_at_most_conversions")
    ]


def test_integers_and_floats_are_the_same_table() -> None:
    floats = SMALLEST.with_columns(pl.col("conversions", "reach").cast(pl.Float64))
    assert read_analysis(floats).frame.equals(read_analysis(SMALLEST).frame)


def test_a_model_needs_no_ids_and_no_conversions(tmp_path: Path) -> None:
    path = tmp_path / "shops.csv"
    path.write_text("shop,visits\na,3\nb,5\n")
    assert read_analysis(path).frame.rows() == [("2", "a", 3), ("3", "b", 5)]


def test_posts_without_a_name_have_their_row_in_the_file(tmp_path: Path) -> None:
    """The header is row 1; row 2 breaks a rule and is set aside."""
    path = tmp_path / "posts.csv"
    path.write_text("reach,visits\n-4,3\n10,5\n20,6\n")
    assert read_analysis(path).frame["post_id"].to_list() == ["3", "4"]


def test_a_file_of_one_column_is_read_wrongly(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("reach^visits\n4^3\n")
    with pytest.raises(InputError, match=r"more than one column.*another character than"):
        read_analysis(path)
