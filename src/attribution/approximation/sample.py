"""From a compiled density to draws, by approximation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy import linalg

from attribution.approximation.mode import Mode, find_mode
from attribution.approximation.particles import MOVES, ROUNDS, adapt, most_copies, resample, spread
from attribution.approximation.proposal import Proposal, first_proposal
from attribution.density.compiled import NativeModel
from attribution.density.nuts import Draws, by_name
from attribution.design.types import Floats
from attribution.errors import InputError, Problem

MOST_UNKNOWNS = 4000
"""Unknowns whose covariance is still quick to find; it takes two gradients for each, and more than
the square of their number."""

STATISTICS = ("acceptance_rate", "pareto_k")
"""Share of a draw's moves that were accepted, and Pareto k of each set of unknowns."""

Progress = Callable[[int, int], None]
"""Called with the work done and the work in total."""


def sample(model: NativeModel, *, draws: int, chains: int, seed: int, progress: Progress) -> Draws:
    """Draw from an approximation of a density, corrected by importance weights.

    Parameters
    ----------
    model
        The compiled density.
    draws, chains
        How many draws to return, in how many equal parts.
    seed
        The same seed gives the same draws.
    progress
        Told of rounds and moves.

    Returns
    -------
    Draws
        Statistics are ``acceptance_rate`` (chain, draw) and ``pareto_k`` (set of unknowns,).

    Raises
    ------
    InputError
        Where there are too many unknowns, or the density has no peak to start from.
    """
    if len(model.start) > MOST_UNKNOWNS:
        raise refused(f"has {len(model.start):,} unknowns, of which at most {MOST_UNKNOWNS:,} can")
    mode = find_mode(model.density, model.start)
    if mode is None:
        raise refused("has no single peak, around which it could")
    rng = np.random.default_rng(seed)
    done, total = 0, (ROUNDS + 1) * len(model.parts) + MOVES

    def tell() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    count = draws * chains
    points = np.tile(mode.point, (count, 1))
    proposals, pareto_k, copies = [], [], 1.0
    for where, value in model.parts:
        first = first_proposal(value, mode, where, model.inputs)
        proposal, found = adapt(value, first, count, rng, tell)
        if found.ess == 0.0:
            raise refused("gives what is proposed no density, so that it cannot")
        chosen = found.y[resample(found.weights, count, rng)]
        points[:, proposal.where] = proposal.points(chosen)[:, proposal.where]
        proposals.append(proposal)
        pareto_k.append(found.pareto_k)
        copies = max(copies, most_copies(found, proposal.n_few, count))
    axes = _axes(mode, proposals)
    points, accepted = spread(model.density, points, axes, copies, rng, tell)
    progress(total, total)
    kept = model.expand.outputs(points).reshape(chains, draws, -1)
    statistics = (accepted.reshape(chains, draws), np.asarray(pareto_k))
    return Draws(by_name(model, kept), dict(zip(STATISTICS, statistics, strict=True)))


def _axes(mode: Mode, proposals: Sequence[Proposal]) -> Floats:
    """Return the map from axes on which the posterior has spread 1 to unknowns; (unknown, axis)."""
    whole = np.zeros((len(mode.point), len(mode.point)))
    for proposal in proposals:
        many = np.eye(len(proposal.where) - proposal.n_few)
        turned = linalg.block_diag(proposal.few.factor, many)
        whole[np.ix_(proposal.where, proposal.where)] = proposal.factor @ turned
    return whole


def refused(why: str) -> InputError:
    """Return the error that says why a model of a table cannot be approximated."""
    return InputError(
        Problem(
            f"this model of this table {why} be approximated",
            key="method",
            value="approximate",
            hint="Sample it: --method nuts (the default).",
        )
    )
