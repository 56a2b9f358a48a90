"""What a first model explains: the outcome, its family, and what it is proportional to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from attribution.errors import Problem, raise_if_any, suggest
from attribution.spec.families import FAMILIES
from attribution.spec.model import Outcome

OUTCOME = "conversions"
EXPOSURES = ("reach", "views", "followers")
"""Columns that a count is proportional to, the first that there is."""

MOST_EMPTY = 0.5
"""Largest share of posts without a value that an exposure may have."""

NARROW = 3.0
"""Positive amounts whose largest is less than so many times the smallest may as well be normal."""

LEVEL = 0.5
"""Skewness up to which a distribution is called symmetric."""


@dataclass(frozen=True)
class Chosen:
    """An outcome and, in words, why it is described as it is."""

    outcome: Outcome
    why_family: str
    why_exposure: str


def choose(
    frame: pl.DataFrame,
    column: str | None,
    family: str | None,
    exposure: str | None,
    trials: str | None,
) -> Chosen:
    """Take what was asked for, and choose the rest from the table's columns.

    Raises
    ------
    InputError
        With everything that was asked for and is not there, or when no outcome can be chosen.
    """
    raise_if_any(_asked(frame, column, family, exposure, trials))
    outcome = column or OUTCOME
    values = frame.get_column(outcome).drop_nulls()
    guessed, why = guess_family(values, trials is not None)
    chosen = family or guessed
    why = "as asked for" if family else f"a guess: {why}"
    if exposure is None and FAMILIES[chosen].is_count:
        exposure = _exposure(frame, outcome)
    takes = FAMILIES[chosen].trials
    words = f"The mean is proportional to {exposure}." if exposure else ""
    return Chosen(Outcome(outcome, chosen, exposure, trials if takes else None), why, words)


def _asked(
    frame: pl.DataFrame,
    column: str | None,
    family: str | None,
    exposure: str | None,
    trials: str | None,
) -> Iterator[Problem]:
    """Yield what is wrong with what was asked for."""
    numbers = [c for c, t in frame.schema.items() if t.is_numeric() or t == pl.Boolean]
    if column is None and OUTCOME not in frame.columns:
        yield Problem(
            f"the table has no column {OUTCOME!r}, so it must be said what the model explains",
            expected=f"--outcome (outcome=) with one of {', '.join(numbers)}",
        )
    asked = {"outcome": column or OUTCOME, "exposure": exposure, "trials": trials}
    for key, name in asked.items():
        if name is not None and name not in frame.columns:
            if column is not None or key != "outcome":
                hint = suggest(name, numbers)
                yield Problem(f"the table has no column {name!r}", key=key, hint=hint)
        elif name is not None and name not in numbers:
            first = frame.get_column(name).drop_nulls().first()
            what = f"the column {name!r} holds no numbers"
            yield Problem(what, key=key, value=str(first), expected="numbers, or 0 and 1")
    if family is not None and family not in FAMILIES:
        hint = suggest(family, FAMILIES)
        yield Problem(f"there is no family {family!r}", key="family", hint=hint)
    elif family is not None and FAMILIES[family].trials and trials is None:
        what = f"the family {family!r} counts successes of a number of trials"
        expected = "--trials (trials=) with the column of that number"
        yield Problem(what, key="family", expected=expected)


def _exposure(frame: pl.DataFrame, outcome: str) -> str | None:
    for name in EXPOSURES:
        if name in frame.columns and name != outcome:
            shown = frame.get_column(name).drop_nulls()
            if len(shown) >= MOST_EMPTY * frame.height and (shown > 0).any():
                return name
    return None


def guess_family(values: pl.Series, trials: bool) -> tuple[str, str]:
    """Return the family that an outcome's values suggest, and why.

    Parameters
    ----------
    values
        Known outcomes.
    trials
        Whether each is out of a number of trials.
    """
    numbers = values.cast(pl.Float64).to_numpy()
    whole = bool((numbers == np.floor(numbers)).all())
    if trials:
        return "binomial", "so many of a number of trials"
    if set(np.unique(numbers)) <= {0.0, 1.0}:
        return "bernoulli", "all values are 0 or 1"
    if whole and (numbers >= 0).all():
        return "negative_binomial", "all values are counts, which vary more than Poisson counts do"
    if (numbers > 0).all() and not _narrow(numbers):
        return _positive(numbers)
    also = "; of amounts with zeros no family takes both parts" if (numbers >= 0).all() else ""
    return "normal", f"the values are numbers that are not all above 0, or spread little{also}"


def _narrow(numbers: np.ndarray) -> bool:
    return bool(numbers.max() < NARROW * numbers.min() and abs(skewness(numbers)) < LEVEL)


def _positive(numbers: np.ndarray) -> tuple[str, str]:
    """Tell log-normal amounts from gamma ones by their largest likelihoods."""
    from scipy import stats

    log = np.log(numbers)
    normal = stats.norm.logpdf(log, log.mean(), max(log.std(), 1e-9)).sum() - log.sum()
    shape, _, scale = stats.gamma.fit(numbers, floc=0.0)
    gamma = stats.gamma.logpdf(numbers, shape, scale=scale).sum()
    if normal > gamma:
        return "log_normal", "amounts above 0, whose logarithms look more normal than gamma does"
    return "gamma", "amounts above 0, for which gamma does better than log-normal"


def skewness(numbers: np.ndarray) -> float:
    """Return the third standardised moment; 0 of numbers that do not vary."""
    sd = numbers.std()
    return float(np.mean(((numbers - numbers.mean()) / sd) ** 3)) if sd > 0 else 0.0
