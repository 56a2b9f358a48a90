"""Numbers and values as words for people; CSV, JSON and Parquet keep full precision instead."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime

SIGNIFICANT = 3


def cell(value: object) -> str:
    """Return a value as short text: three significant digits, thousands apart, null empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(cell(item) for item in value)
    return str(value)


def number(value: float) -> str:
    """Return a float with three significant digits, whole from 100 upwards."""
    if not math.isfinite(value):
        return str(value)
    if value == 0:
        return "0"
    scientific = f"{value:.{SIGNIFICANT - 1}e}"
    if abs(value) < 1e-4:
        return scientific
    exponent = int(scientific.partition("e")[2])
    return f"{value:,.{max(SIGNIFICANT - 1 - exponent, 0)}f}"


def probability(value: object) -> str:
    """Return a probability with two decimals; no count of draws makes it impossible or certain."""
    if not isinstance(value, float) or math.isnan(value):
        return cell(value)
    if value < 0.01:
        return "< 0.01"
    return "> 0.99" if value > 0.99 else f"{value:.2f}"
