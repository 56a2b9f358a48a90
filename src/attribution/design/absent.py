"""Take out of a spec what a table cannot support, with the reason for each part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import polars as pl

from attribution.design.types import Absent
from attribution.errors import InputError, Problem, suggest
from attribution.spec.columns import counted, signals, used_features
from attribution.spec.model import Feature, ModelSpec, Predictor, RatesMean
from attribution.spec.terms import Group, Term
from attribution.spec.transforms import columns_of, evaluate

COSTS = ("fee", "product_cost", "commission", "management_cost")


def prune(spec: ModelSpec, table: pl.DataFrame) -> tuple[ModelSpec, tuple[Absent, ...]]:
    """Return the spec that the table can support and what had to go.

    Raises
    ------
    InputError
        When the outcome or the exposure itself is missing or empty: without them there is no
        model at all.
    """
    require(spec, table)
    table = _with_exposure(spec, table)
    absent: list[Absent] = []
    mean = (
        _prune_rates(spec.mean, table, absent)
        if isinstance(spec.mean, RatesMean)
        else _prune_predictor(spec, "mean", spec.mean, table, absent)
    )
    own = {
        name: stated
        if stated.predictor is None
        else replace(
            stated, predictor=_prune_predictor(spec, name, stated.predictor, table, absent)
        )
        for name, stated in spec.own.items()
    }
    value = spec.order_value
    costs = value is not None or spec.outcome.column == "conversions"
    if value is not None and not _has(table, "net_revenue"):
        absent.append(Absent("order value and ROI", "the table has no net_revenue column"))
        value = None
    elif value is not None and table.get_column("net_revenue").sum() <= 0:
        absent.append(Absent("order value and ROI", "no credited order has net revenue"))
        value = None
    elif value is not None:
        terms = _prune_groups(value.terms, table, absent, "of order value")
        paying = _prune_groups(value.paying_terms, table, absent, "of refunds")
        value = replace(value, terms=terms, paying_terms=paying)
    if costs and not any(_has(table, cost) for cost in COSTS):
        absent.append(Absent("ROI", f"the table has no cost column ({', '.join(COSTS)})"))
    absent += _late(spec, table)
    left = replace(spec, mean=mean, own=own, order_value=value)
    return _without_unused(left), tuple(dict.fromkeys(absent))


def _without_unused(spec: ModelSpec) -> ModelSpec:
    """Return a spec without features and policies that no term needs any more."""
    used = signals(spec)
    missing = {column: policy for column, policy in spec.missing.items() if column in used}
    return replace(spec, features=used_features(spec), missing=missing)


def _late(spec: ModelSpec, table: pl.DataFrame) -> Iterator[Absent]:
    """Say why orders that come late are not allowed for, where that could be expected."""
    part = "correction for late orders"
    if spec.outcome.column != "conversions":
        return
    if not _has(table, "carry_shares"):
        reason = "the table does not say how long each post could collect orders"
        yield Absent(part, reason)
    elif not spec.outcome.distribution.streams:
        yield Absent(part, f"there is none for the family {spec.outcome.family}")


def require(spec: ModelSpec, table: pl.DataFrame) -> None:
    """Raise with every column that the model cannot do without and the table lacks."""
    problems = []
    for key, column in counted(spec):
        if not _has(table, column):
            state = "is empty" if column in table.columns else "is not in the table"
            problems.append(
                Problem(
                    f"the model's column {column!r} {state}",
                    key=key,
                    expected="a column of the table with numbers",
                    hint=suggest(column, (name for name in table.columns if name != column)),
                )
            )
    if problems:
        raise InputError(problems)


def _has(table: pl.DataFrame, column: str) -> bool:
    return column in table.columns and table.get_column(column).null_count() < table.height


def _prune_rates(mean: RatesMean, table: pl.DataFrame, absent: list[Absent]) -> RatesMean:
    parts = []
    for part in mean.parts:
        if not _has(table, part):
            absent.append(Absent(f"rate of {part}", f"the table has no {part}"))
        elif not table.get_column(part).sum():
            absent.append(Absent(f"rate of {part}", f"all {part} are 0"))
        else:
            parts.append(part)
    return replace(
        mean, parts=tuple(parts), terms=_prune_groups(mean.terms, table, absent, "of rates")
    )


def _prune_predictor(
    spec: ModelSpec,
    section: str,
    predictor: Predictor,
    table: pl.DataFrame,
    absent: list[Absent],
) -> Predictor:
    before = len(absent)
    features = {feature.name: feature for feature in spec.features}
    kept: list[Term] = []
    for term in predictor.terms:
        reason = _unsupported(term, features, table)
        left = term
        if isinstance(term, Group) and reason is None:
            left, reason = _supported_slopes(term, features, table)
        if reason is not None:
            absent.append(Absent(_part(term, without=left), reason))
        if reason is None or left is not term:
            kept.append(left)
    if not kept:
        why = "; ".join(f"{one.part}: {one.reason}" for one in absent[before:])
        what = f"the table supports no term of this sum: {why}"
        raise InputError(Problem(what, key=f"{section}.terms", hint="Add an intercept"))
    return replace(predictor, terms=tuple(kept))


def _unsupported(term: Term, features: dict[str, Feature], table: pl.DataFrame) -> str | None:
    """Return why a table cannot support a term, None where it can; of a group, its levels."""
    for column in term.columns:
        if (reason := _no_groups(column, table)) is not None:
            return reason
    if isinstance(term, Group):
        return None
    constant_may_be = term.kind == "offset"
    reasons = (_no_feature(features[n], table, constant_may_be) for n in term.features)
    return next((reason for reason in reasons if reason is not None), None)


def _no_feature(feature: Feature, table: pl.DataFrame, constant_may_be: bool) -> str | None:
    """Return why a table has no use for a feature, None where it has."""
    if lacking := _lacking(feature, table):
        return f"the table has no {lacking}"
    if not constant_may_be and _constant(feature, table):
        return f"{feature.name} is the same for all posts"
    return None


def _supported_slopes(
    term: Group, features: dict[str, Feature], table: pl.DataFrame
) -> tuple[Group, str | None]:
    """Return a group term with what can vary, and why the rest cannot; itself if nothing can."""
    why = {of: _no_feature(features[of], table, constant_may_be=False) for of in term.slopes}
    left = tuple(of for of in term.of if why.get(of) is None)
    reason = next((reason for reason in why.values() if reason is not None), None)
    if reason is None or not left:
        return term, reason
    return term.only(left), reason


def _with_exposure(spec: ModelSpec, table: pl.DataFrame) -> pl.DataFrame:
    """Return the posts that have an exposure, if any do: of others features may be undefined."""
    exposure = spec.outcome.exposure
    if exposure is None:
        return table
    kept = table.filter(pl.col(exposure) > 0)
    return table if kept.is_empty() else kept


def _constant(feature: Feature, table: pl.DataFrame) -> bool:
    values = evaluate([feature], table).to_series().drop_nulls()
    return values.n_unique() < 2


def _part(term: Term, without: Term | None = None) -> str:
    """Return words for what a term would have told, what is left of it aside."""
    if isinstance(term, Group):
        kept = without.of if isinstance(without, Group) and without is not term else ()
        return f"differences of {' and '.join(of for of in term.of if of not in kept)} by {term.by}"
    if term.columns:
        of = "".join(f" of {name}" for name in term.features)
        return f"differences{of} by {term.columns[0]}"
    return f"effect of {' and '.join(term.features)}"


def _lacking(feature: Feature, table: pl.DataFrame) -> str:
    return " and ".join(sorted(c for c in columns_of(feature) if not _has(table, c)))


def _prune_groups(
    terms: Iterable[Group], table: pl.DataFrame, absent: list[Absent], what: str
) -> tuple[Group, ...]:
    kept = []
    for term in terms:
        reason = _no_groups(term.by, table)
        if reason is None:
            kept.append(term)
        else:
            absent.append(Absent(f"differences {what} by {term.by}", reason))
    return tuple(kept)


def _no_groups(column: str, table: pl.DataFrame) -> str | None:
    if lacking := " and ".join(part for part in column.split(":") if not _has(table, part)):
        return f"the table has no {lacking}"
    levels = table.get_column(column).drop_nulls().unique()
    if levels.len() < 2:
        return f"the table has only one {column}, {levels.item()!r}: nothing varies"
    return None
