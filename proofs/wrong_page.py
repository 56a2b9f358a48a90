"""Results of ``proofs.wrong`` as tables of docs/explanation/wrong.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from proofs.pages import Page, table
from proofs.parallel import Record
from proofs.wrong import RIGHT, TRUTHS

WORSE = "predicts unseen posts worse"
LONG = 3
"""Names of checks that are told of a model."""


def caught(records: Sequence[Record]) -> str:
    """Return what notices each wrong model, and how wrong its answers are."""
    headings = (
        *("data are of", "fitted", "refused by the health gate", "noticed by a comparison"),
        *("tables", "elpd less (standard errors)", "intervals that miss", "of the right model"),
        *("signs sure and wrong", "furthest answer"),
    )
    return table(headings, list(_caught(records)), words=4)


def _caught(records: Sequence[Record]) -> Iterator[Sequence[object]]:
    for name, truth in TRUTHS.items():
        for words in truth.wrong:
            some, right = fits(records, name, words), fits(records, name, RIGHT)
            yield (
                *(name, words, refused(some), noticed(some), len(some), _elpd(some)),
                *(_missed(some), _missed(right) if right else "–"),
                sum(of["wrong_sign"] for of in some),
                _furthest(some),
            )


def fits(records: Sequence[Record], truth: str, words: str) -> list[Record]:
    """Return what was told of the fits of one model to the tables of one truth."""
    some = [record["models"] for record in records if record["truth"] == truth]
    return [models[words] for models in some if words in models]


def refused(some: Sequence[Record]) -> str:
    """Say how many fits the gate refuses, and by which checks."""
    count = sum(bool(of["failed"]) for of in some)
    which = Counter(name for of in some for name in of["failed"])
    names = ", ".join(name for name, _ in which.most_common(LONG))
    return f"{count} of {len(some)}{f': {names}' if names else ''}"


def noticed(some: Sequence[Record]) -> str:
    """Say of how many tables the right model is said to predict better."""
    found = [of["comparison"] for of in some if "comparison" in of]
    if not found:
        return "no right model to compare with"
    clear = sum(of["prefers"] == RIGHT and of["reading"] == WORSE for of in found)
    wrong = sum(of["prefers"] != RIGHT and of["reading"] == WORSE for of in found)
    return f"{clear} of {len(found)}{f'; prefers the wrong one in {wrong}' if wrong else ''}"


def _elpd(some: Sequence[Record]) -> str:
    found = [of["comparison"] for of in some if "comparison" in of]
    if not found:
        return "–"
    return ", ".join(
        f"{-of['difference']:.0f} ({-of['difference'] / of['se']:.1f})" for of in found
    )


def _missed(some: Sequence[Record]) -> str:
    outside, asked = (sum(of[name] for of in some) for name in ("outside", "asked"))
    return f"{outside / asked:.0%}"


def _furthest(some: Sequence[Record]) -> str:
    worst = max((of["worst"] for of in some), key=lambda of: abs(of["off"]))
    told = f"{worst['median']:.3g} for {worst['truth']:.3g}"
    return f"`{worst['quantity']}`, {worst['group']}: {told}, {abs(worst['off']):.1f} half widths"


def right(records: Sequence[Record]) -> str:
    """Return how often a right model is refused."""
    rows = []
    for name, truth in TRUTHS.items():
        if truth.has_right:
            some = fits(records, name, RIGHT)
            rows.append((name, refused(some), len(some), _missed(some)))
    return table(("data are of", "refused", "tables", "intervals that miss"), rows, words=2)


PAGE = Page("wrong", {"caught": caught, "right": right})
