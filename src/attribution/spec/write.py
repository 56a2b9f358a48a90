"""From a model spec back to the text of a TOML file that reads as the same spec."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields

import tomlkit
from tomlkit.items import InlineTable, Table

from attribution.spec.model import Dispersion, ModelSpec, OrderValue, Prior, RatesMean, Term
from attribution.spec.parse import FORMAT
from attribution.spec.terms import TERMS


def to_toml(spec: ModelSpec) -> str:
    """Return the text of a TOML file that :func:`parse_spec` reads as the same spec."""
    document = tomlkit.document()
    document["format"] = FORMAT
    for name in ("name", "title", "question"):
        document[name] = getattr(spec, name)
    for name in ("assumptions", "references"):
        document[name] = tomlkit.item(list(getattr(spec, name))).multiline(True)
    document["outcome"] = _table(
        column=spec.outcome.column, family=spec.outcome.family, exposure=spec.outcome.exposure
    )
    if spec.features:
        document["features"] = _table(**{f.name: f.expression for f in spec.features})
    if spec.missing:
        document["missing"] = _table(**spec.missing)
    document["mean"] = _mean(spec)
    if spec.dispersion is not None:
        document["dispersion"] = _dispersion(spec.dispersion)
    if spec.order_value is not None:
        document["order_value"] = _order_value(spec.order_value)
    return tomlkit.dumps(document)


def _table(**values: object) -> Table:
    table = tomlkit.table()
    for name, value in values.items():
        table[name] = value
    return table


def _mean(spec: ModelSpec) -> Table:
    mean = spec.mean
    if isinstance(mean, RatesMean):
        table = _table(
            form="rates",
            parts=list(mean.parts),
            rate=_prior(mean.rate),
            shares=_prior(mean.shares),
        )
    else:
        table = _table(form="linear", link=mean.link)
    return _with_terms(table, mean.terms)


def _dispersion(dispersion: Dispersion) -> Table:
    return _table(on=dispersion.on, prior=_prior(dispersion.prior))


def _order_value(value: OrderValue) -> Table:
    table = _table(
        mean=_prior(value.mean), shape=_prior(value.shape), paying_share=_prior(value.paying_share)
    )
    return _with_terms(table, value.terms)


def _prior(prior: Prior) -> InlineTable:
    table = tomlkit.inline_table()
    table["name"] = prior.name
    table.update(prior.parameters)
    return table


def _with_terms(table: Table, terms: Iterable[Term]) -> Table:
    tables = tomlkit.aot()
    for term in terms:
        tables.append(_term(term))
    if len(tables):
        table["terms"] = tables
    return table


def _term(term: Term) -> Table:
    kind = next(kind for kind in TERMS.values() if isinstance(term, kind.term))
    table = _table(kind=kind.name)
    for field in fields(term):
        value = getattr(term, field.name)
        match value:
            case Prior():
                table[field.name] = _prior(value)
            case tuple():
                table[field.name] = list(value)
            case _:
                table[field.name] = value
    return table
