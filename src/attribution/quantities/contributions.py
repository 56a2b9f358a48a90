"""Which part of the observed orders came through reach, likes and comments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from attribution import forward
from attribution.design.types import Design, Floats
from attribution.draws import Draws, blocks, n_draws
from attribution.errors import InputError, Problem
from attribution.outcomes import ORDERS
from attribution.quantities.estimates import INTERVAL, PROBABILITY, THESE, summarise
from attribution.quantities.grouping import Grouping, groupings
from attribution.quantities.method import with_method
from attribution.spec.model import RatesMean

if TYPE_CHECKING:
    from attribution.run import Run


def contributions(run: Run, by: str | Sequence[str] = "total") -> pl.DataFrame:
    """Split the observed orders by part; the parts add up to them in every draw.

    Given y orders credited to a post, those that came through each part are multinomial with
    shares part / mean (superposition of Poisson streams that share their gamma mixing), so y
    times the share is their expectation. Where orders of several posts land on one, each of
    these posts counts with its expected orders, whatever luck it had.

    Parameters
    ----------
    run
        A run of a rates mean; a regression's parts multiply and have no such split.
    by
        ``total``, ``tier``, ``creator``, ``campaign`` or ``post``; or several, whose rows come one
        below the other.

    Returns
    -------
    pl.DataFrame
        One row per group and part: credited orders (mean, sd, median, equal-tailed 89 %
        interval), their share of the group's observed orders, ESS and Monte Carlo error, and
        ``method``: ``nuts`` or ``approximate``.

    Raises
    ------
    InputError
        For a model without parts, or when the table lacks the column.
    """
    design = run.design
    mean = design.spec.mean
    if not isinstance(mean, RatesMean):
        raise InputError(_no_parts(design))
    by_each = groupings(design, by)
    tables = [
        _table(design, grouping, mean.parts, draws, run.manifest.chains)
        for grouping, draws in zip(by_each, credited(design, run.thinned, by_each), strict=True)
    ]
    return with_method(pl.concat(tables), run)


def _no_parts(design: Design) -> Problem:
    outcome = design.spec.outcome.column
    orders = outcome == ORDERS
    why = "its parts multiply" if orders else f"it does not split {outcome!r} into parts"
    return Problem(
        f"the model {design.spec.name!r} has no contributions: {why}",
        expected='a run of a model whose mean has form = "rates", such as additive',
        hint="`attribution effects` says what likes and comments are worth in this run."
        if orders
        else "`attribution parameters` tells the numbers of this model.",
    )


def credited(design: Design, draws: Draws, by: Sequence[Grouping]) -> list[Floats]:
    """Observed orders credited to each part, by each grouping in one walk over the draws.

    Returns
    -------
    list
        Of each grouping, sums by group; (draw, group, part).
    """
    parts = len(design.signals)
    members = [grouping.members(design.outcome.astype(np.float64)) for grouping in by]
    out = [np.empty((n_draws(draws), member.shape[0], parts)) for member in members]
    for block in blocks(draws, len(design.outcome)):
        landed = forward.landed(design, forward.expected_parts(design, block.draws))
        share = landed / landed.sum(axis=2, keepdims=True)
        by_post = share.transpose(1, 0, 2).reshape(len(design.outcome), -1)
        for member, sums in zip(members, out, strict=True):
            added = (member @ by_post).reshape(member.shape[0], -1, parts)
            sums[block.where] = added.transpose(1, 0, 2)
    return out


def _table(
    design: Design, grouping: Grouping, parts: Sequence[str], draws: Floats, chains: int
) -> pl.DataFrame:
    numbers = summarise(draws.reshape(len(draws), -1).T, chains)
    labels = [(group, part) for group in grouping.names for part in parts]
    total = np.repeat(grouping.total(design.outcome.astype(np.float64)), len(parts))
    share = {
        f"share_{name}": np.divide(
            numbers.get_column(name).to_numpy(),
            total,
            out=np.full(len(total), np.nan),
            where=total > 0,
        )
        for name in ("mean", "lower", "upper")
    }
    frame = pl.DataFrame(
        {
            "by": [grouping.by] * len(labels),
            "group": [group for group, _ in labels],
            "part": [part for _, part in labels],
            "population": [THESE] * len(labels),
            "unit": ["credited orders"] * len(labels),
            "observed": total.astype(np.int64),
            "interval": [INTERVAL] * len(labels),
            "prob": [PROBABILITY] * len(labels),
            **share,
        }
    ).with_columns(pl.col("share_mean", "share_lower", "share_upper").fill_nan(None))
    joined = pl.concat([frame, numbers], how="horizontal")
    first = ["by", "group", "part", "population", "unit", "observed"]
    middle = ["mean", "sd", "median", "lower", "upper", "share_mean", "share_lower", "share_upper"]
    return joined.select(*first, *middle, "interval", "prob", "ess_bulk", "ess_tail", "mcse_mean")
