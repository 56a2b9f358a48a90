"""Orders beyond recorded ones in the headline: how many, and what the answer rests on."""

from __future__ import annotations

from typing import Any

import polars as pl

from attribution.charts.words import count, number, percent, span
from attribution.quantities.recorded import PER_RECORDED, RECORDED, basis
from attribution.quantities.sensitivity import POWERS, SENSITIVITY
from attribution.reporting import words
from attribution.reporting.content import Answer
from attribution.reporting.findings import Findings
from attribution.spec.sections import LiftTest

UNKNOWN = "unknown"


def recorded(found: Findings) -> tuple[Answer, ...]:
    """Answer how many orders there are for each recorded one; nothing where the model has none."""
    row = found.overall(PER_RECORDED)
    if row is None:
        return ()
    text = words.RECORDED.format(
        median=number(row["median"]),
        basis=basis(found.run.design),
        prob=percent(row["prob"]),
        span=span(row["lower"], row["upper"]),
        rests=_rests(found),
        **under_other_priors(found),
    )
    short = words.RECORDED_SHORT.format(median=number(row["median"]))
    return (Answer(words.ASK_RECORDED, short, text),)


def under_other_priors(found: Findings) -> dict[str, str]:
    """Return the orders for each recorded one by ``half`` and ``twice``."""
    rows = found.effects.filter(
        pl.col("quantity") == PER_RECORDED, pl.col("scope") == SENSITIVITY
    ).rows(named=True)
    by_group = {row["group"]: number(row["median"]) for row in rows}
    return {group.split()[-1]: by_group.get(group, UNKNOWN) for group in POWERS.values()}


def lift_tests(found: Findings) -> tuple[LiftTest, ...]:
    """Return the lift tests that the model was fitted to."""
    experiments = found.run.design.spec.experiments
    return () if experiments is None else experiments.tests


def _rests(found: Findings) -> str:
    """Say what the answer rests on besides recorded orders."""
    if tests := lift_tests(found):
        return words.FROM_TESTS.format(tests=count(len(tests), "lift test"))
    capture = found.run.design.spec.capture
    survey = None if capture is None else capture.survey
    if capture is None or survey is None:
        return words.FROM_PRIOR
    said = words.FROM_SURVEY.format(buyers=f"{survey.buyers:,}")
    return said if capture.leaked is None else f"{said} {words.LEAKS_FROM_PRIOR}"


def counted(found: Findings, row: dict[str, Any], odds: Any) -> str:
    """Say which orders expected returns count, and how far that leans on a prior.

    Parameters
    ----------
    row
        ROI of all posts.
    odds
        Writes a probability.
    """
    per_recorded = found.overall(PER_RECORDED)
    if row["basis"] == RECORDED or per_recorded is None:
        return ""
    return words.ROI_BASIS.format(
        basis=row["basis"],
        median=number(per_recorded["median"]),
        half=odds(row["p_profit_prior_half"]),
        twice=odds(row["p_profit_prior_twice"]),
        pays=number(row["pays_from"]),
    )
