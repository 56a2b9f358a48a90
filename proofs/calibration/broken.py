"""Models broken on purpose: calibration has to tell them from the right one.

Data are those of the right model; one part of what is fitted to them is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, cast

import click
import numpy as np
import polars as pl

from attribution.spec.links import LINKS, Link
from attribution.spec.model import ModelSpec, Predictor
from attribution.spec.priors import Prior
from attribution.spec.terms import Group

Fitted = tuple[ModelSpec, pl.DataFrame]
CREATOR = "creator_id"
NARROWER = 4.0
MIDDLE, POWER = 2.0, 8
"""Log of the mean where the wrong link agrees with the logarithm, and its power."""


@dataclass(frozen=True)
class Broken:
    """A way to break a model: what is wrong, and how it is done to spec and table."""

    words: str
    apply: Callable[[ModelSpec, pl.DataFrame], Fitted]


def _prior_scale(spec: ModelSpec, frame: pl.DataFrame) -> Fitted:
    return replace(spec, mean=_narrower(spec.mean)), frame


def _narrower(of: Any) -> Any:
    """Return a part of a spec with every prior in it that has a scale a quarter as wide."""
    if isinstance(of, Prior):
        sigma = of.parameters.get("sigma")
        narrow = {} if sigma is None else {"sigma": sigma / NARROWER}
        return replace(of, parameters={**of.parameters, **narrow})
    if isinstance(of, tuple):
        return tuple(map(_narrower, of))
    if is_dataclass(of) and not isinstance(of, type):
        return replace(of, **{one.name: _narrower(getattr(of, one.name)) for one in fields(of)})
    return of


def _link(spec: ModelSpec, frame: pl.DataFrame) -> Fitted:
    if not isinstance(spec.mean, Predictor) or spec.mean.link != "log":
        raise click.UsageError(f"{spec.name} has no log link that could be wrong")
    cast("dict[str, Link]", LINKS).setdefault(WRONG_LINK.name, WRONG_LINK)
    return replace(spec, mean=replace(spec.mean, link=WRONG_LINK.name)), frame


def _eighth(x: Any) -> Any:
    """Return the eighth power by squaring, of arrays and tensors."""
    square = x * x
    return (square * square) * (square * square)


WRONG_LINK = Link(
    "eighth_power",
    "the mean is an eighth power, which agrees with the exponential at a mean of 7.4 only",
    "eighth_power",
    lambda _f, eta: np.exp(MIDDLE) * _eighth(1.0 + (eta - MIDDLE) / POWER),
    lambda mean: MIDDLE + POWER * ((mean / np.exp(MIDDLE)) ** (1.0 / POWER) - 1.0),
)


def _exposure(spec: ModelSpec, frame: pl.DataFrame) -> Fitted:
    column = spec.outcome.exposure
    if column is None:
        raise click.UsageError(f"{spec.name} has no exposure that could be wrong")
    other, right = pl.col("followers").cast(pl.Float64), pl.col(column).cast(pl.Float64)
    wrong = (other * right.sum() / other.sum()).round().cast(frame.schema[column])
    return spec, frame.with_columns(pl.when(right > 0).then(wrong).otherwise(right).alias(column))


def _shared(spec: ModelSpec, frame: pl.DataFrame) -> Fitted:
    terms = tuple(t for t in spec.mean.terms if not (isinstance(t, Group) and t.by == CREATOR))
    if len(terms) == len(spec.mean.terms):
        raise click.UsageError(f"{spec.name} has no effects of {CREATOR} that could be shared")
    return replace(spec, mean=replace(spec.mean, terms=cast("Any", terms))), frame


BROKEN: Mapping[str, Broken] = {
    "prior_scale": Broken("priors of the mean a quarter as wide", _prior_scale),
    "link": Broken("an eighth power in place of the exponential", _link),
    "exposure": Broken("followers in place of the exposure, with its total", _exposure),
    "shared": Broken("one rate for all creators in place of their own", _shared),
}
