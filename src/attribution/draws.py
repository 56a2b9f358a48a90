"""Draws by variable, chains merged, and walking over them in blocks of bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import xarray as xr

Draws = Mapping[str, NDArray[np.float64]]
"""Draws by variable, draws first: shape (draw, …)."""

BLOCK = 250
"""Draws per block: bounds the memory of draws x posts arrays."""


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


def n_draws(draws: Draws) -> int:
    """Return the number of draws."""
    return len(next(iter(draws.values())))


def blocks(draws: Draws, size: int = BLOCK) -> Iterator[Block]:
    """Split draws into consecutive blocks of at most ``size``."""
    count = n_draws(draws)
    for start in range(0, count, size):
        where = slice(start, min(start + size, count))
        yield Block(where, {name: values[where] for name, values in draws.items()})


def thin(draws: Draws, count: int) -> Draws:
    """Keep at most ``count`` draws, evenly spaced over all of them."""
    kept = np.unique(np.linspace(0, n_draws(draws) - 1, count).astype(int))
    return {name: values[kept] for name, values in draws.items()}
