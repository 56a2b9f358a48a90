"""From the text of a TOML file to a model spec, with every mistake found at once."""

from __future__ import annotations

import re
import tomllib
from typing import Literal, cast

from attribution.errors import InputError, Problem, raise_if_any
from attribution.spec.families import FAMILIES, FAMILY_SECTIONS, LINKS
from attribution.spec.fields import Fields, Notes
from attribution.spec.model import (
    Dispersion,
    Feature,
    Group,
    LinearMean,
    ModelSpec,
    OrderValue,
    Outcome,
    RatesMean,
)
from attribution.spec.priors import POSITIVE, REAL, SIMPLEX, UNIT
from attribution.spec.rules import check_rules
from attribution.spec.terms import read_prior, read_terms

FORMAT = 1
"""Version of the grammar; raised when an older file would mean something else."""

FORMS = ("linear", "rates")
POLICIES = ("latent", "set_aside")
SCALES = ("alpha", "inverse")


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
    name, title, question = (fields.text(key) for key in ("name", "title", "question"))
    assumptions, references = (fields.texts(key) for key in ("assumptions", "references"))
    _check_name(name, fields)
    outcome = _outcome(fields)
    features = _features(fields)
    missing = _missing(fields)
    mean = _mean(fields)
    dispersion = _family_sections(fields, outcome)
    value = _order_value(fields)
    if outcome is None or mean is None:
        return None
    return ModelSpec(
        name=name,
        title=title,
        question=question,
        assumptions=assumptions,
        references=references,
        outcome=outcome,
        features=features,
        missing=missing,
        mean=mean,
        dispersion=dispersion,
        order_value=value,
    )


def _check_name(name: str, fields: Fields) -> None:
    if name and not re.fullmatch(r"[a-z][a-z0-9_-]*", name):
        expected = "lower-case letters, digits, - and _, beginning with a letter"
        fields.notes.add("this is no name for a model", "name", value=name, expected=expected)


def _outcome(fields: Fields) -> Outcome | None:
    table = fields.table("outcome")
    if table is None:
        return None
    column, exposure = table.text("column"), table.text("exposure")
    family = table.choice("family", FAMILIES, "family")
    table.done()
    return Outcome(column, family, exposure) if family and column and exposure else None


def _features(fields: Fields) -> tuple[Feature, ...]:
    table = fields.table("features") if fields.has("features") else None
    if table is None:
        return ()
    return tuple(Feature(name, table.text(name)) for name in table.keys())  # noqa: SIM118


def _missing(fields: Fields) -> dict[str, Literal["latent", "set_aside"]]:
    table = fields.table("missing") if fields.has("missing") else None
    if table is None:
        return {}
    policies = {name: table.choice(name, POLICIES, "policy") for name in table.keys()}  # noqa: SIM118
    return cast("dict[str, Literal['latent', 'set_aside']]", policies)


def _mean(fields: Fields) -> RatesMean | LinearMean | None:
    table = fields.table("mean")
    form = None if table is None else table.choice("form", FORMS, "form of the mean")
    if table is None or form is None:
        return None
    mean = _rates_mean(table) if form == "rates" else _linear_mean(table)
    table.done()
    return mean


def _rates_mean(table: Fields) -> RatesMean:
    return RatesMean(
        parts=table.texts("parts"),
        rate=read_prior(table, "rate", REAL),
        shares=read_prior(table, "shares", SIMPLEX),
        terms=cast("tuple[Group, ...]", read_terms(table, "rates")),
    )


def _linear_mean(table: Fields) -> LinearMean:
    link = table.choice("link", LINKS, "link")
    return LinearMean(link=link or "", terms=read_terms(table, "linear"))


def _family_sections(fields: Fields, outcome: Outcome | None) -> Dispersion | None:
    """Read the tables that the outcome's family needs, and refuse those of other families."""
    needed = FAMILY_SECTIONS if outcome is None else FAMILIES[outcome.family].sections
    for name in FAMILY_SECTIONS:
        if fields.has(name) and name not in needed and outcome is not None:
            fields.notes.add(f"the family {outcome.family!r} has no {name}", name)
    return _dispersion(fields) if "dispersion" in needed else None


def _dispersion(fields: Fields) -> Dispersion | None:
    table = fields.table("dispersion")
    if table is None:
        return None
    scale = table.choice("on", SCALES, "scale of the dispersion")
    prior = read_prior(table, "prior", POSITIVE)
    table.done()
    return Dispersion(prior, cast("Literal['alpha', 'inverse']", scale))


def _order_value(fields: Fields) -> OrderValue | None:
    table = fields.table("order_value") if fields.has("order_value") else None
    if table is None:
        return None
    value = OrderValue(
        mean=read_prior(table, "mean", REAL),
        shape=read_prior(table, "shape", POSITIVE),
        paying_share=read_prior(table, "paying_share", UNIT),
        terms=cast("tuple[Group, ...]", read_terms(table, "order_value")),
    )
    table.done()
    return value
