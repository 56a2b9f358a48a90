"""Posts as the credit rule sees them: every post that customers saw, set aside or not."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from attribution.data.credit import code_key
from attribution.data.files import ROW
from attribution.data.rejects import REJECTS
from attribution.data.validation import Validated


def touchpoints(posts: Validated, creators: Validated | None, end: datetime) -> pl.DataFrame:
    """Return every post with an id and a time, and whether it can be in the analysis table.

    A post that was set aside for a bad like count still is what customers saw: without it, its
    orders would go to the post before.

    Parameters
    ----------
    posts, creators
        The validated tables.
    end
        The export's end.

    Returns
    -------
    polars.DataFrame
        ``ROW``, the posts' columns, key, known (creator in the creators' table), shared (several
        creators carry the code), in_time, and kept; in the order of key, time and id.
    """
    good = posts.frame.with_columns(posts.rows.alias(ROW), pl.lit(True).alias("kept"))
    aside = posts.aside.with_columns(posts.aside_rows.alias(ROW), pl.lit(False).alias("kept"))
    usable = pl.col("post_id").is_not_null() & pl.col("posted_at").is_not_null()
    both = pl.concat([good, aside.filter(usable)]).unique("post_id", keep="first")
    if "code" not in both.columns:
        both = both.with_columns(pl.lit(None, dtype=pl.String).alias("code"))
    key = code_key(pl.col("code"))
    sharing = pl.col("creator_id").n_unique().over("key") > 1
    known = pl.lit(True)
    if creators is not None:
        known = pl.col("creator_id").is_in(creators.frame.get_column("creator_id").implode())
    marked = both.with_columns(key=key, known=known, in_time=pl.col("posted_at") < end)
    marked = marked.with_columns(shared=sharing & pl.col("key").is_not_null())
    fine = pl.col("kept") & pl.col("known") & ~pl.col("shared") & pl.col("in_time")
    return marked.with_columns(passed=pl.col("kept"), kept=fine).sort(
        "key", "posted_at", "post_id", nulls_last=True
    )


def touchpoint_rejects(posts: pl.DataFrame, file: str) -> pl.DataFrame:
    """Return the rejects of posts that passed validation and still cannot be used."""
    rules = (
        ("known", "creator_id", "unknown_creator", "a creator_id of the creators' table"),
        ("shared", "code", "shared_code", "a code that one creator carries"),
        ("in_time", "posted_at", "no_time_to_collect", "a time before the export's end"),
    )
    parts = []
    for flag, column, rule, expected in rules:
        broken = pl.col(flag) if flag == "shared" else ~pl.col(flag)
        parts.append(
            posts.filter(pl.col("passed") & broken).select(
                pl.lit(file).alias("file"),
                pl.col(ROW).alias("row"),
                pl.lit(column).alias("column"),
                pl.col(column).cast(pl.String).alias("value"),
                pl.lit(rule).alias("rule"),
                pl.lit(expected).alias("expected"),
            )
        )
    return pl.concat(parts).select(list(REJECTS)).sort("row")
