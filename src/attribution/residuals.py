"""Do posts differ from what is expected of them by more, or more alike, than the model allows?

Figures of all posts together agree with a model that is wrong of single ones: without dispersion,
effects of creators take up what is chance, and totals still agree. Residuals tell (posterior
predictive checks with discrepancies: Gelman, Meng & Stern 1996, *Statistica Sinica* 6(4)). How
alike posts are is told of logarithms of counts and amounts, as rare large posts would decide it:
of ten tables fitted without their creators it tells seven so, and three by the counts themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

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
ROUNDED = 1e-12
"""Standard deviation, in units of the mean, that numbers that are the same may have by rounding."""


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
    outcome, creators = outcome_of(design), creators_of(design)
    noun, observed = outcome.noun, design.outcome.astype(np.float64)
    yield larger(
        AROUND,
        *compared(observed, replicated, lambda y: y, lambda r: np.mean(r**2, axis=1)),
        f"whether {noun}s differ from what is expected of them as the family says",
        "Fit a family with a dispersion, or terms for what sets them apart, and compare.",
    )
    if creators is not None:
        yield larger(
            alike(noun),
            *compared(observed, replicated, outcome.even, lambda r: likeness(r, creators)),
            f"whether a creator's {noun}s have in common what the model does not know",
            "Add a term for creators (see `attribution models show engagement`), and compare.",
        )


def compared(
    observed: Floats,
    replicated: Floats,
    scale: Callable[[Floats], Floats],
    figure: Callable[[Floats], Floats],
) -> tuple[float, Floats]:
    """Return a figure of residuals as observed, and of each replication; (replication,).

    Parameters
    ----------
    observed, replicated
        Outcomes; (post,) and (replication, post).
    scale
        What residuals are of; (…, post) -> (…, post).
    figure
        From residuals, (row, post) -> (row,).
    """
    blocks = np.array_split(replicated, max(1, replicated.size // AT_ONCE))
    shape, count = observed.shape, len(replicated)
    centre = sum((scale(block).sum(axis=0) for block in blocks), np.zeros(shape)) / count
    squares = sum((np.sum((scale(b) - centre) ** 2, axis=0) for b in blocks), np.zeros(shape))
    spread = np.sqrt(squares / count)
    drawn = [figure(residuals(scale(block), centre, spread)) for block in blocks]
    return float(figure(residuals(scale(observed[None]), centre, spread))[0]), np.concatenate(drawn)


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
    differ = ~(spread <= ROUNDED * np.abs(centre))
    return np.divide(away, spread, out=np.zeros(away.shape), where=differ)


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
