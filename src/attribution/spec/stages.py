"""Stages of a model: outcomes on the way to its own, each with a spec, fitted in one run.

A stage's spec has the keys of any spec that say how an outcome comes about. What it holds in a run
goes by the stage's name, a point and the name that it would have in a run of its own, such as
``likes.intercept``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from attribution.spec.columns import counted, groupings, signals
from attribution.spec.fields import Notes
from attribution.spec.model import ModelSpec, RatesMean

STAGE_NAME = r"[a-z][a-z0-9_]*"
"""What a stage may be called."""


def in_run(stage: str, name: str) -> str:
    """Return what a run calls a name of a stage."""
    return f"{stage}.{name}"


def of_stage[T](values: Mapping[str, T], stage: str) -> dict[str, T]:
    """Return what belongs to a stage, under the names of a run of its own."""
    start = in_run(stage, "")
    return {
        name.removeprefix(start): value for name, value in values.items() if name.startswith(start)
    }


def split_name(spec: ModelSpec, name: str) -> tuple[str | None, str]:
    """Return the stage that a name of a run belongs to, None for the outcome's, and the rest."""
    stage, point, rest = name.partition(".")
    return (stage, rest) if point and stage in spec.stages else (None, name)


def check_stages(spec: ModelSpec, notes: Notes) -> None:
    """Note every rule that stages break with each other and with the outcome's model."""
    for name, stage in spec.stages.items():
        at = f"stages.{name}"
        if not re.fullmatch(STAGE_NAME, name):
            expected = "lower-case letters, digits and _, beginning with a letter"
            notes.add("this is no name for a stage", at, value=name, expected=expected)
        if isinstance(stage.mean, RatesMean):
            notes.add("a stage has no rates mean", f"{at}.mean.form", expected='"linear"')
        _check_outcome(spec, name, stage.outcome.column, notes)
        _check_order(spec, name, stage, notes)


def _check_outcome(spec: ModelSpec, name: str, column: str, notes: Notes) -> None:
    """Note an outcome that something else explains."""
    key = f"stages.{name}.outcome.column"
    if column == spec.outcome.column:
        what = f"{column!r} is the model's own outcome"
        notes.add(what, key, hint="A stage explains what comes before it")
    names = list(spec.stages)
    before = (spec.stages[other].outcome.column for other in names[: names.index(name)])
    if column in before:
        notes.add(f"another stage explains {column!r} already", key, hint="Keep one of the two")


def _check_order(spec: ModelSpec, name: str, stage: ModelSpec, notes: Notes) -> None:
    """Note what a stage uses that comes about only with it or after it."""
    names = list(spec.stages)
    later = {spec.stages[other].outcome.column for other in names[names.index(name) :]}
    own = stage.outcome.column
    used = {column for _, column in counted(stage)} - {own}
    used |= {*signals(stage), *(c for _, by in groupings(stage) for c in by.split(":"))}
    for column in sorted(used & {*later, spec.outcome.column}):
        when = "is what it explains" if column == own else "comes about after it"
        notes.add(
            f"the stage {name!r} uses {column!r}, which {when}",
            f"stages.{name}",
            hint="State stages in the order in which their outcomes come about",
        )


def merge_notes(notes: Notes, stage: str, own: Notes) -> None:
    """Add the notes on a stage's own spec, at its place in the file."""
    notes.problems += [
        replace(p, key=f"stages.{stage}.{p.key}" if p.key else f"stages.{stage}")
        for p in own.problems
    ]
