"""Residuals that go with a column tell a wrong exposure, and drivers that a model leaves out.

Fits are exact and take no sampling: creators' rates per unit of exposure are gamma, orders Poisson,
so that each rate is gamma given the orders, and replications are drawn from that.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pytest
from scipy import stats
from support import small

from attribution import along
from attribution.along import (
    along_checks,
    centred,
    directions,
    exposures,
    exposures_of,
    informed,
    normal_scores,
    others,
    others_of,
    scores,
    terms_of,
)
from attribution.design import Design, build_design
from attribution.manifest import Check
from attribution.outcomes import outcome_of
from attribution.residuals import creators_of
from attribution.spec import parse_spec, read_spec, spec_text
from proofs.calibration.tables import posts

EXPOSURES, OTHERS = exposures("post"), others("post")
SIZES = ((8, 3), (15, 8), (50, 10))
ORDERS, SHAPE = 10.0, 4.0
"""Orders of a post on average, and the shape of creators' rates."""
REPLICATIONS = 200
"""The fewest that can contradict: one brand in 201 whose model is right fails."""


@cache
def brand(creators: int, each: int, model: str = "tier_only") -> Design:
    """Return the posts of a brand under a model whose exposure is reach."""
    return build_design(read_spec(model), posts(creators, each, 1).frame)


def per_follower(design: Design) -> Design:
    """Return the same posts under a model whose exposure is followers."""
    text = spec_text("tier_only").replace('exposure = "reach"', 'exposure = "followers"')
    return build_design(parse_spec(text), design.table)


def creators(design: Design) -> np.ndarray:
    index = creators_of(design)
    assert index is not None
    return index


def people(design: Design, column: str = "reach") -> np.ndarray:
    """Return people by post, such that a rate of 1 brings the usual orders."""
    values = design.table[column].to_numpy().astype(np.float64)
    return ORDERS * values / values.mean()


def orders(design: Design, seed: int, factor: np.ndarray | float = 1.0) -> np.ndarray:
    """Draw orders that are proportional to reach, and to a factor of each post."""
    rng, index = np.random.default_rng(seed), creators(design)
    rate = rng.gamma(SHAPE, 1.0 / SHAPE, index.max() + 1)[index]
    return rng.poisson(rate * people(design) * factor)


def fitted(design: Design, outcome: np.ndarray, seed: int, count: int = REPLICATIONS) -> np.ndarray:
    """Draw replications from the exact posterior of creators' rates per unit of exposure."""
    rng, index = np.random.default_rng([seed, 1]), creators(design)
    exposure = people(design, str(design.spec.outcome.exposure))
    shape = SHAPE + np.bincount(index, outcome)
    rate = rng.gamma(shape, 1.0 / (SHAPE + np.bincount(index, exposure)), (count, len(shape)))
    return rng.poisson(rate[:, index] * exposure).astype(np.float64)


def known(design: Design, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw orders and replications of rates that are known: one of as many that are alike."""
    mean = people(design)
    drawn = np.random.default_rng([seed, 2]).poisson(mean, (REPLICATIONS + 1, len(mean)))
    return drawn[0], drawn[1:].astype(np.float64)


def checks(design: Design, outcome: np.ndarray, replicated: np.ndarray) -> dict[str, Check]:
    return {c.name: c for c in along_checks(replace(design, outcome=outcome), replicated)}


def probability(check: Check) -> float:
    found = re.search(r"p = ([\d.]+)", check.value)
    assert found is not None
    return float(found[1])


def fits(design: Design, brands: int) -> list[dict[str, Check]]:
    """Return checks of fits to orders that are proportional to reach."""
    drawn = [orders(design, seed) for seed in range(brands)]
    return [checks(design, y, fitted(design, y, seed)) for seed, y in enumerate(drawn)]


def contradicted(found: list[dict[str, Check]], name: str = EXPOSURES) -> int:
    return sum(of[name].status != "pass" for of in found)


@pytest.mark.parametrize("size", SIZES)
def test_a_right_fit_is_hardly_ever_contradicted(size: tuple[int, int]) -> None:
    """200 brands at a rate of 0.005: more than 5 have a probability of 0.0006."""
    found = fits(brand(*size), 200)
    assert contradicted(found) <= 5
    assert contradicted(found, OTHERS) <= 5


def low(size: tuple[int, int], *names: str) -> list[int]:
    """Return how many of 200 brands whose rates are known have a probability of 0.1 or less."""
    of = brand(*size)
    found = [checks(of, *known(of, seed)) for seed in range(200)]
    return [sum(probability(one[name]) <= 0.1 for one in found) for name in names]


LEAST, MOST = stats.binom(200, 0.1).ppf([0.0005, 0.9995])


@pytest.mark.parametrize("size", SIZES)
def test_what_was_observed_is_any_of_the_replications(size: tuple[int, int]) -> None:
    # Both checks of the same replications, which take longer than what is counted in them.
    for count in low(size, EXPOSURES, OTHERS):
        assert LEAST <= count <= MOST


def test_that_there_are_several_columns_must_not_be_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def of_one(*given: np.ndarray) -> np.ndarray:
        found = scores(*given)
        found[1:, 1:] = 0.0
        return found

    monkeypatch.setattr(along, "scores", of_one)
    (count,) = low((8, 3), OTHERS)
    assert count > MOST


@pytest.mark.parametrize(("size", "least"), [((8, 3), 17), ((15, 8), 20), ((50, 10), 20)])
def test_a_wrong_exposure_is_told(size: tuple[int, int], least: int) -> None:
    assert contradicted(fits(per_follower(brand(*size)), 20)) >= least


def test_creators_that_are_not_taken_out_hide_a_wrong_exposure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(along, "creators_of", lambda _: None)
    assert contradicted(fits(per_follower(brand(8, 3)), 20)) <= 5


def test_the_exposures_that_tell_are_named() -> None:
    of = brand(50, 10)
    outcome, wrong = orders(of, 1), per_follower(of)
    check = checks(wrong, outcome, fitted(wrong, outcome, 1))[EXPOSURES]
    assert check.status == "fail"
    assert re.match(r"(reach|views) \+[\d.]+, (reach|views) \+[\d.]+", check.value)
    assert "add a term for" in check.advice


def test_a_driver_that_is_left_out_is_named_and_warns() -> None:
    of = brand(50, 10)
    likes = of.table["likes"].cast(pl.Float64).fill_null(strategy="mean").to_numpy()
    outcome = orders(of, 1, np.sqrt((1.0 + likes) / people(of)))
    check = checks(of, outcome, fitted(of, outcome, 1))[OTHERS]
    assert check.status == "warn"
    assert check.value.startswith("likes +")
    assert check.advice.startswith("Add a term for likes")


def test_orders_that_grow_with_time_warn() -> None:
    of = brand(15, 8)
    days = of.table["posted_at"].rank().to_numpy() / of.table.height
    outcome = orders(of, 1, np.exp(2.0 * days))
    check = checks(of, outcome, fitted(of, outcome, 1))[OTHERS]
    assert (check.status, "posted_at +" in check.value) == ("warn", True)


def test_what_is_no_number_is_not_passed() -> None:
    of = brand(15, 8)
    outcome = orders(of, 1)
    replicated = fitted(of, outcome, 1)
    for bad in (np.nan, np.inf):
        replicated[3, 5] = bad
        with np.errstate(invalid="ignore"):
            found = checks(of, outcome, replicated)
        assert (found[EXPOSURES].status, found[OTHERS].status) == ("fail", "warn")


def test_too_few_replications_are_said_to_be_too_few() -> None:
    of = brand(15, 8)
    outcome = orders(of, 1)
    for count, made in ((199, False), (200, True)):
        for check in checks(of, outcome, fitted(of, outcome, 1, count)).values():
            assert (check.status == "pass") is made
            assert ("could not be made" in check.value) is not made


def test_columns_that_do_not_differ_within_creators_are_said_to_tell_nothing() -> None:
    of = brand(15, 8)
    same = [pl.col(name).mean().over("creator_id") for name in along.PEOPLE_AND_DAYS]
    flat = replace(of, table=of.table.with_columns(same))
    outcome = orders(of, 1)
    check = checks(flat, outcome, fitted(of, outcome, 1))[EXPOSURES]
    assert check.status == "warn"
    assert check.value.startswith("could not be made: reach, ")


def test_exposures_that_the_model_has_terms_for_are_not_looked_at() -> None:
    of = brand(15, 8)
    own = replace(of, features=exposures_of(of))
    outcome = orders(of, 1)
    check = checks(own, outcome, fitted(of, outcome, 1))[EXPOSURES]
    assert check.status == "pass"
    assert check.value.startswith("not looked at: the model has terms for reach, views")


def test_of_many_columns_that_tell_five_are_named() -> None:
    of = brand(15, 8)
    days = of.table["posted_at"].rank().to_numpy() / of.table.height
    many = of.table.with_columns(pl.col("posted_at").alias(f"again_{k}") for k in range(7))
    outcome = orders(of, 1, np.exp(2.0 * days))
    check = checks(replace(of, table=many), outcome, fitted(of, outcome, 1))[OTHERS]
    assert re.search(r"and [3-9] more standard deviations", check.value)


def test_without_creators_all_posts_are_compared() -> None:
    of = brand(50, 10)
    alone = replace(of, table=of.table.drop("creator_id"))
    rng, reach = np.random.default_rng(1), people(of)
    replicated = rng.poisson(ORDERS, (REPLICATIONS, len(reach))).astype(np.float64)
    assert checks(alone, rng.poisson(reach), replicated)[EXPOSURES].status == "fail"


def test_posts_where_a_column_is_empty_say_nothing_of_it() -> None:
    of = brand(15, 8)
    outcome = orders(of, 1)
    empty = np.arange(of.table.height) % 3 == 0
    views = pl.when(pl.Series(~empty)).then(pl.col("views"))
    some = replace(of, table=of.table.with_columns(views))
    weights = directions(some, fitted(of, outcome, 1), exposures_of(some), terms_of(some))["views"]
    assert np.all(weights[empty] == 0.0)
    assert np.count_nonzero(weights) > 0


def test_directions_are_free_of_creators_and_of_what_the_model_knows() -> None:
    of = brand(50, 10, "engagement")
    replicated = fitted(of, orders(of, 1), 1)
    told, spread = informed(outcome_of(of), replicated)
    for weights in directions(of, replicated, exposures_of(of), terms_of(of)).values():
        own = weights * spread * told
        size = np.abs(own).sum()
        assert np.abs(np.bincount(creators(of), own)).max() < 1e-9 * size
        assert np.abs(own @ terms_of(of)).max() < 1e-9 * size


def test_terms_are_slopes_and_shares_of_parts() -> None:
    assert terms_of(brand(15, 8)).shape[1] == 0
    assert terms_of(brand(15, 8, "engagement")).shape[1] == 2
    shares = terms_of(brand(15, 8, "additive"))
    assert shares.shape[1] == 3
    assert shares.sum(axis=1) == pytest.approx(1.0)
    assert terms_of(brand(15, 8, "goldilocks")).shape[1] > 2


def of_outcome(column: str, exposure: str | None) -> Design:
    of = brand(15, 8)
    outcome = replace(of.spec.outcome, column=column, exposure=exposure)
    return replace(of, spec=replace(of.spec, outcome=outcome))


@pytest.mark.parametrize(
    ("column", "exposure", "judged"),
    [
        ("conversions", "reach", {"reach", "views", "followers", "collect_days"}),
        ("conversions", None, {"reach", "views", "followers", "collect_days"}),
        ("conversions", "fee", set()),
        ("likes", "reach", {"reach", "views", "followers", "collect_days"}),
        ("likes", None, set()),
        ("reach", None, set()),
    ],
)
def test_exposures_are_judged_where_the_outcome_is_proportional_to_one(
    column: str, exposure: str | None, judged: set[str]
) -> None:
    assert exposures_of(of_outcome(column, exposure)).keys() == judged


def test_what_comes_of_the_outcome_or_is_used_is_not_among_other_columns() -> None:
    orders_of, likes_of = (
        others_of(of_outcome("conversions", "reach")),
        others_of(of_outcome("likes", "reach")),
    )
    assert {"likes", "comments", "fee", "posted_at", "reply_rate"} <= orders_of.keys()
    assert not {"paying_orders", "net_revenue", "conversions", "post_id"} & orders_of.keys()
    assert not {"likes", "comments", "conversions", "net_revenue"} & likes_of.keys()
    assert not {"likes", "comments"} & others_of(brand(15, 8, "engagement")).keys()
    assert {"views", "followers"} <= others_of(of_outcome("clicks", None)).keys()


def test_columns_that_are_the_same_everywhere_are_not_looked_at() -> None:
    of = brand(15, 8)
    table = of.table.with_columns(views=7, fee=pl.lit(None, dtype=pl.Float64))
    assert "views" not in exposures_of(replace(of, table=table))
    assert "fee" not in others_of(replace(of, table=table))


def test_normal_scores_by_hand() -> None:
    found = normal_scores(np.array([3.0, np.nan, 1.0, 3.0, 9.0]))
    expected = stats.norm.ppf(np.array([2.0, np.nan, 0.5, 2.0, 3.5]) / 4)
    assert found == pytest.approx(expected, nan_ok=True)


def test_centred_by_hand() -> None:
    found = centred(np.array([[1.0], [4.0], [2.0]]), np.array([0, 0, 1]), np.array([1.0, 2.0, 0.0]))
    # The mean of the first group is (1 + 4 * 4) / 5.
    assert found[:, 0] == pytest.approx([-2.4, 1.2, 0.0])


def test_scores_by_hand() -> None:
    found = scores(np.array([1, 2]), np.array([[3.0, 0.0], [5.0, 1.0]]), np.array([[1.0], [-1.0]]))
    # -1, 3 and 4
    assert found[:, 0] == pytest.approx(stats.zscore([-1.0, 3.0, 4.0]))


@pytest.mark.parametrize("model", ["additive", "engagement"])
def test_the_gate_makes_both_checks(model: str) -> None:
    made = {check.name: check.status for check in small.believable(model).manifest.health}
    assert made[EXPOSURES] == made[OTHERS] == "pass"
