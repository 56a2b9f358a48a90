"""Independent Student t axes, each side with a scale and tail of its own, and their fitting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize
from scipy.special import expit, gammaln, psi

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
        to_right = rng.random(shape) < self._masses()[1]
        side = to_right.astype(int)
        axis = np.arange(len(self.mode))
        far = np.abs(rng.standard_t(self.freedom[side, axis])) * self.scales[side, axis]
        return np.asarray(self.mode + np.where(to_right, far, -far))

    def log_density(self, y: Floats) -> Floats:
        """Return the log-density of each coordinate; (draw, axis)."""
        to_right = y > self.mode
        scales, freedom = (np.where(to_right, of[1], of[0]) for of in (self.scales, self.freedom))
        fall = np.log1p(((y - self.mode) / scales) ** 2 / freedom)
        return np.asarray(self._log_height() - (freedom + 1.0) / 2.0 * fall)

    def slopes(self, y: Floats) -> Floats:
        """Return derivatives of the log-density of each coordinate; (5, draw, axis).

        By the mode, then by the logarithms of the scales to the left and right and of the degrees
        of freedom there.
        """
        to_right = y > self.mode
        scales, freedom = (np.where(to_right, of[1], of[0]) for of in (self.scales, self.freedom))
        z = (y - self.mode) / scales
        u = z**2 / freedom
        pull = (freedom + 1.0) / (1.0 + u)
        by_scale = pull * u
        by_freedom = (by_scale - freedom * np.log1p(u)) / 2.0
        masses = self._masses()
        # How the height where the halves meet changes with the scale and freedom of each.
        half = self.freedom / 2.0
        height_by_freedom = masses * (half * (psi(half + 0.5) - psi(half)) - 0.5)
        found = np.empty((5, *y.shape))
        found[0] = pull * z / (freedom * scales)
        for side, here in enumerate((~to_right, to_right)):
            found[1 + side] = here * by_scale - masses[side]
            found[3 + side] = here * by_freedom + height_by_freedom[side]
        return found

    def _log_height(self) -> Floats:
        """Log density at the mode; (axis,)."""
        return np.asarray(np.log(2.0) - np.logaddexp(*self._log_widths()))

    def _log_widths(self) -> Floats:
        """Log of one over what a Student t of each side has at its centre; (2, axis)."""
        half = self.freedom / 2.0
        constant = gammaln(half + 0.5) - gammaln(half) - 0.5 * np.log(self.freedom * np.pi)
        return np.asarray(np.log(self.scales) - constant)

    def _masses(self) -> Floats:
        """Probability of either side; (2, axis)."""
        left, right = self._log_widths()
        return np.stack([expit(left - right), expit(right - left)])


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

    def descent(flat: Floats) -> tuple[float, Floats]:
        stated = flat.reshape(5, -1)
        found = _stated(stated, mean, sd)
        loss = told * np.sum(stated[1:] ** 2) / 2.0 - np.sum(mass * found.log_density(at))
        slopes = -np.sum(mass * found.slopes(at), axis=1)
        slopes[0] *= sd
        slopes[1:] += told * stated[1:]
        return float(loss), slopes.ravel()

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
