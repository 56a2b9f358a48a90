"""Where chains start: coefficients of features of any size start near what they may be."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from attribution.fitting import fit
from attribution.spec import parse_spec

SPEC = """
format = 1
name = "articles"
[outcome]
column = "y"
family = "zero_inflated_poisson"
[[mean.terms]]
kind = "intercept"
[[mean.terms]]
kind = "linear"
feature = "x"
prior = { name = "normal", mu = 0, sigma = 1 }
"""


@pytest.mark.slow
def test_chains_of_a_count_as_a_feature_find_each_other() -> None:
    """As articles by those of the mentor: a skewed count with a standard deviation of about 9."""
    rng = np.random.default_rng(1)
    x = np.floor(rng.exponential(9.0, 900))
    y = rng.poisson(np.exp(0.5 + 0.018 * x)) * (rng.uniform(size=900) > 0.2)
    run = fit(parse_spec(SPEC), pl.DataFrame({"x": x, "y": y}), seed=1, draws=300)
    assert run.diagnostics["r_hat"].max() < 1.05
    assert run.draws["slope_x"].std() < 0.01
