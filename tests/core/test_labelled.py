"""A group of a run's file is read as xarray reads it, without xarray."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from attribution.labelled import of_dataset, read_group


@pytest.fixture
def dataset() -> xr.Dataset:
    rng = np.random.default_rng(1)
    return xr.Dataset(
        {
            "z": (("chain", "draw"), rng.normal(size=(2, 3))),
            "effect": (("chain", "draw", "tier", "part"), rng.normal(size=(2, 3, 2, 4))),
            "count": (("draw", "post"), rng.integers(9, size=(3, 5))),
            "a": (("part",), [1.0, np.nan, np.inf, -0.0]),
        },
        coords={"tier": ["nano", "größer"], "post": [10, 11, 12, 13, 14]},
    )


def test_a_group_of_a_file_is_the_dataset(dataset: xr.Dataset, tmp_path: Path) -> None:
    tree = xr.DataTree.from_dict({"posterior": dataset, "prior": dataset.isel(draw=[0]) + 1})
    tree.to_netcdf(tmp_path / "draws.nc", engine="h5netcdf")
    for name, node in tree.children.items():
        expected = of_dataset(node.to_dataset())
        found = read_group(tmp_path / "draws.nc", name)
        assert list(found) == list(expected) == ["z", "effect", "count", "a"]
        for variable, values in expected.items():
            assert found[variable].dims == values.dims
            assert found[variable].levels == values.levels
            assert found[variable].values.dtype == values.values.dtype
            assert np.array_equal(found[variable].values, values.values, equal_nan=True)


def test_levels_have_names_or_numbers(dataset: xr.Dataset) -> None:
    found = of_dataset(dataset)
    effect = found["effect"]
    assert effect.names("tier") == ("nano", "größer")
    assert effect.names("part") == ("0", "1", "2", "3")
    assert effect.labels[3:5] == ["[nano, 3]", "[größer, 0]"]
    assert np.array_equal(effect.scalars[:, :, 4], dataset["effect"][:, :, 1, 0])
    assert found["z"].labels == [""]
    assert found["z"].scalars.shape == (2, 3, 1)
    assert np.array_equal(found["count"].at("post", "13"), dataset["count"].sel(post=13))


def test_a_group_that_is_not_there_is_told(dataset: xr.Dataset, tmp_path: Path) -> None:
    xr.DataTree.from_dict({"posterior": dataset}).to_netcdf(tmp_path / "d.nc", engine="h5netcdf")
    with pytest.raises(KeyError):
        read_group(tmp_path / "d.nc", "prior")
