"""Observed outcomes beside what the fitted model predicts for the same posts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from attribution.design.types import Design, Floats
from attribution.outcomes import Count, Outcome, YesNo, outcome_of
from attribution.predictive import LOOKED_AT, bins, fifths, told_by
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
        interval, prob, fails (whether the run's health check fails on it). Panels are shares of
        posts by outcome, how single posts spread and where they end, then totals (shares of trials
        or of 1, averages: as the outcome is) of all posts and by level of columns with few of them;
        of yes or no also by fifths of each feature.
    """
    figures = run.group("predictive_figures")
    failed = {check.name for check in run.manifest.health if check.status == "fail"}
    rows = []
    for panel, unit, group, name in _panels(run.design):
        observed, replicated = (figures[of].at("figure", name) for of in ("observed", "posterior"))
        row = _row(panel, unit, group, float(observed), replicated)
        rows.append({**row, "fails": _fails(row, {name, panel, f"{LOOKED_AT}{name}"} & failed)})
    return with_method(pl.DataFrame(rows, infer_schema_length=None), run)


def _fails(row: Mapping[str, Any], checks: Collection[str]) -> bool:
    """Whether a figure is one that failed checks are of: many share one, not all are outside."""
    return bool(checks) and not row["lower"] <= row["observed"] <= row["upper"]


def _panels(design: Design) -> Iterator[tuple[str, str, str, str]]:
    """Yield panel, unit and group of each figure that is drawn, and its name."""
    outcome = outcome_of(design)
    share = f"share of {outcome.noun}s"
    alone = list(_of_single_posts(outcome))
    # The bin of counts of 0 is what the first of these tells.
    first = [alone.pop(0)[-1]] if isinstance(outcome, Count) else []
    named = [*first, *(part.name for part in bins(design)[len(first) :])]
    for part, name in zip(bins(design), named, strict=True):
        yield f"{share} by {outcome.told}", share, part.text, name
    yield from alone
    # Of yes or no the bins say all that there is to say of all posts.
    if not isinstance(outcome, YesNo):
        yield outcome.all_together, outcome.unit, "all", outcome.overall
    for column, group in told_by(design):
        for level in group.levels:
            yield outcome.by_level(column), outcome.unit, level, outcome.of_level(column, level)
    for fifth in fifths(design):
        yield outcome.by_level(fifth.feature), outcome.unit, fifth.text, fifth.name


def _of_single_posts(outcome: Outcome) -> Iterator[tuple[str, str, str, str]]:
    for name in outcome.statistics():
        if name.startswith(f"{outcome.noun}s "):
            share = f"share of {outcome.noun}s"
            yield share, share, name.removeprefix(f"{outcome.noun}s "), name
        elif name.startswith("spread of "):
            yield name.split(" (")[0], "standard deviation", "all", name
        else:
            yield f"{outcome.column} of single {outcome.noun}s", outcome.column, name, name


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
