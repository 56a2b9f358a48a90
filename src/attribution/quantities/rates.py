"""How rates are told, and how groups compare in one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from attribution.design.types import Floats
from attribution.quantities.estimates import NEW, Quantity, words_of_best


@dataclass(frozen=True)
class Rate:
    """How the rate of one part is told: name, words, unit, and people or likes per unit."""

    quantity: str
    label: str
    unit: str
    per: float
    weighting: str


RATES = {
    "likes": Rate("orders_per_1000_likes", "Orders per 1,000 likes", "orders per 1,000 likes",
                  1000.0, "per like"),
    "comments": Rate("orders_per_100_comments", "Orders per 100 comments",
                     "orders per 100 comments", 100.0, "per comment"),
}  # fmt: skip


def rate_of(part: str, exposure: str) -> Rate:
    """Return how the rate of a part is told."""
    if part == exposure:
        words = people(exposure)
        name = f"orders_per_1000_{words.replace(' ', '_')}"
        return Rate(name, f"Orders per 1,000 {words}, by exposure alone",
                    f"orders per 1,000 {words}", 1000.0, f"per {exposure}")  # fmt: skip
    if part in RATES:
        return RATES[part]
    return Rate(f"orders_per_1000_{part}", f"Orders per 1,000 {part}",
                f"orders per 1,000 {part}", 1000.0, f"per {part}")  # fmt: skip


def people(exposure: str) -> str:
    """Return what one unit of exposure is called after a number."""
    return "reached" if exposure == "reach" else exposure


def in_all(exposure: str) -> Rate:
    """Return how the rate of all parts together is told."""
    words = people(exposure)
    return Rate(f"orders_per_1000_{words.replace(' ', '_')}_in_all",
                f"Orders per 1,000 {words}, all ways together", f"orders per 1,000 {words}",
                1000.0, f"per {exposure}")  # fmt: skip


def per_exposure(outcome: str, exposure: str, average: float) -> Rate:
    """Return how an outcome that is not orders is told per unit of exposure.

    The unit is the power of ten nearest to the posts' average exposure.
    """
    per = float(10.0 ** round(np.log10(average)))
    amount = f"{per:,.0f} {exposure}" if per > 1.0 else f"{per:g} {exposure}"
    code = f"{per:.0f}" if per >= 1.0 else f"{per:g}"
    return Rate(f"{outcome}_per_{code}_{exposure}", f"{outcome} per {amount}",
                f"{outcome} per {amount}", per, f"per {exposure}")  # fmt: skip


def compare_groups(
    rate: Rate, values: Floats, groups: Sequence[str], scope: str, evidence: Floats
) -> Iterator[Quantity]:
    """Compare groups in one rate: ratios of pairs, and the odds of each having the highest.

    Parameters
    ----------
    rate
        What is compared.
    values
        Rate of a new creator of each group; (draw, group).
    groups, scope
        Names of the groups and what they are, e.g. ``tier``.
    evidence
        Probability per group that the rate means anything; (group,).
    """
    for a, b in combinations(range(len(groups)), 2):
        yield Quantity(
            quantity=f"{scope}_contrast_{rate.quantity}",
            label=f"{rate.label}: ratio",
            scope="contrast",
            group=f"{groups[a]} / {groups[b]}",
            population=NEW,
            weighting=rate.weighting,
            unit="ratio",
            draws=values[:, a] / values[:, b],
            threshold=1.0,
            statement=f"P({groups[a]} > {groups[b]})",
            evidence=float(min(evidence[a], evidence[b])),
            words=(f"{groups[a]} is higher", f"{groups[b]} is higher"),
        )
    best = np.argmax(values, axis=1)
    for g, group in enumerate(groups):
        yield Quantity(
            quantity=f"best_{scope}_{rate.quantity}",
            label=f"{rate.label}: highest {scope}",
            scope=scope,
            group=group,
            population=NEW,
            weighting=rate.weighting,
            unit="probability",
            draws=(best == g).astype(np.float64),
            threshold=0.5,
            statement="P(best)",
            evidence=float(evidence.min()),
            words=words_of_best(values, g),
            has_interval=False,
        )
