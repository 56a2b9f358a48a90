"""Small models of recorded orders, of which codes miss some and lift tests measured all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import xarray as xr

from attribution.run import Run
from attribution.spec import ModelSpec, parse_spec
from attribution.spec.priors import Prior
from attribution.spec.sections import Capture
from support import tiny

POSTS = 60
ALPHA, LOG_MEAN = 2.0, 3.0

CAPTURE = """
[capture]
share = { name = "beta", alpha = 3.0, beta = 5.0 }
leaked = { name = "beta", alpha = 1.0, beta = 9.0 }
"""

SURVEY = "survey = { buyers = 12, recorded = 9 }\n"

LIFT = """
[experiments]
incremental = { name = "log_normal", mu = 0.0, sigma = 1.0 }

[[experiments.tests]]
name = "spring"
posts = "campaign = 'spring'"
estimate = 300.0
standard_error = 30.0
"""


def spec(more: str, family: str = "negative_binomial") -> ModelSpec:
    """Return the model of counts without any column but the constant, and sections of its own."""
    return parse_spec(f"""
format = 1
name = "mine"
[outcome]
column = "conversions"
family = "{family}"
[mean]
[[mean.terms]]
kind = "intercept"
prior = {{ name = "normal", mu = 2.0, sigma = 2.0 }}
{more}
""")


def table(seed: int = 1) -> pl.DataFrame:
    """Return posts of two campaigns with recorded orders."""
    rng = np.random.default_rng(seed)
    mean = rng.gamma(ALPHA, np.exp(LOG_MEAN) / ALPHA, POSTS)
    return pl.DataFrame(
        {
            "post_id": [f"p{k}" for k in range(POSTS)],
            "campaign": ["spring" if k < 15 else "autumn" for k in range(POSTS)],
            "conversions": rng.poisson(mean),
        }
    )


def by_hand(*, share: np.ndarray | None = None) -> Run:
    """Return the run made by hand, its two draws repeated, with shares as they stand in a prior.

    Without shares these are 0.5 and 0.25 in the two draws.
    """
    prior = Prior("beta", {"alpha": 5.0, "beta": 5.0})
    run = tiny.run(spec=replace(tiny.ADDITIVE, capture=Capture(prior)))
    hand = run.tree["posterior"].to_dataset()
    if share is not None:
        size = len(share) // (2 * hand.sizes["draw"])
        hand = hand.isel(draw=np.tile(np.arange(hand.sizes["draw"]), size))
    values = tiny.both(0.5, 0.25) if share is None else share
    hand["capture_share"] = (("chain", "draw"), values.reshape(2, -1))
    return replace(run, tree=xr.DataTree.from_dict({"posterior": hand, "prior": hand}))
