"""How the data were joined, in words, from the record that ``ingest`` left in the table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attribution.charts.words import count, percent
from attribution.reporting import words
from attribution.reporting.content import Block, Facts, Items, Words
from attribution.reporting.tables import pairs

Record = Mapping[str, Any]


def joined(record: Record | None) -> tuple[Block, ...]:
    """Return what is known of how orders were credited to posts."""
    if record is None:
        return (Words((words.NO_PROVENANCE,)),)
    blocks: list[Block] = [Facts(tuple(_facts(record)))]
    reasons = record["orders"]["unattributed_by_reason"]
    if reasons:
        rows = ((reason, f"{amount:,}") for reason, amount in reasons.items())
        blocks.append(pairs("Orders credited to no post", ("why", "orders"), rows))
    if record["notes"]:
        blocks.append(Items(tuple(record["notes"])))
    return tuple(blocks)


def _facts(record: Record) -> list[tuple[str, str]]:
    rule, until, orders = record["rule"], record["until"], record["orders"]
    return [
        ("attribution rule", rule["words"]),
        ("window", f"{rule['window_days']:g} days"),
        ("end of the export", f"{until['at']} (from {until['from']})"),
        ("orders", _orders(orders)),
        ("refunds", _refunds(record["refunds"], record["currency"])),
        ("delay between post and order", _delays(record["delays"])),
        ("tiers", f"{record['tiers']['cuts']} (from {record['tiers']['from']})"),
        *((f"file of {kind}", _file(file)) for kind, file in record["files"].items()),
    ]


def _orders(orders: Record) -> str:
    return (
        f"{orders['in']:,} in = {orders['credited']:,} credited to a post "
        f"+ {orders['unattributed']:,} to none + {orders['rejected']:,} rejected"
    )


def _refunds(refunds: Record, currency: str | None) -> str:
    if not refunds["known"]:
        return "not known"
    amount = f"{refunds['amount']:,.0f} {currency or ''}".strip()
    return f"{amount} netted: {refunds['in_full']:,} orders in full, {refunds['in_part']:,} in part"


def _delays(delays: Record) -> str:
    return (
        f"{delays['mean_days']:.1f} days on average, {percent(delays['within_one_day'])} within a "
        f"day, estimated from {count(delays['orders'], 'order')}"
    )


def _file(file: Record) -> str:
    parts = [
        f"{file['file']}: {file['rows_in']:,} rows in = {file['rows_out']:,} used "
        f"+ {file['rows_rejected']:,} rejected"
    ]
    if file["not_read_as_personal"]:
        parts.append(f"not read, as personal: {', '.join(file['not_read_as_personal'])}")
    parts.append(f"SHA-256 {file['sha256']}")
    return "; ".join(parts)
