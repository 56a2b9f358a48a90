"""Do the chains agree, and how much do they tell? Each scalar parameter's R-hat and ESS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.special import chdtri

from attribution import mixing
from attribution.design.types import Floats
from attribution.labelled import of_dataset

if TYPE_CHECKING:
    import xarray as xr

R_HAT = 1.01
"""R-hat up to which chains are said to agree (Vehtari et al. 2021), whatever chance may do."""

CHANCE = 0.01
"""Probability that chance alone takes any of a run's parameters beyond its limit of R-hat."""

CHANCE_ESS = 1000.0
"""Fewest effective draws whose chance counts: with fewer the limit of R-hat rises no further."""

ESS_PER_CHAIN = 100
"""Effective draws per chain that averages and ends of intervals need (Vehtari et al. 2021)."""


def diagnose(posterior: xr.Dataset) -> pl.DataFrame:
    """Return rank-normalised split R-hat and effective draws of every parameter that varies.

    Parameters
    ----------
    posterior
        Draws; each variable (chain, draw, …).

    Returns
    -------
    pl.DataFrame
        parameter (``name[level, …]``), r_hat, ess_bulk, ess_tail (the lesser of the 5 % and 95 %
        quantiles' ESS); not a number where ArviZ finds none.
    """
    names, matrix = _parameters(posterior)
    return pl.DataFrame(
        {
            "parameter": names,
            "r_hat": mixing.r_hat(matrix),
            "ess_bulk": mixing.ess_bulk(matrix),
            "ess_tail": mixing.ess_tail(matrix),
        }
    )


def worst(diagnostics: pl.DataFrame, column: str) -> tuple[float, str]:
    """Return the worst value of a column and its parameter; not a number is worse than any."""
    values = diagnostics.get_column(column).to_numpy()
    unknown = np.flatnonzero(~np.isfinite(values))
    if unknown.size:
        at = int(unknown[0])
    else:
        at = int(np.argmax(values) if column == "r_hat" else np.argmin(values))
    return float(values[at]), str(diagnostics.item(at, "parameter"))


def r_hat_limits(diagnostics: pl.DataFrame, chains: int) -> Floats:
    """Return the R-hat up to which each parameter's chains are said to agree; (parameter,).

    1.01, or what chance alone may give one of so many parameters: where chains agree, the means of
    their halves vary like those of independent draws, so that E * (R-hat**2 - 1) with E effective
    draws in all is about chi-squared with 2 * chains - 1 degrees of freedom (after Gelman & Rubin
    1992, Statistical Science 7, section 3.6). Of 100 parameters with 1,000 effective draws of 4,000
    one is beyond 1.01 in two runs of three.

    Parameters
    ----------
    diagnostics
        As :func:`diagnose` returns them.
    chains
        Number of chains.
    """
    ess = diagnostics.select(pl.min_horizontal("ess_bulk", "ess_tail")).to_series().to_numpy()
    most = chdtri(2 * chains - 1, CHANCE / max(len(ess), 1))
    limits: Floats = np.fmax(R_HAT, np.sqrt(1.0 + most / np.fmax(ess, CHANCE_ESS)))
    return limits


def agreement(diagnostics: pl.DataFrame, chains: int) -> tuple[float, float, str]:
    """Return R-hat, its limit and the name of the parameter that is most beyond its limit."""
    limits = r_hat_limits(diagnostics, chains)
    r_hat = diagnostics.get_column("r_hat").to_numpy()
    at = int(np.argmax(np.where(np.isnan(r_hat), np.inf, r_hat - limits)))
    return float(r_hat[at]), float(limits[at]), str(diagnostics.item(at, "parameter"))


def converged(diagnostics: pl.DataFrame, chains: int) -> bool:
    """Whether all parameters' chains agree and have enough effective draws."""
    enough = ESS_PER_CHAIN * chains
    r_hat, limit, _ = agreement(diagnostics, chains)
    return (
        r_hat <= limit
        and worst(diagnostics, "ess_bulk")[0] >= enough
        and worst(diagnostics, "ess_tail")[0] >= enough
    )


def _parameters(posterior: xr.Dataset) -> tuple[list[str], Floats]:
    """Name every scalar parameter that varies; (parameter, chain, draw)."""
    names: list[str] = []
    rows = []
    for name, values in of_dataset(posterior).items():
        draws = values.scalars
        for k, label in enumerate(values.labels):
            if np.ptp(draws[:, :, k]) != 0.0:
                names.append(f"{name}{label}")
                rows.append(draws[:, :, k])
    return names, np.stack(rows)
