"""Expected outcomes of the observed posts were some of their columns other than they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from attribution import forward
from attribution.design.levels import join_columns, texts
from attribution.design.types import Design, Floats, GroupIndex, Integers
from attribution.draws import Draws, blocks, n_draws
from attribution.quantities.totals import shown_mask
from attribution.quantities.unseen import with_unseen
from attribution.spec.columns import signals, used_features
from attribution.spec.model import Predictor, RatesMean
from attribution.spec.terms import Categorical, Term
from attribution.spec.transforms import columns_of, evaluate

Changes = Mapping[str, pl.Expr]
"""New values of columns, made from the values that posts have; numbers are floats in them."""


@dataclass(frozen=True)
class Step:
    """One change, whose effect on the expected outcome is wanted.

    Parameters
    ----------
    changes
        The columns that change.
    per
        What each post's effect is divided by, such as the size of a tiny change; None for 1.
    of
        Posts that the effect is added up over, 1 or 0 each; None for all that show every signal.
    """

    changes: Changes
    per: Floats | None = None
    of: Floats | None = None


@dataclass(frozen=True)
class Walk:
    """Expected outcomes added up over groups of posts, and what changes do to them.

    Parameters
    ----------
    outcome
        Of all posts; (draw, group).
    before
        Of the posts of each step, as they are; each (draw, group).
    gains
        What each step adds for those posts, per its ``per``; each (draw, group).
    """

    outcome: Floats
    before: list[Floats]
    gains: list[Floats]


def moved(design: Design, changes: Changes) -> Design:
    """Return a design whose posts have other values in some columns, all else as it was.

    Levels, centres, functions of curves, exposure and trials stay what they were: the same
    parameters mean the same. Features, levels, curves and parts of a rates mean are worked out
    again. Combinations of levels that no post of the fit has are ``unseen`` in their group, after
    its levels; see :func:`attribution.quantities.unseen.with_unseen`.

    Parameters
    ----------
    design
        The posts as they are.
    changes
        New values.

    Returns
    -------
    Design
        Where a feature or a part changes, hidden signals stand at their predictive median: such
        posts are not to be told of.
    """
    table = changed(design.table, changes)
    features = _features(design, table, changes)
    parts = {p: _shown(table, p, design.signals[p]) for p in design.signals if p in changes}
    again = {g: _levels(design.groups[g], table, g) for g in touched_groups(design, changes)}
    return replace(
        design,
        table=table,
        features={**design.features, **features},
        signals={**design.signals, **parts},
        bases={
            name: basis.moved(_uncentred(design, features, basis.term.feature))
            if basis.term.feature in features
            else basis
            for name, basis in design.bases.items()
        },
        groups={**design.groups, **again},
        hidden=None if features or parts else design.hidden,
    )


def changed(table: pl.DataFrame, changes: Changes) -> pl.DataFrame:
    """Return a table with other values; numbers become floats, texts and truths stay such."""
    kept = {name: table.schema[name] for name in changes}
    floats = table.with_columns(
        pl.col(name).cast(pl.Float64) for name, dtype in kept.items() if dtype.is_numeric()
    )
    values = floats.with_columns(expression.alias(name) for name, expression in changes.items())
    return values.with_columns(
        pl.col(name).cast(pl.Float64 if dtype.is_numeric() else dtype)
        for name, dtype in kept.items()
    )


def touched_features(design: Design, changes: Changes) -> set[str]:
    """Return the features that are made from columns that change."""
    return {f.name for f in used_features(design.spec) if columns_of(f) & set(changes)}


def touched_groups(design: Design, changes: Changes) -> set[str]:
    """Return the grouping columns, several joined by ``:`` included, that change."""
    return {name for name in design.groups if set(name.split(":")) & set(changes)}


def _features(design: Design, table: pl.DataFrame, changes: Changes) -> dict[str, Floats]:
    """Centred features that change; as they were at posts where they are unknown."""
    names = touched_features(design, changes)
    if not names:
        return {}
    then = evaluate([f for f in used_features(design.spec) if f.name in names], table)
    values = {name: then[name].to_numpy() - design.feature_centres[name] for name in names}
    return {n: np.where(np.isnan(x), design.features[n], x) for n, x in values.items()}


def _uncentred(design: Design, features: Mapping[str, Floats], name: str) -> Floats:
    return features[name] + design.feature_centres[name]


def _shown(table: pl.DataFrame, part: str, before: Floats) -> Floats:
    values = table.get_column(part).cast(pl.Float64)
    return np.where(values.is_null().to_numpy(), before, values.fill_null(0.0).to_numpy())


def _levels(group: GroupIndex, table: pl.DataFrame, column: str) -> GroupIndex:
    table = join_columns(table, (column,))
    now = texts(table.get_column(column))
    unseen = tuple(now.filter(~now.is_in(list(group.levels))).unique().sort())
    position = {level: i for i, level in enumerate((*group.levels, *unseen))}
    index = np.asarray([position[level] for level in now], dtype=np.int64)
    return replace(group, index=index, unseen=unseen)


def known(design: Design) -> Integers:
    """Return 1 where a post's levels are such that the model can tell of it, else 0; (post,).

    Of combinations that no post had, a pooled effect is known to be one of many; one that is not
    pooled, and the rates of a rates mean, are unknown.
    """
    rates = isinstance(design.spec.mean, RatesMean)
    unpooled = {c for t in _terms(design) if isinstance(t, Categorical) for c in t.columns}
    columns = design.groups if rates else unpooled
    out = np.ones(len(design.outcome), dtype=np.int64)
    for column in columns:
        group = design.groups[column]
        out *= group.index < len(group.levels)
    return out


def _terms(design: Design) -> Iterator[Term]:
    for predictor in design.spec.predictors.values():
        yield from predictor.terms


def walk(design: Design, draws: Draws, steps: Sequence[Step], member: Floats) -> Walk:
    """Add up expected outcomes before and after changes; the draws once over, in blocks.

    Only terms that change are worked out again. Where only a mean on a log link changes, and the
    expected outcome is proportional to it, it is multiplied by the exponential of the change; where
    terms then are the same at all posts, as with a level of a column, once for all levels.

    Parameters
    ----------
    design, draws
        Of any spec.
    steps
        The changes.
    member
        Which posts are in each group; (post, group).
    """
    moves = [_move(design, step) for step in steps]
    shape = (n_draws(draws), member.shape[1])
    outcome = np.empty(shape)
    before, gains = [np.empty(shape) for _ in moves], [np.empty(shape) for _ in moves]
    counted, which = _distinct([move.counted for move in moves])
    for block in blocks(draws, len(design.outcome)):
        sums = forward.sums(design, block.draws)
        means = forward.expected_at(design, block.draws, sums)
        outcome[block.where] = means @ member
        told = [_times(means, posts) @ member for posts in counted]
        without: dict[tuple[int, ...], Floats] = {}
        for k, move in enumerate(moves):
            before[k][block.where] = told[which[k]]
            if move.first is not None:
                key = (which[k], *map(id, move.terms["mean"]))
                if key not in without:
                    without[key] = _times(_without(move, block.draws, means), move.weight) @ member
                after = np.exp(_of_terms(move, move.first, block.draws, "mean")) * without[key]
                gains[k][block.where] = after - told[which[k]]
                continue
            drawn = with_unseen(move.then, block.draws, block.where.start)
            gain = _gain(move, drawn, sums, means)
            gains[k][block.where] = _times(gain, move.weight) @ member
    return Walk(outcome, before, gains)


def counted_posts(design: Design, step: Step) -> Floats:
    """Return 1 for posts that a step's effect is told of, else 0; (post,).

    Posts that hide a signal are left out where the step changes what is made from signals.
    """
    if step.of is not None:
        return step.of
    touched = touched_features(design, step.changes) or set(step.changes) & set(design.signals)
    if not touched:
        return np.ones(len(design.outcome))
    return shown_mask(design, signals(design.spec)).all(axis=1).astype(np.float64)


def _times(values: Floats, weight: Floats) -> Floats:
    """Weigh posts, (draw, post) times (post,); as they are where all weigh 1."""
    return values if (weight == 1.0).all() else values * weight


def _distinct(arrays: Sequence[Floats]) -> tuple[list[Floats], list[int]]:
    """Return different arrays once each, and which of them each one is."""
    found: list[Floats] = []
    which: list[int] = []
    for array in arrays:
        same = (k for k, other in enumerate(found) if np.array_equal(array, other))
        which.append(next(same, len(found)))
        if which[-1] == len(found):
            found.append(array)
    return found, which


@dataclass(frozen=True)
class _Move:
    """A step made ready.

    Parameters
    ----------
    now, then
        The posts before and after, hidden signals told alike.
    terms
        Terms that change, by section.
    quick
        Whether the expected outcome is proportional to the exponential of the only sum that
        changes.
    counted, weight
        Posts that the effect is told of, 1 or 0, and the same per the step's ``per``; (post,).
    first
        The first post after, where terms that change are then the same at every post, and quick.
    """

    now: Design
    then: Design
    terms: Mapping[str, Sequence[Term]]
    quick: bool
    counted: Floats
    weight: Floats
    first: Design | None = None


def _move(design: Design, step: Step) -> _Move:
    then = moved(design, step.changes)
    features = touched_features(design, step.changes)
    groups = touched_groups(design, step.changes)
    terms = {
        section: [t for t in predictor.terms if {*t.features} & features or {*t.columns} & groups]
        for section, predictor in design.spec.predictors.items()
    }
    terms = {section: some for section, some in terms.items() if some}
    counted = counted_posts(design, step)
    quick = set(terms) == {"mean"} and proportional(design)
    alike = quick and step.per is None and all(_is_alike(term, then) for term in terms["mean"])
    first = replace(forward.at_posts(then, np.zeros(1, np.int64)), hidden=None) if alike else None
    return _Move(
        now=replace(design, hidden=then.hidden),
        then=then,
        terms=terms,
        quick=quick,
        counted=counted,
        weight=counted if step.per is None else counted / step.per,
        first=first,
    )


def _is_alike(term: Term, then: Design) -> bool:
    """Whether a term is the same at every post, which are of one level that the fit has."""
    groups = [then.groups[column] for column in term.columns]
    return not term.features and all((g.index == g.index[0]).all() and not g.unseen for g in groups)


def proportional(design: Design) -> bool:
    """Whether the expected outcome is proportional to the exponential of the mean's sum."""
    mean = design.spec.mean
    # Of a hurdle it is the mean given that the count is not 0, which falls less than the mean.
    return isinstance(mean, Predictor) and mean.link == "log" and "hurdle" not in design.family.own


def _gain(move: _Move, draws: Draws, sums: Mapping[str, Floats], means: Floats) -> Floats:
    """What a step adds to each post's expected outcome; (draw, post)."""
    if isinstance(move.now.spec.mean, RatesMean):
        return forward.expected(move.then, draws) - means
    deltas = {section: _delta(move, draws, section) for section in move.terms}
    if move.quick:
        factor = np.expm1(deltas["mean"], out=deltas["mean"])
        factor *= means
        return factor
    after = {**sums, **{section: sums[section] + delta for section, delta in deltas.items()}}
    return forward.expected_at(move.then, draws, after) - means


def _delta(move: _Move, draws: Draws, section: str) -> Floats:
    """Change of a section's sum of terms; (draw, post)."""
    then = _of_terms(move, move.then, draws, section)
    then -= _of_terms(move, move.now, draws, section)
    return then


def _of_terms(move: _Move, design: Design, draws: Draws, section: str) -> Floats:
    """Sum of the terms of a section that change, before or after; (draw, post)."""
    place, at = design.spec.place(section), forward.ArrayAt(design, draws)
    out = np.zeros((n_draws(draws), len(design.outcome)))
    for term in move.terms[section]:
        out += term.summand(at, place)
    return out


def _without(move: _Move, draws: Draws, means: Floats) -> Floats:
    """Return expected outcomes without the terms that change; (draw, post)."""
    factor = np.exp(-_of_terms(move, move.now, draws, "mean"))
    factor *= means
    return factor
