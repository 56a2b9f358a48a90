"""Rows that are set aside: one frame of what was wrong where, and words for each rule."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from attribution.errors import Problem

REJECTS = {
    "file": pl.String,
    "row": pl.Int64,
    "column": pl.String,
    "value": pl.String,
    "rule": pl.String,
    "expected": pl.String,
}
"""Columns of a rejects file."""

WORDS = {
    "type": "the cell cannot be read",
    "empty": "the cell is empty",
    "min": "the value is too small",
    "max": "the value is too large",
    "form": "the text has another form",
    "duplicate": "the id appeared before",
    "cells": "the row has more or fewer cells than the header",
    "net_revenue_not_negative": "more was taken off than the order was worth",
    "paying_at_most_conversions": "more paying orders than conversions",
    "carry_lists_match": "the two lists differ in length",
    "unknown_creator": "the creator is not in the creators' file",
    "shared_code": "creators share this code, so that its orders cannot be told apart",
    "no_time_to_collect": "the post went online when the export had ended",
}
"""What each rule says when a row breaks it."""


def no_rejects() -> pl.DataFrame:
    """Return a rejects frame without rows."""
    return pl.DataFrame(schema=REJECTS)


def gather(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Join rejects frames, in the order of files and rows."""
    return pl.concat([no_rejects(), *(part.select(list(REJECTS)) for part in parts)])


def counts_by_rule(rejects: pl.DataFrame) -> pl.DataFrame:
    """Count the rows that broke each rule; columns column, rule, rows, meaning."""
    counted = rejects.group_by("file", "column", "rule", maintain_order=True).agg(
        pl.col("row").n_unique().alias("rows")
    )
    return counted.with_columns(pl.col("rule").replace(WORDS).alias("meaning"))


def problems(rejects: pl.DataFrame, limit: int) -> tuple[Problem, ...]:
    """Return the first rejects as problems, for messages."""
    return tuple(
        Problem(
            WORDS.get(row["rule"], row["rule"]),
            file=row["file"],
            row=row["row"],
            column=row["column"],
            value=row["value"],
            expected=row["expected"],
        )
        for row in rejects.head(limit).iter_rows(named=True)
    )
