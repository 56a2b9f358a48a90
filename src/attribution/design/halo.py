"""What posts reached on the days before each: the arrays of a halo mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from attribution.spec.adstock import BEGINNING, Ages
from attribution.spec.halo import EFFECT

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Halo:
    """What posts reached before each day.

    Parameters
    ----------
    lags
        Reach on the day itself and on those before, in units in which the average of all parts
        over the table is that of the sales; part -> (post, lag).
    unit
        That unit: average sales per average reach of all parts.
    mix
        Each part's share of average reach; (part,).
    reach
        What the posts of each day of the fit reached; (post, part).
    days
        Number of each day, 0 for the table's first; (post,).
    ages
        Logarithms of the ages at which lags begin and end.
    """

    lags: Mapping[str, Floats]
    unit: float
    mix: Floats
    reach: Floats
    days: Integers
    ages: Ages

    def at(self, rows: Integers) -> Halo:
        """Return the same of some days."""
        lags = {part: values[rows] for part, values in self.lags.items()}
        return replace(self, lags=lags, reach=self.reach[rows], days=self.days[rows])

    @property
    def successive(self) -> tuple[Integers, Integers]:
        """Positions of days whose next day is in the fit too, and of that day; each (pair,)."""
        order = np.argsort(self.days)
        follow = np.diff(self.days[order]) == 1
        return order[:-1][follow], order[1:][follow]


class DrawnDays:
    """The days of a halo mean, for draws; see :class:`attribution.spec.halo.Days`.

    Parameters
    ----------
    halo
        What posts reached before each day.
    draws
        Draws by variable, draws first.
    """

    def __init__(self, halo: Halo, draws: Mapping[str, Floats]) -> None:
        self._halo, self._draws = halo, draws
        self.ages = halo.ages

    def value(self, name: str) -> Floats:
        """Return an unknown; (draw, 1)."""
        return self._draws[name][:, None]

    def effect(self, part: int) -> Floats:
        """Return the deviation of a part's log rate; (draw, 1)."""
        return self._draws[EFFECT][:, part, None]

    def mix(self, part: int) -> float:
        """Return a part's share of average reach."""
        return float(self._halo.mix[part])

    def lagged(self, part: str, weights: Floats) -> Floats:
        """Return the reach of a part on the days before, weighted by lag; (draw, post)."""
        return np.asarray(weights @ self._halo.lags[part].T)


def lagged(values: Floats, days: int) -> Floats:
    """Return each value and those before it, 0 before the first; (day,) -> (day, lag)."""
    padded = np.concatenate([np.zeros(days - 1), values])
    return np.lib.stride_tricks.sliding_window_view(padded, days)[:, ::-1].copy()


def ages(days: int) -> Ages:
    """Return the logarithms of the ages at which so many days begin and end."""
    ends = np.arange(1, days + 1, dtype=np.float64)
    starts = np.concatenate([[BEGINNING], ends[:-1]])
    return Ages(np.log(starts), np.log(ends), np.log(ends[-1]))
