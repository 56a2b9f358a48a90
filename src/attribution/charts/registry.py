"""The charts by name: which table of a run each takes, what it answers, how to read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import altair as alt
import polars as pl
from altair.utils.schemapi import debug_mode

from attribution.charts.capture import capture
from attribution.charts.claim import claim
from attribution.charts.comparison import comparison
from attribution.charts.contributions import contributions
from attribution.charts.density import density
from attribution.charts.fakes import fakes
from attribution.charts.forest import forest
from attribution.charts.funnel import funnel
from attribution.charts.halo import halo
from attribution.charts.predictive import predictive
from attribution.charts.ranks import ranks
from attribution.charts.response import response
from attribution.charts.roi import roi
from attribution.charts.sources import (
    Request,
    capture_source,
    claim_source,
    comparison_source,
    contrasts_source,
    contributions_source,
    creators_source,
    density_source,
    fakes_source,
    forest_source,
    funnel_source,
    halo_source,
    predictive_source,
    ranks_source,
    response_source,
    roi_source,
    trace_source,
)
from attribution.charts.susceptibility import susceptibility
from attribution.charts.theme import noted
from attribution.charts.trace import trace
from attribution.errors import InputError, Problem, suggest

if TYPE_CHECKING:
    from attribution.run import Run


@dataclass(frozen=True)
class Entry:
    """One chart of the gallery.

    Parameters
    ----------
    question
        What it answers, as a reader would ask it.
    reading
        How to read it.
    table
        Makes the tidy table from a run.
    chart
        Draws the table.
    """

    question: str
    reading: str
    table: Callable[[Run, Request], pl.DataFrame]
    chart: Callable[[pl.DataFrame], alt.ChartType]

    def draw(self, table: pl.DataFrame) -> alt.ChartType:
        """Draw a table, and say on the chart where its numbers are approximate."""
        # Altair would check each part of a chart as it is made; tests check the whole.
        with debug_mode(False):
            drawn = self.chart(table)
        if "method" in table.columns and "approximate" in table["method"]:
            return noted(drawn, APPROXIMATE)
        return drawn


APPROXIMATE = "Approximate fit, a quick look: sample it before money depends on it"

REGISTRY = {
    "forest": Entry(
        "What goes with reach, likes, comments or other columns, overall and by group?",
        "A panel per quantity with its own unit, a row per group; the point is the median, the "
        "line the interval. Circles are about these creators, diamonds about a new one of the "
        "tier, whose interval is wider.",
        forest_source,
        forest,
    ),
    "contrasts": Entry(
        "By what factor does one tier differ from another?",
        "A row per pair of tiers; an interval that stays on one side of the dashed line at 1 "
        "tells them apart.",
        contrasts_source,
        forest,
    ),
    "funnel": Entry(
        "Does a tier bring more orders, and does it through its reach, its engagement or besides?",
        "A row per tier against the one with most posts; an interval for all ways together and for "
        "each way, which multiply to the first. Right of the dashed line at 1 is more.",
        funnel_source,
        funnel,
    ),
    "claim": Entry(
        "Are engagement rates of tiers so many times apart as somebody claims?",
        "A row per pair of tiers; the solid line is the claim, the dashed one no difference. The "
        "probability of more than the claim stands at the right.",
        claim_source,
        claim,
    ),
    "creators": Entry(
        "Whose audience is more prone to buy than an average one, after shrinkage for luck?",
        "A row per creator, most prone first; right of the dashed line at 1 is above average. The "
        "hollow circle is the ratio that was observed, the point what is left of it after "
        "shrinkage: the shorter its record, the further it moves. Of many creators the highest and "
        "the lowest are drawn.",
        creators_source,
        susceptibility,
    ),
    "fakes": Entry(
        "How much of each creator's engagement is fake, and what does the vendor's score say?",
        "A row per creator, most fakes first; the thin tick is the share that the score does not "
        "believe real, the dashed line the average creator. It is no proof of fraud: an audience "
        "that is slow to buy looks the same.",
        fakes_source,
        fakes,
    ),
    "capture": Entry(
        "How many orders do posts bring for each one that codes and links record?",
        "Curves say how plausible each share is before the data and after: where both are the "
        "same, the data say nothing of it. Below are the orders for each recorded one, with the "
        "prior counted half, as stated and twice; far apart, they rest on the prior. At the dashed "
        "line there is one for each recorded one.",
        capture_source,
        capture,
    ),
    "density": Entry(
        "Which values does a quantity plausibly have, and on which side of 0 or 1?",
        "The higher the curve, the more plausible the value; the dark part is the interval. The "
        "title gives the probability on each side of the dashed line.",
        density_source,
        density,
    ),
    "response": Entry(
        "How does what is expected of a post change with likes, comments or another number?",
        "A line and a ribbon (the interval) per group, only where 90 % of its posts lie. "
        "Axes are logarithmic where the numbers span orders of magnitude.",
        response_source,
        response,
    ),
    "contributions": Entry(
        "How many of the observed orders came with reach, with likes and with comments?",
        "Bars split the observed orders of each tier and add up to them; below, each part's share "
        "with its interval.",
        contributions_source,
        contributions,
    ),
    "halo": Entry(
        "What do posts add to daily sales beyond codes and links, and for how long?",
        "Dots are observed days; the dashed line is what is expected without posts, the other with "
        "them. Below, what posts bring, and the share of an effect that is still to come.",
        halo_source,
        halo,
    ),
    "predictive": Entry(
        "Does the model make data like those that were observed?",
        "Each bar is what the model predicts, the dot what was observed. Few dots should lie "
        "outside; those are triangles.",
        predictive_source,
        predictive,
    ),
    "roi": Entry(
        "Who pays: rebook, test again or pause?",
        "A row per creator, best first, tiers and the total above. The interval is of expected "
        "ROI, the small cross is realised ROI; at the dashed line costs are just earned back.",
        roi_source,
        roi,
    ),
    "comparison": Entry(
        "Which model predicts unseen posts better?",
        "A row per model, the best at 0. A difference within about two standard errors (the thin "
        "line) of 0 is too close to call.",
        comparison_source,
        comparison,
    ),
    "ranks": Entry(
        "Do the chains agree? (for the statistician)",
        "A line per chain; all should wander about the dotted line. A slope or a hump means that "
        "a chain explored other values.",
        ranks_source,
        ranks,
    ),
    "trace": Entry(
        "Where did each chain go? (for the statistician)",
        "A line per chain over blocks of draws, with its range; lines should lie over each other "
        "without trend.",
        trace_source,
        trace,
    ),
}
"""Every chart that ``attribution chart`` and ``run.charts`` know."""


def draw(run: Run, name: str, request: Request | None = None) -> alt.ChartType:
    """Draw one chart of a run.

    Raises
    ------
    InputError
        If there is no such chart, or the run has no such table.
    UnhealthyRunError
        If ROI is asked of an unhealthy run, not by name.
    """
    if name not in REGISTRY:
        raise InputError(
            Problem("There is no such chart", value=name, hint=suggest(name, REGISTRY))
        )
    entry = REGISTRY[name]
    return entry.draw(entry.table(run, request or Request()))
