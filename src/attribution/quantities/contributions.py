"""Which part of the observed orders came through reach, likes and comments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from attribution import forward
from attribution.design.types import Design, Floats, Integers
from attribution.draws import Draws, blocks, n_draws
from attribution.errors import InputError, Problem
from attribution.quantities.estimates import INTERVAL, PROBABILITY, THESE, summarise
from attribution.quantities.method import with_method
from attribution.spec.model import RatesMean

if TYPE_CHECKING:
    from attribution.run import Run

LEVELS = {
    "total": None,
    "tier": "tier",
    "creator": "creator_id",
    "campaign": "campaign",
    "post": "post_id",
}
"""What contributions and ROI can be told by, and the column that says it."""


def contributions(run: Run, by: str = "total") -> pl.DataFrame:
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
        ``total``, ``tier``, ``creator``, ``campaign`` or ``post``.

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
        raise InputError(
            Problem(
                f"the model {design.spec.name!r} has no contributions: its parts multiply",
                expected='a run of a model whose mean has form = "rates", such as additive',
                hint="`attribution effects` says what likes and comments are worth in this run.",
            )
        )
    groups, index = group_posts(design, by)
    draws = credited(design, run.thinned, index, len(groups))
    observed = np.bincount(index, weights=design.outcome, minlength=len(groups))
    table = _table(draws, groups, mean.parts, observed, by, run.manifest.chains)
    return with_method(table, run)


def group_posts(design: Design, by: str) -> tuple[tuple[str, ...], Integers]:
    """Return the groups to tell a quantity by, and each post's group; (post,).

    Raises
    ------
    InputError
        For an unknown ``by``, or a column that the table lacks.
    """
    if by not in LEVELS:
        raise InputError(
            Problem("cannot tell by this", key="by", value=by, expected=", ".join(LEVELS))
        )
    column = LEVELS[by]
    if column is None:
        return ("all",), np.zeros(len(design.outcome), dtype=np.int64)
    if column in design.groups:
        return design.groups[column].levels, design.groups[column].index
    if column not in design.table.columns:
        have = [name for name, c in LEVELS.items() if c is None or c in design.table.columns]
        raise InputError(
            Problem(f"the table has no {column}", key="by", value=by, expected=", ".join(have))
        )
    values = design.table.get_column(column).cast(pl.String).fill_null("(none)")
    levels = tuple(values.unique(maintain_order=True))
    position = {level: i for i, level in enumerate(levels)}
    return levels, np.asarray([position[v] for v in values], dtype=np.int64)


def credited(design: Design, draws: Draws, index: Integers, count: int) -> Floats:
    """Observed orders credited to each part, summed by group; shape (draw, group, part)."""
    parts = design.signals
    out = np.zeros((n_draws(draws), count, len(parts)))
    order = np.argsort(index, kind="stable")
    starts = np.searchsorted(index[order], np.arange(count))
    for block in blocks(draws, len(design.outcome)):
        landed = forward.landed(design, forward.expected_parts(design, block.draws))
        share = landed / landed.sum(axis=2, keepdims=True)
        orders = (design.outcome[None, :, None] * share)[:, order]
        out[block.where] = np.add.reduceat(orders, starts, axis=1)
    return out


def _table(
    draws: Floats,
    groups: Sequence[str],
    parts: Sequence[str],
    observed: Floats,
    by: str,
    chains: int,
) -> pl.DataFrame:
    numbers = summarise(draws.reshape(len(draws), -1).T, chains)
    labels = [(group, part) for group in groups for part in parts]
    total = np.repeat(observed, len(parts))
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
            "by": [by] * len(labels),
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
