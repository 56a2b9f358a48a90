"""Daily sales: adstock weights, what is carried over, the model against its formulas, estimands."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from scipy import stats
from support import days
from support.points import AtPoints, at_points

from attribution import forward
from attribution.data import read_analysis
from attribution.design import Design, build_design
from attribution.design.halo import ages
from attribution.errors import InputError
from attribution.outcomes import outcome_of
from attribution.predictive import NEXT_DAY, figures
from attribution.quantities.effects import quantities_of
from attribution.quantities.estimates import CANNOT_TELL
from attribution.spec.adstock import Adstock


def design_of(table: pl.DataFrame, adstock: str = "geometric", **more: str) -> Design:
    return build_design(days.spec(adstock, **more), read_analysis(table).frame)


def weights(adstock: Adstock, length: int, **values: float) -> np.ndarray:
    drawn = {name: np.asarray([[value]]) for name, value in values.items()}
    return np.asarray(adstock.weights(forward.F, ages(length), drawn.__getitem__))[0]


@pytest.mark.parametrize("half_life", [0.05, 1.0, 3.7, 40.0, 4000.0])
def test_geometric_weights_are_those_of_a_geometric_series(half_life: float) -> None:
    kept = 0.5 ** (1.0 / half_life)
    by_hand = np.asarray([kept**lag for lag in range(42)])
    found = weights(days.spec().mean.adstock, 42, half_life=half_life)
    assert found == pytest.approx(by_hand / by_hand.sum(), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("half_life", [0.3, 4.0, 25.0])
@pytest.mark.parametrize("steepness", [0.3, 1.0, 2.5])
def test_weibull_weights_are_those_of_scipy(half_life: float, steepness: float) -> None:
    scale = half_life / np.log(2.0) ** (1.0 / steepness)
    by_day = np.diff(stats.weibull_min.cdf(np.arange(29), steepness, scale=scale))
    adstock = days.spec("weibull").mean.adstock
    found = weights(adstock, 28, half_life=half_life, steepness=steepness)
    assert found == pytest.approx(by_day / by_day.sum(), rel=1e-8, abs=1e-12)
    assert found.sum() == pytest.approx(1.0)


def test_what_is_carried_is_what_a_loop_over_days_and_posts_gives() -> None:
    table = days.table()
    design = design_of(table, "weibull")
    draws = {
        "halo_share": np.asarray([0.3, 0.1]),
        "part_effect": np.asarray([[0.4, -0.4], [-1.0, 1.0]]),
        "half_life": np.asarray([2.0, 6.0]),
        "steepness": np.asarray([0.7, 1.5]),
    }
    found = forward.carried(design, draws)
    known = table["orders"].drop_nulls().mean()
    for d in range(2):
        scale = draws["half_life"][d] / np.log(2.0) ** (1.0 / draws["steepness"][d])
        left = stats.weibull_min.sf(np.arange(15), draws["steepness"][d], scale=scale)
        parts = ("reach_nano", "reach_mid")
        factors = np.exp(draws["part_effect"][d])
        reaching = sum(f * table[part].mean() for f, part in zip(factors, parts, strict=True))
        for k, part in enumerate(parts):
            reach = table[part].to_list()
            rate = draws["halo_share"][d] * known * factors[k] / reaching
            expected = [0.0] * len(reach)
            for day, reached in enumerate(reach):
                for lag in range(14):
                    if day + lag < len(reach):
                        part_of = (left[lag] - left[lag + 1]) / (1.0 - left[14])
                        expected[day + lag] += rate * reached * part_of
            assert found[d, :, k] == pytest.approx(expected[days.WARM_UP :], rel=1e-9)


@cache
def points(adstock: str, family: str) -> AtPoints:
    return at_points(design_of(days.table(), adstock, family=family))


CASES = [("geometric", "negative_binomial"), ("weibull", "poisson")]


@pytest.mark.parametrize(("adstock", "family"), CASES)
def test_the_model_and_its_formulas_agree(adstock: str, family: str) -> None:
    at = points(adstock, family)
    densities, draws = at.evaluate(at.prior(12))
    ours = forward.log_likelihood(at.design, draws)
    assert ours == pytest.approx(densities["orders"], rel=1e-7, abs=1e-7)
    some = np.asarray([3, 20, 41])
    assert forward.log_likelihood(at.design, draws, some) == pytest.approx(ours[:, some])


def test_the_order_of_rows_is_no_matter() -> None:
    straight = design_of(days.table())
    shuffled = design_of(days.table().sample(fraction=1.0, shuffle=True, seed=3))
    place = {post: row for row, post in enumerate(shuffled.posts)}
    order = [place[post] for post in straight.posts]
    assert straight.halo is not None
    assert shuffled.halo is not None
    for part, values in straight.halo.lags.items():
        assert shuffled.halo.lags[part][order] == pytest.approx(values)


def test_days_without_known_sales_are_carried_over_and_no_more() -> None:
    design = design_of(days.table())
    assert len(design.outcome) == 50
    assert design.posts[0] == "2025-03-13"
    assert outcome_of(design).noun == "day"
    without = days.table().with_columns(
        pl.when(pl.col("orders").is_null()).then(0).otherwise("reach_mid").alias("reach_mid")
    )
    before, after = (d.halo for d in (design, design_of(without)))
    assert before is not None
    assert after is not None
    assert before.lags["reach_mid"][0, 1:].any()
    assert not after.lags["reach_mid"][0, 1:].any()


def test_a_part_that_reached_nobody_is_left_out_with_the_reason() -> None:
    design = design_of(days.table().with_columns(reach_mid=pl.lit(0)))
    assert design.spec.mean.parts == ("reach_nano",)
    assert [(a.part, a.reason) for a in design.absent] == [
        ("sales through reach_mid", "all reach_mid are 0")
    ]
    share = forward.carried(design, {"halo_share": np.ones(1), "half_life": np.ones(1)})
    assert share.shape == (1, 50, 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda t: t.filter(pl.col("day_number") != 30),
            "key mean.day: 1 days are missing in the table (found 'the days before 2025-04-03'); "
            "expected days that follow one another, each once, without a gap. "
            "Add the missing days, sales empty where they are not known",
        ),
        (
            lambda t: pl.concat([t, t.slice(4, 1)]).with_columns(post_id=pl.int_range(pl.len())),
            "1 rows are of a day that another row has already",
        ),
        (lambda t: t.with_columns(day=pl.lit("Monday")), "the column 'day' holds no days"),
        (lambda t: t.with_columns(day=pl.lit(1.5)), "the column 'day' holds no days"),
        (
            lambda t: t.with_columns(reach_nano=pl.col("reach_nano").replace({0: None})),
            "expected numbers, 0 or more; 0 on days without a post",
        ),
        (
            lambda t: t.with_columns(reach_nano=pl.lit(0), reach_mid=pl.lit(0)),
            "no post reached anybody on the days of the table",
        ),
    ],
)
def test_days_that_cannot_be_used_are_named(change, said: str) -> None:
    table = change(days.table())
    with pytest.raises(InputError) as caught:
        build_design(
            days.spec(), table.with_columns(post_id=pl.int_range(pl.len()).cast(pl.String))
        )
    assert said in str(caught.value)


EFFECTS = (0.5, -0.5)


def known(share: float) -> dict[str, np.ndarray]:
    """Return draws that are all alike, of which estimands follow by hand."""
    of = {"intercept": np.log(50.0), "slope_day_number": 0.0, "halo_share": share, "half_life": 2.0}
    draws = {name: np.full(40, value) for name, value in of.items()}
    levels = np.zeros((40, 7))
    return {**draws, "weekday_effect": levels, "part_effect": np.tile(EFFECTS, (40, 1))}


def test_estimands_follow_from_the_draws() -> None:
    design = design_of(days.table())
    halo = design.halo
    assert halo is not None
    draws = known(0.3)
    found = {(q.quantity, q.group): q for q in quantities_of(design)(design, draws)}
    carried = forward.carried(design, draws)[0]
    total = carried.sum()
    assert found["orders_through_posts", "all"].draws[0] == pytest.approx(total)
    assert found["orders_through_posts", "mid"].draws[0] == pytest.approx(carried[:, 1].sum())
    assert found["halo_share", "all"].draws[0] == pytest.approx(total / (total + 0.7 * 50 * 50.0))
    table = days.table()
    factors = dict(zip(("nano", "mid"), np.exp(EFFECTS), strict=True))
    below = sum(factor * table[f"reach_{tier}"].mean() for tier, factor in factors.items())
    rates = {
        tier: 1000 * 0.3 * table["orders"].mean() * factor / below
        for tier, factor in factors.items()
    }
    for tier, rate in rates.items():
        assert found["orders_per_1000_reached", tier].draws[0] == pytest.approx(rate)
    reached = table.drop_nulls("orders").select("reach_nano", "reach_mid").sum().row(0)
    overall = (rates["nano"] * reached[0] + rates["mid"] * reached[1]) / sum(reached)
    assert found["orders_per_1000_reached", "all"].draws[0] == pytest.approx(overall)
    best = found["best_tier_orders_per_1000_reached", "nano"]
    assert best.probability == (1.0 if rates["nano"] > rates["mid"] else 0.0)
    kept = np.sqrt(0.5) ** np.arange(14) / np.sum(np.sqrt(0.5) ** np.arange(14))
    assert found["mean_delay", "all"].draws[0] == pytest.approx(kept @ np.arange(14))
    assert found["first_week", "all"].draws[0] == pytest.approx(kept[:7].sum())


@pytest.mark.parametrize(
    ("share", "answer"), [(0.3, "posts bring orders"), (0.01, "posts bring next to no orders")]
)
def test_nothing_is_said_of_posts_that_bring_next_to_nothing(share: float, answer: str) -> None:
    design = design_of(days.table())
    found = {(q.quantity, q.group): q for q in quantities_of(design)(design, known(share))}
    assert found["halo_share", "all"].answer == answer
    others = [q.answer == CANNOT_TELL for key, q in found.items() if key[0] != "halo_share"]
    assert all(others) if share < 0.05 else not any(others)


def test_effects_of_other_columns_are_refused() -> None:
    from attribution.quantities.asked import Ask, check

    with pytest.raises(InputError, match="tells what posts bring"):
        check(design_of(days.table()), Ask(of=("day_number",)))


def test_the_model_is_compiled_here() -> None:
    from attribution.model import build_model
    from attribution.sampling import compile_density

    model = build_model(design_of(days.table(), "weibull"))
    assert compile_density(model, 2)[1] == "native"


def test_successive_days_are_told_apart_from_those_with_a_gap_between() -> None:
    holes = days.table().with_columns(
        orders=pl.when(pl.col("day_number").is_in([20, 33])).then(None).otherwise("orders")
    )
    design = design_of(holes.sample(fraction=1.0, shuffle=True, seed=3))
    drawn = np.random.default_rng(1).poisson(50.0, (2, len(design.outcome)))
    found = figures(design, drawn)[NEXT_DAY]
    by_day = dict(zip(design.posts, drawn[1], strict=True))
    names = sorted(by_day)
    pairs = [
        (by_day[a], by_day[b])
        for a, b in pairwise(names)
        if date.fromisoformat(b) - date.fromisoformat(a) == timedelta(days=1)
    ]
    assert len(pairs) == 45
    assert found[1] == pytest.approx(np.corrcoef(np.transpose(pairs))[0, 1])
