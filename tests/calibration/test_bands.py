"""Bands of ranks hold as often as they say, and known departures are told at stated rates."""

from __future__ import annotations

import numpy as np
import pytest

from proofs.calibration.bands import band, chance, each, ecdf
from proofs.calibration.summary import astray, figure, power, spread

COUNT = 100


def uniform(seed: int, sets: int, count: int = COUNT) -> np.ndarray:
    return np.random.default_rng(seed).random((sets, count))


def test_uniform_ranks_stay_as_often_as_stated() -> None:
    stayed = [chance(ranks) >= 0.05 for ranks in uniform(1, 2000)]
    assert np.mean(stayed) == pytest.approx(0.95, abs=0.02)


def test_the_band_is_where_the_chance_is_at_its_limit() -> None:
    found = band(COUNT, 0.05)
    for ranks in uniform(2, 300):
        curve = ecdf(ranks, found.points)
        inside = bool(np.all((found.low <= curve) & (curve <= found.high)))
        assert inside == (chance(ranks) > 0.05)


def test_many_figures_stay_together_as_often_as_stated() -> None:
    figures, models = 20, 200
    limit = each(figures)
    sets = uniform(3, figures * models).reshape(models, figures, COUNT)
    kept = [min(chance(ranks) for ranks in of) >= limit for of in sets]
    assert np.mean(kept) == pytest.approx(0.95, abs=0.045)


@pytest.mark.parametrize(
    ("what", "alpha", "beta"),
    [("too narrow", 0.6, 0.6), ("too wide", 1.8, 1.8), ("too high", 1.0, 1.6)],
)
def test_known_departures_are_caught(what: str, alpha: float, beta: float) -> None:
    rng = np.random.default_rng(4)
    caught = [chance(rng.beta(alpha, beta, COUNT)) < 0.05 for _ in range(200)]
    assert np.mean(caught) > 0.8, what


def test_ranks_of_ties_are_spread_evenly() -> None:
    """Truth and draws of 0 or 1 alike: as many ties as can be, and still uniform."""
    rng = np.random.default_rng(5)
    ranks = []
    for number in range(1000):
        truth, draws = rng.integers(0, 2), rng.integers(0, 2, 19)
        below, equal = int(np.sum(draws < truth)), int(np.sum(draws == truth))
        ranks.append(spread(number, "share", below, equal, 19))
    assert chance(np.asarray(ranks)) > 0.01


def test_power_grows_with_replicates_and_names_what_strays() -> None:
    rng = np.random.default_rng(6)
    found = [
        figure("fine", range(100), rng.random(100)),
        figure("too high", range(100), rng.beta(1.0, 2.0, 100)),
    ]
    assert [one.name for one in astray(found)] == ["too high"]
    told = power(found, range(100))
    assert told.figure == "too high"
    assert told.share[10] < told.share[50] <= told.share[100] == 1.0
    assert told.first is not None
    assert 10 <= told.first <= 60


def test_a_calibrated_model_has_no_power() -> None:
    found = [figure(f"{k}", range(COUNT), ranks) for k, ranks in enumerate(uniform(7, 10))]
    assert astray(found) == []
    assert power(found, range(COUNT)).first is None
