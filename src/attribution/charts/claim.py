"""Claim: are engagement rates of tiers as many times apart as somebody says?"""

from __future__ import annotations

import altair as alt
import polars as pl

from attribution.charts import theme, words
from attribution.errors import InputError, Problem
from attribution.quantities.estimates import CANNOT_TELL

SAID = ("supported", "not supported", CANNOT_TELL)


def claim(claims: pl.DataFrame) -> alt.ChartType:
    """Return intervals of ratios with the claimed one as a line, a panel per denominator.

    Parameters
    ----------
    claims
        Tidy estimates that state ``P(> ratio)``, with the same ratio in all rows.

    Raises
    ------
    InputError
        If there is none.
    """
    drawn = theme.plain(claims).filter(pl.col("lower").is_not_null())
    if drawn.is_empty():
        raise InputError(Problem("There is no claim about ratios to draw"))
    frames = drawn.partition_by("quantity", maintain_order=True)
    findings = [finding(frame) for frame in frames]
    panels = [_panel(frame, text) for frame, text in zip(frames, findings, strict=True)]
    return theme.framed(
        theme.stacked(panels),
        title=findings[0] if len(frames) == 1 else _together(drawn),
        subtitle=[
            f"point: posterior median; line: {words.interval_name(drawn)}, "
            f"{words.population_name(drawn)}",
            f"dashed: as much; solid: {words.number(_ratio(drawn))} times as much; right: the "
            "probability of more than that",
        ],
        description="A row per pair of tiers, with the interval of the ratio of their rates and "
        f"the probability of the claim. {'. '.join(findings)}.",
    )


def _together(claims: pl.DataFrame) -> str:
    counts = {answer: int((claims["answer"] == answer).sum()) for answer in SAID}
    said = [f"{answer} in {count}" for answer, count in counts.items() if count]
    ratio = words.number(_ratio(claims))
    return f"{ratio} times the engagement: of {claims.height} comparisons {', '.join(said)}"


def finding(frame: pl.DataFrame) -> str:
    """Return of which pairs of tiers the claim is supported, of which not, and of which unknown."""
    what = frame["label"][0].split(", a claim")[0]
    ratio = words.number(_ratio(frame))
    said = []
    for answer in SAID:
        pairs = frame.filter(pl.col("answer") == answer)["group"].to_list()
        if pairs:
            said.append(f"{answer} for {words.listing(pairs)}")
    return f"{what}, {ratio} times: {'; '.join(said)}"


def _ratio(frame: pl.DataFrame) -> float:
    return words.reference(frame["statement"][0]) or 1.0


def _panel(frame: pl.DataFrame, title: str) -> alt.ChartType:
    pairs = theme.levels(frame, "group")
    odds = [words.probability(p) for p in frame["probability"]]
    frame = frame.with_columns(pl.Series("odds", odds))
    base = alt.Chart(frame).encode(
        y=alt.Y("group:N", scale=alt.Scale(domain=pairs), title=None),
        tooltip=[
            alt.Tooltip("group:N"),
            *(alt.Tooltip(f"{name}:Q", format=".3~r") for name in ("median", "lower", "upper")),
            alt.Tooltip("odds:N", title=frame["statement"][0]),
            alt.Tooltip("answer:N"),
        ],
    )
    scale, axis = theme.value_scale(log=True), theme.ratio_axis()
    intervals = base.mark_rule(strokeWidth=2.5, color=theme.BLUE).encode(
        x=alt.X("lower:Q", scale=scale, axis=axis), x2=alt.X2("upper:Q")
    )
    points = base.mark_point(filled=True, size=70, opacity=1, color=theme.BLUE).encode(
        x=alt.X("median:Q", scale=scale)
    )
    texts = base.mark_text(align="left", dx=8, fontSize=12, color=theme.INK).encode(
        x=alt.XValue(theme.WIDTH),  # type: ignore[no-untyped-call]
        text=alt.Text("odds:N"),
    )
    line: alt.Chart = alt.Chart(pl.DataFrame({"claimed": [_ratio(frame)]})).mark_rule(
        color=theme.VERMILION, strokeWidth=1.8
    )
    return theme.panel(
        theme.reference_line(1.0),
        line.encode(x=alt.X("claimed:Q")),
        intervals,
        points,
        texts,
        height=theme.rows(),
        title=title,
    )
