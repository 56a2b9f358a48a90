"""Draws of what each creator's audience is, and of how far luck moves its observed rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from attribution import forward
from attribution.design.build import CREATOR
from attribution.design.types import Design, Floats, Integers
from attribution.draws import Block, Draws, blocks, n_draws, thin_chains
from attribution.errors import InputError, Problem
from attribution.spec.model import RatesMean
from attribution.spec.terms import ALL_PARTS, INTERCEPT, Group, level_name

if TYPE_CHECKING:
    from attribution.run import Run

NUMBERS = 8_000_000
"""Draws times creators that are held at once; of many creators fewer draws are used."""

LEAST_DRAWS = 400
REPLICATES = 20
"""Outcomes drawn for each draw of the posterior, where the family's variance is not written out."""


@dataclass(frozen=True)
class Audiences:
    """What is known of creators' audiences; dims draw (d) and creator (c).

    Parameters
    ----------
    levels
        Creators in the order of the design; (c,).
    posts, observed
        Posts of each and their outcomes added up; (c,).
    multiplier
        Expected outcome of a creator's posts over that of the same posts by an average creator,
        wherever orders land; (d, c).
    expected
        What an average creator would have got credited for the same posts; (d, c).
    luck
        Variance of observed / expected around the multiplier, by chance alone; (d, c).
    chains
        Chains that the draws are of, one after another.
    """

    levels: tuple[str, ...]
    posts: Integers
    observed: Floats
    multiplier: Floats
    expected: Floats
    luck: Floats
    chains: int

    @property
    def raw(self) -> Floats:
        """Observed over expected, as a table of counts would have it; (c,)."""
        return np.asarray(self.observed / self.expected.mean(axis=0))


def audiences(run: Run) -> Audiences:
    """Return draws of the creators' audiences.

    Raises
    ------
    InputError
        When the model has no effect of creators, or its outcome can be negative.
    """
    design = run.design
    term = creator_term(design)
    count, chains = len(design.groups[CREATOR].levels), run.manifest.chains
    most = max(NUMBERS // count, LEAST_DRAWS)
    draws = run.thinned
    if n_draws(draws) > most:
        draws = thin_chains(draws, chains, most)
    return audience_draws(design, draws, term, chains)


def creator_term(design: Design) -> Group:
    """Return the term that gives each creator a level of its own.

    Raises
    ------
    InputError
        When there is none, or when no multiplier can be told of the outcome.
    """
    whole = {ALL_PARTS, (INTERCEPT,)}
    terms = (t for t in design.spec.mean.terms if isinstance(t, Group) and t.by == CREATOR)
    term = next((t for t in terms if t.of in whole or INTERCEPT in t.of), None)
    name, outcome = design.spec.name, design.spec.outcome.column
    if term is None:
        raise InputError(
            Problem(
                f"the model {name!r} has no effect of creators on {outcome!r}",
                expected=f"a group term by {CREATOR!r} and a table with that column",
            )
        )
    family = design.family
    if family.low is None:
        raise InputError(
            Problem(
                f"{outcome!r} can be negative, so that no creator has so many times the average",
                hint=f"`attribution parameters --all` tells {level_name_of(design, term)}_effect",
            )
        )
    return term


def level_name_of(design: Design, term: Group) -> str:
    """Return the name in a run of what the creators differ in."""
    return level_name(design.spec.place("mean"), term.by)


def audience_draws(design: Design, draws: Draws, term: Group, chains: int) -> Audiences:
    """Walk over the draws, block by block; see :class:`Audiences`."""
    group = design.groups[CREATOR]
    member = _member(group.index, len(group.levels))
    shape = (n_draws(draws), len(group.levels))
    multiplier, expected, luck = np.empty(shape), np.empty(shape), np.empty(shape)
    rng = np.random.default_rng(0)
    for block in blocks(draws, len(design.outcome)):
        here = forward.expected(design, block.draws)
        average = forward.expected(design, by_average_creator(design, block.draws, term))
        multiplier[block.where] = (member @ here.T).T / (member @ average.T).T
        expected[block.where] = (member @ forward.landed(design, average).T).T
        variance = _variance(design, block, member, here, rng)
        luck[block.where] = variance / expected[block.where] ** 2
    return Audiences(
        levels=group.levels,
        posts=np.bincount(group.index, minlength=len(group.levels)),
        observed=member @ design.outcome.astype(np.float64),
        multiplier=multiplier,
        expected=expected,
        luck=luck,
        chains=chains,
    )


def by_average_creator(design: Design, draws: Draws, term: Group) -> Draws:
    """Return draws in which every creator is the population's average one.

    A normal effect with standard deviation s multiplies by exp(s**2 / 2) on average where the link
    is a logarithm, a mean-one effect by 1. Of slopes that vary between creators each has the
    average; with another link the average creator is the median one.
    """
    out, place = dict(draws), design.spec.place("mean")
    for name in term.by_level(place):
        out[name] = np.zeros_like(draws[name])
    log = isinstance(design.spec.mean, RatesMean) or design.spec.mean.link == "log"
    if term.effects == "exchangeable" and log:
        name = level_name_of(design, term)
        out[f"{name}_effect"] = out[f"{name}_effect"] + draws[f"{name}_sd"][:, None] ** 2 / 2.0
    return out


def _member(index: Integers, count: int) -> csr_array:
    """Return 1 where a post is a creator's; sparse (creator, post)."""
    ones = np.ones(len(index))
    return csr_array((ones, (index, np.arange(len(index)))), shape=(count, len(index)))


def _variance(
    design: Design, block: Block, member: csr_array, mean: Floats, rng: np.random.Generator
) -> Floats:
    """Variance of each creator's credited outcomes given all unknowns; (draw, creator).

    Of gamma-mixed Poisson streams, of whose orders the share c is credited to the creator, it is
    the sum of c mu + (c mu)**2 / alpha over the posts that bring them.
    """
    if not design.family.streams:
        return _drawn_variance(design, block, member, rng)
    credited = member
    if design.sources is not None:
        credited = member @ forward.shares_of_sources(design.sources)
    variance = (credited @ mean.T).T
    own = forward.own_given(design, block.draws, forward.sums(design, block.draws)).own
    if "dispersion" in own:
        variance = variance + (credited.power(2) @ (mean**2 / own["dispersion"]).T).T
    return np.asarray(variance)


def _drawn_variance(
    design: Design, block: Block, member: csr_array, rng: np.random.Generator
) -> Floats:
    """Estimate the same from drawn outcomes, for families whose variance is not written out."""
    here = forward.given(design, block.draws)
    drawn = np.stack([(member @ design.family.draw(rng, here).T).T for _ in range(REPLICATES)])
    return np.asarray(drawn.var(axis=0, ddof=1))
