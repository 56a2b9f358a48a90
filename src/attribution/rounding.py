"""Round numbers at which bins of outcomes begin and end, and words for the bins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

BINS = 10
"""Bins between the ends of most of the numbers, at most."""

MOST = (0.02, 0.98)
"""Quantiles between which most of the numbers lie; the others share a bin at each end."""

MANYFOLD = 20.0
"""Ratio of the two quantiles from which bins are of a round factor instead of a width."""


def edges(values: NDArray[np.float64], *, by_factor: bool = False) -> list[float]:
    """Return rising round numbers between which bins lie, at least one.

    Parameters
    ----------
    values
        Numbers to be binned; above 0 where ``by_factor``.
    by_factor
        Whether neighbouring edges may have a ratio, 1, 2, 5, 10 …, instead of a distance.
    """
    low, high = (float(end) for end in np.quantile(values, MOST))
    if not low < high:
        return [low]
    if by_factor and high / low > MANYFOLD:
        return _factors(low, high)
    width = _round_up((high - low) / BINS)
    first, last = math.ceil(low / width), math.floor(high / width)
    # Rounded, for 3 * 0.1 is not 0.3.
    return [round(k * width, 12 - _decade(width)) for k in range(first, last + 1)] or [low]


def _factors(low: float, high: float) -> list[float]:
    decades = range(_decade(low), _decade(high) + 1)
    steps = (1, 2, 5) if len(decades) <= BINS // 2 else (1,)
    found = [float(f"{step}e{decade}") for decade in decades for step in steps]
    return [edge for edge in found if low <= edge <= high]


def _decade(value: float) -> int:
    return math.floor(math.log10(value))


def _round_up(width: float) -> float:
    """Return the least of … 0.1, 0.2, 0.5, 1, 2, 5 … that is not below a width."""
    unit = 10.0 ** _decade(width)
    # Tenths of a range of 1 are not to become fifths by rounding error.
    return unit * next(step for step in (1, 2, 5, 10) if step * unit >= width * (1.0 - 1e-9))


def ranges_in_words(ranges: Sequence[tuple[float, float]]) -> list[str]:
    """Return words for ranges, e.g. ``0.51 to 0.77``, with as few digits as keep them apart."""
    for digits in range(3, 17):
        texts = [_range(low, high, digits) for low, high in ranges]
        if len(set(texts)) == len(texts):
            return texts
    return [f"{low!r} to {high!r}" for low, high in ranges]


def _range(low: float, high: float, digits: int) -> str:
    texts = [f"{float(f'{end:.{digits}g}'):.15g}".replace("-", "−") for end in (low, high)]
    return texts[0] if texts[0] == texts[1] else " to ".join(texts)


def spans(ends: Sequence[float]) -> list[str]:
    """Return words for the bins between ends, e.g. ``below 1``, ``1 to 2``, ``2 or more``."""
    return _spans([_text(end) for end in ends])


def percents(ends: Sequence[float]) -> list[str]:
    """Return the same for ends that are shares, e.g. ``below 10 %``, ``10 to 20 %``."""
    texts = [_text(round(100.0 * end, 9)) for end in ends]
    between = [f"{low} to {high} %" for low, high in pairwise(texts)]
    if not texts:
        return ["any size"]
    return [f"below {texts[0]} %", *between, f"{texts[-1]} % or more"]


def _spans(texts: Sequence[str]) -> list[str]:
    between = [f"{low} to {high}" for low, high in pairwise(texts)]
    return [f"below {texts[0]}", *between, f"{texts[-1]} or more"]


def _text(value: float) -> str:
    plain = f"{value:,.0f}" if abs(value) >= 1000.0 else f"{value:.6g}"
    return plain.replace("-", "−")
