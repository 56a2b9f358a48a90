"""Every table of a run that a report needs, made once; what a run cannot give, with the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from attribution.charts.words import capitalised
from attribution.errors import InputError
from attribution.outcomes import ORDERS, noun_of
from attribution.quantities.estimates import SCHEMA, THESE
from attribution.reporting.content import Missing

if TYPE_CHECKING:
    from attribution.run import Run

ROI_LEVELS = {"total": None, "tier": "tier", "creator": "creator_id"}
"""What ROI is shown by, and the column of the table that it needs."""


@dataclass(frozen=True)
class Findings:
    """One run and its tables.

    Parameters
    ----------
    run
        Where they come from.
    margin
        Share of net revenue that remains after costs of goods.
    estimates
        Tidy estimates, or why there are none.
    contributions
        Credited orders in total and by tier.
    roi
        ROI in total, by tier and by creator, one below the other.
    """

    run: Run
    margin: float
    estimates: pl.DataFrame | Missing
    contributions: pl.DataFrame | Missing
    roi: pl.DataFrame | Missing

    @property
    def effects(self) -> pl.DataFrame:
        """Tidy estimates; no rows where there are none."""
        if isinstance(self.estimates, Missing):
            return pl.DataFrame(schema=SCHEMA)
        return self.estimates

    @property
    def about_orders(self) -> bool:
        """Whether the model explains orders of posts."""
        return self.outcome == ORDERS

    @property
    def outcome(self) -> str:
        """What the model explains."""
        return self.run.manifest.outcome

    @property
    def noun(self) -> str:
        """What a row of the table is called."""
        return noun_of(self.run.table, self.outcome)

    def overall(self, quantity: str) -> dict[str, Any] | None:
        """Return the estimate over all these creators' posts, or None where there is none."""
        rows = self.effects.filter(
            pl.col("quantity") == quantity,
            pl.col("scope") == "overall",
            pl.col("population") == THESE,
        )
        return None if rows.is_empty() else rows.row(0, named=True)

    def roi_by(self, level: str) -> pl.DataFrame:
        """Return ROI by ``total``, ``tier`` or ``creator``; empty where there is none."""
        if isinstance(self.roi, Missing):
            return pl.DataFrame()
        return self.roi.filter(pl.col("by") == level)


def gather(run: Run, *, margin: float, unhealthy: bool) -> Findings:
    """Make every table of a run that the report needs."""
    return Findings(
        run=run,
        margin=margin,
        estimates=attempt("Estimates", run.effects),
        contributions=attempt("Contributions", lambda: _contributions(run)),
        roi=attempt("Return on investment", lambda: _roi(run, margin, unhealthy)),
    )


def attempt[T](what: str, make: Callable[[], T]) -> T | Missing:
    """Return what is made, or why this run cannot give it."""
    try:
        return make()
    except InputError as error:
        return Missing(what, reason(error))


def reason(error: InputError) -> str:
    """Return why something cannot be shown, as the beginning of a sentence."""
    return capitalised("; ".join(problem.what for problem in error.problems))


def _levels(run: Run) -> list[str]:
    return [
        by for by, column in ROI_LEVELS.items() if column is None or column in run.table.columns
    ]


def _contributions(run: Run) -> pl.DataFrame:
    return run.contributions(by=[by for by in _levels(run) if by != "creator"])


def _roi(run: Run, margin: float, unhealthy: bool) -> pl.DataFrame:
    frame = run.roi(by=_levels(run), margin=margin, unhealthy=unhealthy)
    return frame.with_columns(currency=pl.lit(run.manifest.currency, dtype=pl.String))
