"""Ranks: do the chains agree? For the statistician."""

from __future__ import annotations

import altair as alt
import polars as pl

from attribution.charts import theme, words


def ranks(table: pl.DataFrame) -> alt.ChartType:
    """Return rank histograms as steps, a panel per parameter, a line per chain.

    Chains that explore the same posterior have ranks spread evenly (Vehtari et al. 2021).

    Parameters
    ----------
    table
        parameter, chain, bin, count, expected (count per bin if chains agree), r_hat,
        r_hat_limit (up to which they are said to agree), ess.
    """
    drawn = theme.plain(table).with_columns(pl.col("chain").cast(pl.String))
    chains = theme.levels(drawn, "chain")
    panels = drawn.select(_heading(), "bin", "count", "chain", "expected")
    return theme.framed(
        theme.facets(panels, "parameter", *_marks(chains)),
        title=finding(drawn),
        subtitle=["dotted: where every line would be if the chains agreed perfectly"],
        description="Rank histograms by chain; a chain that slopes or stands apart has not "
        "explored the same values as the others.",
    )


def _heading() -> pl.Expr:
    """Return the name of a panel: the parameter and its R-hat, null where it is not a number."""
    told = pl.format("R-hat {}", pl.col("r_hat").map_elements("{:.3f}".format, pl.String))
    agreement = told.fill_null("R-hat unknown")
    return pl.format("{} ({})", "parameter", agreement).alias("parameter")


def _marks(chains: list[str]) -> tuple[alt.Chart, alt.Chart]:
    """Return where every line would be if chains agreed, and the lines."""
    legend = theme.line_legend("chain")
    steps = (
        alt.Chart()
        .mark_line(interpolate="step", strokeWidth=1.5)
        .encode(
            x=alt.X(
                "bin:Q",
                title="rank of the draw, low to high",
                axis=alt.Axis(labels=False, ticks=False, grid=False),
                scale=alt.Scale(nice=False),
            ),
            y=alt.Y("count:Q", title="draws", axis=alt.Axis(tickCount=4)),
            color=alt.Color("chain:N", scale=theme.colour(chains), legend=legend),
            strokeDash=alt.StrokeDash("chain:N", scale=theme.dash(chains), legend=legend),
        )
    )
    even = (
        alt.Chart()
        .mark_rule(color=theme.INK, strokeDash=[2, 3])
        .encode(y=alt.Y("mean(expected):Q", title="draws"))
    )
    return even, steps


def finding(table: pl.DataFrame) -> str:
    """Return whether the chains agree, with the worst R-hat and the smallest sample size."""
    # Null is what a NaN became: it must not pass.
    unknown = table["r_hat"].null_count() + table["ess"].null_count()
    if unknown:
        return "The chains' agreement is unknown: R-hat or sample size is not a number"
    beyond = pl.col("r_hat") - pl.col("r_hat_limit")
    worst = table.sort(beyond, descending=True).row(0, named=True)
    agree = worst["r_hat"] <= worst["r_hat_limit"]
    return (
        f"The chains {'' if agree else 'do not '}agree: worst R-hat {worst['r_hat']:.3f} "
        f"(at most {worst['r_hat_limit']:.4g}), "
        f"smallest effective sample size {words.number(float(table['ess'].min()))}"  # type: ignore[arg-type]
    )
