"""rstanarm's priors, where its draws are of other priors than a spec can state.

A posterior under our prior, weighted by the ratio of the two prior densities, is the posterior
under theirs. rstanarm's ``decov`` with shape 1 and concentration 1 gives one thing that varies a
standard deviation that is exponential with mean ``scale * own``, where ``own`` is the family's own
parameter if it has one; of two things it is the root mean square of both standard deviations that
is so, and their shares of the sum of variances are uniform (Goodrich and others, rstanarm's
vignette on group-specific terms; the Stan programs in the package).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from attribution.spec.families import FAMILIES
from attribution.spec.priors import Prior
from attribution.spec.terms import INTERCEPT, Categorical, Group, Intercept, Place, level_name

if TYPE_CHECKING:
    from attribution.design.types import Design
    from attribution.draws import Draws

Floats = NDArray[np.float64]


def exponential(x: Floats, rate: Floats | float) -> Floats:
    """Log density of an exponential distribution."""
    return np.log(rate) - rate * x


def one(sd: Floats, scale: float, own: Floats | float = 1.0) -> Floats:
    """Log prior density of the standard deviation of one thing that varies."""
    return exponential(sd, 1.0 / (scale * own))


def two(first: Floats, second: Floats, scale: float, own: Floats | float = 1.0) -> Floats:
    """Log prior density of the standard deviations of two things that vary together.

    With t² = (a² + b²) / 2 and the share p = a² / (a² + b²) of the first, the density of t and p
    divided by |d(a, b) / d(t, p)| = t / sqrt(p (1 - p)).
    """
    total = first**2 + second**2
    size = np.sqrt(total / 2.0)
    return one(size, scale, own) + np.log(first * second / total / size)


def normal(x: Floats, mu: float, sigma: float) -> Floats:
    """Log density of a normal distribution, less what does not depend on x."""
    return -0.5 * ((x - mu) / sigma) ** 2


def log_ratio(design: Design, draws: Draws, scale: float | None) -> Floats:
    """Return log of rstanarm's prior density over ours, but for a constant; shape (draw,).

    Parameters
    ----------
    design, draws
        Of a run whose coefficients and constant have normal priors, correlations LKJ ones and
        standard deviations between levels exponential ones.
    scale
        Of ``decov``; None for the Stan program, whose standard deviations have the spec's priors.
    """
    total = constants(design, draws)
    if scale is None:
        return total
    own = of_family(design, draws)
    for term in design.spec.predictors["mean"].terms:
        if isinstance(term, Group):
            total = total + group(term, design.spec.place("mean"), draws, scale, own)
    return total


def of_family(design: Design, draws: Draws) -> Floats | float:
    """Return what rstanarm multiplies scales by: the family's own parameter, or 1."""
    own = FAMILIES[design.spec.outcome.family].own
    return draws[{"dispersion": "alpha"}.get(own[0], own[0])] if own else 1.0


def group(term: Group, place: Place, draws: Draws, scale: float, own: Floats | float) -> Floats:
    """Return log of their prior density over ours of a term's standard deviations."""
    names = [name for name, _ in term.names(place)]
    sds = [draws[f"{name}_sd"] for name in names]
    ours = [
        exponential(sd, term.sd_of(of).parameters["lam"])
        for of, sd in zip(term.of, sds, strict=True)
    ]
    if term.correlation is not None:
        return two(sds[0], sds[1], scale, own) - np.sum(ours, axis=0)
    return np.sum([one(sd, scale, own) for sd in sds], axis=0) - np.sum(ours, axis=0)


def constants(design: Design, draws: Draws) -> Floats:
    """Return log of their prior density over ours of the constant and of differences.

    They centre the columns of categories too, so that their constant is that of an average row
    where ours is that of the reference levels; and their differences of the constant between
    levels whose coefficients differ are those where the feature is 0.
    """
    place, terms = design.spec.place("mean"), design.spec.predictors["mean"].terms
    prior = next(term.prior for term in terms if isinstance(term, Intercept))
    average = draws[INTERCEPT]
    total = np.zeros_like(average)
    for term in terms:
        if not isinstance(term, Categorical):
            continue
        index = design.groups[term.by].index
        effect = draws[f"{level_name(place, term.by, term.of)}_effect"]
        feature = 1.0 if term.of == INTERCEPT else design.features[term.of]
        shares = np.bincount(index, np.broadcast_to(feature, index.shape), effect.shape[1])
        average = average + effect @ (shares / len(index))
        if term.of != INTERCEPT:
            total = total + _moved(design, draws, term, place, effect)
    return total + of_prior(average, prior) - of_prior(draws[INTERCEPT], prior)


def _moved(design: Design, draws: Draws, term: Categorical, place: Place, effect: Floats) -> Floats:
    there = draws[f"{level_name(place, term.by)}_effect"]
    at_zero = there - effect * design.feature_centres[term.of]
    # Both are 0 at the reference, which adds nothing.
    return np.sum(of_prior(at_zero, term.prior) - of_prior(there, term.prior), axis=1)


def of_prior(x: Floats, prior: Prior) -> Floats:
    """Log density of a normal prior."""
    return normal(x, prior.parameters["mu"], prior.parameters["sigma"])
