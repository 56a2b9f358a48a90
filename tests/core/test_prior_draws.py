"""Draws of the prior taken many at once are those that PyMC takes one by one."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
import xarray as xr
from numpy.typing import NDArray
from scipy import stats
from support import grammar, small

from attribution.design import build_design
from attribution.model import build_model, kept, prior_draws
from attribution.model.prior_draws import draw_prior
from attribution.spec import read_spec

COUNT = 600
SHIPPED = ["additive", "engagement", "engagement_by_tier", "authenticity", "goldilocks", "capture"]


def model_of(name: str) -> pm.Model:
    if name == "every kind of term":
        spec = grammar.spec("negative_binomial", terms=grammar.VARYING_TERMS, exposure="people")
        return build_model(build_design(spec, grammar.table()))
    frame = small.table()
    if name == "authenticity":
        frame = frame.with_columns(credibility=0.7)
    return build_model(
        build_design(read_spec(name), frame, level_order=small.small().table.tier_order)
    )


def one_by_one(model: pm.Model) -> dict[str, NDArray[np.float64]]:
    names = kept(model)
    drawn = pm.draw([model[n] for n in names], COUNT, random_seed=8, mode="FAST_COMPILE")
    return dict(zip(names, drawn, strict=True))


def summaries(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Some elements, and how they vary and go together within a draw; (draw, summary)."""
    flat = values.reshape(len(values), -1)
    found = [flat[:, 0], flat[:, -1], flat.sum(axis=1), np.max(flat, axis=1)]
    return np.stack(found, axis=1)


@pytest.mark.parametrize("name", [*SHIPPED, "every kind of term"])
def test_the_same_distribution_as_one_by_one(name: str) -> None:
    """Kolmogorov-Smirnov tests of elements, sums and maxima, adjusted for their number."""
    model = model_of(name)
    many, single = draw_prior(model, COUNT, 3), one_by_one(model)
    assert list(many.data_vars) == list(single)
    p_values = []
    for variable, expected in single.items():
        found = many[variable].to_numpy()[0]
        assert found.shape == expected.shape
        for mine, theirs in zip(summaries(found).T, summaries(expected).T, strict=True):
            if np.ptp(theirs) > 1e-9:
                p_values.append(stats.ks_2samp(mine, theirs).pvalue)
    assert min(p_values) * len(p_values) > 1e-3


def small_model() -> pm.Model:
    """Whatever has to be spread out: inner steps that are random, vectors whose spread is drawn."""
    with pm.Model(coords={"level": ["a", "b", "c"]}) as model:
        sd = pm.HalfNormal("sd", 1.0)
        sds = pm.HalfNormal("sds", 1.0, dims="level")
        pm.ZeroSumNormal("zero_sum", sd, dims="level")
        pm.Normal("level_effect", 0.0, sd, dims="level")
        pm.Normal("own", sds, 1.0, dims="level")
        share = pm.Dirichlet("split", np.ones(3), dims="level")
        pm.Deterministic("product", pt.log(share) * sds[::-1], dims="level")
    return model


def test_no_two_draws_share_a_number() -> None:
    drawn = draw_prior(small_model(), COUNT, 1)
    for values in drawn.data_vars.values():
        first = values.to_numpy()[0].reshape(COUNT, -1)
        assert len(np.unique(first)) >= COUNT
        # The number of one draw says nothing of that of the next.
        lag = stats.spearmanr(first[:-1, 0], first[1:, 0])
        assert lag.pvalue > 1e-4


def test_what_follows_from_unknowns_follows_draw_by_draw() -> None:
    drawn = draw_prior(small_model(), 50, 1)
    split, sds = drawn["split"].to_numpy(), drawn["sds"].to_numpy()
    np.testing.assert_allclose(drawn["product"], np.log(split) * sds[..., ::-1])
    np.testing.assert_allclose(drawn["zero_sum"].sum("level"), 0.0, atol=1e-12)


def test_large_tables_take_several_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prior_draws, "AT_ONCE", 3 * 7)
    drawn = draw_prior(small_model(), 50, 1)
    assert drawn.sizes == {"chain": 1, "draw": 50, "level": 3}
    assert len(np.unique(drawn["sd"])) == 50


def test_a_seed_gives_the_same_draws() -> None:
    first, again, other = (draw_prior(small_model(), 5, seed) for seed in (1, 1, 2))
    xr.testing.assert_identical(first, again)
    assert not np.any(first["own"] == other["own"])
