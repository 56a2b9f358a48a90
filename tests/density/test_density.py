"""The compiled density is the model's own, to rounding."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
from numpy.typing import NDArray
from support import small
from support.densities import assert_same, points_around

from attribution.density.arrays import Map
from attribution.density.compiled import NativeModel, compile_model
from attribution.density.graph import density_graph
from attribution.density.lower import Lowering, NotLoweredError
from attribution.density.native import compile_code
from attribution.design import build_design
from attribution.model import build_model, kept
from attribution.spec import read_spec

RNG = np.random.default_rng(7)
Floats = NDArray[np.float64]


@pytest.mark.parametrize("late", [True, False], ids=["late orders", "no late orders"])
@pytest.mark.parametrize("name", ["additive", "engagement"])
def test_both_models_have_their_own_density(name: str, late: bool) -> None:
    frame = small.small().table.frame
    if not late:
        frame = frame.drop("carry_posts", "carry_shares")
    model = build_model(build_design(read_spec(name), frame))
    compiled = compile_model(model, kept(model))
    start = model.initial_point()
    expected = np.concatenate([np.ravel(start[of.name]) for of in compiled.inputs])
    np.testing.assert_allclose(compiled.start, expected, rtol=1e-12)
    assert_same(model, points_around(compiled.start, 0.0, 0.3, 1.0, 2.0), compiled)


def _posts(kind: Callable[..., object], y: NDArray[np.int64], **parameters: float) -> pm.Model:
    """A regression on two groupings with the outcome's family."""
    index = RNG.integers(0, 7, len(y))
    x = RNG.normal(size=len(y))
    with pm.Model() as model:
        level = pm.Normal("level", 0.0, pm.HalfNormal("sd", 1.0), shape=7)
        slope = pm.Normal("slope", 0.0, 1.0)
        eta = pm.Data("offset", RNG.normal(size=len(y))) + level[index] + slope * x
        kind(eta, y, **parameters)
    return model


def _negative_binomial(eta: object, y: NDArray[np.int64], scale: float = 1.0) -> None:
    alpha = pm.Deterministic("alpha", scale * pm.Exponential("over", 1.0))
    pm.NegativeBinomial("y", mu=pt.exp(eta), alpha=alpha, observed=y)


def _zero_inflated(eta: object, y: NDArray[np.int64]) -> None:
    psi = pm.Beta("psi", 2.0, 2.0)
    alpha = pm.Exponential("alpha", 1.0)
    pm.ZeroInflatedNegativeBinomial("y", psi=psi, mu=pt.exp(eta), alpha=alpha, observed=y)


def _hurdle(eta: object, y: NDArray[np.int64]) -> None:
    pm.HurdlePoisson("y", psi=pm.Beta("psi", 2.0, 2.0), mu=pt.exp(eta), observed=y)


def _beta_binomial(eta: object, y: NDArray[np.int64]) -> None:
    p, kappa = pm.math.sigmoid(eta), pm.Exponential("kappa", 0.1)
    pm.BetaBinomial("y", n=y.max(), alpha=p * kappa, beta=(1 - p) * kappa, observed=y)


COUNTS = RNG.negative_binomial(0.7, 0.1, 200)
HUGE = np.where(np.arange(200) % 50 == 0, 1_000_000, COUNTS)
FAMILIES: dict[str, Callable[[], pm.Model]] = {
    "poisson": lambda: _posts(lambda e, y: pm.Poisson("y", mu=pt.exp(e), observed=y), COUNTS),
    "negative binomial": lambda: _posts(_negative_binomial, COUNTS),
    "negative binomial, counts of a million": lambda: _posts(_negative_binomial, HUGE),
    "negative binomial, dispersion near 0": lambda: _posts(_negative_binomial, COUNTS, scale=1e-8),
    "negative binomial, dispersion 1e8": lambda: _posts(_negative_binomial, COUNTS, scale=1e8),
    "negative binomial, dispersion 1e12": lambda: _posts(_negative_binomial, COUNTS, scale=1e12),
    "negative binomial, no orders": lambda: _posts(_negative_binomial, np.zeros(200, int)),
    "zero-inflated negative binomial": lambda: _posts(_zero_inflated, COUNTS),
    "hurdle poisson": lambda: _posts(_hurdle, COUNTS),
    "binomial": lambda: _posts(
        lambda e, y: pm.Binomial("y", n=y.max(), p=pm.math.sigmoid(e), observed=y), COUNTS
    ),
    "bernoulli": lambda: _posts(
        lambda e, y: pm.Bernoulli("y", logit_p=e, observed=y), COUNTS.clip(0, 1)
    ),
    "beta-binomial": lambda: _posts(_beta_binomial, COUNTS),
    "normal": lambda: _posts(
        lambda e, y: pm.Normal("y", e, pm.HalfNormal("noise", 1.0), observed=y), COUNTS
    ),
    "student t": lambda: _posts(
        lambda e, y: pm.StudentT("y", nu=pm.Gamma("nu", 2.0, 0.1), mu=e, sigma=2.0, observed=y),
        COUNTS,
    ),
    "log-normal": lambda: _posts(
        lambda e, y: pm.LogNormal("y", e, pm.HalfNormal("noise", 1.0), observed=y), COUNTS + 1
    ),
    "gamma": lambda: _posts(
        lambda e, y: pm.Gamma(
            "y", alpha=(k := pm.Exponential("k", 1.0)), beta=k / pt.exp(e), observed=y
        ),
        COUNTS + 1,
    ),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_has_its_own_density(name: str) -> None:
    model = FAMILIES[name]()
    compiled = compile_model(model, [rv.name for rv in model.free_RVs])
    # log Gamma(y + alpha) - log Gamma(alpha) of 200 posts is lost in 200 log Gamma(1e8).
    largest = 200 * 1e8 * np.log(1e8) * 5 if "1e8" in name else 0.0
    assert_same(model, points_around(compiled.start, 0.0, 0.5, 1.5), compiled, largest)


def test_another_table_and_other_priors_run_the_same_code() -> None:
    def compiled(seed: int, posts: int, levels: int, prior: float) -> NativeModel:
        rng = np.random.default_rng(seed)
        y = np.append(rng.poisson(3.0, posts - 1), 0)
        index = rng.integers(0, levels, posts)
        with pm.Model() as model:
            level = pm.Normal("level", 0.1, pm.HalfNormal("sd", prior), shape=levels)
            eta = pm.Data("offset", rng.normal(size=posts)) + level[index]
            alpha = pm.Exponential("alpha", prior)
            pm.NegativeBinomial("y", mu=pt.exp(eta), alpha=alpha, observed=y)
        return compile_model(model, ["level", "sd", "alpha"])

    one = compiled(1, 300, 40, 0.7)
    before = compile_code.cache_info().misses
    other = compiled(2, 700, 90, 1.3)
    assert compile_code.cache_info().misses == before
    assert one.density.code == other.density.code
    assert one.expand.code == other.expand.code
    assert one.density(one.start)[0] != other.density(other.start)[0]


def test_costly_functions_are_evaluated_once_per_distinct_count() -> None:
    """Twenty times the posts, the same counts: log-gamma has the same arguments."""
    few, many = (lowered(_posts(_negative_binomial, np.repeat(COUNTS, times))) for times in (1, 20))
    distinct = len(np.unique(COUNTS))
    assert few == many == {"gammaln": {(), (distinct,)}, "psi": {(), (distinct,)}}


def lowered(model: pm.Model) -> dict[str, set[tuple[int, ...]]]:
    """Return the shapes at which costly functions are evaluated."""
    graph = density_graph(model, ["slope"])
    lowering = Lowering({v: stretch.start for v, stretch in graph.inputs.items()})
    found: dict[str, set[tuple[int, ...]]] = {}
    stack, seen = list(lowering.run(graph.density)), set()
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack += node.args
            if isinstance(node, Map) and node.function in ("gammaln", "psi"):
                found.setdefault(node.function, set()).add(node.shape)
    return found


def test_a_step_without_lowering_is_named() -> None:
    with pm.Model() as model:
        x = pm.Normal("x", shape=3)
        pm.Potential("sorted", pt.sum(pt.sort(x) * np.arange(3)))
    with pytest.raises(NotLoweredError, match="Sort"):
        compile_model(model, ["x"])


def test_threads_share_no_memory() -> None:
    """Enough posts for calls to run at the same time: the interpreter is not held."""
    model = _posts(_negative_binomial, np.repeat(COUNTS, 500))
    compiled = compile_model(model, ["slope"], threads=3)
    points = points_around(compiled.start, *np.linspace(0.0, 1.0, 20))
    alone = [compiled.density(point)[1] for point in points]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda point: compiled.density(point)[1], points * 5))
    for k, gradient in enumerate(together):
        np.testing.assert_array_equal(gradient, alone[k % len(points)])


@pytest.mark.parametrize(("mean", "support"), [(2.0, True), (-2.0, False)])
def test_outside_the_support_the_density_is_minus_infinity(mean: float, support: bool) -> None:
    """A gamma's shape that is negative leaves its density finite, but for PyMC's check."""
    with pm.Model() as model:
        shape = pm.Normal("shape", 0.0, 1.0)
        pm.Gamma("y", alpha=shape, beta=1.0, observed=[0.5, 1.5, 2.5])
    value, _, code = compile_model(model, ["shape"]).density(np.array([mean]))
    assert np.isfinite(value) if support else value == -np.inf
    assert code == (0 if support else 4)


@pytest.mark.parametrize("value", [np.nan, 1e3])
def test_what_is_not_finite_is_told_to_the_sampler(value: float) -> None:
    model = FAMILIES["poisson"]()
    compiled = compile_model(model, ["slope"])
    assert compiled.density(np.full(compiled.start.shape, value))[2] in (3, 4)
