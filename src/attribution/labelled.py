"""Arrays whose dimensions have names and levels, as a run keeps them.

The file is NetCDF, which xarray reads; NumPy arrays of one group of it are read with h5py alone,
which takes a hundredth of the time of xarray's imports.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import h5py
    import xarray as xr

NAMELESS = b"This is a netCDF dimension but not a netCDF variable"
"""How NetCDF marks a dimension whose levels have no names."""


@dataclass(frozen=True)
class Labelled:
    """One variable.

    Parameters
    ----------
    dims
        Names of the dimensions.
    values
        An axis per dimension.
    levels
        Names of the levels of those dimensions that have some.
    """

    dims: tuple[str, ...]
    values: NDArray[Any]
    levels: Mapping[str, tuple[str, ...]]

    def names(self, dim: str) -> tuple[str, ...]:
        """Return the names of a dimension's levels; their numbers where they have none."""
        count = self.values.shape[self.dims.index(dim)]
        return self.levels.get(dim) or tuple(str(k) for k in range(count))

    def at(self, dim: str, level: str) -> NDArray[Any]:
        """Return the values at one level of a dimension."""
        here = self.names(dim).index(level)
        return np.asarray(np.take(self.values, here, axis=self.dims.index(dim)))

    @property
    def scalars(self) -> NDArray[Any]:
        """Draws of each scalar of a variable (chain, draw, …); shape (chain, draw, scalar)."""
        return self.values.reshape((*self.values.shape[:2], -1))

    @property
    def labels(self) -> list[str]:
        """``[level, …]`` of each scalar of a variable, in order; one empty text of a scalar."""
        if len(self.dims) == 2:
            return [""]
        return [f"[{', '.join(of)}]" for of in itertools.product(*map(self.names, self.dims[2:]))]


Group = Mapping[str, Labelled]
"""Variables by name."""


def of_dataset(dataset: xr.Dataset) -> Group:
    """Return the variables of a dataset."""
    levels = {
        str(d): tuple(map(str, dataset[d].to_numpy())) for d in dataset.dims if d in dataset.coords
    }
    return {
        str(name): Labelled(tuple(map(str, v.dims)), v.to_numpy(), _own(levels, v.dims))
        for name, v in dataset.data_vars.items()
    }


def read_group(file: Path, group: str) -> Group:
    """Return the variables of one group of a NetCDF file.

    Raises
    ------
    KeyError
        When the file has no such group.
    """
    import h5py

    with h5py.File(file) as opened:
        return dict(_variables(opened[group]))


def _variables(group: h5py.Group) -> Iterator[tuple[str, Labelled]]:
    scales = {name: item for name, item in group.items() if item.is_scale}
    levels = {
        name: _names(item)
        for name, item in scales.items()
        if not bytes(item.attrs.get("NAME", b"")).startswith(NAMELESS)
    }
    for name, item in group.items():
        if name in scales:
            continue
        dims = tuple(dim[0].name.rsplit("/", 1)[-1] for dim in item.dims)
        yield name, Labelled(dims, item[()], _own(levels, dims))


def _names(item: h5py.Dataset) -> tuple[str, ...]:
    texts = item.asstr()[()] if item.dtype == object else item[()]
    return tuple(map(str, texts))


def _own(
    levels: Mapping[str, tuple[str, ...]], dims: tuple[Any, ...]
) -> dict[str, tuple[str, ...]]:
    return {dim: levels[dim] for dim in dims if dim in levels}
