"""NUTS on a compiled density, by nutpie's sampler alone.

``import nutpie`` brings compilers, plots and data frames that are of no use here and take longer
to import than many a model takes to sample; its compiled sampler needs none of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from attribution.density.compiled import NativeModel
from attribution.errors import InputError, Problem

Progress = Callable[[int, int], None]
"""Called with the draws done and the draws in total, tuning included."""

MOST_STEP = 0.6
"""Largest step, as an angle: half a turn, after which a trajectory goes back, takes more than five.
Where a density is all but normal any step would be accepted, one of half a turn too, which goes to
and fro between two points."""

NO_START = "All initialization points failed"
"""How the sampler says that the density was no number at hundreds of points where it tried."""

STATISTICS = ("diverging", "energy", "depth", "n_steps")
"""What is kept of how each draw came about."""


@dataclass(frozen=True)
class Draws:
    """Draws after tuning.

    Parameters
    ----------
    values
        Each kept array; name -> (chain, draw, its own shape).
    statistics
        Each of ``STATISTICS``; name -> (chain, draw).
    """

    values: dict[str, NDArray[np.float64]]
    statistics: dict[str, NDArray[Any]]


def load_sampler() -> Any:
    """Return nutpie's compiled module without the package around it."""
    name = "nutpie._lib"
    if name in sys.modules:
        return sys.modules[name]
    package = find_spec("nutpie")
    found = None
    if package is not None:
        found = PathFinder.find_spec(name, list(package.submodule_search_locations or ()))
    if found is None or found.loader is None:
        raise ImportError("nutpie is not installed as it should be: its sampler is missing")
    module = module_from_spec(found)
    sys.modules[name] = module
    found.loader.exec_module(module)
    return module


def sample(
    model: NativeModel,
    *,
    draws: int,
    tune: int,
    chains: int,
    seed: int,
    target_accept: float,
    progress: Progress,
) -> Draws:
    """Draw from a density by NUTS with a diagonal mass matrix.

    Steps turn each unknown and its velocity as a normal of the adapted mean and spread would, and
    push by the rest of the gradient (Shahbaba, Lan, Johnson & Neal 2014, Statistics and Computing
    24, section 3.1): what is near normal needs few, large steps.

    Parameters
    ----------
    model
        The compiled density.
    draws, tune, chains
        Kept and discarded draws of each chain, and their number.
    seed
        The same seed gives the same draws, however many processors there are.
    target_accept
        Acceptance rate that the step size aims at.
    progress
        Told of the draws done, from another thread.
    """
    lib = load_sampler()
    settings = _settings(lib, seed)
    settings.update(
        {
            "num_tune": tune,
            "num_draws": draws,
            "num_chains": chains,
            "target_accept": target_accept,
        }
    )
    total = chains * (draws + tune)
    sampler = lib.PySampler.from_pymc(
        settings,
        min(chains, os.process_cpu_count() or 1),
        _model(lib, model),
        lib.ProgressType.none(),
        lambda each: progress(sum(chain.finished_draws for chain in each), total),
        100,
        lib.PyStorage.arrow(),
    )
    try:
        sampler.wait(None)
    except RuntimeError as error:
        if NO_START not in str(error):
            raise
        raise InputError(no_start()) from error
    except BaseException:
        # Waiting answers Ctrl-C; the draws so far are not a posterior.
        sampler.abort()
        raise
    return _draws(model, *sampler.take_results().get_arrow_trace())


def no_start() -> Problem:
    """Say that the density is no number wherever a chain could start."""
    return Problem(
        "the outcome is impossible in numbers near the middle of the priors",
        hint="A bounded prior of a feature with large values, such as uniform for followers, "
        "does this: state the feature in other units, as in followers / 1e6, or a narrower prior",
    )


def _settings(lib: Any, seed: int) -> Any:
    """Return the sampler's settings, those that it takes only all at once among them."""
    settings = lib.PyNutsSettings.Diag(seed)
    every = settings.as_dict()["settings"]
    every["trajectory_kind"] = "ExactNormal"
    step = every["adapt_options"]["step_size_settings"]
    step["adapt_options"]["dual_average"]["max_step_size"] = MOST_STEP
    settings.update_settings(every)
    return settings


def _model(lib: Any, model: NativeModel) -> Any:
    density, expand = model.density, model.expand
    lengths = {"element": expand.length}
    address = expand.user.ctypes.data
    return lib.PyMcModel(
        lib.LogpFunc(density.address, density.user.ctypes.data, density),
        lib.ExpandFunc(density.dim, expand.length, expand.address, address, expand),
        lib.PyVariable.new_variables(
            ["kept"], ["float64"], [(expand.length,)], lengths, {"kept": ["element"]}
        ),
        density.dim,
        lengths,
        {},
        model.initial_point,
        None,
    )


def _draws(model: NativeModel, kept: Sequence[Any], statistics: Sequence[Any]) -> Draws:
    """Take the draws after tuning out of one record batch per chain."""
    values: list[NDArray[np.float64]] = []
    stats: dict[str, list[NDArray[Any]]] = {name: [] for name in STATISTICS}
    for batch, told in zip(kept, statistics, strict=True):
        tuning = int(pl.Series(told.column("tuning")).sum())
        flat = pl.Series(batch.column("kept")).explode().to_numpy()
        values.append(flat.reshape(batch.num_rows, -1)[tuning:])
        for name in STATISTICS:
            stats[name].append(pl.Series(told.column(name)).to_numpy()[tuning:])
    statistics_by_name = {name: np.stack(columns) for name, columns in stats.items()}
    return Draws(by_name(model, np.stack(values)), statistics_by_name)


def by_name(model: NativeModel, drawn: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Take what is kept of each draw apart; (chain, draw, number) -> (chain, draw, its shape)."""
    return {
        stretch.name: drawn[:, :, stretch.start : stretch.start + stretch.size].reshape(
            *drawn.shape[:2], *stretch.shape
        )
        for stretch in model.kept
    }
