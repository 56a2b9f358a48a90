"""The additive rates model as it generates orders: parameters, units and expected orders.

mu_p = v_j * sum over parts of (rate of the part in tier k * the post's amount of the part), with
rate of part q in tier k = exp(log_rate + log share_q + log unit_q + effect_qk), where unit_q is
the exposure per unit of the part over the table's posts, and log v_j ~ Normal(-s**2 / 2, s).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rates:
    """Parameters of the additive rates model.

    Parameters
    ----------
    parts
        Columns of posts whose amounts bring orders; the first is the exposure.
    log_rate
        Log of orders per person of exposure, all parts together, at the table's mix of parts, in
        an average tier.
    shares
        Share of orders by part at that mix; adds up to 1.
    tier_effects
        Log-scale deviations of a part's rate, part -> tier -> deviation; add up to 0 over tiers.
    creator_sd
        Standard deviation of the log of creators' multipliers, whose population mean is 1.
    inverse_alpha
        1 / dispersion: the variance of a post's orders is mu + inverse_alpha * mu**2.
    tier_sd
        Standard deviation between tiers from which the deviations were drawn, by part; empty
        where they were chosen.
    """

    parts: tuple[str, ...]
    log_rate: float
    shares: Mapping[str, float]
    tier_effects: Mapping[str, Mapping[str, float]]
    creator_sd: float
    inverse_alpha: float
    tier_sd: Mapping[str, float]

    @property
    def alpha(self) -> float:
        """Dispersion: the variance of a post's orders is mu + mu**2 / alpha."""
        return np.inf if self.inverse_alpha == 0 else 1.0 / self.inverse_alpha


def unit_ratios(parts: tuple[str, ...], amounts: pl.DataFrame) -> dict[str, float]:
    """Return exposure per unit of each part over the posts that show every part.

    Parameters
    ----------
    amounts
        One row per post with the parts' columns as the brand sees them, hidden ones null.
    """
    totals = amounts.select(parts).drop_nulls().sum().row(0)
    return {part: float(totals[0] / total) for part, total in zip(parts, totals, strict=True)}


def rates_by_tier(
    rates: Rates, units: Mapping[str, float], tiers: tuple[str, ...]
) -> dict[str, dict[str, float]]:
    """Return orders per unit of each part for a creator with multiplier 1: tier -> part -> rate."""
    level = np.exp(rates.log_rate)
    return {
        tier: {
            part: float(
                level * rates.shares[part] * units[part] * np.exp(rates.tier_effects[part][tier])
            )
            for part in rates.parts
        }
        for tier in tiers
    }


@dataclass(frozen=True)
class Expected:
    """Expected orders of posts and the rates behind them.

    Parameters
    ----------
    units
        Exposure per unit of each part.
    rates
        Orders per unit of each part for a creator with multiplier 1: tier -> part -> rate.
    by_part
        Expected orders by part; shape (post, part).
    """

    units: Mapping[str, float]
    rates: Mapping[str, Mapping[str, float]]
    by_part: Floats


def expect(
    rates: Rates, visible: pl.DataFrame, posts: pl.DataFrame, tiers: tuple[str, ...]
) -> Expected:
    """Return what posts are expected to bring.

    Parameters
    ----------
    visible
        Posts as the brand sees them, hidden amounts null: they define the units.
    posts
        Posts as they are, with the creator's ``tier`` and ``multiplier``.
    tiers
        Tiers of the brand, smallest first.
    """
    units = unit_ratios(rates.parts, visible)
    by_tier = rates_by_tier(rates, units, tiers)
    tier, multiplier = posts.get_column("tier"), posts.get_column("multiplier").to_numpy()
    columns = [
        tier.replace_strict({k: row[part] for k, row in by_tier.items()}).to_numpy()
        * posts.get_column(part).to_numpy()
        for part in rates.parts
    ]
    return Expected(units, by_tier, np.column_stack(columns) * multiplier[:, None])
