"""From the text of a TOML file to a model spec, with every mistake found at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, cast

from attribution.errors import InputError, Problem, raise_if_any
from attribution.spec.families import FAMILIES, OWN, OwnParameter
from attribution.spec.fields import Fields, Notes
from attribution.spec.halo import FORM, read_halo
from attribution.spec.links import LINKS
from attribution.spec.model import (
    Feature,
    Missing,
    ModelSpec,
    OrderValue,
    Outcome,
    Own,
    Predictor,
    RatesMean,
)
from attribution.spec.priors import POSITIVE, REAL, SIMPLEX, UNIT, Prior
from attribution.spec.reading import read_prior
from attribution.spec.rules import FEATURE_NAME, check_rules, read_expressions
from attribution.spec.sections import SECTIONS, Section
from attribution.spec.terms import CENTRES, Group, read_terms

FORMAT = 1
"""Version of the grammar; raised when an older file would mean something else."""

ALIKE = 0.75
"""Likeness from which a name without a feature is taken for one that is misspelt."""

FORMS = ("linear", "rates", FORM)
POLICIES = ("latent", "set_aside")


def parse_spec(text: str, file: str | None = None) -> ModelSpec:
    """Read a model spec from the text of a TOML file.

    Parameters
    ----------
    text
        The file's text.
    file
        Its name, for messages.

    Raises
    ------
    InputError
        With every problem of the text.
    """
    notes = Notes(file)
    fields = Fields(_toml(text, file), "", notes)
    _check_format(fields)
    spec = _read(fields)
    fields.done()
    if spec is not None:
        check_rules(spec, notes)
    raise_if_any(notes.problems)
    if spec is None:
        raise AssertionError("a spec that cannot be read has a problem")
    return spec


def _toml(text: str, file: str | None) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        words = str(error)
        place = re.search(r"\(at line (\d+), column \d+\)", words)
        problem = Problem(
            f"this is not TOML: {words}",
            file=file,
            row=int(place[1]) if place else None,
            hint="A key may appear only once" if "overwrite" in words else None,
        )
        raise InputError(problem) from error


def _check_format(fields: Fields) -> None:
    number = fields.number("format")
    if number is not None and number != FORMAT:
        fields.notes.add(
            "this version of attribution does not read that format",
            "format",
            value=fields.values["format"],
            expected=str(FORMAT),
        )


def _read(fields: Fields) -> ModelSpec | None:
    """Read every section, so that each notes its problems; None when one of them cannot be."""
    name = fields.text("name")
    _check_name(name, fields)
    title, question = (fields.text(key) if fields.has(key) else "" for key in ("title", "question"))
    assumptions, references = (
        fields.texts(key) if fields.has(key) else () for key in ("assumptions", "references")
    )
    outcome = _outcome(fields)
    features = _features(fields)
    missing = _missing(fields)
    mean = _mean(fields, outcome)
    own = _own_parameters(fields, outcome)
    value = _order_value(fields)
    sections = dict(_sections(fields))
    stages = dict(_stages(fields))
    if outcome is None or mean is None:
        # Rules across sections have to wait, but not what an expression is by itself.
        read_expressions(features, fields.notes)
        return None
    return ModelSpec(
        name=name,
        title=title or name,
        question=question,
        assumptions=assumptions,
        references=references,
        outcome=outcome,
        features=(*features, *implied(features, mean, own)),
        missing=missing,
        mean=mean,
        own=own,
        order_value=value,
        stages=stages,
        **cast("dict[str, Any]", sections),
    )


def _stages(fields: Fields) -> Iterator[tuple[str, ModelSpec]]:
    """Yield the specs of the outcomes on the way, as far as they can be read."""
    table = fields.table("stages") if fields.has("stages") else None
    for name in () if table is None else table.keys():
        own = table.table(name) if table is not None else None
        stage = None if own is None else _stage(name, own)
        if own is not None:
            own.done()
        if stage is not None:
            yield name, stage


def _stage(name: str, fields: Fields) -> ModelSpec | None:
    """Read what a stage's outcome is, and how it comes about."""
    outcome = _outcome(fields)
    features = _features(fields)
    missing = _missing(fields)
    mean = _mean(fields, outcome)
    own = _own_parameters(fields, outcome)
    if outcome is None or mean is None:
        return None
    return ModelSpec(
        name=name,
        title=name,
        question="",
        assumptions=(),
        references=(),
        outcome=outcome,
        features=(*features, *implied(features, mean, own)),
        missing=missing,
        mean=mean,
        own=own,
        order_value=None,
    )


def implied(
    stated: tuple[Feature, ...], mean: RatesMean | Predictor, own: Mapping[str, Own]
) -> tuple[Feature, ...]:
    """Return a feature for each name that terms use without one: the column of that name.

    A name that is nearly that of a stated feature is a mistake, and is left to be noted.
    """
    sums = [mean, *(parameter.predictor for parameter in own.values())]
    terms = [term for one in sums if isinstance(one, Predictor) for term in one.terms]
    known = [feature.name for feature in stated]
    found = dict.fromkeys(name for term in terms for name in term.features if name not in known)
    return tuple(
        Feature(name, f'"{name}"')
        for name in found
        if re.fullmatch(FEATURE_NAME, name) and not get_close_matches(name, known, 1, ALIKE)
    )


def _check_name(name: str, fields: Fields) -> None:
    if name and not re.fullmatch(r"[a-z][a-z0-9_-]*", name):
        expected = "lower-case letters, digits, - and _, beginning with a letter"
        fields.notes.add("this is no name for a model", "name", value=name, expected=expected)


def _outcome(fields: Fields) -> Outcome | None:
    table = fields.table("outcome")
    if table is None:
        return None
    column = table.text("column")
    family = table.choice("family", FAMILIES, "family")
    exposure = table.text("exposure") if table.has("exposure") else None
    trials = table.text("trials") if table.has("trials") else None
    if family is not None and FAMILIES[family].trials and not table.has("trials"):
        what = f"the family {family!r} counts successes of a number of trials"
        table.notes.add(what, table.key("trials"), expected="the column with that number")
    if family is not None and not FAMILIES[family].trials and trials is not None:
        what = f"the family {family!r} has no trials"
        table.notes.add(what, table.key("trials"), hint="Remove it, or use binomial")
        trials = None
    table.done()
    return Outcome(column, family, exposure, trials) if family and column else None


def _features(fields: Fields) -> tuple[Feature, ...]:
    table = fields.table("features") if fields.has("features") else None
    if table is None:
        return ()
    return tuple(Feature(name, table.text(name)) for name in table.keys())  # noqa: SIM118


def _missing(fields: Fields) -> dict[str, Missing]:
    table = fields.table("missing") if fields.has("missing") else None
    if table is None:
        return {}
    policies = {name: table.choice(name, POLICIES, "policy") for name in table.keys()}  # noqa: SIM118
    return cast("dict[str, Missing]", policies)


def _mean(fields: Fields, outcome: Outcome | None) -> RatesMean | Predictor | None:
    table = fields.table("mean")
    if table is None:
        return None
    form = table.choice("form", FORMS, "form of the mean") if table.has("form") else "linear"
    if form is None:
        return None
    if form == FORM:
        halo = read_halo(table)
        table.done()
        return halo
    links = LINKS if outcome is None else FAMILIES[outcome.family].links
    whose = "" if outcome is None else f"the family {outcome.family!r}"
    mean = _rates_mean(table) if form == "rates" else _predictor(table, links, whose)
    table.done()
    return mean


def _rates_mean(table: Fields) -> RatesMean:
    return RatesMean(
        parts=table.texts("parts"),
        rate=read_prior(table, "rate", REAL),
        shares=read_prior(table, "shares", SIMPLEX),
        terms=cast("tuple[Group, ...]", read_terms(table, "rates")),
    )


def _predictor(table: Fields, links: Iterable[str], whose: str) -> Predictor:
    """Read a sum of terms; the first of the links holds where none is stated."""
    known = tuple(links)
    link: str | None = known[0]
    if table.has("link"):
        link = table.choice("link", LINKS, "link")
        if link is not None and link not in known:
            what = f"{whose} has no link {link!r}"
            table.notes.add(what, table.key("link"), expected=f"one of {', '.join(known)}")
    centre = "all"
    if table.has("centre"):
        centre = table.choice("centre", CENTRES, "way to centre") or centre
    return Predictor(link or "", read_terms(table, "linear"), centre)


def _own_parameters(fields: Fields, outcome: Outcome | None) -> dict[str, Own]:
    """Read the sections about own parameters of the family, and refuse those of other families."""
    needed = tuple(OWN) if outcome is None else outcome.distribution.own
    for name in OWN:
        if fields.has(name) and name not in needed and outcome is not None:
            having = ", ".join(f.name for f in FAMILIES.values() if name in f.own)
            what = f"the family {outcome.family!r} has no {name}"
            fields.notes.add(what, name, hint=f"Remove it; families that have it: {having}")
    if outcome is None:
        return {}
    return {name: _own(fields, OWN[name]) for name in needed}


def _own(fields: Fields, own: OwnParameter) -> Own:
    table = fields.table(own.name) if fields.has(own.name) else None
    if table is None:
        return Own(prior=own.default)
    if table.has("terms"):
        found = Own(predictor=_predictor(table, own.links, own.parameter))
        for name in ("prior", "on"):
            if table.has(name):
                what = f"{own.parameter} has terms of its own, so it has no {name}"
                table.notes.add(what, table.key(name), hint="Remove it, or the terms")
    else:
        found = Own(prior=_own_prior(table, own))
        for name in ("link", "centre"):
            if table.has(name):
                what = f"{name} belongs to terms, and {own.parameter} has none"
                table.notes.add(what, table.key(name), hint="Add terms, or remove it")
    table.done()
    return found


def _own_prior(table: Fields, own: OwnParameter) -> Prior:
    """Read the prior of a number. ``on`` beside it is how dispersions were first written."""
    prior = read_prior(table, "prior", own.support, own.default)
    if own.name != "dispersion" or not table.has("on"):
        return prior
    on = table.choice("on", ("alpha", "inverse"), "scale of the dispersion")
    if not table.has("prior"):
        what = "there is no prior that this could be the scale of"
        table.notes.add(what, table.key("on"), hint="Add a prior, or remove it")
    elif prior.on is not None:
        what = "the prior says itself which scale it is on"
        table.notes.add(what, table.key("on"), hint="Remove it")
    return replace(prior, on="inverse") if on == "inverse" else prior


def _sections(fields: Fields) -> Iterator[tuple[str, Section]]:
    """Yield the optional sections that are stated, by their names."""
    for name, section in SECTIONS.items():
        table = fields.table(name) if fields.has(name) else None
        if table is not None:
            yield name, section.read(table)
            table.done()


def _order_value(fields: Fields) -> OrderValue | None:
    table = fields.table("order_value") if fields.has("order_value") else None
    if table is None:
        return None
    value = OrderValue(
        mean=read_prior(table, "mean", REAL),
        shape=read_prior(table, "shape", POSITIVE),
        paying_share=read_prior(table, "paying_share", UNIT),
        terms=cast("tuple[Group, ...]", read_terms(table, "order_value")),
        paying_concentration=read_prior(table, "paying_concentration", POSITIVE)
        if table.has("paying_concentration")
        else None,
        paying_terms=cast(
            "tuple[Group, ...]", read_terms(table, "order_value", key="paying_terms")
        ),
    )
    table.done()
    return value
