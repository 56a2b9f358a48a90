"""What a funnel tells at known parameters, against sums done by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pytest

from attribution.design import Design, build_design
from attribution.errors import InputError
from attribution.known_funnel import engagement_truth
from attribution.quantities.claims import check_ratio, claims
from attribution.quantities.estimates import NEW, Quantity
from attribution.quantities.funnel import followers_of, funnel_quantities
from attribution.simulation.funnel import Funnel, funnel_truth, simulate_funnel
from attribution.simulation.platforms import INSTAGRAM
from attribution.simulation.population import Population
from attribution.spec import read_spec
from attribution.spec.stages import in_run

TIERS = ("nano", "micro", "mid", "macro")
DRAWS = 40
NO_SPREAD = 1e-9


@cache
def design() -> Design:
    table = simulate_funnel(Funnel(), 40, 5, seed=3)
    return build_design(read_spec("funnel"), table, level_order=TIERS)


def draws(**known: object) -> dict[str, np.ndarray]:
    """Return the same parameters in each draw: creators and posts do not differ but as told."""
    found: dict[str, object] = {
        "intercept": -6.0,
        "slope_volume": 0.4,
        "slope_conversation": 0.2,
        "tier_effect": np.array([-0.3, 0.2, 0.1, 0.0]),
        "creator_sd": NO_SPREAD,
        "creator_effect": np.zeros(40),
        "alpha": 3.0,
    }
    stages: dict[str, dict[str, object]] = {
        "reach": {
            "intercept": 8.0,
            "slope_size": 0.7,
            "tier_effect": np.array([0.4, 0.1, -0.1, -0.4]),
            "sigma_intercept": np.log(NO_SPREAD),
            "sigma_platform_effect": np.zeros(2),
        },
        "likes": {
            "intercept": -2.0,
            "tier_effect": np.array([0.5, 0.0, -0.2, -0.3]),
            "dispersion_intercept": 18.0,
            "dispersion_platform_effect": np.zeros(2),
        },
        "comments": {
            "intercept": -5.0,
            "slope_liked": 1.0,
            "tier_effect": np.array([0.1, 0.1, -0.1, -0.1]),
            "dispersion_intercept": 18.0,
            "dispersion_platform_effect": np.zeros(2),
        },
    }
    common = {
        "platform_effect": np.array([0.0, 0.5]),
        "tier_platform_effect": np.zeros(8),
        "creator_sd": NO_SPREAD,
    }
    for stage, own in stages.items():
        found |= {in_run(stage, name): value for name, value in {**common, **own}.items()}
    found |= known
    return {name: np.repeat(np.asarray(v, float)[None], DRAWS, 0) for name, v in found.items()}


def told(**known: object) -> dict[tuple[str, str], Quantity]:
    return {(q.quantity, q.group): q for q in funnel_quantities(design(), draws(**known))}


def mean(q: Quantity) -> float:
    return float(np.mean(q.draws))


def posts(tier: str) -> pl.DataFrame:
    """Return the posts with the tier's followers, reach and likes, without any chance."""
    built, table, k = design(), design().table, TIERS.index(tier)
    centres = built.stages["reach"].feature_centres
    table = table.with_columns(followers_of(table, "tier", tier))
    second = pl.when(pl.col("platform") == "tiktok").then(0.5).otherwise(0.0)
    size = pl.col("followers").log() - centres["size"]
    shift = [0.4, 0.1, -0.1, -0.4][k]
    return table.with_columns(second=second).with_columns(
        reach=(8.0 + 0.7 * size + shift + pl.col("second")).exp()
    )


def with_engagement(table: pl.DataFrame, tier: str) -> pl.DataFrame:
    k = TIERS.index(tier)
    likes = (-2.0 + [0.5, 0.0, -0.2, -0.3][k] + pl.col("second")).exp() * pl.col("reach")
    centre = design().stages["comments"].feature_centres["liked"]
    liked = ((1.0 + pl.col("likes")) / pl.col("reach")).log() - centre
    shift = [0.1, 0.1, -0.1, -0.1][k]
    return table.with_columns(likes=likes).with_columns(
        comments=(-5.0 + liked + shift + pl.col("second")).exp() * pl.col("reach")
    )


def orders(table: pl.DataFrame, tier: str) -> float:
    """Return orders in all, at the parameters above."""
    centres = design().feature_centres
    volume = ((1.0 + pl.col("likes")) / pl.col("reach")).log() - centres["volume"]
    kind = ((1.0 + pl.col("comments")) / (1.0 + pl.col("likes"))).log() - centres["conversation"]
    shift = [-0.3, 0.2, 0.1, 0.0][TIERS.index(tier)]
    eta = -6.0 + 0.4 * volume + 0.2 * kind + shift
    return float(table.select((eta.exp() * pl.col("reach")).sum()).item())


def test_engagement_rates_are_averages_over_posts() -> None:
    found = told()
    for tier in TIERS:
        table = with_engagement(posts(tier), tier)
        engaged = pl.col("likes") + pl.col("comments")
        for by in ("reach", "followers"):
            hand = 100.0 * table.select((engaged / pl.col(by)).mean()).item()
            assert mean(found[f"engagement_rate_by_{by}", tier]) == pytest.approx(hand, rel=0.01)


def test_ways_multiply_to_the_total_and_are_those_done_by_hand() -> None:
    found = told()
    ref = "nano"
    # All tiers have as many posts: the first is what others are compared with.
    base = {tier: float(posts(tier)["followers"].sum()) for tier in TIERS}
    none = orders(with_engagement(posts(ref), ref), ref) / base[ref]
    for tier in TIERS[1:]:
        hand = {
            "direct": orders(with_engagement(posts(ref), ref), tier) / base[ref] / none,
            "total": orders(with_engagement(posts(tier), tier), tier) / base[tier] / none,
        }
        engaged = orders(with_engagement(posts(ref), tier), tier) / base[ref] / none
        hand["through_engagement"] = engaged / hand["direct"]
        hand["through_reach"] = hand["total"] / engaged
        pair = f"{tier} / {ref}"
        for way, value in hand.items():
            q = found[f"{way}_effect_by_followers", pair]
            assert mean(q) == pytest.approx(value, rel=0.02), way
        parts = ("direct", "through_engagement", "through_reach")
        product = np.prod([found[f"{w}_effect_by_followers", pair].draws for w in parts], axis=0)
        np.testing.assert_allclose(product, found["total_effect_by_followers", pair].draws)
        by_reach = ("direct", "through_engagement")
        product = np.prod([found[f"{w}_effect_by_reach", pair].draws for w in by_reach], axis=0)
        np.testing.assert_allclose(product, found["total_effect_by_reach", pair].draws)


def test_new_creators_are_averaged_over() -> None:
    """A log-normal multiplier with spread s averages exp(s**2 / 2): of likes, and of orders."""
    s = 0.6
    plain, spread = told(), told(**{"likes.creator_sd": s, "creator_sd": s})
    lifted = np.exp(s**2 / 2.0)
    key = ("engagement_rate_by_reach", "mid")
    assert mean(spread[key]) / mean(plain[key]) == pytest.approx(lifted, rel=0.03)
    # Volume carries likes with power 0.4; comments follow likes, so conversation stays.
    key = ("orders_per_1000_followers", "mid")
    power = 0.4
    both = lifted * np.exp(power**2 * s**2 / 2.0)
    assert mean(spread[key]) / mean(plain[key]) == pytest.approx(both, rel=0.03)


def test_equal_tiers_have_ratios_of_one_by_reach() -> None:
    none = np.zeros(4)
    stages = ("reach", "likes", "comments")
    found = told(tier_effect=none, **{in_run(stage, "tier_effect"): none for stage in stages})
    ratios = [
        q for (name, _), q in found.items()
        if name.endswith("by_reach") and q.unit == "ratio"
    ]  # fmt: skip
    assert len(ratios) == 6 + 9
    for q in ratios:
        np.testing.assert_allclose(q.draws, 1.0, atol=0.02)


def test_posts_have_the_followers_of_their_rank_in_another_tier() -> None:
    table = pl.DataFrame(
        {"tier": ["a"] * 3 + ["b"] * 5, "followers": [3, 1, 2, 10, 50, 20, 40, 30]}
    )
    assert followers_of(table, "tier", "b")[:3].to_list() == pytest.approx(
        [46.7, 13.3, 30], abs=0.1
    )
    assert followers_of(table, "tier", "a")[:3].to_list() == pytest.approx([3, 1, 2])


def ratio_of(values: list[float]) -> Quantity:
    return Quantity(
        "engagement_rate_ratio_by_reach", "Engagement rate by reach: ratio", "contrast", "a / b",
        NEW, "per post", "ratio", np.asarray(values), 1.0, "P(a > b)",
    )  # fmt: skip


def test_a_claim_is_as_probable_as_its_share_of_draws() -> None:
    (found,) = claims([ratio_of([1.5, 1.7, 1.8, 2.0])], None)
    assert (found.statement, found.probability, found.answer) == ("P(> 1.6)", 0.75, "cannot tell")
    (found,) = claims([ratio_of([1.5, 1.7, 1.8, 2.0])], 1.2)
    assert (found.statement, found.answer) == ("P(> 1.2)", "supported")
    assert found.quantity == "engagement_rate_ratio_by_reach_above_1.2"
    (found,) = claims([ratio_of([1.5, 1.7])], 3.0)
    assert found.answer == "not supported"


def test_a_claim_needs_a_ratio() -> None:
    assert not list(claims([], None))
    with pytest.raises(InputError, match="this model tells no ratios"):
        list(claims([], 2.0))
    with pytest.raises(InputError, match="a ratio is a number above 0"):
        check_ratio(-1.0)


def test_the_truth_of_rates_is_that_of_the_simulators_settings() -> None:
    """On one platform; macro's likes are bounded by the people reached, so it has fewer."""
    truth = engagement_truth(Population(platforms=(replace(INSTAGRAM, share=1.0),)))
    ratio = truth.filter(
        pl.col("quantity") == "engagement_rate_ratio_by_followers",
        pl.col("group") == "micro / mid",
    )["truth"][0]
    assert ratio == pytest.approx(0.022 / 0.015, rel=0.05)
    by_reach = truth.filter(
        pl.col("quantity") == "engagement_rate_ratio_by_reach", pl.col("group") == "micro / mid"
    )["truth"][0]
    assert by_reach == pytest.approx(0.022 / 0.157 / (0.015 / 0.08), rel=0.05)


def test_the_truth_of_ways_is_that_of_the_shifts() -> None:
    """Elasticities turn shifts of likes and comments into orders; reach carries all the rest."""
    funnel = Funnel()
    found = funnel_truth(funnel, "nano", posts=40_000)
    shift = {s: funnel.shifts[s]["mid"] - funnel.shifts[s]["nano"] for s in funnel.shifts}
    direct = found["direct_effect_by_followers", "mid / nano"]
    assert direct == pytest.approx(np.exp(shift["orders"]), rel=1e-6)
    engaged = funnel.volume * shift["likes"] + funnel.conversation * shift["comments"]
    through = found["through_engagement_effect_by_followers", "mid / nano"]
    assert through == pytest.approx(np.exp(engaged), rel=0.03)
    rate = found["engagement_rate_ratio_by_reach", "mid / nano"]
    assert rate == pytest.approx(np.exp(shift["likes"]), rel=0.03)
