"""What more of a number goes with: average slopes, changes, ratios and elasticities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from attribution.design.types import Design, Floats
from attribution.errors import InputError
from attribution.quantities.counterfactual import Step, changed, moved
from attribution.quantities.drivers import Number
from attribution.quantities.estimands import Estimand, Found, Slice, over, stated, stated_ratio
from attribution.quantities.estimates import Quantity
from attribution.quantities.outcome_words import told

ONE_PERCENT = 1.01

TINY = 1e-6
"""Change of a number, relative to itself, that a slope is worked out from."""

LEAST = 1e-9
"""Smallest such change, in standard deviations: for posts at which the number is 0."""

STEPS = {"likes": 1000.0, "comments": 100.0}
"""How many more of each signal a change in orders is told for."""


COMMENT_LESS_LIKE = "comment_less_like"
COMMENT_MORE = "one more comment goes with more orders than one more like"


@dataclass(frozen=True)
class _More:
    """More of a number, told in one way."""

    column: str
    way: str
    size: float

    @property
    def amount(self) -> str:
        return f"{plain(self.size)} more {self.column}"


def of_number(design: Design, driver: Number, ways: Sequence[str], step: float | None) -> Estimand:
    """Return what more of a number goes with.

    Parameters
    ----------
    design
        The posts.
    driver
        The column.
    ways
        Some of ``slope``, ``difference``, ``ratio`` and ``elasticity``.
    step
        Size of a change, and what a slope is told per; None for the usual ones.
    """
    orders = told(design).is_orders
    size = step or (STEPS.get(driver.column) if orders else None) or driver.unit
    steps = tuple(_step(driver, way, size) for way in ways)
    more = [_More(driver.column, way, size) for way in ways]

    def tell(found: Found) -> Iterator[Quantity]:
        for g, where in found.shown():
            before, total = found.before[:, g], found.total[g]
            for one, gain in zip(more, found.gains, strict=True):
                yield _TELL[one.way](found, where, one, gain[:, g], before, total)

    finite = dict(zip(ways, steps, strict=True)).get("difference")
    return Estimand(steps, tell, finite)


def comment_against_like(likes: Estimand | None, comments: Estimand | None) -> list[Estimand]:
    """Return how one more comment compares with one more like, from the steps of each.

    A difference of changes in orders and no ratio, which is nonsense where likes may go with none.
    """
    if likes is None or comments is None or likes.more is None or comments.more is None:
        return []

    def tell(found: Found) -> Iterator[Quantity]:
        of_comments, of_likes = found.gains
        label = "One more comment less one more like: change in orders of a post"
        words = COMMENT_MORE, "one more like goes with more orders than one more comment"
        for g, where in found.shown():
            each = of_comments[:, g] / STEPS["comments"] - of_likes[:, g] / STEPS["likes"]
            yield stated(found, where, COMMENT_LESS_LIKE, label, each / found.total[g], words)

    return [Estimand((comments.more, likes.more), tell)]


def bearable(design: Design, driver: Number, ways: Sequence[str]) -> tuple[str, ...]:
    """Return the ways whose change leaves every feature a number: 1 % more than 1 may not."""
    return tuple(way for way in ways if _is_bearable(design, _step(driver, way, driver.unit)))


def _is_bearable(design: Design, step: Step) -> bool:
    try:
        moved(design, step.changes)
    except InputError:
        return False
    return True


def _step(driver: Number, way: str, size: float) -> Step:
    column = pl.col(driver.column)
    if way == "slope":
        return _tiny(driver)
    return Step({driver.column: column * ONE_PERCENT if way == "elasticity" else column + size})


def _tiny(driver: Number) -> Step:
    """Return a change so small that the expected outcome is a line in it, told per unit."""
    column = pl.col(driver.column)
    tiny = pl.max_horizontal(column.abs() * TINY, pl.lit(LEAST * driver.spread))
    changes = {driver.column: column + tiny}
    after = changed(driver.values.to_frame(), changes).get_column(driver.column).to_numpy()
    # What the change is in floating point, which differs from what it was meant to be.
    per = after - driver.numbers
    return Step(changes, per=np.where(np.isfinite(per), per, 1.0))


def _slope(
    found: Found, where: Slice, more: _More, gain: Floats, _before: Floats, total: float
) -> Quantity:
    per = "" if more.size == 1.0 else f"per_{code(more.size)}_"
    label = f"Slope: change in {found.told.what} per {more.amount}"
    words = found.told.more(more.column)
    name = f"slope_{per}{more.column}"
    return stated(found, where, name, label, more.size * gain / total, words)


def _change(
    found: Found, where: Slice, more: _More, gain: Floats, _before: Floats, total: float
) -> Quantity:
    name = f"change_per_{code(more.size)}_{more.column}"
    label = f"Change in {found.told.what} of a {found.told.one} with {more.amount}"
    return stated(found, where, name, label, gain / total, found.told.more(more.column))


def _ratio(
    found: Found, where: Slice, more: _More, gain: Floats, before: Floats, _total: float
) -> Quantity:
    name = f"ratio_per_{code(more.size)}_{more.column}"
    label = f"Ratio: {found.told.what} with {more.amount}, over that as it is"
    ratio = over(before + gain, before)
    return stated_ratio(found, where, name, label, ratio, found.told.more(more.column))


def _elasticity(
    found: Found, where: Slice, more: _More, gain: Floats, before: Floats, _total: float
) -> Quantity:
    label = f"Change in {found.told.what} for 1 % more {more.column}"
    with np.errstate(all="ignore"):
        draws = np.log1p(over(gain, before)) / np.log(ONE_PERCENT)
    return stated(
        found,
        where,
        f"elasticity_{more.column}",
        label,
        draws,
        found.told.more(more.column),
        unit="%",
        weighting=f"per expected {found.told.each}",
    )


_TELL = {"slope": _slope, "difference": _change, "ratio": _ratio, "elasticity": _elasticity}


def plain(number: float) -> str:
    """Return a step as people write it: ``1,000``, ``0.1``."""
    return f"{number:,.0f}" if number >= 1.0 and number == round(number) else f"{number:g}"


def code(number: float) -> str:
    """Return a step as it stands in a quantity's name: ``1000``, ``0.1``."""
    return plain(number).replace(",", "")
