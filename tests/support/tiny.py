"""Three posts and two draws by hand: small enough to compute every estimand on paper.

Creator ``a`` (nano) made p1 and p2, creator ``b`` (micro) made p3. The draws state the rates,
multipliers and order values themselves; parameters are solved for them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import xarray as xr

from attribution.data import AnalysisTable
from attribution.design import Design, build_design
from attribution.draws import Draws
from attribution.run import Run
from attribution.spec import read_spec
from attribution.tables import DEFAULT_TIERS
from support.runs import MANIFEST

REPEATS = 4
"""Each draw stands this often, in each of two chains: diagnostics need more than two draws."""

ADDITIVE, ENGAGEMENT = read_spec("additive"), read_spec("engagement")
PARTS = ("reach", "likes", "comments")


def table(**changes: list[Any] | None) -> pl.DataFrame:
    """Return the three posts; columns replaced, added, or (None) left out."""
    columns: dict[str, Any] = {
        "post_id": ["p1", "p2", "p3"],
        "creator_id": ["a", "a", "b"],
        "tier": ["nano", "nano", "micro"],
        "reach": [1000, 2000, 4000],
        "likes": [100, 50, 400],
        "comments": [10, 5, 20],
        "conversions": [3, 1, 4],
        "paying_orders": [2, 1, 4],
        "net_revenue": [90.0, 20.0, 200.0],
        "fee": [50.0, 60.0, 300.0],
        "product_cost": [10.0, 0.0, 20.0],
        "currency": ["EUR"] * 3,
        "carry_posts": [["p1"], ["p2"], ["p3"]],
        "carry_shares": [[1.0], [1.0], [1.0]],
    }
    columns |= changes
    return pl.DataFrame({name: values for name, values in columns.items() if values is not None})


def design(frame: pl.DataFrame | None = None, spec: Any = ADDITIVE) -> Design:
    return build_design(spec, table() if frame is None else frame, level_order=DEFAULT_TIERS.names)


RATES = np.array(
    [
        # nano, micro: orders per person, per like, per comment
        [[0.001, 0.0005], [0.01, 0.002], [0.1, 0.04]],
        [[0.002, 0.0004], [0.005, 0.003], [0.05, 0.09]],
    ]
)
"""Orders per unit; shape (draw, part, tier)."""

MULTIPLIERS = np.array([[2.0, 0.5], [1.0, 3.0]])
"""Of creators a and b; shape (draw, creator)."""

VALUES = np.array([[20.0, 40.0], [30.0, 50.0]])
"""Net revenue per credited order of creators a and b; shape (draw, creator)."""


def additive_draws(of: Design) -> Draws:
    """Return the two draws as parameters of the conversion rates model, each repeated."""
    base = -7.0 + np.log(of.units / 3.0)
    draws = {
        "log_rate": np.array([-7.0, -7.0]),
        "share": np.full((2, len(of.units)), 1 / 3),
        "tier_effect": np.log(RATES[:, : len(base)]) - base[None, :, None],
        "creator_effect": np.log(MULTIPLIERS),
        "creator_sd": np.array([0.5, 0.6]),
        "alpha": np.array([2.0, 3.0]),
    }
    return _repeated(draws | _values())


def engagement_draws(of: Design) -> Draws:
    """Return two draws of the regression: elasticity of likes 0.3 and 0.6, of comments 0.2."""
    draws = {
        "intercept": np.array([-6.0, -7.0]),
        "slope_volume": np.array([0.5, 0.8]),
        "slope_conversation": np.array([0.2, 0.2]),
        "tier_effect": np.array([[0.3, -0.3], [-0.1, 0.1]]),
        "creator_effect": np.log(MULTIPLIERS),
        "creator_sd": np.array([0.5, 0.6]),
        "alpha": np.array([2.0, 3.0]),
    }
    return _repeated(draws | _values())


def _values() -> dict[str, np.ndarray]:
    return {
        "value_log_mean": np.array([3.0, 3.0]),
        "value_tier_effect": np.array([[0.2, -0.2], [0.1, -0.1]]),
        "value_creator_effect": np.log(VALUES / 0.8) - 3.0 - np.array([[0.2, -0.2], [0.1, -0.1]]),
        "value_shape": np.array([1.0, 2.0]),
        "paying_share": np.array([0.8, 0.8]),
    }


def _repeated(draws: dict[str, np.ndarray]) -> Draws:
    """Alternate the two draws: 1, 2, 1, 2, …, in both chains."""
    return {name: np.concatenate([values] * 2 * REPEATS) for name, values in draws.items()}


def both(first: float, second: float) -> np.ndarray:
    """Return a quantity of the two draws, laid out as the draws are."""
    return np.tile([first, second], 2 * REPEATS)


def tree(draws: Draws) -> xr.Dataset:
    """Return draws as a dataset of two chains."""
    return xr.Dataset(
        {
            name: (
                ("chain", "draw", *(f"{name}_{k}" for k in range(values.ndim - 1))),
                values.reshape((2, -1, *values.shape[1:])),
            )
            for name, values in draws.items()
        }
    )


def run(frame: pl.DataFrame | None = None, spec: Any = ADDITIVE) -> Run:
    """Return a healthy run of two chains whose posterior and prior are the hand-made draws."""
    frame = table() if frame is None else frame
    of = design(frame, spec)
    draws = additive_draws(of) if spec.name == "additive" else engagement_draws(of)
    return Run(
        path=None,
        spec=spec,
        source=AnalysisTable(frame, tiers=DEFAULT_TIERS),
        manifest=replace(MANIFEST, chains=2, spec_name=spec.name, health=()),
        design=of,
        tree=xr.DataTree.from_dict({"posterior": tree(draws), "prior": tree(draws)}),
        # Of draws that were not sampled there is nothing to diagnose.
        diagnosed=pl.DataFrame(schema=["parameter", "r_hat", "ess_bulk", "ess_tail"]),
    )
