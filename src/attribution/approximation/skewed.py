"""Independent Student t axes, each side with a scale and tail of its own, and their fitting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize
from scipy.special import gammaln

from attribution.design.types import Floats

BINS = 100
"""Bins that the points of an axis are counted in before a distribution is fitted to them."""

FAR = 8.0
"""Standard deviations from the mean beyond which points are counted in the last bin."""

FREEDOM = 10.0
"""Degrees of freedom to begin with, and towards which few points are drawn."""

LIGHTEST, HEAVIEST = 60.0, 3.0
"""Degrees of freedom that are fitted."""

PRIOR_POINTS = 10.0
"""Effective points that the beginning counts for when a distribution is fitted."""

DIFFERENCE = 1e-5
"""Step of the differences that stand for derivatives."""

TOLERANCE = 1e-6
"""Relative gain of the likelihood at which its search ends: a proposal need not be the best."""


@dataclass(frozen=True)
class Skewed:
    """Axes with a mode, and to its left and right the halves of two Student t distributions.

    The halves are as high as one another where they meet. After the split Student t of Geweke
    (1989, *Econometrica* 57(6)), with degrees of freedom by side.

    Parameters
    ----------
    mode
        Where the halves meet; (axis,).
    scales
        To the left and to the right; (2, axis).
    freedom
        Degrees of freedom to the left and to the right; (2, axis).
    """

    mode: Floats
    scales: Floats
    freedom: Floats

    def draw(self, count: int, rng: np.random.Generator) -> Floats:
        """Draw coordinates; (draw, axis)."""
        shape = (count, len(self.mode))
        to_right = rng.random(shape) < np.exp(self._log_masses()[1])
        side = to_right.astype(int)
        axis = np.arange(len(self.mode))
        far = np.abs(rng.standard_t(self.freedom[side, axis])) * self.scales[side, axis]
        return np.asarray(self.mode + np.where(to_right, far, -far))

    def log_density(self, y: Floats) -> Floats:
        """Return the log-density of each coordinate; (draw, axis)."""
        to_right = y > self.mode
        scales, freedom = (np.where(to_right, of[1], of[0]) for of in (self.scales, self.freedom))
        left, right = self._log_masses()
        half = np.log(2.0) + np.where(to_right, right, left) - np.log(scales)
        return np.asarray(half + _log_t((y - self.mode) / scales, freedom))

    def _log_masses(self) -> Floats:
        """Log probability of either side; (2, axis)."""
        heights = _log_t(np.zeros(1), self.freedom) - np.log(self.scales)
        difference = heights[1] - heights[0]
        return np.asarray([-np.logaddexp(0.0, -difference), -np.logaddexp(0.0, difference)])


def _log_t(z: Floats, freedom: Floats) -> Floats:
    constant = gammaln((freedom + 1.0) / 2.0) - gammaln(freedom / 2.0)
    constant = constant - 0.5 * np.log(freedom * np.pi)
    return np.asarray(constant - (freedom + 1.0) / 2.0 * np.log1p(z**2 / freedom))


def fit_skewed(x: Floats, weights: Floats) -> Skewed:
    """Fit each axis to weighted points by maximum likelihood, few points drawn to a Student t.

    Parameters
    ----------
    x
        Coordinates, on axes where a spread of 1 is to be expected; (point, axis).
    weights
        Weights that add to 1; (point,).
    """
    mean = weights @ x
    told = PRIOR_POINTS * float(np.sum(weights**2))
    sd = np.sqrt((weights @ (x - mean) ** 2 + told) / (1.0 + told))
    at, mass = _counted(x, weights, mean, sd)

    def loss(stated: Floats) -> Floats:
        found = _stated(stated, mean, sd)
        likelihood = np.sum(mass * found.log_density(at), axis=0)
        return np.asarray(told * np.sum(stated[1:] ** 2, axis=0) / 2.0 - likelihood)

    def descent(flat: Floats) -> tuple[float, Floats]:
        stated = flat.reshape(5, -1)
        # Axes do not touch one another, so each difference is taken on all of them at once.
        slopes = []
        for k in range(len(stated)):
            step = np.zeros_like(stated)
            step[k] = DIFFERENCE
            slopes.append((loss(stated + step) - loss(stated - step)) / (2.0 * DIFFERENCE))
        return float(loss(stated).sum()), np.ravel(slopes)

    axes = x.shape[1]
    begin = np.zeros((5, axes))
    # Pearson's rule of thumb: the mode lies three times as far from the mean as the median does.
    begin[0] = np.clip(3.0 * (_median(at, mass) - mean) / sd, -2.0, 2.0)
    low, high = np.log(HEAVIEST / FREEDOM), np.log(LIGHTEST / FREEDOM)
    bounds = [(-3.0, 3.0)] * axes + [(-2.0, 2.0)] * (2 * axes) + [(low, high)] * (2 * axes)
    how = {"jac": True, "method": "L-BFGS-B", "bounds": bounds, "options": {"ftol": TOLERANCE}}
    found = optimize.minimize(descent, begin.ravel(), **how)
    return _stated(found.x.reshape(5, -1), mean, sd)


def _stated(stated: Floats, mean: Floats, sd: Floats) -> Skewed:
    """Return the distribution of a mode in standard deviations and logarithms of the rest."""
    return Skewed(
        mode=mean + sd * stated[0],
        scales=sd * np.exp(stated[1:3]),
        freedom=FREEDOM * np.exp(stated[3:5]),
    )


def _median(at: Floats, mass: Floats) -> Floats:
    half = np.argmax(np.cumsum(mass, axis=0) >= 0.5, axis=0)
    return np.asarray(np.take_along_axis(at, half[None], axis=0)[0])


def _counted(x: Floats, weights: Floats, mean: Floats, sd: Floats) -> tuple[Floats, Floats]:
    """Return middles of bins and the weight in each; each (bin, axis)."""
    low, high = (np.clip(end, mean - FAR * sd, mean + FAR * sd) for end in (x.min(0), x.max(0)))
    width = (high - low) / BINS
    bins = np.clip((x - low) / width, 0, BINS - 1).astype(int)
    mass = [np.bincount(axis, weights, minlength=BINS) for axis in bins.T]
    return low + width * (np.arange(BINS)[:, None] + 0.5), np.stack(mass, axis=1)
