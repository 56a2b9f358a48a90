"""Draws of a quantity become one row of a tidy table: mean, interval, probability, answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from attribution import mixing
from attribution.design.types import Floats

INTERVAL = "eti"
"""Kind of every interval: equal-tailed."""

PROBABILITY = 0.89
"""Probability of every interval, ArviZ's default, stated so that no user setting changes it."""

SURE = 0.95
"""A statement is made when its probability is at least this, or at most 1 minus this."""

CANNOT_TELL = "cannot tell"

SCHEMA = {
    "quantity": pl.String,
    "label": pl.String,
    "scope": pl.String,
    "group": pl.String,
    "population": pl.String,
    "weighting": pl.String,
    "unit": pl.String,
    "mean": pl.Float64,
    "sd": pl.Float64,
    "median": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "interval": pl.String,
    "prob": pl.Float64,
    "statement": pl.String,
    "probability": pl.Float64,
    "prior_probability": pl.Float64,
    "answer": pl.String,
    "ess_bulk": pl.Float64,
    "ess_tail": pl.Float64,
    "mcse_mean": pl.Float64,
}

THESE, NEW = "these creators", "new creator of the tier"


@dataclass(frozen=True)
class Quantity:
    """One estimand and its draws.

    Parameters
    ----------
    quantity, label, scope, group, population, weighting, unit
        What it is, as in the tidy table.
    draws
        Chains merged, chain by chain; shape (chain * draw,).
    threshold
        Value that the statement compares with; None for no statement.
    statement
        What ``probability`` is about, e.g. ``P(> 1)``.
    evidence
        What has to be credible before the quantity means anything (a share of orders above the
        floor): probability per quantity, 1 where nothing has to.
    words
        What to say when the statement is surely true and when it is surely false.
    has_interval
        False for an event (a draw is 0 or 1), whose only number is its probability.
    """

    quantity: str
    label: str
    scope: str
    group: str
    population: str
    weighting: str
    unit: str
    draws: Floats
    threshold: float | None = None
    statement: str | None = None
    evidence: float = 1.0
    words: tuple[str, str] = ("yes", "no")
    has_interval: bool = True

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What identifies the quantity within a table."""
        return (self.quantity, self.scope, self.group, self.population)

    @property
    def probability(self) -> float | None:
        """Probability of the statement; None where there is none."""
        if self.threshold is None:
            return None
        return float(np.mean(self.draws > self.threshold))

    @property
    def answer(self) -> str:
        """The statement's answer in words, ``cannot tell`` where the data do not say."""
        probability = self.probability
        if self.evidence < SURE:
            return CANNOT_TELL
        if probability is None:
            return "estimated"
        if probability >= SURE:
            return self.words[0]
        return self.words[1] if probability <= 1.0 - SURE else CANNOT_TELL


def words_of_best(values: Floats, group: int) -> tuple[str, str]:
    """Return what to say of a group that is surely the best, and of one that surely is not.

    Of many groups that are alike, each has a small probability to be the best, and the one that
    came out lowest a very small one. So a group is said not to be the best only where another is
    surely above it.

    Parameters
    ----------
    values
        What is compared; (draw, group).
    group
        Which of them.
    """
    above = np.mean(values > values[:, [group]], axis=0)
    return "best", "not best" if above.max() >= SURE else CANNOT_TELL


def estimate_table(
    quantities: Sequence[Quantity], chains: int, prior: Sequence[Quantity] = ()
) -> pl.DataFrame:
    """Summarise quantities, one row each.

    Parameters
    ----------
    quantities
        With posterior draws.
    chains
        Number of chains in the draws.
    prior
        The same quantities with prior draws, for the prior's probability of each statement.

    Returns
    -------
    pl.DataFrame
        Columns as in :data:`SCHEMA`; intervals equal-tailed with probability 0.89.
    """
    if not quantities:
        return pl.DataFrame(schema=SCHEMA)
    before = {q.key: q.probability for q in prior}
    matrix = np.stack([q.draws for q in quantities], axis=0)
    numbers = summarise(matrix, chains)
    rows = [
        {
            **{name: getattr(q, name) for name in list(SCHEMA)[:7]},
            "interval": INTERVAL if q.has_interval else None,
            "prob": PROBABILITY if q.has_interval else None,
            "statement": q.statement,
            "probability": q.probability,
            "prior_probability": before.get(q.key),
            "answer": q.answer,
        }
        for q in quantities
    ]
    table = pl.concat([pl.DataFrame(rows, infer_schema_length=None), numbers], how="horizontal")
    return table.with_columns(
        pl.when(pl.col("interval").is_not_null()).then(pl.col("sd", "median", "lower", "upper"))
    ).select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())


def summarise(matrix: Floats, chains: int) -> pl.DataFrame:
    """Return :func:`moments` and :func:`monte_carlo` of rows of draws, side by side."""
    return pl.concat([moments(matrix), monte_carlo(matrix, chains)], how="horizontal")


def moments(matrix: Floats) -> pl.DataFrame:
    """Return mean, sd, median, lower and upper (equal-tailed, 0.89) of rows of draws.

    Parameters
    ----------
    matrix
        Shape (quantity, draw).
    """
    tail = (1.0 - PROBABILITY) / 2.0
    lower, median, upper = np.quantile(matrix, [tail, 0.5, 1.0 - tail], axis=1)
    return pl.DataFrame(
        {
            "mean": matrix.mean(axis=1),
            "sd": matrix.std(axis=1, ddof=1),
            "median": median,
            "lower": lower,
            "upper": upper,
        }
    )


def monte_carlo(matrix: Floats, chains: int) -> pl.DataFrame:
    """Say how well draws tell each row: ess_bulk, ess_tail, mcse_mean.

    A quantity that does not vary has no ESS (null) and no Monte Carlo error.

    Parameters
    ----------
    matrix
        Shape (quantity, chain * draw), chain by chain.
    chains
        Number of chains.
    """
    by_chain = matrix.reshape(len(matrix), chains, -1)
    frame = pl.DataFrame(
        {
            "ess_bulk": mixing.ess_bulk(by_chain),
            "ess_tail": mixing.ess_tail(by_chain),
            "mcse_mean": mixing.mcse_mean(by_chain),
        }
    )
    constant = pl.Series(np.ptp(matrix, axis=1) == 0.0)
    return frame.with_columns(
        pl.when(constant).then(None).otherwise(pl.col("ess_bulk", "ess_tail")).name.keep(),
        pl.when(constant).then(0.0).otherwise(pl.col("mcse_mean")).alias("mcse_mean"),
    )
