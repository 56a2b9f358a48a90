"""What an order is worth: value, discount by code, refunds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SMALLEST_GROSS = 1.0
"""Lower bound of an order's value where amounts are in cents, units of currency."""

PARTIAL_RANGE = (0.2, 0.8)
"""Share of the paid amount that a partial refund gives back: uniform between these."""


@dataclass(frozen=True)
class Values:
    """Parameters of order values.

    Parameters
    ----------
    distribution
        Of one paying order's net revenue around its creator's mean.
    log_mean
        Log of the mean net revenue per paying order in an average tier (log of currency).
    tier_effects
        Log-scale deviations by tier; add up to 0.
    creator_sd
        Standard deviation of creators' log means around their tier's.
    shape
        1 / squared coefficient of variation of one paying order's net revenue before partial
        refunds; the shape of the Gamma.
    paying_share
        Share of orders that keep some net revenue; the rest are refunded in full.
    partial_refunds
        Share of paying orders of which a part is refunded.
    cents
        Whether amounts are rounded to cents, as in a shop's export.
    paying_creator_sd, paying_tier_effects
        How the logit of the paying share varies: standard deviation between creators, and
        deviations by tier, which add up to 0 (none where empty).
    paying_concentration
        A post's share is Beta around its creator's with this concentration; None for the same.
    """

    distribution: Literal["gamma", "log_normal"]
    log_mean: float
    tier_effects: Mapping[str, float]
    creator_sd: float
    shape: float
    paying_share: float
    partial_refunds: float
    cents: bool
    paying_creator_sd: float = 0.0
    paying_tier_effects: Mapping[str, float] = field(default_factory=dict)
    paying_concentration: float | None = None

    @property
    def refunds_vary(self) -> bool:
        """Whether the share of paying orders differs between creators."""
        return self.paying_creator_sd > 0.0 or bool(self.paying_tier_effects)


def draw_amounts(
    values: Values,
    means: Floats,
    discount_rate: Floats,
    paying_share: Floats | float,
    rng: np.random.Generator,
) -> dict[str, Floats]:
    """Draw the money columns of orders.

    Parameters
    ----------
    means
        Mean net revenue if the order is a paying one; shape (order,).
    discount_rate
        Share of the gross value that the code takes off; shape (order,).
    paying_share
        Probability that an order is not refunded in full; (order,), or one for all.

    Returns
    -------
    dict
        ``gross_revenue``, ``discount``, ``refunded``; shape (order,), units of currency.
    """
    kept = 1.0 - values.partial_refunds * sum(PARTIAL_RANGE) / 2
    gross = _spread(values, means / kept, rng) / (1.0 - discount_rate)
    if values.cents:
        gross = np.maximum(gross.round(2), SMALLEST_GROSS)
    discount = _rounded(values, gross * discount_rate)
    paid = _rounded(values, gross - discount)
    full = rng.random(len(means)) >= paying_share
    partial = rng.random(len(means)) < values.partial_refunds
    part = _rounded(values, paid * rng.uniform(*PARTIAL_RANGE, len(means)))
    refunded = np.where(full, paid, np.where(partial, part, 0.0))
    return {"gross_revenue": gross, "discount": discount, "refunded": refunded}


def _spread(values: Values, means: Floats, rng: np.random.Generator) -> Floats:
    if values.distribution == "gamma":
        return rng.gamma(values.shape, means / values.shape)
    sd = np.sqrt(np.log1p(1.0 / values.shape))
    return means * np.exp(rng.normal(-(sd**2) / 2, sd, len(means)))


def _rounded(values: Values, amounts: Floats) -> Floats:
    return amounts.round(2) if values.cents else amounts
