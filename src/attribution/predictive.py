"""Figures of the conversions that a good model reproduces, of observed and of replicated posts.

A figure needs all posts of a replication but few replications at once, so that a large table's
replications are never in memory together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from attribution.design.types import Design, Floats, Integers, Truths

if TYPE_CHECKING:
    import xarray as xr

TOTAL = "total conversions"
BIN = "posts with conversions of "
LATE = "share of conversions on posts soon followed by another"
FOLLOWED = 0.25
"""Share of posts, those that keep fewest of their own orders, that tell whether orders come as late
as the join says. Tried on the samples with delays stretched 0.2, 0.5, 2 and 3 times: the check's p
was below 0.001, 0.012, 0.016 and 0.004; with the learnt delays 0.64."""

STATISTICS: Mapping[str, Callable[[Floats], Floats]] = {
    "posts without conversions": lambda y: np.mean(y == 0, axis=1),
    "spread (standard deviation)": lambda y: np.std(y, axis=1),
    "90th percentile": lambda y: np.quantile(y, 0.9, axis=1),
    "largest post": lambda y: np.max(y, axis=1),
}
"""Name -> figure of each row of conversions; (replication, post) -> (replication,)."""


def figures(design: Design, conversions: Floats | Integers) -> dict[str, Floats]:
    """Return every figure of each row of conversions.

    Parameters
    ----------
    design
        What the posts are: their groups, and how late orders come.
    conversions
        Shape (replication, post).

    Returns
    -------
    dict
        Name -> (replication,): those of ``STATISTICS``, the total, the totals of groups, the share
        on posts that another followed soonest, the share of posts in each bin of conversions.
    """
    y = np.asarray(conversions, dtype=np.float64)
    out = {name: np.asarray(statistic(y)) for name, statistic in STATISTICS.items()}
    out[TOTAL] = y.sum(axis=1)
    for column, level, name in totals(design):
        out[name] = y[:, design.groups[column].index == level].sum(axis=1)
    followed = _followed(design)
    if followed is not None:
        # The share, not the number: what all posts have in common would only blur it.
        out[LATE] = y[:, followed].sum(axis=1) / np.maximum(out[TOTAL], 1.0)
    for low, high, name in bins(design):
        out[name] = np.mean((y >= low) & (y <= high), axis=1)
    return out


def figures_dataset(
    design: Design, posterior: dict[str, Floats], prior: dict[str, Floats] | None
) -> xr.Dataset:
    """Return figures of observed and replicated conversions as one dataset.

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


def totals(design: Design) -> Iterator[tuple[str, int, str]]:
    """Yield column, position of the level and name of each group's total; creators aside."""
    for column, group in design.groups.items():
        if column != "creator_id":
            for k, level in enumerate(group.levels):
                yield column, k, f"conversions of {column} {level}"


def bins(design: Design) -> Iterator[tuple[int, int, str]]:
    """Yield least, most and name of 0, 1, 2 to 3, 4 to 7 … up to the largest observed count."""
    for low, high in _powers(max(int(design.outcome.max()), 1)):
        span = f"{low:,}" if low == high else f"{low:,} to {high:,}"
        yield low, high, f"{BIN}{span}"


def _powers(largest: int) -> Sequence[tuple[int, int]]:
    found, low = [(0, 0)], 1
    while low <= largest:
        found.append((low, 2 * low - 1))
        low *= 2
    return found


def _followed(design: Design) -> Truths | None:
    """Which posts keep fewest of their own orders; None where that is no matter."""
    if design.sources is None:
        return None
    own = design.sources.weight[:, 0]
    here = own <= np.quantile(own, FOLLOWED)
    return None if here.all() else here
