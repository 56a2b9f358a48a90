"""Results of ``proofs.doses`` as tables and charts of docs/explanation/doses.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import altair as alt
import polars as pl

from attribution.charts import theme
from attribution.charts.save import save
from proofs.doses import ANSWERS, TROUBLES, WITH, WITHOUT
from proofs.pages import FOLDER, Page, table
from proofs.parallel import Record

LEAST = 0.8
"""Ratio that every panel reaches down to; up to its inverse."""

ENDS = ("lower", "median", "upper")
TITLES = {
    "leaks": "Leaked codes bring orders that no post did; lift tests tell how many",
    "late": "Late orders stand beside the wrong posts; of very late ones the total is told too low",
    "hidden": "Left out, posts with hidden likes take their orders along; as unknowns they stay",
    "fakes": "Fakes move what likes and tiers are told to bring, not totals",
}


def ratios(records: Iterable[Record], trouble: str) -> pl.DataFrame:
    """Return answers over truth by dose, averaged over brands on a log scale.

    Returns
    -------
    pl.DataFrame
        answer, dose, fitted, lower, median, upper, held (intervals that hold the truth), brands.
    """
    rows = [
        {"answer": name, "dose": record["dose"], "fitted": how}
        | dict(zip(ENDS, fit[name], strict=True))
        for record in records
        if record["trouble"] == trouble
        for how, fit in record["fits"].items()
        for name in ANSWERS
    ]
    return (
        pl.DataFrame(rows)
        .group_by("answer", "dose", "fitted", maintain_order=True)
        .agg(
            *(pl.col(end).log().mean().exp() for end in ENDS),
            held=((pl.col("lower") <= 1.0) & (pl.col("upper") >= 1.0)).sum(),
            brands=pl.len(),
        )
        .sort("dose", maintain_order=True)
    )


def answers(records: Sequence[Record], trouble: str) -> str:
    """Return answers over truth, a row for each answer and dose."""
    found = {
        (row["answer"], row["dose"], row["fitted"]): row
        for row in ratios(records, trouble).rows(named=True)
    }
    doses = sorted({dose for _, dose, _ in found})
    rows = [
        (words, f"{dose:.0%}", *(_told(found[name, dose, how]) for how in (WITHOUT, WITH)))
        for name, words in ANSWERS.items()
        for dose in doses
    ]
    of = TROUBLES[trouble]
    return table(("estimate / truth", of.dose, "without", f"with {of.remedy}"), rows, words=2)


def _told(row: Record) -> str:
    span = f"{row['lower']:.2f} to {row['upper']:.2f}"
    return f"{row['median']:.2f} ({span}; {row['held']} of {row['brands']})"


PAGE = Page("doses", {trouble: partial(answers, trouble=trouble) for trouble in TROUBLES})


def write_page(records: Iterable[Record]) -> None:
    """Write results, tables and a chart for each trouble."""
    PAGE.write(records)
    for trouble in TROUBLES:
        save(chart(PAGE.read(), trouble), FOLDER / f"doses-{trouble}.svg")


def chart(records: Sequence[Record], trouble: str) -> alt.ChartType:
    """Return answers over truth by dose, a panel for each answer."""
    found = ratios(records, trouble)
    brands = int(found["brands"].max())  # type: ignore[arg-type]
    panels = [_panel(found.filter(pl.col("answer") == name), name, trouble) for name in ANSWERS]
    rows = [alt.hconcat(*panels[k : k + 3], spacing=26) for k in (0, 3)]
    return theme.framed(
        alt.vconcat(*rows, spacing=22),
        title=TITLES[trouble],
        subtitle=[
            f"estimate over truth: medians and 89 % intervals, averaged over {brands} simulated "
            "brands; line: the truth",
        ],
        description=f"A panel per answer; from left to right the share {TROUBLES[trouble].dose}.",
    )


def _panel(frame: pl.DataFrame, answer: str, trouble: str) -> alt.ChartType:
    names = (WITHOUT, f"with {TROUBLES[trouble].remedy}")
    frame = frame.with_columns(
        fitted=pl.when(pl.col("fitted") == WITH).then(pl.lit(names[1])).otherwise(pl.lit(names[0]))
    )
    tint = alt.Color("fitted:N", scale=theme.colour(names), legend=alt.Legend(title=None))
    base = alt.Chart(frame).encode(
        x=alt.X("dose:O", axis=alt.Axis(title=TROUBLES[trouble].dose, format=".0%", labelAngle=0)),
        xOffset=alt.XOffset("fitted:N", sort=list(names)),
    )
    low, high = frame.select(pl.min("lower"), pl.max("upper").alias("high")).row(0)
    axis = theme.ratio_axis()
    scale = alt.Scale(type="log", domain=[min(low, LEAST), max(high, 1.0 / LEAST)], nice=False)
    intervals = base.mark_rule(strokeWidth=2.5).encode(
        y=alt.Y("lower:Q", axis=axis, scale=scale), y2="upper:Q", color=tint
    )
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        y="median:Q", color=tint, shape=alt.Shape("fitted:N", scale=theme.shape(names))
    )
    truth = alt.Chart(pl.DataFrame({"truth": [1.0]})).mark_rule(color=theme.INK).encode(y="truth:Q")
    return theme.panel(truth, intervals, points, height=170, width=210, title=ANSWERS[answer])
