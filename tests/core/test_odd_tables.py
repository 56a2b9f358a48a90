"""Tables that lack what models like: the whole way, the prior standing in for the sampling.

Every table gets a design, a density with finite gradients where NUTS starts, a health gate, and
numbers for all that is not absent.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import polars as pl
import pytest
import xarray as xr
from support import small

from attribution import sampling
from attribution.data import AnalysisTable
from attribution.density.compiled import compile_model
from attribution.design import build_design
from attribution.errors import InputError
from attribution.fitting import fit
from attribution.model import build_model, kept
from attribution.model.prior_draws import draw_prior
from attribution.quantities.chains import ranks_table, trace_table
from attribution.quantities.densities import draws_table
from attribution.quantities.predictive import predictive_table
from attribution.quantities.response import response_table
from attribution.run import Run
from attribution.spec import read_spec

Table = Callable[[], pl.DataFrame]


def posts() -> pl.DataFrame:
    """Return the first 40 posts of the small brand; some late orders come from others."""
    return small.table().head(40)


def hidden(tier: str) -> pl.DataFrame:
    shown = pl.when(pl.col("tier") != tier).then("likes")
    return posts().with_columns(likes=shown)


def bare(*columns: str) -> pl.DataFrame:
    return posts().select("post_id", "reach", "conversions", *columns)


def nothing_sold() -> pl.DataFrame:
    zero = pl.lit(0)
    return posts().with_columns(conversions=zero, paying_orders=zero, net_revenue=pl.lit(0.0))


TABLES: dict[str, Table] = {
    "one tier": lambda: posts().filter(pl.col("tier") == "micro"),
    "one creator": lambda: posts().with_columns(creator_id=pl.lit("C1"), tier=pl.lit("micro")),
    "one post": lambda: posts().filter(pl.col("likes").is_not_null()).head(1),
    "nothing sold": nothing_sold,
    "a creator each": lambda: posts().with_columns(creator_id=pl.col("post_id")),
    "no tier": lambda: posts().drop("tier"),
    "no creator": lambda: posts().drop("creator_id"),
    "no likes": lambda: posts().drop("likes"),
    "no comments": lambda: posts().drop("comments"),
    "a tier without likes": lambda: hidden("nano"),
    "no money": lambda: posts().drop("net_revenue", "paying_orders", "fee", "product_cost"),
    "counts alone": lambda: bare("likes", "comments"),
    "exposure alone": bare,
}

every_table = pytest.mark.parametrize("name", TABLES)
both_models = pytest.mark.parametrize("model", ["additive", "engagement"])


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put draws from the prior in the place of draws by NUTS; compile nothing."""

    def nuts(model: Any, settings: sampling.Settings, _tell: sampling.Done) -> xr.DataTree:
        shape = (settings.chains, settings.draws)
        drawn = draw_prior(model, settings.chains * settings.draws, settings.seed)
        prior = drawn
        posterior = {
            name: (("chain", "draw", *v.dims[2:]), v.to_numpy().reshape(*shape, *v.shape[2:]))
            for name, v in prior.data_vars.items()
        }
        stats = {
            name: (("chain", "draw"), np.random.default_rng(1).normal(size=shape) > 9)
            for name in ("diverging", "energy", "depth", "n_steps")
        }
        stats["energy"] = (("chain", "draw"), np.random.default_rng(2).normal(size=shape))
        coords = {d: prior[d] for d in prior.dims if d not in ("chain", "draw")}
        return xr.DataTree.from_dict(
            {"posterior": xr.Dataset(posterior, coords), "sample_stats": xr.Dataset(stats)}
        )

    monkeypatch.setattr(
        sampling, "compile_density", lambda model, *_how, **_named: (partial(nuts, model), "none")
    )


def table(name: str) -> AnalysisTable:
    return AnalysisTable(TABLES[name](), tiers=small.small().table.tiers)


@every_table
@both_models
def test_density_and_gradient_are_finite_where_sampling_starts(model: str, name: str) -> None:
    design = build_design(read_spec(model), table(name).frame)
    built = build_model(design)
    start = built.initial_point()
    value = built.compile_fn(built.logp(), mode="FAST_COMPILE")(start)
    assert np.isfinite(value)
    slope = built.compile_fn(built.dlogp(), mode="FAST_COMPILE")(start)
    assert np.all(np.isfinite(slope))
    assert np.any(slope != 0.0)
    compiled = compile_model(built, kept(built))
    own, gradient, _ = compiled.density(compiled.start)
    assert own == pytest.approx(float(value), rel=1e-10)
    assert np.sort(gradient) == pytest.approx(np.sort(slope), rel=1e-6, abs=1e-6)


@every_table
@both_models
@pytest.mark.usefixtures("pretend")
def test_a_fit_gives_numbers_for_all_that_is_not_absent(model: str, name: str) -> None:
    run = fit(model, table(name), draws=50, tune=50, chains=2)
    assert run.check().height > 10
    effects = run.effects()
    assert effects.height > 0
    assert effects["mean"].is_finite().all()
    assert effects["lower"].drop_nulls().is_finite().all()
    _check_parts(run, model)
    _check_money(run)
    for look in (draws_table, predictive_table, response_table, ranks_table, trace_table):
        assert look(run).columns, look.__name__


def _check_parts(run: Run, model: str) -> None:
    if model == "additive":
        total = run.contributions()
        assert total["mean"].sum() == pytest.approx(run.table["conversions"].sum())
    else:
        with pytest.raises(InputError, match="has no contributions"):
            run.contributions()


def _check_money(run: Run) -> None:
    if run.design.value is not None and "fee" in run.table.columns:
        roi = run.roi("total", unhealthy=True)
        assert roi["expected_roi_mean"].is_finite().all()
    else:
        with pytest.raises(InputError, match="there is no ROI"):
            run.roi("total", unhealthy=True)


@pytest.mark.usefixtures("pretend")
def test_a_fit_says_what_it_left_out_and_why() -> None:
    run = fit("additive", table("counts alone"), draws=50, tune=50, chains=2)
    assert run.manifest.absent == run.design.absent
    assert "ROI" in {absent.part for absent in run.manifest.absent}
    assert run.manifest.set_aside == run.design.set_aside
    assert run.manifest.currency is None


@pytest.mark.usefixtures("pretend")
def test_a_fit_tells_its_stages() -> None:
    told: list[tuple[str, int, int]] = []
    run = fit(
        "additive",
        table("one post"),
        draws=50,
        tune=50,
        chains=2,
        progress=lambda stage, done, total: told.append((stage, done, total)),
    )
    stages = list(dict.fromkeys(stage for stage, _, _ in told))
    assert stages == [s for s in ("build", "compile", "sample", "predict") if s in stages]
    assert "share[likes]" in run.diagnostics["parameter"].to_list()
    assert list(run.manifest.timings) == [
        *("read", "import", "build", "compile", "sample", "predict", "check"),
    ]


@pytest.mark.usefixtures("pretend")
def test_a_table_that_cannot_be_used_is_refused_before_anything_is_built() -> None:
    frame = posts().with_columns(reach=pl.lit(0))
    with pytest.raises(InputError, match="no post can be used: reach is 0"):
        fit("additive", AnalysisTable(frame))
