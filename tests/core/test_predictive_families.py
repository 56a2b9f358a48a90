"""Figures and health of every kind of outcome: a family that fits passes, a wrong one fails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
import xarray as xr
from support import small
from support.families import fitted

from attribution.agreement import (
    SURPRISE,
    Figures,
    allowed_by_chance,
    posterior_agreement,
    two_sided,
)
from attribution.design.types import GroupIndex
from attribution.errors import InputError
from attribution.manifest import Check
from attribution.outcomes import Amount, Count, Number, Outcome, Share, YesNo, noun_of
from attribution.predictive import LATE, MANY_LEVELS, fifths, figures, figures_dataset
from attribution.quantities.compare import compare
from attribution.quantities.predictive import predictive_table
from attribution.run import Run


def failed(run: Run) -> set[str]:
    return {check.name for check in run.manifest.health if check.status == "fail"}


def named(run: Run) -> dict[str, Check]:
    return {check.name: check for check in run.manifest.health}


FITTING = [
    ("poisson", "count"),
    ("bernoulli", "happened"),
    ("binomial", "hits"),
    ("beta_binomial", "spread_hits"),
    ("normal", "number"),
    ("student_t", "wild"),
    ("gamma", "amount"),
]


@pytest.mark.parametrize(("family", "column"), FITTING)
def test_a_family_that_fits_passes(family: str, column: str) -> None:
    assert failed(fitted(family, column, group=family in ("bernoulli", "gamma"))) == set()


@pytest.mark.parametrize(
    ("family", "column", "names"),
    [
        ("poisson", "clustered", {"predictive check: spread (standard deviation)"}),
        ("normal", "wild", {"predictive check: smallest wild", "predictive check: largest wild"}),
        (
            "binomial",
            "spread_hits",
            {
                "predictive check: spread of shares (standard deviation)",
                "predictive check: rows with none of tries",
            },
        ),
        ("normal", "amount", {"predictive check: smallest amount"}),
    ],
)
def test_a_family_that_does_not_fit_fails(family: str, column: str, names: set[str]) -> None:
    assert names <= failed(fitted(family, column))


def test_checks_are_named_after_the_outcome() -> None:
    poisson = named(fitted("poisson", "count"))
    assert {"total count", "predictive check: rows where count is 0", "rows left out"} <= set(
        poisson
    )
    yes_no = named(fitted("bernoulli", "happened", group=True))
    assert {"share where happened is 1", "share where happened is 1 of g a"} <= set(yes_no)
    along = "predictive check: share where happened is 1 by fifths of features"
    assert [name for name in yes_no if name.startswith("predictive check")] == [along]
    share = named(fitted("beta_binomial", "spread_hits"))
    assert {"overall share spread_hits / tries", "predictive check: rows with all of tries"} <= set(
        share
    )
    amount = named(fitted("gamma", "amount", group=True))
    assert {"average amount", "average amount of g b"} <= set(amount)
    for run in (fitted("poisson", "count"), fitted("gamma", "amount", group=True)):
        text = " ".join(f"{c.name} {c.meaning} {c.advice}" for c in run.manifest.health)
        assert not {"conversions", "orders", "ROI", "posts"} & set(text.split())


def test_yes_or_no_that_bends_along_a_feature_fails_and_a_curve_mends_it() -> None:
    along = "predictive check: share where bent is 1 by fifths of features"
    straight = named(fitted("bernoulli", "bent"))[along]
    assert straight.status == "fail"
    assert "of 5 fifths outside: slope " in straight.value
    assert "spline" in straight.advice
    assert named(fitted("bernoulli", "bent", curve=True))[along].status == "pass"


def test_fifths_keep_equal_values_together() -> None:
    design = fitted("bernoulli", "happened", group=True).design
    few = np.arange(len(design.outcome)) % 3 - 1.0
    changed = replace(design, features={"few": few}, feature_centres={"few": 2.0})
    found = list(fifths(changed))
    assert [part.text for part in found] == ["1", "2", "3"]
    assert sum(part.here for part in found).tolist() == [1] * len(few)
    years = 2010.0 + np.arange(len(few)) // 24
    changed = replace(design, features={"year": years}, feature_centres={"year": 0.0})
    texts = [part.text for part in fifths(changed)]
    assert texts == ["2010 to 2011", "2012 to 2013", "2014 to 2015", "2016 to 2017", "2018 to 2019"]
    assert list(fifths(fitted("gamma", "amount", group=True).design)) == []


def test_names_of_conversions_stay_as_earlier_runs_have_them() -> None:
    found = small.believable("additive").group("predictive_figures")["observed"].names("figure")
    assert found[:4] == (
        "posts without conversions",
        "spread (standard deviation)",
        "90th percentile",
        "largest post",
    )
    others = {"total conversions", "conversions of tier nano", LATE, "posts with conversions of 0"}
    assert others <= set(found)
    assert "posts with conversions of 2 to 3" in found


Y = np.array([[0.0, 2.0, 4.0, 1.0], [1.0, 1.0, 1.0, 1.0]])


@pytest.mark.parametrize(
    ("outcome", "overall", "some"),
    [
        (Count("y", "row"), [7.0, 4.0], [2.0, 2.0]),
        (Share("y", "row", "n", np.array([2.0, 2.0, 8.0, 2.0])), [0.5, 4 / 14], [0.5, 0.5]),
        (YesNo("y", "row"), [1.75, 1.0], [1.0, 1.0]),
        (Number("y", "row"), [1.75, 1.0], [1.0, 1.0]),
    ],
)
def test_figures_of_posts_together(
    outcome: Outcome, overall: list[float], some: list[float]
) -> None:
    assert outcome.together(Y, slice(None)) == pytest.approx(overall)
    first_two = np.array([True, True, False, False])
    assert outcome.together(Y, first_two) == pytest.approx(some)


def test_figures_of_shares_leave_out_posts_without_a_trial() -> None:
    outcome = Share("y", "row", "n", np.array([0.0, 2.0, 4.0, 4.0]))
    values = {name: of(Y[:1])[0] for name, of in outcome.statistics().items()}
    assert values == {
        "spread of shares (standard deviation)": pytest.approx(np.std([1.0, 1.0, 0.25])),
        "rows with none of n": 0.0,
        "rows with all of n": pytest.approx(2 / 3),
    }
    nobody = Share("y", "row", "n", np.zeros(4))
    assert np.isnan(nobody.together(np.zeros((1, 4)), slice(None))).all()


def test_the_spread_of_amounts_is_that_of_their_logarithm() -> None:
    spread = Amount("y", "row").statistics()["spread of ln(y) (standard deviation)"]
    assert spread(np.array([[1.0, np.e, np.e**2]])) == pytest.approx([np.sqrt(2 / 3)])


RNG = np.random.default_rng(8)
KINDS: list[tuple[Outcome, np.ndarray[Any, Any]]] = [
    (Count("y", "row"), RNG.poisson(6.0, 300).astype(float)),
    (Share("y", "row", "n", np.full(300, 10.0)), RNG.binomial(10, 0.5, 300).astype(float)),
    (Share("y", "row", "n", np.full(300, 1e5)), RNG.binomial(100_000, 0.001, 300).astype(float)),
    (YesNo("y", "row"), RNG.binomial(1, 0.3, 300).astype(float)),
    (Number("y", "row"), RNG.normal(0.0, 0.01, 300)),
    (Number("y", "row"), np.full(300, -3.0)),
    (Amount("y", "row"), RNG.lognormal(3.0, 2.0, 300)),
    (Amount("y", "row"), RNG.lognormal(3.0, 0.1, 300)),
]


@pytest.mark.parametrize(("outcome", "y"), KINDS)
def test_every_outcome_is_in_one_bin(outcome: Outcome, y: np.ndarray[Any, Any]) -> None:
    told, bins = outcome.tell(y), outcome.bins(y)
    inside = [(told >= part.low) & (told < part.below) for part in bins]
    assert np.sum(inside, axis=0).tolist() == [1] * len(y)
    assert len({part.name for part in bins}) == len(bins) <= 20


def test_bins_have_round_ends() -> None:
    shares = Share("y", "row", "n", np.full(101, 100.0)).bins(np.arange(101.0))
    assert [part.text for part in shares] == [
        "below 10 %",
        *(f"{k} to {k + 10} %" for k in range(10, 90, 10)),
        "90 % or more",
    ]
    numbers = Number("y", "row").bins(np.linspace(-2.0, 2.0, 101))
    assert [part.text for part in numbers[:3]] == ["below −1.5", "−1.5 to −1", "−1 to −0.5"]
    # 0.8 - 0.6 is more than 0.2.
    assert len(Number("y", "row").bins(np.repeat([0.6, 0.8], 50))) == 12
    amounts = Amount("y", "row").bins(np.geomspace(0.5, 5000.0, 101))
    assert [part.text for part in amounts[:3]] == ["below 1", "1 to 2", "2 to 5"]
    assert amounts[-1].text == "2,000 or more"


def test_a_figure_that_cannot_vary_fails_only_where_it_was_observed_otherwise() -> None:
    always = np.zeros(100)
    assert two_sided(0.0, always) == 1.0
    assert two_sided(0.1, always) == 0.0
    assert two_sided(5.0, np.array([np.inf, 1.0, np.inf, 9.0])) == pytest.approx(0.5)


def test_flat_priors_are_no_reason_to_warn_but_are_told() -> None:
    run = fitted("normal", "number", flat=True)
    check = named(run)["prior and data agree"]
    assert check.status == "pass"
    assert check.value == (
        "not looked at: nothing can be drawn from flat priors (intercept, slope_slope)"
    )
    assert "prior" not in run.group("predictive_figures")


def grouped(run: Run, levels: int, *, apart: float) -> dict[str, Check]:
    """Check a run as if its rows were of many levels, some of which the model knows nothing of."""
    index = np.arange(len(run.design.outcome)) % levels
    base = run.design.groups["g"]
    group: GroupIndex = replace(base, levels=tuple(f"L{k}" for k in range(levels)), index=index)
    y = run.design.outcome + apart * (index < levels // 3)
    design = replace(run.design, groups={"area": group}, outcome=y)
    replicated = run.group("posterior_predictive")["amount"].values[0]
    found = Figures(figures_dataset(design, figures(design, replicated), None))
    return {check.name: check for check in posterior_agreement(design, found)}


def test_many_levels_share_a_row_that_fails_where_more_are_missed_than_chance_gives() -> None:
    run = fitted("gamma", "amount", group=True)
    fine = grouped(run, 30, apart=0.0)["average amount by area"]
    assert fine.status == "pass"
    missed = grouped(run, 30, apart=20.0)["average amount by area"]
    assert missed.status == "fail"
    assert missed.value.startswith("10 of 30 levels outside: L0, L1, L2, L3, L4, …")
    assert "area" in missed.advice
    few = grouped(run, 3, apart=20.0)
    assert (few["average amount of area L0"].status, few["average amount of area L2"].status) == (
        "fail",
        "pass",
    )


def test_very_many_levels_are_not_looked_at_and_that_is_said() -> None:
    checks = grouped(fitted("gamma", "amount", group=True), MANY_LEVELS, apart=20.0)
    assert checks["average amount by area"].value == f"not looked at: {MANY_LEVELS} levels"
    assert not any(name.startswith("average amount of area") for name in checks)


def test_a_true_model_fails_by_its_levels_as_seldom_as_said() -> None:
    """The observed figures of 40 levels are draws as their 500 replications are."""
    rng, levels, runs = np.random.default_rng(6), 40, 1500
    allowed = allowed_by_chance(levels, 500)
    # Of 500 replications at most one may be beyond on either side.
    observed = rng.random((runs, levels))
    above = rng.binomial(500, observed)
    beyond = np.minimum(above, 500 - above) * 2 / 500 < SURPRISE
    failing = np.mean(beyond.sum(axis=1) > allowed)
    assert failing <= SURPRISE + 3 * np.sqrt(SURPRISE / runs)
    assert np.mean(beyond.sum(axis=1) > allowed - 1) > SURPRISE


@pytest.mark.parametrize(("family", "column"), FITTING)
def test_the_predictive_table_has_bins_and_groups(family: str, column: str) -> None:
    run = fitted(family, column, group=family in ("bernoulli", "gamma"))
    table = predictive_table(run)
    bins = table.filter(pl.col("panel").str.starts_with("share of rows by"))
    assert bins.height > 1
    assert bins["observed"].sum() == pytest.approx(1.0)
    assert table.select(pl.all_horizontal(pl.col("observed", "lower", "upper").is_finite().all()))[
        0, 0
    ]
    by_group = table.filter(pl.col("panel").str.ends_with("by g"))
    assert by_group["group"].to_list() == (["a", "b", "c"] if "g" in run.design.groups else [])


def test_the_predictive_table_says_what_the_health_check_fails_on() -> None:
    """Counts far more spread than Poisson ones: bins may do while the spread does not."""
    table = predictive_table(fitted("poisson", "clustered"))
    failing = table.filter("fails")
    assert "spread (standard deviation)" in failing["group"].to_list()
    assert not predictive_table(fitted("poisson", "count"))["fails"].any()


def test_densities_of_one_column_are_compared_and_probabilities_are_not() -> None:
    gamma, normal = fitted("gamma", "amount", group=True), fitted("normal", "amount")
    table = compare([gamma, normal])
    assert table["model"].to_list() == ["gamma", "normal"]
    assert table["reading"][1] == "predicts unseen rows worse"
    assert table["roi_ranking"].to_list() == [None, None]
    poisson, wrong = fitted("poisson", "count"), fitted("normal", "count")
    with pytest.raises(InputError, match=r"whole numbers .poisson.* densities .* .normal."):
        compare([poisson, wrong])


@pytest.mark.parametrize("what", ["roi", "contributions"])
def test_what_is_about_orders_is_refused_in_one_sentence(what: str) -> None:
    with pytest.raises(InputError) as refused:
        getattr(fitted("bernoulli", "happened", group=True), what)()
    (problem,) = refused.value.problems
    assert "happened" in problem.what


def test_rows_without_names_are_rows() -> None:
    numbered, named_ = pl.DataFrame({"post_id": ["2", "3", "10"]}), pl.DataFrame({"post_id": ["a"]})
    assert noun_of(numbered, "y") == "row"
    assert noun_of(numbered, "conversions") == noun_of(named_, "y") == "post"


def test_a_prior_may_hold_anything_possible() -> None:
    """Means beyond all numbers are large, not a reason to stop."""
    design = fitted("gamma", "amount", group=True).design
    found = figures(design, np.full((2, len(design.outcome)), 1e308))
    assert np.isposinf(found["average amount"]).all()
    tree = xr.Dataset(
        {"observed": (("figure",), [3.0]), "prior": (("r", "figure"), [[np.inf], [1.0]])},
        coords={"figure": ["average amount"]},
    )
    assert two_sided(3.0, Figures(tree).of("prior", "average amount")) == 1.0
