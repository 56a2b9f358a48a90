"""Orders find their post by the stated rule, and everything left over is accounted for."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.brands import simulate

from attribution.data import Ingested, ingest, read_analysis
from attribution.data.delays import Delays
from attribution.data.provenance import short_window
from attribution.errors import InputError
from attribution.simulation import Settings
from attribution.simulation import simulate as simulate_brand
from attribution.simulation.delay import Delay
from attribution.tables import Tiers


def posts(*rows: tuple[str, str, str, str | None], **more: list[Any]) -> pl.DataFrame:
    """Return posts from (post_id, creator_id, posted_at, code)."""
    names = ("post_id", "creator_id", "posted_at", "code")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    return frame.with_columns(pl.Series(name, values) for name, values in more.items())


def orders(*rows: tuple[str, str | None], **more: list[Any]) -> pl.DataFrame:
    """Return orders from (ordered_at, code); their ids are o0, o1, …."""
    frame = pl.DataFrame(
        [(f"o{i}", *row) for i, row in enumerate(rows)],
        schema=dict.fromkeys(("order_id", "ordered_at", "code"), pl.String),
        orient="row",
    )
    return frame.with_columns(pl.Series(name, values) for name, values in more.items())


def conversions(made: Ingested) -> dict[str, int]:
    return dict(made.table.frame.select("post_id", "conversions").iter_rows())


def reasons(made: Ingested) -> dict[str, str]:
    return dict(made.unattributed.iter_rows())


TWO = (("p1", "c1", "2025-03-01 12:00", "ANN"), ("p2", "c1", "2025-03-11 12:00", "ann"))


def test_an_order_goes_to_the_latest_post_with_its_code() -> None:
    made = ingest(
        posts(*TWO),
        orders(
            ("2025-03-01 12:00", "ANN"),
            ("2025-03-11 11:59", "Ann"),
            ("2025-03-11 12:00", " ann "),
            ("2025-04-10 12:00", "ann"),
        ),
    )
    assert conversions(made) == {"p1": 2, "p2": 2}


def test_orders_without_a_post_are_named_with_the_reason() -> None:
    made = ingest(
        posts(*TWO, ("bad", "c2", "2025-03-01", "BOB"), likes=[1, 1, -1]),
        orders(
            ("2025-03-12", "ANN"),
            ("2025-02-28", "ANN"),
            ("2025-04-10 12:01", "ANN"),
            ("2025-03-02", None),
            ("2025-03-02", "NOBODY"),
            ("2025-03-02", "BOB"),
            ("2025-05-02", "ANN"),
        ),
        until="2025-04-30",
    )
    assert conversions(made) == {"p1": 0, "p2": 1}
    assert reasons(made) == {
        "o1": "the order came before the post",
        "o2": "the order came after the window",
        "o3": "the order has neither a code nor a post",
        "o4": "no post carries this code",
        "o5": "its post was set aside",
        "o6": "the order came after the export's end",
    }
    assert made.rejects.select("row", "column").rows() == [(3, "likes")]


def test_orders_of_a_post_set_aside_do_not_fall_to_the_post_before() -> None:
    made = ingest(posts(*TWO, likes=[1, -1]), orders(("2025-03-12", "ANN"), ("2025-03-02", "ANN")))
    assert conversions(made) == {"p1": 1}
    assert reasons(made) == {"o0": "its post was set aside"}
    assert made.table.frame["collect_days"].to_list() == [10.0]


def test_an_order_that_names_its_post_goes_there() -> None:
    made = ingest(
        posts(*TWO, ("p3", "c2", "2025-03-01", None)),
        orders(
            ("2025-03-20", "ANN"), ("2025-03-20", "ANN"), ("2025-03-20", None),
            ("2025-03-20", None), ("2025-04-20", None), ("2025-02-20", None),
            post_id=[None, "p1", "p3", "p9", "p3", "p3"],
        ),
    )  # fmt: skip
    assert conversions(made) == {"p1": 1, "p2": 1, "p3": 1}
    assert reasons(made) == {
        "o3": "no post has this id",
        "o4": "the order came after the window",
        "o5": "the order came before the post",
    }
    assert made.provenance["orders"]["by_link"] == 2


def test_links_carry_nothing_to_later_posts() -> None:
    named = orders(("2025-03-12", None), ("2025-04-20", None), post_id=["p1", "p2"])
    frame = ingest(posts(*TWO), named).table.frame
    assert frame["carry_posts"].to_list() == [["p1"], ["p2", "p1"][:1]]
    assert frame["collect_days"].to_list() == [30.0, 30.0]
    coded = ingest(posts(*TWO), orders(("2025-03-12", "ann"), ("2025-04-20", "ann"))).table.frame
    assert coded["carry_posts"].to_list() == [["p1"], ["p2", "p1"]]
    assert coded["collect_days"].to_list() == [10.0, 30.0]


def test_money_is_net_and_refunds_are_counted() -> None:
    made = ingest(
        posts(*TWO, currency=["EUR", "EUR"], fee=[100.0, None]),
        orders(
            *[("2025-03-02", "ANN")] * 4,
            gross_revenue=[50.0, 50.0, 50.0, 50.0],
            discount=[5.0, None, 5.0, 0.0],
            refunded=[0.0, 50.0, 20.0, None],
            currency=["EUR"] * 4,
        ),
        until="2025-03-31",
    )
    row = made.table.frame.row(0, named=True)
    assert (row["conversions"], row["paying_orders"], row["net_revenue"]) == (4, 3, 120.0)
    assert made.table.frame.row(1, named=True)["net_revenue"] == 0.0
    assert made.table.frame["currency"].to_list() == ["EUR", "EUR"]
    assert made.provenance["refunds"] == {
        "known": True, "in_full": 1, "in_part": 1, "amount": 70.0,
    }  # fmt: skip


@pytest.mark.parametrize("scale", [1.0, 1e-5, 1e5])
def test_an_order_pays_however_small_its_currencys_amounts_are(scale: float) -> None:
    made = ingest(
        posts(("p1", "c1", "2025-01-01", "A")),
        orders(
            *[("2025-01-02", "A")] * 4,
            gross_revenue=[scale * amount for amount in (39.9, 39.9, 39.9, 39.9)],
            discount=[scale * amount for amount in (0.0, 10.0, 10.0, 39.9)],
            refunded=[scale * amount for amount in (0.0, 0.0, 29.9, 0.0)],
        ),
    )
    (row,) = made.table.frame.select("paying_orders", "net_revenue").rows()
    assert row == (2, pytest.approx(scale * 69.8))
    assert made.provenance["refunds"]["in_full"] == 1


def test_without_amounts_there_is_no_revenue() -> None:
    made = ingest(posts(*TWO), orders(("2025-03-02", "ANN")))
    assert not {"net_revenue", "paying_orders", "currency"} & set(made.table.frame.columns)
    assert made.provenance["refunds"] == {"known": False}


@pytest.mark.parametrize(
    ("fees", "sales"),
    [
        (["EUR", "EUR"], ["USD", "USD"]),
        (["EUR", "USD"], ["EUR", "EUR"]),
        (["EUR", "EUR"], ["EUR", None]),
    ],
)
def test_several_currencies_are_refused(fees: list[str], sales: list[str | None]) -> None:
    sold = orders(*[("2025-03-02", "ANN")] * 2, gross_revenue=[1.0, 1.0], currency=sales)
    with pytest.raises(InputError, match="several currencies") as caught:
        ingest(posts(*TWO, currency=fees), sold)
    assert "exchange rates are never guessed" in str(caught.value)


def test_a_code_that_creators_share_says_nothing_about_either() -> None:
    made = ingest(
        posts(*TWO, ("p3", "c2", "2025-03-05", "aNN"), ("p4", "c3", "2025-03-05", "ZOE")),
        orders(("2025-03-06", "ANN"), ("2025-03-06", "ZOE")),
        until="2025-04-30",
    )
    assert conversions(made) == {"p4": 1}
    assert made.rejects["rule"].to_list() == ["shared_code"] * 3
    assert reasons(made) == {"o0": "creators share this code"}


def test_creators_bring_platform_and_tier() -> None:
    people = pl.DataFrame({"creator_id": ["c1"], "followers": [49_999], "platform": ["tiktok"]})
    made = ingest(
        posts(*TWO, ("p3", "c9", "2025-03-05", "X"), followers=[60_000, 70_000, 1]),
        orders(("2025-03-12", "ANN")),
        people,
    )
    frame = made.table.frame
    assert frame.select("platform", "tier", "followers").rows() == [
        ("tiktok", "micro", 60_000),
        ("tiktok", "micro", 70_000),
    ]
    assert made.rejects.select("row", "column", "value", "rule").rows() == [
        (3, "creator_id", "c9", "unknown_creator")
    ]
    assert made.provenance["files"]["posts"]["rows_out"] == 2


def test_without_creators_a_creator_has_the_tier_of_its_median_post() -> None:
    followers = [9_000, 10_500]
    made = ingest(posts(*TWO, followers=followers), orders(("2025-03-12", "ANN")))
    assert made.table.frame["tier"].to_list() == ["nano", "nano"]
    coarse = ingest(
        posts(*TWO, followers=followers), orders(("2025-03-12", "ANN")), tiers="a<9000<=b"
    )
    assert coarse.table.tier_order == ("a", "b")
    assert coarse.table.frame["tier"].to_list() == ["b", "b"]


def test_the_posts_own_tier_is_used_as_it_is() -> None:
    made = ingest(
        posts(*TWO, tier=["gold", "silver"], followers=[1, 1]), orders(("2025-03-12", "ANN"))
    )
    assert made.table.frame["tier"].to_list() == ["gold", "silver"]
    assert made.table.tiers is None


def test_the_exports_end() -> None:
    sold = orders(("2025-03-12", "ANN"), ("2025-03-21 12:00", "ANN"))
    last = ingest(posts(*TWO), sold)
    assert last.provenance["until"] == {
        "at": "2025-03-21T12:00:00+00:00", "from": "the last order",
    }  # fmt: skip
    assert last.table.frame["collect_days"].to_list() == [10.0, 10.0]
    for until in ("2025-03-31", date(2025, 3, 31), datetime(2025, 4, 1, tzinfo=UTC)):
        asked = ingest(posts(*TWO), sold, until=until)
        assert asked.provenance["until"]["at"] == "2025-04-01T00:00:00+00:00"
        assert asked.table.frame["collect_days"].to_list() == [10.0, 20.5]
    with pytest.raises(InputError, match="cannot read the export's end"):
        ingest(posts(*TWO), sold, until="end of March")


def test_posts_after_the_exports_end_have_no_time_to_collect() -> None:
    made = ingest(posts(*TWO), orders(("2025-03-05", "ANN")))
    assert conversions(made) == {"p1": 1}
    assert made.rejects.select("row", "rule").rows() == [(2, "no_time_to_collect")]
    with pytest.raises(InputError, match="no post can be used"):
        ingest(posts(*TWO), orders(("2025-03-05", "ANN")), until="2025-02-01")


def test_a_last_order_far_from_the_others_is_pointed_out() -> None:
    made = ingest(posts(*TWO), orders(("2025-03-02 08:00", "ANN"), ("2052-03-02", "ANN")))
    (note,) = made.provenance["notes"]
    assert "2052-03-02" in note
    assert "--until" in note


@pytest.mark.parametrize(("mean", "window", "said"), [(5.2, 30, 0), (29.0, 30, 1), (29.0, 90, 0)])
def test_a_window_that_is_too_short_is_pointed_out(mean: float, window: int, said: int) -> None:
    settings = Settings.samples().sized(40, 320)
    brand = simulate_brand(replace(settings, delay=Delay(0.75, mean)), 8000)
    made = ingest(brand.posts, brand.orders, brand.creators, window_days=window)
    notes = [note for note in made.provenance["notes"] if "--window-days" in note]
    assert len(notes) == said
    if said:
        assert "many seem to come after it" in notes[0]
        assert "--window-days 90" in notes[0]


@pytest.mark.parametrize(
    ("window", "advice"),
    [
        (30, "--window-days 90."),
        (200, "--window-days 366."),
        (366, "There is no longer one; read orders per post as those within the window."),
    ],
)
def test_no_window_is_advised_that_there_is_not(window: float, advice: str) -> None:
    delays = Delays(np.array([0.0, window]), np.array([1.0 / window]), 200)
    (note,) = short_window(delays, window)
    assert note.endswith(advice)


def test_orders_without_a_time_of_day_are_pointed_out() -> None:
    made = ingest(posts(*TWO), orders(("2025-03-02", "ANN"), ("2025-03-12", "ANN")))
    assert "dated at midnight" in made.provenance["notes"][0]


def test_problems_of_all_files_are_told_together(tmp_path: Path) -> None:
    nothing = pl.DataFrame({"order_id": ["1"], "ordered_at": ["soon"]})
    with pytest.raises(InputError) as caught:
        ingest(tmp_path / "no.csv", nothing)
    said = str(caught.value)
    assert "there is no such file" in said
    assert "none of the 1 rows can be used" in said
    assert "found 'soon'" in said


@pytest.mark.parametrize("days", [0, -1, 400, float("nan")])
def test_windows_that_cannot_be(days: float) -> None:
    with pytest.raises(InputError, match="the window cannot be used"):
        ingest(posts(*TWO), orders(("2025-03-12", "ANN")), window_days=days)


def test_the_folder_is_written_whole_and_reads_back(tmp_path: Path) -> None:
    brand = simulate(codes=4, posts=6)
    made = ingest(brand.posts, brand.orders)
    folder = made.save(tmp_path / "deep" / "out")
    assert sorted(path.name for path in folder.iterdir()) == [
        "analysis.parquet", "ingest.json", "rejects.csv", "unattributed.csv",
    ]  # fmt: skip
    read = read_analysis(folder)
    assert read.frame.equals(made.table.frame)
    assert read.rejects.is_empty()
    assert read.provenance == made.provenance
    assert json.loads((folder / "ingest.json").read_text()) == made.provenance
    assert (folder / "rejects.csv").read_text() == "file,row,column,value,rule,expected\n"
    assert (folder / "unattributed.csv").read_text().startswith("order_id,reason\n")


def test_only_a_folder_of_ingest_is_replaced_and_only_when_asked(tmp_path: Path) -> None:
    brand = simulate(codes=4, posts=6)
    made = ingest(brand.posts, brand.orders)
    target = tmp_path / "out"
    target.mkdir()
    made.save(target)
    with pytest.raises(InputError, match="the folder exists already"):
        made.save(target)
    made.save(target, overwrite=True)
    other = tmp_path / "holiday"
    other.mkdir()
    (other / "photo.jpg").touch()
    with pytest.raises(InputError, match="will not be replaced"):
        made.save(other, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["holiday", "out"]


moment = st.datetimes(datetime(2025, 1, 1), datetime(2025, 3, 1)).map(str)
code = st.sampled_from(["A", "B", "C", None])


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(moment, code), min_size=1, max_size=12),
    st.lists(st.tuples(moment, code), min_size=1, max_size=30),
)
def test_every_order_and_every_post_is_accounted_for(
    posted: list[tuple[str, str | None]], ordered: list[tuple[str, str | None]]
) -> None:
    made_posts = posts(*((f"p{i}", f"c{c}", at, c) for i, (at, c) in enumerate(posted)))
    made = ingest(made_posts, orders(*ordered), until="2025-03-02")
    counts = made.provenance["orders"]
    assert counts["in"] == len(ordered)
    assert counts["credited"] == made.table.frame["conversions"].sum()
    assert counts["credited"] + made.unattributed.height == len(ordered)
    assert made.table.frame.height == len(posted)
    assert read_analysis(made.table.frame).rejects.is_empty()
    lists = made.table.frame.select("post_id", "carry_posts", "carry_shares")
    incoming: dict[str, float] = {}
    for post, sources, shares in lists.rows():
        assert sources[0] == post
        for source, share in zip(sources, shares, strict=True):
            incoming[source] = incoming.get(source, 0.0) + share
    assert all(total <= 1.0 + 1e-9 for total in incoming.values())


def test_a_large_export_takes_seconds() -> None:
    brand = simulate(codes=500, posts=20, orders=10.5)
    assert brand.orders.height > 90_000
    begun = time.process_time()
    ingest(brand.posts, brand.orders)
    assert time.process_time() - begun < 10.0


def test_tiers_may_be_given_as_such() -> None:
    made = ingest(
        posts(*TWO, followers=[5, 5]),
        orders(("2025-03-12", "ANN")),
        tiers=Tiers(("few", "many"), (5,)),
    )
    assert made.provenance["tiers"] == {
        "cuts": "few<5<=many", "from": "median followers of the creator's posts",
    }  # fmt: skip


def test_a_brand_without_a_single_conversion() -> None:
    made = ingest(posts(*TWO), orders(("2025-03-20", "OTHER"), gross_revenue=[5.0]))
    frame = made.table.frame
    assert frame.select("conversions", "paying_orders", "net_revenue").rows() == [(0, 0, 0.0)] * 2
    assert made.provenance["delays"]["orders"] == 0
    assert read_analysis(frame).rejects.is_empty()


def test_one_post_and_one_order() -> None:
    made = ingest(posts(TWO[0]), orders(("2025-03-02", "ANN")))
    assert conversions(made) == {"p1": 1}
