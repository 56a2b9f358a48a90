"""Which columns of a frame people read in a terminal, and how each is written.

A view never computes: it picks columns, joins bounds into one interval cell and names the
interval's kind and probability below the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from attribution.cli._format import cell, probability

if TYPE_CHECKING:
    import polars as pl

Row = Mapping[str, Any]
KINDS = {"eti": "equal-tailed", "hdi": "highest-density"}


@dataclass(frozen=True)
class Column:
    """One column of a view: heading, the frame's columns it reads, how a row is written."""

    heading: str
    needs: tuple[str, ...]
    write: Callable[[Row], str]
    right: bool = False


@dataclass(frozen=True)
class Page:
    """A view filled with a frame's rows."""

    headings: list[str]
    rows: list[list[str]]
    right: list[bool]
    caption: str


@dataclass(frozen=True)
class View:
    """Columns in reading order; without any, every column of the frame."""

    columns: tuple[Column, ...] = field(default=())

    def page(self, frame: pl.DataFrame) -> Page:
        """Fill the view; a column whose sources the frame lacks, or are all null, is left out."""
        records = frame.to_dicts()
        columns = [
            column
            for column in self.columns or _all_columns(frame)
            if any(row.get(name) is not None for row in records for name in column.needs)
        ]
        return Page(
            headings=[column.heading for column in columns],
            rows=[[column.write(row) for column in columns] for row in records],
            right=[column.right for column in columns],
            caption=_caption(records) if self.columns else "",
        )


def plain(heading: str, name: str) -> Column:
    """Show one column as text."""
    return Column(heading, (name,), lambda row: cell(row.get(name)))


def value(heading: str, name: str) -> Column:
    """Show one column of numbers."""
    return Column(heading, (name,), lambda row: cell(row.get(name)), right=True)


def chance(heading: str, name: str) -> Column:
    """Show one column of probabilities."""
    return Column(heading, (name,), lambda row: probability(row.get(name)), right=True)


def interval(heading: str = "interval", lower: str = "lower", upper: str = "upper") -> Column:
    """Show two bounds as one cell."""

    def write(row: Row) -> str:
        low, high = row.get(lower), row.get(upper)
        return "" if low is None or high is None else f"{cell(low)} to {cell(high)}"

    return Column(heading, (lower, upper), write, right=True)


def _all_columns(frame: pl.DataFrame) -> tuple[Column, ...]:
    return tuple(
        value(name, name) if dtype.is_numeric() else plain(name, name)
        for name, dtype in frame.schema.items()
    )


def _caption(records: list[dict[str, Any]]) -> str:
    kinds = {(row["prob"], row["interval"]) for row in records if row.get("prob")}
    words = [f"{prob:.0%} {KINDS.get(kind, kind)} ({kind})" for prob, kind in sorted(kinds)]
    approximate = any(row.get("method") == "approximate" for row in records)
    found = [f"Intervals: {', '.join(words)}."] if words else []
    return " ".join([*found, *_basis(records), *(["Approximate fit."] if approximate else [])])


def _basis(records: list[dict[str, Any]]) -> list[str]:
    """Say which orders expected ROI counts, where they are not recorded ones alone."""
    counted = sorted({str(row["basis"]) for row in records if row.get("pays_from") is not None})
    return [
        f"Expected ROI counts {words}, not recorded orders alone; 'prior half' and 'prior twice' "
        "are P(ROI > 0) with the prior of that counted so, 'pays from' how many of them a group "
        "needs for each recorded one."
        for words in counted
    ]


ESTIMATES = View(
    (
        plain("quantity", "label"),
        plain("group", "group"),
        plain("about", "population"),
        plain("weighting", "weighting"),
        value("median", "median"),
        interval(),
        plain("unit", "unit"),
        plain("statement", "statement"),
        chance("probability", "probability"),
        chance("prior", "prior_probability"),
        plain("answer", "answer"),
    )
)

PARAMETERS = View(
    (
        plain("parameter", "parameter"),
        plain("level", "level"),
        value("mean", "mean"),
        value("sd", "sd"),
        interval(),
        value("R-hat", "r_hat"),
        value("effective draws", "ess_bulk"),
        plain("what it is", "meaning"),
    )
)

PRIOR = View(
    (
        plain("figure", "figure"),
        value("observed", "observed"),
        value("expected before the data", "median"),
        interval(),
        plain("reading", "reading"),
    )
)

SUSCEPTIBILITY = View(
    (
        value("rank", "rank"),
        plain("creator", "group"),
        value("posts", "posts"),
        value("observed", "observed"),
        value("an average creator's", "expected"),
        value("observed ratio", "raw"),
        value("susceptibility", "median"),
        interval(),
        value("shrunk by", "shift"),
        chance("reliability", "reliability"),
        interval("interval of rank", "rank_lower", "rank_upper"),
        chance("P(in the top)", "p_top"),
        chance("P(top fifth)", "p_top_fifth"),
        chance("P(above average)", "probability"),
        chance("P(above the next)", "p_next"),
        plain("answer", "answer"),
    )
)

CONTRIBUTIONS = View(
    (
        plain("group", "group"),
        plain("part", "part"),
        value("orders observed", "observed"),
        value("through this part", "mean"),
        interval(),
        value("share", "share_mean"),
        interval("share's interval", "share_lower", "share_upper"),
    )
)

ROI = View(
    (
        plain("group", "group"),
        value("posts", "posts"),
        value("orders", "orders"),
        value("cost", "cost"),
        value("net revenue", "net_revenue"),
        value("realised ROI", "realised_roi"),
        value("true ROI", "true_roi"),
        value("expected ROI", "expected_roi_median"),
        interval("interval", "expected_roi_lower", "expected_roi_upper"),
        chance("P(ROI > 0)", "p_profit"),
        chance("prior half", "p_profit_prior_half"),
        chance("prior twice", "p_profit_prior_twice"),
        value("pays from, per recorded", "pays_from"),
        value("break-even fee per post", "break_even_fee_median"),
        interval("its interval", "break_even_fee_lower", "break_even_fee_upper"),
        plain("verdict", "verdict"),
    )
)

COMPARISON = View(
    (
        value("rank", "rank"),
        plain("model", "model"),
        value("elpd", "elpd"),
        value("difference", "elpd_diff"),
        value("its standard error", "se_diff"),
        value("weight", "weight"),
        value("worst Pareto k", "worst_k"),
        plain("reading", "reading"),
        plain("method", "method"),
        plain("ROI ranking", "roi_ranking"),
    )
)

CHECKS = View(
    (
        plain("status", "status"),
        plain("check", "name"),
        plain("value", "value"),
        plain("must be", "threshold"),
        plain("what it means", "meaning"),
        plain("what to do", "advice"),
    )
)

TRUTH = View(
    (
        plain("quantity", "label"),
        plain("group", "group"),
        plain("about", "population"),
        plain("unit", "unit"),
        value("truth", "truth"),
        value("median", "median"),
        interval(),
        Column("inside", ("inside",), lambda row: "yes" if row["inside"] else "MISSED"),
    )
)

BY_KIND = {"checks": CHECKS, "comparison": COMPARISON, "truth": TRUTH, "roi": ROI}
"""Views of the demo's tables."""
