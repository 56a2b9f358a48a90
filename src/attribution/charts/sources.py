"""From a run to the table of each chart; the tables themselves are made by the quantities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from attribution.errors import InputError, Problem

if TYPE_CHECKING:
    from attribution.run import Run

CREATOR = "creator"
CONTRAST = "contrast"
WAYS, CLAIMS = "_effect_by_", "^engagement_rate_ratio_by_"
"""Parts of the names of quantities that a model with stages tells."""


@dataclass(frozen=True)
class Request:
    """What a chart may be asked beyond the run.

    Parameters
    ----------
    margin
        Share of net revenue that remains after costs of goods (ROI).
    unhealthy
        Show ROI of a run that failed the health gate.
    others
        Runs to compare with (comparison).
    """

    margin: float = 1.0
    unhealthy: bool = False
    others: tuple[Run, ...] = ()


def rates(effects: pl.DataFrame) -> pl.DataFrame:
    """Keep estimates overall and by tier; shares and capture have charts of their own."""
    from attribution.quantities.recorded import is_of_recorded

    shares = pl.col("quantity").str.starts_with("share_of_orders_")
    kept = ~shares & ~is_of_recorded()
    return effects.filter(~pl.col("scope").is_in([CREATOR, CONTRAST]), kept)


def contrasts(effects: pl.DataFrame) -> pl.DataFrame:
    """Keep ratios between tiers, those that have charts of their own aside."""
    others = pl.any_horizontal(pl.col("quantity").str.contains(part) for part in (WAYS, CLAIMS))
    return effects.filter(pl.col("scope") == CONTRAST, ~others)


def ways(effects: pl.DataFrame) -> pl.DataFrame:
    """Keep what tiers do in all, directly and by way of stages."""
    return effects.filter(pl.col("quantity").str.contains(WAYS))


def claims(effects: pl.DataFrame) -> pl.DataFrame:
    """Keep claims about ratios of engagement rates."""
    return effects.filter(pl.col("quantity").str.contains(f"{CLAIMS}.*_above_"))


def capture_source(run: Run, _request: Request) -> pl.DataFrame:
    """Give densities of shares and the orders for each recorded one."""
    from attribution.quantities.captured import capture_table

    what = "capture: its model takes each recorded order for one that posts brought"
    return _required(capture_table(run), what)


def _required(frame: pl.DataFrame, what: str) -> pl.DataFrame:
    if frame.is_empty():
        raise InputError(Problem(f"This run has no {what}"))
    return frame


def forest_source(run: Run, _request: Request) -> pl.DataFrame:
    """Give estimates overall and by tier."""
    return rates(run.effects())


def contrasts_source(run: Run, _request: Request) -> pl.DataFrame:
    """Give ratios between tiers."""
    return _required(contrasts(run.effects()), "contrasts: there is one tier, or none")


def funnel_source(run: Run, _request: Request) -> pl.DataFrame:
    """Give total, direct and indirect effects of tiers."""
    return _required(ways(run.effects()), "effects by way of stages: its model has none")


def claim_source(run: Run, _request: Request) -> pl.DataFrame:
    """Give ratios of engagement rates with the probability of a claim."""
    return _required(claims(run.effects()), "engagement rates: its model has no stages of them")


def creators_source(run: Run, _request: Request) -> pl.DataFrame:
    """Give how prone each creator's audience is to buy, and luck's share of the differences."""
    from attribution.quantities.susceptibility import with_luck

    return with_luck(run.susceptibility(), run)


def fakes_source(run: Run, _request: Request) -> pl.DataFrame:
    """Give each creator's share of fakes beside its score."""
    from attribution.quantities.authenticity import fakes_table

    what = "shares of fakes: its model takes all engagement for genuine"
    return _required(fakes_table(run, run.effects()), what)


def density_source(run: Run, _request: Request) -> pl.DataFrame:
    """Draws of the quantities that the report's questions are about."""
    from attribution.quantities.densities import draws_table

    return draws_table(run)


def response_source(run: Run, _request: Request) -> pl.DataFrame:
    """Return expected orders by likes and by comments, tier by tier."""
    from attribution.quantities.response import response_table

    return response_table(run)


def contributions_source(run: Run, _request: Request) -> pl.DataFrame:
    """Credited orders in total and, where posts have a tier, by tier."""
    return run.contributions(by=_levels(run, ("total", "tier")))


def roi_source(run: Run, request: Request) -> pl.DataFrame:
    """ROI in total, by tier and by creator, as far as posts have them, with the currency."""
    levels = _levels(run, ("total", "tier", "creator"))
    frame = run.roi(by=levels, margin=request.margin, unhealthy=request.unhealthy)
    return frame.with_columns(currency=pl.lit(run.manifest.currency, dtype=pl.String))


def _levels(run: Run, wanted: tuple[str, ...]) -> list[str]:
    columns = {"total": None, "tier": "tier", "creator": "creator_id"}
    return [by for by in wanted if columns[by] is None or columns[by] in run.table.columns]


def predictive_source(run: Run, _request: Request) -> pl.DataFrame:
    """Observed figures beside what the model predicts."""
    from attribution.quantities.predictive import predictive_table

    return predictive_table(run)


def halo_source(run: Run, _request: Request) -> pl.DataFrame:
    """Daily sales with and without posts, and how effects wear off."""
    from attribution.quantities.halo_days import halo_table

    return halo_table(run)


def comparison_source(run: Run, request: Request) -> pl.DataFrame:
    """Models compared by the density they give to unseen posts."""
    from attribution.quantities.compare import compare

    return compare([run, *request.others])


def ranks_source(run: Run, _request: Request) -> pl.DataFrame:
    """Rank counts by chain."""
    from attribution.quantities.chains import ranks_table

    return ranks_table(run)


def trace_source(run: Run, _request: Request) -> pl.DataFrame:
    """Draws of the main parameters in the order they were made."""
    from attribution.quantities.chains import trace_table

    return trace_table(run)
