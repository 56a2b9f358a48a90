"""Expected outcome of a post against each column of numbers, group by group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from attribution import forward
from attribution.design.types import Design, Floats, dim
from attribution.draws import Draws, thin
from attribution.quantities.counterfactual import Step, counted_posts, walk
from attribution.quantities.drivers import Number, drivers, reporting_column
from attribution.quantities.estimates import INTERVAL, PROBABILITY
from attribution.quantities.method import with_method
from attribution.quantities.outcome_words import told, weights
from attribution.quantities.totals import membership, rate_term, shown_mask
from attribution.spec.columns import signals as signal_columns
from attribution.spec.halo import HaloMean
from attribution.spec.model import RatesMean

if TYPE_CHECKING:
    from attribution.run import Run

DRAWS = 500
POINTS = 21
SCHEMA = {
    "signal": pl.String,
    "tier": pl.String,
    "by": pl.String,
    "outcome": pl.String,
    "unit": pl.String,
    "population": pl.String,
    "x": pl.Float64,
    "median": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "interval": pl.String,
    "prob": pl.Float64,
    "observed_low": pl.Float64,
    "observed_high": pl.Float64,
}

MOST_POSTS = 10_000
"""Posts of a tier that its curves are told of; of more than these, a random sample of so many."""

RANGE = (0.05, 0.95)
"""Quantiles of a tier's signal between which its curve is told."""


def response_table(run: Run) -> pl.DataFrame:
    """Return the expected outcome of a group's posts if each had the same value of a column.

    One curve for every column of numbers that the expected outcome depends on, and each group that
    the model reports by. Averages over the group's observed posts, everything else as it was; of
    orders wherever they land. Hidden signals enter at the draws of the posterior. Of a group with
    more than ``MOST_POSTS`` posts a random sample of so many stands for all, by the ratio of the
    outcome to exposure (Cochran 1977, chapter 6): with orders per exposure that vary as much as
    their mean, the level of a curve is then 1 % off, its shape hardly at all.

    Returns
    -------
    pl.DataFrame
        signal (the column), tier (the group), by (what groups are), outcome (in words), unit,
        population, x (the column's value), median, lower, upper (equal-tailed), interval, prob,
        observed_low and observed_high (the group's 5th and 95th percentile).
    """
    design, draws = run.design, thin(run.draws, DRAWS)
    rates = isinstance(design.spec.mean, RatesMean)
    term = rate_term(design) if rates else None
    column = (term.by if term else None) if rates else reporting_column(design)
    groups, member = membership(design, column)
    first = 0 if len(groups) == 1 else 1
    words = told(design)
    frames = [
        _curve(design, draws, signal, groups[g], member[:, g]).with_columns(
            by=pl.lit(dim(column) if column else "group"),
            outcome=pl.lit(words.what),
            unit=pl.lit(words.unit),
            population=pl.lit(words.population),
        )
        for signal in _columns(design)
        for g in range(first, len(groups))
        if _is_shown(design, signal, member[:, g])
    ]
    table = pl.concat(frames) if frames else pl.DataFrame(schema=SCHEMA)
    return with_method(table.select(SCHEMA.keys()), run)


def _columns(design: Design) -> tuple[str, ...]:
    """Return the columns that curves are told of."""
    if isinstance(design.spec.mean, HaloMean):
        return ()
    if isinstance(design.spec.mean, RatesMean):
        return signal_columns(design.spec)
    return tuple(d.column for d in drivers(design) if isinstance(d, Number))


def _is_shown(design: Design, signal: str, member: Floats) -> bool:
    """Whether some post of a group shows what its curve is made from."""
    rates = isinstance(design.spec.mean, RatesMean)
    columns = (signal,) if rates else signal_columns(design.spec)
    return bool(np.any(member * shown_mask(design, columns).all(axis=1)))


def _curve(design: Design, draws: Draws, signal: str, group: str, member: Floats) -> pl.DataFrame:
    values = design.table.get_column(signal).cast(pl.Float64).to_numpy()[member > 0]
    low, high = np.nanquantile(values, RANGE)
    x = _grid(float(low), float(high))
    design, member, scale = _some(design, member)
    means = scale * (
        _rates_curve(design, draws, signal, member, x)
        if isinstance(design.spec.mean, RatesMean)
        else _linear_curve(design, draws, signal, member, x)
    )
    tail = (1.0 - PROBABILITY) / 2.0
    lower, median, upper = np.quantile(means, [tail, 0.5, 1.0 - tail], axis=0)
    return pl.DataFrame({"x": x, "median": median, "lower": lower, "upper": upper}).with_columns(
        signal=pl.lit(signal),
        tier=pl.lit(group),
        interval=pl.lit(INTERVAL),
        prob=pl.lit(PROBABILITY),
        observed_low=pl.lit(float(low)),
        observed_high=pl.lit(float(high)),
    )


def _grid(low: float, high: float) -> Floats:
    """Return where a curve is told: closer together near 0, evenly where values are below it."""
    if low < 0:
        return np.linspace(low, high, POINTS)
    return np.expm1(np.linspace(np.log1p(low), np.log1p(high), POINTS))


def _some(design: Design, member: Floats) -> tuple[Design, Floats, float]:
    """Return the posts of a group, a sample if they are many, and what to scale the outcome by.

    Where a signal is hidden, all posts of all groups.
    """
    if design.hidden is not None:
        return design, member, 1.0
    rows = np.flatnonzero(member)
    if len(rows) > MOST_POSTS:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST_POSTS, replace=False))
    scale = (design.exposure @ member) / member.sum() / design.exposure[rows].mean()
    return forward.at_posts(design, rows), np.ones(len(rows)), float(scale)


def _rates_curve(design: Design, draws: Draws, signal: str, member: Floats, x: Floats) -> Floats:
    """Average over posts of the other parts plus the signal's rate times x; (draw, x)."""
    part = list(design.signals).index(signal)
    here, first, count = forward.cells(design)
    weight = member[first] / member.sum()
    parts = forward.expected_parts(here, draws)
    others = (parts.sum(axis=2) - parts[:, :, part]) @ weight
    rate = forward.unit_rates(here, draws)[:, part]
    return np.asarray(others[:, None] + (rate @ (count * weight))[:, None] * x)


def _linear_curve(design: Design, draws: Draws, signal: str, member: Floats, x: Floats) -> Floats:
    """Average expected outcome over the posts that show all signals, the signal set to x."""
    steps = [Step({signal: pl.lit(float(value))}) for value in x]
    walked = walk(design, draws, steps, member[:, None])
    total = (counted_posts(design, steps[0]) * weights(design)) @ member
    after = [before + gain for before, gain in zip(walked.before, walked.gains, strict=True)]
    return np.concatenate(after, axis=1) / float(total)
