"""The page of the documentation that shows calibration, from the results beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from proofs.calibration.bands import each
from proofs.calibration.broken import BROKEN
from proofs.calibration.replicate import APART, LONGER, MOST_RANKS, PER_TABLE, Plan
from proofs.calibration.stored import FOLDER, Stored, read_all
from proofs.calibration.summary import SIZES

PAGE = Path("docs/explanation/calibration.md")

WANTED = 300
"""Replicates that a model should have."""

INTRODUCTION = f"""\
# Simulation-based calibration: does each model find what it says it finds?

Written by `uv run python -m proofs.sbc --page` from the replicates of
`uv run python -m proofs.sbc --model NAME --replicates 300`, which are kept in a folder as they are
made, so that a run that was stopped goes on.

For each replicate parameters are drawn from the model's priors and what was observed from the
model, on the posts of a simulated brand: hidden likes, late orders and order values are as in a
real one, and the halo has a brand's days. {PER_TABLE} replicates share a brand, the next
{PER_TABLE} have another. Then the model is fitted, and the truth is ranked among up to
{MOST_RANKS} draws, as many as are effective. If prior, data, model and sampler go together, ranks
are uniform (Talts et al. 2018, arXiv:1804.06788). Figures are parameters (of many levels the first,
one in the middle and the last), effects with their interval over the same posts, and the log
likelihood of all outcomes, which tells a posterior that left the data out (Modrák et al. 2023,
*Bayesian Analysis* 20(2)).

Parameters are drawn and fitted by the same model code, but outcomes are drawn and effects computed
by other formulas than the fitted density's. A mistake in both, such as a prior that is not what its
spec says, would not show here; tests of the priors look for those.

The curve of a figure's ranks has to stay in a band that holds it with a stated probability
(Säilynoja, Bürkner & Vehtari 2022, *Statistics and Computing* 32, 32), adjusted for the number of
figures so that all of a calibrated model's stay inside with probability 0.95.

Priors are wide, so that some replicates are brands of nine orders and some of a million, which
chains do not find in the {Plan("").tune} draws of tuning that they have here, fewer than a user's.
Chains that are apart (R-hat above {APART}) are drawn once more after {LONGER:,} draws of tuning.
Where they still are, the replicate counts as apart and has no ranks, as a user's fit would have no
answers. Refused are tables that no fit would take, such as one without any order. Both depend on
the data and on chance, not on the truth beyond its data, and so leave the ranks of the others
uniform. Replicates with divergent draws count like all others. The graph of a model's density is
made once for several replicates and filled with the data of each, which a test compares with a
density that was made from them alone.
"""

TABLE = """\
## Models

| model | creators × posts | replicates | refused | tuned longer | apart | with divergences | \
effective draws (5 %, median) | figures | astray | least chance (limit) | processor s each |
| --- | --- | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: | --- | ---: |"""

POWER = """\
## Power: models broken on purpose

The data are those of the right model; what is fitted to them is wrong in one respect. A share is
that of random subsets of so many replicates in which a figure strays."""


def write_page(page: Path = PAGE, folder: Path = FOLDER) -> Path:
    """Write the page and return its path."""
    page.write_text(text(list(read_all(folder))), encoding="utf-8")
    return page


def text(found: Sequence[Stored]) -> str:
    """Return the page."""
    if not found:
        return f"{INTRODUCTION}\nNo replicates are stored yet.\n"
    lines = [INTRODUCTION, TABLE, *map(_row, found), ""]
    lines += [*_few(found), *_earlier(found), *_power(found)]
    for stored in found:
        lines += ["", *_model(stored)]
    return "\n".join(lines) + "\n"


def _row(stored: Stored) -> str:
    facts = stored.facts
    least = min(stored.figures, key=lambda one: one.chance)
    low, middle = facts["least_effective"]
    apart = facts["replicates"] - facts["refused"] - facts["agree"]
    return (
        f"| {facts['model']} | {facts['creators']} × {facts['each']} | {facts['replicates']}"
        f" | {facts['refused']} | {facts['again']} | {apart} | {facts['diverging']}"
        f" | {low:,}, {middle:,}"
        f" | {len(stored.figures)} | {len(stored.astray) or 'none'}"
        f" | {least.chance:.2g} ({each(len(stored.figures)):.2g}) | {facts['seconds']:g} |"
    )


def _few(found: Sequence[Stored]) -> Iterator[str]:
    few = [stored for stored in found if stored.facts["replicates"] < WANTED]
    if few:
        told = ", ".join(f"{one.facts['model']} {one.facts['replicates']}" for one in few)
        yield f"Fewer than {WANTED} replicates, so that only larger faults would show: {told}."
        yield ""


def _earlier(found: Sequence[Stored]) -> Iterator[str]:
    names = [stored.name for stored in found if not stored.is_current]
    if names:
        yield f"Of an earlier version of the model than the shipped one: {', '.join(names)}."
        yield ""


def _power(found: Sequence[Stored]) -> Iterator[str]:
    rows = [
        (stored.facts["model"], kind, result)
        for stored in found
        for kind, result in stored.facts["broken"].items()
    ]
    if not rows:
        return
    sizes = [n for n in SIZES if any(str(n) in result["share"] for _, _, result in rows)]
    yield POWER
    yield ""
    head = " | ".join(f"{size}" for size in sizes)
    yield f"| model | broken | replicates | {head} | caught from | what strays farthest |"
    yield f"| --- | --- | ---: |{' ---: |' * len(sizes)} ---: | --- |"
    for model, kind, result in rows:
        shares = (result["share"].get(str(size)) for size in sizes)
        told = " | ".join("–" if share is None else f"{share:.0%}" for share in shares)
        first = result["first"] or "not caught"
        yield (
            f"| {model} | {BROKEN[kind].words} | {result['replicates']} | {told} | {first}"
            f" | {result['figure']} |"
        )


def _model(stored: Stored) -> Iterator[str]:
    facts = stored.facts
    yield f"## {facts['model']}, {facts['creators']} × {facts['each']}"
    yield ""
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    low, middle, high = facts["outcomes"]
    yield (
        f"{facts['chains']} chains of {facts['draws']} draws after {facts['tune']} of tuning;"
        f" {versions}. Outcomes in all: median {middle:,.0f},"
        f" from {low:,.0f} to {high:,.0f} in the middle 90 % of replicates."
        f" Compiled to native code: {facts['native']} of {facts['replicates'] - facts['refused']}."
    )
    yield ""
    yield f"![Differences of the ECDFs of ranks, {stored.name}](calibration/{stored.name}.svg)"
    if stored.astray:
        yield ""
        told = (f"{one.name} ({one.chance:.2g})" for one in stored.astray)
        yield f"Astray, with the probability of straying so far: {'; '.join(told)}."
