"""What optional sections need of a table: posts of lift tests, scores of audiences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from attribution.design.types import Absent, Floats, GroupIndex, Scores, SetAside
from attribution.errors import InputError, Problem, raise_if_any
from attribution.spec.columns import conditions
from attribution.spec.model import Feature, ModelSpec
from attribution.spec.transforms import columns_of, evaluate

HALF_A_POINT = 0.005
"""How far inside 0 and 1 scores are taken to be."""


def prune_sections(spec: ModelSpec, table: pl.DataFrame) -> tuple[ModelSpec, tuple[Absent, ...]]:
    """Return a spec without shares of fakes or scores that the table lacks, and why."""
    section = spec.authenticity
    if section is None:
        return spec, ()
    if not _has(table, section.by):
        absent = Absent("shares of fakes", f"the table has no {section.by}")
        return replace(spec, authenticity=None), (absent,)
    column = section.score
    if column is None or _has(table, column):
        return spec, ()
    left = replace(section, score=None, score_concentration=None)
    reason = f"the table has no {column}: shares of fakes come from their prior and from orders"
    return replace(spec, authenticity=left), (Absent("credibility of audiences", reason),)


def _has(table: pl.DataFrame, column: str) -> bool:
    return column in table.columns and table.get_column(column).null_count() < table.height


def without_broken_tests(
    spec: ModelSpec, table: pl.DataFrame, set_aside: tuple[SetAside, ...]
) -> tuple[ModelSpec, tuple[Absent, ...]]:
    """Return a spec without the lift tests some of whose posts are not in the fit, and why.

    Such a test measured more posts than the model expects orders of.
    """
    if spec.experiments is None:
        return spec, ()
    gone = {aside.post_id for aside in set_aside}
    absent, kept = [], []
    members = _members(spec, table)
    names = table.get_column("post_id").cast(pl.String).to_list()
    for test, member in zip(spec.experiments.tests, members, strict=True):
        missing = [
            name for name, is_in in zip(names, member, strict=True) if is_in and name in gone
        ]
        if missing:
            reason = f"{len(missing)} of its {int(member.sum())} posts are not in the fit"
            absent.append(Absent(f"lift test {test.name!r}", reason))
        else:
            kept.append(test)
    left = replace(spec.experiments, tests=tuple(kept)) if kept else None
    return replace(spec, experiments=left), tuple(absent)


def tested(spec: ModelSpec, table: pl.DataFrame) -> Floats | None:
    """Return which posts each lift test is of, 1 or 0; (test, post)."""
    return None if spec.experiments is None else _members(spec, table)


def _members(spec: ModelSpec, table: pl.DataFrame) -> Floats:
    found = [_member(key, condition, table) for key, condition in conditions(spec)]
    return np.stack(found) if found else np.zeros((0, table.height))


def _member(key: str, condition: Feature, table: pl.DataFrame) -> Floats:
    """Return which posts a condition is true of; what is wrong with it is told at its key."""
    raise_if_any(
        Problem(f"the table has no column {column!r}", key=key, value=condition.expression)
        for column in sorted(columns_of(condition))
        if column not in table.columns
    )
    try:
        values = evaluate([condition], table).to_series()
    except InputError as error:
        raise InputError([replace(problem, key=key) for problem in error.problems]) from error
    return values.fill_null(0.0).to_numpy()


def check_tests(spec: ModelSpec, table: pl.DataFrame) -> Iterator[Problem]:
    """Yield what is wrong with the posts of lift tests."""
    for (key, condition), member in zip(conditions(spec), _members(spec, table), strict=True):
        if not np.isin(member, (0.0, 1.0)).all():
            what = f"the posts of the lift test {condition.name!r} are not told by yes or no"
            expected = "a condition, such as campaign = 'spring'"
            yield Problem(what, key=key, value=condition.expression, expected=expected)
        elif not member.any():
            what = f"no post of the table is in the lift test {condition.name!r}"
            hint = "Look at the values of the columns that it names"
            yield Problem(what, key=key, value=condition.expression, hint=hint)


def scores(spec: ModelSpec, table: pl.DataFrame, groups: Mapping[str, GroupIndex]) -> Scores | None:
    """Return the scores of audiences, None without any.

    A creator's score is the average of what its posts' rows say. Vendors give whole percentages, so
    that one of 0 or 1, which no Beta gives, is taken for one half a percentage point inside.

    Raises
    ------
    InputError
        For a score that is no share.
    """
    section = spec.authenticity
    if section is None or section.score is None:
        return None
    raise_if_any(_check_scores(section.score, table))
    values = table.get_column(section.score).cast(pl.Float64)
    by_level = (
        pl.DataFrame({"level": groups[section.by].index, "score": values})
        .drop_nulls()
        .group_by("level")
        .agg(pl.col("score").mean())
        .sort("level")
    )
    inside = by_level.get_column("score").clip(HALF_A_POINT, 1.0 - HALF_A_POINT).to_numpy()
    return Scores(by_level.get_column("level").to_numpy(), inside)


def _check_scores(column: str, table: pl.DataFrame) -> Iterator[Problem]:
    values = table.get_column(column)
    if not values.dtype.is_numeric():
        yield Problem("a score is no number", column=column, value=str(values.dtype))
        return
    outside = table.filter(~pl.col(column).is_between(0.0, 1.0))
    if outside.height:
        yield Problem(
            f"{outside.height:,} of {table.height:,} posts have a score that is no share",
            column=column,
            value=f"{outside.get_column(column)[0]:g} (post {outside.get_column('post_id')[0]})",
            expected="a share of the audience from 0 to 1",
            hint="Divide percentages by 100",
        )
