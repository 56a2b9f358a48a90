"""Tables drawn from a spec's prior: by hand, what parameters and outcomes have to be."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from support import captured, days, tiny

from attribution import forward
from attribution.cli import main
from attribution.data import read_analysis
from attribution.errors import InputError
from attribution.fitting import design_of
from attribution.from_prior import PriorDraws, draw_from_prior
from attribution.spec import parse_spec, read_spec
from attribution.spec.stated import stated_priors

COUNT = 600

SPEC = """
format = 1
name = "small"
[outcome]
column = "sales"
family = "poisson"
exposure = "people"
[features]
heat = "warm / 10"
[mean]
[[mean.terms]]
kind = "intercept"
prior = { name = "normal", mu = -3.0, sigma = 1.0 }
[[mean.terms]]
kind = "linear"
feature = "heat"
prior = { name = "normal", mu = 0.0, sigma = 0.5 }
[[mean.terms]]
kind = "group"
by = "shop"
of = ["intercept"]
effects = "exchangeable"
sd = { name = "half_normal", sigma = 0.5 }
"""

POSTS = pl.DataFrame(
    {
        "post_id": [f"p{k}" for k in range(12)],
        "shop": [f"s{k % 4}" for k in range(12)],
        "people": [100 + 50 * k for k in range(12)],
        "warm": [float(k * k % 7) for k in range(12)],
    }
)


@pytest.fixture(scope="module")
def drawn() -> PriorDraws:
    return draw_from_prior(parse_spec(SPEC), POSTS, count=COUNT, seed=1)


def test_parameters_have_the_stated_priors(drawn: PriorDraws) -> None:
    intercept, sd = drawn.parameters["intercept"], drawn.parameters["shop_sd"]
    assert intercept.mean() == pytest.approx(-3.0, abs=4 / np.sqrt(COUNT))
    assert intercept.std() == pytest.approx(1.0, rel=0.12)
    assert sd.mean() == pytest.approx(0.5 * np.sqrt(2 / np.pi), rel=0.12)
    scaled = drawn.parameters["shop_effect"] / sd[:, None]
    assert scaled.std() == pytest.approx(1.0, rel=0.1)


def test_outcomes_are_those_of_the_family_at_the_parameters(drawn: PriorDraws) -> None:
    of = drawn.parameters
    heat = POSTS["warm"].to_numpy() / 10
    log_rate = of["intercept"][:, None] + of["slope_heat"][:, None] * (heat - heat.mean())
    log_rate = log_rate + of["shop_effect"][:, np.arange(12) % 4]
    mean = POSTS["people"].to_numpy() * np.exp(log_rate)
    off = (drawn.outcomes - mean) / np.sqrt(mean)
    assert off.mean() == pytest.approx(0.0, abs=0.05)
    assert off.std() == pytest.approx(1.0, rel=0.05)


def test_the_table_of_a_draw_has_its_outcomes_and_all_else_as_it_was(drawn: PriorDraws) -> None:
    frame = drawn.table(3).frame
    assert frame.drop("sales").equals(POSTS)
    assert frame["sales"].to_list() == drawn.outcomes[3].tolist()
    assert drawn.truth(3)["intercept"] == drawn.parameters["intercept"][3]


def test_outcomes_of_the_table_are_of_no_account() -> None:
    """They steer how effects are sampled, and nothing else."""
    spec = parse_spec(SPEC)
    with_sales = POSTS.with_columns(sales=pl.Series(range(12)))
    one, other = (draw_from_prior(spec, table, seed=2) for table in (POSTS, with_sales))
    assert one.outcomes.tolist() == other.outcomes.tolist()
    again = draw_from_prior(spec, POSTS, seed=3)
    assert again.outcomes.tolist() != one.outcomes.tolist()


def test_priors_left_to_the_table_are_put_in_numbers_first() -> None:
    spec = parse_spec(SPEC.replace('prior = { name = "normal", mu = -3.0, sigma = 1.0 }\n', ""))
    with_sales = POSTS.with_columns(sales=pl.col("people") // 10)
    drawn = draw_from_prior(spec, with_sales, seed=1)
    stated = {one.parameter: one.prior for one in stated_priors(drawn.spec)}
    assert stated["intercept"].parameters["mu"] == pytest.approx(np.log(0.1), abs=0.1)
    with pytest.raises(InputError, match="left to the column 'sales'"):
        draw_from_prior(spec, POSTS)


def test_a_flat_prior_is_refused() -> None:
    flat = SPEC.replace('{ name = "normal", mu = 0.0, sigma = 0.5 }', '{ name = "flat" }')
    with pytest.raises(InputError, match="nothing can be drawn from a flat prior"):
        draw_from_prior(parse_spec(flat), POSTS)


@pytest.fixture(scope="module")
def orders() -> PriorDraws:
    """Half of what p1 brings lands on p2, and the rest nowhere."""
    late = tiny.table(
        carry_posts=[["p1"], ["p2", "p1"], ["p3"]], carry_shares=[[0.5], [1.0, 0.5], [1.0]]
    ).drop("conversions", "paying_orders", "net_revenue")
    return draw_from_prior(tiny.ADDITIVE, late, count=2 * COUNT, seed=4)


def test_late_orders_land_where_the_table_says(orders: PriorDraws) -> None:
    brought = forward.expected(replace(orders.design, sources=None), orders.parameters)
    lands = np.array([[0.5, 0.0, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]])
    credited = brought @ lands.T
    enough = credited.min(axis=1) > 3.0
    ratio = orders.outcomes[enough] / credited[enough]
    assert ratio.mean(axis=0) == pytest.approx(np.ones(3), abs=0.2)


def test_orders_are_paid_and_have_values(orders: PriorDraws) -> None:
    of = orders.parameters
    paying, net = orders.columns["paying_orders"], orders.columns["net_revenue"]
    creator, tier = [0, 0, 1], orders.design.value_groups["tier"].index
    log_mean = of["value_log_mean"][:, None] + of["value_creator_effect"][:, creator]
    mean = np.exp(log_mean + of["value_tier_effect"][:, tier])
    assert paying.sum() / orders.outcomes.sum() == pytest.approx(0.9, abs=0.1)
    paid = paying > 50
    assert (net / (mean * np.maximum(paying, 1)))[paid].mean() == pytest.approx(1.0, abs=0.1)
    assert not net[paying == 0].any()


STAGED = (
    SPEC.replace("warm / 10", "ln(1 + clicks)")
    + """
[stages.clicks.outcome]
column = "clicks"
family = "poisson"
exposure = "people"
[stages.clicks.mean]
form = "linear"
[[stages.clicks.mean.terms]]
kind = "intercept"
prior = { name = "normal", mu = -2.0, sigma = 0.5 }
"""
)


def test_outcomes_on_the_way_are_drawn_first_and_the_last_from_them() -> None:
    clicks = pl.Series("clicks", [*range(1, 12), None])
    drawn = draw_from_prior(parse_spec(STAGED), POSTS.with_columns(clicks), count=150, seed=5)
    of, people = drawn.parameters, POSTS["people"].to_numpy()[:-1]
    found = drawn.columns["clicks"]
    assert drawn.design.posts == tuple(f"p{k}" for k in range(11))
    mean = people * np.exp(of["clicks.intercept"])[:, None]
    assert ((found - mean) / np.sqrt(mean)).std() == pytest.approx(1.0, rel=0.08)
    heat = np.log1p(found)
    log_rate = of["slope_heat"][:, None] * (heat - heat.mean(axis=1, keepdims=True))
    log_rate += of["intercept"][:, None] + of["shop_effect"][:, np.arange(11) % 4]
    mean = people * np.exp(log_rate)
    off = (drawn.outcomes - mean) / np.sqrt(mean)
    assert off.mean() == pytest.approx(0.0, abs=0.1)
    assert off.std() == pytest.approx(1.0, rel=0.08)


def test_scores_of_audiences_scatter_around_what_they_believe_real() -> None:
    table = tiny.table(audience_credibility=[0.8, 0.8, None])
    drawn = draw_from_prior("authenticity", table, count=COUNT, seed=6)
    score, real = drawn.columns["audience_credibility"], 1.0 - drawn.parameters["fake_share"]
    assert np.isnan(score[:, 2]).all()
    assert score[:, 0].tolist() == score[:, 1].tolist()
    sure = drawn.parameters["score_concentration"]
    share = real[:, 0] * drawn.parameters["score_level"]
    inside = (share > 0.01) & (share < 0.99)
    spread = np.sqrt(share * (1.0 - share) / (sure + 1.0))
    off = (score[:, 0] - share)[inside] / spread[inside]
    assert off.mean() == pytest.approx(0.0, abs=0.15)
    assert off.std() == pytest.approx(1.0, rel=0.12)
    assert drawn.table(0).frame["audience_credibility"].null_count() == 1


def test_a_survey_finds_the_share_of_buyers_that_is_recorded() -> None:
    survey = "survey = { buyers = 40, recorded = 9 }\n"
    spec = captured.spec(captured.CAPTURE + survey)
    drawn = draw_from_prior(spec, captured.table(), count=COUNT, seed=7)
    share = drawn.parameters["capture_share"]
    found = np.array([drawn.model(k).capture.survey.recorded for k in range(COUNT)])  # type: ignore[union-attr]
    off = (found - 40 * share) / np.sqrt(40 * share * (1.0 - share))
    assert off.mean() == pytest.approx(0.0, abs=0.15)
    assert off.std() == pytest.approx(1.0, rel=0.12)
    assert drawn.model(0).capture.survey.buyers == 40  # type: ignore[union-attr]


@pytest.mark.parametrize("family", ["negative_binomial", "zero_inflated_negative_binomial"])
def test_lift_tests_find_what_their_posts_brought(family: str) -> None:
    """What a fit expects of a test, given the drawn orders, has its mean and its spread."""
    own = "[zero_inflation]\nprior = { name = 'beta', alpha = 1.0, beta = 1.0 }\n"
    more = captured.LIFT + (own if family.startswith("zero") else "")
    drawn = draw_from_prior(captured.spec(more, family), captured.table(), count=COUNT, seed=8)
    off = []
    for k in range(COUNT):
        spec = drawn.model(k)
        assert spec.experiments is not None
        (test,) = spec.experiments.tests
        mean, variance = forward.lift(design_of(spec, drawn.table(k)), drawn.truth(k))
        off.append((test.estimate - mean[0, 0]) / np.hypot(30.0, np.sqrt(variance[0, 0])))
    assert np.mean(off) == pytest.approx(0.0, abs=0.15)
    assert np.std(off) == pytest.approx(1.0, rel=0.12)


def test_lift_tests_of_late_orders_are_not_drawn() -> None:
    late = captured.table().with_columns(
        carry_posts=pl.Series([["p1", "p0"], *([f"p{k}"] for k in range(1, captured.POSTS))]),
        carry_shares=pl.Series([[0.0, 0.5], *([1.0] for _ in range(1, captured.POSTS))]),
    )
    with pytest.raises(InputError, match="come late are not drawn"):
        draw_from_prior(captured.spec(captured.LIFT), late)


def test_daily_sales_are_a_baseline_and_what_posts_bring() -> None:
    """Posts bring a stated share of usual sales at average reach, less at the table's start."""
    text = days.text(family="poisson").replace("days = 14", "days = 1")
    drawn = draw_from_prior(parse_spec(text), days.table(), count=COUNT, seed=9)
    of, frame = drawn.parameters, days.table()
    reach = np.stack([frame[f"reach_{tier}"].to_numpy() for tier in ("nano", "mid")], axis=1)
    number = frame["day_number"].to_numpy() - frame["day_number"].to_numpy().mean()
    log_usual = of["intercept"][:, None] + of["slope_day_number"][:, None] * number
    weekday = drawn.design.groups["weekday"].index
    usual = np.exp(log_usual + of["weekday_effect"][:, weekday])
    weight = np.exp(of["part_effect"])
    rate = of["halo_share"] * usual.mean(axis=1) / (weight @ reach.mean(axis=0))
    mean = (1.0 - of["halo_share"])[:, None] * usual + rate[:, None] * (weight @ reach.T)
    off = ((drawn.outcomes - mean) / np.sqrt(mean))[mean.min(axis=1) > 1.0]
    assert off.mean() == pytest.approx(0.0, abs=0.05)
    assert off.std() == pytest.approx(1.0, rel=0.05)


def test_a_draw_is_written_with_its_model_and_its_truth(tmp_path: Path, drawn: PriorDraws) -> None:
    drawn.write(tmp_path / "one", draw=2)
    source, spec = read_analysis(tmp_path / "one"), read_spec(tmp_path / "one" / "model.toml")
    assert source.frame["sales"].to_list() == drawn.outcomes[2].tolist()
    assert spec == drawn.spec
    truth = json.loads((tmp_path / "one" / "truth.json").read_text())["parameters"]
    assert truth["shop_effect"] == drawn.parameters["shop_effect"][2].tolist()
    with pytest.raises(InputError, match="already has"):
        drawn.write(tmp_path / "one")


def test_the_command_writes_a_draw_of_any_model(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(SPEC)
    POSTS.write_csv(tmp_path / "posts.csv")
    out, spec = str(tmp_path / "out"), str(tmp_path / "small.toml")
    words = ["simulate", out, "--from-prior", spec, "--posts-of", str(tmp_path / "posts.csv")]
    done = CliRunner().invoke(main, [*words, "--seed", "1"])
    assert (done.exit_code, done.stdout) == (0, f"{out}\n")
    assert "drew sales of 12 posts" in done.stderr
    for more in ("--leaks", "--null"):
        assert CliRunner().invoke(main, [*words, more]).exit_code == 2
