"""How long after a post its orders come."""

from __future__ import annotations

from dataclasses import dataclass
from math import gamma

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Delay:
    """Weibull delay between a post and an order it brings.

    Parameters
    ----------
    shape
        1 is exponential; below 1 the first hours bring the most and the tail is long.
    mean
        Mean delay, days.
    """

    shape: float
    mean: float

    @property
    def scale(self) -> float:
        """Weibull scale, days."""
        return self.mean / gamma(1.0 + 1.0 / self.shape)

    def draw(self, count: int, rng: np.random.Generator) -> Floats:
        """Draw delays; days, shape (order,)."""
        return self.scale * rng.weibull(self.shape, count)

    def cdf(self, days: float) -> float:
        """Share of orders that come within so many days."""
        return float(-np.expm1(-((days / self.scale) ** self.shape)))
