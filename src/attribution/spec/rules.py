"""What the parts of a spec must have to do with each other, whatever each is by itself.

Blank texts are stand-ins for something that is already noted, so no rule speaks of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

from attribution.errors import InputError, suggest
from attribution.spec.columns import groupings, signals
from attribution.spec.fields import Notes
from attribution.spec.model import Group, Intercept, Linear, LinearMean, ModelSpec, RatesMean, Term
from attribution.spec.terms import ALL_PARTS, EACH_PART, INTERCEPT
from attribution.spec.transforms import columns_of, row_wise

# fmt: off
RESERVED = frozenset({
    "alpha", "conversions", "credited_orders", "exposure", "feature", "hidden", "intercept",
    "inverse_alpha", "net_revenue", "node", "part", "paying_orders", "paying_share", "post", "sale",
    "sale_orders", "source",
})
# fmt: on
"""Names with another meaning in a spec or in a run, so that no feature may have them."""


def check_rules(spec: ModelSpec, notes: Notes) -> None:
    """Note every rule that a spec breaks across its parts."""
    _check_outcome(spec, notes)
    readable = _check_features(spec, notes)
    if isinstance(spec.mean, RatesMean):
        _check_rates(spec, spec.mean, notes)
    else:
        _check_linear(spec, spec.mean, notes)
    if spec.order_value is not None:
        _check_groups(spec.order_value.terms, "order_value", {INTERCEPT}, notes)
    _check_groupings(spec, notes)
    if readable:
        _check_missing(spec, notes)


def _check_outcome(spec: ModelSpec, notes: Notes) -> None:
    if spec.outcome.column == spec.outcome.exposure:
        notes.add(
            f"the exposure is the outcome {spec.outcome.column!r} itself",
            "outcome.exposure",
            expected="the number of people who could have seen the post",
        )


def _check_features(spec: ModelSpec, notes: Notes) -> bool:
    """Note what is wrong with each feature; return whether all expressions can be read."""
    before = len(notes.problems)
    read: dict[str, set[str]] = {}
    for feature in spec.features:
        try:
            row_wise(feature)
            read[feature.name] = columns_of(feature)
        except InputError as error:
            for problem in error.problems if feature.expression else ():
                notes.add(problem.what, problem.key, value=problem.value, hint=problem.hint)
    readable = len(read) == len(spec.features) and len(notes.problems) == before
    used_by = {spec.outcome.column, spec.outcome.exposure, *(by for _, by in groupings(spec))}
    taken = used_by.union(*read.values()) | {column.removesuffix("_id") for column in used_by}
    for feature in spec.features:
        _check_feature_name(feature.name, taken, notes)
        if spec.outcome.column in read.get(feature.name, ()):
            what = f"a feature may not be made from the outcome {spec.outcome.column!r}"
            notes.add(what, f"features.{feature.name}", value=feature.expression)
    return readable


def _check_feature_name(name: str, taken: Collection[str], notes: Notes) -> None:
    key = f"features.{name}"
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        expected = "letters, digits and _, beginning with a letter"
        notes.add("this is no name for a feature", key, value=name, expected=expected)
    elif name in RESERVED:
        notes.add("this name has another meaning", key, hint="Choose another name")
    elif name in taken:
        notes.add("a feature may not have the name of a column", key, hint="Choose another name")


def _check_rates(spec: ModelSpec, mean: RatesMean, notes: Notes) -> None:
    exposure, parts = spec.outcome.exposure, mean.parts
    if parts and parts[0] != exposure:
        what = f"the first part must be the outcome's exposure {exposure!r}"
        notes.add(what, "mean.parts[0]", value=parts[0], expected=exposure)
    for index, part in enumerate(parts):
        if part in parts[:index]:
            notes.add(f"the part {part!r} is there twice", f"mean.parts[{index}]")
        if part == spec.outcome.column:
            notes.add(f"the outcome {part!r} cannot be a part", f"mean.parts[{index}]")
    for feature in spec.features:
        what = f"a rates mean uses no features, so {feature.name!r} is never used"
        notes.add(what, f"features.{feature.name}", hint="Remove it, or use a linear mean")
    _check_groups(mean.terms, "mean", {EACH_PART[0], ALL_PARTS[0]}, notes)


def _check_linear(spec: ModelSpec, mean: LinearMean, notes: Notes) -> None:
    declared = {feature.name for feature in spec.features}
    if not mean.terms and not _noted(notes, "mean.terms"):
        notes.add("the mean has no terms", "mean.terms", expected="at least an intercept")
    linear = [(i, t.feature) for i, t in enumerate(mean.terms) if isinstance(t, Linear)]
    for index, name in linear:
        if name and name not in declared:
            what = f"there is no feature {name!r} under [features]"
            notes.add(what, f"mean.terms[{index}].feature", hint=suggest(name, declared))
    used = {name for _, name in linear}
    for name in sorted(declared - used):
        what = f"the feature {name!r} is never used"
        hint = "Remove it, or add a linear term for it"
        notes.add(what, f"features.{name}", hint=hint)
    _check_groups(mean.terms, "mean", {INTERCEPT, *(used & declared)}, notes)
    _check_twice(mean.terms, notes)


def _check_twice(terms: Iterable[Term], notes: Notes) -> None:
    """Note a second intercept and a second coefficient of a feature."""
    seen: Counter[str] = Counter()
    for index, term in enumerate(terms):
        if isinstance(term, Intercept | Linear):
            what = INTERCEPT if isinstance(term, Intercept) else term.feature
            seen[what] += 1
            if what and seen[what] > 1:
                notes.add(f"a second term for {what!r}", f"mean.terms[{index}]")


def _check_groups(terms: Iterable[Term], at: str, varying: Collection[str], notes: Notes) -> None:
    seen: set[tuple[str, str]] = set()
    for index, term in enumerate(terms):
        if not isinstance(term, Group):
            continue
        key = f"{at}.terms[{index}]"
        for of in term.of:
            if of not in varying:
                what = f"{of!r} cannot vary between the levels of {term.by!r} here"
                expected = f"one of {', '.join(sorted(varying))}"
                notes.add(what, f"{key}.of", expected=expected)
            elif (term.by, _slot(of)) in seen:
                notes.add(f"a second term for {of!r} by {term.by!r}", key)
            seen.add((term.by, _slot(of)))
        _check_effects(term, key, notes)


def _slot(of: str) -> str:
    """Return what may vary only once by a column: own rates already vary all rates together."""
    return ALL_PARTS[0] if of == EACH_PART[0] else of


def _check_effects(term: Group, key: str, notes: Notes) -> None:
    """Note what one group term cannot be."""
    if EACH_PART[0] in term.of and len(term.of) > 1:
        what = "each part varies by itself or all parts vary together, not both in one term"
        notes.add(what, f"{key}.of", hint="Write two terms")
    slopes = [of for of in term.of if of not in {INTERCEPT, *EACH_PART, *ALL_PARTS}]
    if term.effects == "mean_one" and slopes:
        what = f"the slope of {slopes[0]!r} is no multiplier, so its effects cannot be mean_one"
        notes.add(what, f"{key}.effects", expected="zero_sum or exchangeable")


def _check_groupings(spec: ModelSpec, notes: Notes) -> None:
    numbers = {spec.outcome.column, spec.outcome.exposure}
    if isinstance(spec.mean, RatesMean):
        numbers |= set(spec.mean.parts)
    columns: dict[str, str] = {}
    for key, by in groupings(spec):
        other = columns.setdefault(by.removesuffix("_id"), by)
        if other != by:
            notes.add(f"{by!r} and {other!r} would have the same name in a run", key)
        if by in numbers:
            notes.add(f"{by!r} is a number of the model, not a grouping", key)


def _check_missing(spec: ModelSpec, notes: Notes) -> None:
    used = [column for column in signals(spec) if column != spec.outcome.column]
    for column in spec.missing:
        if column not in used:
            what = f"{column!r} is no signal of this model, so it needs no policy"
            notes.add(what, f"missing.{column}", hint=suggest(column, used))
    for column in used:
        if column not in spec.missing:
            what = f"nothing says what happens to posts without {column!r}"
            expected = f'{column} = "set_aside" or {column} = "latent"'
            notes.add(what, "missing", expected=expected)


def _noted(notes: Notes, key: str) -> bool:
    return any((problem.key or "").startswith(key) for problem in notes.problems)
