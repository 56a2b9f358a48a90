"""Draws under the names that R gives to parameters, so that two sides can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from attribution.quantities.parameters import at_zero
from attribution.spec.families import OWN
from attribution.spec.terms import (
    INTERCEPT,
    Categorical,
    Group,
    Intercept,
    Linear,
    Place,
    Term,
    level_name,
)

if TYPE_CHECKING:
    from attribution.run import Run

Floats = NDArray[np.float64]

CONSTANT = "(Intercept)"
PRODUCTS = {"both": "dist:arsenic"}
"""What R calls features that are products."""

IGNORED = ("mean_PPD", "log-posterior", "_NEW_")
"""What rstanarm tells that is no parameter."""

SIGMA = re.compile(r"Sigma\[(.*):([^:,]+),([^:,]+)\]")


def ours(run: Run) -> dict[str, Floats]:
    """Return our draws by R's names; shape (chain, draw)."""
    told = {name + label: draws for name, label, draws in _all(run)}
    found = {
        theirs: told.get(f"{name}_at_zero{label}", told.get(f"{name}{label}"))
        for theirs, name, label in _pairs(run)
    }
    lacking = [name for name, draws in found.items() if draws is None]
    if lacking:
        raise AssertionError(f"the run lacks what R calls {', '.join(lacking)}")
    return {name: draws for name, draws in found.items() if draws is not None}


def _all(run: Run) -> Iterator[tuple[str, str, Floats]]:
    chains = run.manifest.chains
    for name, values in run.group("posterior").items():
        for k, label in enumerate(values.labels):
            yield name, label, values.scalars[:, :, k]
    for moved in at_zero(run.design, run.draws):
        for level, draws in zip(moved.levels, moved.draws, strict=True):
            label = "" if level is None else f"[{level}]"
            yield moved.name, label, draws.reshape((chains, -1))


def _pairs(run: Run) -> Iterator[tuple[str, str, str]]:
    """Yield R's name, ours, and the level's label."""
    spec = run.design.spec
    for section, predictor in spec.predictors.items():
        place = spec.place(section)
        before = "" if section == "mean" else "zero_"
        for term in predictor.terms:
            for theirs, name, label in _of_term(run, place, term):
                yield before + theirs, name, label
    names = {"alpha": "reciprocal_dispersion", "zero_inflation": "zero", "hurdle": "zero"}
    for section in spec.own:
        if section not in spec.predictors:
            name = OWN[section].parameter
            yield names.get(name, name), name, ""


def _of_term(run: Run, place: Place, term: Term) -> Iterator[tuple[str, str, str]]:
    match term:
        case Intercept():
            yield CONSTANT, f"{place.prefix}{INTERCEPT}", ""
        case Linear():
            yield (
                PRODUCTS.get(term.feature, term.feature),
                f"{place.prefix}slope_{term.feature}",
                "",
            )
        case Categorical():
            levels = run.design.groups[term.by].levels
            before = "" if term.of == INTERCEPT else f"{term.of}:"
            for level in levels:
                if level != (term.reference or levels[0]):
                    name = f"{level_name(place, term.by, term.of)}_effect"
                    yield f"{before}{term.by}{level}", name, f"[{level}]"
        case Group():
            yield from _of_group(run, place, term)


def _of_group(run: Run, place: Place, term: Group) -> Iterator[tuple[str, str, str]]:
    for of, (name, _) in zip(term.of, term.names(place), strict=True):
        within = "" if of == INTERCEPT else f",{of}"
        yield f"sd[{term.by}{within}]", f"{name}_sd", ""
        thing = CONSTANT if of == INTERCEPT else of
        for level in run.design.groups[term.by].levels:
            yield f"b[{thing} {term.by}:{level.replace(' ', '_')}]", f"{name}_effect", f"[{level}]"
    if term.correlation is not None:
        name = f"{level_name(place, term.by)}_correlation"
        yield f"cor[{term.by}]", name, f"[{', '.join(term.of)}]"


def theirs(table: pl.DataFrame, chains: int) -> dict[str, Floats]:
    """Return R's draws, standard deviations and correlations in place of covariances."""
    columns: dict[str, Floats] = {
        name: table[name].cast(pl.Float64).to_numpy().reshape((chains, -1))
        for name in table.columns
        if not any(word in name for word in IGNORED)
    }
    covariances = {name: found for name in columns if (found := SIGMA.fullmatch(name))}
    told = {name: draws for name, draws in columns.items() if name not in covariances}
    return told | dict(_of_covariances(columns, covariances))


def _of_covariances(
    columns: Mapping[str, Floats], found: Mapping[str, re.Match[str]]
) -> Iterator[tuple[str, Floats]]:
    variance = {
        (match[1], match[2]): columns[name] for name, match in found.items() if match[2] == match[3]
    }
    for (group, of), draws in variance.items():
        within = "" if of == CONSTANT else f",{of}"
        yield f"sd[{group}{within}]", np.sqrt(draws)
    for name, match in found.items():
        if match[2] != match[3]:
            both = variance[match[1], match[2]] * variance[match[1], match[3]]
            yield f"cor[{match[1]}]", columns[name] / np.sqrt(both)
