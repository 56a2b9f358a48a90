"""The report: one offline HTML file with answers, charts, tables, health and provenance."""

from attribution.reporting.build import report

__all__ = ["report"]
