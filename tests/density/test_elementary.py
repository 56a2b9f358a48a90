"""The elementary functions that loops are made of, against exact arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isnan, nan

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray

from attribution.density.arrays import Input, Map
from attribution.density.native import NativeFunction, write_program
from attribution.density.plan import Output

Floats = NDArray[np.float64]
RNG = np.random.default_rng(3)
LENGTH = 4096

EXACT: dict[str, Callable[[float], object]] = {
    "exp": mpmath.exp,
    "log": mpmath.log,
    "log1p": mpmath.log1p,
    "expm1": mpmath.expm1,
}
RANGES: dict[str, Floats] = {
    "exp": RNG.uniform(-740.0, 709.0, LENGTH),
    "log": np.exp(RNG.uniform(-744.0, 709.0, LENGTH)),
    "log1p": np.concatenate(
        [np.exp(RNG.uniform(-700, 700, LENGTH // 2)), -np.exp(-RNG.exponential(9, LENGTH // 2))]
    ),
    "expm1": RNG.choice([-1.0, 1.0], LENGTH) * np.exp(RNG.uniform(-80, 6.5, LENGTH)),
}
WORST = {"exp": 1.5, "log": 1.5, "log1p": 3.0, "expm1": 5.0}
"""Largest error allowed, in units in the last place."""


def vectorised(function: str, x: Floats) -> Floats:
    array = Map(x.shape, False, function, (Input(x.shape, False, 0),), ((0,),))
    return NativeFunction(write_program([Output(array, 0)], len(x), len(x)), 1)(x)[1]


@pytest.mark.parametrize("function", EXACT)
def test_errors_stay_within_few_units_in_the_last_place(function: str) -> None:
    x = RANGES[function]
    found = vectorised(function, x)
    with mpmath.workdps(40):
        exact = [EXACT[function](value) for value in x.tolist()]
        error = np.array(
            [
                float(abs(mpmath.mpf(y) - e) / np.spacing(abs(float(e)) or 5e-324))
                for y, e in zip(found.tolist(), exact, strict=True)
            ]
        )
    assert error.max() < WORST[function]


@pytest.mark.parametrize(
    ("function", "x", "wanted"),
    [
        ("exp", [inf, -inf, nan, 0.0, 710.0, -746.0, -745.0], [inf, 0, nan, 1, inf, 0, 5e-324]),
        ("log", [inf, 0.0, -1.0, nan, 1.0, 5e-324], [inf, -inf, nan, nan, 0, -744.4400719213812]),
        ("log1p", [inf, -1.0, -2.0, nan, 0.0, 1e-300], [inf, -inf, nan, nan, 0, 1e-300]),
        ("expm1", [inf, -inf, nan, 0.0, 1e-300, 800.0], [inf, -1, nan, 0, 1e-300, inf]),
    ],
)
def test_ends_of_the_range(function: str, x: list[float], wanted: list[float]) -> None:
    padded = np.array(x + [1.0] * (64 - len(x)))
    for found, value in zip(vectorised(function, padded).tolist(), wanted, strict=False):
        assert found == value or (isnan(found) and isnan(value))


@pytest.mark.parametrize(
    ("function", "exact"), [("gammaln", mpmath.loggamma), ("psi", mpmath.digamma)]
)
def test_log_gamma_and_its_slope_are_accurate_to_the_place_of_what_they_are_made_from(
    function: str, exact: Callable[[float], object]
) -> None:
    x = np.concatenate(
        [np.exp(RNG.uniform(-700, 700, LENGTH // 2)), RNG.uniform(0, 20, LENGTH // 2)]
    )
    found = vectorised(function, x)
    with mpmath.workdps(40):
        wanted = [exact(value) for value in x.tolist()]
        # Below 8 the value is a difference from that at x + 8.
        parts = [max(abs(w), abs(exact(v + 8))) for w, v in zip(wanted, x.tolist(), strict=True)]
        error = [
            float(abs(mpmath.mpf(y) - w)) / np.spacing(float(part))
            for y, w, part in zip(found.tolist(), wanted, parts, strict=True)
        ]
    assert max(error) < 4.0


@pytest.mark.parametrize(
    ("function", "wanted"),
    [("gammaln", [inf, inf, nan, nan, 0.0, 0.0]), ("psi", [inf, -inf, nan, nan, None, None])],
)
def test_ends_of_the_range_of_log_gamma(function: str, wanted: list[float | None]) -> None:
    x = [inf, 0.0, -1.5, nan, 1.0, 2.0]
    padded = np.array(x + [1.0] * (64 - len(x)))
    for found, value in zip(vectorised(function, padded).tolist(), wanted, strict=False):
        if value is not None:
            assert found == pytest.approx(value, abs=4e-15, nan_ok=True)
