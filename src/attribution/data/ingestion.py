"""Join orders to posts: exports in, analysis table and everything left over out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import polars as pl

from attribution.data.analysis import AnalysisTable
from attribution.data.assembly import OWN, assemble
from attribution.data.credit import Credit, credit
from attribution.data.delays import Delays
from attribution.data.files import Tabular
from attribution.data.lateness import lateness
from attribution.data.mapping import ColumnMapping, read_mapping
from attribution.data.money import one_currency, refunds
from attribution.data.output import Ingested
from attribution.data.provenance import (
    FORMAT,
    LONGEST_WINDOW,
    delay_record,
    file_record,
    notes,
    order_record,
    short_window,
    until_record,
    window_record,
)
from attribution.data.rejects import gather, problems
from attribution.data.touchpoints import touchpoint_rejects, touchpoints
from attribution.data.until import read_until
from attribution.data.validation import SHOWN, Validated, validate
from attribution.errors import InputError, Problem, raise_if_any
from attribution.tables import DEFAULT_TIERS, Tiers


@dataclass(frozen=True)
class Exports:
    """The user's files after validation."""

    posts: Validated
    orders: Validated
    creators: Validated | None


@dataclass(frozen=True)
class Rule:
    """The attribution rule's window and the export's end."""

    window: timedelta
    end: datetime
    asked: bool


def ingest(
    posts: Tabular,
    orders: Tabular,
    creators: Tabular | None = None,
    *,
    window_days: float = 30,
    until: datetime | date | str | None = None,
    tiers: Tiers | str = DEFAULT_TIERS,
    mapping: str | Path | ColumnMapping | None = None,
) -> Ingested:
    """Credit orders to posts by last touch and build the analysis table.

    Parameters
    ----------
    posts, orders, creators
        CSV or Parquet files, or frames.
    window_days
        Longest time from post to order, days.
    until
        When the orders' export ends; the last order by default. A day means its end.
    tiers
        Cut-points, used unless the posts have a column ``tier`` of their own.
    mapping
        Mapping file for the user's own column names.

    Returns
    -------
    Ingested
        Rows in = rows out + rejects for every file, and orders in = credited + unattributed +
        rejected.

    Raises
    ------
    InputError
        When a file as a whole, or every row of posts or orders, cannot be used; when amounts are
        in several currencies.
    """
    bands = Tiers.parse(tiers) if isinstance(tiers, str) else tiers
    window = _window(window_days)
    asked = read_until(until)
    exports = _exports(posts, orders, creators, read_mapping(mapping))
    made, sold = exports.posts, exports.orders.frame
    currency = one_currency({"posts": made.frame, "orders": sold})
    end = asked or cast("datetime", sold.get_column("ordered_at").max())
    rule = Rule(window, end, asked is not None)
    touch = touchpoints(made, exports.creators, end)
    fallen = touchpoint_rejects(touch, Path(made.report.file).name)
    _require_posts(touch, fallen, made.report.file)
    result = credit(sold, touch.sort("posted_at", "post_id"), window, end)
    spread, delays = lateness(result.touched, touch, window, end)
    known = exports.creators.frame if exports.creators else None
    frame, source = assemble(touch, result.credited, spread, known, bands, currency)
    record = _provenance(exports, rule, result, delays, fallen["row"].n_unique())
    record |= {"tiers": {"cuts": bands.text, "from": source}, "currency": currency}
    return Ingested(
        AnalysisTable(frame, record, None if source == OWN else bands),
        gather([v.rejects for v in _files(exports).values()] + [fallen]),
        result.unattributed,
    )


def _window(days: float) -> timedelta:
    if not 0 < days <= LONGEST_WINDOW:
        raise InputError(
            Problem(
                "the window cannot be used",
                value=f"{days:g} days",
                expected=f"a number above 0 and at most {LONGEST_WINDOW}",
            )
        )
    return timedelta(days=days)


def _exports(
    posts: Tabular, orders: Tabular, creators: Tabular | None, mapping: ColumnMapping
) -> Exports:
    """Validate all files; what makes whole files unusable is told together."""
    sources = {"posts": posts, "orders": orders}
    if creators is not None:
        sources["creators"] = creators
    found: dict[str, Validated] = {}
    problems_found: list[Problem] = []
    for kind, source in sources.items():
        try:
            found[kind] = validate(source, kind, mapping).require_rows()
        except InputError as error:
            problems_found.extend(error.problems)
    raise_if_any(problems_found)
    return Exports(found["posts"], found["orders"], found.get("creators"))


def _require_posts(touch: pl.DataFrame, fallen: pl.DataFrame, file: str) -> None:
    if not touch.get_column("kept").any():
        raise InputError((Problem("no post can be used", file=file), *problems(fallen, SHOWN)))


def _files(exports: Exports) -> dict[str, Validated]:
    files = {"posts": exports.posts, "orders": exports.orders}
    return files | ({"creators": exports.creators} if exports.creators else {})


def _provenance(
    exports: Exports, rule: Rule, result: Credit, delays: Delays, fallen: int
) -> dict[str, Any]:
    later = {"posts": fallen}
    days = rule.window / timedelta(days=1)
    return {
        "format": FORMAT,
        "rule": window_record(days),
        "until": until_record(rule.end, rule.asked),
        "files": {
            kind: file_record(validated, later.get(kind, 0))
            for kind, validated in _files(exports).items()
        },
        "orders": order_record(exports.orders, result),
        "refunds": refunds(exports.orders.frame),
        "delays": delay_record(delays),
        "notes": [
            *notes(exports.orders.frame, rule.end, days, rule.asked),
            *short_window(delays, days),
            *(text for file in _files(exports).values() for text in file.report.look_alikes),
        ],
    }
