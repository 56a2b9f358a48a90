"""Draws by variable: merging chains, blocks, thinning."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from attribution.draws import blocks, n_draws, stack, thin


def test_chains_are_merged_one_after_the_other() -> None:
    data = xr.Dataset({"x": (("chain", "draw", "k"), np.arange(12).reshape(2, 3, 2))})
    assert stack(data)["x"].tolist() == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9], [10, 11]]


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_blocks_cover_every_draw_once_in_order(size: int) -> None:
    draws = {"x": np.arange(7.0), "y": np.arange(14.0).reshape(7, 2)}
    seen = np.full(7, np.nan)
    for block in blocks(draws, size):
        assert n_draws(block.draws) <= size
        seen[block.where] = block.draws["x"]
        assert block.draws["y"][:, 0].tolist() == (2 * block.draws["x"]).tolist()
    assert seen.tolist() == draws["x"].tolist()


def test_thinning_is_even_and_never_repeats() -> None:
    draws = {"x": np.arange(10.0)}
    assert thin(draws, 4)["x"].tolist() == [0, 3, 6, 9]
    assert thin(draws, 50)["x"].tolist() == draws["x"].tolist()
