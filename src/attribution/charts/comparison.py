"""Comparison: how well each model predicts a post that it has not seen."""

from __future__ import annotations

import altair as alt
import polars as pl

from attribution.charts import theme, words


def comparison(table: pl.DataFrame) -> alt.ChartType:
    """Return the models' differences in expected log predictive density from the best.

    Parameters
    ----------
    table
        model, rank, elpd_diff (0 for the best, negative below), se_diff, reading (words).
    """
    drawn = theme.plain(table).sort("rank")
    bounds = drawn.with_columns(
        low1=pl.col("elpd_diff") - pl.col("se_diff"),
        high1=pl.col("elpd_diff") + pl.col("se_diff"),
        low2=pl.col("elpd_diff") - 2 * pl.col("se_diff"),
        high2=pl.col("elpd_diff") + 2 * pl.col("se_diff"),
    )
    return theme.framed(
        _bars(bounds),
        title=finding(drawn),
        subtitle=["thick: ± 1 standard error of the difference; thin: ± 2"],
        description="Each row is a model; further left predicts worse. A difference within about "
        "two standard errors of 0 is too close to call.",
    )


def finding(table: pl.DataFrame) -> str:
    """Return which model predicts best and how sure that is, in the table's own reading."""
    rows = table.rows(named=True)
    if len(rows) == 1:
        return f"Only one model: {rows[0]['model']}"
    readings = [f"{row['model']}: {row['reading']}" for row in rows[1:]]
    return f"{words.capitalised(rows[0]['model'])} ranks first; {'; '.join(readings)}"


def _bars(bounds: pl.DataFrame) -> alt.ChartType:
    axis = theme.value_axis(
        "elpd minus that of the best model (log score of what was not seen)", False
    )
    base = alt.Chart(bounds).encode(
        y=alt.Y("model:N", sort=theme.levels(bounds, "model"), title=None),
        tooltip=[
            alt.Tooltip("model:N"),
            alt.Tooltip("elpd_diff:Q", format=".1f"),
            alt.Tooltip("se_diff:Q", format=".1f"),
            alt.Tooltip("reading:N"),
        ],
    )
    return theme.panel(
        theme.reference_line(0.0),
        base.mark_rule(strokeWidth=1.5, color=theme.BLUE).encode(
            x=alt.X("low2:Q", axis=axis), x2=alt.X2("high2:Q")
        ),
        base.mark_rule(strokeWidth=5, color=theme.BLUE).encode(
            x=alt.X("low1:Q"), x2=alt.X2("high1:Q")
        ),
        base.mark_point(filled=True, size=90, color=theme.BLUE, opacity=1).encode(
            x=alt.X("elpd_diff:Q")
        ),
        height=alt.Step(34),
    )
