"""Estimands of the engagement regression on three posts, against its formula written out."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import pytest
from support import tiny

from attribution.quantities import response
from attribution.quantities.estimates import NEW, THESE, Quantity
from attribution.quantities.regression import regression_quantities
from attribution.quantities.response import response_table
from attribution.run import Run

REACH, LIKES, COMMENTS = np.array([[1000.0, 2000, 4000], [100, 50, 400], [10, 5, 20]])
INTERCEPT, VOLUME, CONVERSATION = np.array([[-6.0, -7.0], [0.5, 0.8], [0.2, 0.2]])[:, :, None]
TIER = np.array([[0.3, 0.3, -0.3], [-0.1, -0.1, 0.1]])
CREATOR = np.array([[2.0, 2.0, 0.5], [1.0, 1.0, 3.0]])
CREATOR_SD = np.array([0.5, 0.6])


def orders(likes: np.ndarray = LIKES, comments: np.ndarray = COMMENTS) -> np.ndarray:
    """Return expected orders; shape (draw, post). Features are centred at the observed posts."""
    volume = np.log((1 + likes) / REACH) - np.log((1 + LIKES) / REACH).mean()
    observed = np.log((1 + COMMENTS) / (1 + LIKES)).mean()
    conversation = np.log((1 + comments) / (1 + likes)) - observed
    eta = INTERCEPT + VOLUME * volume + CONVERSATION * conversation + TIER
    return REACH * np.exp(eta) * CREATOR


@cache
def run() -> Run:
    return tiny.run(spec=tiny.ENGAGEMENT)


@cache
def found() -> dict[tuple[str, str, str, str], Quantity]:
    quantities = regression_quantities(run().design, run().draws)
    return {q.key: q for q in quantities}


GROUPS = [("overall", "all", [0, 1, 2]), ("tier", "nano", [0, 1]), ("tier", "micro", [2])]


@pytest.mark.parametrize(("scope", "group", "posts"), GROUPS)
def test_change_is_the_average_over_posts_of_what_more_of_a_signal_brings(
    scope: str, group: str, posts: list[int]
) -> None:
    likes = (orders(likes=LIKES + 1000) - orders())[:, posts].mean(axis=1)
    comments = (orders(comments=COMMENTS + 100) - orders())[:, posts].mean(axis=1)
    assert found()["change_per_1000_likes", scope, group, THESE].draws == pytest.approx(
        tiny.both(*likes)
    )
    assert found()["change_per_100_comments", scope, group, THESE].draws == pytest.approx(
        tiny.both(*comments)
    )
    each = tiny.both(*(comments / 100 - likes / 1000))
    assert found()["comment_less_like", scope, group, THESE].draws == pytest.approx(each)


@pytest.mark.parametrize(("scope", "group", "posts"), GROUPS)
def test_elasticity_is_that_of_the_expected_orders(
    scope: str, group: str, posts: list[int]
) -> None:
    """To first order the order-weighted mean of slope times likes / (1 + likes)."""
    weight = orders()[:, posts]
    likes, comments = LIKES[posts], COMMENTS[posts]
    of_likes = (VOLUME - CONVERSATION) * likes / (1 + likes)
    of_comments = CONVERSATION * comments / (1 + comments)
    for signal, local in (("likes", of_likes), ("comments", of_comments)):
        expected = (weight * local).sum(axis=1) / weight.sum(axis=1)
        draws = found()[f"elasticity_{signal}", scope, group, THESE].draws
        assert draws == pytest.approx(tiny.both(*expected), rel=0.01)


def test_a_likes_elasticity_of_one_post_by_hand() -> None:
    """400 likes more by 1 %: (405 / 401) ** 0.3, on the scale of 1 %."""
    first = 0.3 * np.log(405 / 401) / np.log(1.01)
    second = 0.6 * np.log(405 / 401) / np.log(1.01)
    draws = found()["elasticity_likes", "tier", "micro", THESE].draws
    assert draws == pytest.approx(tiny.both(first, second))


def test_rates_of_these_creators() -> None:
    expected = orders()
    draws = found()["orders_per_1000_reached_in_all", "overall", "all", THESE].draws
    assert draws == pytest.approx(tiny.both(*(1000 * expected.sum(axis=1) / 7000)))
    nano = found()["orders_per_1000_reached_in_all", "tier", "nano", THESE].draws
    assert nano == pytest.approx(tiny.both(*(1000 * expected[:, :2].sum(axis=1) / 3000)))


def test_a_new_creator_has_the_populations_mean_multiplier() -> None:
    """exp(sd ** 2 / 2), as effects are normal on the log scale."""
    plain = orders() / CREATOR * np.exp(CREATOR_SD**2 / 2)[:, None]
    nano, micro = 1000 * plain[:, :2].sum(axis=1) / 3000, 1000 * plain[:, 2] / 4000
    rate = "orders_per_1000_reached_in_all"
    assert found()[rate, "tier", "nano", NEW].draws == pytest.approx(tiny.both(*nano))
    assert found()[rate, "tier", "micro", NEW].draws == pytest.approx(tiny.both(*micro))
    contrast = found()[f"tier_contrast_{rate}", "contrast", "nano / micro", NEW].draws
    assert contrast == pytest.approx(tiny.both(*(nano / micro)))
    best = found()[f"best_tier_{rate}", "tier", "nano", NEW].draws
    assert best == pytest.approx(tiny.both(*(nano > micro).astype(float)))


def test_a_post_that_hides_likes_stays_out_of_changes_and_in_rates() -> None:
    frame = pl.concat([tiny.table()] * 4).with_columns(
        post_id=pl.int_range(12).cast(pl.String),
        likes=pl.when(pl.int_range(12) == 0).then(None).otherwise("likes"),
        carry_posts=pl.concat_list(pl.int_range(12).cast(pl.String)),
    )
    design = tiny.design(frame, tiny.ENGAGEMENT)
    draws = dict(tiny.engagement_draws(design)) | {"hidden_z": np.zeros((16, 1))}
    by_key = {q.key: q for q in regression_quantities(design, draws)}
    # Without it, seven nano posts are left: three like p1 and four like p2.
    centre = {name: design.feature_centres[name] for name in ("volume", "conversation")}
    shift = [
        VOLUME * (np.log((1 + LIKES) / REACH).mean() - centre["volume"]),
        CONVERSATION * (np.log((1 + COMMENTS) / (1 + LIKES)).mean() - centre["conversation"]),
    ]
    gain = (orders(likes=LIKES + 1000) - orders()) * np.exp(sum(shift))
    expected = (3 * gain[:, 0] + 4 * gain[:, 1]) / 7
    assert by_key["change_per_1000_likes", "tier", "nano", THESE].draws == pytest.approx(
        tiny.both(*expected)
    )


@pytest.mark.parametrize(("likes", "words"), [(1.0, "more"), (-1.0, "fewer")])
def test_a_sure_sign_is_said_in_words(likes: float, words: str) -> None:
    design = run().design
    draws = dict(run().draws) | {"slope_volume": np.full(16, likes)}
    by_key = {q.key: q for q in regression_quantities(design, draws)}
    change = by_key["change_per_1000_likes", "overall", "all", THESE]
    assert change.answer == f"more likes go with {words} orders"


def test_an_uncertain_sign_cannot_be_told() -> None:
    draws = dict(run().draws) | {"slope_volume": tiny.both(1.0, -1.0)}
    by_key = {q.key: q for q in regression_quantities(run().design, draws)}
    assert by_key["elasticity_likes", "overall", "all", THESE].answer == "cannot tell"


def test_the_response_curve_sets_every_post_to_the_same_likes() -> None:
    curve = response_table(run()).filter(pl.col("signal") == "likes", pl.col("tier") == "nano")
    for x, lower, upper in curve.select("x", "lower", "upper").rows():
        at_x = orders(likes=np.full(3, x))[:, :2].mean(axis=1)
        assert (lower, upper) == pytest.approx(tuple(sorted(at_x)))


def test_the_response_curve_of_many_posts_is_a_sample_s_by_the_ratio_to_exposure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One of the tier's two posts, of reach 1,000 and 2,000, stands for both."""
    monkeypatch.setattr(response, "MOST_POSTS", 1)
    curve = response_table(run()).filter(pl.col("signal") == "likes", pl.col("tier") == "nano")
    for x, lower, upper in curve.select("x", "lower", "upper").rows():
        both = orders(likes=np.full(3, x))[:, :2] * 1500.0 / REACH[:2]
        assert any((lower, upper) == pytest.approx(tuple(sorted(one))) for one in both.T)


def test_contributions_of_a_regression_are_refused() -> None:
    from attribution.errors import InputError

    with pytest.raises(InputError, match="has no contributions: its parts multiply"):
        run().contributions()
