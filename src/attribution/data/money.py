"""Money: net revenue of an order, refunds in total, and one currency or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from attribution.errors import InputError, Problem

NOT_STATED = "not stated"
ROUNDING = 1e-9
"""Share of gross revenue below which what is left of an order is rounding, not money."""


def net_revenue(orders: pl.DataFrame) -> pl.Expr:
    """Return gross revenue less discount and refund; an absent or empty one counts as 0."""
    taken = [
        pl.col(name).fill_null(0.0) for name in ("discount", "refunded") if name in orders.columns
    ]
    return (pl.col("gross_revenue") - pl.sum_horizontal(pl.lit(0.0), *taken)).clip(0.0)


def is_paying(orders: pl.DataFrame) -> pl.Expr:
    """Return whether an order keeps net revenue, however small the amounts of its currency are."""
    return net_revenue(orders) > ROUNDING * pl.col("gross_revenue")


def refunds(orders: pl.DataFrame) -> dict[str, Any]:
    """Count the orders that were paid back in part and in full, and the amount."""
    if not {"refunded", "gross_revenue"} <= set(orders.columns):
        return {"known": False}
    back = orders.filter(pl.col("refunded") > 0)
    part = back.select(is_paying(back).sum()).item()
    amount = float(back.get_column("refunded").sum())
    return {"known": True, "in_full": back.height - part, "in_part": part, "amount": amount}


def one_currency(tables: Mapping[str, pl.DataFrame]) -> str | None:
    """Return the currency of all tables; None where none states one.

    Parameters
    ----------
    tables
        Name for messages -> table. One without the column, or with an empty one, follows the
        others.

    Raises
    ------
    InputError
        When there are several currencies, or only some rows of a table state theirs.
    """
    stated = {name: _currencies(table) for name, table in tables.items()}
    found = {currency for counts in stated.values() for currency in counts}
    if len(found) > 1:
        words = "; ".join(
            f"{name}: {', '.join(f'{currency} ({n:,})' for currency, n in sorted(counts.items()))}"
            for name, counts in stated.items()
            if counts
        )
        raise InputError(
            Problem(
                f"the amounts are in several currencies ({words})",
                column="currency",
                expected="one currency in all tables",
                hint="Convert them before; exchange rates are never guessed",
            )
        )
    return found.pop() if found else None


def _currencies(table: pl.DataFrame) -> dict[str, int]:
    if "currency" not in table.columns or table["currency"].null_count() == table.height:
        return {}
    counts = table.get_column("currency").fill_null(NOT_STATED).value_counts()
    return dict(counts.iter_rows())
