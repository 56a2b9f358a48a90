"""Trace: where each chain went, draw by draw. For the statistician."""

from __future__ import annotations

import altair as alt
import polars as pl

from attribution.charts import theme, words

BLOCKS = 30
"""Draws are summarised in at most this many blocks, so that a chart stays small."""


def trace(draws: pl.DataFrame) -> alt.ChartType:
    """Return a panel per parameter: each chain's mean and 5-95 % range over blocks of draws.

    Parameters
    ----------
    draws
        parameter, chain, draw, value.
    """
    summary = theme.plain(blocks(draws))
    return theme.framed(
        theme.facets(summary.drop("size"), "parameter", *_marks(theme.levels(summary, "chain"))),
        title=finding(draws),
        subtitle=[f"line: mean of a block of {summary['size'][0]} draws; ribbon: its 5-95 % range"],
        description="Lines of different chains should lie over each other, without trend.",
    )


def blocks(draws: pl.DataFrame) -> pl.DataFrame:
    """Return mean and 5th and 95th percentile of each chain's draws in blocks."""
    size = -(-(int(draws["draw"].max()) + 1) // BLOCKS)  # type: ignore[arg-type]
    value = pl.col("value")
    return (
        draws.with_columns(pl.col("chain").cast(pl.String), block=pl.col("draw") // size * size)
        .group_by("parameter", "chain", "block", maintain_order=True)
        .agg(mean=value.mean(), low=value.quantile(0.05), high=value.quantile(0.95))
        .with_columns(size=pl.lit(size))
    )


def finding(draws: pl.DataFrame) -> str:
    """Return how far the chains' means lie apart, in posterior standard deviations."""
    means = draws.group_by("parameter", "chain").agg(pl.col("value").mean())
    spread = draws.group_by("parameter").agg(sd=pl.col("value").std())
    apart = (
        means.group_by("parameter")
        .agg(range=pl.col("value").max() - pl.col("value").min())
        .join(spread, on="parameter")
        .select(pl.col("range") / pl.col("sd"))
        .to_series()
    )
    chains, parameters = draws["chain"].n_unique(), draws["parameter"].n_unique()
    return (
        f"{words.count(chains, 'chain')}, {words.count(parameters, 'parameter')}: chain means lie "
        f"at most {words.number(float(apart.max()))} posterior standard deviations apart"  # type: ignore[arg-type]
    )


def _marks(chains: list[str]) -> tuple[alt.Chart, alt.Chart]:
    """Return the range and the mean of each chain's blocks."""
    base = alt.Chart().encode(
        x=alt.X("block:Q", title="draw", axis=alt.Axis(tickCount=4, format=",d")),
        color=alt.Color("chain:N", scale=theme.colour(chains), legend=theme.line_legend("chain")),
    )
    y = alt.Y("low:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=4))
    return (
        base.mark_area(opacity=0.1).encode(y=y, y2=alt.Y2("high:Q")),
        base.mark_line(strokeWidth=1.3).encode(
            y=alt.Y("mean:Q"),
            strokeDash=alt.StrokeDash(
                "chain:N", scale=theme.dash(chains), legend=theme.line_legend("chain")
            ),
        ),
    )
