"""Brands whose parameters and outcomes are drawn from the prior of any model, posts being given.

The simulator has no counterpart of a regression on engagement. What is true of each estimand is
what the same functions tell of the parameters that were drawn.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial

import numpy as np
import polars as pl
import xarray as xr

from attribution.draws import Draws
from attribution.from_prior import PriorDraws, draw_from_prior
from attribution.known_truth import KEYS
from attribution.quantities.estimates import estimate_table
from attribution.run import Run
from proofs.brands import MARGIN, ROI_BY, Example, effects_beside, roi_beside
from proofs.calibration.tables import table_for

PER_TABLE = 25
"""Brands that share posts, so that the graph of their model is made once."""

DRAWS = 8
"""Draws per chain of a run that holds the truth alone."""


def drawn(model: str, seed: int, creators: int, each: int) -> Example:
    """Return a brand of a model's prior."""
    table, k = divmod(seed, PER_TABLE)
    of = _of_table(model, creators, each, table)
    return Example(of.model(k), of.table(k), partial(beside_parameters, truth=of.truth(k)))


@lru_cache(maxsize=2)
def _of_table(model: str, creators: int, each: int, table: int) -> PriorDraws:
    posts = table_for(model, creators, each, table)
    return draw_from_prior(model, posts, count=PER_TABLE, seed=table)


def beside_parameters(run: Run, truth: Draws) -> pl.DataFrame:
    """Return effects and ROI of a run beside those of the true parameters; each (1, …)."""
    sure = known(run, truth)
    effects = estimate_table(sure.estimands, run.manifest.chains)
    true = effects.select(*KEYS, truth="median").drop_nulls("truth")
    roi = sure.roi(by=list(ROI_BY), margin=MARGIN, unhealthy=True)
    by_group = {
        by: roi.filter(pl.col("by") == by).select(
            "group", true_roi="expected_roi_median", true_orders="expected_orders_mean"
        )
        for by in ROI_BY
    }
    return pl.concat([effects_beside(run, true), *roi_beside(run, by_group)])


def known(run: Run, truth: Draws) -> Run:
    """Return a run of the same posts, every draw of which is the truth; values are (1, …)."""
    size = (run.manifest.chains, DRAWS)
    same = {name: np.broadcast_to(of, (*size, *of.shape[1:])) for name, of in truth.items()}
    posterior = xr.Dataset(
        {
            name: (("chain", "draw", *(f"{name}_{k}" for k in range(of.ndim - 2))), of)
            for name, of in same.items()
        }
    )
    return replace(run, tree=xr.DataTree.from_dict({"posterior": posterior}))
