"""What optional sections must have to do with the rest of a spec."""

from __future__ import annotations

from attribution.errors import InputError, suggest
from attribution.spec.columns import conditions
from attribution.spec.fields import Notes
from attribution.spec.halo import HaloMean
from attribution.spec.model import ModelSpec, RatesMean
from attribution.spec.sections import Authenticity, Capture, Experiments
from attribution.spec.transforms import row_wise


def check_sections(spec: ModelSpec, notes: Notes) -> None:
    """Note every rule that optional sections break."""
    for section in spec.sections:
        match section:
            case Authenticity():
                _check_authenticity(spec, section, notes)
            case Capture():
                _check_capture(spec, section, notes)
            case Experiments():
                _check_experiments(spec, section, notes)


def _check_authenticity(spec: ModelSpec, section: Authenticity, notes: Notes) -> None:
    if not isinstance(spec.mean, RatesMean):
        what = "only a rates mean says what a like that is genuine brings"
        notes.add(what, "authenticity", expected='form = "rates" under [mean]')
        return
    can = spec.mean.parts[1:]
    for index, part in enumerate(section.parts):
        key = f"authenticity.parts[{index}]"
        if part not in can:
            hint = suggest(part, can)
            notes.add(f"there is no part {part!r} of engagement", key, hint=hint)
        elif part in section.parts[:index]:
            notes.add(f"the part {part!r} is there twice", key)
    if ":" in section.by:
        notes.add("shares of fakes differ by one column", "authenticity.by", value=section.by)


def _check_capture(spec: ModelSpec, section: Capture, notes: Notes) -> None:
    family = spec.outcome.distribution
    if not _is_count(spec):
        what = f"outcomes of the family {family.name!r} are no thinned count"
        notes.add(what, section.name, expected=COUNTS)
    elif isinstance(spec.mean, HaloMean):
        what = "a halo mean is of all sales, recorded or not: no code has missed any of them"
        notes.add(what, section.name, hint="Remove it, or use a model of recorded orders")


COUNTS = "poisson or negative_binomial, or zero-inflated"


def _is_count(spec: ModelSpec) -> bool:
    """Whether outcomes are Poisson given a post's luck, which thinning leaves as it is."""
    family = spec.outcome.distribution
    return family.is_count and "hurdle" not in family.own


def _check_experiments(spec: ModelSpec, section: Experiments, notes: Notes) -> None:
    family = spec.outcome.distribution
    if not _is_count(spec):
        what = f"a lift test counts orders, and those of the family {family.name!r} are not known"
        notes.add(what, section.name, expected=COUNTS)
    elif isinstance(spec.mean, HaloMean):
        what = "a halo mean expects sales of days, and a lift test is of posts"
        notes.add(what, section.name, hint="Remove it, or use a model of posts")
    if section.incremental is not None and spec.capture is not None:
        what = "[capture] says already how many orders come for each recorded one"
        notes.add(what, "experiments.incremental", hint="Remove it, or [capture]")
    for key, condition in conditions(spec):
        try:
            row_wise(condition)
        except InputError as error:
            for problem in error.problems if condition.expression else ():
                notes.add(problem.what, key, value=problem.value, hint=problem.hint)
