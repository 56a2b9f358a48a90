"""Terms that are the same for all posts, or differ by level without pooling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from attribution.spec.defaults import DEFAULT, Facts, rule_of_intercept, rule_of_slope
from attribution.spec.fields import Fields
from attribution.spec.priors import REAL, SIMPLEX, Prior
from attribution.spec.reading import read_prior
from attribution.spec.statement import StatedPrior
from attribution.spec.terms.base import Array, At, Make, Place, Term, dim, feature_at

INTERCEPT = "intercept"


@dataclass(frozen=True)
class Intercept(Term):
    """The constant of the sum of terms, at average features (link scale)."""

    prior: Prior

    kind: ClassVar[str] = "intercept"
    words: ClassVar[str] = (
        "the constant: the sum of terms at average features, the reference of each category and an "
        "average level of each group"
    )
    keys: ClassVar[Mapping[str, str]] = {"prior": "prior of the constant, on the link's scale"}

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the keys of its table in a spec."""
        return cls(read_prior(fields, "prior", REAL, DEFAULT))

    def with_defaults(self, facts: Facts) -> Self:
        """Return the term with numbers where its priors were left to the table."""
        return replace(self, prior=facts.intercept(self.prior))

    def stated(self, place: Place, key: str) -> Iterator[StatedPrior]:
        """Yield its prior."""
        where = "where all features are 0" if place.centre == "none" else "at average features"
        name = f"{place.prefix}{INTERCEPT}"
        meaning = f"{place.constant} {where}"
        default = rule_of_intercept(place.location, place.unit)
        yield StatedPrior(
            name, f"{key}.prior", self.prior, meaning, exp_unit=place.exp_unit, default=default
        )

    def summands(self, place: Place) -> Iterator[str]:
        """Yield what it adds, as equations write it."""
        yield f"{place.prefix}{INTERCEPT}"

    def build(self, make: Make, at: At, place: Place, so_far: Array) -> None:
        """Add its unknown to a model."""
        make.prior(f"{place.prefix}{INTERCEPT}", self.prior)

    def summand(self, at: At, place: Place) -> Array:
        """Return what it adds to the sum of terms; (…, post)."""
        return at.value(f"{place.prefix}{INTERCEPT}")


@dataclass(frozen=True)
class Linear(Term):
    """A coefficient on one feature (link scale, per unit of the feature)."""

    feature: str
    prior: Prior

    kind: ClassVar[str] = "linear"
    words: ClassVar[str] = (
        "a coefficient times a feature; the feature is centred on its mean over the posts"
    )
    keys: ClassVar[Mapping[str, str]] = {
        "feature": "name of a feature under [features], or of a column",
        "prior": "prior of the coefficient, on the link's scale per unit of the feature",
    }

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the keys of its table in a spec."""
        return cls(fields.text("feature"), read_prior(fields, "prior", REAL, DEFAULT))

    def with_defaults(self, facts: Facts) -> Self:
        """Return the term with numbers where its priors were left to the table."""
        return replace(self, prior=facts.slope(self.prior, self.feature))

    @property
    def features(self) -> tuple[str, ...]:
        """Features that it uses."""
        return (self.feature,)

    def _name(self, place: Place) -> str:
        return f"{place.prefix}slope_{self.feature}"

    def stated(self, place: Place, key: str) -> Iterator[StatedPrior]:
        """Yield its prior."""
        meaning = f"change of the {place.scale} per unit of {self.feature}"
        default = rule_of_slope(place.unit, self.feature)
        yield StatedPrior(self._name(place), f"{key}.prior", self.prior, meaning, default=default)

    def summands(self, place: Place) -> Iterator[str]:
        """Yield what it adds, as equations write it."""
        yield f"{self._name(place)} * {self.feature}"

    def build(self, make: Make, at: At, place: Place, so_far: Array) -> None:
        """Add its unknown to a model."""
        centred = self.centred(place.centre)
        make.coefficient(self._name(place), self.prior, place, self.feature, centred=centred)

    def summand(self, at: At, place: Place) -> Array:
        """Return what it adds to the sum of terms; (…, post)."""
        return at.value(self._name(place)) * feature_at(
            at, self.feature, self.centred(place.centre)
        )


@dataclass(frozen=True)
class Offset(Term):
    """A feature that is added as it is: a coefficient of 1, no unknown."""

    feature: str

    kind: ClassVar[str] = "offset"
    words: ClassVar[str] = "a feature added as it is, neither centred nor with a coefficient"
    keys: ClassVar[Mapping[str, str]] = {
        "feature": "name of a feature under [features], or of a column"
    }

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the keys of its table in a spec."""
        return cls(fields.text("feature"))

    @property
    def features(self) -> tuple[str, ...]:
        """Features that it uses."""
        return (self.feature,)

    def centred(self, centre: str) -> bool:
        """Whether it takes its feature less its average: never."""
        return False

    def summands(self, place: Place) -> Iterator[str]:
        """Yield what it adds, as equations write it."""
        yield f"{self.feature} (not centred)"

    def summand(self, at: At, place: Place) -> Array:
        """Return what it adds to the sum of terms; (…, post)."""
        return feature_at(at, self.feature, centred=False)


def level_name(place: Place, by: str, of: str = INTERCEPT) -> str:
    """Return the name in a run of what differs between the levels of a column."""
    base = f"{place.prefix}{dim(by)}"
    return base if of == INTERCEPT or " " in of else f"{base}_{of}"


@dataclass(frozen=True)
class Categorical(Term):
    """Differences between the levels of a column and one of them, not pooled.

    Parameters
    ----------
    by
        Column with the levels; several joined by ``:`` for the levels that they make together.
    of
        ``intercept``, or a feature whose coefficient differs.
    reference
        The level that the others are compared with; None for the first in order.
    prior
        Prior of each difference.
    """

    by: str
    of: str
    reference: str | None
    prior: Prior

    kind: ClassVar[str] = "categorical"
    words: ClassVar[str] = "a difference between each level of a column and one of them, not pooled"
    keys: ClassVar[Mapping[str, str]] = {
        "by": "column with the levels, or a list of columns for the levels they make together",
        "of": '`"intercept"` (the default), or a feature whose coefficient differs by level',
        "reference": "the level that others are compared with; by default the first in order",
        "prior": "prior of each difference, on the link's scale",
    }

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the keys of its table in a spec."""
        return cls(
            by=read_by(fields),
            of=fields.text("of") if fields.has("of") else INTERCEPT,
            reference=fields.text("reference") if fields.has("reference") else None,
            prior=read_prior(fields, "prior", REAL, DEFAULT),
        )

    def with_defaults(self, facts: Facts) -> Self:
        """Return the term with numbers where its priors were left to the table."""
        return replace(self, prior=facts.slope(self.prior, self.of))

    @property
    def features(self) -> tuple[str, ...]:
        """Features that it uses."""
        return () if self.of == INTERCEPT else (self.of,)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns whose levels it tells apart."""
        return (self.by,)

    def _name(self, place: Place) -> str:
        return level_name(place, self.by, self.of)

    def stated(self, place: Place, key: str) -> Iterator[StatedPrior]:
        """Yield its prior."""
        of = place.scale if self.of == INTERCEPT else f"coefficient of {self.of}"
        against = f"level {self.reference}" if self.reference else "the first level"
        meaning = f"difference of the {of} between a level of {self.by} and {against}"
        name = f"{self._name(place)}_difference"
        default = rule_of_slope(place.unit, None if self.of == INTERCEPT else self.of)
        yield StatedPrior(name, f"{key}.prior", self.prior, meaning, default=default)

    def summands(self, place: Place) -> Iterator[str]:
        """Yield what it adds, as equations write it."""
        slope = "" if self.of == INTERCEPT else f" * {self.of}"
        yield f"{self._name(place)}_effect[{self.by}]{slope}"

    def definitions(self, place: Place) -> Iterator[str]:
        """Yield equations of what its summands are made of."""
        first = self.reference or f"the first level of {self.by}"
        name = self._name(place)
        yield f"{name}_effect = {name}_difference, 0 at {first}"

    def build(self, make: Make, at: At, place: Place, so_far: Array) -> None:
        """Add its unknowns to a model."""
        levels = make.levels(self.by)
        first = 0 if self.reference is None else levels.index(self.reference)
        others = tuple(level for level in levels if level != levels[first])
        name = self._name(place)
        # A dim of its own: another term of this column may compare with another level.
        make.coord(f"{name}_compared", others)
        difference = self._differences(make, place, f"{name}_difference", f"{name}_compared")
        parts = [difference[:first], make.data(f"{name}_none", [0.0]), difference[first:]]
        effect = make.join([part for k, part in enumerate(parts) if k != 0 or first > 0])
        make.deterministic(f"{name}_effect", effect, dim(self.by))

    def by_level(self, place: Place) -> tuple[str, ...]:
        """Return the names in a run of what it has for every level of its column."""
        return (f"{self._name(place)}_effect",)

    def _differences(self, make: Make, place: Place, name: str, dims: str) -> Array:
        if self.of == INTERCEPT:
            return make.prior(name, self.prior, dims)
        centred = self.centred(place.centre)
        return make.coefficient(name, self.prior, place, self.of, centred=centred, dims=dims)

    def summand(self, at: At, place: Place) -> Array:
        """Return what it adds to the sum of terms; (…, post)."""
        effect = at.pick(f"{self._name(place)}_effect", self.by)
        if self.of == INTERCEPT:
            return effect
        return effect * feature_at(at, self.of, self.centred(place.centre))


@dataclass(frozen=True)
class Monotone(Term):
    """A rise or a fall from the first level of an ordered column to its last.

    Steps of one sign, which are shares of the whole (Bürkner & Charpentier 2020, *British Journal
    of Mathematical and Statistical Psychology* 73(3)).

    Parameters
    ----------
    by
        Column with the levels.
    order
        All levels from first to last; empty for that of the table, such as that of tiers.
    prior
        Prior of the whole difference between the last level and the first.
    shares
        Prior (Dirichlet) of the steps' shares of it.
    """

    by: str
    order: tuple[str, ...]
    prior: Prior
    shares: Prior

    kind: ClassVar[str] = "monotone"
    words: ClassVar[str] = (
        "a rise, or a fall, from each level of an ordered column to the next, nowhere the other way"
    )
    keys: ClassVar[Mapping[str, str]] = {
        "by": "column with the levels",
        "order": "list of all levels, first to last; by default that of tiers, or of numbers",
        "prior": "prior of the last level less the first, on the link's scale",
        "shares": "prior of the steps' shares of it: by default every split is as likely",
    }

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the keys of its table in a spec."""
        return cls(
            by=fields.text("by"),
            order=fields.texts("order") if fields.has("order") else (),
            prior=read_prior(fields, "prior", REAL, DEFAULT),
            shares=read_prior(
                fields, "shares", SIMPLEX, Prior("dirichlet", {"concentration": 1.0})
            ),
        )

    def with_defaults(self, facts: Facts) -> Self:
        """Return the term with numbers where its priors were left to the table."""
        return replace(self, prior=facts.slope(self.prior, INTERCEPT))

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns whose levels it tells apart."""
        return (self.by,)

    def stated(self, place: Place, key: str) -> Iterator[StatedPrior]:
        """Yield its priors."""
        name = level_name(place, self.by)
        whole = f"difference of the {place.scale} between the last level of {self.by} and the first"
        default = rule_of_slope(place.unit)
        yield StatedPrior(f"{name}_whole", f"{key}.prior", self.prior, whole, default=default)
        steps = "share of it that each step from a level to the next has"
        count = len(self.order) - 1 if self.order else None
        yield StatedPrior(f"{name}_share", f"{key}.shares", self.shares, steps, count=count)

    def summands(self, place: Place) -> Iterator[str]:
        """Yield what it adds, as equations write it."""
        yield f"{level_name(place, self.by)}_effect[{self.by}]"

    def definitions(self, place: Place) -> Iterator[str]:
        """Yield equations of what its summands are made of."""
        name = level_name(place, self.by)
        yield f"{name}_effect[level k] = {name}_whole * sum of the first k - 1 of {name}_share"

    def build(self, make: Make, at: At, place: Place, so_far: Array) -> None:
        """Add its unknowns to a model."""
        name, levels = level_name(place, self.by), make.levels(self.by)
        whole = make.prior(f"{name}_whole", self.prior)
        steps = f"{dim(self.by)}_step"
        make.coord(steps, levels[1:])
        reached = [make.data(f"{name}_none", [0.0])]
        if len(levels) == 2:
            reached.append(whole[None])
        else:
            shares = make.dirichlet(f"{name}_share", self.shares.parameters["concentration"], steps)
            total = 0.0
            for k in range(len(levels) - 1):
                total = total + shares[k : k + 1]
                reached.append(whole * total)
        make.deterministic(f"{name}_effect", make.join(reached), dim(self.by))

    def by_level(self, place: Place) -> tuple[str, ...]:
        """Return the names in a run of what it has for every level of its column."""
        return (f"{level_name(place, self.by)}_effect",)

    def summand(self, at: At, place: Place) -> Array:
        """Return what it adds to the sum of terms; (…, post)."""
        return at.pick(f"{level_name(place, self.by)}_effect", self.by)


def read_by(fields: Fields) -> str:
    """Read a column, or a list of columns whose levels are taken together."""
    if isinstance(fields.values.get("by"), list):
        return ":".join(fields.texts("by"))
    return fields.text("by")
