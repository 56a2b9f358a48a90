"""From a model spec back to the text of a TOML file that reads as the same spec."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass

import tomlkit
from tomlkit.items import InlineTable, Table

from attribution.spec.defaults import DEFAULT
from attribution.spec.halo import FORM, HaloMean
from attribution.spec.model import ModelSpec, OrderValue, Own, Predictor
from attribution.spec.parse import FORMAT
from attribution.spec.priors import Prior
from attribution.spec.sections import Section
from attribution.spec.terms import Term


def to_toml(spec: ModelSpec) -> str:
    """Return the text of a TOML file that :func:`parse_spec` reads as the same spec."""
    document = _words(spec)
    _fill(document, spec)
    if spec.order_value is not None:
        document["order_value"] = _order_value(spec.order_value)
    for one in spec.sections:
        document[one.name] = _section(one)
    if spec.stages:
        document["stages"] = _stages(spec.stages)
    return tomlkit.dumps(document)


def _fill(document: Table | tomlkit.TOMLDocument, spec: ModelSpec) -> None:
    """Write what the outcome is and how it comes about."""
    document["outcome"] = _table(**_given(spec.outcome))
    if spec.features:
        document["features"] = _table(**{f.name: f.expression for f in spec.features})
    if spec.missing:
        document["missing"] = _table(**spec.missing)
    document["mean"] = _mean(spec)
    for section, own in spec.own.items():
        if own.prior != DEFAULT:
            document[section] = _own(own)


def _stages(stages: Mapping[str, ModelSpec]) -> Table:
    found = tomlkit.table(is_super_table=True)
    for name, stage in stages.items():
        table = tomlkit.table(is_super_table=True)
        _fill(table, stage)
        found[name] = table
    return found


def _words(spec: ModelSpec) -> tomlkit.TOMLDocument:
    document = tomlkit.document()
    document["format"] = FORMAT
    for name in ("name", "title", "question"):
        if value := getattr(spec, name):
            document[name] = value
    for name in ("assumptions", "references"):
        if values := getattr(spec, name):
            document[name] = tomlkit.item(list(values)).multiline(True)
    return document


def _given(of: object) -> dict[str, object]:
    """Return the fields of a dataclass that hold something."""
    values = {field.name: getattr(of, field.name) for field in fields(of)}  # type: ignore[arg-type]
    return {name: value for name, value in values.items() if value is not None and value != ()}


def _table(**values: object) -> Table:
    table = tomlkit.table()
    for name, value in values.items():
        table[name] = value
    return table


def _mean(spec: ModelSpec) -> Table:
    mean = spec.mean
    if isinstance(mean, HaloMean):
        return _halo(mean)
    if isinstance(mean, Predictor):
        return _predictor(mean, form="linear")
    table = _table(
        form="rates",
        parts=list(mean.parts),
        rate=_prior(mean.rate),
        shares=_prior(mean.shares),
    )
    return _with_terms(table, mean.terms)


def _halo(mean: HaloMean) -> Table:
    adstock = tomlkit.inline_table()
    adstock["kind"] = mean.adstock.kind
    adstock.update({name: _prior(prior) for name, prior in vars(mean.adstock).items()})
    table = _table(
        form=FORM,
        day=mean.day,
        parts=list(mean.parts),
        halo_share=_prior(mean.halo_share),
        sd=_prior(mean.sd),
        adstock=adstock,
        days=mean.days,
    )
    return _with_terms(table, mean.terms)


def _predictor(predictor: Predictor, **more: object) -> Table:
    centre = {} if predictor.centre == "all" else {"centre": predictor.centre}
    return _with_terms(_table(**more, link=predictor.link, **centre), predictor.terms)


def _own(own: Own) -> Table:
    if own.predictor is not None:
        return _predictor(own.predictor)
    return _table(prior=_prior(own.prior)) if own.prior is not None else _table()


def _order_value(value: OrderValue) -> Table:
    table = _table(
        mean=_prior(value.mean), shape=_prior(value.shape), paying_share=_prior(value.paying_share)
    )
    if value.paying_concentration is not None:
        table["paying_concentration"] = _prior(value.paying_concentration)
    return _with_terms(_with_terms(table, value.terms), value.paying_terms, "paying_terms")


def _section(section: Section) -> Table:
    """Return an optional section: priors and tables in braces, lists of tables one by one."""
    table = tomlkit.table()
    for name, value in _given(section).items():
        match value:
            case Prior():
                table[name] = _prior(value)
            case tuple() if is_dataclass(value[0]):
                rows = tomlkit.aot()
                for row in value:
                    rows.append(_table(**_given(row)))
                table[name] = rows
            case tuple():
                table[name] = list(value)
            case _ if is_dataclass(value):
                inline = tomlkit.inline_table()
                inline.update(_given(value))
                table[name] = inline
            case _:
                table[name] = value
    return table


def _prior(prior: Prior) -> InlineTable:
    table = tomlkit.inline_table()
    table["name"] = prior.name
    table.update(prior.parameters)
    if prior.on is not None:
        table["on"] = prior.on
    return table


def _with_terms(table: Table, terms: Iterable[Term], key: str = "terms") -> Table:
    tables = tomlkit.aot()
    for term in terms:
        tables.append(_term(term))
    if len(tables):
        table[key] = tables
    return table


def _term(term: Term) -> Table:
    table = _table(kind=term.kind)
    for name, value in _given(term).items():
        match value:
            case Prior():
                if value != DEFAULT:
                    table[name] = _prior(value)
            case tuple() if isinstance(value[0], Prior):
                each = tomlkit.array()
                each.extend(_prior(prior) for prior in value)
                table[name] = each
            case tuple():
                table[name] = list(value)
            case str() if name == "by" and ":" in value:
                table[name] = value.split(":")
            case _:
                table[name] = value
    return table
