"""Results of ``proofs.nulls`` as tables of docs/explanation/nulls.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from attribution.simulation.population import apportion
from proofs.null_brands import CREATORS, shown
from proofs.null_claims import Claim
from proofs.nulls import NULLS
from proofs.pages import Page, table
from proofs.parallel import Record
from proofs.summary import clustered

BANDS = 2.0
"""Standard errors on either side of an average."""


def claims(records: Sequence[Record]) -> str:
    """Return how often each model claims each thing that is not true, with its interval."""
    headings = (
        *("what is not true", "model", "what would be claimed", "brands", "statements", "claimed"),
        *("share", "95 % interval", "by chance"),
    )
    return table(headings, list(_claims(records)), words=3)


def _claims(records: Sequence[Record]) -> Iterator[Sequence[object]]:
    for name, null in NULLS.items():
        for model, asked in null.claims.items():
            for claim in asked:
                counts = counted(records, name, model, claim)
                yield (null.words, model, claim.words, *_shares(counts), f"{claim.nominal:.0%}")


def counted(records: Sequence[Record], null: str, model: str, claim: Claim) -> list[list[int]]:
    """Return statements, sure ones and those made of each brand."""
    some = [record["models"][model] for record in records if record["null"] == null]
    return [of["claims"][claim.words] for of in some]


def interval(counts: Sequence[Sequence[int]]) -> tuple[float, float, float]:
    """Return the share of statements made, and its 95 % interval, clustered by brand."""
    asked, _, made = zip(*counts, strict=True)
    return clustered(made, asked)


def _shares(counts: Sequence[Sequence[int]]) -> Iterator[object]:
    rate, low, high = interval(counts)
    yield len(counts)
    yield sum(asked for asked, _, _ in counts)
    yield sum(made for _, _, made in counts)
    yield f"{rate:.1%}"
    yield f"{low:.1%} to {high:.1%}"


def best(records: Sequence[Record]) -> str:
    """Return the average odds of each tier to be the best where all are alike."""
    counts = apportion(shown().population.tier_mix, CREATORS)
    found = {model: odds(records, model) for model in ("additive", "engagement", "tier_only")}
    rows = [
        (tier, counts[tier], *(_average(of[tier]) for of in found.values()), "25%")
        for tier in counts
        if counts[tier]
    ]
    return table(("tier", "creators", *found, "1 / 4"), rows)


def odds(records: Sequence[Record], model: str) -> dict[str, list[float]]:
    """Return each tier's odds to be the best in each brand."""
    some = [r["models"][model]["best"] for r in records if r["null"] == "engagement and tiers"]
    return {tier: [of[tier] for of in some] for tier in some[0]}


def _average(values: Sequence[float]) -> str:
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{np.mean(values):.0%} ± {BANDS * error:.0%}"


def absent(records: Sequence[Record]) -> str:
    """Return what is told of shares that are none."""
    rows = []
    for null, model, share in (
        ("fakes", "authenticity", "fake_share_of_likes"),
        ("halo", "halo", "halo_share"),
    ):
        some = [r["models"][model]["absent"][share] for r in records if r["null"] == null]
        medians, sure = (np.array([one[k] for one in some]) for k in (0, 1))
        rows.append(
            (
                model,
                f"`{share}`",
                len(some),
                f"{np.mean(medians):.1%}",
                f"{np.min(medians):.1%} to {np.max(medians):.1%}",
                f"{np.max(sure):.2f}",
            )
        )
    headings = ("model", "share", "brands", "average of medians", "from to", "largest P(claim)")
    return table(headings, rows, words=2)


PAGE = Page("nulls", {"claims": claims, "best": best, "absent": absent})
