"""How pooled effects of levels are sampled, and drawn for levels that the fit has not seen.

What the data tell of a level only says in which units its effect is sampled: the prior of the
effect does not depend on it.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from attribution.spec.terms.base import Array, Make, Place, dim
from attribution.spec.terms.population import INTERCEPT, level_name

if TYPE_CHECKING:
    from attribution.spec.priors import Prior
    from attribution.spec.terms.group import Group

Floats = NDArray[np.float64]

LEAST_TOLD = 0.1
"""Information that is taken for a level of which the data tell next to nothing."""


def scale_of(make: Make, place: Place, of: str) -> Array:
    """Return what multiplies what the data tell of a level's mean to give what they tell of this.

    Of an own parameter of the family they tell little: its effects are sampled uncentred.
    """
    if not place.is_of_outcome:
        return 0.0
    return 1.0 if of == INTERCEPT else make.mean_square(of)


def add_effect(
    make: Make, term: Group, name: str, so_far: Array | None, scale: Array = 1.0
) -> Array:
    """Add effects of the one thing that a term varies between levels; (level,).

    Parameters
    ----------
    so_far
        Sum of the terms before it, (row,), which says what the data leave to the levels; None for
        a slope, of which there is no estimate.
    scale
        Multiplies what the data tell of a level.
    """
    if term.effects == "zero_sum":
        return add_zero_sum(make, term, name, scale=scale)
    return _exchangeable(make, term, name, so_far, scale)


def add_zero_sum(
    make: Make, term: Group, name: str, parts: str | None = None, scale: Array = 1.0
) -> Array:
    """Add deviations of a group's levels that add up to zero; dims (level,) or (part, level).

    Sampled in units of the standard deviation that they would have given the data and the spread,
    sd / sqrt(1 + t) with t = sd**2 times what the data tell: non-centred where the spread is
    small, centred where it is large. The prior, zero-sum normal with sd, does not depend on that.
    Levels are scaled alike, by the harmonic mean of what is told of each, for their sum to be zero.

    ``scale`` multiplies the information.
    """
    own = dim(term.by)
    dims = (own,) if parts is None else (parts, own)
    sd = make.prior(f"{name}_sd", term.sd_of(term.of[0]), parts)
    told = sd**2 * scale * make.data(f"{name}_information", make.told_alike(term.by, LEAST_TOLD))
    spread = make.f.sqrt(1.0 + told)
    if parts is not None:
        sd, spread = sd[:, None], spread[:, None]
    z = make.zero_sum_normal(f"{name}_z", spread, dims)
    return make.deterministic(f"{name}_effect", sd / spread * z, dims)


def _exchangeable(make: Make, term: Group, name: str, so_far: Array | None, scale: Array) -> Array:
    """Add normal effects of a group's levels on the link's scale; dims (level,).

    Sampled is the effect less its mean, over its standard deviation, in the distribution that it
    would have given the level's own data and all other unknowns: with t = sd**2 times what the
    data tell, Normal(k d, sd / sqrt(1 + t)), where k = t / (1 + t) and d is how far the level's
    estimate lies from what the rest of the model says of it. This is centred where the data tell
    much, non-centred where they tell nothing, level by level and whatever the spread
    (Papaspiliopoulos, Roberts & Sköld 2007). The prior of the effect, Normal(0, sd), or
    Normal(-sd**2 / 2, sd) for a multiplier whose mean is one, does not depend on what the data
    tell.
    """
    sd = make.prior(f"{name}_sd", term.sd_of(term.of[0]))
    mean = -(sd**2) / 2.0 if term.effects == "mean_one" else 0.0
    effect = mean + sd * _standard(make, term.by, name, sd, so_far, scale, mean)
    return make.deterministic(f"{name}_effect", effect, dim(term.by))


def _standard(
    make: Make,
    by: str,
    name: str,
    sd: Array,
    so_far: Array | None,
    scale: Array,
    mean: Array = 0.0,
) -> Array:
    """Return standard normal deviations of levels, sampled as :func:`_exchangeable` says."""
    own, group = dim(by), make.group(by)
    told = sd**2 * scale * make.data(f"{name}_information", group.information, own)
    spread = make.f.sqrt(1.0 + told)
    shift = 0.0
    if so_far is not None:
        location = make.level_means(name, by, so_far)
        off = make.data(f"{name}_estimate", group.estimate, own) - location - mean
        shift = told / (1.0 + told) * off / sd
    raw = make.normal(f"{name}_raw", -shift * spread, spread, own)
    return shift + raw / spread


def add_correlated(make: Make, term: Group, place: Place, so_far: Array) -> None:
    """Add effects that are correlated over the levels: sd times a Cholesky factor times z.

    The correlation matrix is LKJ(eta): partial correlations of a C-vine are independent, that of
    two given k others beta on -1 to 1 with both parameters eta + (K - 2 - k) / 2 (Lewandowski,
    Kurowicka & Joe 2009, *Journal of Multivariate Analysis* 100(9), theorem 1 and section 2.4).
    """
    base, count = level_name(place, term.by), len(term.of)
    eta = cast("Prior", term.correlation).parameters["eta"]
    pairs = list(combinations(range(count), 2))
    given = [min(pair) for pair in pairs]
    own = f"{place.prefix}{dim(term.by)}_pair"
    make.coord(own, [f"{term.of[a]}, {term.of[b]}" for a, b in pairs])
    concentration = [eta + (count - 2 - k) / 2.0 for k in given]
    share = make.beta(f"{base}_partial", make.data(f"{base}_partial_beta", concentration), own)
    factor = cholesky(make, [2.0 * share[k] - 1.0 for k in range(len(pairs))], pairs, count)
    z: list[Array] = []
    sds: list[Array] = []
    for of in term.of:
        name = level_name(place, term.by, of)
        sd = make.prior(f"{name}_sd", term.sd_of(of))
        first = of == INTERCEPT and not z and place.is_of_outcome
        scale = scale_of(make, place, of)
        z.append(_standard(make, term.by, name, sd, so_far if first else None, scale))
        sds.append(sd)
    for row, of in enumerate(term.of):
        together = sum(factor[row][k] * z[k] for k in range(row + 1))
        name = level_name(place, term.by, of)
        make.deterministic(f"{name}_effect", sds[row] * together, dim(term.by))
    found = [sum(factor[a][k] * factor[b][k] for k in range(a + 1)) for a, b in pairs]
    make.deterministic(f"{base}_correlation", make.join([one[None] for one in found]), own)


def roots_of(correlations: Floats, count: int) -> Floats:
    """Return a square root of each correlation matrix, from its pairs; (draw, count, count)."""
    whole = np.broadcast_to(np.eye(count), (len(correlations), count, count)).copy()
    for k, (a, b) in enumerate(combinations(range(count), 2)):
        whole[:, a, b] = whole[:, b, a] = correlations[:, k]
    values, vectors = np.linalg.eigh(whole)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :])


def cholesky(
    make: Make, partial: list[Array], pairs: list[tuple[int, int]], count: int
) -> list[list[Array]]:
    """Return the Cholesky factor of the correlation matrix with these partial correlations.

    ``partial[k]`` is that of ``pairs[k]`` = (a, b), a < b, given all before a. Row b of the factor
    is its partial correlations times what the ones before have left of its length.
    """
    of = dict(zip(pairs, partial, strict=True))
    rows: list[list[Array]] = []
    for b in range(count):
        left: Array = 1.0
        row = []
        for a in range(b):
            row.append(of[a, b] * left)
            left = left * make.f.sqrt(1.0 - of[a, b] ** 2)
        rows.append([*row, left])
    return rows
