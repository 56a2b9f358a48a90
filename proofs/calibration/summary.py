"""What the replicates of a model say: which figures' ranks are uniform, and which are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

from proofs.calibration.bands import Floats, chance, each
from proofs.parallel import Record

LEAST = 20
"""Replicates that have a figure, below which it is not judged."""

STEPS = 1000
"""Ranks are kept as whole numbers of thousandths, rounded to the middle of each."""

SUBSETS = 100
"""Random subsets of replicates by which the power of so many is told."""

SIZES = (10, 20, 50, 100, 200, 300)


@dataclass(frozen=True)
class Figure:
    """A parameter, an effect or the likelihood, and the ranks of its truth.

    Parameters
    ----------
    name
        What it is.
    ranks
        Share of the posterior's draws below the truth, ties and steps spread out evenly, so that
        it is uniform on 0 to 1 for a calibrated model; (replicate,).
    replicates
        Number of each replicate.
    chance
        Probability of ranks at least as far from uniform.
    """

    name: str
    ranks: Floats
    replicates: tuple[int, ...]
    chance: float


def figures(records: Sequence[Record]) -> list[Figure]:
    """Return the figures of a model's replicates in the order of the first that has them.

    Replicates whose chains are apart have none: that depends on data and chance, not on the truth
    beyond its data, and so leaves the other replicates' ranks uniform.
    """
    found: dict[str, dict[int, float]] = {}
    for record in records:
        if not record.get("agree", True):
            continue
        for name, (below, equal) in record["ranks"].items():
            rank = spread(record["number"], name, below, equal, record["among"])
            found.setdefault(name, {})[record["number"]] = rank
    judged = {name: by_number for name, by_number in found.items() if len(by_number) >= LEAST}
    return [figure(name, tuple(by), np.array(list(by.values()))) for name, by in judged.items()]


def figure(name: str, replicates: Sequence[int], ranks: Floats) -> Figure:
    """Return a figure, judged."""
    return Figure(name, ranks, tuple(replicates), chance(ranks))


def spread(number: int, name: str, below: int, equal: int, among: int) -> float:
    """Return a rank between 0 and 1, uniform where truth and draws are exchangeable.

    The truth has one of ``equal + 1`` places among the draws that equal it; which one, and where
    in its step of 1 / (draws + 1), is drawn at random, the same each time.
    """
    rng = np.random.default_rng([number, crc32(name.encode())])
    rank = (below + (equal + 1) * rng.random()) / (among + 1)
    return (np.floor(min(rank, 1.0 - 1e-9) * STEPS) + 0.5) / STEPS


def astray(found: Sequence[Figure]) -> list[Figure]:
    """Return the figures that are farther from uniform than chance allows one of so many."""
    limit = each(len(found))
    return [one for one in found if one.chance < limit]


@dataclass(frozen=True)
class Power:
    """How soon a broken model is caught.

    Parameters
    ----------
    share
        Share of random subsets of so many replicates in which a figure strays.
    first
        Fewest replicates, in steps of 10, from which on it is caught in the order that they were
        made; None if never.
    figure
        What strays farthest in the end.
    """

    share: Mapping[int, float]
    first: int | None
    figure: str


def power(found: Sequence[Figure], replicates: Sequence[int]) -> Power:
    """Return how soon the figures of a broken model give it away."""
    rng, numbers = np.random.default_rng(1), np.asarray(replicates)
    share = {}
    for size in (size for size in SIZES if size <= len(numbers)):
        # All of them are one subset only.
        repeats = SUBSETS if size < len(numbers) else 1
        some = [rng.choice(numbers, size, replace=False) for _ in range(repeats)]
        share[size] = float(np.mean([caught(found, of) for of in some]))
    first = None
    for size in range(len(numbers) // 10 * 10, 0, -10):
        if not caught(found, numbers[:size]):
            break
        first = size
    return Power(share, first, min(found, key=lambda one: one.chance).name)


def caught(found: Sequence[Figure], numbers: Any) -> bool:
    """Whether a figure strays in some of the replicates."""
    limit, wanted = each(len(found)), set(np.asarray(numbers).tolist())
    for one in found:
        kept = [r for n, r in zip(one.replicates, one.ranks, strict=True) if n in wanted]
        if len(kept) > 1 and chance(np.asarray(kept)) < limit:
            return True
    return False
