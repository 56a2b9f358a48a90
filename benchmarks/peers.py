"""The same regression by this project and by others; each prints its time as JSON.

A hierarchical negative binomial with two features, tiers and creators crossed, same priors.

    uv run --group benchmarks python -m benchmarks.peers ours 600
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl

TIERS = ("nano", "micro", "mid", "macro")
CHAINS, TUNE, DRAWS = 4, 500, 1000
SEED = 20


def simulate(posts: int) -> pl.DataFrame:
    """Return posts of ten to a creator with a known truth; columns as ``fit`` takes them."""
    rng = np.random.default_rng(posts)
    creators = max(20, posts // 10)
    creator = rng.integers(0, creators, posts)
    tier = creator % len(TIERS)
    reach = np.exp(rng.normal(8.0, 1.2, posts)).astype(np.int64) + 50
    likes = rng.poisson(reach * np.exp(rng.normal(-3.5, 0.6, posts)))
    comments = rng.poisson(likes * np.exp(rng.normal(-3.0, 0.7, posts)))
    volume = np.log((1 + likes) / reach)
    conversation = np.log((1 + comments) / (1 + likes))
    log_rate = -7.5 + 0.3 * (volume + 3.5) + 0.2 * (conversation + 3.0)
    log_rate += np.array([0.2, 0.1, -0.1, -0.2])[tier] + rng.normal(0.0, 0.5, creators)[creator]
    mean = reach * np.exp(log_rate)
    return pl.DataFrame(
        {
            "post_id": [f"p{i}" for i in range(posts)],
            "creator_id": [f"c{c}" for c in creator],
            "tier": [TIERS[t] for t in tier],
            "reach": reach,
            "likes": likes,
            "comments": comments,
            "conversions": rng.poisson(rng.gamma(1.5, mean / 1.5)),
        }
    )


def features(frame: pl.DataFrame) -> Any:
    """Return the columns that the peers' formulas name, centred as this project centres them."""
    log = pl.col("reach").log()
    return frame.with_columns(
        exposure=log,
        volume=((1 + pl.col("likes")) / pl.col("reach")).log(),
        conversation=((1 + pl.col("comments")) / (1 + pl.col("likes"))).log(),
    ).with_columns(pl.col("volume", "conversation") - pl.col("volume", "conversation").mean())


def ours(frame: pl.DataFrame) -> dict[str, float]:
    """Sample with the shipped spec ``engagement``."""
    from attribution.design import build_design
    from attribution.model import build_model
    from attribution.sampling import Settings, compile_density
    from attribution.spec import read_spec

    model = build_model(build_design(read_spec("engagement"), frame, level_order=TIERS))
    began = perf_counter()
    draw, _ = compile_density(model, CHAINS)
    compiled = perf_counter()
    settings = Settings(draws=DRAWS, tune=TUNE, chains=CHAINS, seed=SEED)
    trace = draw(settings, lambda _done, _total: None)
    return told(trace, compiled - began, perf_counter() - compiled)


def plain_model(frame: pl.DataFrame) -> Any:
    """Return the model as one would first write it in PyMC: non-centred effects."""
    import pymc as pm

    data = features(frame)
    creators = data["creator_id"].unique(maintain_order=True).to_list()
    index = data["creator_id"].replace_strict(creators, range(len(creators))).to_numpy()
    tier = data["tier"].replace_strict(TIERS, range(len(TIERS))).to_numpy()
    with pm.Model() as model:
        intercept = pm.Normal("intercept", -7.5, 2.0)
        volume = pm.Normal("slope_volume", 0.0, 0.5)
        conversation = pm.Normal("slope_conversation", 0.0, 0.5)
        tier_sd = pm.HalfNormal("tier_sd", 0.5)
        tiers = pm.Deterministic("tier_effect", tier_sd * pm.Normal("tier_z", shape=len(TIERS)))
        creator_sd = pm.HalfNormal("creator_sd", 0.7)
        z = pm.Normal("creator_z", shape=len(creators))
        effect = pm.Deterministic("creator_effect", creator_sd * z)
        inverse = pm.HalfNormal("inverse_alpha", 1.0)
        eta = data["exposure"].to_numpy() + intercept + tiers[tier] + effect[index]
        eta += volume * data["volume"].to_numpy()
        eta += conversation * data["conversation"].to_numpy()
        observed = data["conversions"].to_numpy()
        pm.NegativeBinomial("y", mu=pm.math.exp(eta), alpha=1.0 / inverse, observed=observed)
    return model


def pymc(frame: pl.DataFrame) -> dict[str, float]:
    """Sample the plain model with nutpie."""
    return _nutpie(plain_model(frame))


def bambi(frame: pl.DataFrame) -> dict[str, float]:
    """Sample Bambi's model of the same formula with nutpie."""
    import bambi as bmb

    half = lambda sigma: bmb.Prior("Normal", mu=0, sigma=bmb.Prior("HalfNormal", sigma=sigma))  # noqa: E731
    model = bmb.Model(
        "conversions ~ 1 + volume + conversation + offset(exposure) + (1|tier) + (1|creator_id)",
        features(frame).to_pandas(),
        family="negativebinomial",
        priors={
            "Intercept": bmb.Prior("Normal", mu=-7.5, sigma=2.0),
            "volume": bmb.Prior("Normal", mu=0, sigma=0.5),
            "conversation": bmb.Prior("Normal", mu=0, sigma=0.5),
            "1|tier": half(0.5),
            "1|creator_id": half(0.7),
        },
    )
    model.build()
    return _nutpie(model.backend.model)


def _nutpie(model: Any) -> dict[str, float]:
    import nutpie

    began = perf_counter()
    compiled = nutpie.compile_pymc_model(model, backend="numba")
    ready = perf_counter()
    trace = nutpie.sample(
        compiled, draws=DRAWS, tune=TUNE, chains=CHAINS, seed=SEED, progress_bar=False
    )
    return told(trace, ready - began, perf_counter() - ready)


def told(trace: Any, compiling: float, sampling: float) -> dict[str, float]:
    """Return times and the least effective draws, bulk or tail, of any reported parameter."""
    from arviz_stats import ess, rhat

    posterior = trace["posterior"].to_dataset()
    reported = [n for n in posterior if not str(n).endswith(("_z", "_raw", "__", "_offset"))]
    posterior = posterior[reported]
    least = min(
        float(values.min())
        for method in ("bulk", "tail")
        for values in ess(posterior, method=method).data_vars.values()
    )
    worst = max(float(values.max()) for values in rhat(posterior).data_vars.values())
    return {
        "compile": compiling,
        "sample": sampling,
        "ess": least,
        "to_400": sampling * 400.0 / least,
        "r_hat": worst,
        "divergent": float(trace["sample_stats"]["diverging"].sum()),
        "slope": float(
            next(posterior[n] for n in ("slope_volume", "volume") if n in posterior).mean()
        ),
    }


PEERS: dict[str, Callable[[pl.DataFrame], dict[str, float]]] = {
    "ours": ours,
    "pymc": pymc,
    "bambi": bambi,
}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(PEERS[sys.argv[1]](simulate(int(sys.argv[2])))))
