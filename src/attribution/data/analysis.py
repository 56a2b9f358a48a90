"""The analysis table: one row per post, with how it came to be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from attribution.data.mapping import ColumnMapping
from attribution.data.rejects import no_rejects
from attribution.data.validation import validate
from attribution.errors import InputError, Problem
from attribution.tables import DEFAULT_TIERS, Tiers

ANALYSIS = "analysis.parquet"
"""Name of the table in the folder that ``ingest`` writes."""

DAY = "day"
"""Column that names the rows of a table of days."""

METADATA = "attribution"
"""Key of the provenance in the metadata of a Parquet file."""


@dataclass(frozen=True)
class AnalysisTable:
    """One row per post.

    Parameters
    ----------
    frame
        The columns of the canonical table ``analysis`` that there are, then the user's own.
    provenance
        How ``attribution ingest`` made it: rule, window, counts, delays; None for a table that
        the user brought.
    tiers
        The cut-points behind the column ``tier``; None where the user brought the column, or
        there is none.
    rejects
        Rows set aside when the table was read: file, row, column, value, rule, expected.
    """

    frame: pl.DataFrame
    provenance: Mapping[str, Any] | None = None
    tiers: Tiers | None = None
    rejects: pl.DataFrame = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.rejects is None:
            object.__setattr__(self, "rejects", no_rejects())

    @property
    def tier_order(self) -> tuple[str, ...]:
        """Names of the tiers, smallest first; empty where nobody said how they are ordered."""
        return self.tiers.names if self.tiers else ()

    @property
    def rejected_rows(self) -> int:
        """How many rows were set aside."""
        return self.rejects.n_unique("row")

    def save(self, path: Path) -> None:
        """Write the table as Parquet, the provenance in its metadata."""
        content = {"provenance": self.provenance, "tiers": self.tiers.text if self.tiers else None}
        self.frame.write_parquet(path, metadata={METADATA: json.dumps(content)})


def read_analysis(
    path: str | Path | pl.DataFrame,
    mapping: str | Path | ColumnMapping | None = None,
    tiers: Tiers | str | None = None,
) -> AnalysisTable:
    """Read an analysis table and set aside the rows that break a rule.

    Parameters
    ----------
    path
        CSV or Parquet file, a frame, or the folder that ``ingest`` wrote.
    mapping
        Mapping file for the user's own column names.
    tiers
        Cut-points for ``tier``, also as text such as ``nano<10000<=micro``. By default a table's
        own ``tier`` stands, and where there is none it is made from followers with the default
        cut-points.

    Returns
    -------
    AnalysisTable
        With the rows set aside in ``rejects``.

    Raises
    ------
    InputError
        When the file as a whole or every row of it cannot be used, or tiers were asked for and
        the table has no followers.
    """
    source = path if isinstance(path, pl.DataFrame) else _file(Path(path))
    asked = Tiers.parse(tiers) if isinstance(tiers, str) else tiers
    validated = validate(source, "analysis", mapping, required=False).require_rows()
    provenance, saved = _metadata(source)
    posts = _named(validated.frame, validated.rows)
    frame, used = _with_tier(posts, asked, saved, validated.report.file)
    return AnalysisTable(frame, provenance, used, validated.rejects)


def _named(frame: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """Return the rows with a name each: their day or their row in the file where they have none."""
    if "post_id" in frame.columns:
        return frame
    if frame.schema.get(DAY) == pl.Date and frame.get_column(DAY).is_unique().all():
        return frame.select(pl.col(DAY).cast(pl.String).alias("post_id"), pl.all())
    return frame.select(rows.cast(pl.String).alias("post_id"), pl.all())


def _file(path: Path) -> Path:
    return path / ANALYSIS if (path / ANALYSIS).is_file() else path


def _metadata(path: Path | pl.DataFrame) -> tuple[dict[str, Any] | None, Tiers | None]:
    if isinstance(path, pl.DataFrame) or not _is_parquet(path):
        return None, None
    text = pl.read_parquet_metadata(path).get(METADATA)
    content = json.loads(text) if text else {}
    tiers = content.get("tiers")
    return content.get("provenance"), Tiers.parse(tiers) if tiers else None


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _with_tier(
    frame: pl.DataFrame, asked: Tiers | None, saved: Tiers | None, file: str
) -> tuple[pl.DataFrame, Tiers | None]:
    if asked is None and "tier" in frame.columns:
        return frame, saved
    if "followers" not in frame.columns:
        if asked is None:
            return frame, None
        raise InputError(Problem("tiers need the column followers", file=file, column="followers"))
    tiers = asked or DEFAULT_TIERS
    return frame.with_columns(tiers.of(creator_followers(frame)).alias("tier")), tiers


def creator_followers(frame: pl.DataFrame) -> pl.Expr:
    """Return each post's followers, or its creator's median: a creator belongs to one tier."""
    followers = pl.col("followers")
    return followers.median().over("creator_id") if "creator_id" in frame.columns else followers
