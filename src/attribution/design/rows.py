"""Which posts can enter the fit, and the reason for each that cannot."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from attribution.design.hidden import MINIMUM_SHOWN
from attribution.design.types import SetAside
from attribution.errors import InputError, Problem
from attribution.spec.columns import all_terms, signals
from attribution.spec.model import ModelSpec

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def group_columns(spec: ModelSpec) -> tuple[str, ...]:
    """Return the columns whose levels terms and sections tell apart, in order of first use."""
    of_terms = (c for _, term in all_terms(spec) for c in term.columns)
    of_sections = (c for section in spec.sections for _, c in section.groupings)
    return tuple(dict.fromkeys((*of_terms, *of_sections)))


def value_group_columns(spec: ModelSpec) -> tuple[str, ...]:
    """Return the columns whose levels the order value's terms use, in order of first use."""
    value = spec.order_value
    terms = (*value.terms, *value.paying_terms) if value else ()
    return tuple(dict.fromkeys(term.by for term in terms))


def split_rows(spec: ModelSpec, table: pl.DataFrame) -> tuple[pl.DataFrame, tuple[SetAside, ...]]:
    """Split the table into the posts of the fit and those set aside, with the first reason each.

    Raises
    ------
    InputError
        When no post is left.
    """
    reason = pl.coalesce(
        pl.when(condition).then(pl.lit(words)) for condition, words in _rules(spec, table)
    )
    marked = table.with_columns(reason.alias("__reason"))
    aside = marked.filter(pl.col("__reason").is_not_null())
    kept = marked.filter(pl.col("__reason").is_null()).drop("__reason")
    set_aside = tuple(
        SetAside(str(post), words) for post, words in aside.select("post_id", "__reason").rows()
    )
    if kept.is_empty():
        first = set_aside[0].reason if set_aside else "the table has no rows"
        raise InputError(Problem(f"no post can be used: {first}", expected="at least one post"))
    return kept, set_aside


def _rules(spec: ModelSpec, table: pl.DataFrame) -> list[tuple[pl.Expr, str]]:
    outcome, exposure, trials = spec.outcome.column, spec.outcome.exposure, spec.outcome.trials
    rules = [(pl.col(outcome).is_null(), f"{outcome} is empty")]
    for amount in (exposure, trials):
        if amount is not None:
            rules.append((pl.col(amount).is_null(), f"{amount} is empty"))
            rules.append((pl.col(amount) <= 0, f"{amount} is 0"))
    groups = dict.fromkeys((*group_columns(spec), *value_group_columns(spec)))
    rules += [(pl.col(g).is_null(), f"{g} is empty") for g in groups]
    used = signals(spec)
    latent = [c for c in used if _can_be_latent(spec, table, c)]
    rules += [
        (pl.col(c).is_null(), f"{c} is empty and the model sets such posts aside")
        for c in used
        if c not in latent
    ]
    if len(latent) > 1:
        several = pl.sum_horizontal(pl.col(c).is_null() for c in latent) > 1
        rules.append((several, f"{' and '.join(latent)} are hidden: nothing to estimate them from"))
    return rules


def _can_be_latent(spec: ModelSpec, table: pl.DataFrame, column: str) -> bool:
    shown = table.height - table.get_column(column).null_count()
    return spec.missing.get(column) == "latent" and shown >= MINIMUM_SHOWN


def sort_levels(levels: Sequence[str], order: Sequence[str]) -> tuple[str, ...]:
    """Sort levels by a known order where it names them all, else by size, texts by letter.

    Days of the week are in their own order.
    """
    for known in (order, WEEKDAYS):
        if set(levels) <= set(known):
            return tuple(level for level in known if level in set(levels))
    try:
        return tuple(sorted(levels, key=float))
    except ValueError:
        return tuple(sorted(levels))
