"""Points with importance weights; what is resampled from them, and moved until it has spread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from arviz_stats.base import array_stats
from scipy.special import logsumexp

from attribution.approximation.proposal import Proposal
from attribution.density.native import NativeFunction
from attribution.design.types import Floats, Integers, Truths
from attribution.loo import NOTHING

ROUND = 200
"""Proposals of a round that only adapts, for each of the few unknowns that it is fitted for."""

ROUND_BOUNDS = (1000, 2000)
"""Least and most proposals of such a round. On the samples 4,000 gave no lower Pareto k; with
1,200, or two rounds for three, k came as high as 0.71 and effective draws fell as low as 375."""

ROUNDS = 3
"""Rounds that adapt; each is fitted to the points of all before it."""

GOOD = 0.5
"""Effective share of the proposals from which on no further round adapts."""

ENOUGH = 1.5
"""Effective proposals that are aimed at, for each that is resampled."""

LAST = (1, 5)
"""Least and most proposals of the last round, for each that is resampled."""

STEPS = 3
"""Steps of a move."""

STEP = 0.6
"""Largest step, an angle: with ``SPREAD`` a quarter of the way around a normal in all, which
forgets most. On the samples a tenth less took two moves for one, or four for three."""

EVEN = 0.9
"""Effective share of the proposals from which on their weights hardly differ."""

SPREAD = (0.7, 1.1)
"""Steps differ from point to point by this factor, so that none goes round in circles."""

MOVES = 5
"""Most moves."""

TAIL = 0.05
"""Probability of either tail whose copies are counted."""

LOST = 0.5
"""What correlation of copies may add to the variance of an average over a tail, as a share."""


@dataclass(frozen=True)
class Weighted:
    """Proposals and what they weigh.

    Parameters
    ----------
    y
        Coordinates; (proposal, axis).
    weights
        Pareto-smoothed importance weights, which add to 1; (proposal,).
    pareto_k
        Shape of the weights' upper tail; minus infinity where they hardly differ.
    """

    y: Floats
    weights: Floats
    pareto_k: float

    @property
    def ess(self) -> float:
        """Effective number of the proposals (Kong 1992); 0 where none has a weight."""
        squares = float(np.sum(self.weights**2))
        return 1.0 / squares if squares else 0.0


class Rounds:
    """Proposals of several rounds, weighed as draws of the mixture of what they were drawn from.

    Deterministic mixture weights (Owen & Zhou 2000, *JASA* 95) of adaptive multiple importance
    sampling (Cornuet, Marin, Mira & Robert 2012, *Scand. J. Stat.* 39): where one proposal has
    too light a tail, the others keep weights from growing.
    """

    def __init__(self, density: NativeFunction) -> None:
        self._density = density
        self._proposals: list[Proposal] = []
        self._y: list[Floats] = []
        self._values: list[Floats] = []

    def add(self, proposal: Proposal, count: int, rng: np.random.Generator) -> None:
        """Propose ``count`` points more."""
        y = proposal.draw(count, rng)
        self._proposals.append(proposal)
        self._y.append(y)
        self._values.append(self._density.values(proposal.points(y)))

    def weighted(self) -> Weighted:
        """Weigh all proposals.

        Pareto smoothing after Vehtari, Simpson, Gelman, Yao & Gabry (2024, JMLR 25).
        """
        y = np.concatenate(self._y)
        counts = np.asarray([len(of) for of in self._y])
        few = np.stack([of.log_density_of_few(y) for of in self._proposals])
        # Rounds differ in what the few follow alone.
        mixture = logsumexp(few, axis=0, b=(counts / counts.sum())[:, None])
        mixture += self._proposals[-1].log_density_of_many(y)
        return Weighted(y, *smoothed(np.concatenate(self._values) - mixture))


def smoothed(log_ratio: Floats) -> tuple[Floats, float]:
    """Return Pareto-smoothed weights that add to 1, and Pareto k.

    Parameters
    ----------
    log_ratio
        Log importance ratios up to a constant; (proposal,). Where none is a number above minus
        infinity there are no weights: all are 0.
    """
    highest = np.max(log_ratio)
    if not np.isfinite(highest):
        return np.zeros(len(log_ratio)), np.inf
    try:
        # ArviZ takes the logarithm of what weights are divided by, as leave-one-out needs it.
        log_weights, k = array_stats.psislw(np.minimum(highest - log_ratio, NOTHING))
    except ValueError:  # all of the tail the same, as a few points have all the weight
        log_weights, k = log_ratio - highest, np.inf
    weights = np.exp(log_weights - np.max(log_weights))
    weights = weights / weights.sum()
    if np.isfinite(k):
        return weights, float(k)
    # Weights that are all but equal have no tail to find a shape of; nor have hopeless ones.
    even = 1.0 / np.sum(weights**2) > EVEN * len(weights)
    return weights, -np.inf if even else np.inf


def adapt(
    density: NativeFunction,
    proposal: Proposal,
    count: int,
    rng: np.random.Generator,
    tell: Callable[[], None],
) -> tuple[Proposal, Weighted]:
    """Fit a proposal round by round to the points of all rounds, and draw a last round from it.

    Parameters
    ----------
    count
        Points that will be resampled.

    Returns
    -------
    tuple
        The last proposal, and what all rounds proposed.
    """
    rounds = Rounds(density)
    size = int(np.clip(ROUND * proposal.n_few, *ROUND_BOUNDS))
    before = 0.0
    for k in range(ROUNDS):
        rounds.add(proposal, size, rng)
        tell()
        found = rounds.weighted()
        share, before = (found.ess - before) / size, found.ess
        if found.ess:
            proposal = proposal.fitted(found.y, found.weights)
        if k > 0 and share >= GOOD:
            break
    least, most = (times * count for times in LAST)
    missing = (ENOUGH * count - found.ess) / share if share > 0.0 else most
    rounds.add(proposal, int(np.clip(missing, least, most)), rng)
    tell()
    return proposal, rounds.weighted()


def resample(weights: Floats, count: int, rng: np.random.Generator) -> Integers:
    """Return positions, each about as often as its weight says, copies beside one another.

    Systematic resampling. That copies stay neighbours lets the effective draws of what becomes of
    them, which count correlation between neighbours, tell whether they have parted.
    """
    at = (rng.random() + np.arange(count)) / count
    return np.minimum(np.searchsorted(np.cumsum(weights), at), len(weights) - 1)


def most_copies(found: Weighted, axes: int, count: int) -> float:
    """Return how many copies of a point there are where there are most: in a tail of an axis.

    Parameters
    ----------
    axes
        How many of the first axes to look at.
    count
        Points that are resampled.
    """
    copies = count / found.ess
    for k in range(axes):
        weights = found.weights[np.argsort(found.y[:, k])]
        below = np.cumsum(weights)
        for tail in (weights[below <= TAIL], weights[below >= 1.0 - TAIL]):
            if tail.sum() > 0.0:
                copies = max(copies, count * float(np.sum(tail**2) / tail.sum()))
    return copies


@dataclass(frozen=True)
class Axes:
    """Axes on which a density is about standard normal.

    Parameters
    ----------
    centre
        Where they cross; (unknown,).
    factor
        From axes to unknowns; (unknown, axis).
    """

    centre: Floats
    factor: Floats

    def points(self, y: Floats) -> Floats:
        """Return points from coordinates; (point, axis) -> (point, unknown)."""
        return np.asarray(self.centre + y @ self.factor.T)

    def coordinates(self, points: Floats) -> Floats:
        """Return coordinates of points; (point, unknown) -> (point, axis)."""
        return np.asarray((points - self.centre) @ np.linalg.inv(self.factor).T)


@dataclass(frozen=True)
class State:
    """Where points are.

    Parameters
    ----------
    y
        Coordinates on the axes; (point, axis).
    value
        Log-density, minus infinity outside the support; (point,).
    push
        Its gradient along the axes beyond that of a standard normal; (point, axis).
    """

    y: Floats
    value: Floats
    push: Floats


def spread(
    density: NativeFunction,
    points: Floats,
    factor: Floats,
    copies: float,
    rng: np.random.Generator,
    tell: Callable[[], None],
) -> tuple[Floats, Floats]:
    """Move points by Hamiltonian Monte Carlo until they have parted from where they began.

    Resample-move of Gilks & Berzuini (2001, *JRSS B* 63(1)).

    Parameters
    ----------
    density
        What the moves leave as it is.
    points
        Shape (point, unknown).
    factor
        From axes on which the density is about standard normal to unknowns; (unknown, axis).
    copies
        Copies of each point where there are most of them: until they correlate little.

    Returns
    -------
    tuple
        Points, and the share of its moves that each accepted; (point, unknown), (point,).
    """
    axes = Axes(points.mean(axis=0), factor)
    state = _state(density, axes, axes.coordinates(points))
    began = state.y
    accepted: list[Truths] = []
    step = STEP
    for _ in range(MOVES):
        state, moved = _move(density, axes, state, step, rng)
        accepted.append(moved)
        tell()
        if (copies - 1.0) * _correlation(began, state.y) ** 2 <= LOST:
            break
        # Too large a step refuses, too small a one goes nowhere.
        step = min(step * float(np.clip(np.mean(moved) / 0.8, 0.5, 1.2)), STEP)
    return axes.points(state.y), np.mean(accepted, axis=0)


def _move(
    density: NativeFunction, axes: Axes, here: State, step: float, rng: np.random.Generator
) -> tuple[State, Truths]:
    """Make one move of every point.

    A step turns coordinates and velocity as a standard normal would, between two pushes by what
    the gradient has beyond that (Shahbaba, Lan, Johnson & Neal 2014, section 3.1).
    """
    velocity = rng.normal(size=here.y.shape)
    energy = here.value - 0.5 * np.sum(velocity**2, axis=1)
    steps = step * rng.uniform(*SPREAD, size=(len(here.value), 1))
    along, across = np.cos(steps), np.sin(steps)
    there = here
    for _ in range(STEPS):
        velocity = velocity + 0.5 * steps * there.push
        y = along * there.y + across * velocity
        velocity = along * velocity - across * there.y
        there = _state(density, axes, y)
        velocity = velocity + 0.5 * steps * there.push
    with np.errstate(over="ignore", invalid="ignore"):
        gained = there.value - 0.5 * np.sum(velocity**2, axis=1) - energy
    moved = np.log(rng.random(len(gained))) < np.where(np.isfinite(gained), gained, -np.inf)
    return State(
        np.where(moved[:, None], there.y, here.y),
        np.where(moved, there.value, here.value),
        np.where(moved[:, None], there.push, here.push),
    ), moved


def _state(density: NativeFunction, axes: Axes, y: Floats) -> State:
    values, gradients = density.values_and_outputs(axes.points(y))
    # Outside the support there is no slope, and the point will be refused.
    slope = np.where(np.isfinite(values)[:, None], gradients, 0.0) @ axes.factor
    return State(y, values, slope + y)


def _correlation(before: Floats, after: Floats) -> float:
    """Return the largest correlation of an axis with itself, whatever its sign."""
    off, on = before - before.mean(axis=0), after - after.mean(axis=0)
    scale = np.sqrt(np.sum(off**2, axis=0) * np.sum(on**2, axis=0))
    # Half a turn is no parting: copies would meet again on the other side.
    return float(np.max(np.abs(np.sum(off * on, axis=0)) / scale))
