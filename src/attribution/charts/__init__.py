"""Charts: pure functions from a tidy table to an Altair chart, one theme, one way to save."""

from attribution.charts.of_run import RunCharts

__all__ = ["RunCharts"]
