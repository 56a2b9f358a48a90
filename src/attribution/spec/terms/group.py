"""Effects of the levels of a column, partially pooled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import ClassVar, Literal, Self, cast

import numpy as np
from numpy.typing import NDArray

from attribution.spec.defaults import DEFAULT, Facts, rule_of_sd
from attribution.spec.fields import Fields
from attribution.spec.priors import CORRELATION, POSITIVE, Prior
from attribution.spec.reading import read_prior, read_priors
from attribution.spec.statement import StatedPrior
from attribution.spec.terms.base import Array, At, Make, Place, Term, dim, feature_at
from attribution.spec.terms.population import INTERCEPT, level_name, read_by

Floats = NDArray[np.float64]

EACH_PART = ("each part",)
ALL_PARTS = ("all parts",)

EFFECTS: Mapping[str, str] = {
    "zero_sum": "deviations that add up to 0 over the levels",
    "exchangeable": "deviations drawn from a normal distribution around 0",
    "mean_one": "multipliers drawn from a log-normal distribution with mean 1",
}

LEAST_TOLD = 0.1
"""Information that is taken for a level of which the data tell next to nothing."""


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
            _correlated(make, self, place, so_far)
            return
        for of in self.of:
            name = level_name(place, self.by, of)
            estimated = so_far if of == INTERCEPT and place.is_of_outcome else None
            add_effect(make, self.only((of,)), name, estimated, scale=_scale(make, place, of))

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
            z = np.einsum("dab,bdl->adl", _roots(draws[f"{base}_correlation"], len(sds)), z)
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


def _scale(make: Make, place: Place, of: str) -> Array:
    """Return what multiplies what the data tell of a level's mean to give what they tell of this.

    Of an own parameter of the family they tell little: its effects are sampled uncentred.
    """
    if not place.is_of_outcome:
        return 0.0
    return 1.0 if of == INTERCEPT else make.mean_square(of)


def add_effect(
    make: Make, term: Group, name: str, so_far: Array | None, scale: Array = 1.0
) -> Array:
    """Add effects of the one thing that a term varies between levels; (level,).

    Parameters
    ----------
    so_far
        Sum of the terms before it, (row,), which says what the data leave to the levels; None for
        a slope, of which there is no estimate.
    scale
        Multiplies what the data tell of a level.
    """
    if term.effects == "zero_sum":
        return add_zero_sum(make, term, name, scale=scale)
    return _exchangeable(make, term, name, so_far, scale)


def add_zero_sum(
    make: Make, term: Group, name: str, parts: str | None = None, scale: Array = 1.0
) -> Array:
    """Add deviations of a group's levels that add up to zero; dims (level,) or (part, level).

    Sampled in units of the standard deviation that they would have given the data and the spread,
    sd / sqrt(1 + t) with t = sd**2 times what the data tell: non-centred where the spread is
    small, centred where it is large. The prior, zero-sum normal with sd, does not depend on that.
    Levels are scaled alike, by the harmonic mean of what is told of each, for their sum to be zero.

    ``scale`` multiplies the information.
    """
    own = dim(term.by)
    dims = (own,) if parts is None else (parts, own)
    sd = make.prior(f"{name}_sd", term.sd_of(term.of[0]), parts)
    told = sd**2 * scale * make.data(f"{name}_information", make.told_alike(term.by, LEAST_TOLD))
    spread = make.f.sqrt(1.0 + told)
    if parts is not None:
        sd, spread = sd[:, None], spread[:, None]
    z = make.zero_sum_normal(f"{name}_z", spread, dims)
    return make.deterministic(f"{name}_effect", sd / spread * z, dims)


def _exchangeable(make: Make, term: Group, name: str, so_far: Array | None, scale: Array) -> Array:
    """Add normal effects of a group's levels on the link's scale; dims (level,).

    Sampled is the effect less its mean, over its standard deviation, in the distribution that it
    would have given the level's own data and all other unknowns: with t = sd**2 times what the
    data tell, Normal(k d, sd / sqrt(1 + t)), where k = t / (1 + t) and d is how far the level's
    estimate lies from what the rest of the model says of it. This is centred where the data tell
    much, non-centred where they tell nothing, level by level and whatever the spread
    (Papaspiliopoulos, Roberts & Sköld 2007). The prior of the effect, Normal(0, sd), or
    Normal(-sd**2 / 2, sd) for a multiplier whose mean is one, does not depend on what the data
    tell.
    """
    sd = make.prior(f"{name}_sd", term.sd_of(term.of[0]))
    mean = -(sd**2) / 2.0 if term.effects == "mean_one" else 0.0
    effect = mean + sd * _standard(make, term.by, name, sd, so_far, scale, mean)
    return make.deterministic(f"{name}_effect", effect, dim(term.by))


def _standard(
    make: Make,
    by: str,
    name: str,
    sd: Array,
    so_far: Array | None,
    scale: Array,
    mean: Array = 0.0,
) -> Array:
    """Return standard normal deviations of levels, sampled as :func:`_exchangeable` says."""
    own, group = dim(by), make.group(by)
    told = sd**2 * scale * make.data(f"{name}_information", group.information, own)
    spread = make.f.sqrt(1.0 + told)
    shift = 0.0
    if so_far is not None:
        location = make.level_means(name, by, so_far)
        off = make.data(f"{name}_estimate", group.estimate, own) - location - mean
        shift = told / (1.0 + told) * off / sd
    raw = make.normal(f"{name}_raw", -shift * spread, spread, own)
    return shift + raw / spread


def _correlated(make: Make, term: Group, place: Place, so_far: Array) -> None:
    """Add effects that are correlated over the levels: sd times a Cholesky factor times z.

    The correlation matrix is LKJ(eta): partial correlations of a C-vine are independent, that of
    two given k others beta on -1 to 1 with both parameters eta + (K - 2 - k) / 2 (Lewandowski,
    Kurowicka & Joe 2009, *Journal of Multivariate Analysis* 100(9), theorem 1 and section 2.4).
    """
    base, count = level_name(place, term.by), len(term.of)
    eta = cast("Prior", term.correlation).parameters["eta"]
    pairs = list(combinations(range(count), 2))
    given = [min(pair) for pair in pairs]
    own = f"{place.prefix}{dim(term.by)}_pair"
    make.coord(own, [f"{term.of[a]}, {term.of[b]}" for a, b in pairs])
    concentration = [eta + (count - 2 - k) / 2.0 for k in given]
    share = make.beta(f"{base}_partial", make.data(f"{base}_partial_beta", concentration), own)
    factor = cholesky(make, [2.0 * share[k] - 1.0 for k in range(len(pairs))], pairs, count)
    z: list[Array] = []
    sds: list[Array] = []
    for of in term.of:
        name = level_name(place, term.by, of)
        sd = make.prior(f"{name}_sd", term.sd_of(of))
        first = of == INTERCEPT and not z and place.is_of_outcome
        scale = _scale(make, place, of)
        z.append(_standard(make, term.by, name, sd, so_far if first else None, scale))
        sds.append(sd)
    for row, of in enumerate(term.of):
        together = sum(factor[row][k] * z[k] for k in range(row + 1))
        name = level_name(place, term.by, of)
        make.deterministic(f"{name}_effect", sds[row] * together, dim(term.by))
    found = [sum(factor[a][k] * factor[b][k] for k in range(a + 1)) for a, b in pairs]
    make.deterministic(f"{base}_correlation", make.join([one[None] for one in found]), own)


def _roots(correlations: Floats, count: int) -> Floats:
    """Return a square root of each correlation matrix, from its pairs; (draw, count, count)."""
    whole = np.broadcast_to(np.eye(count), (len(correlations), count, count)).copy()
    for k, (a, b) in enumerate(combinations(range(count), 2)):
        whole[:, a, b] = whole[:, b, a] = correlations[:, k]
    values, vectors = np.linalg.eigh(whole)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :])


def cholesky(
    make: Make, partial: list[Array], pairs: list[tuple[int, int]], count: int
) -> list[list[Array]]:
    """Return the Cholesky factor of the correlation matrix with these partial correlations.

    ``partial[k]`` is that of ``pairs[k]`` = (a, b), a < b, given all before a. Row b of the factor
    is its partial correlations times what the ones before have left of its length.
    """
    of = dict(zip(pairs, partial, strict=True))
    rows: list[list[Array]] = []
    for b in range(count):
        left: Array = 1.0
        row = []
        for a in range(b):
            row.append(of[a, b] * left)
            left = left * make.f.sqrt(1.0 - of[a, b] ** 2)
        rows.append([*row, left])
    return rows
