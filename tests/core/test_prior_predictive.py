"""What shipped specs and default priors hold possible before the data: plausible, not absurd."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import pytest
from support import days, grammar

from attribution import forward
from attribution.design import Design, build_design
from attribution.design.types import Floats
from attribution.draws import stack
from attribution.model import build_model
from attribution.model.prior_draws import draw_prior
from attribution.spec import ModelSpec, catalogue_names, parse_spec, read_spec
from attribution.spec.families import FAMILIES

DRAWS = 1000
RATES = {"clicks": 0.1, "orders": 3e-4, "rare orders": 1e-5}
"""Conversions per person reached."""

EXTREMES = ("clicks", "rare orders")

OF_POSTS = [name for name in catalogue_names() if name != "halo"]
"""Specs of posts; the other is of days."""


@cache
def table(rate: float) -> pl.DataFrame:
    """Return posts of 24 creators of three tiers that convert at a rate."""
    rng = np.random.default_rng(11)
    creator = np.repeat(np.arange(24), 8)
    tier = creator % 3
    followers = (np.array([5e3, 3e4, 2e5])[tier] * np.exp(rng.normal(0, 0.4, 192))).astype(int)
    reach = (followers * np.exp(rng.normal(-1.6, 0.4, 192))).astype(int) + 50
    likes = rng.poisson(0.04 * reach)
    return pl.DataFrame(
        {
            "post_id": [f"p{k}" for k in range(192)],
            "creator_id": [f"c{k}" for k in creator],
            "tier": np.array(["nano", "micro", "mid"])[tier],
            "followers": followers,
            "reach": reach,
            "likes": likes,
            "comments": rng.poisson(0.05 * likes),
            "fee": 0.02 * followers + 20.0,
            "disclosure": rng.choice(["label", "text", "none"], 192),
            "compensation": rng.choice(["paid", "gifted"], 192),
            "managed": (creator % 2).astype(int),
            "reply_rate": rng.random(24)[creator],
            "prior_mentions": rng.poisson(1.5, 192),
            "collaborations": rng.poisson(2.0, 192),
            "conversions": rng.poisson(rate * reach * rng.gamma(2.0, 0.5, 192)),
        }
    )


def averages(spec: ModelSpec, frame: pl.DataFrame) -> tuple[Design, Floats]:
    """Return the design and the average outcome of a post in draws from the prior; (draw,)."""
    design = build_design(spec, frame)
    draws = stack(draw_prior(build_model(design), DRAWS, 5))
    return design, np.mean(forward.expected(design, draws), axis=1)


def covered(observed: float, expected: Floats) -> bool:
    """Whether 98 of 100 draws of the prior hold the observed average between them."""
    low, high = np.quantile(expected, [0.01, 0.99])
    return bool(low <= observed <= high)


@pytest.mark.parametrize("rate", EXTREMES)
@pytest.mark.parametrize("name", [n for n in OF_POSTS if n != "goldilocks_fee"])
def test_shipped_specs_cover_clicks_and_rare_orders(name: str, rate: str) -> None:
    design, expected = averages(read_spec(name), table(RATES[rate]))
    assert covered(float(design.outcome.mean()), expected)


@pytest.mark.parametrize("name", OF_POSTS)
def test_shipped_specs_hold_absurd_averages_for_unlikely(name: str) -> None:
    """More conversions than people reached, on average over posts: at most 2 draws in 100."""
    design, expected = averages(read_spec(name), table(RATES["orders"]))
    reach = float(design.table["reach"].mean())
    assert np.mean(expected > reach) <= 0.02


@pytest.mark.parametrize("sales", [0.1, 1.0, 60.0])
def test_the_halo_spec_covers_daily_sales_of_any_size(sales: float) -> None:
    """A few orders a day, or thousands; a thousand times what was seen is unlikely."""
    frame = days.table(90).with_columns(
        (pl.col("orders") * sales).round().cast(pl.Int64),
        *(pl.lit(0).alias(f"reach_{tier}") for tier in ("micro", "macro", "mega")),
        post_id=pl.col("day").cast(pl.String),
    )
    design, expected = averages(read_spec("halo"), frame)
    observed = float(design.outcome.mean())
    assert covered(observed, expected)
    assert np.mean(expected > 1000.0 * observed) <= 0.02


DEFAULTS = """
format = 1
name = "defaults"
[outcome]
column = "conversions"
family = "{family}"
exposure = "reach"
[features]
volume = "ln((1 + likes) / reach)"
raw = "followers * 1"
[[mean.terms]]
kind = "intercept"
[[mean.terms]]
kind = "linear"
feature = "volume"
[[mean.terms]]
kind = "linear"
feature = "raw"
[[mean.terms]]
kind = "group"
by = "creator_id"
of = ["intercept"]
effects = "exchangeable"
"""


@pytest.mark.parametrize("rate", EXTREMES)
@pytest.mark.parametrize("family", [n for n, f in FAMILIES.items() if f.is_count])
def test_default_priors_scale_with_the_table(family: str, rate: str) -> None:
    """The observed average is in the middle, a thousand times of it is unlikely, whatever the rate.

    A feature as large as followers themselves is in it: its default prior is per follower.
    """
    text = DEFAULTS.format(family=family)
    design, expected = averages(parse_spec(text), table(RATES[rate]))
    observed = float(design.outcome.mean())
    low, high = np.quantile(expected, [0.25, 0.75])
    assert low / 5.0 < observed < high * 5.0
    assert np.mean(expected > 1000.0 * observed) < 0.05


@pytest.mark.parametrize("family", ["normal", "student_t"])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e5])
def test_default_priors_of_numbers_are_in_their_units(family: str, scale: float) -> None:
    """The same data in other units: the prior's expectations are in these units too."""
    frame = grammar.table().with_columns(pl.col("gain") * scale)
    design, expected = averages(grammar.spec(family), frame)
    spread = float(np.std(design.outcome))
    middle = float(np.median(np.abs(expected - np.mean(design.outcome))))
    assert 0.3 * spread < middle < 6.0 * spread
