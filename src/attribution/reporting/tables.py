"""Tidy frames as tables of formatted cells, each with a caption that names its interval."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from attribution.charts.words import interval_name, number, percent, percent_span, span
from attribution.manifest import Check
from attribution.reporting.content import Table
from attribution.reporting.headline import odds, signed

Row = dict[str, Any]
NONE = "–"
STATUS = {"pass": "✓ pass", "warn": "! warning", "fail": "✗ fail"}


@dataclass(frozen=True)
class Column:
    """A heading and how a row's cell is written; numbers are aligned to the right."""

    heading: str
    write: Callable[[Row], str]
    numeric: bool = True


def text(heading: str, name: str) -> Column:
    """Show a column as text."""
    return Column(heading, lambda row: NONE if row[name] is None else str(row[name]), False)


def value(heading: str, name: str) -> Column:
    """Show a column of numbers."""
    return Column(heading, lambda row: NONE if row[name] is None else number(row[name]))


def chance(heading: str, name: str) -> Column:
    """Show a column of probabilities, never certain."""
    return Column(heading, lambda row: NONE if row[name] is None else odds(row[name]))


def bounds(heading: str, lower: str, upper: str, write: Callable[[Any, Any], str] = span) -> Column:
    """Show two columns as an interval."""
    return Column(
        heading, lambda row: NONE if row[lower] is None else write(row[lower], row[upper])
    )


def returns(heading: str, name: str) -> Column:
    """Show a column of returns as signed percentages."""
    return Column(heading, lambda row: NONE if row[name] is None else signed(row[name]))


def filled(caption: str, columns: Iterable[Column], rows: Iterable[Row]) -> Table:
    """Return the table with a row per record."""
    shown = tuple(columns)
    return Table(
        caption=caption,
        headings=tuple(column.heading for column in shown),
        numeric=tuple(column.numeric for column in shown),
        rows=tuple(tuple(column.write(row) for column in shown) for row in rows),
    )


ESTIMATES = (
    text("quantity", "label"),
    text("group", "group"),
    text("about", "population"),
    text("weights", "weighting"),
    value("median", "median"),
    bounds("interval", "lower", "upper"),
    text("unit", "unit"),
    text("statement", "statement"),
    chance("probability", "probability"),
    chance("before the data", "prior_probability"),
    text("answer", "answer"),
)
SUSCEPTIBILITY = (
    value("rank", "rank"),
    text("creator", "group"),
    value("posts", "posts"),
    value("observed", "observed"),
    value("an average creator's", "expected"),
    value("observed ratio", "raw"),
    value("susceptibility", "median"),
    bounds("interval", "lower", "upper"),
    chance("reliability", "reliability"),
    bounds("interval of the rank", "rank_lower", "rank_upper"),
    chance("P(in the top)", "p_top"),
    chance("P(top fifth)", "p_top_fifth"),
    chance("P(above average)", "probability"),
    chance("P(above the next)", "p_next"),
    text("answer", "answer"),
)
LUCK = (
    text("what", "label"),
    value("median", "median"),
    bounds("interval", "lower", "upper"),
    text("unit", "unit"),
    text("weights", "weighting"),
    chance("P(luck > 50%)", "probability"),
    text("answer", "answer"),
)
CONTRIBUTIONS = (
    text("group", "group"),
    text("came with", "part"),
    value("observed orders", "observed"),
    value("of them", "mean"),
    bounds("interval", "lower", "upper"),
    Column("share", lambda row: NONE if row["share_mean"] is None else percent(row["share_mean"])),
    bounds("interval of the share", "share_lower", "share_upper", percent_span),
)
ROI = (
    text("group", "group"),
    text("verdict", "verdict"),
    chance("P(ROI > 0)", "p_profit"),
    returns("expected ROI", "expected_roi_median"),
    bounds(
        "interval",
        "expected_roi_lower",
        "expected_roi_upper",
        lambda lower, upper: f"{signed(lower)} to {signed(upper)}",
    ),
    returns("realised ROI", "realised_roi"),
    value("posts", "posts"),
    value("orders", "orders"),
    value("cost", "cost"),
    value("net revenue", "net_revenue"),
    value("break-even fee per post", "break_even_fee_median"),
    bounds("its interval", "break_even_fee_lower", "break_even_fee_upper"),
)
COMPARISON = (
    text("model", "model"),
    value("elpd", "elpd"),
    value("difference from the best", "elpd_diff"),
    value("its standard error", "se_diff"),
    value("stacking weight", "weight"),
    value("worst Pareto k", "worst_k"),
    text("reading", "reading"),
    text("does the ROI ranking change?", "roi_ranking"),
)
PARAMETERS = (
    text("parameter", "parameter"),
    text("level", "level"),
    value("mean", "mean"),
    value("sd", "sd"),
    bounds("interval", "lower", "upper"),
    value("R-hat", "r_hat"),
    value("effective draws", "ess_bulk"),
    text("what it is", "meaning"),
)
CHECKS = (
    Column("status", lambda row: STATUS[row["status"]], False),
    text("check", "name"),
    text("found", "value"),
    text("must be", "threshold"),
    text("what it means", "meaning"),
    text("what to do", "advice"),
)


def estimates(frame: pl.DataFrame, caption: str) -> Table:
    """Return a table of tidy estimates."""
    return filled(f"{caption}; {interval_name(frame)}", ESTIMATES, frame.rows(named=True))


def susceptibility(frame: pl.DataFrame) -> Table:
    """Return creators ranked by how prone their audiences are to buy."""
    caption = f"Creators, the top being {frame['top'][0]}; {interval_name(frame)}"
    return filled(caption, SUSCEPTIBILITY, frame.to_dicts())


def luck(frame: pl.DataFrame, caption: str) -> Table:
    """Return a table of how much of creators' differences is luck, in the columns that it fills."""
    return filled(f"{caption}; {interval_name(frame)}", LUCK, frame.rows(named=True))


def contributions(frame: pl.DataFrame) -> Table:
    """Return a table of credited orders."""
    caption = f"Observed orders by what they came with; {interval_name(frame)}"
    return filled(caption, CONTRIBUTIONS, frame.rows(named=True))


def roi(frame: pl.DataFrame, caption: str) -> Table:
    """Return a table of realised and expected ROI."""
    currency = frame["currency"][0]
    money = f", money in {currency}" if currency else ""
    return filled(f"{caption}{money}; {interval_name(frame)}", ROI, frame.rows(named=True))


def comparison(frame: pl.DataFrame) -> Table:
    """Return a table of models, best first."""
    money = frame["roi_ranking"].null_count() < frame.height
    columns = COMPARISON if money else COMPARISON[:-1]
    return filled("Models, best first", columns, frame.rows(named=True))


def parameters(frame: pl.DataFrame) -> Table:
    """Return a table of a model's parameters."""
    columns = [c for c in PARAMETERS if c.heading != "level" or frame["level"].count()]
    return filled(f"Parameters; {interval_name(frame)}", columns, frame.rows(named=True))


def checks(health: Iterable[Check]) -> Table:
    """Return the health checks, those that failed first."""
    order = list(STATUS)
    ranked = sorted(health, key=lambda check: -order.index(check.status))
    return filled("Health checks", CHECKS, (vars(check) for check in ranked))


def pairs(caption: str, headings: tuple[str, str], rows: Iterable[tuple[str, str]]) -> Table:
    """Return a table of two text columns."""
    return Table(caption, headings, (False, False), tuple(rows))
