"""Daily sales beside what the model makes of them, and how effects wear off, for a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from attribution import forward
from attribution.design.halo import Halo
from attribution.design.types import Design, Floats
from attribution.draws import Draws, thin
from attribution.errors import InputError, Problem
from attribution.quantities.estimates import INTERVAL, PROBABILITY
from attribution.quantities.halo import POPULATION, halo_quantities, weights
from attribution.quantities.method import with_method
from attribution.spec.halo import HaloMean

if TYPE_CHECKING:
    from attribution.run import Run

DRAWS = 1000
"""Draws that curves are told from."""

BASELINE, ALL_SALES, POSTS = "without posts", "with posts", "through posts"
DAYS, DECAY = "days", "decay"


def halo_table(run: Run) -> pl.DataFrame:
    """Return observed and expected sales day by day, and the curve by which effects wear off.

    Returns
    -------
    pl.DataFrame
        panel (``days`` or ``decay``), day, lag (days after the post), series (``without posts``,
        ``with posts``, ``through posts``; of the decay null), observed, mean, median, lower, upper
        (equal-tailed; of the decay the share of the effect that is still to come when the day
        begins), interval, prob, population, outcome; share, share_lower, share_upper, answer:
        the share of sales through posts.

    Raises
    ------
    InputError
        For a model that is no halo model.
    """
    design, mean = run.design, run.design.spec.mean
    if not isinstance(mean, HaloMean) or design.halo is None:
        raise InputError(Problem("only a halo model has a halo to draw"))
    draws = thin(run.draws, DRAWS)
    share = halo_quantities(design, draws)[0]
    lower, median, upper = _quantiles(share.draws[:, None])
    table = pl.concat(
        [_days(design, mean, draws), _decay(mean, design.halo, draws)], how="diagonal"
    )
    return with_method(
        table.with_columns(
            population=pl.lit(POPULATION),
            outcome=pl.lit(design.spec.outcome.column),
            share=pl.lit(float(median[0])),
            share_lower=pl.lit(float(lower[0])),
            share_upper=pl.lit(float(upper[0])),
            answer=pl.lit(share.answer),
            interval=pl.lit(INTERVAL),
            prob=pl.lit(PROBABILITY),
        ),
        run,
    )


def _days(design: Design, mean: HaloMean, draws: Draws) -> pl.DataFrame:
    base, posts = forward.baseline(design, draws), forward.carried(design, draws).sum(axis=2)
    day = _dates(design.table.get_column(mean.day))
    series = {BASELINE: base, ALL_SALES: base + posts, POSTS: posts}
    frames = [
        _told(values).with_columns(day=day, series=pl.lit(name)) for name, values in series.items()
    ]
    observed = pl.Series("observed", design.outcome, dtype=pl.Float64)
    return pl.concat([frame.with_columns(observed) for frame in frames]).select(
        pl.lit(DAYS).alias("panel"), "day", "series", "observed", *_NUMBERS
    )


def _dates(column: pl.Series) -> pl.Series:
    """Return days as dates; those that are numbers count from the first of January 1970."""
    return column.str.to_date() if column.dtype == pl.String else column.cast(pl.Date)


def _decay(mean: HaloMean, halo: Halo, draws: Draws) -> pl.DataFrame:
    left = 1.0 - np.cumsum(weights(mean, halo, draws), axis=1)
    whole = np.ones((len(left), 1))
    lags = pl.Series("lag", np.arange(mean.days + 1))
    return _told(np.concatenate([whole, left], axis=1)).select(
        pl.lit(DECAY).alias("panel"), lags, *_NUMBERS
    )


_NUMBERS = ("mean", "median", "lower", "upper")


def _told(values: Floats) -> pl.DataFrame:
    lower, median, upper = _quantiles(values)
    of = {"mean": values.mean(axis=0), "median": median, "lower": lower, "upper": upper}
    return pl.DataFrame(of)


def _quantiles(values: Floats) -> Floats:
    tail = (1.0 - PROBABILITY) / 2.0
    return np.asarray(np.quantile(values, [tail, 0.5, 1.0 - tail], axis=0))
