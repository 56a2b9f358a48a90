"""The answer about a claim: are engagement rates of tiers so many times apart?"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from attribution.charts.sources import claims
from attribution.charts.words import listing, number, probability, reference
from attribution.quantities.estimates import CANNOT_TELL
from attribution.reporting import words
from attribution.reporting.content import Answer
from attribution.reporting.findings import Findings

SAID = ("supported", "not supported", CANNOT_TELL)


def claim(found: Findings) -> Iterator[Answer]:
    """Yield the answer; none of a model without engagement rates."""
    rows = claims(found.effects)
    if rows.is_empty():
        return
    ratio = number(reference(rows["statement"][0]))
    texts = [_by(frame) for frame in rows.partition_by("quantity", maintain_order=True)]
    yield Answer(words.ASK_CLAIM.format(ratio=ratio), _short(rows), " ".join(texts))


def _short(rows: pl.DataFrame) -> str:
    answers = set(rows["answer"])
    if answers == {"supported"}:
        return words.YES
    if answers == {"not supported"}:
        return words.NO
    return words.OF_SOME if "supported" in answers else words.CANNOT_TELL


def _by(frame: pl.DataFrame) -> str:
    """Return for which pairs the claim is supported, for which not, and for which unknown."""
    said = []
    for answer in SAID:
        some = frame.filter(pl.col("answer") == answer).rows(named=True)
        pairs = [
            f"{row['group']} ({number(row['median'])} times, {probability(row['probability'])})"
            for row in some
        ]
        if pairs:
            said.append(f"{answer} for {listing(pairs)}")
    return words.CLAIM.format(what=frame["label"][0].split(", a claim")[0], said="; ".join(said))
