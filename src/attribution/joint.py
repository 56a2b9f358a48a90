"""One model of several: the variables of a model built by itself become part of another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Model = Any  # PyMC is not typed


def absorb(model: Model, other: Model, name: Callable[[str], str]) -> None:
    """Make the variables and dims of a model part of another, under names of their own.

    The model that is absorbed is of no use afterwards.

    Parameters
    ----------
    model
        That which is to hold both.
    other
        A model built by itself, with nothing in common with it.
    name
        Gives each of its names the one that it is to have; these must be new.
    """
    for dim, levels in other.coords.items():
        # Its length is a variable of the graph, which stays the same one.
        length = other.dim_lengths[dim]
        length.name = name(dim)
        model.add_coord(name(dim), levels, length=length)
    for variable in other.named_vars.values():
        dims = other.named_vars_to_dims.get(variable.name)
        variable.name = name(variable.name)
        there = None if dims is None else tuple(dim and name(dim) for dim in dims)
        model.add_named_variable(variable, there)
    for kind in ("free_RVs", "observed_RVs", "deterministics", "potentials", "data_vars"):
        getattr(model, kind).extend(getattr(other, kind))
    # What is observed is data, which has its name already.
    free = set(other.free_RVs)
    for variable, value in other.rvs_to_values.items():
        if variable in free:
            value.name = name(value.name)
            model.rvs_to_initial_values[variable] = other.rvs_to_initial_values[variable]
        model.rvs_to_values[variable] = value
        model.values_to_rvs[value] = variable
        model.rvs_to_transforms[variable] = other.rvs_to_transforms[variable]
