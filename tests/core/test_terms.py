"""What every kind of term adds, by hand; its priors; and one formula for model and draws."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pymc as pm
import pytest
from scipy import stats
from support import grammar
from support.points import AtPoints, Draws, at_points

from attribution import forward
from attribution.design import build_design
from attribution.design.bases import Basis
from attribution.spec.priors import Prior
from attribution.spec.terms import GaussianProcess, Spline
from attribution.spec.terms.smooth import BOUNDARY, SINES

TABLE = grammar.table()
CONSTANT = '[[mean.terms]]\nkind = "intercept"\n'
NORMAL = '{ name = "normal", mu = 0, sigma = 1 }'


@cache
def points(terms: str, family: str = "normal", centre: str = "all", own: str = "") -> AtPoints:
    spec = grammar.spec(family, terms=terms, centre=centre, own=own)
    return at_points(build_design(spec, TABLE))


def drawn(at: AtPoints, count: int = 5) -> Draws:
    return at.evaluate(at.prior(count))[1]


def draw(at: AtPoints, name: str, count: int) -> np.ndarray:
    """Draw something that follows from unknowns from the prior."""
    return np.asarray(pm.draw(at.model[name], count, random_seed=4, mode="FAST_COMPILE"))


def adds(term: str, centre: str = "all") -> tuple[np.ndarray, Draws]:
    """Return what a term adds besides a constant, and the draws; (draw, post)."""
    at = points(CONSTANT + term, centre=centre)
    draws = drawn(at)
    total = forward.sum_of_terms(at.design, draws, "mean")
    return total - draws["intercept"][:, None], draws


def column(name: str) -> np.ndarray:
    return TABLE.get_column(name).to_numpy()


def less_mean(name: str) -> np.ndarray:
    return column(name) - column(name).mean()


def where(name: str, *levels: str) -> np.ndarray:
    """Position of each post's level."""
    return np.asarray([levels.index(level) for level in TABLE.get_column(name)])


@pytest.mark.parametrize("centre", ["all", "intercept", "none"])
def test_linear(centre: str) -> None:
    added, draws = adds('[[mean.terms]]\nkind = "linear"\nfeature = "x"\n', centre)
    x = column("x") if centre == "none" else less_mean("x")
    assert added == pytest.approx(draws["slope_f_x"][:, None] * x)


@pytest.mark.parametrize("centre", ["all", "intercept", "none"])
def test_an_offset_is_never_centred(centre: str) -> None:
    added, _ = adds('[[mean.terms]]\nkind = "offset"\nfeature = "o"\n', centre)
    assert added == pytest.approx(np.tile(column("o"), (5, 1)))


def test_categorical_against_the_first_level() -> None:
    added, draws = adds('[[mean.terms]]\nkind = "categorical"\nby = "kind"\n')
    b, c = draws["kind_difference"].T
    effect = np.stack([0.0 * b, b, c], axis=1)
    assert added == pytest.approx(effect[:, where("kind", "a", "b", "c")])


@pytest.mark.parametrize("reference", ["b", "c"])
def test_categorical_against_a_reference(reference: str) -> None:
    term = f'[[mean.terms]]\nkind = "categorical"\nby = "kind"\nreference = "{reference}"\n'
    added, draws = adds(term)
    effect = np.zeros((5, 3))
    effect[:, [k for k, level in enumerate("abc") if level != reference]] = draws["kind_difference"]
    assert added == pytest.approx(effect[:, where("kind", "a", "b", "c")])


@pytest.mark.parametrize("centre", ["all", "none"])
def test_categorical_of_a_feature(centre: str) -> None:
    term = '[[mean.terms]]\nkind = "categorical"\nby = "kind"\nof = "x"\n'
    added, draws = adds(term, centre)
    effect = np.column_stack([np.zeros(5), draws["kind_f_x_difference"]])
    x = column("x") if centre == "none" else less_mean("x")
    assert added == pytest.approx(effect[:, where("kind", "a", "b", "c")] * x)


ORDER = ("small", "middle", "large")


def test_monotone() -> None:
    term = '[[mean.terms]]\nkind = "monotone"\nby = "size"\norder = ["small", "middle", "large"]\n'
    added, draws = adds(term)
    whole, first = draws["size_whole"], draws["size_share"][:, 0]
    effect = np.stack([0.0 * whole, whole * first, whole], axis=1)
    assert added == pytest.approx(effect[:, where("size", *ORDER)])
    assert np.all(np.diff(effect, axis=1) * np.sign(whole)[:, None] >= 0)


def test_a_group_of_intercepts_and_slopes() -> None:
    term = """[[mean.terms]]
kind = "group"
by = "shop"
of = ["intercept", "x"]
effects = "exchangeable"
"""
    added, draws = adds(term)
    shop = where("shop", *"ABCDE")
    expected = draws["shop_effect"][:, shop] + draws["shop_f_x_effect"][:, shop] * less_mean("x")
    assert added == pytest.approx(expected)


def test_slopes_that_vary_are_not_centred_where_only_the_intercept_is() -> None:
    term = '[[mean.terms]]\nkind = "group"\nby = "shop"\nof = ["x"]\neffects = "exchangeable"\n'
    added, draws = adds(term, centre="intercept")
    expected = draws["shop_f_x_effect"][:, where("shop", *"ABCDE")] * column("x")
    assert added == pytest.approx(expected)


def test_levels_of_two_columns_together() -> None:
    term = """[[mean.terms]]
kind = "group"
by = ["kind", "size"]
of = ["intercept"]
effects = "zero_sum"
"""
    added, draws = adds(term)
    pairs = [f"{kind}:{size}" for kind, size in TABLE.select("kind", "size").rows()]
    levels = sorted(set(pairs))
    index = [levels.index(pair) for pair in pairs]
    assert added == pytest.approx(draws["kind_size_effect"][:, index])
    assert draws["kind_size_effect"].sum(axis=1) == pytest.approx(0.0, abs=1e-9)


def test_terms_of_an_own_parameter() -> None:
    own = f"""
[sigma]
[[sigma.terms]]
kind = "intercept"
[[sigma.terms]]
kind = "linear"
feature = "x"
prior = {NORMAL}
[[sigma.terms]]
kind = "group"
by = "shop"
of = ["intercept"]
effects = "exchangeable"
"""
    at = points(CONSTANT, own=own)
    draws = drawn(at)
    log_sigma = draws["sigma_intercept"][:, None] + draws["sigma_slope_f_x"][:, None] * less_mean(
        "x"
    )
    log_sigma = log_sigma + draws["sigma_shop_effect"][:, where("shop", *"ABCDE")]
    assert forward.given(at.design, draws).own["sigma"] == pytest.approx(np.exp(log_sigma))


# Curves.

LEFT = Prior("default", {})


def curve(term: Any, x: np.ndarray, at: np.ndarray | None = None) -> np.ndarray:
    return Basis(term, x, x if at is None else at).functions


def spline(functions: int = 10) -> Spline:
    return Spline("x", functions, sd=LEFT, slope=LEFT)


def process(functions: int = SINES, boundary: float = BOUNDARY) -> GaussianProcess:
    return GaussianProcess("x", functions, sd=LEFT, boundary=boundary, length_scale=LEFT)


def test_a_spline_is_a_line_plus_bends() -> None:
    added, draws = adds('[[mean.terms]]\nkind = "spline"\nfeature = "s"\nfunctions = 6\n')
    z = less_mean("s") / column("s").std()
    bends = curve(spline(6), column("s"))[:, 1:]
    line, *rest = draws["f_s_spline_coefficient"].T
    assert line == pytest.approx(draws["f_s_spline_slope"])
    assert added == pytest.approx(line[:, None] * z + np.stack(rest, axis=1) @ bends.T)


@pytest.mark.parametrize("kind", ["spline", "gp"])
def test_coefficients_of_curves_have_their_prior_in_whatever_units(kind: str) -> None:
    """Of 3,000 draws of the prior, each over its standard deviation: 1, five standard errors."""
    at = points(f'{CONSTANT}[[mean.terms]]\nkind = "{kind}"\nfeature = "t"\nfunctions = 6\n')
    _, draws = at.evaluate(at.prior(3000))
    if kind == "spline":
        units = draws["f_t_spline_coefficient"][:, 1:] / draws["f_t_spline_sd"][:, None]
    else:
        units = draws["f_t_gp_coefficient"] / roots(process(6), draws)
    assert units.std(axis=0) == pytest.approx(1.0, abs=5 / np.sqrt(6000))
    assert units.mean(axis=0) == pytest.approx(0.0, abs=5 / np.sqrt(3000))


X = np.sort(np.random.default_rng(2).gamma(2.0, 3.0, 300))


def test_without_bends_a_spline_is_a_straight_line() -> None:
    line, *bends = curve(spline(), X).T
    assert line == pytest.approx((X - X.mean()) / X.std())
    # Bends hold no line, so that a line is told by its coefficient alone.
    for bend in bends:
        assert bend.mean() == pytest.approx(0.0, abs=1e-9)
        assert bend @ line == pytest.approx(0.0, abs=1e-7)


def test_bends_have_a_standard_deviation_of_1_on_average() -> None:
    bends = curve(spline(), X)[:, 1:]
    assert np.mean(np.sum(bends**2, axis=1)) == pytest.approx(1.0)


def test_a_spline_follows_a_curve_within_a_hundredth() -> None:
    z = (X - X.min()) / np.ptp(X)
    wave = np.sin(2 * np.pi * z)
    functions = np.column_stack([np.ones(len(X)), curve(spline(14), X)])
    fitted = functions @ np.linalg.lstsq(functions, wave, rcond=None)[0]
    assert np.abs(fitted - wave).max() < 0.01


def test_bends_are_penalised_by_their_second_differences() -> None:
    """A prior of independent normal coefficients is the penalty of Eilers and Marx."""
    basis = Basis(spline(), X, X)
    turn, _, _ = basis._bends
    difference = np.diff(np.eye(10), n=2, axis=0) @ turn
    assert difference.T @ difference == pytest.approx(np.eye(8), abs=1e-9)


def test_a_gaussian_process_is_a_sum_of_sines() -> None:
    added, draws = adds('[[mean.terms]]\nkind = "gp"\nfeature = "t"\nfunctions = 8\n')
    coefficients = draws["f_t_gp_coefficient"]
    assert added == pytest.approx(coefficients @ curve(process(8), column("t")).T)


def roots(term: GaussianProcess, draws: Draws) -> np.ndarray:
    """Return the root of the covariance's spectral density at the sines' frequencies."""
    frequency = Basis(term, column("t"), column("t")).frequencies
    length, sd = draws["f_t_gp_length_scale"][:, None], draws["f_t_gp_sd"][:, None]
    density = sd**2 * length * np.sqrt(2 * np.pi) * np.exp(-0.5 * (length * frequency) ** 2)
    return np.sqrt(density)


SPREADS = {
    "even": np.linspace(0.0, 1.0, 60),
    "normal": np.random.default_rng(0).normal(size=60),
}


@pytest.mark.parametrize(
    ("length", "most"), [(0.3, 0.06), (0.5, 0.003), (1.0, 0.001), (1.5, 0.003), (2.0, 0.04)]
)
@pytest.mark.parametrize("spread", SPREADS)
def test_sines_have_the_covariance_of_the_process(spread: str, length: float, most: float) -> None:
    """The default basis, of a standard deviation of 1, less its mean over the posts.

    Short scales need more sines, long ones a wider interval.
    """
    x = SPREADS[spread]
    basis = Basis(process(), x, x)
    z = (x - x.mean()) / x.std()
    density = length * np.sqrt(2 * np.pi) * np.exp(-0.5 * (length * basis.frequencies) ** 2)
    ours = basis.functions * density @ basis.functions.T
    exact = np.exp(-0.5 * ((z[:, None] - z) / length) ** 2)
    less = np.eye(60) - 1.0 / 60
    assert np.abs(ours - less @ exact @ less).max() < most


# Priors of effects, whatever the form that is sampled.


def moved(at: AtPoints, name: str) -> tuple[Draws, Draws, list[Draws]]:
    """Return densities and draws at a point, and draws with one more of each of the unknowns."""
    free = {name: values[:1] for name, values in at.prior(2, seed=8).items()}
    density, draws = at.evaluate(free)
    raws = [f"{base}_raw" for base in name.split(",")]
    more = [at.evaluate(dict(free) | {raw: free[raw] + 1.0})[1] for raw in raws]
    return density, draws, more


OF_SHOPS = """[[mean.terms]]
kind = "linear"
feature = "x"
[[mean.terms]]
kind = "group"
by = "shop"
"""


@pytest.mark.parametrize("family", ["normal", "poisson", "bernoulli"])
@pytest.mark.parametrize("effects", ["exchangeable", "mean_one"])
def test_effects_have_the_prior_that_is_stated(effects: str, family: str) -> None:
    """Density of what is sampled: that of the effect times how fast the effect changes with it."""
    term = f'{OF_SHOPS}of = ["intercept"]\neffects = "{effects}"\n'
    density, draws, (more,) = moved(points(CONSTANT + term, family), "shop")
    sd, effect = draws["shop_sd"][0], draws["shop_effect"][0]
    speed = more["shop_effect"][0] - effect
    mean = -(sd**2) / 2 if effects == "mean_one" else 0.0
    expected = stats.norm.logpdf(effect, mean, sd) + np.log(speed)
    assert density["shop_raw"][0] == pytest.approx(expected)


def test_correlated_effects_have_the_prior_that_is_stated() -> None:
    """Jointly normal by level, with the covariance that spreads and correlations make."""
    term = f'{OF_SHOPS}of = ["intercept", "x", "s"]\neffects = "exchangeable"\n'
    term += 'correlation = { name = "lkj", eta = 2 }\n'
    names = ["shop", "shop_f_x", "shop_f_s"]
    density, draws, more = moved(points(CONSTANT + term), ",".join(names))
    sds = np.array([draws[f"{name}_sd"][0] for name in names])
    effects = np.stack([draws[f"{name}_effect"][0] for name in names])
    correlation = np.eye(3)
    for pair, value in zip(combinations(range(3), 2), draws["shop_correlation"][0], strict=True):
        correlation[pair] = correlation[pair[::-1]] = value
    jacobian = np.stack(
        [[one[f"{name}_effect"][0] - effects[k] for one in more] for k, name in enumerate(names)]
    )
    covariance = correlation * np.outer(sds, sds)
    for level in range(5):
        expected = stats.multivariate_normal(np.zeros(3), covariance).logpdf(effects[:, level])
        expected += np.linalg.slogdet(jacobian[:, :, level])[1]
        ours = sum(density[f"{name}_raw"][0][level] for name in names)
        assert ours == pytest.approx(expected)


@pytest.mark.parametrize("more", ["", 'correlation = { name = "lkj", eta = 2 }'])
def test_each_of_what_varies_has_the_prior_that_is_stated_for_it(more: str) -> None:
    term = f'{OF_SHOPS}of = ["intercept", "x"]\neffects = "exchangeable"\n{more}\n'
    term += 'sd = [{ name = "gamma", alpha = 4, beta = 2 }, { name = "half_normal", sigma = 5 }]\n'
    density, draws, _ = moved(points(CONSTANT + term), "shop")
    sds = draws["shop_sd"][0], draws["shop_f_x_sd"][0]
    assert density["shop_sd"][0] == pytest.approx(stats.gamma.logpdf(sds[0], 4, scale=0.5))
    assert density["shop_f_x_sd"][0] == pytest.approx(stats.halfnorm.logpdf(sds[1], scale=5))


def test_zero_sum_effects_have_the_variance_of_the_levels_less_their_mean() -> None:
    term = '[[mean.terms]]\nkind = "group"\nby = "shop"\nof = ["intercept"]\neffects = "zero_sum"\n'
    at = points(CONSTANT + term + 'sd = { name = "uniform", lower = 1.999, upper = 2.001 }\n')
    effects = draw(at, "shop_effect", 4000)
    covariance = np.cov(effects.T)
    # sd^2 (1 - 1 / levels) and -sd^2 / levels; 5 standard errors.
    expected = 4.0 * (np.eye(5) - 0.2)
    assert np.abs(covariance - expected).max() < 5 * 4.0 * np.sqrt(2 / 4000)


@pytest.mark.parametrize("eta", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("count", [2, 3, 4])
def test_correlations_have_the_marginals_of_lkj(count: int, eta: float) -> None:
    """(r + 1) / 2 ~ Beta(a, a) with a = eta - 1 + K / 2; Kolmogorov-Smirnov of 4,000 draws.

    One in 10,000 by chance for each correlation; the draws are fixed.
    """
    of = ["intercept", "x", "s", "t"][:count]
    term = f'[[mean.terms]]\nkind = "group"\nby = "shop"\nof = {of}\neffects = "exchangeable"\n'
    term = term.replace("'", '"') + f'correlation = {{ name = "lkj", eta = {eta} }}\n'
    at = points(CONSTANT + term)
    correlations = draw(at, "shop_correlation", 4000)
    assert correlations.shape == (4000, count * (count - 1) // 2)
    a = eta - 1.0 + count / 2.0
    for each in correlations.T:
        assert stats.kstest((each + 1.0) / 2.0, stats.beta(a, a).cdf).pvalue > 1e-4


# One formula for the model and for its draws.

OWN_TERMS = """
[{section}]
[[{section}.terms]]
kind = "intercept"
[[{section}.terms]]
kind = "categorical"
by = "kind"
[[{section}.terms]]
kind = "group"
by = "shop"
of = ["intercept"]
effects = "exchangeable"
"""
CASES = {
    "all kinds": ("normal", grammar.COMMON_TERMS, ""),
    "all kinds of a count": ("negative_binomial", grammar.COMMON_TERMS, ""),
    "all kinds of a share": ("beta_binomial", grammar.COMMON_TERMS, ""),
    "correlated and nested": ("poisson", grammar.VARYING_TERMS, ""),
    "correlated, of an event": ("bernoulli", grammar.VARYING_TERMS, ""),
    "zero inflation": ("zero_inflated_poisson", grammar.TERMS, "zero_inflation"),
    "hurdle": ("hurdle_negative_binomial", grammar.TERMS, "hurdle"),
    "dispersion": ("negative_binomial", grammar.TERMS, "dispersion"),
    "shape": ("gamma", grammar.TERMS, "shape"),
    "nu": ("student_t", grammar.TERMS, "nu"),
    "concentration": ("beta_binomial", grammar.TERMS, "concentration"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_models_density_is_that_computed_from_draws(case: str) -> None:
    family, terms, section = CASES[case]
    own = OWN_TERMS.format(section=section) if section else ""
    at = points(terms, family, own=own)
    densities, draws = at.evaluate(at.prior(8))
    ours = forward.log_likelihood(at.design, draws)
    assert ours.shape == (8, TABLE.height)
    outcome = at.design.spec.outcome.column
    assert ours == pytest.approx(densities[outcome], rel=1e-7, abs=1e-7)


PRIORED = """
[[mean.terms]]
kind = "intercept"
prior = { name = "student_t", nu = 3, mu = 1.5, sigma = 2.5 }
[[mean.terms]]
kind = "linear"
feature = "x"
prior = { name = "laplace", mu = 0.5, b = 2.5 }
[[mean.terms]]
kind = "categorical"
by = "kind"
prior = { name = "cauchy", alpha = 0, beta = 1.5 }
[[mean.terms]]
kind = "group"
by = "shop"
of = ["intercept"]
effects = "exchangeable"
sd = { name = "half_student_t", nu = 3, sigma = 2.5 }
"""
STATED: dict[str, Callable[[Any], Any]] = {
    "intercept": stats.t(3, 1.5, 2.5).logpdf,
    "slope_f_x": stats.laplace(0.5, 2.5).logpdf,
    "kind_difference": stats.cauchy(0.0, 1.5).logpdf,
    "shop_sd": lambda sd: np.log(2.0) + stats.t(3, 0.0, 2.5).logpdf(sd),
    "precision_sigma": stats.gamma(2.5, scale=1 / 1.5).logpdf,
}


def test_a_models_density_is_its_likelihood_times_its_priors() -> None:
    """All of it, with SciPy's priors and what the family says of each post.

    PyTensor computes constants of priors in single precision: 1e-6.
    """
    own = '\n[sigma]\nprior = { name = "gamma", alpha = 2.5, beta = 1.5, on = "precision" }\n'
    at = points(PRIORED, own=own)
    densities, draws = at.evaluate(at.prior(8))
    assert draws["sigma"] == pytest.approx(draws["precision_sigma"] ** -0.5)
    assert set(densities) == {*STATED, "shop_raw", "gain"}
    for name, log_density in STATED.items():
        assert densities[name] == pytest.approx(log_density(draws[name]), abs=1e-6)
