"""Tables that say little or nothing: an honest wide answer, or a message of what is wrong."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

from attribution.errors import InputError
from attribution.fitting import fit
from attribution.run import Run
from attribution.spec import parse_spec
from attribution.spec.families import FAMILIES

SETTINGS: dict[str, Any] = {"draws": 200, "tune": 300, "chains": 2, "seed": 5}
COUNTS = [name for name, kind in FAMILIES.items() if kind.is_count]
POSTS = 30


def table(posts: int = POSTS) -> pl.DataFrame:
    rng = np.random.default_rng(6)
    return pl.DataFrame(
        {
            "shop": [f"s{k % 4}" for k in range(posts)],
            "x": rng.normal(size=posts),
            "tries": rng.integers(1, 20, posts),
            "count": rng.poisson(3.0, posts),
            "won": rng.integers(0, 2, posts),
            "gain": rng.normal(2.0, 1.0, posts),
            "amount": rng.gamma(2.0, 4.0, posts),
        }
    ).with_columns(wins=pl.min_horizontal("count", "tries"))


def outcome(family: str) -> str:
    kind = FAMILIES[family]
    if kind.trials:
        return "wins"
    if kind.is_share:
        return "won"
    if kind.whole:
        return "count"
    return "gain" if kind.low is None else "amount"


def fitted(
    family: str, data: pl.DataFrame, terms: str = "", features: str = 'a = "x * 1"', **more: Any
) -> Run:
    trials = 'trials = "tries"' if FAMILIES[family].trials else ""
    text = f"""
format = 1
name = "degenerate"
[outcome]
column = "{outcome(family)}"
family = "{family}"
{trials}
[features]
{features}
[mean]
[[mean.terms]]
kind = "intercept"
[[mean.terms]]
kind = "linear"
feature = "a"
{terms}
"""
    return fit(parse_spec(text), data, **(SETTINGS | more))


GROUP = """[[mean.terms]]
kind = "group"
by = "shop"
of = ["intercept"]
effects = "exchangeable"
"""


def honest(run: Run) -> None:
    """Every unknown is a number, and not said to be known exactly."""
    for name, draws in run.draws.items():
        assert np.all(np.isfinite(draws)), name
    assert run.parameters().get_column("sd").min() > 0.0
    assert run.draws["slope_a"].std() > 0.0


@pytest.mark.parametrize("family", FAMILIES)
def test_three_rows(family: str) -> None:
    """The slope is left nearly as wide as its prior, a standard deviation of 1 over that of x."""
    data = table().head(3).with_columns(pl.Series("won", [0, 1, 0]), pl.Series("count", [0, 2, 1]))
    run = fitted(family, data, GROUP)
    honest(run)
    assert run.draws["shop_sd"].std() > 0.1


@pytest.mark.parametrize("family", [name for name, kind in FAMILIES.items() if kind.whole])
def test_nothing_but_0(family: str) -> None:
    """The mean is known to be small and not how small."""
    data = table().with_columns(pl.lit(0).alias(outcome(family)))
    run = fitted(family, data, GROUP)
    honest(run)
    kind = FAMILIES[family]
    if not family.startswith(("zero", "hurdle")):
        link = np.exp(run.draws["intercept"])
        assert np.quantile(link, 0.95) < (0.5 if kind.is_share else 1.0)
        assert run.draws["intercept"].std() > 0.3


@pytest.mark.parametrize("family", ["binomial", "beta_binomial", "bernoulli"])
def test_nothing_but_success(family: str) -> None:
    data = table().with_columns(pl.lit(1).alias("won"), pl.col("tries").alias("wins"))
    run = fitted(family, data, GROUP)
    honest(run)
    assert run.draws["intercept"].mean() > 1.0


@pytest.mark.parametrize("family", COUNTS)
def test_counts_of_a_million(family: str) -> None:
    rng = np.random.default_rng(7)
    data = table().with_columns(pl.Series("count", rng.poisson(1e6 * rng.gamma(5, 0.2, POSTS))))
    run = fitted(family, data)
    honest(run)
    if "negative" in family:
        assert run.draws["intercept"].mean() == pytest.approx(np.log(1e6), abs=0.3)
        assert run.draws["alpha"].mean() == pytest.approx(5.0, rel=0.6)


@pytest.mark.parametrize("family", ["normal", "student_t", "log_normal", "gamma"])
@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_numbers_in_any_unit(family: str, unit: float) -> None:
    """Defaults follow the unit: the answer times the unit is the same."""
    data = table()
    plain, scaled = (
        fitted(family, data.with_columns(pl.col("gain", "amount") * by), draws=1000)
        for by in (1.0, unit)
    )
    by = unit if family in ("normal", "student_t") else 1.0
    slopes = plain.draws["slope_a"], scaled.draws["slope_a"] / by
    assert slopes[1].mean() == pytest.approx(slopes[0].mean(), abs=0.25 * slopes[0].std())
    assert slopes[1].std() == pytest.approx(slopes[0].std(), rel=0.2)


@pytest.mark.parametrize("family", ["poisson", "bernoulli", "normal"])
@pytest.mark.parametrize("unit", [1e-6, 1e8])
def test_features_in_any_unit(family: str, unit: float) -> None:
    """Followers, say: coefficients are sampled in units of their prior."""
    data = table()
    plain, scaled = (
        fitted(family, data.with_columns(pl.col("x") * by), draws=1000) for by in (1.0, unit)
    )
    slopes = plain.draws["slope_a"], scaled.draws["slope_a"] * unit
    assert slopes[1].mean() == pytest.approx(slopes[0].mean(), abs=0.25 * slopes[0].std())
    assert slopes[1].std() == pytest.approx(slopes[0].std(), rel=0.2)


FOLLOWERS = np.random.default_rng(7).lognormal(10.0, 1.0, 200)
FLAT = '{ name = "flat" }'


@cache
def of_followers(feature: str, stated: str, family: str, unit: float = 1.0) -> Run:
    """Fit one coefficient of followers, or of something else of them, with a stated prior."""
    rng = np.random.default_rng(3)
    z = (FOLLOWERS - FOLLOWERS.mean()) / FOLLOWERS.std()
    count, gain = rng.poisson(np.exp(1.0 + 0.3 * z)), unit * (2.0 + 0.5 * z + rng.normal(size=200))
    data = pl.DataFrame({"f": FOLLOWERS, "z": z, "s": 1e-6 * z, "count": count, "gain": gain})
    data = data.with_columns(big=1e9 * pl.col("f"))
    text = f"""
format = 1
name = "followers"
[outcome]
column = "{outcome(family)}"
family = "{family}"
[[mean.terms]]
kind = "intercept"
prior = {FLAT}
[[mean.terms]]
kind = "linear"
feature = "{feature}"
prior = {stated}
"""
    # 300 steps leave one of two chains with the metric of where it began.
    return fit(parse_spec(text), data, **(SETTINGS | {"draws": 800, "tune": 500}))


@pytest.mark.parametrize("family", ["poisson", "normal"])
@pytest.mark.parametrize(
    ("feature", "stated"),
    [
        ("f", FLAT),
        ("f", '{ name = "half_flat" }'),
        ("f", '{ name = "normal", mu = 0, sigma = 10 }'),
        ("s", FLAT),
    ],
)
def test_flat_and_wide_priors_leave_a_feature_in_any_unit_to_the_data(
    family: str, feature: str, stated: str
) -> None:
    """A coefficient of 1 per follower, where chains would start, is beyond all numbers."""
    per = {"f": float(FOLLOWERS.std()), "s": 1e-6, "z": 1.0}
    plain, found = of_followers("z", FLAT, family), of_followers(feature, stated, family)
    assert found.manifest.density == "native"
    assert "convergence (R-hat)" not in {
        c.name for c in found.manifest.health if c.status == "fail"
    }
    slopes = plain.draws["slope_z"], per[feature] * found.draws[f"slope_{feature}"]
    assert slopes[1].mean() == pytest.approx(slopes[0].mean(), abs=0.25 * slopes[0].std())
    assert slopes[1].std() == pytest.approx(slopes[0].std(), rel=0.2)


def test_large_outcomes_and_features_with_flat_priors() -> None:
    plain, found = (of_followers("f", FLAT, "normal", unit) for unit in (1.0, 1e6))
    slopes = 1e6 * plain.draws["slope_f"], found.draws["slope_f"]
    assert slopes[1].mean() == pytest.approx(slopes[0].mean(), abs=0.25 * slopes[0].std())


def test_a_bounded_prior_where_no_chain_can_start_is_named() -> None:
    with pytest.raises(InputError, match="impossible in numbers near the middle of the priors"):
        of_followers("big", '{ name = "uniform", lower = -1, upper = 1 }', "poisson")


@pytest.mark.parametrize("family", ["normal", "student_t", "gamma", "log_normal"])
def test_an_outcome_that_never_varies_is_named(family: str) -> None:
    """The density grows without bound as the spread goes to 0: there is no posterior."""
    data = table().with_columns(pl.lit(2.0).alias("gain"), pl.lit(2.0).alias("amount"))
    with pytest.raises(InputError, match="the same in all 30 rows"):
        fitted(family, data)


@pytest.mark.parametrize("family", ["poisson", "bernoulli", "normal"])
def test_collinear_features(family: str) -> None:
    """Their sum is known; what each has of it is as the priors leave it."""
    terms = '[[mean.terms]]\nkind = "linear"\nfeature = "b"\n'
    run = fitted(family, table(), terms, 'a = "x * 1"\nb = "x * 1"', draws=1000)
    a, b = run.draws["slope_a"], run.draws["slope_b"]
    honest(run)
    assert np.corrcoef(a, b)[0, 1] < -0.5
    assert (a + b).std() < 0.6 * (a - b).std()


@pytest.mark.parametrize("family", ["poisson", "binomial", "normal", "gamma"])
def test_a_feature_that_never_varies(family: str) -> None:
    run = fitted(family, table().with_columns(pl.lit(3.0).alias("x")))
    assert "slope_a" not in run.draws
    (absent,) = [of for of in run.design.absent if of.part == "effect of a"]
    assert "same for all" in absent.reason


@pytest.mark.parametrize("family", ["poisson", "binomial", "normal", "gamma"])
def test_one_level(family: str) -> None:
    run = fitted(family, table().with_columns(pl.lit("only").alias("shop")), GROUP)
    honest(run)
    assert "shop_sd" not in run.draws
    assert any("only one shop" in absent.reason for absent in run.design.absent)


@pytest.mark.parametrize("family", ["poisson", "bernoulli", "normal"])
def test_a_level_of_its_own_for_every_post(family: str) -> None:
    data = table().with_columns(pl.Series("shop", [f"shop {k}" for k in range(POSTS)]))
    run = fitted(family, data, GROUP)
    honest(run)
    assert run.draws["shop_effect"].shape[1] == POSTS


@pytest.mark.parametrize("family", ["poisson", "binomial", "normal"])
def test_a_level_without_outcome(family: str) -> None:
    """Posts without an outcome are set aside, and with them a level that has no others."""
    null = pl.when(pl.col("shop") == "s3").then(None).otherwise(pl.col(outcome(family)))
    run = fitted(family, table().with_columns(null.alias(outcome(family))), GROUP)
    honest(run)
    assert run.design.groups["shop"].levels == ("s0", "s1", "s2")
    assert {aside.reason for aside in run.design.set_aside} == {f"{outcome(family)} is empty"}


@pytest.mark.parametrize("family", ["poisson", "bernoulli", "gamma"])
def test_missing_features_are_set_aside_or_named(family: str) -> None:
    null = pl.when(pl.col("x") > 0.5).then(None).otherwise(pl.col("x"))
    data = table().with_columns(null.alias("x"))
    run = fitted(family, data)
    honest(run)
    missing = data.get_column("x").null_count()
    assert missing > 0
    assert len(run.design.set_aside) == missing


MESSAGES = [
    ("poisson", pl.lit(-1).alias("count"), "count"),
    ("poisson", pl.lit(1.5).alias("count"), "count"),
    ("gamma", pl.lit(0.0).alias("amount"), "amount"),
    ("log_normal", pl.lit(-2.0).alias("amount"), "amount"),
    ("bernoulli", pl.lit(2).alias("won"), "won"),
    ("binomial", (pl.col("tries") + 1).alias("wins"), "more wins than tries"),
    ("normal", pl.lit("a lot").alias("gain"), "gain"),
    ("normal", pl.lit(float("inf")).alias("gain"), "gain"),
    ("normal", pl.lit(None, pl.Float64).alias("gain"), "gain"),
    ("poisson", pl.lit(None, pl.Int64).alias("count"), "count"),
]


@pytest.mark.parametrize(("family", "change", "words"), MESSAGES)
def test_what_a_family_cannot_take_is_named(family: str, change: pl.Expr, words: str) -> None:
    with pytest.raises(InputError, match=words):
        fitted(family, table().with_columns(change))


def test_an_empty_table_is_named() -> None:
    with pytest.raises(InputError):
        fitted("poisson", table().head(0))
