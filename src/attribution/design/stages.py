"""Designs of the outcomes on the way, over the posts of the fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import polars as pl

from attribution.design.types import Absent, Design, SetAside
from attribution.errors import InputError, Problem
from attribution.spec.model import ModelSpec

Build = Callable[[ModelSpec, pl.DataFrame], Design]


def build_stages(spec: ModelSpec, table: pl.DataFrame, build: Build) -> dict[str, Design]:
    """Return the design of each stage.

    A post that lacks what a stage needs, such as its outcome, is left out of that stage alone.

    Parameters
    ----------
    spec
        The model.
    table
        The posts in the fit.
    build
        Makes a design from a spec and a table.

    Raises
    ------
    InputError
        Where a stage cannot be fitted to the table, with its place in the spec.
    """
    found: dict[str, Design] = {}
    problems: list[Problem] = []
    for name, stage in spec.stages.items():
        try:
            found[name] = build(stage, table)
        except InputError as error:
            problems += (_at(problem, name) for problem in error.problems)
    if problems:
        raise InputError(problems)
    return found


def _at(problem: Problem, stage: str) -> Problem:
    place = f"stages.{stage}"
    return replace(problem, key=f"{place}.{problem.key}" if problem.key else place)


def absent_of(stages: Mapping[str, Design]) -> Iterator[Absent]:
    """Yield what stages cannot tell of this table, each with the stage's name."""
    for name, stage in stages.items():
        yield from (Absent(f"{name}: {one.part}", one.reason) for one in stage.absent)


def set_aside_of(design: Design) -> tuple[SetAside, ...]:
    """Return the posts that are left out, of the fit or of single stages, each with the reason."""
    own = (
        SetAside(post.post_id, f"of stage {name}: {post.reason}")
        for name, stage in design.stages.items()
        for post in stage.set_aside
    )
    return (*design.set_aside, *own)
