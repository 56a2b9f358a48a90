"""Pareto k of many rows is ArviZ's of each, whatever the ratios are like."""

from __future__ import annotations

import numpy as np
import pytest
from arviz_stats.base import array_stats

from attribution import tails
from attribution.design.types import Floats
from attribution.tails import pareto_k


def difficult(draws: int) -> Floats:
    """Return rows of log ratios with light, heavy and hopeless tails; (row, draw)."""
    rng = np.random.default_rng(draws)
    rows = [rng.normal(size=draws) * scale for scale in (1e-3, 0.1, 1.0, 3.0, 10.0, 100.0)]
    rows += [rng.exponential(size=draws) * scale for scale in (0.2, 0.5, 1.0, 2.0)]
    rows += [-rng.gamma(0.3, size=draws), np.round(rng.normal(size=draws)), rng.random(draws) - 1e4]
    return np.stack(rows)


def theirs(rows: Floats, efficiency: float) -> Floats:
    found = []
    for row in rows:
        try:
            with np.errstate(all="ignore"):
                found.append(float(array_stats.psislw(-row, r_eff=efficiency)[1]))
        except ValueError:
            found.append(np.nan)
    return np.asarray(found)


@pytest.mark.parametrize("draws", [30, 101, 400, 2000, 4000])
@pytest.mark.parametrize("efficiency", [0.03, 0.3, 1.0, 1.4])
def test_numbers_are_those_of_arviz(draws: int, efficiency: float) -> None:
    rows = difficult(draws)
    expected = theirs(rows, efficiency)
    np.testing.assert_allclose(pareto_k(rows, efficiency), expected, rtol=1e-9, atol=1e-12)
    assert np.ptp(expected[np.isfinite(expected)]) > 1.0


def test_many_rows_are_told_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = difficult(300)
    whole = pareto_k(rows, 0.8)
    monkeypatch.setattr(tails, "NUMBERS", 1)
    assert np.array_equal(pareto_k(rows, 0.8), whole, equal_nan=True)


def test_of_a_generalised_pareto_its_shape_is_found() -> None:
    rng = np.random.default_rng(3)
    for shape in (0.2, 0.5, 0.9):
        ratios = rng.random((40, 20_000)) ** -shape
        found = pareto_k(np.log(ratios), 1.0)
        assert abs(np.mean(found) - shape) < 3.0 * np.std(found) / np.sqrt(40) + 0.02


@pytest.mark.parametrize(
    "rows",
    [
        np.zeros((1, 1000)),
        np.full((1, 1000), np.nan),
        np.append(np.zeros(999), np.nan)[None],
        np.random.default_rng(0).normal(size=(1, 20)),
    ],
    ids=["all the same", "no numbers", "one is no number", "too few"],
)
def test_where_there_is_no_tail_there_is_no_number(rows: Floats) -> None:
    assert np.isnan(pareto_k(rows, 1.0)).all()


def test_a_row_without_a_tail_takes_none_from_the_others() -> None:
    rows = difficult(500)
    rows[3] = 0.0
    found = pareto_k(rows, 1.0)
    assert np.isnan(found[3])
    others = np.delete(np.arange(len(rows)), 3)
    np.testing.assert_array_equal(found[others], pareto_k(rows[others], 1.0))
