"""Whether a curve has a peak, and where: by hand, at known coefficients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from attribution.design import Design, build_design
from attribution.quantities.estimates import Quantity
from attribution.quantities.peak import CLEAR, peak_quantities
from attribution.spec import read_spec

RNG = np.random.default_rng(4)
FOLLOWERS = np.exp(RNG.normal(10.0, 1.0, 400))


def design() -> Design:
    table = pl.DataFrame(
        {
            "post_id": [f"p{k}" for k in range(400)],
            "creator_id": [f"c{k % 40}" for k in range(400)],
            "followers": FOLLOWERS.astype(np.int64),
            "reach": (0.2 * FOLLOWERS).astype(np.int64) + 1,
            "conversions": RNG.poisson(2.0, 400),
        }
    )
    return build_design(read_spec("goldilocks"), table)


def told(log_curve: np.ndarray) -> dict[str, Quantity]:
    """Return what is told of draws of a curve, given at the posts; (draw, post)."""
    built = design()
    functions = built.bases["size_spline"].functions
    straight = np.column_stack([np.ones(len(functions)), functions])
    coefficients = np.linalg.lstsq(straight, log_curve.T, rcond=None)[0][1:].T
    draws = {"size_spline_coefficient": coefficients}
    return {q.quantity: q for q in peak_quantities(built, draws)}


def size() -> np.ndarray:
    return np.log(design().table["followers"].to_numpy())


def test_a_parabola_has_its_peak_where_it_is() -> None:
    """Highest at exp(10.3); at the 5th and 95th percentile 0.8 (x - 10.3)^2 lower."""
    x = size()
    found = told(-0.8 * (x[None, :] - 10.3) ** 2)
    ends = np.log(np.quantile(np.exp(x), [0.05, 0.95]))
    assert found["peak_followers"].draws == pytest.approx(np.exp(10.3), rel=0.03)
    expected = np.exp(0.8 * np.min((ends - 10.3) ** 2))
    assert found["peak_over_ends_followers"].draws == pytest.approx(expected, rel=0.03)
    assert found["has_peak_followers"].draws.tolist() == [1.0]
    assert found["has_peak_followers"].answer == "there is a best number of followers"


@pytest.mark.parametrize("slope", [-0.5, 0.0, 0.5])
def test_a_line_has_no_peak(slope: float) -> None:
    x = size()
    found = told(slope * x[None, :])
    assert found["has_peak_followers"].answer == "there is no best number of followers"
    assert found["peak_followers"].answer == "cannot tell"
    ratio = np.log(np.quantile(np.exp(x), [0.05, 0.95]))
    expected = np.exp(slope * np.diff(ratio))
    assert found["ends_ratio_followers"].draws == pytest.approx(expected, rel=0.02)


def test_a_bump_that_is_not_clear_is_no_peak() -> None:
    x = size()
    low, high = np.log(np.quantile(np.exp(x), [0.05, 0.95]))
    middle, half = (low + high) / 2, (high - low) / 2
    for above, clear in ((CLEAR - 0.06, 0.0), (CLEAR + 0.06, 1.0)):
        found = told(-np.log(above) * ((x[None, :] - middle) / half) ** 2)
        assert found["has_peak_followers"].draws.tolist() == [clear]


def test_half_the_draws_with_a_peak_are_no_answer() -> None:
    x = size()
    curves = np.stack([-0.8 * (x - 10.0) ** 2, 0.2 * x])
    found = told(curves)
    assert found["has_peak_followers"].probability == pytest.approx(0.5)
    assert found["has_peak_followers"].answer == "cannot tell"
    assert found["peak_followers"].answer == "cannot tell"


def test_the_prior_alone_claims_no_peak() -> None:
    """Draws of the shipped prior: a clear peak is possible, and far from sure."""
    built = design()
    draws = 2000
    sd = np.abs(RNG.normal(0.0, 0.5, (draws, 1)))
    slope = RNG.normal(0.0, 0.5, (draws, 1))
    coefficients = np.hstack([slope, sd * RNG.normal(size=(draws, 8))])
    found = {
        q.quantity: q for q in peak_quantities(built, {"size_spline_coefficient": coefficients})
    }
    probability = found["has_peak_followers"].probability
    assert probability is not None
    low, high = stats.binom.interval(0.999, draws, probability)
    assert 0.05 < low / draws < high / draws < 0.5


def test_a_column_of_two_terms_has_no_peak_of_its_own() -> None:
    built = design()
    spec = built.spec
    twice = replace(spec, features=(*spec.features, replace(spec.features[0], name="again")))
    assert peak_quantities(replace(built, spec=twice), {}) == []
