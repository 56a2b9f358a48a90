"""Predictive check: whether the model makes data like those that were observed."""

from __future__ import annotations

import altair as alt
import polars as pl

from attribution.charts import theme, words

INSIDE = "observed, inside the interval"
OUTSIDE = "observed, outside"
TOO_FEW = 0.05
"""Intervals hold too few figures when so few would come about less often than this."""


def predictive(check: pl.DataFrame) -> alt.ChartType:
    """Return observed figures against what the fitted model predicts, a panel per kind.

    Parameters
    ----------
    check
        panel (words), unit, group, observed, lower, median, upper, interval, prob, fails (whether
        the health check fails on it). Intervals are of replicated data, one figure per row.
    """
    drawn = theme.plain(check).with_columns(
        met=pl.when(pl.col("observed").is_between(pl.col("lower"), pl.col("upper")))
        .then(pl.lit(INSIDE))
        .otherwise(pl.lit(OUTSIDE))
    )
    frames = drawn.partition_by("panel", maintain_order=True)
    return theme.framed(
        alt.vconcat(*map(_panel, frames), spacing=22),
        title=finding(drawn),
        subtitle=[
            "lines: what the fitted model predicts, "
            f"{words.interval_name(drawn).replace('credible', 'predictive')}; ticks: median",
        ],
        description="Each row compares an observed figure with the interval that the model "
        "predicts for it. Few observed figures should lie outside.",
    )


def finding(check: pl.DataFrame) -> str:
    """Return how many observed figures the model's intervals hold, and which they miss.

    What the health check fails on is named, whatever the number.
    """
    missed, failing = check.filter(pl.col("met") == OUTSIDE), check.filter("fails")
    held, every = check.height - missed.height, check.height
    prob = float(check["prob"][0])
    start = f"The model's intervals hold {held} of {words.count(every, 'observed figure')}"
    from scipy.special import bdtr

    expected = f"about {prob * every:.0f}"
    if failing.height:
        return f"{start} ({expected} expected); the health check fails on {_named(failing)}"
    if bdtr(held, every, prob) >= TOO_FEW:
        return f"{start}, as they should ({expected})"
    none = "none so far off that the health check fails"
    return f"{start}, too few ({expected} expected), {none}; missed: {_named(missed)}"


def _named(figures: pl.DataFrame) -> str:
    some = figures.head(3).partition_by("panel", maintain_order=True)
    more = f", and {figures.height - 3} more" if figures.height > 3 else ""
    return f"{'; '.join(map(_of_panel, some))}{more}"


def _of_panel(figures: pl.DataFrame) -> str:
    panel, groups = figures["panel"][0], figures["group"].to_list()
    return panel if groups == ["all"] else f"{panel}: {words.listing(groups)}"


def _panel(frame: pl.DataFrame) -> alt.ChartType:
    order = theme.levels(frame, "group")
    log = theme.heavy_tailed(frame["lower"], frame["upper"])
    scale, axis = theme.value_scale(log), theme.value_axis(frame["unit"][0], log)
    base = alt.Chart(frame).encode(
        y=alt.Y("group:N", sort=order, title=None),
        tooltip=[
            alt.Tooltip("group:N"),
            *(
                alt.Tooltip(f"{name}:Q", format=".3~r")
                for name in ("observed", "lower", "median", "upper")
            ),
        ],
    )
    names = [INSIDE, OUTSIDE]
    tint = alt.Scale(domain=names, range=[theme.INK, theme.VERMILION])
    form = alt.Scale(domain=names, range=["circle", "triangle-up"])
    return theme.panel(
        base.mark_rule(strokeWidth=7, color=theme.SKY, opacity=0.75).encode(
            x=alt.X("lower:Q", scale=scale, axis=axis), x2=alt.X2("upper:Q")
        ),
        base.mark_tick(color=theme.BLUE, thickness=2, size=14).encode(x=alt.X("median:Q")),
        base.mark_point(filled=True, size=60, opacity=1).encode(
            x=alt.X("observed:Q"),
            color=alt.Color("met:N", scale=tint, title=None),
            shape=alt.Shape("met:N", scale=form, title=None),
        ),
        height=theme.rows(),
        title=words.capitalised(frame["panel"][0]),
    )
