"""Every family's density, draws and expected outcome against formulas of other software.

Rounding is that of doubles: densities are compared within 1e-9, relative or absolute, and where
SciPy's own formula cancels, with one worked out to 50 digits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import mpmath as mp
import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from scipy import stats

from attribution import forward
from attribution.model import functions
from attribution.spec.families import FAMILIES, OWN, Given
from attribution.spec.links import LINKS

mp.mp.dps = 50
Point = dict[str, Any]
ZERO_INFLATED = ("zero_inflated_poisson", "zero_inflated_negative_binomial")


def at(family: str, point: Point, f: Any = forward.F) -> Given:
    """Return what is given of a family at a mean, or at the sum of terms of a probability."""
    own = {name: f_number(f, point[name]) for name in FAMILIES[family].own}
    trials = point.get("trials")
    given = Given.of_own(f, own, {})
    if not FAMILIES[family].is_share:
        link = LINKS["identity"]
        return given.with_mean(f, link, f_number(f, point["mean"]), None)
    link = LINKS[point.get("link", "logit")]
    trials = None if trials is None else f_number(f, trials)
    return given.with_mean(f, link, f_number(f, point["eta"]), trials)


def f_number(f: Any, value: Any) -> Any:
    array = np.asarray(value, dtype=np.float64)
    return array if f is forward.F else pt.as_tensor_variable(array)


def log_density(family: str, y: Any, point: Point) -> np.ndarray:
    outcome = np.asarray(y, dtype=np.float64)
    return np.asarray(FAMILIES[family].log_density(forward.F, outcome, at(family, point)))


# Densities of SciPy and PyMC, parametrised by hand.


def of_pymc(distribution: Any, y: Any) -> np.ndarray:
    return np.asarray(pm.logp(distribution, np.asarray(y)).eval(mode="FAST_COMPILE"))


def nb(point: Point) -> Any:
    alpha = point["dispersion"]
    return stats.nbinom(alpha, alpha / (alpha + point["mean"]))


def share(point: Point) -> float:
    return float(LINKS[point.get("link", "logit")].mean(forward.F, np.asarray(point["eta"])))


def gamma_of(point: Point) -> Any:
    return stats.gamma(point["shape"], scale=point["mean"] / point["shape"])


def betas(point: Point) -> dict[str, Any]:
    p, total = share(point), point["concentration"]
    return {"n": point["trials"], "alpha": p * total, "beta": (1.0 - p) * total}


SCIPY: Mapping[str, Callable[[Point, Any], Any]] = {
    "poisson": lambda at, y: stats.poisson(at["mean"]).logpmf(y),
    "negative_binomial": lambda at, y: nb(at).logpmf(y),
    "zero_inflated_poisson": lambda at, y: of_pymc(
        pm.ZeroInflatedPoisson.dist(psi=1.0 - at["zero_inflation"], mu=at["mean"]), y
    ),
    "zero_inflated_negative_binomial": lambda at, y: of_pymc(
        pm.ZeroInflatedNegativeBinomial.dist(
            psi=1.0 - at["zero_inflation"], mu=at["mean"], alpha=at["dispersion"]
        ),
        y,
    ),
    "hurdle_poisson": lambda at, y: of_pymc(
        pm.HurdlePoisson.dist(psi=1.0 - at["hurdle"], mu=at["mean"]), y
    ),
    "hurdle_negative_binomial": lambda at, y: of_pymc(
        pm.HurdleNegativeBinomial.dist(
            psi=1.0 - at["hurdle"], mu=at["mean"], alpha=at["dispersion"]
        ),
        y,
    ),
    "binomial": lambda at, y: stats.binom(at["trials"], share(at)).logpmf(y),
    "beta_binomial": lambda at, y: of_pymc(pm.BetaBinomial.dist(**betas(at)), y),
    "bernoulli": lambda at, y: stats.bernoulli(share(at)).logpmf(y),
    "normal": lambda at, y: stats.norm(at["mean"], at["sigma"]).logpdf(y),
    "student_t": lambda at, y: stats.t(at["nu"], at["mean"], at["sigma"]).logpdf(y),
    "log_normal": lambda at, y: stats.lognorm(at["sigma"], scale=np.exp(at["mean"])).logpdf(y),
    "gamma": lambda at, y: gamma_of(at).logpdf(y),
}

COUNTS = np.array([0, 1, 2, 3, 10, 57, 200])
ORDINARY: Mapping[str, tuple[np.ndarray, list[Point]]] = {
    "poisson": (COUNTS, [{"mean": mean} for mean in (0.01, 0.7, 12.0, 150.0)]),
    "negative_binomial": (
        COUNTS,
        [{"mean": m, "dispersion": a} for m in (0.01, 3.0, 150.0) for a in (0.05, 1.6, 40.0)],
    ),
    "zero_inflated_poisson": (
        COUNTS,
        [{"mean": m, "zero_inflation": p} for m in (0.01, 3.0, 40.0) for p in (0.02, 0.9)],
    ),
    "zero_inflated_negative_binomial": (
        COUNTS,
        [
            {"mean": m, "dispersion": a, "zero_inflation": p}
            for m in (0.01, 3.0, 40.0)
            for a in (0.3, 5.0)
            for p in (0.02, 0.9)
        ],
    ),
    "hurdle_poisson": (
        COUNTS,
        [{"mean": m, "hurdle": p} for m in (0.01, 3.0, 40.0) for p in (0.02, 0.9)],
    ),
    "hurdle_negative_binomial": (
        COUNTS,
        [
            {"mean": m, "dispersion": a, "hurdle": p}
            for m in (0.5, 3.0, 40.0)
            for a in (0.3, 5.0)
            for p in (0.02, 0.9)
        ],
    ),
    "binomial": (
        np.arange(0, 31, 3),
        [
            {"eta": eta, "trials": 30, "link": link}
            for eta in (-2.0, 0.3, 1.1)
            for link in ("logit", "probit", "cloglog")
        ],
    ),
    "beta_binomial": (
        np.arange(0, 31, 3),
        [
            {"eta": eta, "trials": 30, "concentration": c}
            for eta in (-2.0, 0.3, 3.0)
            for c in (0.4, 7.0, 200.0)
        ],
    ),
    "bernoulli": (
        np.array([0, 1]),
        [{"eta": e, "link": link} for e in (-2.0, 0.3) for link in ("logit", "probit", "cloglog")],
    ),
    "normal": (
        np.array([-3.0, 0.0, 2.2, 60.0]),
        [{"mean": m, "sigma": s} for m in (-1.0, 5.0) for s in (0.2, 9.0)],
    ),
    "student_t": (
        np.array([-3.0, 0.0, 2.2, 60.0]),
        [
            {"mean": m, "sigma": s, "nu": nu}
            for m in (-1.0, 5.0)
            for s in (0.2, 9.0)
            for nu in (1.0, 4.0, 60.0)
        ],
    ),
    "log_normal": (
        np.array([0.003, 1.0, 2.2, 900.0]),
        [{"mean": m, "sigma": s} for m in (-1.0, 5.0) for s in (0.2, 2.0)],
    ),
    "gamma": (
        np.array([0.003, 1.0, 2.2, 90.0]),
        [{"mean": m, "shape": k} for m in (0.5, 30.0) for k in (0.2, 1.0, 8.0)],
    ),
}
CASES = [(name, k) for name, (_, points) in ORDINARY.items() for k in range(len(points))]


def test_every_family_is_compared() -> None:
    assert set(SCIPY) == set(ORDINARY) == set(FAMILIES)


@pytest.mark.parametrize(("family", "k"), CASES)
def test_the_density_is_that_of_other_software(family: str, k: int) -> None:
    y, points = ORDINARY[family]
    # PyTensor computes with numbers such as 3.0 in single precision unless told not to.
    point = {key: at if key == "link" else np.float64(at) for key, at in points[k].items()}
    expected = SCIPY[family](point, y)
    assert log_density(family, y, points[k]) == pytest.approx(expected, rel=1e-9, abs=1e-9)


# Where numbers of double length end: worked out to 50 digits.


def exact_poisson(y: int, mean: Any) -> Any:
    return y * mp.log(mean) - mean - mp.loggamma(y + 1)


def exact_nb(y: int, mean: Any, alpha: Any) -> Any:
    ways = mp.loggamma(y + alpha) - mp.loggamma(alpha) - mp.loggamma(y + 1)
    return ways + y * mp.log(mean / (mean + alpha)) - alpha * mp.log1p(mean / alpha)


def exact_beta_binomial(y: int, n: int, p: Any, total: Any) -> Any:
    a, b = p * total, (1 - p) * total
    if y in (0, n) and (a == 0 or b == 0):
        raise AssertionError("needs more digits")
    ways = mp.loggamma(n + 1) - mp.loggamma(y + 1) - mp.loggamma(n - y + 1)
    beta = mp.loggamma(y + a) + mp.loggamma(n - y + b) - mp.loggamma(n + total)
    return ways + beta + mp.loggamma(total) - mp.loggamma(a) - mp.loggamma(b)


def exact_gamma(y: Any, mean: Any, shape: Any) -> Any:
    rate = shape / mean
    return shape * mp.log(rate) + (shape - 1) * mp.log(y) - rate * y - mp.loggamma(shape)


def exact_t(y: Any, mean: Any, sigma: Any, nu: Any) -> Any:
    z = (y - mean) / sigma
    top = mp.loggamma((nu + 1) / 2) - mp.loggamma(nu / 2) - mp.log(nu * mp.pi) / 2
    return top - mp.log(sigma) - (nu + 1) / 2 * mp.log1p(z**2 / nu)


FAR_MEANS = (1e-17, 3.0, 1e6)
FAR_COUNTS = (0, 1, 1_000_000)
FAR_DISPERSIONS = (1e-6, 1.0, 1e4, 1.1e4, 1e10, 1e17)


@pytest.mark.parametrize("y", FAR_COUNTS)
@pytest.mark.parametrize("mean", FAR_MEANS)
def test_poisson_counts_far_out(mean: float, y: int) -> None:
    near(log_density("poisson", y, {"mean": mean}), exact_poisson(y, mp.mpf(mean)))


@pytest.mark.parametrize("dispersion", FAR_DISPERSIONS)
@pytest.mark.parametrize("y", FAR_COUNTS)
@pytest.mark.parametrize("mean", FAR_MEANS)
def test_negative_binomial_counts_far_out(mean: float, y: int, dispersion: float) -> None:
    ours = log_density("negative_binomial", y, {"mean": mean, "dispersion": dispersion})
    near(ours, exact_nb(y, mp.mpf(mean), mp.mpf(dispersion)))


@pytest.mark.parametrize("eta", [-40.0, 0.5, 40.0])
@pytest.mark.parametrize("y", FAR_COUNTS)
@pytest.mark.parametrize("mean", FAR_MEANS)
@pytest.mark.parametrize("section", ["zero_inflation", "hurdle"])
def test_counts_that_are_0_with_a_probability_far_out(
    section: str, mean: float, y: int, eta: float
) -> None:
    """The probability comes from a sum of terms, as it does with predictors of its own."""
    family = "hurdle_poisson" if section == "hurdle" else "zero_inflated_poisson"
    terms = {section: (LINKS["logit"], np.asarray(eta))}
    given = Given.of_own(forward.F, {}, terms).with_mean(
        forward.F, LINKS["identity"], np.asarray(mean), None
    )
    ours = FAMILIES[family].log_density(forward.F, np.asarray(float(y)), given)
    p, count = 1 / (1 + mp.exp(-mp.mpf(eta))), exact_poisson(y, mp.mpf(mean))
    some = mp.log(1 - p) + count
    if section == "hurdle":
        expected = mp.log(p) if y == 0 else some - mp.log(-mp.expm1(-mp.mpf(mean)))
    else:
        expected = some if y > 0 else mp.log(p + (1 - p) * mp.exp(count))
    near(ours, expected)


@pytest.mark.parametrize("mean", [1e6, 1e18])
def test_a_0_that_the_count_all_but_excludes_is_the_inflation(mean: float) -> None:
    ours = log_density("zero_inflated_poisson", 0, {"mean": mean, "zero_inflation": 0.25})
    near(ours, mp.log(mp.mpf(1) / 4))


@pytest.mark.parametrize("dispersion", [1e-6, 1.0, 1e10])
@pytest.mark.parametrize("y", [1, 1_000_000])
@pytest.mark.parametrize("mean", FAR_MEANS)
def test_negative_binomial_counts_above_0_far_out(mean: float, y: int, dispersion: float) -> None:
    point = {"mean": mean, "dispersion": dispersion, "hurdle": 0.25}
    mu, alpha = mp.mpf(mean), mp.mpf(dispersion)
    any_ = -mp.expm1(-alpha * mp.log1p(mu / alpha))
    expected = mp.log(mp.mpf(3) / 4) + exact_nb(y, mu, alpha) - mp.log(any_)
    near(log_density("hurdle_negative_binomial", y, point), expected)


@pytest.mark.parametrize("concentration", [1e-6, 1.0, 1e10])
@pytest.mark.parametrize("eta", [-40.0, 0.0, 40.0])
@pytest.mark.parametrize(("y", "n"), [(0, 1), (1, 1), (0, 50), (50, 50), (7, 50), (10, 1_000_000)])
def test_shares_far_out(y: int, n: int, eta: float, concentration: float) -> None:
    p = 1 / (1 + mp.exp(-mp.mpf(eta)))
    point = {"eta": eta, "trials": n, "concentration": concentration}
    near(
        log_density("beta_binomial", y, point), exact_beta_binomial(y, n, p, mp.mpf(concentration))
    )
    ways = mp.loggamma(n + 1) - mp.loggamma(y + 1) - mp.loggamma(n - y + 1)
    expected = ways + y * mp.log(p) + (n - y) * mp.log(1 - p)
    near(log_density("binomial", y, {"eta": eta, "trials": n}), expected)


@pytest.mark.parametrize("eta", [-40.0, 40.0])
def test_shares_beyond_the_least_number(eta: float) -> None:
    """At a probit of -40 the probability is no number that a double holds."""
    point = {"eta": eta, "trials": 5, "concentration": 2.0, "link": "probit"}
    log_p = mp.log(mp.erfc(40 / mp.sqrt(2)) / 2)
    certain, not_once = (0, 1) if eta < 0 else (5, 4)
    near(log_density("beta_binomial", certain, point), mp.mpf(0))
    # 5 Gamma(1 + a) Gamma(4 + 2) Gamma(2) / (Gamma(a) Gamma(7) Gamma(2)) with a = 2 p near 0.
    expected = mp.log(5) + mp.log(2) + log_p + mp.loggamma(6) - mp.loggamma(7)
    near(log_density("beta_binomial", not_once, point), expected)


@pytest.mark.parametrize("shape", [1e-6, 1.0, 1e4, 1.1e4, 1e8])
@pytest.mark.parametrize(("y", "mean"), [(1.0, 1.0), (1e-12, 4e-18), (3e6, 2.9e6)])
def test_amounts_far_out(y: float, mean: float, shape: float) -> None:
    ours = log_density("gamma", y, {"mean": mean, "shape": shape})
    # Rounding of the logarithms is multiplied by the shape.
    near(ours, exact_gamma(mp.mpf(y), mp.mpf(mean), mp.mpf(shape)), 1e-9 + 1e-14 * shape)


@pytest.mark.parametrize("nu", [1e-3, 1.0, 2e4, 2.1e4, 1e10, 1e16])
@pytest.mark.parametrize("y", [0.0, 5.0, 1e9])
def test_numbers_far_out(y: float, nu: float) -> None:
    ours = log_density("student_t", y, {"mean": 1.0, "sigma": 2.0, "nu": nu})
    near(ours, exact_t(mp.mpf(y), 1, mp.mpf(2), mp.mpf(nu)))


def near(ours: Any, exact: Any, tolerance: float = 1e-9) -> None:
    """Check a density within a tolerance, relative or absolute.

    Relative to log Gamma of a count of a million, 1.3e7, which enters some and cancels.
    """
    assert float(ours) == pytest.approx(float(exact), rel=1e-9, abs=max(tolerance, 1e-8))


# Sums, draws, means.

SUMS: Mapping[str, Point] = {
    "poisson": {"mean": 7.0},
    "negative_binomial": {"mean": 7.0, "dispersion": 1.6},
    "zero_inflated_poisson": {"mean": 7.0, "zero_inflation": 0.3},
    "zero_inflated_negative_binomial": {"mean": 7.0, "dispersion": 1.6, "zero_inflation": 0.3},
    "hurdle_poisson": {"mean": 1.2, "hurdle": 0.3},
    "hurdle_negative_binomial": {"mean": 1.2, "dispersion": 0.7, "hurdle": 0.3},
    "binomial": {"eta": -0.4, "trials": 40},
    "beta_binomial": {"eta": -0.4, "trials": 40, "concentration": 3.0},
    "bernoulli": {"eta": -0.4},
    "normal": {"mean": 3.0, "sigma": 1.5},
    "student_t": {"mean": 3.0, "sigma": 1.5, "nu": 7.0},
    "log_normal": {"mean": 0.4, "sigma": 0.5},
    "gamma": {"mean": 3.0, "shape": 2.5},
}


def p_of(point: Point) -> float:
    return 1.0 / (1.0 + np.exp(-point["eta"]))


def positive(point: Point) -> tuple[float, float]:
    """Mean and mean square of a count given that it is above 0, times the share of those."""
    mean, alpha = point["mean"], point.get("dispersion", np.inf)
    none = np.exp(-mean) if np.isinf(alpha) else (1.0 + mean / alpha) ** -alpha
    some = (1.0 - point["hurdle"]) / (1.0 - none)
    return some * mean, some * (mean + mean**2 / alpha + mean**2)


def hurdle_variance(point: Point) -> float:
    mean, square = positive(point)
    return square - mean**2


def inflated_variance(point: Point) -> float:
    p, mean, alpha = point["zero_inflation"], point["mean"], point.get("dispersion", np.inf)
    return (1 - p) * (mean + mean**2 / alpha) + p * (1 - p) * mean**2


def beta_binomial_variance(point: Point) -> float:
    n, p, total = point["trials"], p_of(point), point["concentration"]
    return n * p * (1 - p) * (total + n) / (total + 1)


MOMENTS: Mapping[str, tuple[Callable[[Point], float], Callable[[Point], float]]] = {
    "poisson": (lambda at: at["mean"], lambda at: at["mean"]),
    "negative_binomial": (
        lambda at: at["mean"],
        lambda at: at["mean"] + at["mean"] ** 2 / at["dispersion"],
    ),
    "zero_inflated_poisson": (
        lambda at: at["mean"] * (1 - at["zero_inflation"]),
        inflated_variance,
    ),
    "zero_inflated_negative_binomial": (
        lambda at: at["mean"] * (1 - at["zero_inflation"]),
        inflated_variance,
    ),
    "hurdle_poisson": (lambda at: positive(at)[0], hurdle_variance),
    "hurdle_negative_binomial": (lambda at: positive(at)[0], hurdle_variance),
    "binomial": (
        lambda at: at["trials"] * p_of(at),
        lambda at: at["trials"] * p_of(at) * (1 - p_of(at)),
    ),
    "beta_binomial": (lambda at: at["trials"] * p_of(at), beta_binomial_variance),
    "bernoulli": (p_of, lambda at: p_of(at) * (1 - p_of(at))),
    "normal": (lambda at: at["mean"], lambda at: at["sigma"] ** 2),
    "student_t": (
        lambda at: at["mean"],
        lambda at: at["sigma"] ** 2 * at["nu"] / (at["nu"] - 2),
    ),
    "log_normal": (
        lambda at: np.exp(at["mean"] + at["sigma"] ** 2 / 2),
        lambda at: np.expm1(at["sigma"] ** 2) * np.exp(2 * at["mean"] + at["sigma"] ** 2),
    ),
    "gamma": (lambda at: at["mean"], lambda at: at["mean"] ** 2 / at["shape"]),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_probabilities_add_up_to_1(family: str) -> None:
    point, kind = SUMS[family], FAMILIES[family]
    if kind.whole:
        most = point.get("trials", 1) if kind.is_share else 3000
        assert np.exp(log_density(family, np.arange(most + 1), point)).sum() == pytest.approx(1.0)
        return
    low, high, steps = (-400.0, 400.0, 800_001) if kind.low is None else (1e-9, 400.0, 4_000_001)
    y = np.linspace(low, high, steps)
    assert np.trapezoid(np.exp(log_density(family, y, point)), y) == pytest.approx(1.0, abs=2e-6)


def drawn(family: str, point: Point, size: int) -> np.ndarray:
    one = at(family, point)
    given = one.map(lambda values: np.broadcast_to(values, size))
    return FAMILIES[family].draw(np.random.default_rng(5), given)


@pytest.mark.parametrize("family", FAMILIES)
def test_draws_have_the_mean_and_variance_that_they_should(family: str) -> None:
    """200,000 draws, 5 standard errors, those of the variance from the draws' fourth moment."""
    point, size = SUMS[family], 200_000
    y = drawn(family, point, size)
    mean, variance = (of(point) for of in MOMENTS[family])
    expected = FAMILIES[family].expected(forward.F, at(family, point))
    assert float(expected) == pytest.approx(mean, rel=1e-12)
    assert abs(y.mean() - mean) < 5 * np.sqrt(variance / size)
    fourth = np.mean((y - mean) ** 4)
    assert abs(np.mean((y - mean) ** 2) - variance) < 5 * np.sqrt((fourth - variance**2) / size)


@pytest.mark.parametrize("family", [name for name, kind in FAMILIES.items() if kind.whole])
def test_whole_draws_have_the_probabilities_of_the_density(family: str) -> None:
    """Chi-squared of the counts below 12, one in 10,000 by chance; the draws are fixed."""
    point, size = SUMS[family], 200_000
    y = drawn(family, point, size)
    least = min(12, 2 if family == "bernoulli" else 12)
    p = np.exp(log_density(family, np.arange(least), point))
    seen = np.bincount(y.astype(int), minlength=least)[:least]
    statistic = np.sum((seen - size * p) ** 2 / (size * p))
    assert statistic < stats.chi2.ppf(1 - 1e-4, least)


FAR_DRAWS: list[tuple[str, Point]] = [
    ("poisson", {"mean": 1e-300}),
    ("poisson", {"mean": 1e300}),
    ("negative_binomial", {"mean": 1e6, "dispersion": 1e-6}),
    ("negative_binomial", {"mean": 3.0, "dispersion": 1e17}),
    ("hurdle_poisson", {"mean": 1e-300, "hurdle": 0.0}),
    ("hurdle_poisson", {"mean": 1e300, "hurdle": 0.0}),
    ("hurdle_negative_binomial", {"mean": 1e-17, "dispersion": 1.0, "hurdle": 0.0}),
    ("hurdle_negative_binomial", {"mean": 1e6, "dispersion": 1e-6, "hurdle": 0.0}),
    ("hurdle_negative_binomial", {"mean": 3.0, "dispersion": 1e17, "hurdle": 0.0}),
    ("beta_binomial", {"eta": -800.0, "trials": 1_000_000, "concentration": 1e-6}),
    ("beta_binomial", {"eta": 800.0, "trials": 1_000_000, "concentration": 1e10}),
    ("binomial", {"eta": -800.0, "trials": 1_000_000}),
]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("eta", [-800.0, 800.0])
@pytest.mark.parametrize("own", [-800.0, 800.0])
def test_draws_of_what_wide_priors_hold_possible_are_numbers(
    family: str, eta: float, own: float
) -> None:
    kind = FAMILIES[family]
    links = {name: LINKS[OWN[name].links[0]] for name in kind.own}
    terms = {name: (link, np.full(50, own)) for name, link in links.items()}
    given = Given.of_own(forward.F, {}, terms)
    for link in kind.links:
        here = given.with_mean(forward.F, LINKS[link], np.full(50, eta), np.full(50, 9.0))
        y = kind.draw(np.random.default_rng(3), here)
        assert np.all(np.isfinite(y))


@pytest.mark.parametrize(("family", "point"), FAR_DRAWS)
def test_draws_far_out_are_numbers(family: str, point: Point) -> None:
    y = drawn(family, point, 1000)
    assert np.all(np.isfinite(y))
    assert np.all(y == np.floor(y))
    least = 1.0 if family.startswith("hurdle") else 0.0
    assert y.min() >= least


def test_counts_above_0_of_a_vast_dispersion_are_poisson() -> None:
    """The mean of a Poisson of 3 given that it is above 0."""
    y = drawn("hurdle_negative_binomial", {"mean": 3.0, "dispersion": 1e17, "hurdle": 0.0}, 100_000)
    assert y.mean() == pytest.approx(3.0 / -np.expm1(-3.0), abs=0.03)


# Links.

ETAS = (-40.0, -9.0, -1.0, -0.3665, 0.0, 0.7, 3.5, 9.0, 40.0)
EXACT: Mapping[str, Callable[[Any], tuple[Any, Any]]] = {
    "logit": lambda eta: (1 / (1 + mp.exp(-eta)), 1 / (1 + mp.exp(eta))),
    "probit": lambda eta: (mp.erfc(-eta / mp.sqrt(2)) / 2, mp.erfc(eta / mp.sqrt(2)) / 2),
    "cloglog": lambda eta: (-mp.expm1(-mp.exp(eta)), mp.exp(-mp.exp(eta))),
}


def tensor(value: Any) -> float:
    return float(pytensor.function([], value, mode="FAST_COMPILE")())


@pytest.mark.parametrize("of", ["arrays", "tensors"])
@pytest.mark.parametrize("eta", ETAS)
@pytest.mark.parametrize("name", EXACT)
def test_links_are_exact_at_both_ends(name: str, eta: float, of: str) -> None:
    link, f = LINKS[name], forward.F if of == "arrays" else functions.F
    at_eta = f_number(f, eta)
    number = float if of == "arrays" else tensor
    with mp.workdps(1000):
        p, rest = EXACT[name](mp.mpf(eta))
        # Of a cloglog of 40 the rest has 10^17 digits: its logarithm is -exp(eta).
        log_rest = -mp.exp(mp.mpf(eta)) if name == "cloglog" else mp.log(rest)
        log_p = mp.log(p) if rest > mp.mpf("1e-900") else -rest
    both = link.logs(f, at_eta)
    assert both is not None
    assert number(link.mean(f, at_eta)) == pytest.approx(float(p), rel=1e-12, abs=1e-300)
    assert number(both[0]) == pytest.approx(float(log_p), rel=1e-12, abs=1e-300)
    assert number(both[1]) == pytest.approx(float(log_rest), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("name", LINKS)
def test_a_link_and_its_inverse_undo_each_other(name: str) -> None:
    for mean in (0.02, 0.4, 0.97):
        eta = LINKS[name].forward(mean)
        assert float(LINKS[name].mean(forward.F, np.asarray(eta))) == pytest.approx(mean)


def test_links_without_a_probability_have_no_logarithms() -> None:
    assert {name for name, link in LINKS.items() if not link.is_probability} == {"log", "identity"}
    assert LINKS["log"].logs(forward.F, np.zeros(1)) is None


# Arrays and tensors.


@pytest.mark.parametrize("family", FAMILIES)
def test_arrays_and_tensors_agree(family: str) -> None:
    y, points = ORDINARY[family]
    for point in points:
        given = at(family, point, functions.F)
        value = FAMILIES[family].log_density(functions.F, pt.as_tensor(y.astype(float)), given)
        tensors = pytensor.function([], value, mode="FAST_COMPILE")()
        assert tensors == pytest.approx(log_density(family, y, point), rel=1e-11, abs=1e-11)


FAR_GRADIENTS: list[tuple[str, float, Point]] = [
    ("negative_binomial", 3.0, {"mean": 1e-17, "dispersion": 1e10}),
    ("negative_binomial", 0.0, {"mean": 1e6, "dispersion": 1e-6}),
    ("zero_inflated_poisson", 0.0, {"mean": 1e6, "zero_inflation": 0.5}),
    ("hurdle_negative_binomial", 1e6, {"mean": 1e-17, "dispersion": 1e10, "hurdle": 0.5}),
    ("beta_binomial", 1.0, {"eta": -40.0, "trials": 1_000_000, "concentration": 1e10}),
    ("beta_binomial", 1.0, {"eta": 40.0, "trials": 5, "concentration": 1e-6}),
    ("bernoulli", 1.0, {"eta": -40.0, "link": "cloglog"}),
    ("bernoulli", 0.0, {"eta": -40.0, "link": "probit"}),
    ("gamma", 1e-12, {"mean": 4e-18, "shape": 1e8}),
    ("student_t", 1e9, {"mean": 1.0, "sigma": 2.0, "nu": 1e10}),
]


@pytest.mark.parametrize(("family", "y", "point"), FAR_GRADIENTS)
def test_gradients_far_out_are_numbers(family: str, y: float, point: Point) -> None:
    where = "eta" if FAMILIES[family].is_share else "mean"
    moved = pt.dscalar("moved")
    own = {name: pt.as_tensor(float(point[name])) for name in FAMILIES[family].own}
    link = LINKS[point.get("link", "logit" if where == "eta" else "identity")]
    trials = None if "trials" not in point else pt.as_tensor(float(point["trials"]))
    given = Given.of_own(functions.F, own, {}).with_mean(functions.F, link, moved, trials)
    value = FAMILIES[family].log_density(functions.F, pt.as_tensor(y), given)
    gradients = pt.grad(value, [moved, *own.values()])
    found = pytensor.function([moved], gradients, mode="FAST_COMPILE")(point[where])
    assert np.all(np.isfinite(found))


@pytest.mark.parametrize(
    ("family", "told"),
    [("poisson", [0.0, 1.0, 400.0]), ("negative_binomial", [0.0, 1.0 / 1.5, 400.0 / 201.0])],
)
def test_counts_steer_the_sampler_by_what_their_family_says(family: str, told: list[float]) -> None:
    # Creators of many Poisson counts were sampled as if little was known of them: 628 effective
    # draws of 4,000 on a table that gives 2,000 now.
    y, exposure = np.array([0.0, 1.0, 400.0]), np.array([10.0, 20.0, 30.0])
    working = FAMILIES[family].working(y, exposure)
    np.testing.assert_allclose(working.information, told)
    np.testing.assert_allclose(working.base, exposure)


@pytest.mark.parametrize("family", ["hurdle_poisson", "hurdle_negative_binomial"])
def test_zeros_behind_a_hurdle_are_no_part_of_a_levels_rate(family: str) -> None:
    working = FAMILIES[family].working(np.array([0.0, 3.0]), np.array([10.0, 20.0]))
    assert working.total.sum() / working.base.sum() == pytest.approx(3.0 / 20.0)
