"""Coverage is judged by intervals of the probability that is stated, and the page shows it."""

from __future__ import annotations

from functools import partial

import polars as pl
import pytest

from attribution import forward
from attribution.known_truth import KEYS
from attribution.run import Run
from attribution.simulation import Brand
from proofs.brands import PROBABILITIES, at_probability, beside_truth
from proofs.coverage_page import PAGE
from proofs.drawn_brands import beside_parameters
from proofs.summary import coverage, outside


@pytest.fixture(scope="module")
def told(additive_run: Run, fitted_brand: Brand) -> dict[float, pl.DataFrame]:
    beside = partial(beside_truth, truth=fitted_brand.truth)
    return {p: at_probability(additive_run, beside, p) for p in PROBABILITIES}


def test_less_probable_intervals_lie_inside_of_more_probable_ones(
    told: dict[float, pl.DataFrame],
) -> None:
    keys = ["quantity", "scope", "group", "population"]
    both = told[0.89].join(told[0.5], on=keys, suffix="_half", validate="1:1").drop_nulls("lower")
    assert both.height == told[0.89].drop_nulls("lower").height > 100
    narrower = (pl.col("upper_half") - pl.col("lower_half")) / (pl.col("upper") - pl.col("lower"))
    ratio = both.filter(pl.col("upper") > pl.col("lower")).select(narrower).to_series()
    # Of a normal 0.42; of what is skewed, or almost surely at an end, less.
    assert ratio.max() < 0.75  # type: ignore[operator]
    assert 0.38 < ratio.median() < 0.46  # type: ignore[operator]


def test_the_truth_of_drawn_parameters_is_what_they_tell(engagement_run: Run) -> None:
    truth = {name: of[7:8] for name, of in engagement_run.draws.items()}
    found = beside_parameters(engagement_run, truth)
    told = {q.key: q.draws[7] for q in engagement_run.estimands if q.has_interval}
    assert len(told) > 30
    for key, value in told.items():
        row = found.filter(**dict(zip(KEYS, key, strict=True)))
        assert row["truth"].item() == pytest.approx(value)
    orders = found.filter(quantity="expected_orders", scope="overall")["truth"].item()
    assert orders == pytest.approx(forward.expected(engagement_run.design, truth).sum())


def test_the_page_shows_what_is_kept() -> None:
    assert PAGE.written(PAGE.read()) == PAGE.path.read_text(encoding="utf-8")
    assert PAGE.marked == set(PAGE.tables)


def test_intervals_cover_the_truth_of_brands_of_the_prior() -> None:
    for record in PAGE.read():
        if "_prior_" in record["kind"]:
            assert [one for one in record["figures"] if not one["inside"]] == []
            assert record["brands"] >= (200 if record["kind"].startswith("additive") else 100)


def test_what_is_known_for_sure_does_not_count() -> None:
    shared = {"quantity": "x", "scope": "overall", "population": "these", "prob": 0.89}
    ends = [(0.0, 0.0), (-1.0, 1.0), (-3.0, -2.0), (1.0, 2.0)]
    rows = [
        {**shared, "brand": k, "truth": 0.0, "lower": low, "upper": high, "median": low}
        for k, (low, high) in enumerate(ends)
    ]
    found = coverage(pl.DataFrame(rows)).row(0, named=True)
    assert (found["intervals"], found["coverage"]) == (3, pytest.approx(1 / 3))


def test_intervals_that_are_too_narrow_lie_outside_of_their_band() -> None:
    shared = {"quantity": "x", "scope": "overall", "population": "these", "prob": 0.89}
    rows = [
        {**shared, "brand": k, "truth": 0.0, "lower": off - 1.0, "upper": off + 1.0, "median": off}
        for k in range(200)
        for off in [0.0 if k % 5 else 3.0]
    ]
    assert outside(coverage(pl.DataFrame(rows))).height == 1
