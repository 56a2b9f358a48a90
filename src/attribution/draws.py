"""Draws by variable, chains merged, and walking over them in blocks of bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from attribution.spec.stages import in_run

if TYPE_CHECKING:
    import xarray as xr

Draws = Mapping[str, NDArray[np.float64]]
"""Draws by variable, draws first: shape (draw, …)."""

BLOCK = 250
"""Most draws per block."""

BLOCK_NUMBERS = 4_000_000
"""Numbers of a block's draws x posts array, which bounds the memory of a walk over the draws."""


@dataclass(frozen=True)
class Block:
    """Some of the draws and where they stand among all of them."""

    where: slice
    draws: Draws


def stack(dataset: xr.Dataset) -> dict[str, NDArray[np.float64]]:
    """Return draws by variable with chains merged, chain by chain; shape (chain * draw, …)."""
    return {
        str(name): values.to_numpy().reshape((-1, *values.shape[2:]))
        for name, values in dataset.data_vars.items()
    }


def stage_dataset(dataset: xr.Dataset, stage: str) -> xr.Dataset:
    """Return what belongs to a stage, variables and dims under the names of a run of its own."""
    start = in_run(stage, "")
    own = dataset[[name for name in dataset.data_vars if str(name).startswith(start)]]
    names = dict.fromkeys((*own.variables, *own.dims))
    return own.rename({n: str(n).removeprefix(start) for n in names if str(n).startswith(start)})


def n_draws(draws: Draws) -> int:
    """Return the number of draws."""
    return len(next(iter(draws.values())))


def blocks(draws: Draws, posts: int) -> Iterator[Block]:
    """Split draws into consecutive blocks, small enough for an array of draws x posts."""
    count = n_draws(draws)
    size = max(1, min(BLOCK, BLOCK_NUMBERS // posts))
    for start in range(0, count, size):
        where = slice(start, min(start + size, count))
        yield Block(where, {name: values[where] for name, values in draws.items()})


def thin_chains(draws: Draws, chains: int, count: int) -> Draws:
    """Keep at most ``count`` draws, the same and evenly spaced ones of every chain."""
    each = n_draws(draws) // chains
    one = np.unique(np.linspace(0, each - 1, max(count // chains, 1)).astype(int))
    kept = (each * np.arange(chains)[:, None] + one).ravel()
    return {name: values[kept] for name, values in draws.items()}


def thin(draws: Draws, count: int) -> Draws:
    """Keep at most ``count`` draws, evenly spaced over all of them."""
    kept = np.unique(np.linspace(0, n_draws(draws) - 1, count).astype(int))
    return {name: values[kept] for name, values in draws.items()}
