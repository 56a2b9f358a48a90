"""Claims of the form "so many times as much": how probable a ratio above a threshold is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from attribution.errors import InputError, Problem
from attribution.quantities.estimates import Quantity

CLAIM = 1.6
"""Ratio that is asked of where none is: "micro-influencers have 60 % higher engagement rates" is
repeated everywhere, without a source."""

USUAL = "engagement_rate_ratio_by_"
"""What is asked of without being told."""


def claims(found: Sequence[Quantity], ratio: float | None) -> Iterator[Quantity]:
    """Yield how probable it is that ratios between groups are above a threshold.

    Parameters
    ----------
    found
        Among others, ratios of groups.
    ratio
        The threshold, for every ratio; None for that of :data:`CLAIM`, for engagement rates.

    Raises
    ------
    InputError
        Where a threshold was asked for and there are no ratios.
    """
    threshold = CLAIM if ratio is None else ratio
    asked = [q for q in found if q.scope == "contrast" and q.unit == "ratio"]
    if ratio is not None and not asked:
        what = "this model tells no ratios between groups"
        raise InputError(Problem(what, key="ratio", hint="Fit a model with tiers, such as funnel"))
    for q in asked:
        if ratio is not None or q.quantity.startswith(USUAL):
            yield replace(
                q,
                quantity=f"{q.quantity}_above_{threshold:g}",
                label=f"{q.label.removesuffix(': ratio')}, a claim: {threshold:g} times",
                threshold=threshold,
                statement=f"P(> {threshold:g})",
                words=("supported", "not supported"),
            )


def check_ratio(ratio: float | None) -> None:
    """Raise where a threshold is no ratio.

    Raises
    ------
    InputError
        With what it may be.
    """
    if ratio is not None and not (np.isfinite(ratio) and ratio > 0.0):
        problem = Problem("a ratio is a number above 0", key="ratio", value=f"{ratio:g}")
        raise InputError(problem)
