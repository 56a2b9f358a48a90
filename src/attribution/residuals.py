"""Do posts differ from what is expected of them by more, or more alike, than the model allows?

Figures of all posts together agree with a model that is wrong of single ones: without dispersion,
effects of creators take up what is chance, and totals still agree. Residuals tell (posterior
predictive checks with discrepancies: Gelman, Meng & Stern 1996, *Statistica Sinica* 6(4)).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from attribution.agreement import larger
from attribution.design.types import Design, Floats, Integers
from attribution.manifest import Check
from attribution.outcomes import outcome_of

CREATOR = "creator_id"
AROUND = "spread around what is expected"
AT_ONCE = 2_000_000
"""Residuals of replications that are in memory together."""


def alike(noun: str) -> str:
    """Return the name of the check of what posts of one creator have in common."""
    return f"likeness of a creator's {noun}s"


def residual_checks(design: Design, replicated: Floats) -> Iterator[Check]:
    """Yield whether residuals are larger, or those of a creator more alike, than replicated ones.

    Only more than replicated contradicts a model: it was fitted to what was observed and not to
    its replications, so that what was observed lies nearer to what is expected.

    Parameters
    ----------
    design
        The posts.
    replicated
        Outcomes drawn from the posterior predictive distribution; (replication, post).
    """
    noun, creators = outcome_of(design).noun, creators_of(design)
    centre, spread = replicated.mean(axis=0), replicated.std(axis=0)
    observed = residuals(design.outcome[None], centre, spread)
    squares, products = [], []
    for block in np.array_split(replicated, max(1, replicated.size // AT_ONCE)):
        drawn = residuals(block, centre, spread)
        squares.append(np.mean(drawn**2, axis=1))
        products.append(np.zeros(len(drawn)) if creators is None else likeness(drawn, creators))
    yield larger(
        AROUND,
        float(np.mean(observed**2)),
        np.concatenate(squares),
        f"whether {noun}s differ from what is expected of them as the family says",
        "Fit a family with a dispersion, or terms for what sets them apart, and compare.",
    )
    if creators is not None:
        yield larger(
            alike(noun),
            float(likeness(observed, creators)[0]),
            np.concatenate(products),
            f"whether a creator's {noun}s have in common what the model does not know",
            "Add a term for creators (see `attribution models show engagement`), and compare.",
        )


def residuals(outcomes: Floats | Integers, centre: Floats, spread: Floats) -> Floats:
    """Return outcomes less what is expected of each post, in standard deviations; (row, post).

    Posts that are the same in every replication say nothing and have 0.

    Parameters
    ----------
    outcomes
        (row, post).
    centre, spread
        Mean and standard deviation of each post's replications; (post,).
    """
    away = outcomes - centre
    return np.divide(away, spread, out=np.zeros(away.shape), where=spread != 0)


def likeness(residual: Floats, creators: Integers) -> Floats:
    """Return the mean product of two posts' residuals over all pairs of one creator; (row,).

    Parameters
    ----------
    residual
        (row, post).
    creators
        Creator of each post, counted from 0; (post,).
    """
    count = np.bincount(creators)
    sums = np.stack([np.bincount(creators, row) for row in residual])
    pairs = float(np.sum(count * (count - 1)))
    return np.asarray((np.sum(sums**2, axis=1) - np.sum(residual**2, axis=1)) / pairs)


def creators_of(design: Design) -> Integers | None:
    """Return the creator of each post, whether or not the model has a term for them; (post,).

    None where the table does not say of every post, or no creator has two.
    """
    if CREATOR not in design.table.columns:
        return None
    names = design.table.get_column(CREATOR).cast(pl.String)
    if names.null_count() or names.n_unique() == len(names):
        return None
    ranks: Integers = names.rank("dense").to_numpy().astype(np.int64)
    return ranks - 1
