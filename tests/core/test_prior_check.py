"""What a model expects before the data: right numbers, and a warning where and only where due."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

import attribution as at
from attribution.errors import InputError
from attribution.prior_check import PriorPredictive, prior_predictive
from attribution.spec import parse_spec

ROWS = 50
RNG = np.random.default_rng(3)
COUNTS = RNG.poisson(RNG.gamma(2.0, 2.0, ROWS))


def spec(outcome: str, intercept: str, own: str = "") -> str:
    return f"""
format = 1
name = "mine"
[outcome]
{outcome}
[mean]
[[mean.terms]]
kind = "intercept"
prior = {{ {intercept} }}
{own}
"""


def normal(mu: float, sigma: float) -> str:
    return f'name = "normal", mu = {mu}, sigma = {sigma}'


NORMAL = 'column = "y"\nfamily = "normal"'
SIGMA = '[sigma]\nprior = { name = "uniform", lower = 0.999, upper = 1.001 }'
COUNT = 'column = "y"\nfamily = "poisson"'
PEOPLE = f'{COUNT}\nexposure = "reach"'
YES = 'column = "y"\nfamily = "bernoulli"'


def checked(text: str, **columns: object) -> PriorPredictive:
    # A table of one column would be taken for a file whose cells were not told apart.
    frame = pl.DataFrame({**columns, "other": range(ROWS)})
    return prior_predictive(parse_spec(text), frame, draws=500, seed=4)


def warning(found: PriorPredictive, figure: int = 0) -> str:
    return found.table().item(figure, "warning") or ""


def test_figures_have_the_distribution_that_follows_from_the_priors() -> None:
    y = RNG.normal(2.0, 1.0, ROWS)
    found = checked(spec(NORMAL, normal(2.0, 0.5), SIGMA), y=y)
    average = found.figures[0]
    assert average.name == "average y"
    # Of n normal numbers of sd 1 around a mean of sd 0.5.
    exact = stats.norm(2.0, np.sqrt(0.25 + 1.0 / ROWS))
    assert stats.kstest(average.draws, exact.cdf).pvalue > 0.01
    assert average.below == pytest.approx(exact.cdf(y.mean()), abs=0.07)
    row = found.table().row(0, named=True)
    assert (row["interval"], row["prob"]) == ("eti", 0.89)
    assert row["lower"] == pytest.approx(exact.ppf(0.055), abs=0.12)
    assert row["upper"] == pytest.approx(exact.ppf(0.945), abs=0.12)
    assert row["observed"] == pytest.approx(y.mean())
    spread = next(figure for figure in found.figures if figure.name.startswith("spread"))
    square = ROWS * spread.draws**2
    assert stats.kstest(square, stats.chi2(ROWS - 1).cdf).pvalue > 0.01


def test_a_prior_that_fits_is_not_warned_of() -> None:
    text = spec(COUNT, normal(float(np.log(COUNTS.mean())), 0.5))
    found = checked(text, y=RNG.poisson(COUNTS.mean(), ROWS))
    assert found.table()["warning"].null_count() == found.table().height
    assert found.table().item(0, "reading") == "observed is within the prior's middle 89%"


@pytest.mark.parametrize(("shift", "side"), [(4.0, "below"), (-4.0, "above")])
def test_an_observed_figure_in_the_tails_is_told_with_its_side(shift: float, side: str) -> None:
    text = spec(COUNT, normal(float(np.log(COUNTS.mean())) + shift, 0.5))
    found = checked(text, y=COUNTS)
    assert found.figures[0].in_tails
    assert warning(found).startswith(f"observed is {side} all but 0.0% of what the prior expects")


def test_figures_that_are_always_the_same_are_no_surprise() -> None:
    found = checked(spec(COUNT, normal(5.0, 0.1)), y=RNG.poisson(150, ROWS))
    none = next(figure for figure in found.figures if "is 0" in figure.name)
    assert set(none.draws) == {0.0}
    assert none.below == 0.5
    assert not none.in_tails


def test_much_of_a_prior_on_absurd_averages_is_told() -> None:
    wide = spec(COUNT, normal(float(np.log(COUNTS.mean())), 8.0))
    # P(Normal(0, 8) > ln 100) = 0.28.
    told = warning(checked(wide, y=COUNTS))
    share = int(told.partition("%")[0])
    assert share == pytest.approx(100 * stats.norm.sf(np.log(100) / 8.0), abs=6)
    assert told.endswith("of the prior is on more than 100 times the observed average")
    narrow = spec(COUNT, normal(float(np.log(COUNTS.mean())), 3.0))
    assert warning(checked(narrow, y=COUNTS)) == ""


def test_more_orders_than_people_are_absurd_where_the_exposure_counts_people() -> None:
    reach = np.full(ROWS, 1000)
    text = spec(PEOPLE, normal(-2.0, 2.0))
    told = warning(checked(text, y=RNG.poisson(80, ROWS), reach=reach))
    # P(Normal(-2, 2) > 0) = 0.16.
    assert told.endswith("% of the prior is on more y than reach")
    assert int(told.partition("%")[0]) == pytest.approx(16, abs=6)
    # Some rows have more outcomes than exposure, which is then no number of people.
    some = np.where(np.arange(ROWS) == 0, 2000, RNG.poisson(80, ROWS))
    assert "than reach" not in warning(checked(text, y=some, reach=reach))


def test_probabilities_piled_up_at_0_and_1_are_told() -> None:
    y = RNG.integers(0, 2, ROWS)
    told = warning(checked(spec(YES, normal(0.0, 20.0)), y=y))
    # P(|Normal(0, 20)| > logit 0.99) = 0.82.
    assert int(told.partition("%")[0]) == pytest.approx(82, abs=6)
    assert "below 0.01 or above 0.99" in told
    assert warning(checked(spec(YES, normal(0.0, 2.5)), y=y)) == ""


def test_averages_far_off_are_told_for_numbers_of_either_sign() -> None:
    y = RNG.normal(0.0, 1.0, ROWS)
    told = warning(checked(spec(NORMAL, normal(0.0, 500.0), SIGMA), y=y))
    assert "of the prior is on averages 100 standard deviations off the observed one" in told


def test_what_a_prior_takes_beyond_all_bounds_is_huge_and_no_error() -> None:
    found = checked(spec(COUNT, 'name = "cauchy", alpha = 0, beta = 500'), y=COUNTS)
    assert found.table().height > 1
    amounts = 'column = "y"\nfamily = "log_normal"'
    wild = checked(spec(amounts, normal(0.0, 2000.0), SIGMA), y=np.exp(RNG.normal(size=ROWS)))
    table = wild.table()
    assert table.item(0, "upper") > 1e140
    assert "more than 100 times the observed average" in warning(wild)


def test_the_same_seed_gives_the_same_table_and_another_does_not() -> None:
    text, frame = parse_spec(spec(COUNT, normal(1.0, 1.0))), pl.DataFrame({"y": COUNTS, "v": 1})
    first = at.check_prior(text, frame, draws=50, seed=1)
    assert first.equals(at.check_prior(text, frame, draws=50, seed=1))
    assert not first.equals(at.check_prior(text, frame, draws=50, seed=2))


def test_everything_wrong_with_spec_and_table_is_said_at_once(tmp_path: Path) -> None:
    file, table = tmp_path / "my.toml", tmp_path / "none.csv"
    file.write_text("format = 1\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        at.check_prior(file, table)
    assert {problem.file for problem in error.value.problems} == {str(file), str(table)}

    flat = spec('column = "y"\nfamily = "poisson"\nexposure = "z"', 'name = "flat"')
    frame = pl.DataFrame({"y": [-1.0, 2.5], "v": [1, 2]})
    with pytest.raises(InputError) as error:
        at.check_prior(parse_spec(flat), frame)
    assert sorted(problem.key or "" for problem in error.value.problems) == [
        "mean.terms[0].prior",
        "outcome.column",
        "outcome.exposure",
    ]
