"""The page of the documentation that shows coverage: results kept as JSON, tables made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from proofs.brands import KINDS
from proofs.pages import Page, table
from proofs.parallel import Record
from proofs.summary import claims, coverage

PACKAGES = ("pymc", "nutpie", "polars")
PRIOR, FIXED = "_prior_", "_fixed_"
UNMEASURED = "Not measured yet for this page.\n"


def summary(folder: Path) -> Iterator[Record]:
    """Yield what a folder has of each kind of brand; what the page has of those it lacks."""
    before = {record["kind"]: record for record in PAGE.read()}
    for kind, about in KINDS.items():
        files = sorted(folder.glob(f"{kind}-*.parquet"))
        if not files:
            yield from (before[kind],) if kind in before else ()
            continue
        estimates = pl.concat([pl.read_parquet(file) for file in files], how="diagonal")
        yield {
            "kind": kind,
            "words": about.described,
            "versions": {package: version(package) for package in PACKAGES},
            **_brands(estimates),
            "figures": coverage(estimates).rows(named=True),
            "claims": claims(estimates).rows(named=True),
        }


def _brands(estimates: pl.DataFrame) -> Record:
    each = estimates.group_by("brand").agg(pl.first("healthy", "failed", "orders", "spec"))
    failed = each.filter(~pl.col("healthy")).get_column("failed").str.split(", ").explode()
    counts = failed.value_counts(sort=True).sort("count", "failed", descending=[True, False])
    orders = each.get_column("orders")
    return {
        "specs": each.get_column("spec").unique().sort().to_list(),
        "brands": each.height,
        "healthy": int(each.get_column("healthy").sum()),
        "failed": dict(counts.rows()),
        "orders": [orders.quantile(q) for q in (0.0, 0.5, 1.0)],
    }


def covered(record: Record) -> str:
    """Return the coverage of every figure of a kind of brand, and what lies outside its band."""
    gate = [_verdict(record["figures"]), ""] if PRIOR in record["kind"] else []
    headings = (
        *("estimand", "told", "about", "interval", "number", "effective", "coverage", "band"),
        *("inside", "bias", "width"),
    )
    rows = (_row(figure) for figure in record["figures"])
    return "\n".join([*_health(record), "", *gate, table(headings, rows, words=3)])


def _row(figure: Mapping[str, Any]) -> Sequence[str]:
    return (
        *(figure[name] for name in ("quantity", "scope", "population")),
        f"{figure['prob']:.0%}",
        *(f"{figure[name]:,}" for name in ("intervals", "effective")),
        f"{figure['coverage']:.3f}",
        f"{figure['low']:.3f} to {figure['high']:.3f}",
        "yes" if figure["inside"] else "**no**",
        *(f"{figure[name]:{how}}" for name, how in (("bias", "+.2f"), ("width", ".2f"))),
    )


def claimed(record: Record) -> str:
    """Return how often something is claimed of brands of a kind."""
    headings = ("estimand", "brands", "claimed", "cannot tell", "share claimed", "95 % interval")
    rows = (
        (
            *(row[name] for name in ("quantity", "brands", "claimed", "cannot tell")),
            f"{row['share claimed']:.2f}",
            f"{row['low']:.2f} to {row['high']:.2f}",
        )
        for row in record["claims"]
    )
    return table(headings, rows)


def _health(record: Record) -> Iterator[str]:
    low, middle, high = record["orders"]
    yield (
        f"{record['brands']} brands ({record['words']}); {record['healthy']} passed the health"
        f" gate. Credited orders per brand: {low:,.0f} to {high:,.0f}, median {middle:,.0f}."
    )
    if record["failed"]:
        counts = ", ".join(f"{name} ({count})" for name, count in record["failed"].items())
        yield f"Failed checks: {counts}."


def _verdict(figures: Sequence[Mapping[str, Any]]) -> str:
    missed = [figure for figure in figures if not figure["inside"]]
    if not missed:
        return f"All {len(figures)} figures lie inside their bands."
    names = ", ".join(
        f"{one['quantity']} by {one['scope']} ({one['population']}, {one['prob']:.0%})"
        for one in missed
    )
    return f"**{len(missed)} of {len(figures)} figures lie outside their bands:** {names}."


def _made(records: Sequence[Record]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in records[0]["versions"].items())
    return f"Made with {versions}.\n"


def _of(kind: str, told: Any) -> Any:
    def written(records: Sequence[Record]) -> str:
        mine = [record for record in records if record["kind"] == kind]
        return told(mine[0]) if mine else UNMEASURED

    return written


PAGE = Page(
    "coverage",
    {
        "made": _made,
        **{kind: _of(kind, covered) for kind in KINDS},
        **{f"claims_{kind}": _of(kind, claimed) for kind in KINDS if FIXED in kind},
    },
)
