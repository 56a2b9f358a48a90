"""Which columns of a table a spec uses, and which of them a table lacks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from attribution.errors import Problem, suggest
from attribution.spec.model import Group, ModelSpec, RatesMean
from attribution.spec.transforms import columns_of

ORDER_VALUE = ("net_revenue", "paying_orders")
"""Columns that the order value is learned from; a table without them gives no order value."""


def groupings(spec: ModelSpec) -> tuple[tuple[str, str], ...]:
    """Return dotted key and column of every group term, the mean's before the order value's."""
    terms = [(f"mean.terms[{i}].by", term) for i, term in enumerate(spec.mean.terms)]
    if spec.order_value is not None:
        terms += [(f"order_value.terms[{i}].by", t) for i, t in enumerate(spec.order_value.terms)]
    return tuple((key, term.by) for key, term in terms if isinstance(term, Group))


def signals(spec: ModelSpec) -> tuple[str, ...]:
    """Return the columns that the mean uses besides the exposure, in order of first use."""
    if isinstance(spec.mean, RatesMean):
        columns: Iterable[str] = spec.mean.parts
    else:
        columns = (c for feature in spec.features for c in sorted(columns_of(feature)))
    return tuple(c for c in dict.fromkeys(columns) if c != spec.outcome.exposure)


def columns_needed(spec: ModelSpec) -> dict[str, str]:
    """Return every column that the spec names and the dotted key that names it first."""
    needed: dict[str, str] = {}
    for key, column in _named(spec):
        needed.setdefault(column, key)
    return needed


def _named(spec: ModelSpec) -> Iterator[tuple[str, str]]:
    yield "outcome.column", spec.outcome.column
    yield "outcome.exposure", spec.outcome.exposure
    if isinstance(spec.mean, RatesMean):
        yield from ((f"mean.parts[{i}]", part) for i, part in enumerate(spec.mean.parts))
    for feature in spec.features:
        yield from ((f"features.{feature.name}", c) for c in sorted(columns_of(feature)))
    yield from groupings(spec)


def check_columns(
    spec: ModelSpec,
    columns: Iterable[str],
    file: str | None = None,
    optional: Collection[str] = (),
) -> list[Problem]:
    """Return a problem for every column that the spec names and the table lacks.

    Parameters
    ----------
    spec
        A parsed spec.
    columns
        Columns of the table.
    file
        File of the spec, for messages.
    optional
        Columns whose absence is no problem, such as the canonical ones that a fit does without.
    """
    known = list(columns)
    problems = [
        Problem(
            f"the table has no column {column!r}",
            file=file,
            key=key,
            expected=f"one of {', '.join(known)}",
            hint=_closest(column, known),
        )
        for column, key in columns_needed(spec).items()
        if column not in known and column not in optional
    ]
    problems += [
        Problem(
            f"the table has a column of the same name as the feature {feature.name!r}",
            file=file,
            key=f"features.{feature.name}",
            hint="Choose another name for the feature",
        )
        for feature in spec.features
        if feature.name in known
    ]
    return problems


def _closest(word: str, known: list[str]) -> str | None:
    hint = suggest(word, known)
    return hint if hint and hint.startswith("Did") else None
