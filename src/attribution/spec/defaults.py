"""Default priors: weakly informative, in the units of the table at hand.

They are stated in the docs by rule and printed by ``models show SPEC TABLE`` in numbers, which is
what a run keeps. The outcome's location and spread and the features' spreads are looked at, so that
the same defaults serve clicks and orders, likes and their logarithms (as in rstanarm).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from attribution.spec.priors import Prior

DEFAULT = Prior("default", {})
"""Stands for a prior that the spec leaves to the table."""


def rule_of_intercept(location: str, unit: str) -> str:
    """Return the default of a constant in words, as :meth:`Facts.intercept` computes it."""
    sigma = "2.5" if unit == "1" else f"2.5 {unit}"
    return f"normal(mu = {location}, sigma = {sigma})"


def rule_of_slope(unit: str, feature: str | None = None) -> str:
    """Return the default of a coefficient or a difference, as :meth:`Facts.slope` computes it."""
    sigma = unit if feature is None else f"{unit} / sd({feature})"
    return f"normal(mu = 0, sigma = {sigma})"


def rule_of_sd(unit: str, feature: str | None = None) -> str:
    """Return the default of a standard deviation in words, as :meth:`Facts.sd` computes it."""
    sigma = unit if feature is None else f"{unit} / sd({feature})"
    return f"half_normal(sigma = {sigma})"


def rule_of_sigma(spread: str) -> str:
    """Return the default of the outcome's own standard deviation in words."""
    return f"exponential(lam = 1 / {spread})"


@dataclass(frozen=True)
class Facts:
    """What default priors look at.

    Parameters
    ----------
    location
        Link of the average outcome (per unit of exposure).
    unit
        What one unit on the link's scale is: 1, or with an identity link the outcome's standard
        deviation.
    spreads
        Standard deviation of each feature; 1 where it does not vary.
    """

    location: float
    unit: float
    spreads: Mapping[str, float]

    def intercept(self, prior: Prior) -> Prior:
        """Return the prior of a constant."""
        if prior != DEFAULT:
            return prior
        at = {"mu": _short(self.location), "sigma": _short(2.5 * self.unit)}
        return Prior("normal", at)

    def slope(self, prior: Prior, feature: str) -> Prior:
        """Return the prior of a coefficient, or of a difference between levels (of none)."""
        if prior != DEFAULT:
            return prior
        spread = self.unit / self.spreads.get(feature, 1.0)
        return Prior("normal", {"mu": 0.0, "sigma": _short(spread)})

    def sd(self, prior: Prior, feature: str) -> Prior:
        """Return the prior of a standard deviation, of a feature's slope or (of none) of a sum."""
        if prior != DEFAULT:
            return prior
        spread = self.unit / self.spreads.get(feature, 1.0)
        return Prior("half_normal", {"sigma": _short(spread)})


def _short(value: float) -> float:
    """Round to three digits, as a prior is a judgement."""
    return float(f"{value:.3g}")
