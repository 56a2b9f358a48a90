"""Whether the model makes refunds like those observed: in all, by group, and between creators."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from attribution import forward
from attribution.agreement import surprise
from attribution.design.build import CREATOR
from attribution.design.types import Design, Floats, Integers
from attribution.draws import Draws, blocks, n_draws
from attribution.manifest import Check

SEED = 0


@dataclass(frozen=True)
class Cells:
    """Posts whose shares of paying orders are the same in every draw, added up; dims (cell,).

    Parameters
    ----------
    rows
        One post of each.
    credited, paying
        Orders credited to them, and those that keep net revenue.
    """

    rows: Integers
    credited: Integers
    paying: Integers


def refund_checks(design: Design, draws: Draws) -> Iterator[Check]:
    """Yield checks of paying orders given the credited ones, against replications."""
    if design.value is None or design.outcome.sum() <= 0:
        return
    cells = cells_of(design)
    replicated = _replicated(design, draws, cells)
    observed = cells.paying.astype(np.float64)
    for name, some in _groups(design, cells):
        yield surprise(
            f"paying orders{name}",
            float(observed[some].sum()),
            replicated[:, some].sum(axis=1),
            "whether as many orders are refunded in full as the model expects",
            "Do not use ROI in money.",
        )
    whose, index = _units(design, cells)
    if index.max() > 0:
        yield surprise(
            f"spread of refunds between {whose}",
            float(spread(observed[None, :], cells.credited, index)[0]),
            spread(replicated, cells.credited, index),
            f"whether shares of refunds differ between {whose} as the model has it",
            "Add paying_terms by creator_id, or paying_concentration, to [order_value].",
        )


def cells_of(design: Design) -> Cells:
    """Add up posts of a creator and of the same levels, unless each has a share of its own."""
    value, columns = design.value, {name: g.index for name, g in design.value_groups.items()}
    if value is None:
        raise TypeError("without order values there are no refunds")
    stated = design.spec.order_value
    if stated is not None and stated.paying_concentration is not None:
        columns = {"post": np.arange(len(design.outcome))}
    elif CREATOR in design.table.columns:
        columns[CREATOR] = _codes(design)
    if not columns:
        columns = {"post": np.arange(len(design.outcome))}
    amounts = {"credited ": design.outcome, "paying ": value.kept}
    frame = pl.DataFrame({**columns, "row ": np.arange(len(design.outcome)), **amounts})
    sums = frame.group_by(list(columns), maintain_order=True).agg(
        pl.col("row ").first(), pl.col("credited ", "paying ").sum().cast(pl.Int64)
    )
    return Cells(*(sums.get_column(name).to_numpy() for name in ("row ", "credited ", "paying ")))


def _codes(design: Design) -> Integers:
    """Return a number for each post's creator; (post,)."""
    names = design.table.get_column(CREATOR).cast(pl.String).fill_null("")
    return names.rank("dense").to_numpy().astype(np.int64) - 1


def _replicated(design: Design, draws: Draws, cells: Cells) -> Floats:
    """Paying orders drawn given the credited ones; (draw, cell)."""
    rng = np.random.default_rng(SEED)
    out = np.empty((n_draws(draws), len(cells.rows)))
    for block in blocks(draws, len(design.outcome)):
        drawn = forward.draw_paying(design, block.draws, cells.credited, rng, cells.rows)
        out[block.where] = drawn
    return out


def _groups(design: Design, cells: Cells) -> Iterator[tuple[str, Integers]]:
    """Yield all cells, and those of each level of the columns that order values vary by."""
    yield "", np.arange(len(cells.rows))
    for column, group in design.value_groups.items():
        if column != CREATOR:
            for k, level in enumerate(group.levels):
                yield f" of {column} {level}", np.flatnonzero(group.index[cells.rows] == k)


def _units(design: Design, cells: Cells) -> tuple[str, Integers]:
    """Return what refunds may differ between: creators where there are any, else posts."""
    if CREATOR not in design.table.columns:
        return "posts", np.arange(len(cells.rows))
    return "creators", _codes(design)[cells.rows]


def spread(paying: Floats, credited: Integers, index: Integers) -> Floats:
    """How far shares of units differ, over what chance gives: Pearson's statistic; (draw,).

    Parameters
    ----------
    paying
        Paying orders; (draw, cell).
    credited, index
        Credited orders of each cell, and its unit; (cell,).
    """
    count = int(np.max(index)) + 1
    whole: Floats = np.bincount(index, credited, count).astype(np.float64)
    kept: Floats = np.stack([np.bincount(index, one, count) for one in paying])
    share = np.clip(kept.sum(axis=1, keepdims=True) / whole.sum(), 1e-9, 1.0 - 1e-9)
    gap = (kept - whole * share) ** 2 / (np.maximum(whole, 1.0) * share * (1.0 - share))
    return np.asarray(gap.sum(axis=1) / max(int(np.count_nonzero(whole)), 1))
