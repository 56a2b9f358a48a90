"""Effects that were asked for by column, and every reason why one cannot be told."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from attribution.design.levels import texts
from attribution.design.rows import sort_levels
from attribution.design.types import Design, Floats, dim
from attribution.draws import Draws
from attribution.errors import InputError, Problem, raise_if_any, suggest
from attribution.quantities.drivers import Driver, Levels, Number, YesNo, drivers, reporting_column
from attribution.quantities.estimands import Estimand, Slice, averages, estimate
from attribution.quantities.estimates import Quantity
from attribution.quantities.halo import refused
from attribution.quantities.of_levels import of_levels, of_yes_no
from attribution.quantities.of_numbers import STEPS, bearable, of_number
from attribution.quantities.outcome_words import Told, told
from attribution.quantities.totals import ALL
from attribution.spec.halo import HaloMean
from attribution.spec.transforms import columns_of

WAYS = {
    "difference": "change of the expected outcome: a number more by a step, 1 against 0, levels",
    "ratio": "the same as a ratio",
    "elasticity": "change in % for 1 % more of a number",
    "slope": "change per unit of a number, at the observed values",
}
"""How an effect can be told."""

MOST_BY = 1_000
"""Levels of a column that effects are told by."""

NO_LEVEL = "(none)"


@dataclass(frozen=True)
class Ask:
    """What was asked.

    Parameters
    ----------
    of
        Columns whose effect is wanted; empty for all that the model tells by itself.
    by
        Columns by whose levels to tell it; empty for the usual one.
    way
        One of :data:`WAYS`; None for the usual ones.
    step
        Size of a change, or what a slope is told per; None for the usual one.
    """

    of: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    way: str | None = None
    step: float | None = None


def check(design: Design, ask: Ask) -> None:
    """Raise with every reason why something that was asked cannot be told."""
    if isinstance(design.spec.mean, HaloMean):
        raise InputError(refused())
    raise_if_any(dict.fromkeys(_problems(design, ask)))


def asked_quantities(design: Design, draws: Draws, ask: Ask) -> list[Quantity]:
    """Return what was asked, for a design of any spec; see :func:`check`."""
    slices, member = slices_of(design, ask.by)
    estimands = [
        estimand
        for driver in _wanted(design, ask)
        if (estimand := estimand_of(design, driver, ask)) is not None
    ]
    found = estimate(design, draws, estimands, slices, member)
    if ask.of or ask.way is not None:
        return found.quantities
    return [*averages(design, found.outcome, slices, member), *found.quantities]


def slices_of(design: Design, by: Sequence[str]) -> tuple[list[Slice], Floats]:
    """Return all posts and those of each level of some columns, or of the reporting column.

    Returns
    -------
    tuple
        The slices, and which posts are in each; (post, slice) of 0 and 1.
    """
    usual = reporting_column(design)
    columns = by or (() if usual is None else (usual,))
    slices, member = [Slice("overall", ALL)], [np.ones((len(design.outcome), 1))]
    for column in columns:
        levels, index = _levels(design, column)
        slices += [Slice(dim(column), level) for level in levels]
        member.append((index[:, None] == np.arange(len(levels))).astype(np.float64))
    return slices, np.hstack(member)


def _levels(design: Design, column: str) -> tuple[tuple[str, ...], np.ndarray]:
    if column in design.groups:
        return design.groups[column].levels, design.groups[column].index
    values = texts(design.table.get_column(column)).fill_null(NO_LEVEL)
    levels = sort_levels(values.unique().to_list(), ())
    position = {level: k for k, level in enumerate(levels)}
    return levels, np.asarray([position[value] for value in values], dtype=np.int64)


def estimand_of(design: Design, driver: Driver, ask: Ask) -> Estimand | None:
    """Return what is to be told of a column; None where nothing can be."""
    ways = ways_of(driver, told(design), ask.way)
    if isinstance(driver, Number) and ask.way is None:
        ways = bearable(design, driver, ways)
    if not ways:
        return None
    if isinstance(driver, Number):
        return of_number(design, driver, ways, ask.step)
    if isinstance(driver, Levels):
        return of_levels(design, driver, ways, by_slice=bool(ask.by))
    return of_yes_no(driver, ways) if isinstance(driver, YesNo) else None


def ways_of(driver: Driver, words: Told, way: str | None = None) -> tuple[str, ...]:
    """Return how the effect of a column is told: the usual ways, or the one that was asked."""
    able = tuple(w for w in WAYS if _refused(driver, words, w) is None)
    if way is not None:
        return (way,) if way in able else ()
    if isinstance(driver, Levels):
        return ("average", *able)
    if isinstance(driver, YesNo):
        return able
    main = "difference" if words.is_orders and driver.column in STEPS else "slope"
    return (main, *(w for w in able if w == "elasticity"))


def _wanted(design: Design, ask: Ask) -> list[Driver]:
    found = {driver.column: driver for driver in drivers(design)}
    if ask.of:
        return [found[column] for column in dict.fromkeys(ask.of)]
    return [d for d in found.values() if not (isinstance(d, Levels) and not d.few)]


def _problems(design: Design, ask: Ask) -> Iterator[Problem]:
    if ask.way is not None and ask.way not in WAYS:
        what = "effects cannot be told so"
        yield Problem(what, key="as", value=ask.way, expected=", ".join(WAYS))
        ask = replace(ask, way=None)
    found = {driver.column: driver for driver in drivers(design)}
    words, chosen = told(design), [found[c] for c in ask.of if c in found]
    yield from (_not_told(design, column, found) for column in ask.of if column not in found)
    for driver in chosen:
        if ask.way is not None and (problem := _refused(driver, words, ask.way)) is not None:
            yield problem
    asked = chosen or ([] if ask.of else list(found.values()))
    yield from _step_problems(ask, asked)
    if ask.way and not ask.of and all(_refused(d, words, ask.way) for d in asked):
        yield Problem(f"no effect of this model can be told as {ask.way}", key="as", value=ask.way)
    for column in ask.by:
        yield from _by_problems(design, column)


def _step_problems(ask: Ask, asked: Sequence[Driver]) -> Iterator[Problem]:
    if ask.step is None:
        return
    if not (np.isfinite(ask.step) and ask.step > 0):
        yield Problem("a step is a number above 0", key="step", value=f"{ask.step:g}")
    if ask.way == "elasticity":
        hint = "Ask for a difference, a ratio or a slope"
        yield Problem("an elasticity is of 1 %, whatever the step", key="step", hint=hint)
    if asked and not any(isinstance(driver, Number) for driver in asked):
        names = " and ".join(driver.column for driver in asked)
        yield Problem(f"{names} cannot be more by a step: no column of numbers", key="step")


def _by_problems(design: Design, column: str) -> Iterator[Problem]:
    names = design.table.columns
    if column not in names:
        yield Problem(f"the table has no column {column!r}", key="by", hint=suggest(column, names))
        return
    values = design.table.get_column(column)
    if values.dtype.is_nested():
        yield Problem(f"{column!r} holds lists: there are no levels to tell by", key="by")
    elif (count := values.n_unique()) > MOST_BY:
        what = f"{column!r} has {count:,} different values, too many to tell by"
        yield Problem(what, key="by", expected=f"at most {MOST_BY:,}")


def _not_told(design: Design, column: str, found: Collection[str]) -> Problem:
    """Say why a model does not know the effect of a column."""
    outcome, names = design.spec.outcome, design.table.columns
    have = f"one of {', '.join(sorted(found))}" if found else None
    features = {feature.name: feature for feature in design.spec.features}
    if column in features and column not in names:
        made_from = " and ".join(sorted(columns_of(features[column])))
        what = f"{column!r} is a feature of the model, made from {made_from}"
        return Problem(what, key="of", hint=f"Ask for the effect of {made_from}")
    if column not in names:
        hint = suggest(column, found or names)
        return Problem(f"the table has no column {column!r}", key="of", hint=hint)
    if column == outcome.column:
        return Problem(f"{column!r} is what the model explains", key="of", expected=have)
    if column == outcome.trials:
        what = f"{column!r} is the number of trials; effects are told per trial"
        return Problem(what, key="of", expected=have)
    if column == outcome.exposure:
        what = f"{column!r} is the exposure: the expected {outcome.column} are proportional to it"
        return Problem(what, key="of", expected=have)
    what = f"the effect of {column!r} is not in the model: no term uses it"
    return Problem(what, key="of", expected=have)


def _refused(driver: Driver, words: Told, way: str) -> Problem | None:
    """Return why a column's effect cannot be told in one way, None where it can."""
    column, name = driver.column, driver.column
    if way in ("slope", "elasticity") and not isinstance(driver, Number):
        kind = "1 or 0" if isinstance(driver, YesNo) else "levels"
        what = f"{name!r} holds {kind}, not numbers: it has no {way}"
        return Problem(what, key="as", value=way, expected="difference or ratio")
    if way in ("ratio", "elasticity") and not words.positive:
        what = f"the expected {words.column} can be negative, so that {_many(way)} mean nothing"
        return Problem(what, key="as", value=way, expected="difference or slope")
    if way == "elasticity" and isinstance(driver, Number):
        counts = words.is_orders and column in STEPS
        if driver.least < 0 or (driver.least == 0 and not counts):
            below = "0" if driver.least == 0 else "below 0"
            what = f"{name!r} is {below} for some {words.one}s, of which there is no 1 % more"
            return Problem(what, key="as", value=way, expected="difference or slope")
    return None


def _many(way: str) -> str:
    return {"ratio": "ratios", "elasticity": "elasticities"}[way]
