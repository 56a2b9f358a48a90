"""From files to the analysis table: read, validate, set aside, credit orders to posts."""

from __future__ import annotations

from attribution.data.analysis import AnalysisTable, read_analysis
from attribution.data.days import Daily, daily
from attribution.data.ingestion import ingest
from attribution.data.mapping import ColumnMapping, read_mapping
from attribution.data.output import Ingested
from attribution.data.validation import FileReport, Validated, validate

__all__ = [
    "AnalysisTable",
    "ColumnMapping",
    "Daily",
    "FileReport",
    "Ingested",
    "Validated",
    "daily",
    "ingest",
    "read_analysis",
    "read_mapping",
    "validate",
]
