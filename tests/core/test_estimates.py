"""From draws to a row: interval, probability, what may be said, and nobody's settings."""

from __future__ import annotations

import arviz_base
import numpy as np
import polars as pl
import pytest
from arviz_stats.base import array_stats

from attribution.quantities.estimates import (
    CANNOT_TELL,
    NEW,
    SCHEMA,
    SURE,
    THESE,
    Quantity,
    estimate_table,
    summarise,
    words_of_best,
)


def quantity(draws: np.ndarray, /, **more: object) -> Quantity:
    words = ("name", "label", "overall", "all", THESE, "per post", "unit")
    return Quantity(*words, draws, **more)  # type: ignore[arg-type]


def chance(probability: float, count: int = 1000) -> np.ndarray:
    """Return draws of which the given share is above 1."""
    return np.where(np.arange(count) < round(probability * count), 2.0, 0.5)


@pytest.mark.parametrize(
    ("probability", "evidence", "answer"),
    [
        (0.95, 1.0, "high"),
        (0.949, 1.0, CANNOT_TELL),
        (0.5, 1.0, CANNOT_TELL),
        (0.051, 1.0, CANNOT_TELL),
        (0.05, 1.0, "low"),
        (0.999, 0.95, "high"),
        (0.999, 0.949, CANNOT_TELL),
        (0.001, 0.949, CANNOT_TELL),
    ],
)
def test_what_may_be_said(probability: float, evidence: float, answer: str) -> None:
    asked = quantity(chance(probability), threshold=1.0, evidence=evidence, words=("high", "low"))
    assert asked.probability == pytest.approx(probability)
    assert asked.answer == answer


@pytest.mark.parametrize(("evidence", "answer"), [(1.0, "estimated"), (0.94, CANNOT_TELL)])
def test_without_a_statement_there_is_an_estimate_or_none(evidence: float, answer: str) -> None:
    asked = quantity(np.arange(100.0), evidence=evidence)
    assert asked.probability is None
    assert asked.answer == answer


def test_a_draw_at_the_threshold_is_not_above_it() -> None:
    assert quantity(np.array([1.0, 1.0, 2.0, 0.0]), threshold=1.0).probability == 0.25


def test_a_row_is_the_summary_of_its_draws() -> None:
    draws = np.random.default_rng(1).gamma(2.0, size=2000)
    row = estimate_table([quantity(draws)], 4).row(0, named=True)
    assert list(row) == list(SCHEMA)
    assert row["mean"] == pytest.approx(draws.mean())
    assert row["sd"] == pytest.approx(draws.std(ddof=1))
    assert row["median"] == pytest.approx(np.median(draws))
    assert row["lower"] == pytest.approx(np.quantile(draws, 0.055))
    assert row["upper"] == pytest.approx(np.quantile(draws, 0.945))
    assert (row["interval"], row["prob"]) == ("eti", 0.89)
    chains = draws.reshape(4, 500)
    assert row["ess_bulk"] == pytest.approx(array_stats.ess(chains, method="bulk"))
    tail = array_stats.ess(chains, method="tail", prob=(0.05, 0.95))
    assert row["ess_tail"] == pytest.approx(tail)
    assert row["mcse_mean"] == pytest.approx(array_stats.mcse(chains, method="mean"))


def test_chains_that_disagree_have_few_effective_draws() -> None:
    rng = np.random.default_rng(2)
    same = rng.normal(size=2000)
    apart = same + np.repeat([0.0, 3.0], 1000)
    numbers = summarise(np.stack([same, apart]), 2)
    assert numbers["ess_bulk"][0] > 1500
    assert numbers["ess_bulk"][1] < 10


def test_a_users_settings_change_no_number() -> None:
    draws = np.random.default_rng(3).gamma(0.5, size=(3, 2000))
    asked = [quantity(row, threshold=1.0) for row in draws]
    plain = estimate_table(asked, 4)
    with arviz_base.rc_context({"stats.ci_prob": 0.5, "stats.ci_kind": "hdi"}):
        assert estimate_table(asked, 4).equals(plain)


def test_an_event_has_a_probability_and_no_interval() -> None:
    happened = (chance(0.3) > 1).astype(float)
    event = quantity(happened, threshold=0.5, statement="P(best)", has_interval=False)
    row = estimate_table([event], 4).row(0, named=True)
    assert (row["mean"], row["probability"]) == pytest.approx((0.3, 0.3))
    for name in ("sd", "median", "lower", "upper", "interval", "prob"):
        assert row[name] is None, name


def test_the_priors_probability_stands_beside_its_own_quantity() -> None:
    posterior = [
        quantity(chance(0.9), threshold=1.0),
        Quantity("name", "label", "tier", "nano", NEW, "w", "u", chance(0.8), threshold=1.0),
        quantity(np.arange(1000.0)),
    ]
    prior = [
        Quantity("name", "label", "tier", "nano", NEW, "w", "u", chance(0.6), threshold=1.0),
        Quantity("name", "label", "tier", "micro", NEW, "w", "u", chance(0.1), threshold=1.0),
    ]
    table = estimate_table(posterior, 4, prior)
    assert table["prior_probability"].to_list() == [None, 0.6, None]


def test_what_does_not_vary_has_no_effective_draws() -> None:
    numbers = summarise(np.full((1, 400), 7.0), 4).row(0, named=True)
    assert numbers["ess_bulk"] is None
    assert numbers["mcse_mean"] == 0.0
    assert numbers["lower"] == numbers["upper"] == 7.0


def test_no_quantities_give_an_empty_table_of_the_same_columns() -> None:
    assert estimate_table([], 4).schema == pl.Schema(SCHEMA)


def test_a_group_is_not_the_best_only_where_another_is_surely_above_it() -> None:
    rng = np.random.default_rng(1)
    alike = rng.normal([0.0, 0.0, 0.0, -1.2], 1.0, (4000, 4))
    chance = np.mean(np.argmax(alike, axis=1) == 3)
    assert chance <= 1.0 - SURE
    assert words_of_best(alike, 3) == ("best", CANNOT_TELL)
    ahead = alike + np.array([3.0, 0.0, 0.0, 0.0])
    assert words_of_best(ahead, 3) == ("best", "not best")
    assert words_of_best(ahead, 0) == ("best", CANNOT_TELL)
