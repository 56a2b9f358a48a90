"""Average marginal effects of a logit on published data, against those of statsmodels.

The data are the 3,020 wells of Gelman & Hill (2007), section 5.4.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from attribution.design import build_design
from attribution.quantities.effects import quantities_of
from attribution.spec import parse_spec

REFERENCE = "ATTRIBUTION_REFERENCE_DATA"
SPEC = """
format = 1
name = "wells"
[outcome]
column = "switch"
family = "bernoulli"
[features]
d = "dist / 100"
a = "ln(arsenic)"
both = "dist / 100 * assoc"
s = "assoc * 1"
[mean]
centre = "none"
""" + "".join(
    f'[[mean.terms]]\nkind = "{kind}"\n{feature}\n'
    for kind, feature in (
        ("intercept", ""),
        *(("linear", f'feature = "{name}"') for name in ("d", "a", "both", "s")),
    )
)


@pytest.mark.skipif(REFERENCE not in os.environ, reason=f"{REFERENCE} names no reference data")
def test_average_marginal_effects_of_a_logit_are_those_of_statsmodels() -> None:
    """A slope is its dydx where the column is a regressor by itself; so is its standard error."""
    from statsmodels import api

    table = pl.read_csv(Path(os.environ[REFERENCE]) / "classic/wells.csv")
    assert table.height == 3020
    x = np.column_stack(
        [
            np.ones(3020),
            table["dist"] / 100,
            np.log(table["arsenic"]),
            table["dist"] / 100 * table["assoc"],
            table["assoc"],
        ]
    )
    fitted = api.Logit(table["switch"].to_numpy(), x).fit(disp=0)
    normal = np.random.default_rng(1).multivariate_normal(fitted.params, fitted.cov_params(), 1000)
    at = np.vstack([fitted.params, normal])
    names = ("intercept", "slope_d", "slope_a", "slope_both", "slope_s")
    draws = dict(zip(names, at.T, strict=True))
    design = build_design(parse_spec(SPEC), table.with_row_index("post_id", 1))
    found = {q.quantity: q for q in quantities_of(design)(design, draws) if q.group == "all"}

    plain = fitted.get_margeff(at="overall", method="dydx")
    # d p / d ln(arsenic), averaged, is what 1 % more arsenic does over 0.01.
    elasticity = found["elasticity_arsenic"].draws * found["average_switch"].draws
    assert elasticity[0] == pytest.approx(plain.margeff[1], rel=0.01)
    assert elasticity[1:].std() == pytest.approx(plain.margeff_se[1], rel=0.1)
    # Of dist, whose effect goes through two regressors, by the chain rule.
    p = fitted.predict(x)
    chain = (p * (1 - p) * (fitted.params[1] + fitted.params[3] * x[:, 4])).mean()
    assert found["slope_per_100_dist"].draws[0] == pytest.approx(chain, rel=1e-6)
    # All wells with assoc 1 less all with 0, by predictions of statsmodels itself.
    one, none = (
        fitted.predict(np.column_stack([x[:, :3], x[:, 1] * value, np.full(3020, value)])).mean()
        for value in (1.0, 0.0)
    )
    assert found["difference_assoc"].draws[0] == pytest.approx(one - none)
    assert found["ratio_assoc"].draws[0] == pytest.approx(one / none)


@pytest.mark.skipif(REFERENCE not in os.environ, reason=f"{REFERENCE} names no reference data")
def test_slopes_of_two_plain_regressors_are_those_of_statsmodels() -> None:
    from statsmodels import api

    table = pl.read_csv(Path(os.environ[REFERENCE]) / "classic/wells.csv")
    x = np.column_stack([np.ones(3020), table["dist"] / 100, table["arsenic"]])
    fitted = api.Logit(table["switch"].to_numpy(), x).fit(disp=0)
    normal = np.random.default_rng(1).multivariate_normal(fitted.params, fitted.cov_params(), 1000)
    at = np.vstack([fitted.params, normal])
    head, _, _ = SPEC.partition("[features]")
    terms = "".join(f'[[mean.terms]]\nkind = "linear"\nfeature = "{name}"\n' for name in ("d", "a"))
    text = f'{head}[features]\nd = "dist / 100"\na = "arsenic * 1"\n[mean]\ncentre = "none"\n'
    spec = parse_spec(f'{text}[[mean.terms]]\nkind = "intercept"\n{terms}')
    design = build_design(spec, table.with_row_index("post_id", 1))
    draws = dict(zip(("intercept", "slope_d", "slope_a"), at.T, strict=True))
    found = {q.quantity: q.draws for q in quantities_of(design)(design, draws)}
    margins = fitted.get_margeff(at="overall", method="dydx")
    for k, name in enumerate(("slope_per_100_dist", "slope_arsenic")):
        assert found[name][0] == pytest.approx(margins.margeff[k], rel=1e-6)
        assert found[name][1:].std() == pytest.approx(margins.margeff_se[k], rel=0.1)
