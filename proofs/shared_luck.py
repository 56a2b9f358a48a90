"""What it costs to take posts that share late orders as independent.

    uv run python -m proofs.shared_luck

Brands with a known level are simulated without the package's models: creators post at random times
within 180 days, every post's orders have a gamma mixing of their own and come late, and a post is
credited with what comes until the creator's next one. The level of all rates and the dispersion
are then estimated by maximum likelihood as if the posts' counts were independent, each negative
binomial with its own mean and variance. Were they independent, (estimate - truth) / standard error
would have a standard deviation of 1, and 89 % intervals would cover 0.89.
"""

from __future__ import annotations

from dataclasses import dataclass

import click
import numpy as np
import polars as pl
from scipy.optimize import minimize
from scipy.stats import norm

from attribution.design.types import Floats, Integers
from attribution.forward import F
from attribution.quantities.estimates import PROBABILITY
from attribution.spec.families import FAMILIES, Given

DAYS = 180.0
SPREAD = 0.8
"""Standard deviation of the posts' log expected orders."""

CREATORS = 30
STEP = 1e-3
"""Step of the numerical second derivatives, on the log scale."""


@dataclass(frozen=True)
class Case:
    """Posts per creator, expected orders per post, dispersion, and mean delay in days."""

    posts: int
    orders: float
    alpha: float
    delay: float


CASES = (Case(8, 10, 1, 5), Case(8, 10, 1, 10), Case(16, 10, 1, 8), Case(8, 3, 2, 5))


def weights(case: Case, rng: np.random.Generator) -> Floats:
    """Share of each post's orders that each post of its creator is credited with.

    Returns
    -------
    numpy.ndarray
        Shape (creator, post credited, post that brought the orders).
    """
    times = np.sort(rng.uniform(0.0, DAYS, (CREATORS, case.posts)), axis=1)
    stops = np.concatenate([times[:, 1:], np.full((CREATORS, 1), DAYS)], axis=1)

    def come(moments: Floats) -> Floats:
        passed = np.maximum(moments[:, :, None] - times[:, None, :], 0.0)
        return np.asarray(1.0 - np.exp(-passed / case.delay))

    return come(stops) - come(times)


def log_likelihood(free: Floats, mean: Floats, weight: Floats, y: Integers) -> float:
    """Log likelihood of log level and log dispersion, posts taken as independent."""
    landed = weight * mean[:, None, :] * np.exp(free[0])
    total = landed.sum(axis=2)
    alpha = np.exp(free[1]) * total**2 / (landed**2).sum(axis=2)
    given = Given(total, {"dispersion": alpha})
    return float(FAMILIES["negative_binomial"].log_density(F, y, given).sum())


def standard_error(free: Floats, *data: Floats) -> float:
    """Standard error of the log level, from the observed information."""
    steps = np.eye(2) * STEP
    second = np.array(
        [
            [
                log_likelihood(free + a + b, *data)
                - log_likelihood(free + a - b, *data)
                - log_likelihood(free - a + b, *data)
                + log_likelihood(free - a - b, *data)
                for a in steps
            ]
            for b in steps
        ]
    )
    return float(np.sqrt(np.linalg.inv(-second / (4.0 * STEP**2))[0, 0]))


def one_brand(case: Case, rng: np.random.Generator) -> float:
    """Return (estimate - truth) / standard error of the log level of one brand."""
    weight = weights(case, rng)
    mean = case.orders * np.exp(rng.normal(0.0, SPREAD, (CREATORS, case.posts)))
    mixing = rng.gamma(case.alpha, 1.0 / case.alpha, mean.shape)
    y = rng.poisson(np.einsum("cip,cp->ci", weight, mean * mixing))
    data = (mean, weight, y)
    start = np.array([0.0, np.log(case.alpha)])
    found = minimize(lambda free: -log_likelihood(free, *data), start, method="Nelder-Mead").x
    return float(found[0]) / standard_error(found, *data)


def table(brands: int, seed: int) -> pl.DataFrame:
    """Return the spread of the standardised errors and the coverage, a row per case."""
    limit = norm.ppf(0.5 + PROBABILITY / 2.0)
    rows = []
    for case in CASES:
        rng = np.random.default_rng(seed)
        z = np.array([one_brand(case, rng) for _ in range(brands)])
        covered = float(np.mean(np.abs(z) < limit))
        rows.append(
            {
                "posts": case.posts,
                "orders": case.orders,
                "alpha": case.alpha,
                "delay_days": case.delay,
                "sd_of_z": float(z.std()),
                "sd_se": float(z.std() / np.sqrt(2 * brands)),
                "coverage": covered,
                "coverage_se": float(np.sqrt(covered * (1 - covered) / brands)),
            }
        )
    return pl.DataFrame(rows)


@click.command(help=__doc__)
@click.option("--brands", type=click.IntRange(min=10), default=300, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
def main(brands: int, seed: int) -> None:
    """Print the table."""
    click.echo(table(brands, seed).write_csv(float_precision=3))


if __name__ == "__main__":
    main()
