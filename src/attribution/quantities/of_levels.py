"""What levels go with, every post set to each: average predictions, differences and ratios."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from attribution.design.types import Design, Floats, dim
from attribution.quantities.counterfactual import Step, counted_posts, known, moved
from attribution.quantities.drivers import Levels, YesNo
from attribution.quantities.estimands import Estimand, Found, Slice, over, stated, stated_ratio
from attribution.quantities.estimates import Quantity, words_of_best


def of_yes_no(driver: YesNo, ways: Sequence[str]) -> Estimand:
    """Return what 1 instead of 0 goes with, every post set to each.

    Parameters
    ----------
    driver
        The column.
    ways
        Some of ``difference`` and ``ratio``.
    """
    column = driver.column
    steps = tuple(Step({column: pl.lit(value)}) for value in (1.0, 0.0))

    def tell(found: Found) -> Iterator[Quantity]:
        words, what = found.told.yes(column), found.told.what
        for g, where in found.shown():
            yes, no = (found.before[:, g] + gain[:, g] for gain in found.gains)
            if "difference" in ways:
                label = f"Difference in {what} between {column} 1 and 0"
                gap = (yes - no) / found.total[g]
                yield stated(found, where, f"difference_{column}", label, gap, words)
            if "ratio" in ways:
                label = f"Ratio: {what} with {column} 1, over that with 0"
                name = f"ratio_{column}"
                yield stated_ratio(found, where, name, label, over(yes, no), words)

    return Estimand(steps, tell)


def of_levels(
    design: Design, driver: Levels, ways: Sequence[str], *, by_slice: bool
) -> Estimand | None:
    """Return what each level of a column goes with, every post set to it.

    Parameters
    ----------
    design
        The posts.
    driver
        The column.
    ways
        Some of ``average`` (predictions), ``difference`` and ``ratio`` (from the reference).
    by_slice
        Whether to tell it of slices of the posts too.

    Returns
    -------
    Estimand or None
        None where every post would make, with some level, a combination that the model does not
        know.
    """
    changes = [{driver.column: driver.raw(level)} for level in driver.levels]
    posts = counted_posts(design, Step(changes[0]))
    for change in changes:
        posts = posts * known(moved(design, change))
    if not posts.any():
        return None

    def tell(found: Found) -> Iterator[Quantity]:
        slices = list(found.shown())
        for g, where in slices if by_slice else slices[:1]:
            after = np.column_stack([(found.before + gain)[:, g] for gain in found.gains])
            if "average" in ways:
                yield from _averages(found, driver, where, after / found.total[g])
            yield from _contrasts(found, driver, ways, where, after, found.total[g])

    return Estimand(tuple(Step(change, of=posts) for change in changes), tell)


def _averages(found: Found, driver: Levels, where: Slice, averages: Floats) -> Iterator[Quantity]:
    """Tell average predictions, (draw, level), and of levels that are ranked which is highest."""
    words, name = found.told, dim(driver.column)
    quantity = f"average_{words.column}_if_{name}"
    label = f"Average {words.what} were every {words.one} of that {driver.column}"
    for k, level in enumerate(driver.levels):
        there = _place(where, Slice(name, level))
        yield Quantity(
            quantity=quantity,
            label=label,
            scope=there.scope,
            group=there.group,
            population=words.population,
            weighting=words.weighting,
            unit=words.unit,
            draws=averages[:, k],
        )
    if driver.zero_sum and where.scope == "overall":
        yield from _ranks(found, driver, f"best_{name}_{quantity}", label, averages)


def _ranks(
    found: Found, driver: Levels, quantity: str, label: str, averages: Floats
) -> Iterator[Quantity]:
    """Tell which level is highest; from averages, (draw, level)."""
    best = np.argmax(averages, axis=1)
    for k, level in enumerate(driver.levels):
        yield Quantity(
            quantity=quantity,
            label=f"{label}: highest {driver.column}",
            scope=dim(driver.column),
            group=level,
            population=found.told.population,
            weighting=found.told.weighting,
            unit="probability",
            draws=(best == k).astype(np.float64),
            threshold=0.5,
            statement="P(best)",
            words=words_of_best(averages, k),
            has_interval=False,
        )


def _contrasts(
    found: Found,
    driver: Levels,
    ways: Sequence[str],
    where: Slice,
    after: Floats,
    total: float,
) -> Iterator[Quantity]:
    """Compare each level with the reference; sums of expected outcomes, (draw, level)."""
    name, reference = dim(driver.column), driver.reference
    base = after[:, driver.levels.index(reference)]
    between = f"{found.told.what} between levels of {driver.column}"
    for level, here in zip(driver.levels, after.T, strict=True):
        if level == reference:
            continue
        words = f"{level} is higher", f"{reference} is higher"
        if "difference" in ways:
            there = _place(where, Slice("contrast", f"{level} − {reference}"))
            label, gap = f"Difference in {between}", (here - base) / total
            yield stated(found, there, f"difference_{name}", label, gap, words)
        if "ratio" in ways:
            there = _place(where, Slice("contrast", f"{level} / {reference}"))
            label, ratio = f"Ratio of {between}", over(here, base)
            yield stated_ratio(found, there, f"ratio_{name}", label, ratio, words)


def _place(where: Slice, alone: Slice) -> Slice:
    """Return where something of a level stands: of some posts only, under their group."""
    if where.scope == "overall":
        return alone
    return Slice(where.scope, f"{alone.group}: {where.group}")
