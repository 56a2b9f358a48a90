"""The same model by this project and by others; each prints its times as JSON.

``regression``: hierarchical negative binomial with two features, tiers and creators crossed, the
same priors for all. ``rates``: the shipped spec ``additive``, which only PyMC by hand can state.

    uv run --group benchmarks python -m benchmarks.peers regression ours 600 20
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl

from benchmarks.posts import TIERS, simulate, with_features
from benchmarks.specs import regression

CHAINS, TUNE, DRAWS = 4, 500, 1000
SCRIPT = Path(__file__).with_name("rstanarm.R")

Told = dict[str, Any]

COMMON = {
    "volume": ("slope_volume", "volume"),
    "conversation": ("slope_conversation", "conversation"),
    "creator_sd": ("creator_sd", "1|creator_id_sigma", "Sigma[creator_id:(Intercept),(Intercept)]"),
    "alpha": ("alpha", "reciprocal_dispersion"),
    "log_rate": ("log_rate",),
    "share": ("share",),
}
"""What is compared between tools, and the names that they give it."""

UNREPORTED = ("_z", "_raw", "__", "_offset", "mu")
"""Ends of the names that are no parameters of the model as stated."""


def ours(stated: str, frame: pl.DataFrame, seed: int) -> Told:
    """Sample with this project."""
    from attribution.design import build_design
    from attribution.model import build_model
    from attribution.sampling import Settings, compile_density, posterior
    from attribution.spec import read_spec

    spec = regression() if stated == "regression" else read_spec("additive")
    model = build_model(build_design(spec, frame, level_order=TIERS))
    began = perf_counter()
    draw, _ = compile_density(model, CHAINS)
    compiled = ready(began)
    sampling = 0.0

    def timed(settings: Settings, tell: Any) -> Any:
        # Both passes, where there are two; not the diagnosing, which no peer's time has either.
        nonlocal sampling
        start = perf_counter()
        trace = draw(settings, tell)
        sampling += perf_counter() - start
        return trace

    settings = Settings(DRAWS, TUNE, CHAINS, seed)
    trace, *_ = posterior(model, timed, settings, silent)
    return told(trace, compiled, sampling)


def silent(_stage: str, _done: int, _total: int) -> None:
    """Tell no progress."""


def pymc(stated: str, frame: pl.DataFrame, seed: int) -> Told:
    """Sample the model as one would first write it in PyMC with nutpie."""
    model = regression_model(frame) if stated == "regression" else rates_model(frame)
    return _nutpie(model, seed)


def regression_model(frame: pl.DataFrame) -> Any:
    """Return the regression in PyMC with non-centred effects."""
    import pymc as pm

    data = with_features(frame)
    creator, creators = _indexed(data["creator_id"])
    tier = data["tier"].replace_strict(TIERS, range(len(TIERS))).to_numpy()
    with pm.Model() as model:
        intercept = pm.Normal("intercept", -7.5, 2.0)
        volume = pm.Normal("slope_volume", 0.0, 0.5)
        conversation = pm.Normal("slope_conversation", 0.0, 0.5)
        tier_sd = pm.Exponential("tier_sd", 2.0)
        tiers = pm.Deterministic("tier_effect", tier_sd * pm.Normal("tier_z", shape=len(TIERS)))
        creator_sd = pm.Exponential("creator_sd", 1.5)
        z = pm.Normal("creator_z", shape=creators)
        effect = pm.Deterministic("creator_effect", creator_sd * z)
        alpha = pm.Exponential("alpha", 1.0)
        eta = data["exposure"].to_numpy() + intercept + tiers[tier] + effect[creator]
        eta += volume * data["volume"].to_numpy()
        eta += conversation * data["conversation"].to_numpy()
        observed = data["conversions"].to_numpy()
        pm.NegativeBinomial("y", mu=pm.math.exp(eta), alpha=alpha, observed=observed)
    return model


def rates_model(frame: pl.DataFrame) -> Any:
    """Return the shipped spec ``additive`` in PyMC with non-centred effects."""
    import pymc as pm

    creator, creators = _indexed(frame["creator_id"])
    tier = frame["tier"].replace_strict(TIERS, range(len(TIERS))).to_numpy()
    signals = frame.select("reach", "likes", "comments").to_numpy().astype(float)
    units = signals[:, 0].sum() / signals.sum(axis=0)
    parts = signals.shape[1]
    with pm.Model() as model:
        log_rate = pm.Normal("log_rate", -7.5, 2.0)
        share = pm.Dirichlet("share", np.ones(parts))
        tier_sd = pm.HalfNormal("tier_sd", 0.5, shape=parts)
        tier_z = pm.ZeroSumNormal("tier_z", shape=(parts, len(TIERS)), n_zerosum_axes=1)
        tiers = pm.Deterministic("tier_effect", tier_sd[:, None] * tier_z)
        creator_sd = pm.HalfNormal("creator_sd", 0.7)
        z = pm.Normal("creator_z", shape=creators)
        effect = pm.Deterministic("creator_effect", creator_sd * z - creator_sd**2 / 2)
        inverse = pm.HalfNormal("inverse_alpha", 1.0)
        alpha = pm.Deterministic("alpha", 1.0 / inverse)
        rates = pm.math.exp(log_rate + tiers[:, tier].T) * units * share
        mean = (rates * signals).sum(axis=1) * pm.math.exp(effect[creator])
        pm.NegativeBinomial("y", mu=mean, alpha=alpha, observed=frame["conversions"].to_numpy())
    return model


def bambi(_stated: str, frame: pl.DataFrame, seed: int) -> Told:
    """Sample Bambi's model of the same formula with nutpie."""
    return _nutpie(bambi_model(frame).backend.model, seed)


def bambi_model(frame: pl.DataFrame) -> Any:
    """Return the regression in Bambi."""
    import bambi as bmb

    def effects(lam: float) -> Any:
        return bmb.Prior("Normal", mu=0, sigma=bmb.Prior("Exponential", lam=lam))

    model = bmb.Model(
        "conversions ~ 1 + volume + conversation + offset(exposure) + (1|tier) + (1|creator_id)",
        with_features(frame).to_pandas(),
        family="negativebinomial",
        priors={
            "Intercept": bmb.Prior("Normal", mu=-7.5, sigma=2.0),
            "volume": bmb.Prior("Normal", mu=0, sigma=0.5),
            "conversation": bmb.Prior("Normal", mu=0, sigma=0.5),
            "1|tier": effects(2.0),
            "1|creator_id": effects(1.5),
            "alpha": bmb.Prior("Exponential", lam=1.0),
        },
    )
    model.build()
    return model


def rstanarm(_stated: str, frame: pl.DataFrame, seed: int) -> Told:
    """Sample ``stan_glmer.nb``, whose model was compiled when the package was built."""
    import xarray as xr

    with tempfile.TemporaryDirectory() as scratch:
        posts, draws = Path(scratch) / "posts.csv", Path(scratch) / "draws.csv"
        with_features(frame).write_csv(posts)
        _say({"compile": 0.0})
        numbers = map(str, (CHAINS, TUNE, DRAWS, seed))
        command = ["Rscript", str(SCRIPT), str(posts), str(draws), *numbers]
        told_by_r = subprocess.run(  # noqa: S603
            command,
            check=True,
            stdout=subprocess.PIPE,
            stderr=sys.stderr,
            text=True,
        )
        with draws.open(encoding="utf-8") as rows:
            names = next(csv.reader(rows))
        table = pl.read_csv(draws).to_numpy().reshape(CHAINS, DRAWS, len(names))
    seconds, divergent = map(float, told_by_r.stdout.split()[-2:])
    variables = {n: (("chain", "draw"), table[:, :, k]) for k, n in enumerate(names)}
    for name in list(variables):
        if name.startswith("Sigma["):
            variables[name] = (("chain", "draw"), np.sqrt(variables[name][1]))
    diverging = np.zeros((CHAINS, DRAWS))
    diverging.flat[: int(divergent)] = 1.0
    groups = {"posterior": xr.Dataset(variables)}
    groups["sample_stats"] = xr.Dataset({"diverging": (("chain", "draw"), diverging)})
    return told(xr.DataTree.from_dict(groups), 0.0, seconds)


def _nutpie(model: Any, seed: int) -> Told:
    import nutpie

    began = perf_counter()
    compiled = nutpie.compile_pymc_model(model, backend="numba")
    compiling = ready(began)
    trace = nutpie.sample(
        compiled, draws=DRAWS, tune=TUNE, chains=CHAINS, seed=seed, progress_bar=False
    )
    return told(trace, compiling, perf_counter() - began - compiling)


def _indexed(creators: pl.Series) -> tuple[Any, int]:
    levels = creators.unique(maintain_order=True).to_list()
    return creators.replace_strict(levels, range(len(levels))).to_numpy(), len(levels)


def ready(began: float) -> float:
    """Say how long compiling took, so that it is known of a tool that is stopped later."""
    took = perf_counter() - began
    _say({"compile": took})
    return took


def _say(found: Told) -> None:
    print(json.dumps(found), flush=True)


def told(trace: Any, compiling: float, sampling: float) -> Told:
    """Return times, the least effective draws of any reported parameter, and what was estimated."""
    from arviz_stats import ess, rhat

    posterior = trace["posterior"].to_dataset()
    posterior = posterior[[n for n in posterior if not str(n).endswith(UNREPORTED)]]
    effective = [ess(posterior, method=method) for method in ("bulk", "tail")]
    least = min(float(v.min()) for found in effective for v in found.data_vars.values())
    worst = max(float(v.max()) for v in rhat(posterior).data_vars.values())
    return {
        "compile": compiling,
        "sample": sampling,
        "ess": least,
        "to_400": sampling * 400.0 / least,
        "r_hat": worst,
        "divergent": float(trace["sample_stats"]["diverging"].sum()),
        "estimates": _estimates(posterior),
    }


def _estimates(posterior: Any) -> dict[str, tuple[float, float]]:
    """Return posterior mean and its Monte Carlo standard error of what tools have in common."""
    from arviz_stats import mcse

    out = {}
    for name, names in COMMON.items():
        found = next((n for n in names if n in posterior), None)
        if found is None:
            continue
        values, error = posterior[found], mcse(posterior[[found]])[found]
        means = np.ravel(values.mean(("chain", "draw")).to_numpy())
        for k, (mean, se) in enumerate(zip(means, np.ravel(error.to_numpy()), strict=True)):
            out[f"{name}[{k}]"] = (float(mean), float(se))
    return out


PEERS: dict[str, Callable[[str, pl.DataFrame, int], Told]] = {
    "ours": ours,
    "pymc": pymc,
    "bambi": bambi,
    "rstanarm": rstanarm,
}
TOOLS = {"regression": tuple(PEERS), "rates": ("ours", "pymc")}
"""Which tools can state which model."""

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    stated, tool, posts, seed = sys.argv[1:]
    _say(PEERS[tool](stated, simulate(int(posts)), int(seed)))
