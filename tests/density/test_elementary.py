"""The elementary functions that loops are made of, against exact arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isnan, nan

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray

from attribution.density.arrays import Input, Map
from attribution.density.native import NativeFunction
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
    return NativeFunction([Output(array, 0)], len(x), len(x), 1)(x)[1]


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
