"""Functions of a feature that smooth curves are sums of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from attribution.spec.terms import GaussianProcess, Smooth

Floats = NDArray[np.float64]

DEGREE = 3
"""Degree of B-splines: cubic."""


@dataclass(frozen=True)
class Basis:
    """Functions of one feature, standardised; what they are depends on the values that it has.

    Parameters
    ----------
    term
        The curve.
    values
        Values of the feature that it was made for; (post,).
    at
        Values of the feature at which it is wanted; (post,).
    """

    term: Smooth
    values: Floats
    at: Floats

    def moved(self, values: Floats) -> Basis:
        """Return the same functions at other values of the feature."""
        return replace(self, at=values)

    @cached_property
    def functions(self) -> Floats:
        """The functions at the wanted values; (post, function)."""
        if isinstance(self.term, GaussianProcess):
            at, own = self._standard(self.at), self._standard(self.values)
            centre: Floats = self._sines(own).mean(axis=0)
            return self._sines(at) - centre
        return self._spline(self._standard(self.at))

    @cached_property
    def frequencies(self) -> Floats:
        """Angular frequencies of the sines, per standard deviation of the feature; (function,)."""
        steps = np.arange(1, self.term.functions + 1, dtype=np.float64)
        return np.pi * steps / (2.0 * self._half_width)

    @cached_property
    def _scale(self) -> tuple[float, float]:
        spread = float(np.std(self.values))
        return float(np.mean(self.values)), spread if spread > 0 else 1.0

    def _standard(self, x: Floats) -> Floats:
        mean, sd = self._scale
        return (x - mean) / sd

    @cached_property
    def _half_width(self) -> float:
        """Half width of the interval on which the sines are 0 at both ends."""
        boundary = self.term.boundary if isinstance(self.term, GaussianProcess) else 1.0
        z = self._standard(self.values)
        return boundary * max(float(np.ptp(z)) / 2.0, 1e-6)

    def _sines(self, z: Floats) -> Floats:
        """Eigenfunctions of the Laplacian on the interval (Solin & Särkkä 2020); (post, function).

        Beyond the interval they are held at its ends.
        """
        own = self._standard(self.values)
        middle = (own.min() + own.max()) / 2.0
        off = np.clip(z - middle, -self._half_width, self._half_width) + self._half_width
        return np.asarray(np.sin(off[:, None] * self.frequencies) / np.sqrt(self._half_width))

    def _spline(self, z: Floats) -> Floats:
        """The line, then bends that hold no line; (post, function).

        B-splines times the eigenvectors of the penalty over the roots of their eigenvalues, so that
        penalised coefficients are independent and alike (Wood 2017, section 5.8). Bends are scaled
        so that with coefficients of standard deviation 1 the curve has one of 1 on average. Beyond
        the feature's values bends are held at their ends.
        """
        own = self._standard(self.values)
        turn, line, scale = self._bends
        bends = self._b_splines(np.clip(z, own.min(), own.max())) @ turn
        inside = np.clip(z, own.min(), own.max())
        bends = bends - np.column_stack([np.ones(len(z)), inside]) @ line
        return np.column_stack([z, bends / scale])

    @cached_property
    def _bends(self) -> tuple[Floats, Floats, float]:
        """Map from B-splines to bends, the line in each bend, and the bends' scale."""
        own = self._standard(self.values)
        count = self.term.functions
        difference = np.diff(np.eye(count), n=2, axis=0)
        eigenvalues, eigenvectors = np.linalg.eigh(difference.T @ difference)
        turn = eigenvectors[:, 2:] / np.sqrt(eigenvalues[2:])
        bends = self._b_splines(own) @ turn
        straight = np.column_stack([np.ones(len(own)), own])
        line = np.linalg.lstsq(straight, bends, rcond=None)[0]
        scale = float(np.sqrt(np.mean(np.sum((bends - straight @ line) ** 2, axis=1))))
        return turn, line, scale if scale > 0 else 1.0

    def _b_splines(self, z: Floats) -> Floats:
        """Cubic B-splines with equal steps between knots over the feature's values."""
        from scipy.interpolate import BSpline

        own = self._standard(self.values)
        low, high = float(own.min()), float(own.max())
        if high <= low:
            high = low + 1.0
        step = (high - low) / (self.term.functions - DEGREE)
        knots = low + step * np.arange(-DEGREE, self.term.functions + 1)
        # The last knot interval is closed: rounding must not put the largest value outside.
        inside = np.clip(z, knots[DEGREE], knots[-DEGREE - 1] - 1e-9 * step)
        return np.asarray(BSpline.design_matrix(inside, knots, DEGREE).toarray())
