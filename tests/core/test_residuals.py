"""Residuals tell chance that a model does not allow for, and creators that it does not know."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from support import small

import attribution.residuals
from attribution.agreement import larger
from attribution.design import Design
from attribution.outcomes import Count
from attribution.residuals import (
    AROUND,
    alike,
    compared,
    creators_of,
    likeness,
    residual_checks,
    residuals,
)

MEAN, REPLICATIONS = 8.0, 500
ALIKE = alike("post")


def test_residuals_by_hand() -> None:
    found = residuals(np.array([[3.0, 5.0, 1.0]]), np.array([1.0, 5.0, 0.0]), np.array([2.0, 4, 0]))
    assert found.tolist() == [[1.0, 0.0, 0.0]]


def test_likeness_by_hand() -> None:
    # a: 1 * 2, b: 3 * -1, 3 * 2 and -1 * 2, each pair twice
    found = likeness(np.array([[1.0, 2.0, 3.0, -1.0, 2.0]]), np.array([0, 0, 1, 1, 1]))
    assert found == pytest.approx([2 * (2 - 3 + 6 - 2) / 8])


def test_rounding_is_no_difference_between_replications() -> None:
    replicated, observed = np.full((400, 1), 0.1), np.array([0.3])
    figure, drawn = compared(observed, replicated, lambda y: y, lambda r: r[:, 0])
    assert (figure, np.abs(drawn).max()) == (0.0, 0.0)


def test_large_tables_are_compared_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    given = rng.poisson(3.0, 6).astype(np.float64), rng.poisson(3.0, (50, 6)).astype(np.float64)
    whole = compared(*given, np.log1p, lambda r: np.mean(r**2, axis=1))
    monkeypatch.setattr(attribution.residuals, "AT_ONCE", 40)
    parts = compared(*given, np.log1p, lambda r: np.mean(r**2, axis=1))
    assert parts[0] == pytest.approx(whole[0])
    assert parts[1] == pytest.approx(whole[1])


def checks(
    outcome: np.ndarray, replicated: np.ndarray, design: Design | None = None
) -> dict[str, str]:
    of = replace(design or small.believable("additive").design, outcome=outcome)
    return {check.name: check.status for check in residual_checks(of, replicated)}


def design() -> Design:
    return small.believable("additive").design


def posts(seed: int, *, dispersion: float = 0.0, creators: float = 0.0) -> np.ndarray:
    """Return counts of the posts, with dispersion or with multipliers of creators."""
    rng, of = np.random.default_rng(seed), design()
    index = creators_of(of)
    assert index is not None
    mean = MEAN * np.exp(creators * rng.normal(size=index.max() + 1))[index]
    if dispersion:
        mean = mean * rng.gamma(1.0 / dispersion, dispersion, len(index))
    return rng.poisson(mean)


def pooled(seed: int) -> np.ndarray:
    """Return replications of a model without dispersion and without creators."""
    shape = (REPLICATIONS, len(design().outcome))
    return np.random.default_rng([seed, 1]).poisson(MEAN, shape).astype(np.float64)


def test_a_right_model_is_hardly_ever_contradicted() -> None:
    found = [checks(posts(seed), pooled(seed)) for seed in range(200)]
    for name in (AROUND, ALIKE):
        # 200 brands at a rate of 0.004: more than 4 have a probability of 0.001.
        assert sum(one[name] == "fail" for one in found) <= 4


def test_dispersion_that_the_model_lacks_is_told() -> None:
    found = [checks(posts(seed, dispersion=0.3), pooled(seed)) for seed in range(20)]
    assert sum(one[AROUND] == "fail" for one in found) == 20


def test_creators_that_the_model_does_not_know_are_told() -> None:
    found = [checks(posts(seed, creators=0.4), pooled(seed)) for seed in range(20)]
    assert sum(one[ALIKE] == "fail" for one in found) == 20


def uneven(seed: int, creators: float) -> tuple[np.ndarray, np.ndarray]:
    """Return counts of which rare ones are large, and replications of a model without creators.

    It takes for dispersion what creators add to the variance, as a fit would.
    """
    rng, index = np.random.default_rng([seed, 3]), creators_of(design())
    assert index is not None
    more = np.exp(creators * rng.normal(size=index.max() + 1) - creators**2 / 2)[index]
    outcome = rng.poisson(MEAN * more * rng.gamma(1.0, 1.0, len(index)))
    shape = 1.0 / (1.0 + 2.0 * (np.exp(creators**2) - 1.0))
    mean = MEAN * rng.gamma(shape, 1.0 / shape, (REPLICATIONS, len(index)))
    return outcome, rng.poisson(mean).astype(np.float64)


def told_alike() -> int:
    found = [checks(*uneven(seed, 1.3)) for seed in range(20)]
    return sum(one[ALIKE] == "fail" for one in found)


def test_creators_are_told_although_rare_posts_are_large() -> None:
    assert told_alike() >= 16


def test_counts_themselves_would_hide_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Count, "even", lambda _, y: y)
    assert told_alike() <= 8


def test_rare_large_posts_alone_contradict_nothing() -> None:
    found = [checks(*uneven(seed, 0.0)) for seed in range(200)]
    for name in (AROUND, ALIKE):
        assert sum(one[name] == "fail" for one in found) <= 4


def test_less_than_replicated_contradicts_nothing() -> None:
    outcome = np.full(len(design().outcome), int(MEAN))
    assert checks(outcome, pooled(1)) == {AROUND: "pass", ALIKE: "pass"}


def test_without_creators_nothing_is_said_of_them() -> None:
    of = design()
    alone = of.table.with_columns(creator_id=pl.col("post_id"))
    unsaid = of.table.with_columns(creator_id=pl.lit(None, dtype=pl.String))
    for table in (alone, unsaid, of.table.drop("creator_id")):
        assert set(checks(posts(1), pooled(1), replace(of, table=table))) == {AROUND}


@pytest.mark.parametrize(
    ("observed", "replicated", "status"),
    [
        # p = 1 / 201 and 1 / 200, the least that so many replications give
        (3.0, np.linspace(0.0, 1.0, 200), "fail"),
        (3.0, np.linspace(0.0, 1.0, 199), "warn"),
        (0.5, np.linspace(0.0, 1.0, 199), "warn"),
        (-3.0, np.linspace(0.0, 1.0, 500), "pass"),
        (float("nan"), np.linspace(0.0, 1.0, 500), "fail"),
        (0.5, np.full(500, np.nan), "fail"),
    ],
)
def test_only_too_large_a_figure_contradicts(
    observed: float, replicated: np.ndarray, status: str
) -> None:
    check = larger("figure", observed, replicated, "meaning", "advice")
    assert check.status == status
    assert ("could not be made" in check.value) is (status == "warn")
