"""A made-up table with an outcome of every kind, and specs of every family on it."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl

from attribution.spec import ModelSpec, parse_spec
from attribution.spec.families import FAMILIES

OUTCOMES = {
    "binomial": "wins",
    "beta_binomial": "wins",
    "bernoulli": "won",
    "normal": "gain",
    "student_t": "gain",
    "log_normal": "amount",
    "gamma": "amount",
}
"""Column with the outcome, by family; the others count ``orders``."""

TERMS = """
[[mean.terms]]
kind = "intercept"

[[mean.terms]]
kind = "linear"
feature = "x"

[[mean.terms]]
kind = "group"
by = "shop"
of = ["intercept"]
effects = "exchangeable"
"""

COMMON_TERMS = """
[[mean.terms]]
kind = "intercept"

[[mean.terms]]
kind = "linear"
feature = "x"

[[mean.terms]]
kind = "offset"
feature = "o"

[[mean.terms]]
kind = "categorical"
by = "kind"
reference = "b"

[[mean.terms]]
kind = "categorical"
by = "kind"
of = "x"

[[mean.terms]]
kind = "monotone"
by = "size"
order = ["small", "middle", "large"]

[[mean.terms]]
kind = "spline"
feature = "s"
functions = 6

[[mean.terms]]
kind = "gp"
feature = "t"
functions = 8
"""
"""All kinds of terms but groups."""

VARYING_TERMS = """
[[mean.terms]]
kind = "intercept"

[[mean.terms]]
kind = "linear"
feature = "x"

[[mean.terms]]
kind = "group"
by = "shop"
of = ["intercept", "x", "s"]
effects = "exchangeable"
correlation = { name = "lkj", eta = 2.0 }

[[mean.terms]]
kind = "group"
by = ["kind", "size"]
of = ["intercept"]
effects = "zero_sum"
"""
"""Groups: correlated slopes, and levels of two columns together."""


@cache
def table(posts: int = 60, seed: int = 3) -> pl.DataFrame:
    """Return posts with outcomes of every kind; simulated, of no model in particular."""
    rng = np.random.default_rng(seed)
    tries = rng.integers(1, 30, posts)
    return pl.DataFrame(
        {
            "post_id": [f"p{k}" for k in range(posts)],
            "shop": rng.choice(list("ABCDE"), posts),
            "kind": rng.choice(list("abc"), posts),
            "size": rng.choice(["small", "middle", "large"], posts),
            "x": rng.normal(size=posts),
            "s": rng.normal(size=posts),
            "t": rng.uniform(size=posts),
            "o": rng.normal(0.0, 0.3, posts),
            "people": rng.integers(50, 5000, posts),
            "orders": rng.negative_binomial(0.8, 0.2, posts),
            "tries": tries,
            "wins": rng.binomial(tries, 0.4),
            "won": rng.integers(0, 2, posts),
            "gain": rng.normal(2.0, 3.0, posts),
            "amount": rng.gamma(2.0, 4.0, posts),
        }
    )


def spec(
    family: str,
    *,
    terms: str = TERMS,
    link: str = "",
    centre: str = "all",
    own: str = "",
    exposure: str = "",
) -> ModelSpec:
    """Return a spec of a family for :func:`table`."""
    outcome = OUTCOMES.get(family, "orders")
    trials = 'trials = "tries"' if FAMILIES[family].trials else ""
    of = f'exposure = "{exposure}"' if exposure else ""
    used = [name for name in "xsto" if f'"{name}"' in terms + own]
    features = "".join(f'f_{name} = "{name} * 1"\n' for name in used)
    text = f"""
format = 1
name = "{family}"
[outcome]
column = "{outcome}"
family = "{family}"
{trials}
{of}
[features]
{features}
[mean]
{f'link = "{link}"' if link else ""}
centre = "{centre}"
{terms}
{own}
"""
    for name in used:
        text = text.replace(f'"{name}"', f'"f_{name}"')
    return parse_spec(text)
