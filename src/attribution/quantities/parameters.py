"""Every parameter of a fitted model, on the scale that its spec states, one tidy row each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from attribution import mixing
from attribution.design.types import Design, Floats
from attribution.draws import Draws
from attribution.quantities.estimates import INTERVAL, PROBABILITY, summarise
from attribution.quantities.method import with_method
from attribution.quantities.wording import AT_ZERO, centred_slopes, inner, meanings, shifts
from attribution.spec.model import Predictor
from attribution.spec.stages import in_run, of_stage
from attribution.spec.terms import INTERCEPT, Intercept, Linear, Place, level_name

if TYPE_CHECKING:
    from attribution.run import Run

MOST_LEVELS = 50
"""Levels of a parameter beyond which they are left out unless all are asked for."""

UNWORDED = "link scale; see the equations of `attribution models show`"

SCHEMA = {
    "parameter": pl.String,
    "level": pl.String,
    "meaning": pl.String,
    "mean": pl.Float64,
    "sd": pl.Float64,
    "median": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "interval": pl.String,
    "prob": pl.Float64,
    "r_hat": pl.Float64,
    "ess_bulk": pl.Float64,
    "ess_tail": pl.Float64,
    "mcse_mean": pl.Float64,
}


@dataclass(frozen=True)
class Parameter:
    """One parameter, or one at each level.

    Parameters
    ----------
    name
        Name in the run.
    levels
        Name of each level; a single None of a parameter without any.
    draws
        Chains merged, chain by chain; shape (level, chain * draw).
    """

    name: str
    levels: tuple[str | None, ...]
    draws: Floats


def parameters(run: Run, *, every: bool = False) -> pl.DataFrame:
    """Summarise every parameter of a model, centring of features undone where there is any.

    Parameters
    ----------
    run
        A fitted run.
    every
        Give also the levels of groups with more than ``MOST_LEVELS``, hidden signals of posts,
        and the unknowns that the sampler uses instead of parameters.

    Returns
    -------
    pl.DataFrame
        Columns as in :data:`SCHEMA`, and ``method``; equal-tailed 89 % intervals. ``meaning`` says
        what a parameter is and on which scale. Where features are centred, ``intercept`` is at
        average features and ``intercept_at_zero`` where all are 0; effects of levels whose slopes
        differ move likewise. R-hat and effective draws of what does not vary are null.
    """
    words = meanings(run.design.spec)
    place = {name: k for k, name in enumerate(words)}
    shown = sorted(_shown(run, every), key=lambda one: place.get(one.name, len(place)))
    names = [
        (one.name, level, words.get(one.name, UNWORDED)) for one in shown for level in one.levels
    ]
    keys = pl.DataFrame(names, schema=["parameter", "level", "meaning"], orient="row")
    numbers = _numbers(np.concatenate([one.draws for one in shown]), run.manifest.chains)
    stated = pl.lit(INTERVAL).alias("interval"), pl.lit(PROBABILITY).alias("prob")
    table = pl.concat([keys, numbers], how="horizontal").with_columns(stated)
    return with_method(table.select(pl.col(c).cast(t) for c, t in SCHEMA.items()), run)


def _numbers(matrix: Floats, chains: int) -> pl.DataFrame:
    """Summarise rows of draws, and say whether their chains agree; (row, chain * draw)."""
    by_chain = matrix.reshape(len(matrix), chains, -1)
    varies = np.ptp(matrix, axis=1) > 0.0
    r_hat = np.ones(len(matrix))
    # Draws of a few values only may have a half in which they do not vary: no number then.
    r_hat[varies] = mixing.r_hat(by_chain[varies])
    told = pl.when(pl.Series(varies)).then(pl.Series(r_hat)).alias("r_hat")
    return summarise(matrix, chains).with_columns(told)


def left_out(run: Run) -> dict[str, int]:
    """Return the parameters with too many levels to show by default, and how many they have."""
    own = inner(run.design.spec)
    return {
        one.name: len(one.levels)
        for one in _all(run)
        if len(one.levels) > MOST_LEVELS and not own(one.name)
    }


def _shown(run: Run, every: bool) -> list[Parameter]:
    if every:
        return list(_all(run))
    own = inner(run.design.spec)
    return [p for p in _all(run) if len(p.levels) <= MOST_LEVELS and not own(p.name)]


def _all(run: Run) -> Iterator[Parameter]:
    """Yield what a run keeps, then what is moved to where features are 0."""
    for name, values in run.group("posterior").items():
        draws = run.draws[name]
        levels = tuple(label[1:-1] or None for label in values.labels)
        yield Parameter(name, levels, draws.reshape((len(draws), -1)).T)
    yield from at_zero(run.design, run.draws)


def at_zero(design: Design, draws: Draws) -> Iterator[Parameter]:
    """Yield constants and effects of levels as they are where all features are 0.

    With slopes b and b + d[k] at level k of features x less their centres c, the sum of terms
    a + e[k] + (b + d[k]) (x - c) is (a - b c) + (e[k] - d[k] c) + (b + d[k]) x. Curves and offsets
    are not centred and stay as they are.

    Parameters
    ----------
    design
        With the centres of features.
    draws
        Of the posterior, or of the prior.
    """
    for section, predictor in design.spec.predictors.items():
        place = design.spec.place(section)
        yield from _constant(design, draws, place, predictor)
        for by in dict.fromkeys(column for term in predictor.terms for column in term.columns):
            yield from _levels(design, draws, place, predictor, by)
    for name, stage in design.stages.items():
        for one in at_zero(stage, of_stage(draws, name)):
            yield replace(one, name=in_run(name, one.name))


def _constant(
    design: Design, draws: Draws, place: Place, predictor: Predictor
) -> Iterator[Parameter]:
    slopes = [term.feature for term in predictor.terms if isinstance(term, Linear)]
    has_constant = any(isinstance(term, Intercept) for term in predictor.terms)
    if not (slopes and has_constant) or predictor.centre == "none":
        return
    name = f"{place.prefix}{INTERCEPT}"
    moved = draws[name] - sum(
        draws[f"{place.prefix}slope_{feature}"] * design.feature_centres[feature]
        for feature in slopes
    )
    yield Parameter(f"{name}{AT_ZERO}", (None,), moved[None])


def _levels(
    design: Design, draws: Draws, place: Place, predictor: Predictor, by: str
) -> Iterator[Parameter]:
    slopes = centred_slopes(predictor, by)
    if not slopes:
        return
    name = f"{level_name(place, by)}_effect"
    moved = np.array(draws[name]) if shifts(predictor, by) else 0.0
    for feature in slopes:
        effect = draws[f"{level_name(place, by, feature)}_effect"]
        moved = moved - effect * design.feature_centres[feature]
    yield Parameter(f"{name}{AT_ZERO}", design.groups[by].levels, np.asarray(moved).T)
