"""Sums over groups of posts that the additive model's estimands are ratios of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution import forward
from attribution.design.types import Design, Floats, Integers, dim
from attribution.draws import Draws, blocks, n_draws
from attribution.spec.model import RatesMean
from attribution.spec.terms import Group

ALL = "all"

SHARE_FLOOR = 0.05
"""Share of orders that likes or comments must credibly bring before they are compared.

Rates on a log scale are never 0, so that odds between two of them mean nothing where neither
brings orders; the prior gives each share this much with probability 0.90, below the 0.95 needed.
"""


@dataclass(frozen=True)
class Totals:
    """Sums over the posts of each group; dims draw (d), group (g), part (p).

    Parameters
    ----------
    groups
        ``all`` first, then the levels of the column by which rates vary, in display order.
    column
        Dim of that column, ``tier`` as a rule; None where rates do not vary between groups.
    parts
        Names of the parts.
    orders
        Expected orders by part over all posts of the group, wherever they land; (d, g, p).
    orders_shown
        The same over the posts that show the part's signal; (d, g, p).
    amounts_shown
        Sum of the signal over those posts; (g, p).
    unit_rates
        Orders per unit of the part as shown, summed over the posts of the group (creators
        included, the same weight for every post); (d, g, p).
    mix
        Amount of each signal per unit of exposure over the posts that show all; (g, p), NaN for a
        group in which no post does.
    exposure
        Exposure of all posts; (g,).
    """

    groups: tuple[str, ...]
    column: str | None
    parts: tuple[str, ...]
    orders: Floats
    orders_shown: Floats
    amounts_shown: Floats
    unit_rates: Floats
    mix: Floats
    exposure: Floats

    @property
    def shares(self) -> Floats:
        """Share of expected orders by part; (d, g, p), sums to 1 over parts."""
        return np.asarray(self.orders / self.orders.sum(axis=2, keepdims=True))

    @property
    def with_mix(self) -> list[int]:
        """Positions of the groups, ``all`` aside, in which some post shows every signal."""
        return [g for g in range(1, len(self.groups)) if np.isfinite(self.mix[g]).all()]


def rate_term(design: Design) -> Group | None:
    """Return the first term that gives every part its own deviations, if there is one."""
    terms = (t for t in design.spec.mean.terms if isinstance(t, Group))
    return next((t for t in terms if t.of == ("each part",)), None)


def membership(design: Design, column: str | None) -> tuple[tuple[str, ...], Floats]:
    """Return the groups, ``all`` first, and which posts are in each; (post, group) of 0 and 1."""
    count = len(design.outcome)
    if column is None:
        return (ALL,), np.ones((count, 1))
    group = design.groups[column]
    member = (group.index[:, None] == np.arange(len(group.levels))[None, :]).astype(np.float64)
    return (ALL, *group.levels), np.column_stack([np.ones(count), member])


def totals(design: Design, draws: Draws) -> Totals:
    """Sum expected orders and rates over groups of posts, block by block of draws."""
    mean = design.spec.mean
    if not isinstance(mean, RatesMean):
        raise TypeError("only a rates mean has parts that add up")
    term = rate_term(design)
    groups, member = membership(design, term.by if term else None)
    shown = shown_mask(design, mean.parts)
    amounts = np.stack([design.signals[p] for p in mean.parts], axis=1)
    visible = member.T @ (amounts * shown.all(axis=1, keepdims=True))
    shape = (n_draws(draws), len(groups), len(mean.parts))
    orders, orders_shown, unit_rates = np.empty(shape), np.empty(shape), np.empty(shape)
    here, first, count = forward.cells(design)
    within = member[first]
    for block in blocks(draws, len(first)):
        parts = forward.expected_parts(here, block.draws)
        orders[block.where] = np.einsum("dip,ig->dgp", parts, within, optimize=True)
        # Of posts that show everything nothing is left out.
        orders_shown[block.where] = (
            orders[block.where]
            if design.hidden is None
            else np.einsum("dip,ip,ig->dgp", parts, shown[first], within, optimize=True)
        )
        rates = forward.unit_rates(here, block.draws)
        unit_rates[block.where] = np.einsum("dpi,i,ig->dgp", rates, count, within, optimize=True)
    return Totals(
        groups=groups,
        column=dim(term.by) if term else None,
        parts=mean.parts,
        orders=orders,
        orders_shown=orders_shown,
        amounts_shown=member.T @ (amounts * shown),
        unit_rates=unit_rates,
        mix=np.divide(
            visible, visible[:, :1], out=np.full_like(visible, np.nan), where=visible[:, :1] > 0
        ),
        exposure=member.T @ design.exposure,
    )


def evidence(sums: Totals, group: int, part: int) -> float:
    """Probability that a part brings more than the floor's share of a group's orders."""
    return float(np.mean(sums.shares[:, group, part] > SHARE_FLOOR))


def shown_mask(design: Design, columns: tuple[str, ...]) -> Integers:
    """Return 1 where a post shows a signal and 0 where it is hidden; (post, column)."""
    shown = np.empty((len(design.outcome), len(columns)), dtype=np.int64)
    for k, column in enumerate(columns):
        shown[:, k] = design.table.get_column(column).is_not_null()
    return shown
