"""Is there a just-right size? The peak of a smooth curve, where there is one.

A peak counts only where the curve stands clearly above both ends of what was observed: the highest
point of any draw of a flat curve lies somewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import polars as pl

from attribution.design.types import Design, Floats
from attribution.draws import Draws
from attribution.quantities.estimates import THESE, Quantity
from attribution.spec.model import Feature, Predictor
from attribution.spec.terms import Smooth
from attribution.spec.transforms import columns_of, evaluate

RANGE = (0.05, 0.95)
"""Quantiles of the posts' values between which a peak is looked for."""

POINTS = 81

CLEAR = 1.2
"""How many times both ends a peak must be, to count as one."""


def peak_quantities(design: Design, draws: Draws) -> list[Quantity]:
    """Return, for every curve of one column on a log link, where its peak is and if it has one.

    Parameters
    ----------
    design
        With curves (``spline`` or ``gp`` terms) in the mean.
    draws
        Of the posterior or the prior.

    Returns
    -------
    list of Quantity
        For each: whether there is a peak, where it lies, how far it stands above the ends, and the
        ratio of the ends.
    """
    mean = design.spec.mean
    if not isinstance(mean, Predictor) or mean.link != "log":
        return []
    smooth = [term for term in mean.terms if isinstance(term, Smooth)]
    return [q for term in smooth for q in _of_curve(design, draws, term)]


def curve(design: Design, draws: Draws, term: Smooth) -> tuple[Floats, Floats]:
    """Return values of a curve's column, and the curve there on the link's scale.

    Returns
    -------
    tuple
        Values between the 5th and 95th percentile of the posts', evenly spaced on a log scale where
        all are above 0; (point,), and the curve; (draw, point).
    """
    feature = _feature(design, term)
    (column,) = columns_of(feature)
    low, high = np.quantile(design.table.get_column(column).drop_nulls().to_numpy(), RANGE)
    grid = np.geomspace(low, high, POINTS) if low > 0 else np.linspace(low, high, POINTS)
    at = evaluate([feature], pl.DataFrame({column: grid})).get_column(feature.name).to_numpy()
    name = term.name(design.spec.place("mean"))
    functions = design.bases[name].moved(at).functions
    return grid, np.asarray(draws[f"{name}_coefficient"] @ functions.T)


def _feature(design: Design, term: Smooth) -> Feature:
    return next(f for f in design.spec.features if f.name == term.feature)


def _alone(design: Design, term: Smooth) -> bool:
    """Whether the curve's column is one, and in no other term of the mean."""
    columns = columns_of(_feature(design, term))
    others = {
        column
        for feature in design.spec.features
        if feature.name != term.feature
        for column in columns_of(feature)
    }
    return len(columns) == 1 and not columns & others


def _of_curve(design: Design, draws: Draws, term: Smooth) -> Iterator[Quantity]:
    if not _alone(design, term):
        return
    (column,) = columns_of(_feature(design, term))
    grid, log_curve = curve(design, draws, term)
    left, right, top = log_curve[:, 0], log_curve[:, -1], log_curve.max(axis=1)
    above = np.exp(top - np.maximum(left, right))
    there = above >= CLEAR
    name = column.replace("_", " ")
    told = partial(Quantity, scope="overall", group="all", population=THESE, weighting="draws")
    clear = f"{CLEAR - 1:.0%} above both ends".replace("%", " %")
    yield told(
        quantity=f"has_peak_{column}",
        label=f"A number of {name} that is just right: the curve stands {clear} there",
        unit="probability",
        draws=there.astype(np.float64),
        threshold=0.5,
        statement="P(there is a peak)",
        words=(f"there is a best number of {name}", f"there is no best number of {name}"),
        has_interval=False,
    )
    yield told(
        quantity=f"peak_{column}",
        label=f"{name.capitalize()} at which the curve is highest",
        unit=name,
        draws=grid[np.argmax(log_curve, axis=1)],
        evidence=float(there.mean()),
    )
    yield told(
        quantity=f"peak_over_ends_{column}",
        label=f"Highest point of the curve over the higher of its ends, by {name}",
        unit="ratio",
        draws=above,
        threshold=CLEAR,
        statement=f"P(> {CLEAR:g})",
    )
    yield told(
        quantity=f"ends_ratio_{column}",
        label=f"The curve at the 95th percentile of {name} over that at the 5th",
        unit="ratio",
        draws=np.exp(right - left),
        threshold=1.0,
        statement="P(> 1)",
        words=(f"posts with most {name} are ahead", f"posts with fewest {name} are ahead"),
    )
