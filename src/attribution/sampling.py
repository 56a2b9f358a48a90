"""Draw from a model: prior, posterior by NUTS, and what the posterior predicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import xarray as xr

from attribution import forward
from attribution.density import nuts
from attribution.density.compiled import NativeModel, compile_model
from attribution.density.lower import NotLoweredError
from attribution.design.types import Design
from attribution.draws import stack, thin
from attribution.laps import Laps
from attribution.model import NOT_KEPT, build_model

Progress = Callable[[str, int, int], None]
"""Called with the stage's name, the work done and the work in total."""

Done = Callable[[int, int], None]
"""Called with the work done and the work in total."""

PREDICTIVE_DRAWS = 500
"""Draws kept of the prior and posterior predictive distributions."""


TUNE = 500
"""Steps that each chain adapts in by default.

On the samples and three smaller brands, both models, effective draws were the same after 400, 600
and 1,000 steps.
"""

TARGET_ACCEPT = (0.9, 0.98)
"""Target acceptance rates: the first serves nearly always, the second takes smaller steps.

On the samples the first had no divergence with three seeds of four, 31 steps per draw and at least
620 effective draws (bulk and tail) of 4,000; the second none with two of two, 63 steps and at least
600.
"""


@dataclass(frozen=True)
class Settings:
    """How to sample.

    Parameters
    ----------
    draws, tune, chains
        Kept and discarded draws per chain, and the number of chains.
    seed
        Seed of every random number of the fit.
    target_accept
        Target acceptance rate of NUTS; nearer to 1 means smaller steps. None tries the rates of
        ``TARGET_ACCEPT`` in turn until no draw diverges.
    """

    draws: int = 1000
    tune: int = TUNE
    chains: int = 4
    seed: int = 0
    target_accept: float | None = None


Nuts = Callable[[Settings, Done], xr.DataTree]
"""Draws by NUTS: groups ``posterior`` and ``sample_stats``, told how far it is."""


@dataclass(frozen=True)
class Sampled:
    """What a fit yields.

    Parameters
    ----------
    tree
        All groups of the posterior's DataTree.
    target_accept
        Target acceptance rate that the draws were taken with.
    density
        How the density was compiled: ``native``, or ``numba`` and the reason.
    """

    tree: xr.DataTree
    target_accept: float
    density: str


def sample(
    design: Design, settings: Settings, laps: Laps, progress: Progress | None = None
) -> Sampled:
    """Fit the model of a design by NUTS.

    Parameters
    ----------
    design
        Arrays with named dims.
    settings
        Draws, chains, seed.
    laps
        Told how long each stage takes.
    progress
        Told of each stage; None for silence.

    Returns
    -------
    Sampled
        Groups ``posterior``, ``sample_stats``, ``log_likelihood`` (conversions, every draw),
        ``prior`` and ``prior_predictive``, ``posterior_predictive`` (at most 500 draws) and
        ``observed_data``.
    """
    tell = progress or (lambda _stage, _done, _total: None)
    # PyTensor would note for every step of a graph which line of code made it.
    with pytensor.config.change_flags(traceback__limit=0):
        tell("build", 0, 1)
        with laps.lap("build"):
            model = build_model(design)
        tell("compile", 0, 1)
        with laps.lap("compile"):
            draw, way = compile_density(model, settings.chains)
        # The prior is drawn by Python while the sampler, which is not, has the processors.
        with laps.lap("sample"), ThreadPoolExecutor(1) as beside:
            prior = beside.submit(draw_prior, model, PREDICTIVE_DRAWS, settings.seed)
            trace, rate = _posterior(draw, settings, tell)
    tell("predict", 0, 1)
    with laps.lap("predict"):
        tree = _assemble(design, model, trace, prior.result(), settings)
    tell("predict", 1, 1)
    return Sampled(tree, rate, way)


def compile_density(model: pm.Model, chains: int) -> tuple[Nuts, str]:
    """Compile a model; return how to draw from it, and how that was done.

    The project's own machine code, or nutpie's where the model has a step that it does not know.
    """
    try:
        return partial(_own_nuts, model, compile_model(model, kept(model), chains)), "native"
    except NotLoweredError as error:
        import nutpie

        compiled = nutpie.compile_pymc_model(model, backend="numba", var_names=kept(model))
        return partial(_nutpie, compiled), f"numba ({error})"


def kept(model: pm.Model) -> list[str]:
    """Names of the unknowns and quantities whose draws a run keeps."""
    return [v.name for v in model.unobserved_RVs if v.name not in NOT_KEPT]


def _posterior(draw: Nuts, settings: Settings, tell: Progress) -> tuple[xr.DataTree, float]:
    """Draw from the posterior, once more with smaller steps where that may end divergences."""
    total = settings.chains * (settings.draws + settings.tune)
    first = partial(tell, "sample")
    if settings.target_accept is not None:
        first(0, total)
        return draw(settings, first), settings.target_accept
    usual, careful = TARGET_ACCEPT
    first(0, total)
    trace = draw(replace(settings, target_accept=usual), first)
    diverging = int(trace["sample_stats"]["diverging"].sum())
    if diverging == 0:
        return trace, usual
    again = partial(tell, f"sample again with smaller steps ({diverging} divergent)")
    again(0, total)
    return draw(replace(settings, target_accept=careful), again), careful


def _own_nuts(
    model: pm.Model, compiled: NativeModel, settings: Settings, tell: Done
) -> xr.DataTree:
    drawn = nuts.sample(
        compiled,
        **_how(settings),
        progress=tell,
    )
    dims = {
        name: model.named_vars_to_dims.get(name)
        or tuple(f"{name}_dim_{k}" for k in range(values.ndim - 2))
        for name, values in drawn.values.items()
    }
    return xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset(
                {name: (("chain", "draw", *dims[name]), v) for name, v in drawn.values.items()},
            ),
            "sample_stats": xr.Dataset(
                {name: (("chain", "draw"), v) for name, v in drawn.statistics.items()}
            ),
        }
    )


def _how(settings: Settings) -> dict[str, Any]:
    """Return what both ways of drawing are told."""
    rate = TARGET_ACCEPT[0] if settings.target_accept is None else settings.target_accept
    return {
        "draws": settings.draws,
        "tune": settings.tune,
        "chains": settings.chains,
        "seed": settings.seed,
        "target_accept": rate,
    }


def _nutpie(compiled: Any, settings: Settings, tell: Done) -> xr.DataTree:
    import nutpie

    total = settings.chains * (settings.draws + settings.tune)
    sampler = nutpie.sample(
        compiled,
        **_how(settings),
        save_warmup=False,
        progress_bar=False,
        progress_callback=lambda chains: tell(sum(chain.finished_draws for chain in chains), total),
        blocking=False,
    )
    try:
        trace: xr.DataTree = sampler.wait()
    except BaseException:
        # A blocking call would answer Ctrl-C with the draws so far, as if they were all.
        sampler.cancel()
        raise
    return trace


def _assemble(
    design: Design, model: pm.Model, trace: xr.DataTree, prior: xr.DataTree, settings: Settings
) -> xr.DataTree:
    rng = np.random.default_rng([settings.seed, 1])
    # nutpie stores every unknown that it samples, named or not.
    posterior = trace["posterior"].to_dataset().drop_vars(NOT_KEPT, errors="ignore")
    posterior = posterior.assign_coords(
        {name: list(values) for name, values in model.coords.items() if name in posterior.dims}
    )
    stats = trace["sample_stats"].to_dataset()[["diverging", "energy", "depth", "n_steps"]]
    draws = stack(posterior)
    shape = (settings.chains, settings.draws, len(design.outcome))
    dims = ("chain", "draw", "post")
    likelihood = forward.log_likelihood(design, draws).reshape(shape)
    replicated = forward.replicate(design, thin(draws, PREDICTIVE_DRAWS), rng)[None]
    return xr.DataTree.from_dict(
        {
            "posterior": posterior,
            "sample_stats": stats,
            "log_likelihood": _counts(design, dims, likelihood),
            "posterior_predictive": _counts(design, dims, replicated),
            "prior": prior["prior"].to_dataset(),
            "prior_predictive": prior["prior_predictive"].to_dataset()[["conversions"]],
            "observed_data": _counts(design, ("post",), design.outcome),
        }
    )


def _counts(design: Design, dims: Sequence[str], values: np.ndarray) -> xr.Dataset:
    return xr.Dataset({"conversions": (dims, values)}, coords={"post": list(design.posts)})


def draw_prior(model: pm.Model, draws: int, seed: int) -> xr.DataTree:
    """Draw parameters and conversions from the model's prior.

    Evaluated by PyTensor's plain Python mode: a few hundred draws take less time than a compile.
    """
    prior: xr.DataTree = pm.sample_prior_predictive(
        draws,
        model=model,
        var_names=[*kept(model), "conversions"],
        random_seed=seed,
        compile_kwargs={"mode": "FAST_COMPILE"},
    )
    return prior
