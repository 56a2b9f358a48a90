"""How effects on the expected outcome are told: words, unit, weights and population."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution.design.types import Design, Floats
from attribution.outcomes import ORDERS, noun_of
from attribution.quantities.estimates import THESE


@dataclass(frozen=True)
class Told:
    """Words for the expected outcome of one post.

    Parameters
    ----------
    column
        The outcome.
    what
        What it is an amount of, such as ``orders`` or ``probability of switch``.
    one
        What a row is called: ``post`` or ``row``.
    unit
        Unit of an average, a difference or a slope.
    weighting
        What an average weighs.
    population
        Whom the numbers are about.
    positive
        Whether it is never negative, so that ratios mean something.
    """

    column: str
    what: str
    one: str
    unit: str
    weighting: str
    population: str
    positive: bool

    @property
    def is_orders(self) -> bool:
        """Whether the outcome is orders of posts."""
        return self.column == ORDERS

    @property
    def each(self) -> str:
        """One unit of it, as in ``per expected order``."""
        return "order" if self.is_orders else self.column

    def more(self, column: str) -> tuple[str, str]:
        """Return what to say where more of a column goes with more, and with less, of it."""
        if self.is_orders:
            return f"more {column} go with more orders", f"more {column} go with fewer orders"
        return self._goes(f"higher {column}", f"higher {self.what}", f"lower {self.what}")

    def yes(self, column: str) -> tuple[str, str]:
        """Return what to say where 1 in a column goes with more, and with less, of it."""
        if self.is_orders:
            return self._goes(f"{column} 1", "more orders", "fewer orders")
        return self._goes(f"{column} 1", f"higher {self.what}", f"lower {self.what}")

    @staticmethod
    def _goes(start: str, up: str, down: str) -> tuple[str, str]:
        return f"{start} goes with {up}", f"{start} goes with {down}"


def told(design: Design) -> Told:
    """Return the words of a design's outcome."""
    outcome, family = design.spec.outcome, design.family
    noun, column, link = noun_of(design.table, outcome.column), outcome.column, design.spec.mean
    creators = "creator_id" in design.table.columns
    what, unit, weighting = column, f"{column} per {noun}", f"per {noun}"
    if outcome.trials is not None:
        what = unit = f"{column} per {outcome.trials}"
        weighting = f"per {outcome.trials}"
    elif family.is_share:
        what, unit = f"probability of {column}", "probability"
    elif column == ORDERS:
        what, unit = "orders", "orders per post"
    elif not family.is_count:
        unit = column
    return Told(
        column=column,
        what=what,
        one=noun,
        unit=unit,
        weighting=weighting,
        population=THESE if creators or column == ORDERS else f"these {noun}s",
        positive=family.low is not None or getattr(link, "link", "log") == "log",
    )


def weights(design: Design) -> Floats:
    """Return what a post counts in averages: its trials, or 1; (post,)."""
    return np.ones(len(design.outcome)) if design.trials is None else design.trials
