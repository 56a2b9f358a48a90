"""A small simulated brand and what a model would make of it, without sampling.

``believable`` makes a run whose draws scatter independently around known parameters and whose
orders were drawn from the model at those parameters: as healthy as a run can be, and ready to be
spoiled in one respect at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import xarray as xr

from attribution import forward
from attribution.data import AnalysisTable, ingest
from attribution.design import Design, build_design
from attribution.diagnostics import diagnose
from attribution.draws import stack
from attribution.health import check_health
from attribution.predictive import figures, figures_dataset
from attribution.run import Run
from attribution.simulation import Brand, Settings, simulate
from attribution.spec import read_spec
from support.runs import MANIFEST

CHAINS, DRAWS = 2, 500
DISTINCT = 250
"""Different draws: each half of a chain has all of them, in an order of its own."""

SPREAD = 0.03
"""How far draws scatter around the known parameters, in units of the prior's own scatter."""


@dataclass(frozen=True)
class Small:
    """A simulated brand of 15 creators and 120 posts, and its analysis table."""

    brand: Brand
    table: AnalysisTable


@cache
def small() -> Small:
    """Simulate and join the brand, as a user would."""
    brand = simulate(Settings.samples().sized(15, 120), 3)
    with TemporaryDirectory() as name:
        folder = Path(name)
        brand.write(folder, overwrite=True)
        files = [folder / f"{table}.csv" for table in ("posts", "orders", "creators")]
        return Small(brand, ingest(*files).table)


def table(*, sources: bool = True, hidden: bool = True) -> pl.DataFrame:
    """Return the brand's posts, with or without late orders and hidden likes."""
    frame = small().table.frame
    if not sources:
        frame = frame.drop("carry_posts", "carry_shares")
    return frame if hidden else frame.filter(pl.col("likes").is_not_null())


def design(model: str, *, sources: bool = True, hidden: bool = True) -> Design:
    frame = table(sources=sources, hidden=hidden)
    return build_design(read_spec(model), frame, level_order=small().table.tier_order)


@cache
def prior(model: str) -> xr.Dataset:
    """Draw the prior of a shipped model for the brand's posts."""
    from attribution.model import build_model
    from attribution.model.prior_draws import draw_prior

    return draw_prior(build_model(design(model)), DISTINCT, 1)


CENTRES = {
    "log_rate": -7.5,
    "share": np.full(3, 1 / 3),
    "intercept": -7.5,
    "slope_volume": 0.3,
    "slope_conversation": 0.1,
    "creator_sd": 0.4,
    "inverse_alpha": 0.1,
    "value_log_mean": 4.0,
    "value_shape": 1.5,
    "paying_share": 0.9,
}
"""Where parameters are known to be; all others at the prior's middle, which is 0 or a spread."""


def order() -> np.ndarray:
    """Return which of the distinct draws each draw is; shape (chain * draw,)."""
    rng = np.random.default_rng(4)
    halves = CHAINS * DRAWS // DISTINCT
    return np.concatenate([rng.permutation(DISTINCT) for _ in range(halves)])


def around(values: np.ndarray, centre: np.ndarray | float) -> np.ndarray:
    return centre + SPREAD * (values - centre)


@cache
def believable(model: str, orders_of: str | None = None) -> Run:
    """Return a run of a shipped model that is healthy by construction.

    ``orders_of`` names another model whose orders it is fitted to instead of its own.
    """
    before = prior(model)
    draws = before
    posterior = {
        str(name): (
            values.dims[2:],
            around(values.to_numpy()[0][order()], _centre(str(name), values)),
        )
        for name, values in draws.data_vars.items()
    }
    posterior["alpha"] = ((), 1.0 / posterior["inverse_alpha"][1])
    flat = {name: values for name, (_, values) in posterior.items()}
    frame = believable(orders_of).source.frame if orders_of else _orders(design(model), flat)
    spec, source = read_spec(model), replace(small().table, frame=frame)
    of = build_design(spec, frame, level_order=source.tier_order)
    shaped = {
        name: (("chain", "draw", *dims), values.reshape((CHAINS, DRAWS, *values.shape[1:])))
        for name, (dims, values) in posterior.items()
    }
    data = xr.Dataset(
        shaped, coords={d: draws[d] for d in draws.dims if d not in ("chain", "draw")}
    )
    tree = _tree(of, data, flat, before)
    diagnosed = diagnose(data)
    manifest = replace(
        MANIFEST,
        chains=CHAINS,
        draws=DRAWS,
        spec_name=model,
        health=check_health(of, tree, diagnosed),
    )
    return Run(
        path=None,
        spec=spec,
        source=source,
        manifest=manifest,
        design=of,
        tree=tree,
        diagnosed=diagnosed,
    )


def _centre(name: str, values: xr.DataArray) -> np.ndarray | float:
    if name in CENTRES:
        return CENTRES[name]
    middle = np.median(values.to_numpy())
    return float(middle) if name.endswith("_sd") else 0.0


def _orders(of: Design, draws: dict[str, np.ndarray]) -> pl.DataFrame:
    """Replace the brand's orders and revenue by a draw from the model at the draws' average."""
    rng = np.random.default_rng(2)
    middle = {name: values.mean(axis=0, keepdims=True) for name, values in draws.items()}
    orders = forward.replicate(of, middle, rng)[0]
    paying = rng.binomial(orders, middle["paying_share"][0])
    value = forward.order_value(of, middle)[0] / middle["paying_share"][0]
    shape = middle["value_shape"][0]
    revenue = np.where(paying > 0, rng.gamma(np.maximum(paying, 1) * shape, value / shape), 0.0)
    return of.table.with_columns(
        conversions=pl.Series(orders),
        paying_orders=pl.Series(paying),
        net_revenue=pl.Series(revenue),
    )


def _tree(
    of: Design, posterior: xr.Dataset, draws: dict[str, np.ndarray], before: xr.Dataset
) -> xr.DataTree:
    rng = np.random.default_rng(3)
    posts = {"post": list(of.posts)}

    def counts(values: np.ndarray) -> xr.Dataset:
        return xr.Dataset({"conversions": (("chain", "draw", "post"), values)}, coords=posts)

    likelihood = forward.log_likelihood(of, draws).reshape((CHAINS, DRAWS, -1))
    replicated = forward.replicate(of, draws, rng)
    expected_before = forward.replicate(of, stack(before), rng)
    steps = ("chain", "draw")
    return xr.DataTree.from_dict(
        {
            "posterior": posterior,
            "sample_stats": xr.Dataset(
                {
                    "diverging": (steps, np.zeros((CHAINS, DRAWS), dtype=bool)),
                    "energy": (steps, rng.normal(size=(CHAINS, DRAWS))),
                    "depth": (steps, np.full((CHAINS, DRAWS), 4)),
                }
            ),
            "log_likelihood": counts(likelihood),
            "posterior_predictive": counts(replicated[None]),
            "prior": before,
            "prior_predictive": counts(expected_before[None]),
            "predictive_figures": figures_of(of, replicated, expected_before),
            "observed_data": xr.Dataset({"conversions": (("post",), of.outcome)}, coords=posts),
        }
    )


def figures_of(of: Design, after: np.ndarray, before: np.ndarray) -> xr.Dataset:
    """Return the figures of replicated conversions; each (replication, post)."""
    return figures_dataset(of, figures(of, after), figures(of, before))
