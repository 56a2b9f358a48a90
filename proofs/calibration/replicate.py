"""One replicate: draw from the prior, fit, and rank the truth among the posterior's draws."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import groupby
from typing import Any

import numpy as np

from attribution import forward
from attribution.design import Design
from attribution.design.types import Floats, dim
from attribution.diagnostics import worst
from attribution.draws import Draws, n_draws, stack, thin_chains
from attribution.errors import InputError
from attribution.fitting import design_of
from attribution.from_prior import PriorDraws, draw_from_prior
from attribution.quantities.asked import Ask
from attribution.quantities.effects import quantities_with_stages
from attribution.quantities.estimates import Quantity
from attribution.spec.priors import SCALES
from proofs.calibration.broken import BROKEN
from proofs.calibration.reuse import Templates
from proofs.calibration.tables import table_for

PER_TABLE = 50
"""Replicates that share a table of posts; the next ones have another."""

MOST_RANKS = 199
"""Draws that a truth is ranked among, at most; fewer where fewer are effective."""

LEAST_RANKS = 19

UNTOLD = ("creator", "sensitivity")
"""Scopes of effects that are not looked at: too many, and answers under another prior."""

APART = 1.1
"""R-hat above which chains are apart; of short chains that agree, chance takes it to 1.05."""

LONGER = 1500
"""Draws of tuning of a second attempt, where chains were apart after the first."""

LEVELS, GROUPS = 3, 2
"""Levels of a parameter, and groups of an effect, that are looked at; evenly spaced over all."""

FEW = 6
"""Levels of a column up to which they are called by their names: tiers, not creators."""

SAMPLED, HIDDEN = ("_raw", "_z"), "hidden_z"
"""Ends of names of what is sampled in place of effects, and what is called so and is none."""

LIKELIHOOD = "log likelihood of all outcomes"
"""What a posterior that forgot the data, or took them twice, gives away (Modrák et al. 2023,
*Bayesian Analysis* 20(2))."""


@dataclass(frozen=True)
class Plan:
    """What every replicate of a proof has in common.

    Parameters
    ----------
    model
        Name of a shipped spec, or path of a file.
    creators, each
        Size of the table: creators, and posts of each on average.
    draws, tune, chains
        How the posterior is sampled.
    broken
        What of the fitted model is wrong on purpose; None for nothing.
    """

    model: str
    creators: int = 12
    each: int = 6
    draws: int = 390
    tune: int = 400
    chains: int = 2
    broken: str | None = None

    def __call__(self, number: int) -> dict[str, Any]:
        """Return the ranks of one replicate, and how its fit went; seconds of a processor."""
        start = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = _replicate(self, number)
        return {**found, "seconds": round(time.process_time() - start, 2)}


@lru_cache(maxsize=2)
def drawn(model: str, creators: int, each: int, table: int) -> PriorDraws:
    """Return draws from the prior for one table of posts."""
    return draw_from_prior(
        model, table_for(model, creators, each, table), count=PER_TABLE, seed=table
    )


@cache
def templates() -> Templates:
    """Return the graphs that a process has, so that other data of the same posts take less time."""
    return Templates()


def _replicate(plan: Plan, number: int) -> dict[str, Any]:
    table, k = divmod(number, PER_TABLE)
    before = drawn(plan.model, plan.creators, plan.each, table)
    source, truth = before.table(k), before.truth(k)
    spec = before.model(k)
    orders = float(before.outcomes[k].sum())
    try:
        right = design_of(spec, source)
        fitted = right
        if plan.broken is not None:
            spec, frame = BROKEN[plan.broken].apply(spec, source.frame)
            fitted = design_of(spec, replace(source, frame=frame))
        posterior, fit = _fitted(plan, fitted, number)
    except InputError as error:
        # Also where outcomes are so far from the priors' middle that no chain can begin. As the
        # data decide and not the truth, the other replicates' ranks are uniform all the same.
        return {"refused": str(error), "total": orders, "ranks": {}}
    count = int(np.clip(fit["ess"], LEAST_RANKS, MOST_RANKS))
    few = thin_chains(posterior, plan.chains, count)
    ranks = dict(_ranks(right, fitted, truth, few))
    return {"refused": None, "total": orders, **fit, "among": n_draws(few), "ranks": ranks}


def _fitted(plan: Plan, design: Design, seed: int) -> tuple[Draws, dict[str, Any]]:
    """Return draws from the posterior, and how well they were drawn."""
    import pytensor

    from attribution.model import build_model
    from attribution.sampling import Settings, compile_density, posterior

    settings = Settings(plan.draws, plan.tune, plan.chains, seed)
    with pytensor.config.change_flags(traceback__limit=0):
        model = build_model(design)
        draw, way = compile_density(model, plan.chains, compiler=templates())
        trace, rate, diagnostics = posterior(model, draw, settings, lambda *_: None)
        again = worst(diagnostics, "r_hat")[0] > APART
        if again:
            longer = replace(settings, tune=LONGER)
            trace, rate, diagnostics = posterior(model, draw, longer, lambda *_: None)
    divergent = int(trace["sample_stats"]["diverging"].sum())
    r_hat = worst(diagnostics, "r_hat")[0]
    ess = min(worst(diagnostics, "ess_bulk")[0], worst(diagnostics, "ess_tail")[0])
    return stack(trace["posterior"].to_dataset()), {
        "agree": bool(r_hat <= APART),
        "again": again,
        "divergent": divergent,
        "r_hat": round(r_hat, 4),
        "ess": round(ess) if np.isfinite(ess) else 0,
        "target_accept": rate,
        "density": way,
    }


def _ranks(
    right: Design, fitted: Design, truth: Draws, draws: Draws
) -> Iterator[tuple[str, list[int]]]:
    """Yield how many draws lie below the truth and how many equal it, by figure."""
    for name, true, values in figures(right, fitted, truth, draws):
        if np.isfinite(true) and np.isfinite(values).all() and np.ptp(values) > 0:
            yield name, [int(np.sum(values < true)), int(np.sum(values == true))]


def figures(
    right: Design, fitted: Design, truth: Draws, draws: Draws
) -> Iterator[tuple[str, float, Floats]]:
    """Yield each figure's name, truth and draws: parameters, effects, log likelihood.

    Parameters
    ----------
    right
        The posts as they were drawn.
    fitted
        The same as the fitted model sees them.
    truth
        Parameters that the outcomes were drawn from; (1, …).
    draws
        Of the posterior; (draw, …).
    """
    both = {name: values for name, values in draws.items() if _same(truth, name, values)}
    for name, values in both.items():
        if not _internal(name, both):
            yield from _of_parameter(name, truth[name], values, _levels(fitted, name))
    true = quantities_with_stages(right, Ask())(right, truth)
    yield from _of_effects(true, quantities_with_stages(fitted, Ask())(fitted, draws))
    if len(both) == len(draws):
        of_truth = {name: truth[name] for name in both}
        total = forward.log_likelihood(fitted, of_truth).sum(axis=1)
        yield LIKELIHOOD, float(total[0]), forward.log_likelihood(fitted, draws).sum(axis=1)


def _same(truth: Draws, name: str, values: Floats) -> bool:
    return name in truth and truth[name].shape[1:] == values.shape[1:]


def _internal(name: str, names: Mapping[str, Any]) -> bool:
    """Whether an unknown only serves another: on the scale of its prior, or as it is sampled.

    How effects are sampled is chosen by looking at the outcomes: what is sampled has no prior that
    truth could be drawn from.
    """
    scale, _, rest = name.partition("_")
    return (scale in SCALES and rest in names) or (name.endswith(SAMPLED) and name != HIDDEN)


def _levels(design: Design, name: str) -> Sequence[str] | None:
    """Return the levels of a parameter that has one value for each level of a column."""
    for column, group in {**design.value_groups, **design.groups}.items():
        if name.removeprefix("value_") == f"{dim(column)}_effect":
            return group.levels
    return None


def _of_parameter(
    name: str, true: Floats, values: Floats, levels: Sequence[str] | None
) -> Iterator[tuple[str, float, Floats]]:
    if values.ndim == 1:
        yield name, float(true[0]), values
        return
    shape = values.shape[1:]
    count = int(np.prod(shape))
    for place in spaced(count, LEVELS):
        at = np.unravel_index(place, shape)
        label = _where(place, count)
        if levels is not None and len(levels) <= FEW:
            label = ", ".join([*(str(k) for k in at[:-1]), levels[at[-1]]])
        yield f"{name}[{label}]", float(true[(0, *at)]), values[(slice(None), *at)]


def _where(place: int, count: int) -> str:
    """Say where a level stands, in words that do not depend on how many a table has."""
    return "first" if place == 0 else "last" if place == count - 1 else "middle"


def spaced(count: int, most: int) -> list[int]:
    """Return at most so many positions, evenly spaced from the first to the last."""
    return np.unique(np.linspace(0, count - 1, most).round().astype(int)).tolist()


def _of_effects(
    true: Sequence[Quantity], found: Sequence[Quantity]
) -> Iterator[tuple[str, float, Floats]]:
    truths = {quantity.key: float(quantity.draws[0]) for quantity in true}
    told = [q for q in found if q.has_interval and q.scope not in UNTOLD and q.key in truths]

    def kind(quantity: Quantity) -> tuple[str, str, str]:
        return quantity.quantity, quantity.scope, quantity.population

    for _, of_kind in groupby(sorted(told, key=kind), key=kind):
        some = list(of_kind)
        for place in spaced(len(some), GROUPS):
            quantity = some[place]
            name = f"{quantity.quantity}, {quantity.scope} {quantity.group}"
            yield f"{name} ({quantity.population})", truths[quantity.key], quantity.draws
