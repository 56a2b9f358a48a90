"""Smoothed densities are SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import gaussian_kde

from attribution.kernel import kernel_density


@pytest.mark.parametrize("count", [2, 25, 4000])
def test_a_density_is_that_of_scipy(count: int) -> None:
    draws = np.random.default_rng(count).gamma(0.5, 1e-4, size=count)
    at = np.linspace(-1e-4, 1e-3, 300)
    assert np.allclose(kernel_density(draws, at), gaussian_kde(draws)(at), rtol=1e-9, atol=1e-290)
