"""Forest: estimates with their intervals, a panel per quantity, each with its own unit."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from attribution.charts import theme, words
from attribution.errors import InputError, Problem
from attribution.quantities.estimates import CANNOT_TELL, NEW, SURE

MOST_ROWS = 40
"""Groups in one panel; of more, the highest and the lowest are drawn and the title says so."""


def forest(estimates: pl.DataFrame) -> alt.ChartType:
    """Return intervals and medians, a panel per quantity, a row per group.

    Parameters
    ----------
    estimates
        Tidy estimates. A row without an interval is not drawn; rows that state ``P(best)`` carry
        the probabilities that the titles say. An optional column ``truth`` is drawn as a cross.

    Raises
    ------
    InputError
        If no row has an interval.
    """
    drawn = theme.plain(estimates).filter(pl.col("lower").is_not_null())
    if drawn.is_empty():
        raise InputError(Problem("There is no estimate with an interval to draw"))
    best = estimates.filter(pl.col("statement") == "P(best)")
    frames = drawn.partition_by("quantity", maintain_order=True)
    findings = [finding(frame, best) for frame in frames]
    populations = theme.levels(drawn, "population")
    panels = [
        _panel(frame, text if len(frames) > 1 else "", populations)
        for frame, text in zip(frames, findings, strict=True)
    ]
    return theme.framed(
        theme.stacked(panels),
        title=findings[0] if len(frames) == 1 else words.summary(findings),
        subtitle=[_subtitle(drawn), *_left_out(frames)],
        description="Each row is a group: the point is the posterior median, the line its "
        f"interval. {words.capitalised(words.listing(findings))}.",
    )


def finding(panel: pl.DataFrame, best: pl.DataFrame) -> str:
    """Return what one quantity's estimates say, in words, or that they cannot tell."""
    label = words.capitalised(panel["label"][0]).removesuffix(": ratio")
    overall = panel.filter(pl.col("scope") == "overall")
    groups = panel.filter(pl.col("scope") != "overall")
    stated = overall.filter(pl.col("statement").is_not_null())
    if groups["group"].n_unique() < 2 or not stated.is_empty():
        row = (overall if stated.is_empty() else stated) if not overall.is_empty() else groups
        return f"{label}: {_estimate(row.row(0, named=True))}"
    if groups["statement"].null_count() == 0:
        return f"{label}: {_against_reference(groups)}"
    return f"{label}: {_leader(groups, _best_of(groups, best))}"


def _estimate(row: dict[str, Any]) -> str:
    text = f"{words.number(row['median'])} ({words.span(row['lower'], row['upper'])})"
    if row["answer"] == CANNOT_TELL:
        return f"{text}, {CANNOT_TELL}"
    if row["statement"] is None or row["probability"] is None:
        return text
    return f"{text}, {words.stated(row['statement'], row['probability'])}"


def _best_of(groups: pl.DataFrame, best: pl.DataFrame) -> pl.DataFrame:
    name = f"best_{groups['scope'][0]}_{groups['quantity'][0]}"
    return best.filter(pl.col("quantity") == name, pl.col("probability").is_not_null())


def _leader(groups: pl.DataFrame, best: pl.DataFrame) -> str:
    """Say which group is highest, by P(best) where it is known, else by separate intervals."""
    if not best.is_empty():
        leader = best.sort("probability", descending=True).row(0, named=True)
        name, odds = leader["group"], words.probability(leader["probability"])
        # Of these creators' posts another group may have the highest point.
        lead, leads = name, f"{name} leads"
        if leader["population"] == NEW:
            lead, leads = f"new {name} creators", f"new {name} creators lead"
        if leader["answer"] == CANNOT_TELL:
            return f"{CANNOT_TELL} which is highest ({leads}, {odds})"
        return f"highest for {lead} ({odds})"
    first = groups.filter(pl.col("population") == groups["population"][0])
    top = first.sort("median", descending=True).row(0, named=True)
    rest = first.filter(pl.col("group") != top["group"])
    # A bound that is unknown (null) compares as unknown and lets nothing be claimed.
    if rest.select((pl.col("upper") < top["lower"]).fill_null(False).all()).item():
        return f"highest for {top['group']} ({words.number(top['median'])})"
    return f"{CANNOT_TELL} which is highest, the intervals overlap"


def _against_reference(groups: pl.DataFrame) -> str:
    """Say how many groups lie clearly on either side of the value they are compared with."""
    rows = groups.unique("group", maintain_order=True)
    clear = rows.filter(pl.col("answer") != CANNOT_TELL)["probability"]
    above, below = int((clear >= SURE).sum()), int((clear <= 1 - SURE).sum())
    if groups["scope"][0] == "contrast":
        return _told_apart(above + below, rows.height)
    line = words.number(words.reference(groups["statement"][0]))
    unsure = rows.height - above - below
    if unsure == rows.height:
        return f"{CANNOT_TELL} for any of {unsure} whether it is above or below {line}"
    text = f"{above} clearly above {line}, {below} clearly below"
    return f"{text}, {CANNOT_TELL} for {unsure}" if unsure else text


def _told_apart(clear: int, pairs: int) -> str:
    if clear == 0:
        return f"{CANNOT_TELL} any of {words.count(pairs, 'pair')} apart"
    return f"{clear} of {words.count(pairs, 'pair')} told apart"


def _subtitle(drawn: pl.DataFrame) -> str:
    text = f"{words.interval_name(drawn)}, {words.population_name(drawn)}"
    return f"{text}; a cross is the simulated truth" if "truth" in drawn.columns else text


def _left_out(frames: list[pl.DataFrame]) -> list[str]:
    most = max(frame["group"].n_unique() for frame in frames)
    if most <= MOST_ROWS:
        return []
    half = MOST_ROWS // 2
    return [f"{half} highest and {half} lowest of {most:,}; all are in the table"]


def _panel(frame: pl.DataFrame, title: str, populations: list[str]) -> alt.ChartType:
    """Draw one quantity: a row per group, populations side by side within the row."""
    rows = _rows(frame)
    kept = frame.filter(pl.col("group").is_in(rows))
    statements = kept["statement"].drop_nulls().to_list()
    line = words.reference(statements[0]) if statements else None
    return theme.panel(
        *([] if line is None else [theme.reference_line(line)]),
        *_marks(kept, rows, populations, line),
        height=theme.rows(),
        title=title,
    )


def _rows(panel: pl.DataFrame) -> list[str]:
    """Return the row labels in order; of too many groups the extremes, with a gap between."""
    if panel["scope"][-1] == "creator":
        panel = panel.sort("median", descending=True)
    groups = theme.levels(panel, "group")
    if len(groups) <= MOST_ROWS:
        return groups
    half = MOST_ROWS // 2
    return [*groups[:half], f"({len(groups) - 2 * half} between)", *groups[-half:]]


def _marks(
    kept: pl.DataFrame, rows: list[str], populations: list[str], line: float | None
) -> list[alt.Chart]:
    several = kept["population"].n_unique() > 1
    legend = alt.Legend(title="about") if len(populations) > 1 else None
    base = alt.Chart(kept).encode(
        y=alt.Y("group:N", scale=alt.Scale(domain=rows), title=None),
        tooltip=_tooltip(),
        yOffset=alt.YOffset("population:N", sort=populations) if several else alt.Undefined,
    )
    tint = alt.Color("population:N", scale=theme.colour(populations), legend=legend)
    form = alt.Shape("population:N", scale=theme.shape(populations), legend=legend)
    log = theme.heavy_tailed(kept["lower"], kept["upper"], also=line)
    scale, axis = theme.value_scale(log), theme.value_axis(kept["unit"][0], log)
    intervals = base.mark_rule(strokeWidth=2.5).encode(
        x=alt.X("lower:Q", scale=scale, axis=axis), x2=alt.X2("upper:Q"), color=tint
    )
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=alt.X("median:Q", scale=scale), color=tint, shape=form
    )
    truths = base.mark_point(shape=theme.TRUTH, size=60, color=theme.INK, strokeWidth=2)
    if "truth" not in kept.columns:
        return [intervals, points]
    return [intervals, points, truths.encode(x=alt.X("truth:Q", scale=scale))]


def _tooltip() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("group:N"),
        alt.Tooltip("population:N", title="about"),
        alt.Tooltip("weighting:N"),
        alt.Tooltip("median:Q", format=".3~r"),
        alt.Tooltip("lower:Q", format=".3~r"),
        alt.Tooltip("upper:Q", format=".3~r"),
        alt.Tooltip("answer:N"),
    ]
