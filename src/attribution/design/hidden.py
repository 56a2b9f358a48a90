"""Signals that a post does not show: what exposure, group and the other signal say of them.

Each hidden count becomes an unknown of the model with a normal prior on log(1 + count). The
prior is the predictive distribution of a linear regression with random creator intercepts,
fitted to the posts that show the count; the conversions then inform it further. The regression's
own coefficients are taken as known: with hundreds of posts their uncertainty is small beside the
residual spread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from attribution.design.types import Floats

MINIMUM_SHOWN = 10
"""Posts that must show a signal before hidden values of it can be estimated."""


@dataclass(frozen=True)
class Prediction:
    """Mean and standard deviation of log(1 + count) for some posts; shape (row,)."""

    mean: Floats
    sd: Floats


def predict_hidden(
    table: pl.DataFrame, column: str, others: Sequence[str], exposure: str, groups: Sequence[str]
) -> Prediction:
    """Predict a count for every post from exposure, the other signals and its groups.

    Parameters
    ----------
    table
        Posts with positive exposure; ``column`` is null where hidden.
    column
        The signal to predict.
    others
        Signals used as predictors; null (hidden themselves) counts as missing information.
    exposure
        Exposure column.
    groups
        Grouping columns; ``creator_id`` gets random intercepts, the rest fixed ones.

    Returns
    -------
    Prediction
        One entry per row of ``table``; NaN where a predictor is null.
    """
    x = _predictors(table, others, exposure, [g for g in groups if g != "creator_id"])
    y = np.log1p(table.get_column(column).cast(pl.Float64).to_numpy())
    shown = np.isfinite(y) & np.isfinite(x).all(axis=1)
    coefficients, *_ = np.linalg.lstsq(x[shown], y[shown], rcond=None)
    fitted = x @ coefficients
    residual = np.where(shown, y - fitted, np.nan)
    spread = float(np.sum(residual[shown] ** 2) / max(int(shown.sum()) - x.shape[1], 1))
    if "creator_id" not in groups:
        return Prediction(fitted, np.full(table.height, np.sqrt(spread)))
    creators = table.get_column("creator_id").rank("dense").to_numpy().astype(np.int64) - 1
    offset, variance = _creator_intercepts(residual, creators, spread)
    return Prediction(fitted + offset[creators], np.sqrt(variance[creators]))


def _predictors(
    table: pl.DataFrame, others: Sequence[str], exposure: str, groups: Sequence[str]
) -> Floats:
    columns = [np.ones(table.height), np.log(table.get_column(exposure).to_numpy())]
    columns += [np.log1p(table.get_column(c).cast(pl.Float64).to_numpy()) for c in others]
    for group in groups:
        levels = table.get_column(group)
        for level in levels.unique(maintain_order=True)[1:]:
            columns.append((levels == level).to_numpy().astype(np.float64))
    return np.column_stack(columns)


def _creator_intercepts(
    residual: Floats, creators: np.ndarray, spread: float
) -> tuple[Floats, Floats]:
    """Best linear unbiased predictors of creator intercepts and the predictive variances.

    Variance components by one-way analysis of variance (Searle, Casella & McCulloch 1992,
    *Variance Components*, ch. 3).
    """
    shown = np.isfinite(residual)
    size = int(creators.max()) + 1
    n = np.bincount(creators[shown], minlength=size)
    total = np.bincount(creators[shown], weights=residual[shown], minlength=size)
    mean = np.divide(total, n, out=np.zeros(size), where=n > 0)
    inner = float(np.sum((residual[shown] - mean[creators[shown]]) ** 2))
    within = inner / max(int(n.sum()) - int((n > 0).sum()), 1) or spread
    n0 = (n.sum() - (n**2).sum() / n.sum()) / max(int((n > 0).sum()) - 1, 1)
    between_square = float(np.sum(n * mean**2)) / max(int((n > 0).sum()) - 1, 1)
    between = max((between_square - within) / n0, 0.0) if n0 > 0 else 0.0
    signal = n * between
    shrinkage = np.divide(signal, signal + within, out=np.zeros(size), where=signal > 0)
    return shrinkage * mean, within + between * (1.0 - shrinkage)
