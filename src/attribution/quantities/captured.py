"""What is known of orders for each recorded one, before and after the data, for a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from attribution.design.types import Floats
from attribution.draws import thin
from attribution.kernel import kernel_density
from attribution.quantities.estimates import CANNOT_TELL, Quantity, estimate_table
from attribution.quantities.method import with_method
from attribution.quantities.recorded import PER_RECORDED, factor_priors, recorded_quantities
from attribution.quantities.sensitivity import SENSITIVITY
from attribution.spec.priors import quantile
from attribution.spec.sections.capture import LEAKED, SHARE
from attribution.spec.statement import StatedPrior

if TYPE_CHECKING:
    from attribution.run import Run

BEFORE, AFTER, AS_STATED = "before the data", "after", "prior as stated"
POINTS = 121
"""Points of a density."""
FAR = 0.99
"""Share of prior and posterior below the last point of a density that has no upper end."""
DRAWS = 2000
SHARES = 300
"""Quantiles of which a prior's density is made."""

SCHEMA = {
    "quantity": pl.String,
    "label": pl.String,
    "group": pl.String,
    "population": pl.String,
    "unit": pl.String,
    "value": pl.Float64,
    "density": pl.Float64,
    "median": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "interval": pl.String,
    "prob": pl.Float64,
    "answer": pl.String,
}


def capture_table(run: Run) -> pl.DataFrame:
    """Return densities of each unknown share or factor, and the orders for each recorded one.

    Returns
    -------
    pl.DataFrame
        Of densities a row per point: ``value`` and ``density``, the group saying before the data
        or after. Of orders for each recorded one a row per weight of the prior, with ``median``
        and interval (null where draws cannot tell). Empty for a model that says nothing of them.
    """
    design, draws = run.design, run.thinned
    frames = [pl.DataFrame(schema=SCHEMA)]
    found = [q for q in recorded_quantities(design, draws) if q.quantity == PER_RECORDED]
    if found:
        frames += [_curves(stated, draws[stated.parameter]) for stated in factor_priors(design)]
        frames.append(_answers(found, run.manifest.chains))
    return with_method(pl.concat(frames, how="diagonal"), run)


def _answers(found: list[Quantity], chains: int) -> pl.DataFrame:
    names = ["median", "lower", "upper"]
    unsure = (pl.col("scope") == SENSITIVITY) & (pl.col("answer") == CANNOT_TELL)
    unsure &= pl.lit([q.evidence == 0.0 for q in found]).explode()
    as_stated = pl.col("scope") != SENSITIVITY
    table = estimate_table(found, chains).with_columns(
        pl.when(~unsure).then(pl.col(name)).alias(name) for name in names
    )
    return table.with_columns(
        group=pl.when(as_stated).then(pl.lit(AS_STATED)).otherwise("group")
    ).select(name for name in SCHEMA if name in table.columns)


def _curves(stated: StatedPrior, draws: Floats) -> pl.DataFrame:
    """Return the density of an unknown by its prior and by its draws, each of area 1."""
    within = stated.parameter in (SHARE, LEAKED)
    last = 1.0
    if not within:
        last = float(max(quantile(stated.prior, FAR), np.quantile(draws, FAR)))
    grid = (np.arange(POINTS) + 0.5) / POINTS * last
    curves = {
        BEFORE: _prior_density(stated, grid),
        AFTER: _smoothed(thin({"x": draws}, DRAWS)["x"], grid, last if within else None),
    }
    return pl.concat(
        _curve(stated, group, grid, heights / heights.sum() / (grid[1] - grid[0]))
        for group, heights in curves.items()
    )


def _prior_density(stated: StatedPrior, grid: Floats) -> Floats:
    """Return the density by differences of quantiles, on whatever scale the prior is stated."""
    shares = np.linspace(0.001, 0.999, SHARES)
    places = np.array([quantile(stated.prior, float(share)) for share in shares])
    middle, heights = (places[1:] + places[:-1]) / 2.0, np.diff(shares) / np.diff(places)
    inside = (grid >= places[0]) & (grid <= places[-1])
    return np.where(inside, np.interp(grid, middle, heights), 0.0)


def _smoothed(draws: Floats, grid: Floats, end: float | None) -> Floats:
    """Return a kernel density of draws above 0, reflected at 0 and at an upper end."""
    heights = kernel_density(draws, grid) + kernel_density(draws, -grid)
    return heights if end is None else heights + kernel_density(draws, 2.0 * end - grid)


def _curve(stated: StatedPrior, group: str, grid: Floats, heights: Floats) -> pl.DataFrame:
    return pl.DataFrame({"value": grid, "density": heights}).select(
        pl.lit(stated.parameter).alias("quantity"),
        pl.lit(stated.meaning).alias("label"),
        pl.lit(group).alias("group"),
        "value",
        "density",
    )
