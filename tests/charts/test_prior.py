"""The chart of a prior predictive check: bars add up, the observed is inside, words are right."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from attribution.charts import theme
from attribution.charts.prior import BARS, bars, finding, prior

RNG = np.random.default_rng(2)


def draws(warning: str | None = None) -> pl.DataFrame:
    """Return draws of a heavy-tailed figure and of a share, as ``prior_predictive`` gives them."""
    figures = {
        "average y per post": RNG.lognormal(2.0, 2.0, 400),
        "posts where y is 0": RNG.random(400),
    }
    return pl.concat(
        pl.DataFrame(
            {
                "figure": name,
                "value": values,
                "observed": 0.5,
                "lower": np.quantile(values, 0.055),
                "upper": np.quantile(values, 0.945),
                "interval": "eti",
                "prob": 0.89,
                "warning": pl.Series([warning if k == 0 else None] * 400, dtype=pl.String),
            }
        )
        for k, (name, values) in enumerate(figures.items())
    )


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        (RNG.random(300), None),
        (RNG.normal(0.0, 5.0, 300), None),
        (RNG.lognormal(2.0, 2.0, 300), 0.1),
        (np.append(RNG.lognormal(5.0, 2.0, 290), np.zeros(10)), 1.0),
        (np.append(RNG.lognormal(5.0, 2.0, 290), np.full(10, np.inf)), 1.0),
        (np.zeros(300), None),
    ],
)
def test_bars_hold_the_draws_and_the_observed(values: np.ndarray, unit: float | None) -> None:
    shown, ruler = bars(values, 0.7)
    assert shown.height == BARS
    assert 0.94 <= float(shown["share"].sum()) <= 1.0 + 1e-9
    first, last = float(shown["x"][0]), float(shown["x2"][-1])
    assert first - 1e-9 <= 0.7 <= last + 1e-9
    assert (ruler.unit is None) == (unit is None)
    steps = np.diff(ruler.to(shown["x"].to_numpy()))
    np.testing.assert_allclose(steps, steps[0], rtol=1e-6)


def test_each_figure_has_a_panel_with_its_name_and_the_observed() -> None:
    spec = theme.specification(prior(draws()))
    assert len(spec["vconcat"]) == 2
    for panel, title in zip(
        spec["vconcat"], ("average y per post (log scale)", "posts where y is 0"), strict=True
    ):
        histogram, rule, label = panel["layer"]
        assert histogram["encoding"]["x"]["axis"]["title"] == title
        assert rule["mark"]["color"] == theme.VERMILION
        assert label["mark"]["text"] == "observed 0.5"
    log, linear = (panel["layer"][0]["encoding"]["x"]["scale"] for panel in spec["vconcat"])
    assert log["type"] == "symlog"
    assert "type" not in linear
    assert "89 % equal-tailed prior predictive intervals" in spec["title"]["subtitle"][1]
    prior(draws()).to_dict()  # Altair's own schema holds.


def test_the_title_says_what_is_odd() -> None:
    assert finding(draws()) == (
        "The prior holds all observed figures possible, and little that is absurd"
    )
    odd = draws("observed is below all but 0.1% of what the prior expects")
    assert finding(odd) == "The prior is odd about average y per post"
    subtitle = theme.specification(prior(odd))["title"]["subtitle"]
    assert subtitle[-1].startswith("average y per post: observed is below all but 0.1%")
