"""What a model with stages expects of posts by new creators: stage after stage, draw by draw.

Posts keep their columns, but those that come about on the way are drawn from the stages; a stage
can be told that posts are of another tier than the other stages are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from attribution import forward
from attribution.design.levels import join_columns, texts
from attribution.design.types import Design, Floats, Integers
from attribution.draws import Draws, n_draws
from attribution.quantities.counterfactual import proportional
from attribution.quantities.drivers import IDS
from attribution.spec.model import ModelSpec
from attribution.spec.terms import Group, Term
from attribution.spec.transforms import columns_of, evaluate

UNKNOWN = -1
"""Index of a level that no post of the fit has, whose effect is taken as 0."""

FAR = 60.0
"""Largest sum of terms on a link's scale, for draws of wide priors."""


@dataclass(frozen=True)
class Situation:
    """Posts whose outcomes are wanted.

    Parameters
    ----------
    posts
        One row each; columns that come about on the way are not looked at where they were drawn.
    drawn
        Columns that were drawn; column -> (draw, post).
    """

    posts: pl.DataFrame
    drawn: Mapping[str, Floats]

    def column(self, name: str) -> Floats:
        """Return a column's numbers; (1 or draw, post)."""
        if name in self.drawn:
            return self.drawn[name]
        return self.posts.get_column(name).cast(pl.Float64).to_numpy()[None, :]

    def table(self, names: frozenset[str], draws: int) -> pl.DataFrame:
        """Return some columns with a row for each draw and post, draw by draw."""
        rows = pl.Series(np.tile(np.arange(self.posts.height), draws))
        return pl.DataFrame(
            [
                pl.Series(name, self.drawn[name].ravel())
                if name in self.drawn
                else self.posts.get_column(name).gather(rows)
                for name in sorted(names)
            ]
        )


class NewCreatorsAt:
    """Posts by creators whom nobody has seen, for draws; see :class:`attribution.spec.terms.At`.

    Parameters
    ----------
    design
        Of a stage, or of the model itself.
    draws
        Of its unknowns.
    where
        The posts.
    rng
        Draws a creator for each post; None takes what creators multiply by on average.
    """

    def __init__(
        self, design: Design, draws: Draws, where: Situation, rng: np.random.Generator | None
    ) -> None:
        self._design, self._draws, self._where, self._rng = design, draws, where, rng
        self._new = dict(_of_creators(design.spec))
        self._found: dict[str, Floats] = {}

    def value(self, name: str) -> Floats:
        """Return an unknown; (draw, 1)."""
        return self._draws[name][:, None]

    def feature(self, name: str) -> Floats:
        """Return a feature less its centre; (1 or draw, post)."""
        return self._raw(name) - self._design.feature_centres[name]

    def centre(self, name: str) -> float:
        """Return the centre of a feature."""
        return self._design.feature_centres[name]

    def pick(self, name: str, column: str) -> Floats:
        """Return of an unknown with a value for each level that of each post's; (draw, post)."""
        if name in self._new:
            return self._creators(name)
        index = self._index(column)
        picked = self._draws[name][:, index]
        picked[:, index == UNKNOWN] = 0.0
        return picked

    def dot(self, name: str, basis: str) -> Floats:
        """Return the sum of a basis's functions times an unknown for each; (draw, post)."""
        curve, coefficients = self._design.bases[basis], self._draws[name]
        values = self._raw(curve.term.feature)
        functions = curve.moved(values.ravel()).functions.reshape((*values.shape, -1))
        return np.asarray(np.sum(functions * coefficients[:, None, :], axis=2))

    def _raw(self, name: str) -> Floats:
        """Return a feature; (1 or draw, post)."""
        if name not in self._found:
            feature = next(f for f in self._design.spec.features if f.name == name)
            needed, draws = columns_of(feature), n_draws(self._draws)
            rows = draws if needed & {*self._where.drawn} else 1
            values = evaluate([feature], self._where.table(needed, rows)).to_series().to_numpy()
            self._found[name] = values.reshape((rows, self._where.posts.height))
        return self._found[name]

    def _creators(self, name: str) -> Floats:
        term = self._new[name]
        sd = self._draws[f"{name.removesuffix('_effect')}_sd"][:, None]
        mean_one = term.effects == "mean_one"
        if self._rng is None:
            # The exponential of a normal effect is exp(sd**2 / 2) on average.
            return np.zeros_like(sd) if mean_one else sd**2 / 2.0
        z = self._rng.normal(size=(len(sd), self._where.posts.height))
        return np.asarray(sd * z - (sd**2 / 2.0 if mean_one else 0.0))

    def _index(self, column: str) -> Integers:
        table = join_columns(self._where.posts, (column,))
        position = {level: k for k, level in enumerate(self._design.groups[column].levels)}
        found = [position.get(level, UNKNOWN) for level in texts(table.get_column(column))]
        return np.asarray(found, dtype=np.int64)


def _of_creators(spec: ModelSpec) -> Iterator[tuple[str, Group]]:
    """Yield the effects that differ between creators or posts, of which new ones have others."""
    for section, predictor in spec.predictors.items():
        for term in predictor.terms:
            if isinstance(term, Group) and set(term.by.split(":")) & set(IDS):
                names = term.names(spec.place(section))
                yield from ((f"{name}_effect", term) for name, _ in names)


def drawn(
    design: Design, draws: Draws, where: Situation, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draw outcomes of new creators' posts.

    Returns
    -------
    tuple
        Outcomes, and what they are expected to be of these creators; each (draw, post).
    """
    given = forward.given_at(design, draws, sums(design, draws, where, rng))
    mean = np.asarray(design.family.expected(forward.F, given))
    return design.family.draw(rng, given), mean


def expected(design: Design, draws: Draws, where: Situation) -> Floats:
    """Expected outcomes of new creators' posts, averaged over creators; (draw, post).

    Of a model with a linear mean whose outcome is proportional to what creators multiply by.
    """
    found = sums(design, draws, where, None)
    return forward.expected_at(design, draws, found)


def sums(
    design: Design, draws: Draws, where: Situation, rng: np.random.Generator | None
) -> dict[str, Floats]:
    """Sum of terms of each section, exposure included in the mean's; (draw, post)."""
    at = NewCreatorsAt(design, draws, where, rng)
    found = {name: _sum(design, draws, where, at, name) for name in design.spec.predictors}
    if design.spec.outcome.exposure is not None:
        found["mean"] += np.log(where.column(design.spec.outcome.exposure))
    return found


def _sum(design: Design, draws: Draws, where: Situation, at: NewCreatorsAt, section: str) -> Floats:
    place = design.spec.place(section)
    total = np.zeros((n_draws(draws), where.posts.height))
    with np.errstate(all="ignore"):
        for term in design.spec.predictors[section].terms:
            total += term.summand(at, place)
    return np.clip(np.nan_to_num(total, posinf=FAR, neginf=-FAR), -FAR, FAR)


def can_be_told(design: Design) -> bool:
    """Whether new creators of every stage and of the model can be told of.

    They can where a creator's effects are independent of each other, the model's outcome is
    proportional to what creators multiply by, and no outcome is a share of trials.
    """
    specs = [design.spec, *(stage.spec for stage in design.stages.values())]
    groups = [term for spec in specs for term in _terms(spec) if isinstance(term, Group)]
    trials = [one.trials is not None for one in (design, *design.stages.values())]
    independent = all(term.correlation is None for term in groups)
    return proportional(design) and independent and not any(trials)


def _terms(spec: ModelSpec) -> Iterator[Term]:
    for predictor in spec.predictors.values():
        yield from predictor.terms
