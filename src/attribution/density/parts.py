"""A log-density as sums of terms that share no unknown: factors of the density, apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from attribution.density.arrays import Constant, Input, Map, Node
from attribution.density.graph import Stretch
from attribution.density.lower import Lowering
from attribution.density.plan import in_order

SMALL = 10
"""Unknowns that are enough for a part of their own: each costs evaluations of its own."""


@dataclass(frozen=True)
class Part:
    """Terms that share no unknown with the others.

    Parameters
    ----------
    where
        Positions of their unknowns within a point; (unknown,).
    value
        Their sum, a scalar.
    """

    where: NDArray[np.int64]
    value: Node


def parts(lowering: Lowering, value: Node, inputs: Sequence[Stretch]) -> list[Part]:
    """Return the parts of a log-density, the fewest unknowns first.

    Their sum is the log-density wherever that is finite; each unknown is in one of them. Those of
    fewer than ten unknowns are put to the smallest of the others.
    """
    terms = _terms(lowering, value)
    uses = [_uses(term, inputs) for term in terms]
    tied = _tied(uses, len(inputs))
    sizes = np.bincount(tied, [of.size for of in inputs])
    smallest = int(np.argmin(np.where(sizes < SMALL, np.inf, sizes)))
    home = np.where(sizes < SMALL, smallest, np.arange(len(sizes)))[tied]
    found = []
    for part in sorted(set(home.tolist()), key=lambda k: sizes[k]):
        mine = [of for of, its in zip(inputs, home, strict=True) if its == part]
        where = [np.arange(of.start, of.start + of.size) for of in mine]
        # What depends on no unknown is put to the smallest too.
        own = [
            term
            for term, used in zip(terms, uses, strict=True)
            if part == (home[used[0]] if used else smallest)
        ]
        found.append(Part(np.sort(np.concatenate(where)), _sum(lowering, own)))
    return found


def _terms(lowering: Lowering, value: Node) -> list[Node]:
    """Return what adds up to a scalar, sums within sums included."""

    def scalar(function: str, *operands: Node) -> Node:
        return lowering.map(function, *operands, dims=((),) * len(operands), shape=())

    match value:
        case Map(function="add"):
            return [term for x in value.operands for term in _terms(lowering, x)]
        case Map(function="sub"):
            left, right = value.operands
            negated = [scalar("neg", term) for term in _terms(lowering, right)]
            return [*_terms(lowering, left), *negated]
        case Map(function="select", operands=(condition, inside, Constant() as outside)):
            if outside.shape == () and np.isneginf(outside.value):
                bound = scalar("select", condition, lowering.number(0.0), outside)
                return [*_terms(lowering, inside), bound]
    return [value]


def _uses(term: Node, inputs: Sequence[Stretch]) -> list[int]:
    """Return the numbers of the unknowns that a term depends on."""
    starts = {node.start for node in in_order([term]) if isinstance(node, Input)}
    return [k for k, of in enumerate(inputs) if of.start in starts]


def _tied(uses: Sequence[Sequence[int]], count: int) -> NDArray[Any]:
    """Return a number for each unknown, the same for those that terms tie to one another."""
    pairs = [(used[0], other) for used in uses for other in used]
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    tied = coo_array((np.ones(len(pairs)), (rows, columns)), shape=(count, count))
    return np.asarray(connected_components(tied.tocsr(), directed=False)[1])


def _sum(lowering: Lowering, terms: Sequence[Node]) -> Node:
    total = lowering.number(0.0)
    for term in terms:
        total = lowering.map("add", total, term, dims=((), ()), shape=())
    return total
