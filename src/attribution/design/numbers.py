"""The columns that a model counts with: numbers such as its family and its parts take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from attribution.design.types import Floats, Integers
from attribution.errors import Problem
from attribution.spec.model import ModelSpec, RatesMean


@dataclass(frozen=True)
class _Takes:
    """Numbers that a column may hold."""

    expected: str
    whole: bool = False
    low: float | None = 0.0
    high: float | None = None
    open: bool = False

    def good(self, amounts: pl.Series) -> pl.Series:
        """Return which of some numbers are such."""
        good = amounts.is_finite()
        if self.low is not None:
            good &= (amounts > self.low) if self.open else (amounts >= self.low)
        if self.high is not None:
            good &= amounts <= self.high
        if self.whole:
            good &= amounts == amounts.floor()
        return good


_AMOUNT = _Takes("numbers, 0 or more")
_HIDDEN = _Takes('numbers, 0 or more, or the policy "set_aside"')


def check_numbers(spec: ModelSpec, table: pl.DataFrame) -> list[Problem]:
    """Return a problem for each column of outcome, exposure and parts that cannot be counted with.

    The canonical columns were checked when the table was read; a spec may name others.
    """
    found = [
        _problem(table.get_column(column), key, takes)
        for key, column, takes in _counted(spec)
        if column in table.columns
    ]
    problems = [problem for problem in (*found, _beyond_trials(spec, table)) if problem is not None]
    # A part that may be hidden is looked at twice.
    first = {problem.what: problem for problem in reversed(problems)}
    return [problem for problem in problems if first[problem.what] is problem]


def _counted(spec: ModelSpec) -> Iterator[tuple[str, str, _Takes]]:
    family = spec.outcome.distribution
    high = family.high if isinstance(family.high, float) else None
    takes = _Takes(family.expects, family.whole, family.low, high, family.open)
    yield "outcome.column", spec.outcome.column, takes
    if spec.outcome.exposure is not None:
        yield "outcome.exposure", spec.outcome.exposure, _AMOUNT
    if spec.outcome.trials is not None:
        yield "outcome.trials", spec.outcome.trials, _Takes("whole numbers, 0 or more", whole=True)
    if isinstance(spec.mean, RatesMean):
        for i, part in enumerate(spec.mean.parts):
            if part != spec.outcome.exposure:
                yield f"mean.parts[{i}]", part, _AMOUNT
    for column, policy in spec.missing.items():
        if policy == "latent":
            yield f"missing.{column}", column, _HIDDEN


def _problem(values: pl.Series, key: str, takes: _Takes) -> Problem | None:
    what = f"the model cannot count with the column {values.name!r}"
    shown = values.drop_nulls()
    if shown.is_empty():
        return None
    if not (values.dtype.is_numeric() or values.dtype == pl.Boolean):
        return Problem(what, key=key, value=str(shown.first()), expected=takes.expected)
    good = takes.good(shown.cast(pl.Float64))
    if good.all():
        return None
    return Problem(what, key=key, value=str(shown.filter(~good).first()), expected=takes.expected)


def _beyond_trials(spec: ModelSpec, table: pl.DataFrame) -> Problem | None:
    """Return a problem where more succeed than are tried."""
    column, trials = spec.outcome.column, spec.outcome.trials
    if trials is None or not {column, trials} <= set(table.columns):
        return None
    if not all(table.schema[name].is_numeric() for name in (column, trials)):
        return None
    beyond = table.select(column, trials).filter(pl.col(column) > pl.col(trials))
    if beyond.is_empty():
        return None
    first = beyond.row(0)
    rows = "1 row has" if beyond.height == 1 else f"{beyond.height:,} rows have"
    return Problem(
        f"{rows} more {column} than {trials}",
        key="outcome.trials",
        value=f"{first[0]:g} of {first[1]:g}",
        expected=f"at most as many {column} as {trials}",
    )


def check_varies(spec: ModelSpec, outcome: Integers | Floats) -> list[Problem]:
    """Return a problem where an outcome of a family with a spread has none.

    The smaller the spread, the larger the density then, without bound: there is no posterior.
    """
    if spec.outcome.distribution.whole or len(outcome) < 2 or np.ptp(outcome) > 0:
        return []
    what = f"{spec.outcome.column} is the same in all {len(outcome):,} rows: nothing to explain"
    return [
        Problem(what, key="outcome.column", value=f"{outcome[0]:g}", expected="numbers that vary")
    ]
