"""How much engagement is fake, by creator, and what genuine likes and comments bring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from attribution.design.types import Design, Floats, dim
from attribution.draws import Draws, blocks, n_draws
from attribution.quantities.estimates import THESE, Quantity
from attribution.quantities.rates import rate_of
from attribution.quantities.totals import Totals, evidence, membership, shown_mask
from attribution.spec.sections import Authenticity
from attribution.spec.sections.authenticity import FAKE, MEAN

if TYPE_CHECKING:
    from attribution.run import Run

SHARE, MORE = "fake_share", "more_fakes"
"""What names of quantities by creator end in."""

FLOOR = 0.1
"""Share of engagement above which some of it is said to be fake.

A share with a Beta prior is never 0. That of the shipped model gives one above a tenth the
probability 0.85, below the 0.95 needed.
"""


def is_of_fakes() -> pl.Expr:
    """Say which estimates are of a creator's share of fakes."""
    return pl.col("quantity").str.contains(f"_({SHARE}|{MORE})$")


def fakes_table(run: Run, effects: pl.DataFrame) -> pl.DataFrame:
    """Return each creator's share of fakes beside what its score says.

    Parameters
    ----------
    effects
        Estimates of the run, as :func:`attribution.effects` gives them.

    Returns
    -------
    pl.DataFrame
        Columns of ``effects``, the statement's probability and answer being those of more fakes
        than average; average (median of the mean share over all such creators); by_score (share
        of the audience that is not believed real, null without a score). No rows for a model
        without fakes.
    """
    design = run.design
    shares = effects.filter(pl.col("quantity").str.ends_with(f"_{SHARE}"))
    section = design.spec.authenticity
    if section is None or shares.is_empty():
        return shares.clear()
    answers = effects.filter(pl.col("quantity").str.ends_with(f"_{MORE}")).select(
        "group", "statement", "probability", "prior_probability", "answer"
    )
    levels, scores = design.groups[section.by].levels, design.scores
    read = (
        {}
        if scores is None
        else {levels[k]: 1.0 - value for k, value in zip(scores.levels, scores.values, strict=True)}
    )
    return (
        shares.drop(answers.columns[1:])
        .join(answers, on="group", maintain_order="left")
        .with_columns(
            average=float(np.median(run.draws[MEAN])),
            by_score=pl.col("group").replace_strict(read, default=None, return_dtype=pl.Float64),
        )
    )


def authenticity_quantities(design: Design, draws: Draws, sums: Totals) -> list[Quantity]:
    """Return shares of fakes and rates of genuine engagement; empty for a model without them."""
    section = design.spec.authenticity
    if section is None:
        return []
    return [
        *_in_all(design, draws, section),
        *_genuine_rates(design, draws, section, sums),
        *_by_level(design, draws, section),
    ]


def _in_all(design: Design, draws: Draws, section: Authenticity) -> Iterator[Quantity]:
    """Yield the share of all engagement shown that is fake, and the population's mean share."""
    fake = draws[FAKE]
    index = design.groups[section.by].index
    parts = [part for part in section.parts if part in design.signals]
    shown = shown_mask(design, tuple(parts))
    for p, part in enumerate(parts):
        amounts = np.bincount(index, design.signals[part] * shown[:, p], fake.shape[1])
        yield Quantity(
            quantity=f"fake_share_of_{part}",
            label=f"Share of {part} that is fake",
            scope="overall",
            group="all",
            population=THESE,
            weighting=f"per {part.removesuffix('s')}",
            unit="share",
            draws=fake @ amounts / amounts.sum(),
            threshold=FLOOR,
            statement=f"P(share > {FLOOR:.0%})",
            words=(f"more than {FLOOR:.0%} is fake", f"less than {FLOOR:.0%} is fake"),
        )


def _genuine_rates(
    design: Design, draws: Draws, section: Authenticity, sums: Totals
) -> Iterator[Quantity]:
    """Yield orders per 1,000 genuine likes and the like, over the posts that show the signal."""
    parts = [p for p, part in enumerate(sums.parts) if part in section.parts]
    amounts = _genuine_amounts(design, draws, section, sums)
    for p in parts:
        rate = rate_of(sums.parts[p], sums.parts[0])
        for g, group in enumerate(sums.groups):
            if not sums.amounts_shown[g, p]:
                continue
            genuine = rate.unit.replace(sums.parts[p], f"genuine {sums.parts[p]}")
            yield Quantity(
                quantity=f"{rate.quantity}_genuine",
                label=genuine.capitalize(),
                scope="overall" if g == 0 else str(sums.column),
                group=group,
                population=THESE,
                weighting=rate.weighting.replace("per ", "per genuine "),
                unit=genuine,
                draws=rate.per * sums.orders_shown[:, g, p] / amounts[:, g, p],
                evidence=evidence(sums, g, p),
            )


def _genuine_amounts(design: Design, draws: Draws, section: Authenticity, sums: Totals) -> Floats:
    """Sum of the genuine part of each signal over the posts that show it; (draw, group, part)."""
    _, member = membership(design, _column(design, sums))
    shown = shown_mask(design, sums.parts)
    index = design.groups[section.by].index
    out = np.empty((n_draws(draws), len(sums.groups), len(sums.parts)))
    for block in blocks(draws, len(design.outcome)):
        real = 1.0 - block.draws[FAKE][:, index]
        for p, part in enumerate(sums.parts):
            amounts = (design.signals[part] * shown[:, p])[:, None] * member
            out[block.where, :, p] = (real if part in section.parts else 1.0 + 0.0 * real) @ amounts
    return out


def _column(design: Design, sums: Totals) -> str | None:
    """Return the grouping column that sums are told by."""
    return next((column for column in design.groups if dim(column) == sums.column), None)


def _by_level(design: Design, draws: Draws, section: Authenticity) -> Iterator[Quantity]:
    """Yield each creator's share of fakes; more than the population's mean is no proof of fraud."""
    name = dim(section.by)
    for k, level in enumerate(design.groups[section.by].levels):
        fake = Quantity(
            quantity=f"{name}_{SHARE}",
            label=f"Share of fake engagement, by {name}",
            scope=name,
            group=level,
            population=THESE,
            weighting="none",
            unit="share",
            draws=draws[FAKE][:, k],
        )
        yield fake
        yield replace(
            fake,
            quantity=f"{name}_{MORE}",
            label=f"Share of fake engagement less the average {name}'s",
            draws=fake.draws - draws[MEAN],
            threshold=0.0,
            statement="P(more than average)",
            words=("more fakes than average", "fewer fakes than average"),
        )
