"""The truth of each estimand: sums by hand, and what the estimates are at the true parameters."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pytest
from support import small, tiny

from attribution.design import Design
from attribution.draws import Draws
from attribution.errors import InputError
from attribution.known_truth import KEYS, contributions_truth, roi_truth, truth_table
from attribution.quantities.additive import additive_quantities
from attribution.quantities.contributions import credited
from attribution.quantities.estimates import NEW, THESE
from attribution.quantities.grouping import groupings
from attribution.simulation import Truth


@cache
def truth() -> Truth:
    """Return a truth that is the first draw of ``support.tiny``."""
    made = small.small().brand.truth
    rates = {
        tier: {part: float(tiny.RATES[0, p, t]) for p, part in enumerate(tiny.PARTS)}
        for t, tier in enumerate(("nano", "micro"))
    }
    parts = {"expected_reach": [2, 4, 1], "expected_likes": [2, 1, 0.4]}
    return replace(
        made,
        rates_by_tier=rates,
        values=replace(made.values, paying_share=0.8),
        creators=pl.DataFrame(
            {
                "creator_id": ["a", "b"],
                "tier": ["nano", "micro"],
                "platform": ["instagram"] * 2,
                "multiplier": [2.0, 0.5],
                "mean_net_revenue": [25.0, 50.0],
            }
        ),
        posts=pl.DataFrame(
            {"post_id": ["p1", "p2", "p3"], "tier": ["nano", "nano", "micro"]}
            | parts
            | {"expected_comments": [2, 1, 0.4], "expected": [6, 6, 1.8]},
            strict=False,
        ),
    )


TRUTHS = [
    ("orders_per_1000_reached", "overall", "all", THESE, 1.0),
    ("orders_per_1000_likes", "overall", "all", THESE, 3400 / 550),
    ("orders_per_1000_likes", "tier", "nano", THESE, 20.0),
    ("orders_per_1000_likes", "tier", "nano", NEW, 10.0),
    ("orders_per_100_comments", "tier", "micro", THESE, 2.0),
    ("orders_per_100_comments", "tier", "micro", NEW, 4.0),
    ("orders_per_1000_reached_in_all", "overall", "all", THESE, 13.8 / 7),
    ("orders_per_1000_reached_in_all", "tier", "nano", NEW, 2.0),
    ("share_of_orders_comments", "overall", "all", THESE, 3.4 / 13.8),
    ("likes_per_comment", "overall", "all", THESE, 0.42 / 0.041),
    ("likes_per_comment", "tier", "micro", THESE, 20.0),
    ("tier_contrast_orders_per_1000_likes", "contrast", "nano / micro", NEW, 5.0),
    ("creator_multiplier", "creator", "b", THESE, 0.5),
    # One like more brings v * theta orders: (2 + 2) * 0.01 + 0.5 * 0.002 over three posts.
    ("change_per_1000_likes", "overall", "all", THESE, 1000 * 0.041 / 3),
    ("change_per_100_comments", "tier", "nano", THESE, 100 * 0.2),
    # 1 % more likes brings 1 % of the orders through likes.
    ("elasticity_likes", "overall", "all", THESE, 3.4 / 13.8),
    ("elasticity_comments", "tier", "micro", THESE, 0.4 / 1.8),
]


@pytest.mark.parametrize(("quantity", "scope", "group", "population", "value"), TRUTHS)
def test_truths_by_hand(
    quantity: str, scope: str, group: str, population: str, value: float
) -> None:
    table = truth_table(truth(), tiny.design())
    key = dict(zip(KEYS, (quantity, scope, group, population), strict=True))
    rows = table.filter(*(pl.col(name) == wanted for name, wanted in key.items()))
    assert rows["truth"].to_list() == pytest.approx([value])


def test_true_roi_by_hand() -> None:
    table = roi_truth(truth(), tiny.design(), "creator", margin=0.5)
    assert dict(table.select("group", "true_roi").rows()) == pytest.approx(
        {"a": 120 / 120 - 1, "b": 36 / 320 - 1}
    )
    total = roi_truth(truth(), tiny.design(), "total")
    assert total.row(0) == ("all", pytest.approx(312 / 440 - 1), pytest.approx(13.8))


def test_true_contributions_by_hand() -> None:
    table = contributions_truth(truth(), tiny.design(), "tier")
    found = {(group, part): value for group, part, value in table.rows()}
    assert found["nano", "reach"] == pytest.approx(1 + 4 / 6)
    assert found["micro", "likes"] == pytest.approx(4 * 0.4 / 1.8)
    assert sum(found.values()) == pytest.approx(8.0)


def test_a_post_of_another_brand_is_refused() -> None:
    with pytest.raises(InputError, match="not in the simulated brand"):
        truth_table(small.small().brand.truth, tiny.design())


def true_draws(design: Design, made: Truth) -> Draws:
    """Return one draw of the model: the brand's true parameters, hidden likes included."""
    creators = design.groups["creator_id"].levels
    tiers = design.groups["tier"].levels
    multiplier = dict(made.creators.select("creator_id", "multiplier").rows())
    rates = np.array([[made.rates_by_tier[t][p] for t in tiers] for p in tiny.PARTS])
    base = np.log(rates).mean(axis=1)
    total = np.exp(base - np.log(design.units))
    hidden = design.hidden
    assert hidden is not None
    likes = dict(made.posts.select("post_id", "likes").rows())
    log_count = np.log1p([likes[design.posts[row]] for row in hidden.rows])
    return {
        "log_rate": np.log([total.sum()]),
        "share": (total / total.sum())[None],
        "tier_effect": (np.log(rates) - base[:, None])[None],
        "creator_effect": np.log([[multiplier[c] for c in creators]]),
        "hidden_z": ((log_count - hidden.mean) / hidden.sd)[None],
    }


def test_at_the_true_parameters_every_estimate_is_the_truth() -> None:
    """Estimators and truths are computed apart; on a brand with hidden likes they agree."""
    design, made = small.design("additive"), small.small().brand.truth
    table = truth_table(made, design)
    expected = {row[:4]: row[4] for row in table.rows()}
    quantities = {q.key: q for q in additive_quantities(design, true_draws(design, made))}
    estimated = {k: float(q.draws[0]) for k, q in quantities.items() if q.has_interval}
    assert estimated.keys() <= expected.keys()
    assert {key[0].split("_per_")[0] for key in expected.keys() - estimated.keys()} <= {
        "change",
        "elasticity_likes",
        "elasticity_comments",
    }
    for key, value in estimated.items():
        assert value == pytest.approx(expected[key], rel=1e-6), key


@pytest.mark.parametrize("by", ["total", "tier"])
def test_true_contributions_are_the_estimate_at_the_true_parameters(by: str) -> None:
    design, made = small.design("additive"), small.small().brand.truth
    assert design.sources is not None
    (found,) = credited(design, true_draws(design, made), groupings(design, by))
    table = contributions_truth(made, design, by)
    expected = {(g, part): value for g, part, value in table.rows()}
    for g, level in enumerate(groupings(design, by)[0].names):
        for p, part in enumerate(tiny.PARTS):
            assert found[0, g, p] == pytest.approx(expected[level, part], rel=1e-6)


def test_credited_orders_add_up_to_the_observed_ones_in_every_draw() -> None:
    run = small.believable("additive")
    (draws,) = credited(run.design, run.draws, groupings(run.design, "post"))
    sums = draws.sum(axis=2)
    assert sums == pytest.approx(np.broadcast_to(run.design.outcome, sums.shape))
    assert draws.min() >= 0.0
