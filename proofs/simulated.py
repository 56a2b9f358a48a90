"""Simulated tables of every family and structure of groups, with the truth that made them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from attribution.forward import F
from attribution.spec import ModelSpec, parse_spec
from attribution.spec.families import FAMILIES, OWN, Family, Given
from attribution.spec.links import LINKS

Floats = NDArray[np.float64]

ROWS = 3000
LEVELS = {"shop": 80, "week": 30, "region": 20}
SLOPE, TRIALS = 0.4, 20.0
SDS = {"shop": 0.5, "shop_a": 0.3, "week": 0.4, "region": 0.6, "region_shop": 0.4}
CORRELATION = 0.6
OWN_TRUTH = {
    "dispersion": 2.0,
    "zero_inflation": 0.25,
    "hurdle": 0.3,
    "sigma": 0.8,
    "shape": 2.5,
    "nu": 5.0,
    "concentration": 8.0,
}


@dataclass(frozen=True)
class Case:
    """A simulated table, a model of it and what the model should find.

    Parameters
    ----------
    name
        Family and structure.
    table
        The rows.
    spec
        The model.
    truth
        True values by the names of parameters in a run.
    """

    name: str
    table: pl.DataFrame
    spec: ModelSpec
    truth: Mapping[str, float]


@dataclass(frozen=True)
class Structure:
    """How groups enter: terms of the spec, and their sum for a table, with the truth.

    Parameters
    ----------
    terms
        Tables of the spec, after the constant and the slope.
    adds
        From random numbers, levels by column and the feature to the groups' part of the sum.
    truth
        True values of what the groups add.
    """

    terms: str
    adds: Callable[[np.random.Generator, Mapping[str, NDArray[np.int64]], Floats], Floats]
    truth: Mapping[str, float]


def _term(by: str, of: str = '["intercept"]', more: str = "") -> str:
    return (
        f'[[mean.terms]]\nkind = "group"\nby = {by}\nof = {of}\neffects = "exchangeable"\n{more}\n'
    )


def _effects(rng: np.random.Generator, name: str, levels: int) -> Floats:
    """Normal effects with a mean of 0 and exactly the standard deviation that is true of them.

    Otherwise the constant would be off by the chance of the effects, not of the fit.
    """
    drawn = rng.normal(size=levels)
    return SDS[name] * (drawn - drawn.mean()) / drawn.std()


def _pair(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Effects on the constant and on the slope with exactly the true correlation."""
    first = _effects(rng, "shop", LEVELS["shop"]) / SDS["shop"]
    other = rng.normal(size=len(first))
    other = other - other.mean() - first * (first @ other) / (first @ first)
    second = CORRELATION * first + np.sqrt(1 - CORRELATION**2) * other / other.std()
    return SDS["shop"] * first, SDS["shop_a"] * second


def _intercepts(
    rng: np.random.Generator, at: Mapping[str, NDArray[np.int64]], _a: Floats
) -> Floats:
    return _effects(rng, "shop", LEVELS["shop"])[at["shop"]]


def _slopes(rng: np.random.Generator, at: Mapping[str, NDArray[np.int64]], a: Floats) -> Floats:
    slopes = _effects(rng, "shop_a", LEVELS["shop"])
    return _intercepts(rng, at, a) + slopes[at["shop"]] * a


def _correlated(rng: np.random.Generator, at: Mapping[str, NDArray[np.int64]], a: Floats) -> Floats:
    constant, slope = _pair(rng)
    return constant[at["shop"]] + slope[at["shop"]] * a


def _nested(rng: np.random.Generator, at: Mapping[str, NDArray[np.int64]], _a: Floats) -> Floats:
    regions = _effects(rng, "region", LEVELS["region"])
    shops = _effects(rng, "region_shop", LEVELS["shop"])
    return regions[at["region"]] + shops[at["shop"]]


def _crossed(rng: np.random.Generator, at: Mapping[str, NDArray[np.int64]], a: Floats) -> Floats:
    return _intercepts(rng, at, a) + _effects(rng, "week", LEVELS["week"])[at["week"]]


SHOP = _term('"shop"')
STRUCTURES: Mapping[str, Structure] = {
    "none": Structure("", lambda _rng, _at, a: np.zeros(len(a)), {}),
    "intercepts": Structure(SHOP, _intercepts, {"shop_sd": SDS["shop"]}),
    "slopes": Structure(
        _term('"shop"', '["intercept", "a"]'),
        _slopes,
        {"shop_sd": SDS["shop"], "shop_a_sd": SDS["shop_a"]},
    ),
    "correlated": Structure(
        _term('"shop"', '["intercept", "a"]', 'correlation = { name = "lkj", eta = 1 }'),
        _correlated,
        {"shop_sd": SDS["shop"], "shop_a_sd": SDS["shop_a"], "shop_correlation": CORRELATION},
    ),
    "nested": Structure(
        _term('"region"') + _term('["region", "shop"]'),
        _nested,
        {"region_sd": SDS["region"], "region_shop_sd": SDS["region_shop"]},
    ),
    "crossed": Structure(
        SHOP + _term('"week"'), _crossed, {"shop_sd": SDS["shop"], "week_sd": SDS["week"]}
    ),
}


def simulated(family: str, structure: str, seed: int = 1, *, fitted_as: str | None = None) -> Case:
    """Simulate a table and state a model of it.

    Parameters
    ----------
    family, structure
        What makes the table.
    seed
        Of the random numbers.
    fitted_as
        Family of the model, if not the one that made the table: then the truth is not found.
    """
    kind, groups = FAMILIES[family], STRUCTURES[structure]
    rng = np.random.default_rng([seed, list(FAMILIES).index(family)])
    shop = rng.integers(0, LEVELS["shop"], ROWS)
    at = {"shop": shop, "region": shop % LEVELS["region"]}
    at["week"] = rng.integers(0, LEVELS["week"], ROWS)
    a = rng.normal(size=ROWS)
    a = a - a.mean()
    intercept = -0.5 if kind.is_share else 1.0
    given = _given(kind, intercept + SLOPE * a + groups.adds(rng, at, a))
    table = pl.DataFrame(
        {
            **{name: [f"{name} {k}" for k in levels] for name, levels in at.items()},
            "x": a,
            "tries": np.full(ROWS, int(TRIALS)),
            "y": _outcome(kind, rng, given),
        }
    )
    model = FAMILIES[fitted_as or family]
    truth = {"intercept": intercept, "slope_a": SLOPE, **groups.truth}
    truth |= {OWN[name].parameter: OWN_TRUTH[name] for name in model.own}
    return Case(f"{family}, {structure}", table, _spec(model, groups.terms), truth)


def _given(kind: Family, eta: Floats) -> Given:
    own = {name: np.full(ROWS, OWN_TRUTH[name]) for name in kind.own}
    trials = np.full(ROWS, TRIALS) if kind.trials else None
    return Given.of_own(F, own, {}).with_mean(F, LINKS[kind.links[0]], eta, trials)


def _outcome(kind: Family, rng: np.random.Generator, given: Given) -> NDArray[np.generic]:
    drawn = kind.draw(rng, given)
    return drawn.astype(np.int64) if kind.whole else drawn


def _spec(kind: Family, terms: str) -> ModelSpec:
    trials = 'trials = "tries"' if kind.trials else ""
    return parse_spec(f"""
format = 1
name = "recovery"
[outcome]
column = "y"
family = "{kind.name}"
{trials}
[features]
a = "x"
[mean]
[[mean.terms]]
kind = "intercept"
[[mean.terms]]
kind = "linear"
feature = "a"
{terms}
""")
