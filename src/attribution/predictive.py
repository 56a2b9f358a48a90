"""Figures of the outcome that a good model reproduces, of observed and of replicated posts.

A figure needs all posts of a replication but few replications at once, so that a large table's
replications are never in memory together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.design.types import Design, Floats, GroupIndex, Integers, Truths
from attribution.outcomes import Bin, YesNo, outcome_of
from attribution.rounding import ranges_in_words

if TYPE_CHECKING:
    import xarray as xr

LATE = "share of conversions on posts soon followed by another"
NEXT_DAY = "likeness of successive days (correlation)"
FOLLOWED = 0.25
"""Share of posts, those that keep fewest of their own orders, that tell whether orders come as late
as the join says. Tried on the samples with delays stretched 0.2, 0.5, 2 and 3 times: the check's p
was below 0.001, 0.012, 0.016 and 0.004; with the learnt delays 0.64."""

LOOKED_AT = "predictive check: "
"""What the name of a health check starts with that is of a figure of single posts."""

MANY_LEVELS = 60
"""Levels of a column from which they are not told one by one."""

FIFTHS = (0.2, 0.4, 0.6, 0.8)

NAMES_OF_ONE = ("creator_id", "post_id")
"""Columns whose levels are never told one by one."""


def figures(design: Design, outcomes: Floats | Integers) -> dict[str, Floats]:
    """Return every figure of each row of outcomes.

    Parameters
    ----------
    design
        What the posts are: their kind of outcome, their groups, and how late orders come.
    outcomes
        Shape (replication, post).

    Returns
    -------
    dict
        Name -> (replication,): those of the kind of outcome, that of all posts together, those of
        the levels of groups, those of fifths by features, the share on posts that another followed
        soonest, the share of posts in each bin. What a prior holds possible may be infinite, or
        not a number.
    """
    y, kind = np.asarray(outcomes, dtype=np.float64), outcome_of(design)
    with np.errstate(over="ignore", invalid="ignore"):
        out = {name: np.asarray(statistic(y)) for name, statistic in kind.statistics().items()}
        out[kind.overall] = kind.together(y, slice(None))
        for column, group in told_by(design):
            for k, level in enumerate(group.levels):
                out[kind.of_level(column, level)] = kind.together(y, group.index == k)
        for fifth in fifths(design):
            out[fifth.name] = kind.together(y, fifth.here)
        followed = _followed(design)
        if followed is not None:
            # The share, not the number: what all posts have in common would only blur it.
            total = np.maximum(y.sum(axis=1), 1.0)
            out[LATE] = y[:, followed].sum(axis=1) / total
        if design.halo is not None:
            today, tomorrow = design.halo.successive
            out[NEXT_DAY] = _correlation(y[:, today], y[:, tomorrow])
    told = kind.tell(y)
    for part in bins(design):
        out[part.name] = np.mean((told >= part.low) & (told < part.below), axis=1)
    return out


def figures_dataset(
    design: Design, posterior: dict[str, Floats], prior: dict[str, Floats] | None
) -> xr.Dataset:
    """Return figures of observed and replicated outcomes as one dataset.

    Returns
    -------
    xr.Dataset
        ``observed`` (figure,), ``posterior`` (replication, figure) and ``prior``
        (prior_replication, figure), which is left out where priors are flat.
    """
    import xarray as xr

    observed = figures(design, design.outcome[None])
    names = list(observed)
    return xr.Dataset(
        {
            "observed": (("figure",), [float(observed[name][0]) for name in names]),
            "posterior": (
                ("replication", "figure"),
                np.stack([posterior[name] for name in names], axis=1),
            ),
            **(
                {}
                if prior is None
                else {
                    "prior": (
                        ("prior_replication", "figure"),
                        np.stack([prior[name] for name in names], axis=1),
                    )
                }
            ),
        },
        coords={"figure": names},
    )


def told_by(design: Design) -> Iterator[tuple[str, GroupIndex]]:
    """Yield the columns whose levels are told one by one."""
    for column, group in design.groups.items():
        if column not in NAMES_OF_ONE and len(group.levels) < MANY_LEVELS:
            yield column, group


def too_many(design: Design) -> Iterator[tuple[str, GroupIndex]]:
    """Yield the columns with too many levels to be told one by one."""
    for column, group in design.groups.items():
        if column not in NAMES_OF_ONE and len(group.levels) >= MANY_LEVELS:
            yield column, group


@dataclass(frozen=True)
class Fifth:
    """A fifth of the posts by a feature: which feature, from where to where, and which posts."""

    feature: str
    text: str
    name: str
    here: Truths


def fifths(design: Design) -> Iterator[Fifth]:
    """Yield fifths of the posts by each feature, where the outcome is yes or no.

    There is nothing to look at post by post then, and a share that agrees overall may be wrong
    along a feature. Equal values stay together, so that of few values each has a part.
    """
    outcome = outcome_of(design)
    if not isinstance(outcome, YesNo):
        return
    for feature, centred in design.features.items():
        values = centred + design.feature_centres[feature]
        ends = np.unique(np.quantile(values, FIFTHS))
        part = np.searchsorted(ends, values, side="right")
        members = [part == k for k in np.unique(part)]
        ranges = [(float(values[here].min()), float(values[here].max())) for here in members]
        for here, text in zip(members, ranges_in_words(ranges), strict=True):
            yield Fifth(feature, text, outcome.of_level(feature, text), here)


def bins(design: Design) -> list[Bin]:
    """Return bins of posts by their outcome."""
    return outcome_of(design).bins(design.outcome.astype(np.float64))


def _correlation(x: Floats, y: Floats) -> Floats:
    """Return the correlation of two outcomes; (replication, pair) -> (replication,).

    0 where one of them does not vary.
    """
    x, y = (v - v.mean(axis=1, keepdims=True) for v in (x, y))
    spread = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    return np.divide((x * y).sum(axis=1), spread, out=np.zeros(len(x)), where=spread != 0)


def _followed(design: Design) -> Truths | None:
    """Which posts keep fewest of their own orders; None where that is no matter."""
    if design.sources is None:
        return None
    own = design.sources.weight[:, 0]
    here = own <= np.quantile(own, FOLLOWED)
    return None if here.all() else here
