"""Observed outcomes beside what the fitted model predicts for the same posts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from attribution.design.types import Design, Floats
from attribution.outcomes import YesNo, outcome_of
from attribution.predictive import bins, fifths, told_by
from attribution.quantities.estimates import INTERVAL, PROBABILITY
from attribution.quantities.method import with_method

if TYPE_CHECKING:
    from attribution.run import Run


def predictive_table(run: Run) -> pl.DataFrame:
    """Return how posts spread over outcomes, and what groups of them come to, both ways.

    Returns
    -------
    pl.DataFrame
        panel, unit, group, observed, lower, median, upper (equal-tailed predictive interval),
        interval, prob. Panels are shares of posts by outcome, then totals (shares of trials or
        of 1, averages: as the outcome is) of all posts and by level of columns with few of them;
        of yes or no also by fifths of each feature.
    """
    figures = run.group("predictive_figures")
    rows = []
    for panel, unit, group, name in _panels(run.design):
        of = figures.sel(figure=name)
        rows.append(_row(panel, unit, group, float(of["observed"]), of["posterior"].to_numpy()))
    return with_method(pl.DataFrame(rows, infer_schema_length=None), run)


def _panels(design: Design) -> Iterator[tuple[str, str, str, str]]:
    """Yield panel, unit and group of each figure that is drawn, and its name."""
    outcome = outcome_of(design)
    share = f"share of {outcome.noun}s"
    for part in bins(design):
        yield f"{share} by {outcome.told}", share, part.text, part.name
    # Of yes or no the bins say all that there is to say of all posts.
    if not isinstance(outcome, YesNo):
        yield outcome.all_together, outcome.unit, "all", outcome.overall
    for column, group in told_by(design):
        for level in group.levels:
            yield outcome.by_level(column), outcome.unit, level, outcome.of_level(column, level)
    for fifth in fifths(design):
        yield outcome.by_level(fifth.feature), outcome.unit, fifth.text, fifth.name


def _row(
    panel: str, unit: str, group: str, observed: float, replicated: Floats
) -> dict[str, object]:
    tail = (1.0 - PROBABILITY) / 2.0
    lower, median, upper = np.quantile(replicated, [tail, 0.5, 1.0 - tail])
    return {
        "panel": panel,
        "unit": unit,
        "group": group,
        "observed": observed,
        "lower": float(lower),
        "median": float(median),
        "upper": float(upper),
        "interval": INTERVAL,
        "prob": PROBABILITY,
    }
