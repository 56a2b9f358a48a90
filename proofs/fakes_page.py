"""Results of ``proofs.fakes`` as tables and a chart of docs/explanation/authenticity.md."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import altair as alt
import polars as pl

from attribution.charts import theme
from attribution.charts.save import save
from attribution.simulation.settings import HALF

Record = dict[str, Any]

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "authenticity.md"
RESULTS, CHART = PAGE.with_suffix(".json"), PAGE.with_suffix(".svg")
BLOCK = re.compile(r"(<!-- table: (?P<name>\w+) -->\n).*?(?=<!-- end -->)", re.DOTALL)

MODELS = ("additive", "authenticity", "no score")
DIGITS = 5
LOG_FROM = 10.0
"""Largest over smallest value from which a panel is on a log scale."""
LABELS = {
    "orders_per_1000_likes": "orders per 1,000 likes shown",
    "orders_per_100_comments": "orders per 100 comments shown",
    "likes_per_comment": "likes worth one comment",
    "orders_per_1000_likes_genuine": "orders per 1,000 genuine likes",
    "orders_per_100_comments_genuine": "orders per 100 genuine comments",
    "fake_share_of_likes": "share of likes that is fake",
}


def write_page(records: Sequence[Record]) -> None:
    """Write results, chart and tables."""
    results = summarise(records)
    text = json.dumps(results, indent=1)
    RESULTS.write_text(f"{text}\n", encoding="utf-8")
    save(chart(results), CHART)
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8")


def summarise(records: Sequence[Record]) -> list[Record]:
    """Return averages over brands, one record for each dose and model."""
    doses = sorted({record["dose"] for record in records})
    return [
        _rounded(_of_model([r["models"][model] for r in records if r["dose"] == dose], dose, model))
        for dose in doses
        for model in MODELS
    ]


def _of_model(fits: Sequence[Record], dose: float, model: str) -> Record:
    said = {
        name: sum(fit[name] for fit in fits)
        for name in fits[0]
        if name.startswith(("creators_", "more_", "fewer_"))
    }
    return {
        "dose": dose,
        "model": model,
        "brands": len(fits),
        "overall": {q: _overall([fit[q] for fit in fits if q in fit]) for q in LABELS},
        "multiplier": _mean_of([fit["creator_multiplier"] for fit in fits]),
        "fake_share": _mean_of([fit.get("creator_fake_share", {}) for fit in fits]),
        "roi_rank": fmean(fit["roi_rank"] for fit in fits),
        "roi_coverage": fmean(fit["roi_coverage"] for fit in fits),
        **said,
    }


def _overall(rows: Sequence[Record]) -> Record | None:
    """Return averages of an estimate and its truth, and how many intervals hold the truth."""
    if not rows:
        return None
    means = {key: fmean(row[key] for row in rows) for key in ("median", "lower", "upper", "truth")}
    return means | {"inside": sum(row["lower"] <= row["truth"] <= row["upper"] for row in rows)}


def _mean_of(rows: Sequence[Record]) -> Record:
    return {key: fmean(row[key] for row in rows) for key in rows[0]}


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return value


def page(text: str, results: Sequence[Record]) -> str:
    """Return the page's text with every marked table written anew."""
    return BLOCK.sub(lambda found: found[1] + TABLES[found["name"]](results), text)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table whose first two columns are words."""
    rule = ["---", "---", *["---:"] * (len(headings) - 2)]
    return "".join(f"| {' | '.join(line)} |\n" for line in [headings, rule, *rows])


def answers(results: Sequence[Record]) -> str:
    """Return estimates over all posts beside their truth, a column for each model."""
    rows = []
    for quantity, label in LABELS.items():
        for dose in sorted({result["dose"] for result in results}):
            here = [(r, r["overall"][quantity]) for r in results if r["dose"] == dose]
            truth = next(of["truth"] for _, of in here if of is not None)
            cells = (_told(result, of) for result, of in here)
            rows.append((label, f"{dose:.0%}", f"{truth:.3g}", *cells))
    return table(("answer", "fakes", "truth", *MODELS), rows)


def _told(result: Record, of: Record | None) -> str:
    """Return an average estimate and interval, and how many intervals hold the truth."""
    if of is None:
        return ""
    span = f"{of['lower']:.3g} to {of['upper']:.3g}"
    return f"{of['median']:.3g} ({span}; {of['inside']} of {result['brands']})"


def by_creator(results: Sequence[Record]) -> str:
    """Return how well each creator's multiplier and ROI are told."""
    headings = (
        *("fakes", "model", "error of log multiplier", "bias with fakes", "bias without"),
        *("multipliers held", "ROI: rank correlation", "ROI held"),
    )
    rows = [
        (
            f"{result['dose']:.0%}",
            result["model"],
            f"{of['rmse']:.2f}",
            f"{of['bias_with']:+.2f}" if result["dose"] else "–",
            f"{of['bias_without']:+.2f}",
            f"{of['coverage']:.0%}",
            f"{result['roi_rank']:.3f}",
            f"{result['roi_coverage']:.0%}",
        )
        for result in results
        for of in [result["multiplier"]]
    ]
    return table(headings, rows)


def said(results: Sequence[Record]) -> str:
    """Return what is said of creators with and without fakes."""
    headings = (
        *("fakes", "model", "error of shares", "shares above 0 held", "creators above average"),
        *("said to have more", "said to have fewer", "others", "said to have more"),
        "said to have fewer",
    )
    rows = []
    for result in results:
        of = result["fake_share"]
        if not of:
            continue
        # Half have fakes; no interval of a share that is above 0 for sure holds a 0.
        held = f"{of['coverage'] / HALF:.0%}" if result["dose"] else "–"
        counts = (
            f"{result[f'{what}_{who}']:,}"
            for who in ("with", "without")
            for what in ("creators", "more", "fewer")
        )
        dose = f"{result['dose']:.0%}"
        rows.append((dose, result["model"], f"{of['rmse']:.2f}", held, *counts))
    return table(headings, rows)


TABLES: dict[str, Callable[[Sequence[Record]], str]] = {
    f.__name__: f for f in (answers, by_creator, said)
}


def chart(results: Sequence[Record]) -> alt.ChartType:
    """Return how answers move with the dose, a panel each, the truth as crosses."""
    told = (
        "orders_per_1000_likes",
        "orders_per_100_comments",
        "likes_per_comment",
        "orders_per_1000_likes_genuine",
    )
    rows = [
        {"answer": LABELS[q], "fakes": result["dose"], "model": result["model"], **of}
        for q in told
        for result in results
        if (of := result["overall"][q]) is not None
    ]
    frame = pl.DataFrame(rows)
    panels = [_panel(frame.filter(pl.col("answer") == LABELS[q]), LABELS[q]) for q in told]
    pairs = [alt.hconcat(*panels[k : k + 2], spacing=30) for k in (0, 2)]
    return theme.framed(
        alt.vconcat(*pairs, spacing=24),
        title="Fakes lower what a like that is shown brings; scores tell what a genuine one does",
        subtitle=[
            "averages over simulated brands of medians and 89 % intervals; crosses: the truth",
        ],
        description="A panel per answer; the share of engagement that is fake from left to right.",
    )


def _panel(frame: pl.DataFrame, title: str) -> alt.ChartType:
    tint = alt.Color("model:N", scale=theme.colour(MODELS), legend=alt.Legend(title=None))
    base = alt.Chart(frame).encode(
        x=alt.X(
            "fakes:O", axis=alt.Axis(title="fake, average creator", format=".0%", labelAngle=0)
        ),
        xOffset=alt.XOffset("model:N", sort=list(MODELS)),
    )
    low, high = frame.select(pl.min("lower"), pl.max("upper").alias("high")).row(0)
    log = high > LOG_FROM * low
    axis, scale = theme.value_axis(title, log), theme.value_scale(log, zero=True)
    intervals = base.mark_rule(strokeWidth=2.5).encode(
        y=alt.Y("lower:Q", axis=axis, scale=scale), y2="upper:Q", color=tint
    )
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        y="median:Q", color=tint, shape=alt.Shape("model:N", scale=theme.shape(MODELS))
    )
    truths = base.mark_point(shape=theme.TRUTH, size=60, color=theme.INK, strokeWidth=2)
    return theme.panel(intervals, points, truths.encode(y="truth:Q"), height=210, width=300)


if __name__ == "__main__":
    PAGE.write_text(
        page(PAGE.read_text(encoding="utf-8"), json.loads(RESULTS.read_text(encoding="utf-8"))),
        encoding="utf-8",
    )
