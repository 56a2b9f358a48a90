"""Effects of the levels of a column, partially pooled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self, cast

import numpy as np
from numpy.typing import NDArray

from attribution.spec.defaults import DEFAULT, Facts, rule_of_sd
from attribution.spec.fields import Fields
from attribution.spec.priors import CORRELATION, POSITIVE, Prior
from attribution.spec.reading import read_prior, read_priors
from attribution.spec.statement import StatedPrior
from attribution.spec.terms.base import Array, At, Make, Place, Term, feature_at
from attribution.spec.terms.pooled import add_correlated, add_effect, roots_of, scale_of
from attribution.spec.terms.population import INTERCEPT, level_name, read_by

Floats = NDArray[np.float64]

EACH_PART = ("each part",)
ALL_PARTS = ("all parts",)

EFFECTS: Mapping[str, str] = {
    "zero_sum": "deviations that add up to 0 over the levels",
    "exchangeable": "deviations drawn from a normal distribution around 0",
    "mean_one": "multipliers drawn from a log-normal distribution with mean 1",
}


@dataclass(frozen=True)
class Group(Term):
    """Effects of the levels of a column, partially pooled.

    Parameters
    ----------
    by
        Column whose levels get an effect, e.g. ``tier``; several joined by ``:`` for the levels
        that they make together.
    of
        What varies. In a linear mean ``("intercept",)`` or names of features; in a rates mean
        ``("each part",)`` (own deviations for every part) or ``("all parts",)`` (one multiplier).
    effects
        ``zero_sum``: deviations that add up to zero over the levels; ``exchangeable``: normal
        around zero; ``mean_one``: multipliers whose population mean is 1 (log-normal with
        location ``-sd**2 / 2``).
    sd
        Prior of the standard deviation between levels (link or log scale): one that serves all
        that varies, or one for each in the order of ``of``.
    correlation
        Prior (LKJ) of the correlations between what varies; None for none.
    """

    by: str
    of: tuple[str, ...]
    effects: Literal["zero_sum", "exchangeable", "mean_one"]
    sd: Prior | tuple[Prior, ...]
    correlation: Prior | None = None

    kind: ClassVar[str] = "group"
    words: ClassVar[str] = "an effect for every level of a column, partially pooled"
    places: ClassVar[tuple[str, ...]] = ("linear", "rates", "order_value")
    keys: ClassVar[Mapping[str, str]] = {
        "by": "column whose levels differ, such as `tier`, or a list of columns for nested levels",
        "of": "what varies between the levels",
        "effects": f"how the levels are drawn: {', '.join(EFFECTS)}",
        "sd": "prior of the standard deviation between levels, on the link's scale, or a list of "
        "one for each in `of`",
        "correlation": "prior of the correlations between what varies, if there are to be any",
    }

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the keys of its table in a spec."""
        effects = fields.choice("effects", EFFECTS, "kind of effects")
        correlated = fields.has("correlation")
        return cls(
            by=read_by(fields),
            of=fields.texts("of"),
            effects=cast("Literal['zero_sum', 'exchangeable', 'mean_one']", effects),
            sd=read_priors(fields, "sd", POSITIVE, DEFAULT),
            correlation=read_prior(fields, "correlation", CORRELATION) if correlated else None,
        )

    def with_defaults(self, facts: Facts) -> Self:
        """Return the term with numbers where its priors were left to the table."""
        each = tuple(facts.sd(self.sd_of(of), of) for of in self.of)
        alike = all(one == each[0] for one in each)
        return replace(self, sd=each[0] if alike else each)

    def only(self, of: tuple[str, ...]) -> Group:
        """Return the term with only some of what varies."""
        sd = self.sd if isinstance(self.sd, Prior) else tuple(self.sd_of(one) for one in of)
        correlation = self.correlation if len(of) > 1 else None
        return replace(self, of=of, sd=sd, correlation=correlation)

    def sd_of(self, of: str) -> Prior:
        """Return the prior of the standard deviation of one thing that varies."""
        return self.sd if isinstance(self.sd, Prior) else self.sd[self.of.index(of)]

    @property
    def slopes(self) -> tuple[str, ...]:
        """Features whose coefficient varies."""
        return tuple(of for of in self.of if of not in {INTERCEPT, *EACH_PART, *ALL_PARTS})

    @property
    def features(self) -> tuple[str, ...]:
        """Features that it uses."""
        return self.slopes

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns whose levels it tells apart."""
        return (self.by,)

    def centred(self, centre: str) -> bool:
        """Whether it takes its features less their averages."""
        return centre == "all"

    def names(self, place: Place) -> tuple[tuple[str, str], ...]:
        """Return, for all that varies, its name in a run and words for it."""
        if self.of == EACH_PART:
            return ((level_name(place, self.by), "each part's rate"),)
        return tuple((level_name(place, self.by, of), _varying(of, place)) for of in self.of)

    def stated(self, place: Place, key: str) -> Iterator[StatedPrior]:
        """Yield its priors."""
        for k, (of, (name, what)) in enumerate(zip(self.of, self.names(place), strict=True)):
            meaning = f"standard deviation of {what} between {self.by} levels{place.on_scale}"
            default = rule_of_sd(place.unit, of if of in self.slopes else None)
            where = f"{key}.sd" if isinstance(self.sd, Prior) else f"{key}.sd[{k}]"
            yield StatedPrior(f"{name}_sd", where, self.sd_of(of), meaning, default=default)
        if self.correlation is not None:
            meaning = f"correlations of {', '.join(self.of)} over {self.by} levels"
            name = f"{level_name(place, self.by)}_correlation"
            found, count = self.correlation, len(self.of)
            yield StatedPrior(name, f"{key}.correlation", found, meaning, count=count)

    def summands(self, place: Place) -> Iterator[str]:
        """Yield what it adds, as equations write it."""
        for of, (name, _) in zip(self.of, self.names(place), strict=True):
            slope = "" if of == INTERCEPT else f" * {of}"
            yield f"{name}_effect[{self.by}]{slope}"

    def definitions(self, place: Place) -> Iterator[str]:
        """Yield equations of how its effects are drawn."""
        index = f"part, {self.by}" if self.of == EACH_PART else self.by
        part = "[part]" if self.of == EACH_PART else ""
        for name, _ in self.names(place):
            yield self._drawn(f"{name}_effect[{index}]", f"{name}_sd{part}")
        if self.correlation is not None:
            names = ", ".join(f"{name}_effect" for name, _ in self.names(place))
            name = f"{level_name(place, self.by)}_correlation"
            yield f"{names} are correlated over the levels of {self.by}: {name}"

    def _drawn(self, effect: str, sd: str) -> str:
        match self.effects:
            case "zero_sum":
                return f"{effect} ~ Normal(0, {sd}), adding up to 0 over the levels of {self.by}"
            case "exchangeable":
                return f"{effect} ~ Normal(0, {sd})"
            case "mean_one":
                return f"{effect} ~ Normal(-{sd}^2 / 2, {sd}), so that its exponential averages 1"

    def build(self, make: Make, at: At, place: Place, so_far: Array) -> None:
        """Add its unknowns to a model."""
        if self.correlation is not None:
            add_correlated(make, self, place, so_far)
            return
        for of in self.of:
            name = level_name(place, self.by, of)
            estimated = so_far if of == INTERCEPT and place.is_of_outcome else None
            add_effect(make, self.only((of,)), name, estimated, scale=scale_of(make, place, of))

    def by_level(self, place: Place) -> tuple[str, ...]:
        """Return the names in a run of what it has for every level of its column."""
        return tuple(f"{name}_effect" for name, _ in self.names(place))

    def of_new(
        self,
        draws: Mapping[str, Floats],
        place: Place,
        known: int,
        count: int,
        rng: np.random.Generator,
    ) -> Iterator[tuple[str, Floats]]:
        """Yield effects of levels that the fit has not seen, drawn as those that it has.

        Where effects add up to zero, a new level's is less the mean of the known ones', which is
        part of the constant: its variance is sd**2 (1 + 1 / known).

        Parameters
        ----------
        draws
            Of all unknowns.
        place
            Where the term stands.
        known, count
            Number of levels of the fit, and of new ones.
        rng
            What to draw with.

        Yields
        ------
        tuple
            Name in a run, and effects; (draw, new level).
        """
        base = level_name(place, self.by)
        sds = [draws[f"{name}_sd"][:, None] for name, _ in self.names(place)]
        z = rng.normal(size=(len(sds), len(sds[0]), count))
        if self.correlation is not None:
            z = np.einsum("dab,bdl->adl", roots_of(draws[f"{base}_correlation"], len(sds)), z)
        for sd, normal, name in zip(sds, z, self.by_level(place), strict=True):
            mean = -(sd**2) / 2.0 if self.effects == "mean_one" else 0.0
            more = np.sqrt(1.0 + 1.0 / known) if self.effects == "zero_sum" else 1.0
            yield name, mean + more * sd * normal

    def summand(self, at: At, place: Place) -> Array:
        """Return what it adds to the sum of terms; (…, post)."""
        total = None
        for of in self.of:
            effect = at.pick(f"{level_name(place, self.by, of)}_effect", self.by)
            if of != INTERCEPT:
                effect = effect * feature_at(at, of, self.centred(place.centre))
            total = effect if total is None else total + effect
        return total


def _varying(of: str, place: Place) -> str:
    if of == INTERCEPT:
        if place.section == "paying":
            return "the share of orders that keep net revenue"
        return "the mean order value" if place.section == "order_value" else place.about
    return "all rates together" if " " in of else f"the slope of {of}"
