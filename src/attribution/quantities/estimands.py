"""What is to be told of columns: the changes that each estimand needs, and how it is told.

Each is an average over the observed posts, draw by draw, of what the expected outcome becomes when
one column changes and all else stays as it is; never an effect at average values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from attribution.design.types import Design, Floats
from attribution.draws import Draws
from attribution.quantities.counterfactual import (
    Step,
    counted_posts,
    walk,
)
from attribution.quantities.estimates import Quantity
from attribution.quantities.outcome_words import Told, told, weights


@dataclass(frozen=True)
class Slice:
    """Posts that effects are told of: all, or a level of a column; ``scope`` as in the table."""

    scope: str
    group: str


@dataclass(frozen=True)
class Found:
    """What a walk found for one estimand.

    Parameters
    ----------
    told
        Words of the outcome.
    slices
        The posts that it is told of.
    before
        Expected outcomes added up before any change; (draw, slice).
    gains
        What each of its steps adds; each (draw, slice).
    total
        What the sums are to be divided by; (slice,), 0 where no post counts.
    """

    told: Told
    slices: Sequence[Slice]
    before: Floats
    gains: Sequence[Floats]
    total: Floats

    def shown(self) -> Iterator[tuple[int, Slice]]:
        """Yield the slices that some post counts in."""
        return ((g, s) for g, s in enumerate(self.slices) if self.total[g] > 0)


@dataclass(frozen=True)
class Estimand:
    """Something to be told of columns.

    Parameters
    ----------
    steps
        The changes that it needs.
    tell
        How it is told.
    more
        Which of the steps is a finite one of a number; None without any.
    """

    steps: tuple[Step, ...]
    tell: Callable[[Found], Iterator[Quantity]]
    more: Step | None = None


@dataclass(frozen=True)
class Sums:
    """Expected outcomes added up over slices, for averages and rates; (draw, slice)."""

    outcome: Floats
    quantities: list[Quantity]


def estimate(
    design: Design,
    draws: Draws,
    estimands: Sequence[Estimand],
    slices: Sequence[Slice],
    member: Floats,
) -> Sums:
    """Walk over the draws once, for all estimands.

    Parameters
    ----------
    design, draws
        Of any spec.
    estimands
        What is to be told.
    slices, member
        The posts that it is told of, and which posts are in each; (post, slice).
    """
    # A step that two estimands share is walked once.
    steps = {id(step): step for estimand in estimands for step in estimand.steps}
    walked = walk(design, draws, list(steps.values()), member)
    place = {key: k for k, key in enumerate(steps)}
    words, weight = told(design), weights(design)
    quantities: list[Quantity] = []
    for estimand in estimands:
        which = [place[id(step)] for step in estimand.steps]
        total = (counted_posts(design, estimand.steps[0]) * weight) @ member
        gains = [walked.gains[k] for k in which]
        quantities += estimand.tell(Found(words, slices, walked.before[which[0]], gains, total))
    return Sums(walked.outcome, quantities)


def averages(
    design: Design, outcome: Floats, slices: Sequence[Slice], member: Floats
) -> Iterator[Quantity]:
    """Average the expected outcome over slices; from its sums, (draw, slice)."""
    words, total = told(design), weights(design) @ member
    for g, where in enumerate(slices):
        if total[g] > 0:
            yield Quantity(
                quantity=f"average_{words.column}",
                label=f"Average {words.what}",
                scope=where.scope,
                group=where.group,
                population=words.population,
                weighting=words.weighting,
                unit=words.unit,
                draws=outcome[:, g] / total[g],
            )


def over(above: Floats, below: Floats) -> Floats:
    """Return ratios; of draws of a wide prior they may be infinite or undefined."""
    with np.errstate(all="ignore"):
        return np.asarray(above / below)


def stated(
    found: Found,
    where: Slice,
    name: str,
    label: str,
    draws: Floats,
    words: tuple[str, str],
    *,
    unit: str | None = None,
    weighting: str | None = None,
    threshold: float = 0.0,
) -> Quantity:
    """Return an effect with its statement, in the outcome's unit unless another is given."""
    return Quantity(
        quantity=name,
        label=label,
        scope=where.scope,
        group=where.group,
        population=found.told.population,
        weighting=weighting or found.told.weighting,
        unit=unit or found.told.unit,
        draws=draws,
        threshold=threshold,
        statement=f"P(> {threshold:.0f})",
        words=words,
    )


def stated_ratio(
    found: Found, where: Slice, name: str, label: str, draws: Floats, words: tuple[str, str]
) -> Quantity:
    """Return a ratio with the statement that it is above 1."""
    return stated(found, where, name, label, draws, words, unit="ratio", threshold=1.0)
