"""What each parameter of a run is, in words; the names themselves are those of the terms."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attribution.spec.halo import EFFECT, HaloMean
from attribution.spec.model import ModelSpec, Predictor, RatesMean
from attribution.spec.priors import SCALES
from attribution.spec.sections.authenticity import FAKE
from attribution.spec.stages import in_run, split_name
from attribution.spec.stated import stated_priors
from attribution.spec.terms import (
    INTERCEPT,
    Categorical,
    Group,
    Intercept,
    Linear,
    Monotone,
    Place,
    Term,
    dim,
    level_name,
)

AT_ZERO = "_at_zero"
"""What names end in of parameters that were moved to where all features are 0."""

UNKNOWNS = ("_raw", "_z", "_partial", "_coefficient")
"""What names end in of what the sampler uses instead of parameters."""

REFERENCE = {
    "zero_sum": "from the average of the levels",
    "exchangeable": "from the mean of all such levels",
    "mean_one": "from 0, so that multipliers average 1",
}


def meanings(spec: ModelSpec) -> dict[str, str]:
    """Return words for the parameters of a run, in the order in which people read them."""
    found: dict[str, str] = {}
    for stated in stated_priors(spec):
        found[stated.parameter] = stated.meaning
        if stated.prior.on is not None:
            words = SCALES[stated.prior.on].words.replace("x", stated.parameter)
            found[f"{stated.prior.on}_{stated.parameter}"] = words
        found |= _constants(spec).get(stated.parameter, {})
    if isinstance(spec.mean, HaloMean):
        found[EFFECT] = "deviation of a part's log rate from the average of the parts"
    if spec.authenticity is not None:
        of = " and ".join(spec.authenticity.parts)
        found[FAKE] = f"share of the {of} of each {dim(spec.authenticity.by)} that is fake"
    for place, term in _terms(spec):
        found |= _effects(place, term)
    for section, predictor in spec.predictors.items():
        found |= _moved_levels(spec.place(section), predictor)
    for name, stage in spec.stages.items():
        own = meanings(stage)
        found |= {in_run(name, of): f"{name}: {words}" for of, words in own.items()}
    return found


def inner(spec: ModelSpec) -> Callable[[str], bool]:
    """Return which names of a run say nothing that another name does not say better.

    Standardised and partial unknowns of the sampler, hidden signals, parameters on the scale of
    their prior, and copies of differences that have a row of zeros for the level compared with.
    """
    stated = stated_priors(spec)
    again = {f"{s.prior.on}_{s.parameter}" for s in stated if s.prior.on is not None}
    for place, term in _terms(spec):
        if isinstance(term, Categorical):
            again.add(f"{level_name(place, term.by, term.of)}_effect")
    own = {s.parameter for s in stated}
    stages = {name: inner(stage) for name, stage in spec.stages.items()}

    def said_better(name: str) -> bool:
        stage, rest = split_name(spec, name)
        if stage is not None:
            return stages[stage](rest)
        return name in again or (name not in own and name.endswith(UNKNOWNS))

    return said_better


def centred_slopes(predictor: Predictor, by: str) -> tuple[str, ...]:
    """Return the features that are centred and whose coefficients differ by a column."""
    found: list[str] = []
    for term in predictor.terms:
        if isinstance(term, Group) and term.by == by and predictor.centre == "all":
            found += term.slopes
        if isinstance(term, Categorical) and term.by == by and predictor.centre != "none":
            found += term.features
    return tuple(found)


def shifts(predictor: Predictor, by: str) -> bool:
    """Whether the levels of a column shift the sum of terms, whatever the features."""
    return any(
        (isinstance(term, Group) and INTERCEPT in term.of)
        or (isinstance(term, Categorical) and term.of == INTERCEPT)
        or isinstance(term, Monotone)
        for term in predictor.terms
        if by in term.columns
    )


def _terms(spec: ModelSpec) -> Iterator[tuple[Place, Term]]:
    if isinstance(spec.mean, RatesMean):
        yield from ((spec.place("mean"), term) for term in spec.mean.terms)
    for section, predictor in spec.predictors.items():
        yield from ((spec.place(section), term) for term in predictor.terms)
    if spec.order_value is not None:
        yield from ((spec.place("order_value"), term) for term in spec.order_value.terms)
        yield from ((spec.place("paying"), term) for term in spec.order_value.paying_terms)


def _constants(spec: ModelSpec) -> dict[str, dict[str, str]]:
    """Return words for constants where features are 0, by the name of the one at averages."""
    found = {}
    for section, predictor in spec.predictors.items():
        kinds = {type(term) for term in predictor.terms}
        if {Intercept, Linear} <= kinds and predictor.centre != "none":
            place = spec.place(section)
            name = f"{place.prefix}{INTERCEPT}"
            found[name] = {f"{name}{AT_ZERO}": f"{place.constant} where all features are 0"}
    return found


def _effects(place: Place, term: Term) -> dict[str, str]:
    """Return words for the effects of a term's levels."""
    match term:
        case Group():
            return {
                f"{name}_effect": f"deviation of {_varying(place, of)} at a level of {term.by} "
                f"{REFERENCE[term.effects]}{_where(place, of)}"
                for of, (name, _) in zip(term.of, term.names(place), strict=True)
            }
        case Categorical():
            name, of = level_name(place, term.by, term.of), _varying(place, term.of)
            against = f"level {term.reference}" if term.reference else "the first level"
            words = f"difference of {of} between a level of {term.by} and {against}"
            return {f"{name}_effect": words}
        case Monotone():
            words = f"difference of the {place.scale} between a level of {term.by} and the first"
            return {f"{level_name(place, term.by)}_effect": words}
    return {}


def _varying(place: Place, of: str) -> str:
    if of == INTERCEPT:
        value = " order value" if place.section == "order_value" else ""
        return f"the {place.scale}{value}"
    if " " in of:
        return "the part's log rate" if of == "each part" else "all log rates together"
    return f"the coefficient of {of}, {place.scale} per unit,"


def _where(place: Place, of: str) -> str:
    return ", at average features" if of == INTERCEPT and place.centre == "all" else ""


def _moved_levels(place: Place, predictor: Predictor) -> dict[str, str]:
    found = {}
    for by in dict.fromkeys(column for term in predictor.terms for column in term.columns):
        if centred_slopes(predictor, by):
            name = f"{level_name(place, by)}_effect"
            words = f"shift of the {place.scale} at a level of {by} where all features are 0"
            found[f"{name}{AT_ZERO}"] = words
    return found
