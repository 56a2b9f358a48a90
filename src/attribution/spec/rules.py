"""What the parts of a spec must have to do with each other, whatever each is by itself.

Blank texts are stand-ins for something that is already noted, so no rule speaks of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

from attribution.errors import InputError, suggest
from attribution.spec.columns import all_terms, feature_key, groupings, signals, used_features
from attribution.spec.families import FAMILIES
from attribution.spec.fields import Notes
from attribution.spec.halo import check_halo
from attribution.spec.model import Feature, ModelSpec, Predictor, RatesMean
from attribution.spec.names import RESERVED, check_names
from attribution.spec.priors import Prior
from attribution.spec.section_rules import check_sections
from attribution.spec.stages import check_stages, merge_notes
from attribution.spec.terms import (
    ALL_PARTS,
    EACH_PART,
    INTERCEPT,
    Categorical,
    Group,
    Intercept,
    Linear,
    Monotone,
    Offset,
    Spline,
    Term,
    dim,
)
from attribution.spec.transforms import columns_of, row_wise

FEATURE_NAME = r"[A-Za-z][A-Za-z0-9_]*"
"""What a feature may be called."""


def check_rules(spec: ModelSpec, notes: Notes) -> None:
    """Note every rule that a spec breaks across its parts."""
    _check_outcome(spec, notes)
    readable = _check_features(spec, notes)
    if isinstance(spec.mean, RatesMean):
        _check_rates(spec, spec.mean, notes)
    for section, predictor in spec.predictors.items():
        _check_predictor(spec, section, predictor, notes)
    if spec.order_value is not None:
        _check_groups(spec.order_value.terms, "order_value.terms", {INTERCEPT}, notes)
        at, paying = "order_value.paying_terms", spec.order_value.paying_terms
        _check_groups(paying, at, {INTERCEPT}, notes)
        _check_shares(paying, at, notes)
    _check_unused(spec, notes)
    _check_groupings(spec, notes)
    check_sections(spec, notes)
    check_halo(spec, notes)
    _check_stages(spec, notes)
    if readable:
        _check_missing(spec, notes)
    if not notes.problems:
        check_names(spec, notes)


def _check_stages(spec: ModelSpec, notes: Notes) -> None:
    """Note what is wrong with the outcomes on the way."""
    for name, stage in spec.stages.items():
        own = Notes(notes.file)
        check_rules(stage, own)
        merge_notes(notes, name, own)
    check_stages(spec, notes)


def _check_outcome(spec: ModelSpec, notes: Notes) -> None:
    outcome = spec.outcome
    if outcome.column == outcome.exposure:
        notes.add(
            f"the exposure is the outcome {outcome.column!r} itself",
            "outcome.exposure",
            expected="the number of people who could have seen the post",
        )
    if outcome.column == outcome.trials:
        what = f"the number of trials is the outcome {outcome.column!r} itself"
        notes.add(what, "outcome.trials")
    link = spec.mean.link if isinstance(spec.mean, Predictor) else "log"
    if outcome.exposure is not None and link != "log" and link in outcome.distribution.links:
        what = "only a mean with a log link is proportional to an exposure"
        hint = "Remove it; of a share of people say trials"
        notes.add(what, "outcome.exposure", value=outcome.exposure, hint=hint)
    if outcome.exposure is None and isinstance(spec.mean, RatesMean):
        first = spec.mean.parts[0] if spec.mean.parts else "the first part"
        notes.add("a rates mean needs an exposure", "outcome.exposure", expected=first)
    if isinstance(spec.mean, RatesMean) and outcome.family != "negative_binomial":
        what = f"a rates mean has no family {outcome.family!r}"
        notes.add(what, "outcome.family", expected="negative_binomial")


def read_expressions(features: Iterable[Feature], notes: Notes) -> dict[str, frozenset[str]]:
    """Note what is wrong with expressions; return the columns of each that can be read."""
    read: dict[str, frozenset[str]] = {}
    for feature in features:
        try:
            row_wise(feature)
            read[feature.name] = columns_of(feature)
        except InputError as error:
            for problem in error.problems if feature.expression else ():
                notes.add(problem.what, problem.key, value=problem.value, hint=problem.hint)
    return read


def _check_features(spec: ModelSpec, notes: Notes) -> bool:
    """Note what is wrong with each feature; return whether all expressions can be read."""
    before = len(notes.problems)
    read = read_expressions(spec.features, notes)
    readable = len(read) == len(spec.features) and len(notes.problems) == before
    outcome = (spec.outcome.column, spec.outcome.exposure, spec.outcome.trials)
    used_by = {name for name in (*outcome, *(by for _, by in groupings(spec))) if name}
    taken = used_by.union(*read.values()) | {dim(column) for column in used_by}
    levels = {dim(by) for _, by in groupings(spec)}
    for feature in spec.features:
        # A column as it is may go by its own name, unless its levels are told apart too.
        key = feature_key(spec, feature)
        _check_feature_name(feature.name, key, levels if feature.is_column else taken, notes)
        if spec.outcome.column in read.get(feature.name, ()):
            what = f"a feature may not be made from the outcome {spec.outcome.column!r}"
            notes.add(what, key, value=feature.expression)
    return readable


def _check_feature_name(name: str, key: str, taken: Collection[str], notes: Notes) -> None:
    if not re.fullmatch(FEATURE_NAME, name):
        expected = "letters, digits and _, beginning with a letter"
        notes.add("this is no name for a feature", key, value=name, expected=expected)
    elif name in RESERVED:
        what = f"{name!r} stands for something else in a run"
        notes.add(what, key, hint="Choose another name")
    elif name in taken:
        notes.add("a feature may not have the name of a column", key, hint="Choose another name")


def _check_rates(spec: ModelSpec, mean: RatesMean, notes: Notes) -> None:
    exposure, parts = spec.outcome.exposure, mean.parts
    if parts and exposure is not None and parts[0] != exposure:
        what = f"the first part must be the outcome's exposure {exposure!r}"
        notes.add(what, "mean.parts[0]", value=parts[0], expected=exposure)
    for index, part in enumerate(parts):
        if part in parts[:index]:
            notes.add(f"the part {part!r} is there twice", f"mean.parts[{index}]")
        if part == spec.outcome.column:
            notes.add(f"the outcome {part!r} cannot be a part", f"mean.parts[{index}]")
    _check_groups(mean.terms, "mean.terms", {EACH_PART[0], ALL_PARTS[0]}, notes)


def _check_predictor(spec: ModelSpec, section: str, predictor: Predictor, notes: Notes) -> None:
    """Note what is wrong with a sum of terms."""
    at = f"{section}.terms"
    if not predictor.terms and not _noted(notes, at):
        notes.add("there are no terms", at, expected="at least an intercept")
    declared = {feature.name for feature in spec.features}
    for index, term in enumerate(predictor.terms):
        for name in term.features:
            # Names that a group term cannot vary are noted with what it can.
            if name and name not in declared and not isinstance(term, Group):
                key = "of" if isinstance(term, Categorical) else "feature"
                what = f"there is no feature {name!r} under [features]"
                notes.add(what, f"{at}[{index}].{key}", hint=suggest(name, declared))
    _check_groups(predictor.terms, at, {INTERCEPT, *declared}, notes)
    _check_twice(predictor.terms, at, notes)


def _check_unused(spec: ModelSpec, notes: Notes) -> None:
    """Note features that no term uses."""
    used = used_features(spec)
    rates = isinstance(spec.mean, RatesMean)
    for feature in spec.features:
        if feature not in used:
            what = f"the feature {feature.name!r} is never used"
            what = f"a rates mean uses no features: {what}" if rates else what
            hint = f"Remove it, or {'use a linear mean' if rates else 'add a term for it'}"
            notes.add(what, f"features.{feature.name}", hint=hint)


def _check_twice(terms: Iterable[Term], at: str, notes: Notes) -> None:
    """Note a second term for what has one, such as a second coefficient of a feature."""
    seen: Counter[tuple[str, ...]] = Counter()
    for index, term in enumerate(terms):
        _check_term(term, f"{at}[{index}]", notes)
        match term:
            case Intercept():
                of: tuple[str, ...] = (INTERCEPT,)
            case Categorical(by=by, of=what):
                of = (what, by)
            case Monotone(by=by):
                of = (INTERCEPT, by)
            case Group():
                continue
            case Linear() | Offset() | Spline():
                # A spline holds a straight line itself.
                of = term.features
            case _:
                of = (term.kind, *term.features)
        seen[of] += 1
        if all(of) and seen[of] > 1:
            words = " by ".join(repr(name) for name in of)
            notes.add(f"a second term for {words}", f"{at}[{index}]")
    _check_levels_twice(terms, at, notes)


def _check_term(term: Term, key: str, notes: Notes) -> None:
    """Note what one term cannot be by itself."""
    for column in term.columns:
        parts = column.split(":")
        for part in dict.fromkeys(p for p in parts if parts.count(p) > 1):
            notes.add(f"the column {part!r} is there twice", f"{key}.by")
    if isinstance(term, Monotone) and term.order:
        for level, count in Counter(term.order).items():
            if count > 1:
                notes.add(f"the level {level!r} is there twice", f"{key}.order")
        if len(term.order) == 1:
            notes.add("one level has no order", f"{key}.order", expected="two levels or more")


def _check_levels_twice(terms: Iterable[Term], at: str, notes: Notes) -> None:
    """Note what differs by a column's levels both pooled and not: nothing tells them apart."""
    apart = {
        (term.by, term.of if isinstance(term, Categorical) else INTERCEPT)
        for term in terms
        if isinstance(term, Categorical | Monotone)
    }
    for index, term in enumerate(terms):
        if not isinstance(term, Group):
            continue
        for of in term.of:
            if (term.by, of) in apart:
                what = f"the levels of {term.by!r} have a term of their own for {of!r} already"
                notes.add(what, f"{at}[{index}].by", hint="Keep one of the two")


def _check_groups(terms: Iterable[Term], at: str, varying: Collection[str], notes: Notes) -> None:
    seen: set[tuple[str, str]] = set()
    for index, term in enumerate(terms):
        if not isinstance(term, Group):
            continue
        key = f"{at}[{index}]"
        for of in term.of:
            if of not in varying:
                what = f"{of!r} cannot vary between the levels of {term.by!r} here"
                expected = f"one of {', '.join(sorted(varying))}"
                notes.add(what, f"{key}.of", expected=expected)
            elif (term.by, _slot(of)) in seen:
                notes.add(f"a second term for {of!r} by {term.by!r}", key)
            seen.add((term.by, _slot(of)))
        _check_effects(term, key, notes)


def _check_shares(terms: Iterable[Group], at: str, notes: Notes) -> None:
    """Note multipliers of a share, whose mean on the scale of the logit is no one."""
    for index, term in enumerate(terms):
        if term.effects == "mean_one":
            what = "a share has no multipliers: its terms add up on the scale of the logit"
            notes.add(what, f"{at}[{index}].effects", expected="zero_sum or exchangeable")


def _slot(of: str) -> str:
    """Return what may vary only once by a column: own rates already vary all rates together."""
    return ALL_PARTS[0] if of == EACH_PART[0] else of


def _check_effects(term: Group, key: str, notes: Notes) -> None:
    """Note what one group term cannot be."""
    if EACH_PART[0] in term.of and len(term.of) > 1:
        what = "each part varies by itself or all parts vary together, not both in one term"
        notes.add(what, f"{key}.of", hint="Write two terms")
    if not isinstance(term.sd, Prior) and len(term.sd) != len(term.of):
        what, expected = "there is not one prior for each thing that varies", len(term.of)
        notes.add(what, f"{key}.sd", value=len(term.sd), expected=f"a list of {expected}, or one")
    slopes = [of for of in term.of if of not in {INTERCEPT, *EACH_PART, *ALL_PARTS}]
    if term.of == EACH_PART and term.effects not in ("zero_sum", None):
        what = f"rates of each part cannot have {term.effects} effects"
        notes.add(what, f"{key}.effects", expected="zero_sum")
    if term.effects == "mean_one" and slopes:
        what = f"the slope of {slopes[0]!r} is no multiplier, so its effects cannot be mean_one"
        notes.add(what, f"{key}.effects", expected="zero_sum or exchangeable")
    if term.correlation is not None and len(term.of) < 2:
        what = "one thing that varies has nothing to be correlated with"
        notes.add(what, f"{key}.correlation", expected="two or more in `of`")
    if term.correlation is not None and term.effects not in ("exchangeable", None):
        what = f"{term.effects} effects cannot be correlated"
        notes.add(what, f"{key}.effects", expected="exchangeable")


def _check_groupings(spec: ModelSpec, notes: Notes) -> None:
    numbers = {spec.outcome.column, spec.outcome.exposure, spec.outcome.trials}
    if isinstance(spec.mean, RatesMean):
        numbers |= set(spec.mean.parts)
    columns: dict[str, str] = {}
    for key, by in groupings(spec):
        other = columns.setdefault(dim(by), by)
        if other != by:
            notes.add(f"{by!r} and {other!r} would have the same name in a run", key)
        for column in set(by.split(":")) & numbers:
            notes.add(f"{column!r} is a number of the model, not a grouping", key)


def _check_missing(spec: ModelSpec, notes: Notes) -> None:
    # Of features that no term uses it is said already that they are not used.
    made_from = {column for feature in spec.features for column in columns_of(feature)}
    used = sorted({*signals(spec), *made_from} - {spec.outcome.column, spec.outcome.exposure})
    for column, policy in spec.missing.items():
        if column not in used:
            what = f"{column!r} is no signal of this model, so it needs no policy"
            notes.add(what, f"missing.{column}", hint=suggest(column, used))
        elif policy == "latent" and (why := _why_not_latent(spec, column)) is not None:
            notes.add(why, f"missing.{column}", expected='"set_aside"')


def _why_not_latent(spec: ModelSpec, column: str) -> str | None:
    """Return why hidden values of a column cannot be unknowns, None where they can.

    They can in counts with an exposure, where every term is a line in them.
    """
    rates = isinstance(spec.mean, RatesMean)
    if not rates and (spec.outcome.exposure is None or not spec.outcome.distribution.streams):
        families = " and ".join(sorted(f.name for f in FAMILIES.values() if f.streams))
        return f"hidden values are estimated only for {families} outcomes with an exposure"
    if isinstance(spec.mean, RatesMean) and column not in spec.mean.parts:
        return f"{column!r} is no part of the rates mean, so a hidden value cannot be estimated"
    of = {feature.name: columns_of(feature) for feature in spec.features}
    for key, term in all_terms(spec):
        if isinstance(term, Linear | Group):
            continue
        if any(column in of.get(name, ()) for name in term.features):
            return f"a hidden {column!r} cannot be estimated: it is in {key}, a {term.kind} term"
    return None


def _noted(notes: Notes, key: str) -> bool:
    return any((problem.key or "").startswith(key) for problem in notes.problems)
