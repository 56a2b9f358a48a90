"""Posteriors that are known exactly: conjugate ones, and others by quadrature on fine grids.

Means within 0.06 standard deviations and standard deviations within 5 %; with effective sizes of
4,000 or more (checked) Monte Carlo error is 0.016 of a mean and some 1.5 % of a standard deviation.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from attribution.fitting import fit
from attribution.run import Run
from attribution.spec import parse_spec

SETTINGS = {"draws": 5000, "tune": 1000, "chains": 4, "seed": 2}
RNG = np.random.default_rng(11)
NORMAL = RNG.normal(3.0, 2.0, 25)
COUNTS = np.array([0, 2, 1, 0, 7, 3, 0, 1, 12, 2, 4, 0])
NEARLY_TWO = "[sigma]\nprior = { name = 'uniform', lower = 1.99999, upper = 2.00001 }\n"


def fitted(family: str, table: pl.DataFrame, prior: str, own: str = "", terms: str = "") -> Run:
    trials = 'trials = "n"' if family == "binomial" else ""
    text = f"""
format = 1
name = "exact"
[outcome]
column = "y"
family = "{family}"
{trials}
[mean]
[[mean.terms]]
kind = "intercept"
prior = {prior}
{terms}
{own}
"""
    table = table.with_row_index("row")
    return fit(parse_spec(text.replace("'", '"')), table, **SETTINGS)


def check(run: Run, name: str, mean: float, sd: float, draws: np.ndarray | None = None) -> None:
    """Compare an unknown, or draws of something that follows from it, with exact figures."""
    unknown = run.draws[name]
    ess = run.diagnostics.filter(pl.col("parameter") == name).get_column("ess_bulk").min()
    assert ess is not None
    assert ess > 4000
    draws = unknown if draws is None else draws
    assert draws.mean() == pytest.approx(mean, abs=0.06 * sd)
    assert draws.std() == pytest.approx(sd, rel=0.05)


def moments(grid: np.ndarray, log_density: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of a density on an even grid."""
    weight = np.exp(log_density - log_density.max())
    weight = weight / weight.sum()
    mean = float(weight @ grid)
    return mean, float(np.sqrt(weight @ (grid - mean) ** 2))


def test_a_share_with_a_uniform_prior_is_beta() -> None:
    """A standard logistic prior of the log odds is a uniform one of the probability."""
    won = np.array([1] * 4 + [0] * 13)
    run = fitted("bernoulli", pl.DataFrame({"y": won}), "{ name = 'logistic', mu = 0, s = 1 }")
    exact = stats.beta(1 + 4, 1 + 13)
    p = 1.0 / (1.0 + np.exp(-run.draws["intercept"]))
    check(run, "intercept", exact.mean(), exact.std(), p)


def test_no_success_at_all() -> None:
    table = pl.DataFrame({"y": [0, 0, 0], "n": [5, 10, 3]})
    run = fitted("binomial", table, "{ name = 'logistic', mu = 0, s = 1 }")
    exact = stats.beta(1, 1 + 18)
    p = 1.0 / (1.0 + np.exp(-run.draws["intercept"]))
    check(run, "intercept", exact.mean(), exact.std(), p)


def test_a_rate_with_a_normal_prior_of_its_logarithm() -> None:
    run = fitted(
        "poisson", pl.DataFrame({"y": COUNTS}), "{ name = 'normal', mu = -1, sigma = 0.5 }"
    )
    grid = np.linspace(-4.0, 4.0, 40_001)
    exact = stats.norm.logpdf(grid, -1, 0.5) + COUNTS.sum() * grid - len(COUNTS) * np.exp(grid)
    check(run, "intercept", *moments(grid, exact))


def test_a_normal_mean_with_a_normal_prior() -> None:
    """Precisions add up: 1 / 0.3^2 of the prior and n / 2^2 of the data."""
    prior = "{ name = 'normal', mu = 1, sigma = 0.3 }"
    run = fitted("normal", pl.DataFrame({"y": NORMAL}), prior, NEARLY_TWO)
    precision = 1 / 0.3**2 + len(NORMAL) / 4.0
    mean = (1 / 0.3**2 + NORMAL.sum() / 4.0) / precision
    check(run, "intercept", mean, precision**-0.5)


def test_a_gamma_prior_of_the_precision_is_conjugate() -> None:
    """With a flat mean the precision is gamma and the mean Student t."""
    own = "[sigma]\nprior = { name = 'gamma', alpha = 3, beta = 2, on = 'precision' }\n"
    run = fitted("normal", pl.DataFrame({"y": NORMAL}), "{ name = 'flat' }", own)
    n, squares = len(NORMAL), np.sum((NORMAL - NORMAL.mean()) ** 2)
    shape, rate = 3 + (n - 1) / 2, 2 + squares / 2
    precision = stats.gamma(shape, scale=1 / rate)
    check(run, "sigma", precision.mean(), precision.std(), run.draws["sigma"] ** -2)
    mean = stats.t(2 * shape, NORMAL.mean(), np.sqrt(rate / shape / n))
    check(run, "intercept", mean.mean(), mean.std())


def test_an_inverse_gamma_prior_of_the_variance_is_conjugate() -> None:
    own = "[sigma]\nprior = { name = 'inverse_gamma', alpha = 3, beta = 2, on = 'variance' }\n"
    run = fitted("normal", pl.DataFrame({"y": NORMAL}), "{ name = 'flat' }", own)
    squares = np.sum((NORMAL - NORMAL.mean()) ** 2)
    variance = stats.invgamma(3 + (len(NORMAL) - 1) / 2, scale=2 + squares / 2)
    check(run, "sigma", variance.mean(), variance.std(), run.draws["sigma"] ** 2)


@pytest.mark.parametrize("scale", ["own", "variance", "inverse", "log"])
def test_a_prior_is_on_the_scale_that_is_stated(scale: str) -> None:
    """One prior on four scales gives four posteriors; few posts, so that it matters."""
    y = NORMAL[:4]
    support = "normal', mu = 0, sigma = 0.5" if scale == "log" else "gamma', alpha = 4, beta = 3"
    on = "" if scale == "own" else f", on = '{scale}'"
    run = fitted(
        "normal",
        pl.DataFrame({"y": y}),
        "{ name = 'flat' }",
        f"[sigma]\nprior = {{ name = '{support}{on} }}\n",
    )
    there = np.linspace(-6.0, 6.0, 40_001) if scale == "log" else np.linspace(1e-4, 40.0, 400_001)
    sigma = {
        "own": there,
        "variance": np.sqrt(np.abs(there)),
        "inverse": 1 / there,
        "log": np.exp(there),
    }[scale]
    prior = stats.norm(0, 0.5) if scale == "log" else stats.gamma(4, scale=1 / 3)
    squares = np.sum((y - y.mean()) ** 2)
    exact = prior.logpdf(there) - (len(y) - 1) * np.log(sigma) - squares / 2 / sigma**2
    back = {"own": run.draws["sigma"], "variance": run.draws["sigma"] ** 2}
    back |= {"inverse": 1 / run.draws["sigma"], "log": np.log(run.draws["sigma"])}
    check(run, "sigma", *moments(there, exact), back[scale])


def test_a_hurdle_is_beta_whatever_the_counts() -> None:
    own = "[hurdle]\nprior = { name = 'beta', alpha = 2, beta = 3 }\n"
    prior = "{ name = 'normal', mu = 0, sigma = 1 }"
    run = fitted("hurdle_poisson", pl.DataFrame({"y": COUNTS}), prior, own)
    zeros = int(np.sum(COUNTS == 0))
    exact = stats.beta(2 + zeros, 3 + len(COUNTS) - zeros)
    check(run, "hurdle", exact.mean(), exact.std())
    some = COUNTS[COUNTS > 0]
    grid = np.linspace(-4.0, 4.0, 40_001)
    above = some.sum() * grid - len(some) * np.exp(grid)
    above = above - len(some) * np.log(-np.expm1(-np.exp(grid)))
    check(run, "intercept", *moments(grid, stats.norm.logpdf(grid) + above))


def test_mean_and_dispersion_of_counts() -> None:
    own = "[dispersion]\nprior = { name = 'half_normal', sigma = 1, on = 'inverse' }\n"
    prior = "{ name = 'normal', mu = 0, sigma = 1 }"
    run = fitted("negative_binomial", pl.DataFrame({"y": COUNTS}), prior, own)
    eta, inverse = np.linspace(-3.0, 4.0, 701), np.linspace(0.002, 6.0, 3000)
    alpha = 1.0 / inverse[:, None]
    left = alpha / (alpha + np.exp(eta))
    exact = sum(stats.nbinom.logpmf(y, alpha, left) for y in COUNTS)
    exact = exact + stats.norm.logpdf(eta) + stats.halfnorm.logpdf(inverse)[:, None]
    weight = np.exp(exact - exact.max())
    check(run, "intercept", *moments(eta, np.log(weight.sum(axis=0))))
    check(run, "inverse_alpha", *moments(inverse, np.log(weight.sum(axis=1))))


def test_spread_and_effects_of_levels() -> None:
    """Eight levels with known errors; the constant and effects are integrated out by hand."""
    sizes = np.array([3, 5, 2, 4, 9, 3, 6, 2])
    level = np.repeat(np.arange(8), sizes)
    y = RNG.normal(0.0, 1.5, 8)[level] + RNG.normal(4.0, 2.0, len(level))
    terms = """[[mean.terms]]
kind = "group"
by = "g"
of = ["intercept"]
effects = "exchangeable"
sd = { name = "half_normal", sigma = 2 }
"""
    table = pl.DataFrame({"y": y, "g": [f"level {k}" for k in level]})
    run = fitted("normal", table, "{ name = 'flat' }", NEARLY_TWO, terms)
    means, errors = np.array([y[level == k].mean() for k in range(8)]), 4.0 / sizes
    grid = np.linspace(1e-4, 12.0, 6001)
    total = grid[:, None] ** 2 + errors
    precision = np.sum(1 / total, axis=1)
    centre = np.sum(means / total, axis=1) / precision
    exact = stats.halfnorm.logpdf(grid, scale=2.0) - 0.5 * np.log(total).sum(axis=1)
    exact = exact - 0.5 * np.log(precision)
    exact = exact - 0.5 * np.sum((means - centre[:, None]) ** 2 / total, axis=1)
    check(run, "g_sd", *moments(grid, exact))
    weight = np.exp(exact - exact.max())
    weight = weight / weight.sum()
    constant = weight @ centre
    spread = np.sqrt(weight @ (1 / precision + (centre - constant) ** 2))
    check(run, "intercept", constant, spread)
    shrunk = grid[:, None] ** 2 / total
    effects = weight @ (shrunk * (means - centre[:, None]))
    assert run.draws["g_effect"].mean(axis=0) == pytest.approx(effects, abs=0.05)
