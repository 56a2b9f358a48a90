"""The quick look: it finds posteriors that are known, agrees with NUTS, and says when it cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pymc as pm
import pytest
from scipy import integrate, stats

from attribution.approximation import particles
from attribution.approximation.mode import find_mode
from attribution.approximation.proposal import Few, Proposal
from attribution.approximation.sample import sample
from attribution.approximation.skewed import Skewed, fit_skewed
from attribution.data import AnalysisTable
from attribution.density.compiled import compile_model
from attribution.density.nuts import Draws
from attribution.design import build_design
from attribution.design.types import Floats
from attribution.draws import stack
from attribution.errors import InputError
from attribution.fitting import fit
from attribution.manifest import Method
from attribution.model import build_model, kept
from attribution.quantities.compare import compare
from attribution.run import Run
from attribution.sampling import Settings, compile_density, posterior
from attribution.spec import read_spec

RNG = np.random.default_rng(5)


def quick(model: pm.Model, seed: int = 1) -> Draws:
    """Return draws from an approximation of a model."""
    compiled = compile_model(model, kept(model), 4, apart=True)
    return sample(compiled, draws=1000, chains=4, seed=seed, progress=lambda _done, _total: None)


def gamma_normal() -> pm.Model:
    """Return a standard deviation and effects that the data tell nothing of, and a skewed rate."""
    with pm.Model() as model:
        pm.HalfNormal("sd", 0.5)
        pm.Gamma("rate", 1.5, 2.0)
        pm.Normal("effects", 0.0, 1.0, shape=30)
        pm.Dirichlet("share", np.ones(3))
    return model


@cache
def known() -> Draws:
    return quick(gamma_normal())


@pytest.mark.parametrize(
    ("name", "distribution"),
    [
        ("sd", stats.halfnorm(scale=0.5)),
        ("rate", stats.gamma(1.5, scale=0.5)),
        ("effects", stats.norm()),
        ("share", stats.beta(1.0, 2.0)),
    ],
)
def test_posteriors_that_are_known_are_found(name: str, distribution: stats.rv_frozen) -> None:
    values = known().values[name].reshape(4000, -1)
    for quantile in (0.055, 0.25, 0.5, 0.75, 0.945):
        below = np.mean(values <= distribution.ppf(quantile), axis=0)
        # 1,000 effective draws are fewer than there are; five standard errors over many figures.
        error = np.sqrt(quantile * (1.0 - quantile) / 1000.0)
        assert np.abs(below - quantile).max() < 5.0 * error, quantile


def narrowing() -> pm.Model:
    """Return effects whose density has no bound where their standard deviation goes to 0."""
    with pm.Model() as model:
        log_sd = pm.Normal("log_sd", 0.0, 3.0)
        pm.Normal("effects", 0.0, pm.math.exp(log_sd), shape=9)
    return model


def rising() -> pm.Model:
    """Return unknowns whose density soon rises beyond what numbers hold, and its slope with it."""
    with pm.Model() as model:
        rate = pm.Normal("rate", 0.0, 1.0, shape=3)
        pm.Potential("rise", pm.math.exp(rate).sum())
    return model


@pytest.mark.parametrize("without_peak", [narrowing, rising])
def test_a_density_without_a_peak_is_not_passed(without_peak: Callable[[], pm.Model]) -> None:
    with pytest.raises(InputError, match="no single peak"):
        quick(without_peak())


def test_a_posterior_far_from_normal_has_a_high_pareto_k() -> None:
    with pm.Model() as model:
        log_sd = pm.Normal("log_sd", 0.0, 1.0)
        pm.Normal("effects", 0.0, pm.math.exp(log_sd), shape=9)
    assert quick(model).statistics["pareto_k"].max() > 0.7


def skewed() -> Skewed:
    return Skewed(
        mode=np.array([0.5, -2.0]),
        scales=np.array([[0.4, 2.0], [1.5, 0.5]]),
        freedom=np.array([[4.0, 20.0], [9.0, 5.0]]),
    )


@pytest.mark.parametrize("axis", [0, 1])
def test_skewed_axes_have_the_density_that_they_are_drawn_from(axis: int) -> None:
    of = skewed()

    def density(y: float) -> float:
        return float(np.exp(of.log_density(np.full((1, 2), y)))[0, axis])

    middle = of.mode[axis]
    parts = [(-np.inf, middle - 1.0), (middle - 1.0, middle), (middle, middle + 1.0)]
    masses = [integrate.quad(density, *part)[0] for part in parts]
    drawn = of.draw(200_000, RNG)[:, axis]
    edges = np.cumsum(masses)
    assert integrate.quad(density, middle + 1.0, np.inf)[0] + edges[-1] == pytest.approx(1.0)
    for edge, mass in zip((middle - 1.0, middle, middle + 1.0), edges, strict=True):
        assert np.mean(drawn <= edge) == pytest.approx(mass, abs=0.006)


def test_the_halves_meet_at_the_same_height() -> None:
    of = skewed()
    near = [of.log_density(of.mode[None] + step) for step in (-1e-9, 1e-9)]
    assert near[0] == pytest.approx(near[1], abs=1e-6)


def test_slopes_are_those_of_the_density() -> None:
    of, y = skewed(), np.array([[0.1, -3.0], [0.6, -1.9], [5.0, 4.0]])
    stated = np.concatenate([of.mode[None], np.log(of.scales), np.log(of.freedom)])

    def density(changed: Floats) -> Floats:
        scales, freedom = np.exp(changed[1:3]), np.exp(changed[3:5])
        return Skewed(changed[0], scales, freedom).log_density(y)

    for k, slopes in enumerate(of.slopes(y)):
        step = np.zeros_like(stated)
        step[k] = 1e-6
        differences = (density(stated + step) - density(stated - step)) / 2e-6
        np.testing.assert_allclose(slopes, differences, rtol=1e-6, atol=1e-8)


def test_a_skewed_distribution_is_found_again() -> None:
    of = skewed()
    points = of.draw(40_000, RNG)
    # Points of another distribution, weighed towards this one.
    wide = 3.0 * RNG.standard_t(3, size=points.shape)
    log_ratio = (of.log_density(wide) - stats.t(3, scale=3.0).logpdf(wide)).sum(axis=1)
    for x, log_weights in ((points, np.zeros(len(points))), (wide, log_ratio)):
        weights = np.exp(log_weights - log_weights.max())
        found = fit_skewed(x, weights / weights.sum())
        # Kullback-Leibler divergence from the truth, axis by axis.
        divergence = np.mean(of.log_density(points) - found.log_density(points), axis=0)
        assert np.max(divergence) < 0.02


def test_a_proposal_has_the_density_that_it_is_drawn_from() -> None:
    """The mean of any density over that of the proposal is 1, constants and all."""
    few = Skewed(np.array([0.2, -0.1]), np.array([[1.3, 0.8], [0.9, 1.5]]), np.full((2, 2), 6.0))
    proposal = Proposal(
        mode=np.zeros(3),
        where=np.arange(3),
        factor=np.eye(3),
        few=Few(np.array([0.5, 0.0]), np.array([[1.4, 0.0], [0.6, 0.7]]), few),
        scales=np.array([[1.2], [0.9]]),
    )
    y = proposal.draw(200_000, RNG)
    ratio = np.exp(stats.norm(scale=0.8).logpdf(y).sum(axis=1) - proposal.log_density(y))
    assert ratio.mean() == pytest.approx(1.0, abs=5.0 * ratio.std() / np.sqrt(len(y)))
    assert 5.0 * ratio.std() / np.sqrt(len(y)) < 0.03


def test_weights_make_proposals_into_draws_of_the_density() -> None:
    with pm.Model() as model:
        pm.Normal("x", 0.3, 1.0, shape=2)
    compiled = compile_model(model, kept(model), 2)
    few = Skewed(np.zeros(2), np.full((2, 2), 1.3), np.full((2, 2), 5.0))
    proposal = Proposal(
        mode=np.zeros(2),
        where=np.arange(2),
        factor=np.array([[1.0, 0.0], [0.5, 0.8]]),
        few=Few(np.zeros(2), np.eye(2), few),
        scales=np.empty((2, 0)),
    )
    rounds = particles.Rounds(compiled.density)
    narrow = replace(proposal, few=replace(proposal.few, factor=0.5 * np.eye(2)))
    # Weights of the narrow one alone would have no variance, so heavy is their tail.
    for each, count in ((narrow, 10_000), (proposal, 30_000)):
        rounds.add(each, count, RNG)
    found = rounds.weighted()
    x = proposal.points(found.y)
    assert found.pareto_k < 0.5
    assert found.weights @ x == pytest.approx([0.3, 0.3], abs=0.03)
    assert found.weights @ (x - 0.3) ** 2 == pytest.approx([1.0, 1.0], abs=0.05)
    assert found.weights @ (x - 0.3) ** 4 == pytest.approx([3.0, 3.0], abs=0.35)


@pytest.mark.parametrize(
    ("log_ratio", "k", "ess"),
    [
        (np.zeros(4000), -np.inf, 4000.0),
        (-1000.0 * np.arange(4000.0), np.inf, 1.0),
        (np.where(np.arange(4000) < 2, 0.0, -np.inf), np.inf, 2.0),
        (np.full(4000, -np.inf), np.inf, 0.0),
    ],
    ids=["all the same", "one has it all", "two have it all", "none has any"],
)
def test_weights_without_a_tail_are_good_only_where_they_are_even(
    log_ratio: np.ndarray, k: float, ess: float
) -> None:
    weights, found = particles.smoothed(log_ratio)
    assert found == k
    assert particles.Weighted(np.empty((4000, 0)), weights, found).ess == pytest.approx(ess)


@pytest.mark.parametrize("axes", [1, 3, 12, 60])
def test_a_move_does_not_go_to_the_other_side(axes: int) -> None:
    """Copies would meet again there, at minus where they began."""
    with pm.Model() as model:
        pm.Normal("x", shape=axes)
    compiled = compile_model(model, kept(model), 2)
    start = np.random.default_rng(1).normal(size=(500, axes))
    copies = np.repeat(start, 2, axis=0)
    points, _ = particles.spread(
        compiled.density, copies, np.eye(axes), 2.0, np.random.default_rng(2), lambda: None
    )
    one, other = points[::2], points[1::2]
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.3


def test_copies_are_counted_in_the_tail_where_most_are() -> None:
    y = np.stack([np.arange(1000.0), np.zeros(1000)], axis=1)
    even = particles.Weighted(y, np.full(1000, 0.001), 0.0)
    assert particles.most_copies(even, 2, 2000) == pytest.approx(2.0)
    weights = np.full(1000, 0.951 / 951)
    # One point has nearly all of what lies above the 95 % quantile of the first axis.
    weights[951:] = 0.0
    weights[999] = 0.049
    uneven = particles.Weighted(y, weights, 0.0)
    assert particles.most_copies(uneven, 1, 2000) == pytest.approx(98.0, rel=0.1)
    assert particles.most_copies(uneven, 0, 2000) < 10.0


def test_resampling_is_in_proportion_and_keeps_copies_together() -> None:
    weights = np.array([0.1, 0.0, 0.55, 0.05, 0.3])
    chosen = particles.resample(weights, 1000, RNG)
    assert np.bincount(chosen, minlength=5) == pytest.approx(1000 * weights, abs=1.0)
    assert np.all(np.diff(chosen) >= 0)


def test_moves_leave_the_density_as_it_is_and_part_copies() -> None:
    with pm.Model() as model:
        pm.StudentT("x", 5.0, mu=0.0, sigma=1.0, shape=3)
    compiled = compile_model(model, kept(model), 2)
    start = np.repeat(stats.t(5).rvs(size=(4000, 3), random_state=3), 5, axis=0)
    points, accepted = particles.spread(
        compiled.density, start, np.eye(3), 5.0, np.random.default_rng(4), lambda: None
    )
    assert 0.6 < accepted.mean() < 1.0
    assert abs(np.corrcoef(start[:, 0], points[:, 0])[0, 1]) < 0.4
    for quantile in (0.01, 0.1, 0.5, 0.9, 0.99):
        # 20,000 points, of which 4,000 began apart.
        error = np.sqrt(quantile * (1.0 - quantile) / 4000.0)
        assert np.mean(points <= stats.t(5).ppf(quantile)) == pytest.approx(quantile, abs=3 * error)


def test_a_corner_at_the_start_is_left() -> None:
    """Interpolated features have corners, where the gradient of a slope may be 0."""
    with pm.Model() as model:
        x = pm.Normal("x", 0.0, 1.0, shape=3)
        # Hat functions at -1, 0 and 1, as linear interpolation is made of: a slope of 0.4.
        hats = [pm.math.maximum(0.0, 1.0 - pm.math.abs(x - node)) for node in (-1.0, 0.0, 1.0)]
        pm.Potential("slope", pm.math.sum(0.4 * (hats[2] - hats[0])))
    compiled = compile_model(model, kept(model), 2)
    assert compiled.density(np.zeros(3))[1] == pytest.approx(np.zeros(3))
    mode = find_mode(compiled.density, np.zeros(3))
    assert mode is not None
    assert mode.point == pytest.approx(np.full(3, 0.4), abs=1e-4)


def test_the_mode_and_its_curvature_are_those_of_a_normal() -> None:
    covariance = np.array([[1.0, 0.9], [0.9, 2.0]])
    with pm.Model() as model:
        x = pm.Normal("x", 0.0, 100.0, shape=2)
        off = [x[0] - 3.0, x[1] + 1.0]
        told = np.linalg.inv(covariance)
        square = sum(off[i] * told[i, j] * off[j] for i in range(2) for j in range(2))
        pm.Potential("normal", -0.5 * square)
    compiled = compile_model(model, kept(model), 2)
    mode = find_mode(compiled.density, compiled.start)
    assert mode is not None
    assert mode.point == pytest.approx([3.0, -1.0], abs=1e-3)
    assert mode.covariance == pytest.approx(covariance, rel=1e-3)


def test_many_points_are_evaluated_as_one_is() -> None:
    compiled = compile_model(gamma_normal(), ["sd", "rate", "effects"], 2)
    points = compiled.start + RNG.uniform(-1.0, 1.0, (50, len(compiled.start)))
    one = [compiled.density(point) for point in points]
    values, outputs = compiled.density.values_and_outputs(points)
    assert list(values) == [value for value, _, _ in one]
    assert np.array_equal(outputs, [gradient for _, gradient, _ in one])
    assert np.array_equal(compiled.density.values(points), values)
    assert np.array_equal(
        compiled.expand.outputs(points), [compiled.expand(point)[1] for point in points]
    )


@pytest.fixture(scope="module")
def quick_run(fitted_table: AnalysisTable) -> Run:
    """Return a quick look at the brand that the suite also samples."""
    return fit("additive", fitted_table, method="approximate", seed=3)


def test_a_quick_look_agrees_with_nuts(fitted_table: AnalysisTable) -> None:
    """On the same density: late orders as the quick look takes them."""
    order = fitted_table.tier_order
    design = build_design(read_spec("additive"), fitted_table.frame, level_order=order)
    model = build_model(design, matched=True)
    found = {}
    for method in get_args(Method):
        draw, way = compile_density(model, 2, method)
        assert way == "native"
        settings = Settings(draws=1000, chains=2, seed=4, method=method)
        tree, *_ = posterior(model, draw, settings, lambda _stage, _done, _total: None)
        found[method] = stack(tree["posterior"].to_dataset())
    for name, exact in found["nuts"].items():
        near, spread = found["approximate"][name], exact.std(axis=0)
        # Of 2,000 draws each, of which a few hundred are effective for some; over many figures.
        off = np.abs(near.mean(axis=0) - exact.mean(axis=0)) / spread
        assert np.max(off) < 0.25, name
        assert near.std(axis=0) / spread == pytest.approx(np.ones_like(spread), abs=0.25), name


def test_a_quick_look_says_what_it_is(quick_run: Run) -> None:
    manifest = quick_run.manifest
    assert (manifest.method, manifest.tune, manifest.target_accept) == ("approximate", 0, None)
    assert (manifest.chains, manifest.draws) == (4, 500)
    checks = {check.name: check for check in manifest.health}
    assert checks["approximation (Pareto k)"].status == "pass"
    assert checks["late orders (approximate)"].status == "warn"
    assert not {"convergence (R-hat)", "divergences", "energy (BFMI)"} & checks.keys()
    for table in (quick_run.effects(), quick_run.contributions(), quick_run.roi()):
        assert set(table["method"]) == {"approximate"}
    for name in ("forest", "contributions", "roi", "density", "response", "predictive", "trace"):
        chart = getattr(quick_run.charts, name)()
        assert "Approximate fit" in chart.title.subtitle[0], name
        assert chart.description.startswith("Approximate fit"), name


def test_the_same_seed_gives_the_same_quick_look(
    fitted_table: AnalysisTable, quick_run: Run
) -> None:
    again = fit("additive", fitted_table, method="approximate", seed=3)
    for name, values in again.draws.items():
        assert np.array_equal(values, quick_run.draws[name]), name


def test_a_report_of_a_quick_look_says_so_above_everything(quick_run: Run, tmp_path: Path) -> None:
    text = quick_run.report(tmp_path / "report.html", unhealthy=True).read_text(encoding="utf-8")
    assert text.index("Approximate fit") < text.index("<h2")
    assert "proposed by an approximation" in text


def test_a_comparison_says_which_run_is_approximate(quick_run: Run, additive_run: Run) -> None:
    table = compare([quick_run, additive_run])
    assert dict(zip(table["model"], table["method"], strict=True)) == {
        quick_run.name + " (1)": "approximate",
        additive_run.name + " (2)": "nuts",
    }


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"method": "laplace"}, "there is no such method"),
        ({"method": "approximate", "target_accept": 0.9}, "only NUTS has a target acceptance"),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    fitted_table: AnalysisTable, options: dict[str, Any], told: str
) -> None:
    with pytest.raises(InputError, match=told):
        fit("additive", fitted_table, **options)


def test_too_many_unknowns_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("attribution.approximation.sample.MOST_UNKNOWNS", 30)
    with pytest.raises(InputError, match=r"has 34 unknowns.*--method nuts"):
        quick(gamma_normal())


def test_a_model_that_is_not_compiled_here_is_refused() -> None:
    with pm.Model() as model:
        x = pm.Normal("x", shape=(2, 2))
        pm.Potential("step", pm.math.sum(pm.math.dot(x, x)))
    with pytest.raises(InputError, match=r"not compiled here .* cannot be approximated"):
        compile_density(model, 2, "approximate")
