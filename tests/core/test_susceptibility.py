"""Susceptibility and luck: by hand, against simulation, and on brands whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.stats import nbinom
from support import tiny

from attribution import forward
from attribution.draws import Block, n_draws
from attribution.errors import InputError
from attribution.fitting import fit
from attribution.quantities.audiences import (
    _drawn_variance,
    _member,
    audience_draws,
    creator_term,
)
from attribution.quantities.susceptibility import SHARE, SWAPPED, variances
from attribution.run import Run
from attribution.spec import parse_spec

SPEC = parse_spec("""
format = 1
name = "creators"
[outcome]
column = "conversions"
family = "negative_binomial"
exposure = "reach"
[mean]
link = "log"
[[mean.terms]]
kind = "intercept"
prior = { name = "normal", mu = -6.0, sigma = 2.0 }
[[mean.terms]]
kind = "group"
by = "creator_id"
of = ["intercept"]
effects = "exchangeable"
sd = { name = "half_normal", sigma = 0.7 }
[dispersion]
prior = { name = "half_normal", sigma = 1.0, on = "inverse" }
""")
CREATORS, POSTS, ALPHA, RATE = 120, 5, 5.0, 0.002


def brand(sd: float, seed: int) -> tuple[pl.DataFrame, np.ndarray]:
    """Return posts of creators whose multipliers are log-normal with mean 1, and these."""
    rng = np.random.default_rng(seed)
    multiplier = np.exp(rng.normal(-(sd**2) / 2.0, sd, CREATORS))
    creator = np.repeat(np.arange(CREATORS), POSTS)
    reach = rng.integers(400, 3000, CREATORS * POSTS)
    mean = RATE * reach * multiplier[creator]
    frame = pl.DataFrame(
        {
            "post_id": [f"p{k}" for k in range(len(creator))],
            "creator_id": [f"c{k:03d}" for k in creator],
            "reach": reach,
            "conversions": rng.poisson(rng.gamma(ALPHA, mean / ALPHA)),
        }
    )
    return frame, multiplier


def true_share(frame: pl.DataFrame, multiplier: np.ndarray) -> float:
    """Return luck's share of the variance of observed ratios, from the truth alone."""
    reach = frame["reach"].to_numpy().reshape(CREATORS, POSTS)
    expected = RATE * reach.sum(axis=1)
    squares = (RATE * reach * multiplier[:, None]) ** 2
    noise = (multiplier * expected + squares.sum(axis=1) / ALPHA) / expected**2
    between, chance = np.var(multiplier), np.mean(noise) * (1 - 1 / CREATORS)
    return float(chance / (between + chance))


@pytest.fixture(scope="module")
def known() -> tuple[Run, pl.DataFrame, np.ndarray]:
    frame, multiplier = brand(0.5, 3)
    return fit(SPEC, frame, draws=500, tune=500, chains=2, seed=1), frame, multiplier


@pytest.fixture(scope="module")
def alike() -> Run:
    return fit(SPEC, brand(0.0, 4)[0], draws=500, tune=500, chains=2, seed=1)


def test_multipliers_odds_and_luck_by_hand() -> None:
    table = tiny.run().susceptibility()
    rows = {row["group"]: row for row in table.to_dicts()}
    # draws of the multipliers: a 2 and 1, b 0.5 and 3
    assert rows["a"]["mean"] == pytest.approx(1.5)
    assert rows["b"]["mean"] == pytest.approx(1.75)
    assert rows["a"]["probability"] == 0.5
    assert (rows["a"]["rank_mean"], rows["b"]["rank_mean"]) == (1.5, 1.5)
    # an average creator: 3,000 reached, 150 likes, 15 comments in tier nano
    average = tiny.RATES[:, :, 0] @ [3000, 150, 15]
    assert rows["a"]["expected"] == pytest.approx(np.mean(average))
    assert rows["a"]["raw"] == pytest.approx(4 / np.mean(average))
    assert rows["a"]["shift"] == pytest.approx(1.5 - rows["a"]["raw"])
    of = tiny.run().audiences
    first = [1000 * 0.001 + 100 * 0.01 + 10 * 0.1, 2000 * 0.001 + 50 * 0.01 + 5 * 0.1]
    means = 2.0 * np.array(first)
    by_hand = (means.sum() + (means**2).sum() / 2.0) / sum(first) ** 2
    assert of.luck[0, of.levels.index("a")] == pytest.approx(by_hand)


def test_an_average_creator_of_a_regression_is_the_populations_mean() -> None:
    of = tiny.run(spec=tiny.ENGAGEMENT).audiences
    sd = np.array([0.5, 0.6])
    by_hand = tiny.MULTIPLIERS / np.exp(sd**2 / 2.0)[:, None]
    order = [of.levels.index(name) for name in ("a", "b")]
    np.testing.assert_allclose(of.multiplier[:2][:, order], by_hand)


def test_luck_and_susceptibility_add_up_to_what_is_seen_where_orders_come_late() -> None:
    """Against outcomes drawn anew: the spread of observed ratios is that of both together."""
    late = tiny.table(carry_posts=[["p1"], ["p2", "p1"], ["p3"]],
                      carry_shares=[[0.7], [0.8, 0.3], [0.9]])  # fmt: skip
    run = tiny.run(late)
    assert run.design.sources is not None
    one = {name: values[:1] for name, values in run.draws.items()}
    of = audience_draws(run.design, one, creator_term(run.design), 1)
    many = {name: np.repeat(values, 40_000, axis=0) for name, values in one.items()}
    drawn = forward.replicate(run.design, many, np.random.default_rng(1))
    member = _member(run.design.groups["creator_id"].index, 2)
    ratios = (member @ drawn.T).T / of.expected
    np.testing.assert_allclose(ratios.var(axis=0), of.luck[0], rtol=0.05)
    between, chance = variances(of, np.ones(2))
    assert np.mean(ratios.var(axis=1)) == pytest.approx((between + chance)[0], rel=0.05)


def test_a_variance_that_is_drawn_is_that_which_is_written_out() -> None:
    run = tiny.run()
    draws = {name: np.repeat(values[:1], 2000, axis=0) for name, values in run.draws.items()}
    member = _member(run.design.groups["creator_id"].index, 2)
    block = Block(slice(0, n_draws(draws)), draws)
    found = _drawn_variance(run.design, block, member, np.random.default_rng(1)).mean(axis=0)
    of = audience_draws(run.design, draws, creator_term(run.design), 1)
    np.testing.assert_allclose(found, (of.luck * of.expected**2)[0], rtol=0.05)


def test_the_share_of_luck_is_that_of_the_simulation(
    known: tuple[Run, pl.DataFrame, np.ndarray],
) -> None:
    run, frame, multiplier = known
    truth = true_share(frame, multiplier)
    assert 0.2 < truth < 0.8
    row = run.luck().filter(pl.col("quantity") == SHARE).row(0, named=True)
    assert abs(row["mean"] - truth) < 3.0 * row["sd"]
    assert row["sd"] < 0.1
    # The spread that is seen is that of both, by a formula that knows nothing of the model.
    expected = frame.group_by("creator_id", maintain_order=True).agg(pl.col("reach").sum())
    orders = frame.group_by("creator_id", maintain_order=True).agg(pl.col("conversions").sum())
    seen = np.var(orders["conversions"].to_numpy() / (RATE * expected["reach"].to_numpy()))
    parts = run.luck().filter(pl.col("quantity").is_in(["spread_susceptibility", "spread_luck"]))
    assert float((parts["mean"] ** 2).sum()) == pytest.approx(seen, rel=0.35)


def test_creators_are_shrunk_as_by_quadrature(
    known: tuple[Run, pl.DataFrame, np.ndarray],
) -> None:
    """Each creator's posterior mean, given the other unknowns at theirs, on a grid."""
    run, frame, _ = known
    intercept, sd = run.draws["intercept"].mean(), run.draws["creator_sd"].mean()
    alpha = run.draws["alpha"].mean()
    grid = np.linspace(-5.0, 5.0, 401) * sd
    prior = np.exp(-0.5 * (grid / sd) ** 2)
    table = {row["group"]: row for row in run.susceptibility().to_dicts()}
    for creator in ("c000", "c017", "c055"):
        own = frame.filter(pl.col("creator_id") == creator)
        mean = own["reach"].to_numpy()[:, None] * np.exp(intercept + grid)
        chance = nbinom.logpmf(
            own["conversions"].to_numpy()[:, None], alpha, alpha / (alpha + mean)
        )
        weight = prior * np.exp(chance.sum(axis=0) - chance.sum(axis=0).max())
        by_grid = np.sum(weight * np.exp(grid - sd**2 / 2.0)) / weight.sum()
        assert table[creator]["mean"] == pytest.approx(by_grid, rel=0.08)
        raw = table[creator]["raw"]
        assert abs(by_grid - 1.0) < abs(raw - 1.0) + 0.05


def test_intervals_and_ranks_hold_the_truth(known: tuple[Run, pl.DataFrame, np.ndarray]) -> None:
    run, _, multiplier = known
    table = run.susceptibility()
    index = table["group"].str.slice(1).cast(pl.Int64).to_numpy()
    true = multiplier[index]
    rank = (-multiplier).argsort().argsort()[index] + 1
    beside = table.with_columns(true=true, true_rank=rank)
    held = beside.select(pl.col("true").is_between("lower", "upper").mean()).item()
    ranked = beside.select(pl.col("true_rank").is_between("rank_lower", "rank_upper").mean()).item()
    assert 0.8 <= held <= 0.97
    assert 0.8 <= ranked <= 0.99
    shrunk = np.mean((table["median"].to_numpy() - true) ** 2)
    assert shrunk < 0.7 * np.mean((table["raw"].to_numpy() - true) ** 2)
    claimed = table.filter(pl.col("answer") == "above average")
    assert claimed.height >= 5
    swapped = run.luck().filter(pl.col("quantity") == SWAPPED).row(0, named=True)
    observed = table.sort("raw", descending=True).head(10)["group"].str.slice(1).cast(pl.Int64)
    truly = set(np.argsort(-multiplier)[:10].tolist())
    assert swapped["lower"] <= len(set(observed) - truly) <= swapped["upper"]


def test_creators_who_do_not_differ_are_all_luck_and_none_is_claimed(alike: Run) -> None:
    row = alike.luck().filter(pl.col("quantity") == SHARE).row(0, named=True)
    assert row["median"] > 0.9
    assert row["answer"] == "mostly luck"
    table = alike.susceptibility()
    assert set(table["answer"]) == {"cannot tell"}
    assert table["raw"].max() > 1.5
    assert table["median"].max() < 1.25


def test_what_a_model_cannot_tell_is_said() -> None:
    run = tiny.run()
    with pytest.raises(InputError, match="so many cannot lead"):
        run.susceptibility(top=3)
    terms = tuple(t for t in run.design.spec.mean.terms if getattr(t, "by", "") != "creator_id")
    spec = replace(run.design.spec, mean=replace(run.design.spec.mean, terms=terms))
    without = replace(run, design=replace(run.design, spec=spec))
    with pytest.raises(InputError, match="no effect of creators"):
        without.susceptibility()
