"""Return on investment: what posts earned, and what they would earn again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from attribution import forward
from attribution.design.absent import COSTS
from attribution.design.types import Design, Floats, Integers
from attribution.draws import Draws, blocks, n_draws
from attribution.errors import InputError, Problem
from attribution.quantities.contributions import group_posts
from attribution.quantities.estimates import INTERVAL, PROBABILITY, THESE, summarise
from attribution.quantities.method import with_method

if TYPE_CHECKING:
    from attribution.run import Run

REBOOK, PAUSE = 0.8, 0.2
"""P(ROI > 0) from which a verdict says rebook, and down to which it says pause."""


def roi(
    run: Run, by: str = "creator", *, margin: float = 1.0, unhealthy: bool = False
) -> pl.DataFrame:
    """Return realised and expected ROI by creator, tier, campaign, post or in total.

    ROI = (margin * net revenue - costs) / costs. *Realised* takes the net revenue of the orders
    credited to the posts: a fact of the credit rule, without sampling uncertainty. *Expected* takes
    what the same posts would bring again, the posterior of expected orders times net revenue per
    order; the odds, the break-even fee and the verdict belong to it.

    Parameters
    ----------
    run
        A healthy run of a table with net revenue and costs.
    by
        ``creator``, ``tier``, ``campaign``, ``post`` or ``total``.
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
        any cost have no ROI (null).

    Raises
    ------
    InputError
        When the run has no revenue or no costs, or for an impossible margin.
    UnhealthyRunError
        When the run failed the health gate.
    """
    run.require_healthy(unhealthy, "ROI")
    _check_margin(margin)
    design = run.design
    _require_money(design)
    groups, index = group_posts(design, by)
    cost, fee, known = post_costs(design.table)
    revenue, orders = expected_totals(design, run.thinned, index, known, len(groups))
    table = _table(
        design, groups, index, known, cost, fee, revenue, orders, by, margin, run.manifest.chains
    )
    return with_method(table, run)


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


def _require_money(design: Design) -> None:
    problems = []
    if design.value is None:
        reason = next((a.reason for a in design.absent if "order value" in a.part), "no revenue")
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


def post_costs(table: pl.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Return each post's cost, its fee, and whether its cost is known (1 or 0); (post,).

    Costs are the sum of the cost columns there are. A post without any of them has no known cost
    and stays out of ROI; a column that is empty beside a filled one counts as 0.
    """
    columns = [c for c in COSTS if c in table.columns]
    known = table.select(
        pl.any_horizontal(pl.col(columns).is_not_null()).cast(pl.Float64)
    ).to_series()
    cost = table.select(pl.sum_horizontal(pl.col(columns).cast(pl.Float64))).to_series()
    if "fee" not in columns:
        return cost.to_numpy(), np.zeros(table.height), known.to_numpy()
    fee = table.get_column("fee").cast(pl.Float64).fill_null(0.0)
    return cost.to_numpy(), fee.to_numpy(), known.to_numpy()


def expected_totals(
    design: Design, draws: Draws, index: Integers, known: Floats, count: int
) -> tuple[Floats, Floats]:
    """Return expected net revenue (currency) and orders by group; each (draw, group)."""
    member = csr_array((known, (index, np.arange(len(index)))), shape=(count, len(index)))
    revenue, orders = (np.empty((n_draws(draws), count)) for _ in range(2))
    for block in blocks(draws, len(design.outcome)):
        means = forward.expected(design, block.draws)
        orders[block.where] = (member @ means.T).T
        revenue[block.where] = (member @ (means * forward.order_value(design, block.draws)).T).T
    return revenue, orders


def _table(
    design: Design,
    groups: Sequence[str],
    index: Integers,
    known: Floats,
    cost: Floats,
    fee: Floats,
    revenue: Floats,
    orders: Floats,
    by: str,
    margin: float,
    chains: int,
) -> pl.DataFrame:
    def total(values: Floats) -> Floats:
        return np.bincount(index, weights=values * known, minlength=len(groups))

    realised = design.table.get_column("net_revenue").cast(pl.Float64).fill_null(0.0).to_numpy()
    costs, earned, posts = total(cost), total(realised), total(np.ones_like(cost))
    safe = np.where(costs > 0, costs, np.nan)
    profit = margin * revenue - costs
    break_even = (profit + total(fee)) / np.where(posts > 0, posts, np.nan)
    frame = pl.DataFrame(
        {
            "by": [by] * len(groups),
            "group": list(groups),
            "population": [THESE] * len(groups),
            "posts": posts.astype(np.int64),
            "posts_without_cost": (np.bincount(index, minlength=len(groups)) - posts).astype(
                np.int64
            ),
            "orders": total(design.outcome.astype(np.float64)).astype(np.int64),
            "cost": costs,
            "net_revenue": earned,
            "realised_roi": (margin * earned - costs) / safe,
            "margin": [margin] * len(groups),
            **_columns("expected_orders", orders, chains),
            **_columns("expected_roi", profit / safe, chains, ("mean", "sd", "median")),
            **_columns("break_even_fee", break_even, chains, ("median",)),
            "interval": [INTERVAL] * len(groups),
            "prob": [PROBABILITY] * len(groups),
            "p_profit": np.where(costs > 0, np.mean(profit > 0, axis=0), np.nan),
            **_diagnostics(revenue, chains),
        }
    )
    return (
        frame.with_columns(pl.selectors.float().fill_nan(None))
        .with_columns(verdict())
        .sort("cost", descending=True, maintain_order=True)
    )


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


def _columns(
    name: str, draws: Floats, chains: int, which: Sequence[str] = ("mean",)
) -> dict[str, pl.Series]:
    numbers = summarise(draws.T, chains)
    out = {f"{name}_{w}": numbers.get_column(w) for w in which}
    return out | {f"{name}_{w}": numbers.get_column(w) for w in ("lower", "upper")}


def _diagnostics(draws: Floats, chains: int) -> dict[str, pl.Series]:
    numbers = summarise(draws.T, chains)
    return {name: numbers.get_column(name) for name in ("ess_bulk", "ess_tail", "mcse_mean")}
