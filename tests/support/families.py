"""Small tables of every kind of outcome, and quick fits of them that tests share."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl

import attribution as at
from attribution.data import read_analysis
from attribution.run import Run
from attribution.spec import parse_spec

POSTS = 240

SPEC = """
format = 1
name = "{family}"
[outcome]
column = "{column}"
family = "{family}"
{trials}
[features]
slope = "x * 1"
[mean]
[[mean.terms]]
kind = "intercept"
{prior}
{terms}
"""

LINEAR = """
[[mean.terms]]
kind = "linear"
feature = "slope"
{prior}
"""

CURVE = """
[[mean.terms]]
kind = "spline"
feature = "slope"
"""

GROUP = """
[[mean.terms]]
kind = "categorical"
by = "g"
"""


@cache
def table() -> pl.DataFrame:
    """Return rows without names whose outcomes depend on x and g, a column per kind of outcome."""
    rng = np.random.default_rng(3)
    x, g = rng.normal(size=POSTS), rng.choice(["a", "b", "c"], POSTS)
    eta = 1.0 + 0.5 * x + 0.3 * (g == "a")
    p, tries = 1.0 / (1.0 + np.exp(1.0 - eta)), rng.integers(5, 40, POSTS)
    return pl.DataFrame(
        {
            "x": x,
            "g": g,
            "amount": rng.gamma(3.0, np.exp(eta) / 3.0),
            "number": eta + rng.normal(size=POSTS),
            "wild": eta + rng.standard_t(1.5, POSTS),
            "happened": rng.binomial(1, p),
            "bent": rng.binomial(1, 1.0 / (1.0 + np.exp(2.0 - 3.0 * np.abs(x)))),
            "count": rng.poisson(np.exp(eta)),
            "clustered": rng.negative_binomial(0.8, 0.8 / (0.8 + np.exp(eta))),
            "tries": tries,
            "hits": rng.binomial(tries, p),
            "spread_hits": rng.binomial(tries, rng.beta(4.0 * p, 4.0 * (1.0 - p))),
        }
    )


@cache
def fitted(
    family: str, column: str, *, group: bool = False, flat: bool = False, curve: bool = False
) -> Run:
    """Return a quick fit of one column by one family."""
    prior = 'prior = { name = "flat" }' if flat else ""
    text = SPEC.format(
        family=family,
        column=column,
        trials='trials = "tries"' if family in ("binomial", "beta_binomial") else "",
        prior=prior,
        terms=(CURVE if curve else LINEAR.format(prior=prior)) + (GROUP if group else ""),
    )
    return at.fit(parse_spec(text), read_analysis(table()), draws=1000, chains=2)
