"""Kinds of outcome: counts, shares of trials, yes or no, numbers, amounts above 0.

A kind says which figures of its outcomes a good model reproduces, how each is called, and how posts
are binned by their outcome. The names stand in every run.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from attribution.design.types import Design, Floats, Truths
from attribution.rounding import edges, percents, spans

ORDERS = "conversions"
"""The outcome that is orders of posts, whatever else a table may hold."""

Statistics = Mapping[str, Callable[[Floats], Floats]]
"""Name -> figure of each row of outcomes; (replication, post) -> (replication,)."""

SPREAD = "spread (standard deviation)"


@dataclass(frozen=True)
class Bin:
    """Posts by what is told of their outcome: at least ``low``, less than ``below``.

    ``text`` says which, such as ``2 to 3``, after ``start``, such as ``posts with conversions of``.
    """

    low: float
    below: float
    text: str
    start: str

    @property
    def name(self) -> str:
        """Name of the share of posts in the bin."""
        return f"{self.start}{self.text}"


@dataclass(frozen=True)
class Outcome(ABC):
    """An outcome of one kind.

    Parameters
    ----------
    column
        What the model explains.
    noun
        What a row of the table is called: ``post``, or ``row`` where posts have no names.
    """

    column: str
    noun: str

    @property
    def is_orders(self) -> bool:
        """Whether the outcome is orders credited to posts."""
        return self.column == ORDERS

    @property
    @abstractmethod
    def overall(self) -> str:
        """Name of the figure of all posts together."""

    @property
    def told(self) -> str:
        """Words for what is told of a post, which bins are of."""
        return self.column

    @property
    def unit(self) -> str:
        """Unit of figures of some posts together."""
        return self.told

    @property
    def all_together(self) -> str:
        """Words for the figure of all posts together, as the title of a panel."""
        return self.overall

    @property
    def figure(self) -> str:
        """What the figure of some posts together is called, such as ``average log_radon``."""
        return self.overall

    def of_level(self, column: str, level: str) -> str:
        """Return the name of the figure of the posts of one level: ``… of tier nano``."""
        return f"{self.figure} of {column} {level}"

    def by_level(self, column: str) -> str:
        """Return words for the figures of all levels of a column: ``… by tier``."""
        return f"{self.figure} by {column}"

    def together(self, y: Floats, some: Truths | slice) -> Floats:
        """Return the figure of some posts together, their average unless it is another one.

        (replication, post) -> (replication,).
        """
        return y[:, some].mean(axis=1)

    @abstractmethod
    def statistics(self) -> Statistics:
        """Return the figures of posts one by one."""

    @abstractmethod
    def bins(self, observed: Floats) -> list[Bin]:
        """Return bins that hold every outcome; from those observed, (post,)."""

    def tell(self, y: Floats) -> Floats:
        """Return what bins are of, from outcomes; (…, post)."""
        return y

    def even(self, y: Floats) -> Floats:
        """Return outcomes on a scale on which no single large one decides; (…, post)."""
        return y


@dataclass(frozen=True)
class Count(Outcome):
    """Counts without an upper end."""

    @property
    def overall(self) -> str:
        """Return e.g. ``total conversions``."""
        return f"total {self.column}"

    @property
    def all_together(self) -> str:
        """Return e.g. ``conversions in total``."""
        return f"{self.column} in total"

    @property
    def figure(self) -> str:
        """Return e.g. ``conversions``."""
        return self.column

    def together(self, y: Floats, some: Truths | slice) -> Floats:
        """Return totals."""
        return y[:, some].sum(axis=1)

    def statistics(self) -> Statistics:
        """Return how many are 0, how they spread, and how large the large ones are."""
        none = f"without {self.column}" if self.is_orders else f"where {self.column} is 0"
        largest = self.noun if self.is_orders else self.column
        return {
            f"{self.noun}s {none}": lambda y: np.mean(y == 0, axis=1),
            SPREAD: lambda y: np.std(y, axis=1),
            "90th percentile": lambda y: np.quantile(y, 0.9, axis=1),
            f"largest {largest}": lambda y: np.max(y, axis=1),
        }

    def even(self, y: Floats) -> Floats:
        """Return ln(1 + count)."""
        return np.log1p(y)

    def bins(self, observed: Floats) -> list[Bin]:
        """Return 0, 1, 2 to 3, 4 to 7 … up to the largest observed count."""
        found, low = [self._bin(0, 0)], 1
        while low <= max(int(observed.max()), 1):
            found.append(self._bin(low, 2 * low - 1))
            low *= 2
        return found

    def _bin(self, low: int, high: int) -> Bin:
        text = f"{low:,}" if low == high else f"{low:,} to {high:,}"
        return Bin(low, high + 1, text, f"{self.noun}s with {self.column} of ")


@dataclass(frozen=True)
class Share(Outcome):
    """Counts out of a number of trials; ``trials`` is their column, ``of`` its values, (post,)."""

    trials: str
    of: Floats

    @property
    def told(self) -> str:
        """Return e.g. ``n / N``."""
        return f"{self.column} / {self.trials}"

    @property
    def overall(self) -> str:
        """Return e.g. ``overall share n / N``."""
        return f"overall share {self.told}"

    @property
    def figure(self) -> str:
        """Return e.g. ``share n / N``."""
        return f"share {self.told}"

    def together(self, y: Floats, some: Truths | slice) -> Floats:
        """Return shares of all trials of the posts; not a number where there is no trial."""
        trials = float(self.of[some].sum())
        return y[:, some].sum(axis=1) / (trials if trials > 0 else np.nan)

    def statistics(self) -> Statistics:
        """Return how shares spread, and at how many posts no trial or every trial succeeds."""
        tried = self.of > 0
        return {
            "spread of shares (standard deviation)": lambda y: np.std(
                y[:, tried] / self.of[tried], axis=1
            ),
            f"{self.noun}s with none of {self.trials}": lambda y: np.mean(y[:, tried] == 0, axis=1),
            f"{self.noun}s with all of {self.trials}": lambda y: np.mean(
                y[:, tried] == self.of[tried], axis=1
            ),
        }

    def tell(self, y: Floats) -> Floats:
        """Return shares; 0 where there is no trial."""
        return y / np.maximum(self.of, 1.0)

    def bins(self, observed: Floats) -> list[Bin]:
        """Return tenths, or where shares lie closer together rounder parts of their range."""
        ends = [edge for edge in edges(self.tell(observed)) if 0.0 < edge < 1.0]
        return _between(ends, percents(ends), f"{self.noun}s with a share {self.told} of ")


@dataclass(frozen=True)
class YesNo(Outcome):
    """1 or 0."""

    @property
    def overall(self) -> str:
        """Return e.g. ``share where switch is 1``."""
        return f"share where {self.column} is 1"

    @property
    def unit(self) -> str:
        """Return the share."""
        return self.overall

    def statistics(self) -> Statistics:
        """Return nothing: how 0 and 1 spread follows from the share of 1."""
        return {}

    def bins(self, observed: Floats) -> list[Bin]:  # noqa: ARG002
        """Return both outcomes."""
        return [Bin(k, k + 1, str(k), f"{self.noun}s where {self.column} is ") for k in (0, 1)]


@dataclass(frozen=True)
class Number(Outcome):
    """Numbers of either sign."""

    by_factor: ClassVar[bool] = False
    """Whether bins may be of a round factor, where numbers differ manyfold."""

    @property
    def overall(self) -> str:
        """Return e.g. ``average log_radon``."""
        return f"average {self.column}"

    def statistics(self) -> Statistics:
        """Return how numbers spread and where they end."""
        return {SPREAD: lambda y: np.std(y, axis=1), **self._ends()}

    def _ends(self) -> Statistics:
        return {
            "10th percentile": lambda y: np.quantile(y, 0.1, axis=1),
            "90th percentile": lambda y: np.quantile(y, 0.9, axis=1),
            f"smallest {self.column}": lambda y: np.min(y, axis=1),
            f"largest {self.column}": lambda y: np.max(y, axis=1),
        }

    def bins(self, observed: Floats) -> list[Bin]:
        """Return bins of a round width, or factor, between the ends of most of the numbers."""
        ends = edges(observed, by_factor=self.by_factor)
        return _between(ends, spans(ends), f"{self.noun}s with {self.column} of ")


@dataclass(frozen=True)
class Amount(Number):
    """Numbers above 0: their spread is that of the logarithm, which no single large one decides."""

    by_factor: ClassVar[bool] = True

    def statistics(self) -> Statistics:
        """Return how amounts spread and where they end."""
        name = f"spread of ln({self.column}) (standard deviation)"
        return {name: lambda y: np.std(self.even(y), axis=1), **self._ends()}

    def even(self, y: Floats) -> Floats:
        """Return logarithms."""
        return np.log(np.maximum(y, np.finfo(np.float64).tiny))


def _between(ends: Sequence[float], texts: Sequence[str], start: str) -> list[Bin]:
    """Return the bins between ends, those beyond the first and the last included."""
    limits = [-np.inf, *ends, np.inf]
    return [
        Bin(low, below, text, start)
        for low, below, text in zip(limits[:-1], limits[1:], texts, strict=True)
    ]


def outcome_of(design: Design) -> Outcome:
    """Return the outcome of a design, of its kind."""
    family, column = design.family, design.spec.outcome.column
    noun = noun_of(design.table, column)
    if design.trials is not None:
        return Share(column, noun, str(design.spec.outcome.trials), design.trials)
    if family.is_share:
        return YesNo(column, noun)
    if family.is_count:
        return Count(column, noun)
    return Number(column, noun) if family.low is None else Amount(column, noun)


def noun_of(table: pl.DataFrame, outcome: str) -> str:
    """Return what a row is called: ``post``, ``day``, or ``row``.

    A day where its name is the day, a row where its name is its number and it has no orders.
    """
    if outcome == ORDERS:
        return "post"
    if "day" in table.columns and (table["day"].cast(pl.String) == table["post_id"]).all():
        return "day"
    numbers = table.get_column("post_id").cast(pl.Int64, strict=False)
    numbered = numbers.null_count() == 0 and bool((numbers.diff().drop_nulls() > 0).all())
    return "row" if numbered else "post"
