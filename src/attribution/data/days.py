"""From posts and daily sales to a table of days: what was sold, and what posts reached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from attribution.data.assembly import with_tier
from attribution.data.files import Tabular
from attribution.data.mapping import ColumnMapping, read_mapping
from attribution.data.rejects import gather
from attribution.data.validation import FileReport, Validated, validate
from attribution.errors import InputError, Problem, raise_if_any, suggest
from attribution.tables import DEFAULT_TIERS, EXPOSURES, Tiers

WARM_UP = 120
"""Most days before the first known sales that the table holds: their posts' effects reach into it,
those of earlier ones have worn off."""

UNKNOWN = "unknown"
"""Tier of posts by creators whose followers are not known."""


@dataclass(frozen=True)
class Daily:
    """A table of days.

    Parameters
    ----------
    frame
        day, day_number (0 for the first), weekday, orders (null where not known; without those
        that carry a code where these were taken out), revenue, coded_orders, and what the day's
        posts reached by tier, such as reach_nano.
    reports
        What became of each file.
    rejects
        Rows set aside: file, row, column, value, rule, expected.
    notes
        What a reader of the table should know.
    """

    frame: pl.DataFrame
    reports: tuple[FileReport, ...]
    rejects: pl.DataFrame
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Files:
    posts: Validated
    sales: Validated
    orders: Validated | None
    creators: Validated | None

    @property
    def all(self) -> tuple[Validated, ...]:
        found = (self.posts, self.sales, self.orders, self.creators)
        return tuple(one for one in found if one is not None)


def daily(
    posts: Tabular,
    sales: Tabular,
    *,
    orders: Tabular | None = None,
    creators: Tabular | None = None,
    exposure: str = "reach",
    tiers: Tiers | str = DEFAULT_TIERS,
    time_zone: str = "UTC",
    mapping: str | Path | ColumnMapping | None = None,
) -> Daily:
    """Make the table of days that a model of daily sales is fitted to.

    Parameters
    ----------
    posts, sales
        Posts, and daily sales (``date``, ``orders``, also ``revenue``): files or frames.
    orders
        The shop's export of orders. Those that carry the code or link of a post are taken out of
        the day's orders: what is left are sales without a code. Days that the export does not
        reach have then no known sales.
    creators
        Creators with their followers, for tiers; the posts' followers without it.
    exposure
        ``reach``, ``views`` or ``followers`` of a post.
    tiers
        Cut-points, used unless the posts have a column ``tier`` of their own.
    time_zone
        Where the shop's days begin and end, such as ``Europe/Berlin``; moments are UTC.
    mapping
        Mapping file for the user's own column names.

    Returns
    -------
    Daily
        One row per day, without a gap, from the first post (at most 120 days before the first
        known sales) to the last known sales.

    Raises
    ------
    InputError
        When a file as a whole cannot be used, or the posts do not have the exposure.
    """
    bands = Tiers.parse(tiers) if isinstance(tiers, str) else tiers
    files = _read(posts, sales, orders, creators, read_mapping(mapping))
    raise_if_any(_problems(files, exposure, time_zone))
    sold = files.sales.frame.sort("date")
    coded = _coded(files, time_zone)
    known = _known_sales(sold, coded)
    reach, unused = _reach(files, exposure, bands, time_zone)
    first, last = _ends(known, reach)
    table = _days(first, last).join(known, on="day", how="left", maintain_order="left")
    inside = reach.filter(pl.col("day").is_between(first, last))
    names = [name for name in reach.columns if name != "day"]
    table = table.join(inside, on="day", how="left", maintain_order="left")
    table = table.with_columns(pl.col(names).fill_null(0))
    notes = (*unused, *_notes(table, reach, first, last), *_coded_notes(sold, coded))
    rejects = gather([one.rejects for one in files.all])
    return Daily(table, tuple(one.report for one in files.all), rejects, notes)


def _read(
    posts: Tabular,
    sales: Tabular,
    orders: Tabular | None,
    creators: Tabular | None,
    mapping: ColumnMapping,
) -> _Files:
    """Validate all files; what makes whole files unusable is told together."""
    sources = {"posts": posts, "daily_sales": sales, "orders": orders, "creators": creators}
    found: dict[str, Validated] = {}
    problems: list[Problem] = []
    for kind, source in sources.items():
        try:
            if source is not None:
                found[kind] = validate(source, kind, mapping).require_rows()
        except InputError as error:
            problems.extend(error.problems)
    raise_if_any(problems)
    return _Files(found["posts"], found["daily_sales"], found.get("orders"), found.get("creators"))


def _problems(files: _Files, exposure: str, time_zone: str) -> Iterator[Problem]:
    posts, file = files.posts.frame, files.posts.report.file
    if exposure not in EXPOSURES:
        hint = suggest(exposure, EXPOSURES)
        yield Problem("there is no such exposure", key="exposure", value=exposure, hint=hint)
    elif exposure not in posts.columns or posts.get_column(exposure).null_count() == posts.height:
        there = [name for name in EXPOSURES if name in posts.columns]
        hint = f"Say --exposure {there[0]}" if there and there[0] != exposure else None
        yield Problem(f"the posts have no {exposure}", file=file, column=exposure, hint=hint)
    if files.sales.frame.get_column("orders").null_count() == files.sales.frame.height:
        yield Problem("no day has known orders", file=files.sales.report.file, column="orders")
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        expected = "a name such as Europe/Berlin"
        yield Problem("no such time zone", key="time_zone", value=time_zone, expected=expected)


def _day(column: str, time_zone: str) -> pl.Expr:
    return pl.col(column).dt.convert_time_zone(time_zone).dt.date().alias("day")


def _coded(files: _Files, time_zone: str) -> pl.DataFrame | None:
    """Count each day's orders that carry the code or link of a post: day, coded_orders.

    Of every day between the first and the last order of the export.
    """
    if files.orders is None:
        return None
    orders, posts = files.orders.frame, files.posts.frame
    of_post = [_same(name, posts) for name in ("code", "post_id") if name in orders.columns]
    marked = orders.with_columns(_day("ordered_at", time_zone), of_post=pl.any_horizontal(of_post))
    first, last = marked.select(pl.col("day").min(), pl.col("day").max().alias("last")).row(0)
    counts = marked.group_by("day").agg(
        pl.col("of_post").sum().cast(pl.Int64).alias("coded_orders")
    )
    whole = pl.DataFrame({"day": pl.date_range(first, last, eager=True)})
    return whole.join(counts, on="day", how="left").with_columns(
        pl.col("coded_orders").fill_null(0)
    )


def _same(name: str, posts: pl.DataFrame) -> pl.Expr:
    """Return whether an order names the code of a post, in whatever case, or the post itself."""
    if name not in posts.columns:
        return pl.lit(False)
    values = posts.get_column(name).drop_nulls()
    if name == "code":
        folded = values.str.strip_chars().str.to_lowercase().unique().to_list()
        return pl.col(name).str.strip_chars().str.to_lowercase().is_in(folded).fill_null(False)
    return pl.col(name).is_in(values.unique().to_list()).fill_null(False)


def _known_sales(sold: pl.DataFrame, coded: pl.DataFrame | None) -> pl.DataFrame:
    """Return day, orders, coded_orders and revenue, orders null where they are not known."""
    days = sold.rename({"date": "day"})
    if coded is not None:
        left = pl.col("orders") - pl.col("coded_orders")
        days = days.join(coded, on="day", how="left", maintain_order="left").with_columns(
            orders=pl.when(left >= 0).then(left)
        )
    wanted = ("day", "orders", "coded_orders", "revenue")
    return days.select(name for name in wanted if name in days.columns)


def _reach(
    files: _Files, exposure: str, tiers: Tiers, time_zone: str
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Sum what posts reached by day and tier; day, then a column per tier; and notes."""
    creators = None if files.creators is None else files.creators.frame
    posts, _ = with_tier(files.posts.frame, creators, tiers)
    posts = posts.with_columns(_day("posted_at", time_zone))
    unknown = posts.get_column(exposure).null_count()
    notes = [f"{unknown:,} posts without {exposure} count as 0"] if unknown else []
    if "tier" not in posts.columns:
        notes.append("followers are not known, so posts are not told apart by tier")
        return posts.group_by("day").agg(pl.col(exposure).sum()), tuple(notes)
    posts = posts.with_columns(pl.col("tier").fill_null(UNKNOWN))
    found = posts.get_column("tier").unique().to_list()
    known = tiers.names if set(found) <= {*tiers.names, UNKNOWN} else sorted(set(found) - {UNKNOWN})
    nameless = posts.filter(pl.col("tier") == UNKNOWN).height
    if nameless:
        column = f"{exposure}_{UNKNOWN}"
        notes.append(f"{nameless:,} posts have no tier: see {column}, which no shipped model uses")
    names = [*known, *([UNKNOWN] if nameless else [])]
    sums = [
        pl.col(exposure).filter(pl.col("tier") == name).sum().alias(f"{exposure}_{name}")
        for name in names
    ]
    return posts.group_by("day").agg(sums), tuple(notes)


def _ends(known: pl.DataFrame, reach: pl.DataFrame) -> tuple[date, date]:
    """Return the first and last day of the table."""
    days = known.drop_nulls("orders").get_column("day")
    if days.is_empty():
        what = "no day of the orders' export has known daily sales"
        raise InputError(Problem(what, hint="Give exports of the same days"))
    first, last = cast("date", days.min()), cast("date", days.max())
    posted = cast("date", reach.get_column("day").min())
    return max(min(first, posted), first - timedelta(days=WARM_UP)), last


def _days(first: date, last: date) -> pl.DataFrame:
    days = pl.DataFrame({"day": pl.date_range(first, last, eager=True)})
    number = (pl.col("day") - first).dt.total_days()
    return days.with_columns(day_number=number, weekday=pl.col("day").dt.strftime("%A"))


def _notes(table: pl.DataFrame, reach: pl.DataFrame, first: date, last: date) -> Iterator[str]:
    known = table.filter(pl.col("orders").is_not_null()).get_column("day")
    before = table.filter(pl.col("day") < known.min()).height
    if before:
        yield f"{before:,} days before the first known sales are there for their posts alone"
    between = table.height - before - known.len()
    if between:
        yield f"{between:,} days between have no known orders; write 0 where nothing was sold"
    if not before:
        yield "posts before the first day are not known: leave the sales of some weeks empty"
    beyond = reach.filter(~pl.col("day").is_between(first, last)).height
    if beyond:
        yield f"{beyond:,} days with posts are before {first} or after {last}, and not in the table"


def _coded_notes(sold: pl.DataFrame, coded: pl.DataFrame | None) -> Iterator[str]:
    if coded is None:
        yield "orders with a code are counted too: give the export of orders to take them out"
        return
    both = sold.join(coded, left_on="date", right_on="day", how="left").drop_nulls("orders")
    beyond = both.get_column("coded_orders").null_count()
    if beyond:
        yield f"{beyond:,} days are outside the export of orders: their sales are not known"
    more = both.filter(pl.col("coded_orders") > pl.col("orders")).height
    if more:
        yield f"{more:,} days have more orders with a code than orders: their sales are not known"
