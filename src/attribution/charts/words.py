"""Words and numbers on charts: formats, interval names, populations, lists."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import polars as pl

from attribution.quantities.estimates import CANNOT_TELL

INTERVALS = {
    "eti": "equal-tailed credible intervals",
    "hdi": "highest-density credible intervals",
}


def number(value: float | None) -> str:
    """Return a number with three significant digits, from 1,000 on with every digit."""
    if value is None or not math.isfinite(value):
        return "unknown"
    if value == 0 or abs(value) >= 999.5:
        return f"{value:,.0f}".replace("-", "−")
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:.{digits}f}".replace("-", "−")
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float | None) -> str:
    """Return a share (0 to 1) as a whole percentage, ``< 1 %`` rather than a false 0."""
    if share is None or not math.isfinite(share):
        return "unknown"
    if 0 < share < 0.01:
        return "< 1 %"
    if 0.99 < share < 1:
        return "> 99 %"
    return f"{share:.0%}".replace("%", " %")


def probability(value: float | None) -> str:
    """Return ``P = 0.98``, never a false 0 or 1: draws cannot show certainty."""
    if value is None or not math.isfinite(value):
        return "P unknown"
    if value > 0.99:
        return "P > 0.99"
    if value < 0.01:
        return "P < 0.01"
    return f"P = {value:.2f}"


def stated(statement: str, value: float) -> str:
    """Return a statement with its probability, e.g. ``P(> 1) = 0.98`` or ``P(> 1) > 0.99``."""
    return probability(value).replace("P", statement, 1)


def span(lower: float | None, upper: float | None) -> str:
    """Return an interval in words, e.g. ``8.4 to 21.1``."""
    return f"{number(lower)} to {number(upper)}"


def percent_span(lower: float, upper: float) -> str:
    """Return an interval of shares in words, e.g. ``49 % to 57 %``."""
    return f"{percent(lower)} to {percent(upper)}"


def listing(words: Sequence[str]) -> str:
    """Return ``a``, ``a and b`` or ``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def count(amount: int, noun: str, plural: str | None = None) -> str:
    """Return an amount with its noun in the right number, e.g. ``1 creator``, ``2 creators``."""
    return f"{amount:,} {noun if amount == 1 else plural or noun + 's'}"


def capitalised(text: str) -> str:
    """Return the text with its first letter in upper case and the rest as it is."""
    return text[:1].upper() + text[1:]


def summary(findings: Sequence[str]) -> str:
    """Return how many of several findings are an answer and how many ``cannot tell``."""
    unsure = sum(CANNOT_TELL in text for text in findings)
    of = count(len(findings), "quantity", "quantities")
    if unsure == len(findings):
        return f"{capitalised(CANNOT_TELL)} yet in any of {of}"
    if unsure == 0:
        return f"A clear answer in all {of}"
    return f"A clear answer in {len(findings) - unsure} of {of}, {CANNOT_TELL} in {unsure}"


def interval_name(frame: pl.DataFrame) -> str:
    """Return e.g. ``89 % equal-tailed credible intervals`` from ``interval`` and ``prob``.

    Raises
    ------
    ValueError
        If the table mixes intervals, which one chart could not name.
    """
    kinds = frame.select("interval", "prob").drop_nulls().unique().rows()
    if len(kinds) != 1:
        raise ValueError(f"a chart needs one kind of interval, the table has {sorted(kinds)}")
    kind, prob = kinds[0]
    return f"{percent(prob)} {INTERVALS[kind]}"


def population_name(frame: pl.DataFrame) -> str:
    """Return whom the numbers are about, e.g. ``about these creators``."""
    found = frame["population"].drop_nulls().unique(maintain_order=True)
    names = [f"a {name}" if name.startswith("new ") else name for name in found]
    return f"about {listing(names)}" if names else ""


def reference(statement: str | None) -> float | None:
    """Return the value that a statement compares with; None where it compares with none.

    ``P(> 0)`` gives 0 and ``P(share > 5%)`` 0.05; ``P(nano > micro)``, about a ratio, gives 1.
    """
    found = re.fullmatch(r"P\(.*>\s*(.+)\)", statement or "")
    if found is None:
        return None
    amount = re.fullmatch(r"(-?\d+(?:\.\d+)?)(%?)", found[1])
    if amount is None:
        return 1.0
    return float(amount[1]) / (100.0 if amount[2] else 1.0)
