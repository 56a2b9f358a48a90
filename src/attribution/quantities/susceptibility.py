"""How prone creators' audiences are to buy: a ranking with odds, and how much of it is luck.

Shrinkage is that of the model (Efron & Morris 1975, *JASA* 70(350)); ranks are judged by their
posterior mean, which is best under squared error of ranks (Laird & Louis 1989, *Journal of
Educational Statistics* 14(1)), with intervals, since leagues of few events are mostly luck
(Goldstein & Spiegelhalter 1996, *JRSS A* 159(3)).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from attribution.design.types import Floats, Integers
from attribution.errors import InputError, Problem
from attribution.outcomes import ORDERS
from attribution.quantities.audiences import Audiences
from attribution.quantities.estimates import (
    CANNOT_TELL,
    INTERVAL,
    PROBABILITY,
    SURE,
    THESE,
    Quantity,
    estimate_table,
    summarise,
)
from attribution.quantities.method import with_method

if TYPE_CHECKING:
    from attribution.run import Run

TOP = 10
"""How many creators lead, where there are at least twice as many; else a fifth of them."""

FIFTH = 5
HALF = 0.5
ABOVE, BELOW = "above average", "below average"
SWAPPED = "observed_leaders_by_luck"
SHARE = "share_of_luck"


def susceptibility(run: Run, top: int | None = None) -> pl.DataFrame:
    """Return every creator's susceptibility, the highest first, beside its observed rate.

    Parameters
    ----------
    run
        A run of a model with an effect of creators.
    top
        How many lead, for ``p_top``; by default 10, a fifth of fewer than 20.

    Returns
    -------
    pl.DataFrame
        One row per creator: ``observed`` outcomes, ``expected`` ones of an average creator with
        the same posts, their ratio ``raw``; the multiplier's mean, sd, median and equal-tailed
        89 % interval; ``shift`` = median - raw, how far it was shrunk; ``reliability``, the share
        of differences in rates as sure as the creator's own that is no luck; rank by posterior mean
        with interval; probabilities of being in the top, in the top fifth, above average, and
        above the next in the table; ``answer`` above, below average or cannot tell.

    Raises
    ------
    InputError
        When the model has no such effect, or ``top`` is out of range.
    """
    of = run.audiences
    first = leaders(of, top)
    ranks = _ranks(of.multiplier)
    order = np.argsort(ranks.mean(axis=0), kind="stable")
    tail = (1.0 - PROBABILITY) / 2.0
    low, high = np.quantile(ranks, [tail, 1.0 - tail], axis=0)
    above, count = np.mean(of.multiplier > 1.0, axis=0), len(of.levels)
    frame = pl.DataFrame(
        {
            "group": list(of.levels),
            "scope": ["creator"] * count,
            "population": [THESE] * count,
            "posts": of.posts,
            "observed": of.observed,
            "expected": of.expected.mean(axis=0),
            "raw": of.raw,
            **summarise(of.multiplier.T, of.chains).to_dict(),
            "interval": [INTERVAL] * count,
            "prob": [PROBABILITY] * count,
            "unit": ["ratio"] * count,
            "shift": np.median(of.multiplier, axis=0) - of.raw,
            "reliability": reliability(of),
            "rank_mean": ranks.mean(axis=0),
            "rank_lower": low,
            "rank_upper": high,
            "top": [first] * count,
            "p_top": np.mean(ranks <= first, axis=0),
            "p_top_fifth": np.mean(ranks <= _fifth(count), axis=0),
            "statement": ["P(> 1)"] * count,
            "probability": above,
            "answer": [_answer(p) for p in above],
        }
    )
    frame = frame[order.tolist()].with_columns(p_next=_above_next(of.multiplier[:, order]))
    return with_method(frame.with_row_index("rank", offset=1), run)


def luck(run: Run, top: int | None = None) -> pl.DataFrame:
    """Return how much of the differences between creators' observed rates is luck.

    Parameters
    ----------
    run
        A run of a model with an effect of creators.
    top
        How many lead, for how many of the observed leaders are none; by default 10, a fifth of
        fewer than 20.

    Returns
    -------
    pl.DataFrame
        Tidy estimates as those of ``effects``: the spread of observed rates, of susceptibility and
        of luck; luck's share of the variance, creators counting alike or by expected orders; and
        how many of the observed leaders do not truly lead.

    Raises
    ------
    InputError
        When the model has no such effect, there is one creator, or ``top`` is out of range.
    """
    of = run.audiences
    if len(of.levels) < 2:
        raise InputError(Problem("there is one creator, who differs from nobody"))
    found = list(_quantities(of, leaders(of, top), _words(run)))
    return with_method(estimate_table(found, of.chains), run)


def with_luck(ranking: pl.DataFrame, run: Run) -> pl.DataFrame:
    """Add luck's share of the variance between observed rates, creators counting alike.

    Columns ``share_of_luck`` (median), ``share_of_luck_lower`` and ``share_of_luck_upper``, alike
    in all rows; null where there is one creator.
    """
    ends = {"median": SHARE, "lower": f"{SHARE}_lower", "upper": f"{SHARE}_upper"}
    if ranking.height < 2:
        return ranking.with_columns(pl.lit(None, dtype=pl.Float64).alias(c) for c in ends.values())
    share = pl.col("quantity") == SHARE, pl.col("weighting") == "per creator"
    row = run.luck().filter(*share).row(0, named=True)
    return ranking.with_columns(pl.lit(row[end]).alias(name) for end, name in ends.items())


def leaders(of: Audiences, top: int | None) -> int:
    """Return how many lead."""
    count = len(of.levels)
    if top is None:
        return TOP if count >= 2 * TOP else _fifth(count)
    if not 1 <= top <= count:
        most = f"from 1 to {count}, the number of creators"
        raise InputError(Problem("so many cannot lead", key="top", value=f"{top}", expected=most))
    return top


def variances(of: Audiences, weights: Floats) -> tuple[Floats, Floats]:
    """Split the variance between observed rates into susceptibility and luck; each (draw,).

    With weights w that add up to 1, observed rates R around multipliers v with variance L, the
    expectation of sum w (R - mean R)**2 given v is sum w (v - mean v)**2 + sum w (1 - w) L, means
    being weighted alike.

    Parameters
    ----------
    weights
        Of creators; (creator,) or (draw, creator).
    """
    w = weights / weights.sum(axis=-1, keepdims=True)
    mean = np.sum(w * of.multiplier, axis=1, keepdims=True)
    between = np.sum(w * (of.multiplier - mean) ** 2, axis=1)
    return between, np.sum(w * (1.0 - w) * of.luck, axis=1)


def reliability(of: Audiences) -> Floats:
    """Return the share of differences between rates as sure as each creator's that is no luck.

    Between / (between + own luck), the variances of multipliers and of the creator's own observed
    rate (Adams 2009, *The reliability of provider profiling*, RAND TR-653); (creator,).
    """
    count = len(of.levels)
    between = variances(of, np.ones(count))[0] * count / max(count - 1, 1)
    whole = between[:, None] + of.luck
    each = np.divide(between[:, None], whole, out=np.ones_like(whole), where=whole > 0.0)
    return np.asarray(each.mean(axis=0))


def _fifth(count: int) -> int:
    return max(1, count // FIFTH)


def _ranks(values: Floats) -> Integers:
    """Rank of each creator in every draw, 1 the highest; (draw, creator)."""
    order = np.argsort(-values, axis=1)
    ranks = np.empty(values.shape, dtype=np.int64)
    np.put_along_axis(ranks, order, np.arange(1, values.shape[1] + 1)[None, :], axis=1)
    return ranks


def _above_next(values: Floats) -> pl.Series:
    """Probability that each is above the one after it; the last has none."""
    odds = np.mean(values[:, :-1] > values[:, 1:], axis=0)
    return pl.Series([*odds.tolist(), None], dtype=pl.Float64)


def _answer(probability: float) -> str:
    if probability >= SURE:
        return ABOVE
    return BELOW if probability <= 1.0 - SURE else CANNOT_TELL


def _words(run: Run) -> str:
    outcome = run.design.spec.outcome.column
    return "orders" if outcome == ORDERS else outcome


def _quantities(of: Audiences, top: int, outcome: str) -> Iterator[Quantity]:
    count = len(of.levels)
    alike = np.ones(count)
    between, chance = variances(of, alike)
    ratios = of.observed / of.expected
    observed = np.var(ratios, axis=1)
    for name, label, values in (
        ("spread_observed", "Spread of creators' observed rates", observed),
        ("spread_susceptibility", "Spread of creators' susceptibility", between),
        ("spread_luck", "Spread by luck alone", chance),
    ):
        yield _quantity(name, label, "per creator", "ratio (standard deviation)", np.sqrt(values))
    for weighting, weights in (("per creator", alike), (f"per expected {outcome}", of.expected)):
        between, chance = variances(of, weights)
        yield Quantity(
            quantity=SHARE,
            label="Share of luck in the differences between creators' observed rates",
            scope="overall",
            group="all",
            population=THESE,
            weighting=weighting,
            unit="share",
            draws=chance / (between + chance),
            threshold=HALF,
            statement="P(> 50%)",
            words=("mostly luck", "mostly the creators"),
        )
    highest = np.argsort(-of.raw, kind="stable")[:top]
    swapped = np.sum(_ranks(of.multiplier)[:, highest] > top, axis=1).astype(np.float64)
    label = f"Of the {top} highest observed, those not among the {top} most susceptible"
    yield _quantity(SWAPPED, label, "none", "creators", swapped)


def _quantity(name: str, label: str, weighting: str, unit: str, draws: Floats) -> Quantity:
    return Quantity(
        quantity=name,
        label=label,
        scope="overall",
        group="all",
        population=THESE,
        weighting=weighting,
        unit=unit,
        draws=draws,
    )
