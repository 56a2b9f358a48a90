"""Effects of levels that no post of the fit has, such as combinations that a change makes."""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

import numpy as np

from attribution.design.types import Design, Floats
from attribution.draws import Draws, n_draws
from attribution.spec.model import ModelSpec
from attribution.spec.terms import Group, Place, Term


def with_unseen(design: Design, draws: Draws, first: int) -> Draws:
    """Return draws in which levels that the fit has not seen have effects, after those it has.

    Effects of a group are drawn from the distribution of its levels, one for each draw of its
    standard deviation; those that are not pooled are unknown and stand at 0.

    Parameters
    ----------
    design
        Posts, some of them of levels that are among ``unseen`` of their column.
    draws
        Some consecutive draws.
    first
        Where the first of them stands among all draws. It seeds what is drawn, so that the same
        change has the same effect whenever it is asked for.
    """
    new = {
        name: values
        for term, place in _terms(design.spec)
        if (levels := tuple(u for c in term.columns for u in design.groups[c].unseen))
        for name, values in _effects(design, draws, term, place, levels, first)
    }
    return {**draws, **{name: _after(draws[name], values) for name, values in new.items()}}


def _terms(spec: ModelSpec) -> Iterator[tuple[Term, Place]]:
    for section, predictor in spec.predictors.items():
        yield from ((term, spec.place(section)) for term in predictor.terms)
    if "mean" not in spec.predictors:
        yield from ((term, spec.place("mean")) for term in spec.mean.terms)


def _effects(
    design: Design, draws: Draws, term: Term, place: Place, levels: tuple[str, ...], first: int
) -> Iterator[tuple[str, Floats]]:
    """Yield the names of effects and effects of levels that the fit has not seen; (draw, level)."""
    none = np.zeros((n_draws(draws), len(levels)))
    if not isinstance(term, Group) or "mean" not in design.spec.predictors:
        # Posts with such a level are not told of.
        yield from ((name, none) for name in term.by_level(place))
        return
    seed = crc32("\n".join((*term.by_level(place), *levels)).encode())
    rng, known = np.random.default_rng([seed, first]), len(design.groups[term.by].levels)
    yield from term.of_new(draws, place, known, len(levels), rng)


def _after(known: Floats, new: Floats) -> Floats:
    """Put effects of new levels after those of known ones; (draw, …, level)."""
    shape = (*known.shape[:-1], new.shape[-1])
    wide = np.broadcast_to(new.reshape((len(new), *[1] * (known.ndim - 2), -1)), shape)
    return np.concatenate([known, wide], axis=-1)
