"""Do posts' residuals go with a column? What a model leaves unexplained should go with none.

Effects of creators make up for a wrong exposure, so that totals, tiers and the spread of residuals
agree with it; but of a creator's posts those that more people saw still have more orders than
expected. The same tells drivers that a model leaves out.

The figure of a column is the score of a slope on it (Rao 1948, *Proceedings of the Cambridge
Philosophical Society* 44(1)) within creators, less what goes with the model's own terms, whose
slopes would make up for part of what is missing. Of several columns the largest counts, against
the largest of each replication.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import polars as pl
from scipy.special import ndtri

from attribution.agreement import ENOUGH, SURPRISE, larger, not_made, too_few
from attribution.design.types import Design, Floats, Integers
from attribution.manifest import Check
from attribution.outcomes import Amount, Count, Outcome, Share, YesNo, outcome_of
from attribution.residuals import ROUNDED, creators_of
from attribution.spec.columns import columns_needed
from attribution.tables import COSTS, EXPOSURES

PEOPLE_AND_DAYS = (*EXPOSURES, "collect_days")

COME_WITH = (
    {"reach", "views"},
    {"likes", "comments"},
    {
        "conversions",
        "paying_orders",
        "net_revenue",
        "commission",
        "orders",
        "coded_orders",
        "revenue",
    },
)
"""What posts bring, in order: what comes with an outcome or after it explains none of it."""

LEFT = 0.01
"""Share of a column's variation beyond creators and the model's terms that can be looked at."""

NAMED = 5
"""Columns that are named of those that tell."""


def exposures(noun: str) -> str:
    """Return the name of the check along people and days that posts had."""
    return f"{noun}s along exposures"


def others(noun: str) -> str:
    """Return the name of the check along columns that the model does not use."""
    return f"{noun}s along other columns"


def along_checks(design: Design, replicated: Floats) -> Iterator[Check]:
    """Yield whether residuals go with an exposure, and whether with a column that is not used.

    An exposure is what the outcome is proportional to, so that residuals that go with another one
    contradict the model. Of other columns one may be a consequence of the outcome, and answers may
    be right without it: they warn. Of a table without such columns nothing is said.

    Parameters
    ----------
    design
        The posts.
    replicated
        Outcomes drawn from the posterior predictive distribution; (replication, post).
    """
    noun = outcome_of(design).noun
    exposed, unused = exposures_of(design), others_of(design)
    if exposed:
        yield _check(
            exposures(noun),
            design,
            replicated,
            exposed,
            f"whether {noun}s that more people saw, or that had more days, bring what is expected "
            "of them beside the creator's others",
            "Take as exposure what the outcome is proportional to, or add a term for {}. "
            "Where days tell, join again with `attribution ingest`, which shares out late orders.",
        )
    if unused:
        check = _check(
            others(noun),
            design,
            replicated,
            unused,
            f"whether {noun}s bring more, beside the creator's others, with a column that the "
            "model does not use",
            "Add a term for {}, unless it comes of the outcome, and compare.",
        )
        yield replace(check, status="pass" if check.status == "pass" else "warn")


def _check(
    name: str,
    design: Design,
    replicated: Floats,
    columns: Mapping[str, Floats],
    meaning: str,
    advice: str,
) -> Check:
    """Return whether residuals go with one of some columns more than chance gives of so many.

    Parameters
    ----------
    columns
        Values by name, not a number where empty; (post,).
    advice
        What to do, with a place for the names of columns.
    """
    if len(replicated) < ENOUGH:
        return too_few(name, len(replicated), meaning)
    weights = directions(design, replicated, columns, terms_of(design))
    if not weights:
        return _nothing_left(name, design, replicated, columns, meaning)
    score = scores(design.outcome, replicated, np.column_stack(list(weights.values())))
    size = np.max(np.abs(score), axis=1)
    limit = np.quantile(size[1:], 1.0 - SURPRISE, method="inverted_cdf")
    observed = sorted(zip(weights, score[0], strict=True), key=lambda one: -abs(one[1]))
    # Where none is beyond the limit, or is a number, the first is told.
    told = [one for one in observed if abs(one[1]) > limit] or observed[:1]
    names = ", ".join(column for column, _ in told[:NAMED])
    check = larger(name, float(size[0]), size[1:], meaning, advice.format(names))
    found = ", ".join(f"{column} {score:+.1f}" for column, score in told[:NAMED])
    more = f" and {len(told) - NAMED} more" if len(told) > NAMED else ""
    return replace(check, value=f"{found}{more} standard deviations; largest {check.value}")


def _nothing_left(
    name: str, design: Design, replicated: Floats, columns: Mapping[str, Floats], meaning: str
) -> Check:
    """Return what is said where no column can be looked at.

    What the model has terms for it has learned from these posts; what hardly differs between posts
    of a creator nobody can tell from the creator.
    """
    known = directions(design, replicated, columns, np.empty((len(design.outcome), 0)))
    if known:
        value = f"not looked at: the model has terms for {', '.join(known)}"
        return Check(name, "pass", value, "none for what has its own terms", meaning, "")
    why = f"{', '.join(columns)} hardly differ between a creator's posts"
    return not_made(name, why, meaning, "Nothing is said of them: posts that differ would tell.")


def exposures_of(design: Design) -> dict[str, Floats]:
    """Return logarithms of the people and days that posts had; column -> (post,).

    None where the outcome is not proportional to people or days: where it is not orders and has no
    exposure, or is told per unit of money.
    """
    exposure = design.spec.outcome.exposure
    if exposure in COSTS or (exposure is None and not outcome_of(design).is_orders):
        return {}
    names = dict.fromkeys((*PEOPLE_AND_DAYS, exposure))
    return {name: np.log1p(values) for name, values in _numbers(design).items() if name in names}


def others_of(design: Design) -> dict[str, Floats]:
    """Return normal scores of columns that the model does not use; column -> (post,)."""
    known = {*exposures_of(design), *columns_needed(design.spec)}
    return {
        name: normal_scores(values)
        for name, values in _numbers(design).items()
        if name not in known
    }


def _numbers(design: Design) -> dict[str, Floats]:
    """Return columns of numbers and times that vary and are no consequence; column -> (post,)."""
    outcome = design.spec.outcome
    stage = next((k for k, names in enumerate(COME_WITH) if outcome.column in names), -1)
    consequences = {outcome.column, *set().union(*COME_WITH[stage:])}
    found = {}
    for series in design.table:
        kind = series.dtype
        if series.name in consequences or not (kind.is_numeric() or kind.is_temporal()):
            continue
        values = series.to_physical().cast(pl.Float64).to_numpy()
        if np.unique(values[np.isfinite(values)]).size > 1:
            found[series.name] = np.where(np.isfinite(values), values, np.nan)
    return found


def normal_scores(values: Floats) -> Floats:
    """Return the normal quantile of each rank, not a number where there is no value; (post,)."""
    ranks = pl.Series(values, nan_to_null=True).rank("average")
    share = (ranks - 0.5) / (len(ranks) - ranks.null_count())
    return np.asarray(ndtri(share.fill_null(np.nan).to_numpy()))


def directions(
    design: Design, replicated: Floats, columns: Mapping[str, Floats], terms: Floats
) -> dict[str, Floats]:
    """Return the weight of each post's outcome in the score of a slope; column -> (post,).

    The column less its mean by creator and what goes with some terms, in a regression in
    which each post has the weight of what it says of a slope. A column that this leaves nothing
    of is left out; posts where it is empty say nothing.

    Parameters
    ----------
    columns
        Values by name; (post,).
    terms
        What the model has slopes for; (post, term).
    """
    told, spread = informed(outcome_of(design), replicated)
    creators = creators_of(design)
    everywhere = np.zeros(len(spread), dtype=np.int64)
    within = everywhere if creators is None else creators
    found = {}
    for name, values in columns.items():
        weight = np.where(np.isnan(values), 0.0, told)
        filled = np.nan_to_num(values)[:, None]
        known = centred(terms, within, weight)
        whole = centred(filled, everywhere, weight)[:, 0]
        own = centred(filled, within, weight)[:, 0]
        own -= known @ np.linalg.lstsq(known, own)[0]
        if own @ own > LEFT * (whole @ whole):
            found[name] = np.divide(own, spread, out=np.zeros_like(own), where=weight > 0)
    return found


def informed(outcome: Outcome, replicated: Floats) -> tuple[Floats, Floats]:
    """Return what each post says of a slope on the link's scale, and its standard deviation.

    The first is the change of its mean with the linear predictor over its standard deviation, for
    the link that is usual of the kind of outcome: another one costs power, and is not wrong. Posts
    that are the same in every replication say nothing.

    Returns
    -------
    tuple
        Two of (post,).
    """
    with np.errstate(over="ignore", invalid="ignore"):
        mean, spread = replicated.mean(axis=0), replicated.std(axis=0)
    slope = np.ones_like(mean)
    if isinstance(outcome, Count | Amount):
        slope = mean
    elif isinstance(outcome, YesNo | Share):
        slope = spread**2
    known = np.isfinite(mean) & np.isfinite(spread) & (spread > ROUNDED * np.abs(mean))
    return np.divide(slope, spread, out=np.zeros_like(mean), where=known), spread


def terms_of(design: Design) -> Floats:
    """Return what slopes, curves and shares of the model multiply; (post, term).

    Of a mean that adds up parts, the share of it that each part would bring if all brought as much.
    """
    curves = [basis.functions for basis in design.bases.values()]
    parts = np.column_stack([np.empty((len(design.outcome), 0)), *design.signals.values()])
    parts = parts * design.units
    shares = parts / np.maximum(parts.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    return np.column_stack([*design.features.values(), *curves, shares])


def centred(values: Floats, groups: Integers, weight: Floats) -> Floats:
    """Return columns less their weighted mean by group, times the weight; (post, column).

    Parameters
    ----------
    values
        (post, column).
    groups
        Group of each post, counted from 0; (post,).
    weight
        Root of each post's weight; (post,).
    """
    square = weight**2
    total = np.bincount(groups, square)
    sums = np.zeros((len(total), values.shape[1]))
    for k, column in enumerate(values.T):
        sums[:, k] = np.bincount(groups, square * column)
    mean = np.divide(sums, total[:, None], out=np.zeros_like(sums), where=total[:, None] > 0)
    return np.asarray((values - mean[groups]) * weight[:, None])


def scores(outcome: Floats | Integers, replicated: Floats, weights: Floats) -> Floats:
    """Return scores of the outcome, then of each replication, in their standard deviations.

    What was observed counts for mean and standard deviation as replications do, so that it is one
    of them where the model is right.

    Parameters
    ----------
    outcome, replicated
        (post,) and (replication, post).
    weights
        (post, column).

    Returns
    -------
    Floats
        (1 + replication, column).
    """
    score = np.concatenate([(outcome @ weights)[None], replicated @ weights])
    return np.asarray((score - score.mean(axis=0)) / score.std(axis=0))
