"""Return on investment: what posts earned, and what they would earn again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from attribution import forward
from attribution.design.absent import COSTS
from attribution.design.types import Design, Floats, Integers
from attribution.draws import Draws, blocks, n_draws
from attribution.errors import InputError, Problem
from attribution.outcomes import ORDERS
from attribution.quantities.estimates import INTERVAL, PROBABILITY, THESE, moments, monte_carlo
from attribution.quantities.grouping import Grouping, groupings
from attribution.quantities.method import with_method
from attribution.quantities.recorded import basis, under_other_priors
from attribution.quantities.sensitivity import POWERS

if TYPE_CHECKING:
    from attribution.run import Run

REBOOK, PAUSE = 0.8, 0.2
"""P(ROI > 0) from which a verdict says rebook, and down to which it says pause."""


def roi(
    run: Run,
    by: str | Sequence[str] = "creator",
    *,
    margin: float = 1.0,
    unhealthy: bool = False,
) -> pl.DataFrame:
    """Return realised and expected ROI by creator, tier, campaign, post or in total.

    ROI = (margin * net revenue - costs) / costs. *Realised* takes the net revenue of the orders
    credited to the posts: a fact of the credit rule, without sampling uncertainty. *Expected* takes
    what the same posts would bring again, the posterior of expected orders times net revenue per
    order; the odds, the break-even fee and the verdict belong to it. Where the model says how many
    orders posts bring for each recorded one, by ``[capture]`` or ``[experiments]``, expected orders
    are those, as ``basis`` says; then P(ROI > 0) is also told with the priors of that number
    counted half and twice, and from how many orders for each recorded one a group pays.

    Parameters
    ----------
    run
        A healthy run of a table with net revenue and costs.
    by
        ``creator``, ``tier``, ``campaign``, ``post`` or ``total``; or several, whose rows come one
        below the other.
    margin
        Share of net revenue that is left before marketing costs, above 0 and at most 1.
    unhealthy
        Ask for the numbers of an unhealthy run.

    Returns
    -------
    pl.DataFrame
        One row per group, largest cost first: posts with a known cost, orders, cost and net
        revenue as realised, realised ROI, expected orders and expected ROI (mean, sd, median,
        equal-tailed 89 % interval), P(ROI > 0), break-even fee per post, verdict. Groups without
        any cost have no ROI (null). ``p_profit_prior_half``, ``p_profit_prior_twice`` and
        ``pays_from`` are null where a recorded order is taken as one order brought.

    Raises
    ------
    InputError
        When the run is not about orders, has no revenue or no costs, or for an impossible margin.
    UnhealthyRunError
        When the run failed the health gate.
    """
    design = run.design
    _require_orders(design)
    run.require_healthy(unhealthy, "ROI")
    _check_margin(margin)
    _require_money(design)
    costs = post_costs(design.table)
    by_each = groupings(design, by)
    totals = expected_totals(design, run.thinned, [g.members(costs.known) for g in by_each])
    rests = Rests(forward.brought(design, run.thinned), under_other_priors(design, run.thinned))
    tables = [
        _table(design, grouping, costs, total, margin, run.manifest.chains, rests)
        for grouping, total in zip(by_each, totals, strict=True)
    ]
    return with_method(pl.concat(tables), run)


@dataclass(frozen=True)
class Costs:
    """What posts cost, in the table's currency.

    Parameters
    ----------
    cost, fee
        Of each post, 0 where unknown; (post,).
    known
        1 where a post's cost is known, else 0; (post,).
    """

    cost: Floats
    fee: Floats
    known: Floats


@dataclass(frozen=True)
class Totals:
    """Expected net revenue (currency) and orders of each group; each (draw, group)."""

    revenue: Floats
    orders: Floats


@dataclass(frozen=True)
class Rests:
    """What expected orders rest on besides recorded ones.

    Parameters
    ----------
    factor
        Orders for each recorded one; (draw,), None where it is 1.
    under
        Which draws stand for its priors counted otherwise, by those words; None where they cannot.
    """

    factor: Floats | None
    under: Mapping[str, Integers | None]


def _check_margin(margin: float) -> None:
    if not 0.0 < margin <= 1.0:
        raise InputError(
            Problem(
                "the margin is out of range",
                key="margin",
                value=str(margin),
                expected="a share of net revenue above 0 and at most 1, such as 0.6",
            )
        )


def _require_orders(design: Design) -> None:
    """Raise where the model is about something else than orders, whatever the table holds."""
    outcome = design.spec.outcome.column
    if outcome != ORDERS and design.spec.order_value is None:
        raise InputError(
            Problem(
                f"there is no ROI: the model {design.spec.name!r} explains {outcome!r}, not orders",
                expected=f"a run of a model of {ORDERS} with [order_value]",
            )
        )


def _require_money(design: Design) -> None:
    problems = []
    if design.value is None:
        stated = design.spec.order_value is not None
        lacking = "no revenue" if stated else "the model has no [order_value]"
        reason = next((a.reason for a in design.absent if "order value" in a.part), lacking)
        problems.append(Problem(f"there is no ROI: {reason}", column="net_revenue"))
    if not any(cost in design.table.columns for cost in COSTS):
        problems.append(
            Problem(
                "there is no ROI: the table has no cost column",
                expected=f"at least one of {', '.join(COSTS)}",
            )
        )
    if problems:
        raise InputError(problems)


def post_costs(table: pl.DataFrame) -> Costs:
    """Return each post's cost.

    Costs are the sum of the cost columns there are. A post without any of them has no known cost
    and stays out of ROI; a column that is empty beside a filled one counts as 0.
    """
    columns = [c for c in COSTS if c in table.columns]
    known = table.select(
        pl.any_horizontal(pl.col(columns).is_not_null()).cast(pl.Float64)
    ).to_series()
    cost = table.select(pl.sum_horizontal(pl.col(columns).cast(pl.Float64))).to_series()
    fee = np.zeros(table.height)
    if "fee" in columns:
        fee = table.get_column("fee").cast(pl.Float64).fill_null(0.0).to_numpy()
    return Costs(cost.to_numpy(), fee, known.to_numpy())


def expected_totals(design: Design, draws: Draws, members: Sequence[csr_array]) -> list[Totals]:
    """Add up what posts are expected to bring, by each grouping, in one walk over the draws.

    Parameters
    ----------
    design, draws
        Posts and draws.
    members
        Of each grouping, the weight of each post in each group; (group, post).
    """
    shapes = [(n_draws(draws), member.shape[0]) for member in members]
    totals = [Totals(np.empty(shape), np.empty(shape)) for shape in shapes]
    for block in blocks(draws, len(design.outcome)):
        orders = forward.expected(design, block.draws).T
        factor = forward.brought(design, block.draws)
        if factor is not None:
            orders = orders * factor
        revenue = orders * forward.order_value(design, block.draws).T
        for member, total in zip(members, totals, strict=True):
            total.orders[block.where] = (member @ orders).T
            total.revenue[block.where] = (member @ revenue).T
    return totals


def _table(
    design: Design,
    grouping: Grouping,
    of: Costs,
    totals: Totals,
    margin: float,
    chains: int,
    rests: Rests,
) -> pl.DataFrame:
    realised = design.table.get_column("net_revenue").cast(pl.Float64).fill_null(0.0).to_numpy()
    costs, fees = (grouping.total(values * of.known) for values in (of.cost, of.fee))
    earned, posts = grouping.total(realised * of.known), grouping.total(of.known)
    without = grouping.total(1.0 - of.known)
    safe = np.where(costs > 0, costs, np.nan)
    profit = margin * totals.revenue - costs
    break_even = (profit + fees) / np.where(posts > 0, posts, np.nan)
    count = len(grouping.names)
    frame = pl.DataFrame(
        {
            "by": [grouping.by] * count,
            "group": list(grouping.names),
            "population": [THESE] * count,
            "basis": [basis(design)] * count,
            "posts": posts.astype(np.int64),
            "posts_without_cost": without.astype(np.int64),
            "orders": grouping.total(design.outcome * of.known).astype(np.int64),
            "cost": costs,
            "net_revenue": earned,
            "realised_roi": (margin * earned - costs) / safe,
            "margin": [margin] * count,
            **_columns("expected_orders", totals.orders),
            **_columns("expected_roi", profit / safe, ("mean", "sd", "median")),
            **_columns("break_even_fee", break_even, ("median",)),
            "interval": [INTERVAL] * count,
            "prob": [PROBABILITY] * count,
            "p_profit": _p_profit(profit, costs),
            **_leaning(profit, costs, rests),
            "pays_from": _pays_from(costs, margin * totals.revenue, rests),
            **monte_carlo(totals.revenue.T, chains).to_dict(),
        }
    )
    return (
        frame.with_columns(pl.selectors.float().fill_nan(None))
        .with_columns(verdict())
        .sort("cost", descending=True, maintain_order=True)
    )


def _p_profit(profit: Floats, costs: Floats) -> Floats:
    return np.where(costs > 0, np.mean(profit > 0, axis=0), np.nan)


def _leaning(profit: Floats, costs: Floats, rests: Rests) -> dict[str, Floats]:
    """P(ROI > 0) with the priors of orders for each recorded one counted otherwise; (group,)."""
    unknown = np.full(len(costs), np.nan)
    found = {}
    for words in POWERS.values():
        rows = rests.under.get(words)
        odds = unknown if rows is None else _p_profit(profit[rows], costs)
        found[f"p_profit_prior_{words.split()[-1]}"] = odds
    return found


def _pays_from(costs: Floats, earned: Floats, rests: Rests) -> Floats:
    """Orders for each recorded one from which a group pays, a median; (group,)."""
    if rests.factor is None:
        return np.full(len(costs), np.nan)
    recorded = np.median(earned / rests.factor[:, None], axis=0)
    return np.where((costs > 0) & (recorded > 0), costs / np.maximum(recorded, 1e-300), np.nan)


def verdict() -> pl.Expr:
    """Return the verdict for P(ROI > 0): rebook, test again or pause; null without odds."""
    return (
        pl.when(pl.col("p_profit").is_null())
        .then(None)
        .when(pl.col("p_profit") >= REBOOK)
        .then(pl.lit("rebook"))
        .when(pl.col("p_profit") <= PAUSE)
        .then(pl.lit("pause"))
        .otherwise(pl.lit("test again"))
        .alias("verdict")
    )


def _columns(name: str, draws: Floats, which: Sequence[str] = ("mean",)) -> dict[str, pl.Series]:
    numbers = moments(draws.T)
    return {f"{name}_{w}": numbers.get_column(w) for w in (*which, "lower", "upper")}
