"""Draws by variable: merging chains, blocks, thinning."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from attribution.draws import blocks, n_draws, stack, thin, thin_chains


def test_chains_are_merged_one_after_the_other() -> None:
    data = xr.Dataset({"x": (("chain", "draw", "k"), np.arange(12).reshape(2, 3, 2))})
    assert stack(data)["x"].tolist() == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9], [10, 11]]


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_blocks_cover_every_draw_once_in_order(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    posts = 50
    monkeypatch.setattr("attribution.draws.BLOCK_NUMBERS", size * posts + 1)
    draws = {"x": np.arange(7.0), "y": np.arange(14.0).reshape(7, 2)}
    seen = np.full(7, np.nan)
    for block in blocks(draws, posts):
        assert n_draws(block.draws) <= size
        seen[block.where] = block.draws["x"]
        assert block.draws["y"][:, 0].tolist() == (2 * block.draws["x"]).tolist()
    assert seen.tolist() == draws["x"].tolist()


def test_a_draw_of_more_posts_than_a_block_holds_is_a_block() -> None:
    draws = {"x": np.arange(3.0)}
    assert [n_draws(block.draws) for block in blocks(draws, 10**9)] == [1, 1, 1]


def test_every_chain_is_thinned_alike() -> None:
    draws = {"x": np.arange(20.0)}
    assert thin_chains(draws, 2, 8)["x"].tolist() == [0, 3, 6, 9, 10, 13, 16, 19]
    assert thin_chains(draws, 2, 1)["x"].tolist() == [0, 10]
    assert thin_chains(draws, 2, 50)["x"].tolist() == draws["x"].tolist()


def test_thinning_is_even_and_never_repeats() -> None:
    draws = {"x": np.arange(10.0)}
    assert thin(draws, 4)["x"].tolist() == [0, 3, 6, 9]
    assert thin(draws, 50)["x"].tolist() == draws["x"].tolist()
