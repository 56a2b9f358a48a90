"""The record of how an analysis table was made: plain data that goes into JSON."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl

from attribution.data.credit import RULE, Credit
from attribution.data.delays import Delays
from attribution.data.validation import Validated

FORMAT = 1
LATE = 0.3
"""Mean delay, as a share of the window, from which on the window seems too short.

On brands of ``proofs.windows`` with less, at most 4 % of what posts brought are missing; with more,
6 to 16 %.
"""

LONGEST_WINDOW = 366
"""Days after a post that orders may be credited in, at most."""

ENOUGH = 100
"""Orders from which on that is said."""


def file_record(validated: Validated, later_rejects: int = 0) -> dict[str, Any]:
    """Return a file's name, hash and rows; ``later_rejects`` passed validation and fell after."""
    report = validated.report
    return {
        "file": Path(report.file).name,
        "sha256": report.sha256,
        "rows_in": report.rows_in,
        "rows_out": report.rows_out - later_rejects,
        "rows_rejected": report.rows_rejected + later_rejects,
        "not_read_as_personal": list(report.personal),
        "ignored": list(report.ignored),
    }


def order_record(orders: Validated, credit: Credit) -> dict[str, Any]:
    """Count the orders: in = credited + unattributed + rejected."""
    reasons = credit.unattributed.group_by("reason").len().sort("len", "reason", descending=True)
    return {
        "in": orders.report.rows_in,
        "credited": credit.credited.height,
        "by_link": int(credit.credited["by_link"].sum()),
        "unattributed": credit.unattributed.height,
        "unattributed_by_reason": dict(reasons.iter_rows()),
        "rejected": orders.report.rows_rejected,
    }


def delay_record(delays: Delays) -> dict[str, Any]:
    """Return the delays' distribution, rounded to what the data can say."""
    return {
        "edges_days": [float(edge) for edge in delays.edges],
        "density_per_day": [round(float(value), 8) for value in delays.density],
        "orders": delays.orders,
        "mean_days": round(delays.mean_days, 3),
        "within_one_day": round(float(delays.cdf(np.array([1.0]))[0]), 4),
    }


def window_record(days: float) -> dict[str, Any]:
    """Return the attribution rule in words and its window."""
    return {"name": "last touch", "words": RULE, "window_days": days}


def until_record(end: datetime, asked: bool) -> dict[str, Any]:
    """Return the export's end and where it comes from."""
    return {"at": end.isoformat(), "from": "--until" if asked else "the last order"}


def short_window(delays: Delays, window_days: float) -> list[str]:
    """Return that the window seems too short for the delays, where it does."""
    if delays.orders < ENOUGH or delays.mean_days < LATE * window_days:
        return []
    longer = min(3 * window_days, LONGEST_WINDOW)
    advice = (
        f"Try a longer one, such as --window-days {longer:g}."
        if longer > window_days
        else "There is no longer one; read orders per post as those within the window."
    )
    return [
        f"Orders come {delays.mean_days:.0f} days after their post on average, of those within the"
        f" window of {window_days:g} days: many seem to come after it, and what posts bring is told"
        f" too low. {advice}"
    ]


def notes(orders: pl.DataFrame, end: datetime, window_days: float, asked: bool) -> list[str]:
    """Return what a reader should know about the orders' times."""
    found = []
    moments = orders.get_column("ordered_at")
    if (moments == moments.dt.truncate("1d")).all():
        found.append(
            "All orders are dated at midnight: if times were cut off, orders on the day of a post"
            " count as before it. Export orders with their time of day."
        )
    before = cast("datetime | None", moments.filter(moments < end).max())
    if not asked and before is not None and (end - before).days > window_days:
        found.append(
            f"The last order, at {end:%Y-%m-%d}, comes long after the one before it"
            f" ({before:%Y-%m-%d}). If its date is wrong, so is the export's end: give it with"
            " --until."
        )
    return found
