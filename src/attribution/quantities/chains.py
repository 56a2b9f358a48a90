"""How the chains of the main parameters moved: rank counts and traces, for the statistician."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from attribution.design.types import Floats
from attribution.diagnostics import r_hat_limits
from attribution.quantities.method import with_method

if TYPE_CHECKING:
    from attribution.run import Run

BINS = 20
TRACE_DRAWS = 250
MOST_LEVELS = 8
"""Parameters with more levels (one per creator, say) are left out of these views."""

DERIVED = ("_effect", "_z", "_raw")
"""Endings of variables that are transforms or scales of others."""


def main_parameters(run: Run) -> Iterator[tuple[str, Floats]]:
    """Yield scalar parameters and those with few levels, by name; each (chain, draw)."""
    for name, values in run.group("posterior").items():
        if len(values.labels) > MOST_LEVELS or name.endswith(DERIVED):
            continue
        for k, label in enumerate(values.labels):
            yield f"{name}{label}", values.scalars[:, :, k]


def ranks_table(run: Run) -> pl.DataFrame:
    """Return ranks by chain: parameter, chain, bin, count, expected, r_hat, r_hat_limit, ess.

    Ranks over all chains together; chains that explore the same posterior have even counts
    (Vehtari et al. 2021). ``ess`` is the bulk effective sample size.
    """
    limits = pl.Series("limit", r_hat_limits(run.diagnostics, run.manifest.chains))
    diagnosed = run.diagnostics.with_columns(limits)
    told = {row["parameter"]: row for row in diagnosed.iter_rows(named=True)}
    unknown = {"r_hat": np.nan, "limit": np.nan, "ess_bulk": np.nan}
    rows = []
    for name, values in main_parameters(run):
        ranks = pl.Series(values.ravel()).rank("average").to_numpy().reshape(values.shape)
        edges = np.linspace(0.5, values.size + 0.5, BINS + 1)
        of = told.get(name, unknown)
        for chain, mine in enumerate(ranks):
            counts = np.histogram(mine, edges)[0]
            rows += [
                {
                    "parameter": name,
                    "chain": chain,
                    "bin": b,
                    "count": int(count),
                    "expected": values.shape[1] / BINS,
                    "r_hat": of["r_hat"],
                    "r_hat_limit": of["limit"],
                    "ess": of["ess_bulk"],
                }
                for b, count in enumerate(counts)
            ]
    return with_method(pl.DataFrame(rows), run)


def trace_table(run: Run) -> pl.DataFrame:
    """Return evenly thinned draws in order: parameter, chain, draw, value."""
    frames = []
    for name, values in main_parameters(run):
        kept = np.unique(np.linspace(0, values.shape[1] - 1, TRACE_DRAWS).astype(int))
        for chain, mine in enumerate(values):
            frames.append(
                pl.DataFrame({"draw": kept, "value": mine[kept]}).select(
                    pl.lit(name).alias("parameter"), pl.lit(chain).alias("chain"), "draw", "value"
                )
            )
    return with_method(pl.concat(frames), run)
