"""Draw from a model: prior, posterior by NUTS, and what the posterior predicts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import polars as pl
import pymc as pm
import pytensor
import xarray as xr

from attribution import forward
from attribution.density import nuts
from attribution.density.compiled import NativeModel, compile_model
from attribution.density.lower import NotLoweredError
from attribution.design.types import Design, Floats
from attribution.diagnostics import converged, diagnose
from attribution.draws import Draws, n_draws, stack, stage_dataset, thin
from attribution.laps import Laps
from attribution.loo import kept_posts
from attribution.manifest import Method
from attribution.model import NOT_KEPT, build_model, kept
from attribution.model.prior_draws import draw_prior
from attribution.predictive import figures, figures_dataset
from attribution.spec.stated import improper_priors

Progress = Callable[[str, int, int], None]
"""Called with the stage's name, the work done and the work in total."""

Done = Callable[[int, int], None]
"""Called with the work done and the work in total."""

PREDICTIVE_DRAWS = 500
"""Replications of the conversions by the prior and by the posterior."""

PREDICTIVE_NUMBERS = 20_000_000
"""Conversions, draws times posts, that a run keeps of each of the two."""

SEEN = 100_000
"""Posts up to which what was compiled is looked for: of more, compiling is a small part of a fit,
and telling whether the posts are the same takes memory."""

TUNE = 500
"""Steps that each chain adapts in by default.

On the samples and three smaller brands, both models, effective draws were the same after 400, 600
and 1,000 steps.
"""

TARGET_ACCEPT = (0.85, 0.95)
"""Target acceptance rates: the first serves nearly always, the second takes smaller steps.

Nine tables of 300 to 6,000 posts, both models, three seeds each: at 0.85 draws diverged in one run
of nine. At 0.9 they did in one of fourteen, but tables with late orders took a third longer to the
same effective draws; at 0.8 in one of three.
"""

TELLING = 400
"""Draws per chain from which R-hat and effective draws tell more than chance."""


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
        ``TARGET_ACCEPT`` in turn until no draw diverges and the chains agree.
    method
        ``nuts``, or ``approximate`` for draws from an approximation.
    """

    draws: int = 1000
    tune: int = TUNE
    chains: int = 4
    seed: int = 0
    target_accept: float | None = None
    method: Method = "nuts"


Draw = Callable[[Settings, Done], xr.DataTree]
"""Draws from a posterior: groups ``posterior`` and ``sample_stats``, told how far it is."""

Compiler = Callable[[pm.Model, Sequence[str], int], NativeModel]
"""Compiles a model, keeping of each draw what is named, for so many threads."""


@dataclass(frozen=True)
class Sampled:
    """What a fit yields.

    Parameters
    ----------
    tree
        All groups of the posterior's DataTree.
    diagnostics
        R-hat and effective draws of every parameter.
    target_accept
        Target acceptance rate that the draws were taken with; None where NUTS took none.
    density
        How the density was compiled: ``native``, or ``numba`` and the reason.
    """

    tree: xr.DataTree
    diagnostics: pl.DataFrame
    target_accept: float | None
    density: str


def sample(
    design: Design, settings: Settings, laps: Laps, progress: Progress | None = None
) -> Sampled:
    """Draw from the posterior of a design's model, and what its draws predict.

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
        Groups ``posterior``, ``sample_stats``, ``log_likelihood`` (conversions, every draw; of a
        large table a sample of the posts), ``prior``, ``prior_predictive`` and
        ``posterior_predictive`` (at most 500 draws, of a large table fewer),
        ``predictive_figures`` (500 replications) and ``observed_data``; those of each stage, its
        draws aside, below ``stages``.
    """
    tell = progress or (lambda _stage, _done, _total: None)
    # PyTensor would note for every step of a graph which line of code made it, and look for a C
    # compiler, and compile by it, what is evaluated but once.
    with pytensor.config.change_flags(traceback__limit=0, cxx=""):
        tell("build", 0, 1)
        with laps.lap("build"):
            model = build_model(design, matched=settings.method == "approximate")
        tell("compile", 0, 1)
        with laps.lap("compile"):
            quick = settings.method == "approximate"
            seen = (design, settings.method) if len(design.outcome) <= SEEN else None
            compiler = partial(compile_model, apart=quick, made_from=seen)
            draw, way = compile_density(model, settings.chains, settings.method, compiler=compiler)
        # The prior is drawn by Python while the sampler, which is not, has the processors.
        with laps.lap("sample"), ThreadPoolExecutor(1) as beside:
            flat = improper_priors(design.spec)
            prior = (
                None if flat else beside.submit(draw_prior, model, PREDICTIVE_DRAWS, settings.seed)
            )
            trace, rate, diagnostics = posterior(model, draw, settings, tell)
    tell("predict", 0, 1)
    with laps.lap("predict"):
        tree = _assemble(design, trace, prior.result() if prior else None, settings)
    tell("predict", 1, 1)
    return Sampled(tree, diagnostics, rate, way)


def compile_density(
    model: pm.Model, chains: int, method: Method = "nuts", compiler: Compiler = compile_model
) -> tuple[Draw, str]:
    """Compile a model; return how to draw from it, and how that was done.

    The project's own machine code, or nutpie's where the model has a step that it does not know.

    Parameters
    ----------
    model
        Any model whose unknowns are continuous.
    chains
        How many chains are to be drawn at once.
    method
        How draws are to be taken.
    compiler
        Makes the machine code.

    Raises
    ------
    InputError
        For a model with such a step that is to be approximated.
    """
    try:
        compiled = compiler(model, kept(model), chains)
    except NotLoweredError as error:
        if method == "approximate":
            from attribution.approximation.sample import refused

            raise refused(
                f"has a step that is not compiled here ({error}), so that it cannot"
            ) from error
        import nutpie

        slow = nutpie.compile_pymc_model(model, backend="numba", var_names=kept(model))
        return partial(_nutpie, slow), f"numba ({error})"
    own = _own_nuts if method == "nuts" else _approximation
    return partial(own, model, compiled), "native"


def posterior(
    model: pm.Model, draw: Draw, settings: Settings, tell: Progress
) -> tuple[xr.DataTree, float | None, pl.DataFrame]:
    """Draw from the posterior, once more with smaller steps where the first draws fall short.

    The second draws replace the first whether they are better or not.

    Returns
    -------
    tuple
        The draws, levels named; the target acceptance rate they were taken with, None of an
        approximation; diagnostics.
    """
    draw = partial(_named, model, draw)
    if settings.method == "approximate":
        tell("approximate", 0, 1)
        trace = draw(settings, partial(tell, "approximate"))
        return trace, None, diagnose(trace["posterior"].to_dataset())
    usual, careful = TARGET_ACCEPT
    rate = usual if settings.target_accept is None else settings.target_accept
    trace, diagnostics = _pass(draw, settings, rate, partial(tell, "sample"))
    wrong = _shortfall(trace, diagnostics, settings)
    if settings.target_accept is not None or not wrong:
        return trace, rate, diagnostics
    again = partial(tell, f"sample again with smaller steps ({wrong})")
    trace, diagnostics = _pass(draw, settings, careful, again)
    return trace, careful, diagnostics


def _pass(
    draw: Draw, settings: Settings, rate: float, tell: Done
) -> tuple[xr.DataTree, pl.DataFrame]:
    tell(0, settings.chains * (settings.draws + settings.tune))
    trace = draw(replace(settings, target_accept=rate), tell)
    return trace, diagnose(trace["posterior"].to_dataset())


def _shortfall(trace: xr.DataTree, diagnostics: pl.DataFrame, settings: Settings) -> str:
    """Say what smaller steps may mend; empty where nothing is wrong."""
    diverging = int(trace["sample_stats"]["diverging"].sum())
    if diverging:
        return f"{diverging} divergent"
    if settings.draws < TELLING or converged(diagnostics, settings.chains):
        return ""
    return "the chains do not agree yet"


def _named(model: pm.Model, draw: Draw, settings: Settings, tell: Done) -> xr.DataTree:
    """Draw, and name the levels of what is kept."""
    trace = draw(settings, tell)
    # nutpie stores every unknown that it samples, named or not.
    posterior = trace["posterior"].to_dataset().drop_vars(NOT_KEPT, errors="ignore")
    levels = {name: list(of) for name, of in model.coords.items() if name in posterior.dims}
    trace["posterior"] = xr.DataTree(posterior.assign_coords(levels))
    return trace


def _own_nuts(
    model: pm.Model, compiled: NativeModel, settings: Settings, tell: Done
) -> xr.DataTree:
    return _tree(model, nuts.sample(compiled, **_how(settings), progress=tell))


def _approximation(
    model: pm.Model, compiled: NativeModel, settings: Settings, tell: Done
) -> xr.DataTree:
    # Its optimisers are of no use to NUTS and take a while to import.
    from threadpoolctl import threadpool_limits

    from attribution.approximation.sample import sample as approximate

    how = {"draws": settings.draws, "chains": settings.chains, "seed": settings.seed}
    # The density is evaluated on all processors. Threads of BLAS, which wait for work by spinning,
    # would take them from it: on two processors it would take half as long again.
    with threadpool_limits(limits=1, user_api="blas"):
        return _tree(model, approximate(compiled, **how, progress=tell))


def _tree(model: pm.Model, drawn: nuts.Draws) -> xr.DataTree:
    """Name the dims of what was drawn, but not yet their levels."""
    dims = {
        name: model.named_vars_to_dims.get(name)
        or tuple(f"{name}_dim_{k}" for k in range(values.ndim - 2))
        for name, values in drawn.values.items()
    }
    by_draw = ("chain", "draw")
    return xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset(
                {name: ((*by_draw, *dims[name]), v) for name, v in drawn.values.items()},
            ),
            "sample_stats": xr.Dataset(
                {
                    name: (by_draw if v.ndim == 2 else ("unknowns",), v)
                    for name, v in drawn.statistics.items()
                }
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
    trace["sample_stats"] = xr.DataTree(trace["sample_stats"].to_dataset()[list(nuts.STATISTICS)])
    return trace


def _assemble(
    design: Design, trace: xr.DataTree, prior: xr.Dataset | None, settings: Settings
) -> xr.DataTree:
    posterior = trace["posterior"].to_dataset()
    draws = stack(posterior)
    posts = kept_posts(len(design.outcome), settings.chains * settings.draws)
    with ThreadPoolExecutor(2) as beside:
        few = thin(draws, PREDICTIVE_DRAWS)
        predicted = beside.submit(_predict, design, few, (settings.seed, 1))
        expected = (
            None
            if prior is None
            else beside.submit(_predict, design, stack(prior), (settings.seed, 2))
        )
        likelihood = forward.log_likelihood(design, draws, posts)
    after = predicted.result()
    before = None if expected is None else expected.result()
    names = np.asarray(design.posts)
    shape = (settings.chains, settings.draws, len(posts))
    told = partial(_of_posts, design.spec.outcome.column)
    # Flat priors give no draws, so that what they expect is not there.
    expectations = (
        {}
        if prior is None or before is None
        else {"prior": prior, "prior_predictive": told(names, before.outcomes[None])}
    )
    return xr.DataTree.from_dict(
        {
            "posterior": posterior,
            "sample_stats": trace["sample_stats"].to_dataset(),
            "log_likelihood": told(names[posts], likelihood.reshape(shape)),
            "posterior_predictive": told(names, after.outcomes[None]),
            **expectations,
            "predictive_figures": figures_dataset(
                design, after.figures, None if before is None else before.figures
            ),
            "observed_data": xr.Dataset(
                {design.spec.outcome.column: (("post",), design.outcome)}, coords={"post": names}
            ),
            **_stages(design, trace, prior, settings),
        }
    )


STAGES = "stages"
"""Group that holds a group for each stage, with the groups that a run of its own would have."""


def _stages(
    design: Design, trace: xr.DataTree, prior: xr.Dataset | None, settings: Settings
) -> dict[str, xr.Dataset]:
    """Return what draws of stages predict, by the path of each group; their draws are kept once."""
    found: dict[str, xr.Dataset] = {}
    posterior = trace["posterior"].to_dataset()
    for name, stage in design.stages.items():
        own = {"posterior": stage_dataset(posterior, name), "sample_stats": xr.Dataset()}
        before = None if prior is None else stage_dataset(prior, name)
        tree = _assemble(stage, xr.DataTree.from_dict(own), before, settings)
        kept = set(tree.children) - {"posterior", "sample_stats", "prior"}
        found |= {f"{STAGES}/{name}/{group}": tree[group].to_dataset() for group in kept}
    return found


def _of_posts(name: str, posts: np.ndarray, values: np.ndarray) -> xr.Dataset:
    return xr.Dataset({name: (("chain", "draw", "post"), values)}, coords={"post": posts})


@dataclass(frozen=True)
class _Predicted:
    """Outcomes of some draws, and figures of those of all; (draw, post), name -> (draw,)."""

    outcomes: np.ndarray
    figures: dict[str, Floats]


def _predict(design: Design, draws: Draws, seed: tuple[int, int]) -> _Predicted:
    """Draw outcomes from draws of the parameters; keep as many as memory should hold."""
    every = max(1, math.ceil(n_draws(draws) * len(design.outcome) / PREDICTIVE_NUMBERS))
    kept: list[np.ndarray] = []
    found: list[dict[str, Floats]] = []
    done = 0
    for block in forward.replications(design, draws, np.random.default_rng(seed)):
        # A copy: a slice would hold the whole block in memory.
        kept.append(block[-done % every :: every].copy())
        found.append(figures(design, block))
        done += len(block)
    together = {name: np.concatenate([of[name] for of in found]) for name in found[0]}
    return _Predicted(np.concatenate(kept), together)
