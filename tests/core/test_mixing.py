"""R-hat, effective draws and Monte Carlo errors are ArviZ's, whatever the draws are like."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from arviz_stats.base import array_stats

from attribution import mixing
from attribution.design.types import Floats

AXES = {"chain_axis": 1, "draw_axis": 2}
BOTH: dict[str, tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]] = {
    "r_hat": (mixing.r_hat, lambda draws: array_stats.rhat(draws, **AXES)),
    "ess_bulk": (mixing.ess_bulk, lambda draws: array_stats.ess(draws, **AXES, method="bulk")),
    "ess_tail": (
        mixing.ess_tail,
        lambda draws: array_stats.ess(draws, **AXES, method="tail", prob=mixing.TAILS),
    ),
    "ess_mean": (mixing.ess_mean, lambda draws: array_stats.ess(draws, **AXES, method="mean")),
    "mcse_mean": (mixing.mcse_mean, lambda draws: array_stats.mcse(draws, **AXES, method="mean")),
}
each_number = pytest.mark.parametrize("name", BOTH)


def wandering(rows: int, chains: int, draws: int, correlation: float) -> Floats:
    """Return stationary normal draws, each correlated with the one before; (row, chain, draw)."""
    rng = np.random.default_rng(draws)
    values = rng.normal(size=(rows, chains, draws))
    for k in range(1, draws):
        values[..., k] *= np.sqrt(1.0 - correlation**2)
        values[..., k] += correlation * values[..., k - 1]
    return values


def difficult(chains: int, draws: int, correlation: float) -> Floats:
    """Return rows of every kind that an estimate may have."""
    values = wandering(12, chains, draws, correlation)
    values[1] = np.round(values[1])  # ties
    values[2] = values[2] > 0.0  # an event
    values[3] = 1.0  # what does not vary
    values[4] = values[4] > 1.5  # a rare event, which a chain may not have seen
    values[5, :, : draws // 2] = 0.0  # half a chain that stood still
    values[6] += 3.0 * np.arange(chains)[:, None]  # chains that disagree
    values[7, 0, 0] = np.nan
    values[8, 0, 0] = np.inf
    values[9] *= 1e-200  # too small to vary
    values[10] = np.exp(5.0 * values[10])  # a heavy tail
    values[11, 0, 1] = -np.inf
    return values


@each_number
@pytest.mark.parametrize("correlation", [-0.9, 0.0, 0.5, 0.999])
def test_numbers_are_those_of_arviz(name: str, correlation: float) -> None:
    ours, theirs = BOTH[name]
    for chains in (1, 2, 4):
        for count in (3, 4, 5, 6, 7, 8, 9, 10, 13, 50, 101, 1000):
            draws = difficult(chains, count, correlation)
            with np.errstate(all="ignore"):
                expected = theirs(draws)
            assert np.allclose(ours(draws), expected, rtol=1e-9, atol=0.0, equal_nan=True), (
                chains,
                count,
            )


@each_number
def test_many_rows_are_told_block_by_block(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    draws = wandering(7, 4, 100, 0.5)
    draws[4, 0, 0] = np.nan
    ours, _ = BOTH[name]
    whole = ours(draws)
    monkeypatch.setattr(mixing, "NUMBERS", 2 * draws[0].size)
    assert np.array_equal(ours(draws), whole, equal_nan=True)
    assert np.isnan(whole).tolist() == [False] * 4 + [True] + [False] * 2


@each_number
def test_no_rows_have_no_numbers(name: str) -> None:
    assert BOTH[name][0](np.empty((0, 4, 100))).shape == (0,)
