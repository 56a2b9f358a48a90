"""A small made-up table of days, and specs of daily sales on it."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from attribution.spec import ModelSpec, parse_spec

FIRST = date(2025, 3, 3)
WARM_UP = 10
"""Days whose sales are not known."""

ADSTOCKS = {
    "geometric": '{ kind = "geometric", half_life = { name = "log_normal", mu = 1, sigma = 0.5 } }',
    "weibull": '{ kind = "weibull", half_life = { name = "log_normal", mu = 1, sigma = 0.5 }, '
    'steepness = { name = "log_normal", mu = 0, sigma = 0.4 } }',
}

SPEC = """
format = 1
name = "days"

[outcome]
column = "orders"
family = "{family}"

[mean]
form = "halo"
day = "day"
parts = {parts}
halo_share = {{ name = "beta", alpha = 1, beta = 4 }}
sd = {{ name = "half_normal", sigma = 0.5 }}
adstock = {adstock}
days = 14

[[mean.terms]]
kind = "intercept"

[[mean.terms]]
kind = "linear"
feature = "day_number"

[[mean.terms]]
kind = "group"
by = "weekday"
of = ["intercept"]
effects = "zero_sum"
"""


def text(
    adstock: str = "geometric",
    family: str = "negative_binomial",
    parts: tuple[str, ...] = ("reach_nano", "reach_mid"),
) -> str:
    """Return the text of a spec of daily sales."""
    named = "[" + ", ".join(f'"{part}"' for part in parts) + "]"
    return SPEC.format(family=family, parts=named, adstock=ADSTOCKS[adstock])


def spec(adstock: str = "geometric", family: str = "negative_binomial") -> ModelSpec:
    """Return a spec of daily sales."""
    return parse_spec(text(adstock, family))


def table(length: int = 60, seed: int = 5) -> pl.DataFrame:
    """Return a table of days; the sales of the first are not known."""
    rng = np.random.default_rng(seed)
    days = [FIRST + timedelta(days=k) for k in range(length)]
    orders = [None] * WARM_UP + rng.poisson(50.0, length - WARM_UP).tolist()
    reach = {
        f"reach_{tier}": (rng.random(length) < often) * rng.integers(500, most, length)
        for tier, often, most in (("nano", 0.5, 5_000), ("mid", 0.2, 90_000))
    }
    named = {"day": days, "weekday": [day.strftime("%A") for day in days]}
    return pl.DataFrame({**named, "day_number": range(length), "orders": orders, **reach})
