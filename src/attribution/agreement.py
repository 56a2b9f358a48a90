"""Do the model and the data agree? Observed figures against those of replicated posts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import bdtrc

from attribution.design.types import Design, Floats
from attribution.manifest import Check, Status
from attribution.outcomes import Count, Outcome, outcome_of
from attribution.predictive import LATE, LOOKED_AT, NEXT_DAY, fifths, told_by, too_many
from attribution.spec.model import RatesMean
from attribution.spec.stated import improper_priors

if TYPE_CHECKING:
    import xarray as xr

SURPRISE = 0.005
"""Two-sided predictive probability below which an observed figure contradicts the model."""

ENOUGH = int(1.0 / SURPRISE)
"""Replications from which one figure beyond all of them has a probability below that."""

PRIOR_SURPRISE = 0.02

FEW_LEVELS = 12
"""Levels of a column that have a row each; those of more levels share a row."""

INTERVAL = (0.055, 0.945)


class Figures:
    """Figures of the outcome: observed, replicated by the posterior and by the prior."""

    def __init__(self, dataset: xr.Dataset) -> None:
        self.names = [str(name) for name in dataset["figure"].to_numpy()]
        self._values = {str(name): v.to_numpy() for name, v in dataset.data_vars.items()}

    def observed(self, name: str) -> float:
        """Return what was observed."""
        return float(self._values["observed"][self.names.index(name)])

    def of(self, source: str, name: str) -> Floats:
        """Replications by the ``posterior`` or the ``prior``; (replication,)."""
        found: Floats = self._values[source][:, self.names.index(name)]
        return found

    def surprise(self, name: str) -> float:
        """Return the two-sided probability of what was observed under the posterior."""
        return two_sided(self.observed(name), self.of("posterior", name))


def verdict(good: bool, otherwise: Status = "fail") -> Status:
    """Return ``pass`` when good; a comparison with NaN is False and so never passes."""
    return "pass" if good else otherwise


def two_sided(observed: float, replicated: Floats) -> float:
    """Two-sided predictive probability; ties count half; NaN when a replication is NaN.

    A figure that is the same in every replication, and was observed so, has probability 1.
    """
    if np.any(np.isnan(replicated)) or not np.isfinite(observed):
        return float("nan")
    upper = np.mean(replicated > observed) + 0.5 * np.mean(replicated == observed)
    return float(min(1.0, 2.0 * min(upper, 1.0 - upper)))


def surprise(name: str, observed: float, replicated: Floats, meaning: str, advice: str) -> Check:
    """Return the check of one figure against its replications."""
    value = f"observed {observed:,.4g}, predicted {_range(replicated)}"
    return _judged(name, value, two_sided(observed, replicated), "p", meaning, advice)


def larger(name: str, observed: float, replicated: Floats, meaning: str, advice: str) -> Check:
    """Return the check of a figure that contradicts the model only where it is too large.

    What was observed counts as one of the replications, so that fewer than :data:`ENOUGH` of them
    could contradict nothing: then no check is made.
    """
    if len(replicated) < ENOUGH:
        return too_few(name, len(replicated), meaning)
    known = np.isfinite(observed) and not np.any(np.isnan(replicated))
    p = (1.0 + np.sum(replicated >= observed)) / (1.0 + len(replicated)) if known else float("nan")
    value = f"observed {observed:,.4g}, predicted {_range(replicated)}"
    return _judged(name, value, p, "p of as much or more", meaning, advice)


def too_few(name: str, replications: int, meaning: str) -> Check:
    """Return the check that cannot be made from so few replications, as very large tables have."""
    return not_made(
        name,
        f"{replications} replications, {ENOUGH} are needed",
        meaning,
        "Fit with more draws; of a table of more than 100,000 posts, some of the creators alone.",
    )


def not_made(name: str, why: str, meaning: str, advice: str) -> Check:
    """Return the check that cannot be made, which warns."""
    return Check(
        name=name,
        status="warn",
        value=f"could not be made: {why}",
        threshold=f"p of as much or more at least {SURPRISE}",
        meaning=meaning,
        advice=advice,
    )


def _judged(name: str, value: str, p: float, of: str, meaning: str, advice: str) -> Check:
    """Return the check of a probability, which fails below :data:`SURPRISE` or if it is none."""
    good = p >= SURPRISE
    return Check(
        name=name,
        status=verdict(good),
        value=f"{value} (p = {p:.3f})",
        threshold=f"{of} at least {SURPRISE}",
        meaning=meaning,
        advice="" if good else advice,
    )


def _range(replicated: Floats) -> str:
    # Of infinite replications no quantile can be interpolated.
    low, high = np.quantile(replicated, INTERVAL, method="inverted_cdf")
    return f"{low:,.4g} to {high:,.4g}"


def posterior_agreement(design: Design, figures: Figures) -> Iterator[Check]:
    """Yield checks of single posts, of all together, by level and of late orders."""
    outcome = outcome_of(design)
    for name in outcome.statistics():
        yield surprise(
            f"{LOOKED_AT}{name}",
            figures.observed(name),
            figures.of("posterior", name),
            f"whether the model makes {outcome.noun}s like the observed ones",
            "Try another model (`attribution models list`) and compare."
            if outcome.is_orders
            else "Try another family or other terms, and compare.",
        )
    yield from _along(design, outcome, figures)
    yield _overall(outcome, figures)
    yield from _levels(design, outcome, figures)
    if LATE in figures.names:
        yield surprise(
            LATE,
            figures.observed(LATE),
            figures.of("posterior", LATE),
            "whether orders come as late as the join says",
            "Join again with `attribution ingest`, with all times in one time zone.",
        )
    if NEXT_DAY in figures.names:
        yield surprise(
            NEXT_DAY,
            figures.observed(NEXT_DAY),
            figures.of("posterior", NEXT_DAY),
            "whether days differ by chance alone from what is expected of them",
            "Something else moves sales for days: add a term for it, or functions to the trend.",
        )


def _overall(outcome: Outcome, figures: Figures) -> Check:
    name = outcome.overall
    meaning, advice = (
        "whether what the model expects agrees with what was observed",
        f"Do not use the numbers: the model misses the {name}.",
    )
    if outcome.is_orders:
        meaning = "whether expected and credited conversions agree in total"
        advice = "Do not use ROI: the model misses the total."
    return surprise(name, figures.observed(name), figures.of("posterior", name), meaning, advice)


def _levels(design: Design, outcome: Outcome, figures: Figures) -> Iterator[Check]:
    """Yield a row per level of columns with few, a row per column with many."""
    for column, group in told_by(design):
        if len(group.levels) > FEW_LEVELS:
            names = {level: outcome.of_level(column, level) for level in group.levels}
            yield _many(
                outcome.by_level(column),
                "levels",
                names,
                figures,
                f"whether what the model expects agrees with what was observed by {column}",
                f"Do not use numbers by {column}: the model misses these levels.",
            )
            continue
        for level in group.levels:
            yield _level(column, level, outcome, figures)
    for column, group in too_many(design):
        yield Check(
            name=outcome.by_level(column),
            status="pass",
            value=f"not looked at: {len(group.levels):,} levels",
            threshold="none for so many levels",
            meaning=f"nothing is said of single levels of {column}",
            advice="",
        )


def _level(column: str, level: str, outcome: Outcome, figures: Figures) -> Check:
    name = outcome.of_level(column, level)
    meaning = f"whether what the model expects agrees with what was observed for {level}"
    if outcome.is_orders:
        meaning = f"whether expected and credited conversions agree for {level}"
    what = "total" if isinstance(outcome, Count) else "average"
    return surprise(
        name,
        figures.observed(name),
        figures.of("posterior", name),
        meaning,
        f"Do not use numbers for {level}: the model misses its {what}.",
    )


def _along(design: Design, outcome: Outcome, figures: Figures) -> Iterator[Check]:
    """Yield whether fifths of the posts by features contradict the model, where they are told."""
    names = {f"{fifth.feature} {fifth.text}": fifth.name for fifth in fifths(design)}
    if names:
        yield _many(
            f"{LOOKED_AT}{outcome.by_level('fifths of features')}",
            "fifths",
            names,
            figures,
            f"whether the model makes {outcome.noun}s like the observed ones along each feature",
            "Try a curve (spline) in place of a straight line, or another link, and compare.",
        )


def _many(
    name: str,
    what: str,
    names: Mapping[str, str],
    figures: Figures,
    meaning: str,
    advice: str,
) -> Check:
    """Return whether more of many figures contradict the model than chance gives of so many.

    Parameters
    ----------
    names
        Name of each figure by what it is called here.
    """
    # What is not a number contradicts.
    bad = [called for called, of in names.items() if not figures.surprise(of) >= SURPRISE]
    replications = len(figures.of("posterior", next(iter(names.values()))))
    allowed = allowed_by_chance(len(names), replications)
    which = ", ".join(bad[:5]) + (", …" if len(bad) > 5 else "")
    good = len(bad) <= allowed
    return Check(
        name=name,
        status=verdict(good),
        value=f"{len(bad)} of {len(names)} {what} outside{f': {which}' if bad else ''}",
        threshold=f"at most {allowed} with p below {SURPRISE}, which chance may give",
        meaning=meaning,
        advice="" if good else advice,
    )


def allowed_by_chance(count: int, replications: int) -> int:
    """Return how many of so many figures may contradict a model that is true.

    With R replications p is below s with probability 2 (1 + floor(s R / 2)) / (R + 1) or less,
    each rank of the observed figure among them being as likely; figures are taken as independent.
    """
    rate = 2.0 * (1 + int(SURPRISE * replications / 2.0)) / (replications + 1.0)
    return next(k for k in range(count + 1) if bdtrc(k, count, min(rate, 1.0)) <= SURPRISE)


def prior_conflict(design: Design, figures: Figures, *, drawn: bool) -> Check:
    """Return whether the observed figure of all posts is plausible under the prior (Box 1980).

    Parameters
    ----------
    drawn
        Whether there are draws of the prior: there are none of flat priors.
    """
    outcome, name = outcome_of(design), "prior and data agree"
    meaning = f"whether the {outcome.column} are such as the model's priors expected"
    if not outcome.is_orders:
        meaning = f"whether the {outcome.overall} is such as the model's priors expected"
    if not drawn:
        return Check(name, "pass", _flat(design), "none for flat priors", meaning, "")
    observed, before = figures.observed(outcome.overall), figures.of("prior", outcome.overall)
    p = two_sided(observed, before)
    good = p >= PRIOR_SURPRISE
    shown = f"{observed:,.0f}" if isinstance(outcome, Count) else f"{observed:,.4g}"
    which = "prior of the rate" if isinstance(design.spec.mean, RatesMean) else "priors"
    return Check(
        name=name,
        status=verdict(good, "warn" if np.isfinite(p) else "fail"),
        value=f"observed {shown}, prior {_range(before)} (p = {p:.3f})",
        threshold=f"p at least {PRIOR_SURPRISE}",
        meaning=meaning,
        advice="" if good else f"Copy the spec and restate its {which} for your data.",
    )


def _flat(design: Design) -> str:
    flat = ", ".join(improper_priors(design.spec))
    return f"not looked at: nothing can be drawn from flat priors ({flat})"
