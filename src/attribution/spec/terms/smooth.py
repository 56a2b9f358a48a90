"""Smooth curves of a feature: penalised splines and Gaussian processes.

Each is a sum of fixed functions of the feature with unknown coefficients. The functions are made by
:mod:`attribution.design.bases` from what is stated here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from attribution.spec.defaults import DEFAULT, Facts, rule_of_sd, rule_of_slope
from attribution.spec.fields import Fields
from attribution.spec.priors import POSITIVE, REAL, Prior
from attribution.spec.reading import read_prior
from attribution.spec.statement import StatedPrior
from attribution.spec.terms.base import Array, At, Make, Place, Term

SPLINE_FUNCTIONS = (4, 40)
GP_FUNCTIONS = (5, 60)
"""Least and most functions of a basis."""

SINES, BOUNDARY = 25, 2.5
"""Default basis: the covariance of a process of standard deviation 1 is within 0.06 for length
scales of 0.3 to 2 standard deviations of the feature, nine tenths of the default prior, and within
0.003 between 0.5 and 1.5."""

LENGTH_SCALE = Prior("log_normal", {"mu": 0.0, "sigma": 0.5})
"""Default: a curve bends over about one standard deviation of the feature."""

FEATURE = "name of a feature under [features], or of a column"


@dataclass(frozen=True)
class Smooth(Term):
    """A curve of a feature: fixed functions of it times coefficients that share a spread.

    Parameters
    ----------
    feature
        The feature.
    functions
        Number of functions.
    sd
        Prior of the standard deviation that the coefficients share, link scale.
    """

    feature: str
    functions: int
    sd: Prior

    spread: ClassVar[str]

    @property
    def features(self) -> tuple[str, ...]:
        """Features that it uses."""
        return (self.feature,)

    def centred(self, centre: str) -> bool:
        """Whether it takes its feature less its average: never, as it standardises it."""
        return False

    def with_defaults(self, facts: Facts) -> Self:
        """Return the term with numbers where its priors were left to the table."""
        return replace(self, sd=facts.sd(self.sd, ""))

    def name(self, place: Place) -> str:
        """Return its name in a run, which is that of its basis."""
        return f"{place.prefix}{self.feature}_{self.kind}"

    def stated(self, place: Place, key: str) -> Iterator[StatedPrior]:
        """Yield its priors."""
        meaning, default = f"{self.spread}{place.on_scale}", rule_of_sd(place.unit)
        name = f"{self.name(place)}_sd"
        yield StatedPrior(name, f"{key}.sd", self.sd, meaning, default=default)

    def summands(self, place: Place) -> Iterator[str]:
        """Yield what it adds, as equations write it."""
        yield f"{self.name(place)}({self.feature})"

    def summand(self, at: At, place: Place) -> Array:
        """Return what it adds to the sum of terms; (…, post)."""
        return at.dot(f"{self.name(place)}_coefficient", self.name(place))


@dataclass(frozen=True)
class Spline(Smooth):
    """A penalised spline: a straight line plus bends, which are pooled towards none.

    Cubic B-splines with equal steps between knots and a penalty on second differences (Eilers &
    Marx 1996), as a mixed model (Wood 2017, section 5.8): the line has a coefficient of its own,
    bends are normal with a standard deviation to be estimated.

    Parameters
    ----------
    slope
        Prior of the line's coefficient, link scale per standard deviation of the feature.
    """

    slope: Prior

    kind: ClassVar[str] = "spline"
    words: ClassVar[str] = "a smooth curve of a feature: a straight line plus bends, pooled to none"
    spread: ClassVar[str] = "standard deviation of the curve's bends"
    keys: ClassVar[Mapping[str, str]] = {
        "feature": FEATURE,
        "functions": "number of B-splines, 4 to 40; 10 by default",
        "slope": "prior of the line's coefficient, per standard deviation of the feature",
        "sd": "prior of the standard deviation of bends, on the link's scale",
    }

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the keys of its table in a spec."""
        return cls(
            feature=fields.text("feature"),
            functions=fields.whole("functions", SPLINE_FUNCTIONS, 10),
            slope=read_prior(fields, "slope", REAL, DEFAULT),
            sd=read_prior(fields, "sd", POSITIVE, DEFAULT),
        )

    def with_defaults(self, facts: Facts) -> Self:
        """Return the term with numbers where its priors were left to the table."""
        return replace(super().with_defaults(facts), slope=facts.slope(self.slope, ""))

    def stated(self, place: Place, key: str) -> Iterator[StatedPrior]:
        """Yield its priors."""
        line = f"change of the {place.scale} per standard deviation of {self.feature}, bends aside"
        name, default = f"{self.name(place)}_slope", rule_of_slope(place.unit)
        yield StatedPrior(name, f"{key}.slope", self.slope, line, default=default)
        yield from super().stated(place, key)

    def definitions(self, place: Place) -> Iterator[str]:
        """Yield equations of what its summands are made of."""
        name = self.name(place)
        yield (
            f"{name}(x) = {name}_slope * (x - average) / sd + {self.functions - 2} bends, "
            f"each ~ Normal(0, {name}_sd)"
        )

    def build(self, make: Make, at: At, place: Place, so_far: Array) -> None:
        """Add its unknowns to a model."""
        name = self.name(place)
        slope = make.prior(f"{name}_slope", self.slope)
        sd = make.prior(f"{name}_sd", self.sd)
        numbers = [str(k + 1) for k in range(self.functions - 2)]
        make.coord(f"{name}_bend", numbers)
        told = make.told_of_basis(name)[1:]
        bends = _normal(make, place, name, sd, told, f"{name}_bend")
        make.coord(f"{name}_function", ["line", *numbers])
        make.deterministic(
            f"{name}_coefficient", make.join([slope[None], bends]), f"{name}_function"
        )


@dataclass(frozen=True)
class GaussianProcess(Smooth):
    """A Gaussian process of a feature, approximated in a Hilbert space.

    Exponentiated quadratic covariance, as a sum of sines on an interval around the feature's values
    (Solin & Särkkä 2020; Riutort-Mayol et al. 2023, *Statistics and Computing* 33).

    Parameters
    ----------
    boundary
        Half width of the interval over that of the feature's values.
    length_scale
        Prior of the length scale, in standard deviations of the feature.
    """

    boundary: float
    length_scale: Prior

    kind: ClassVar[str] = "gp"
    words: ClassVar[str] = "a smooth curve of a feature: a Gaussian process in a Hilbert space"
    spread: ClassVar[str] = "standard deviation of the curve"
    keys: ClassVar[Mapping[str, str]] = {
        "feature": FEATURE,
        "functions": f"number of sines that make the curve, 5 to 60; {SINES} by default",
        "boundary": "half width of the sines' interval over that of the feature; "
        f"{BOUNDARY} by default",
        "length_scale": "prior of the length scale, in standard deviations of the feature",
        "sd": "prior of the curve's standard deviation, on the link's scale",
    }

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the keys of its table in a spec."""
        return cls(
            feature=fields.text("feature"),
            functions=fields.whole("functions", GP_FUNCTIONS, SINES),
            boundary=_boundary(fields),
            length_scale=read_prior(fields, "length_scale", POSITIVE, LENGTH_SCALE),
            sd=read_prior(fields, "sd", POSITIVE, DEFAULT),
        )

    def stated(self, place: Place, key: str) -> Iterator[StatedPrior]:
        """Yield its priors."""
        length = f"length scale of the curve, in standard deviations of {self.feature}"
        name = f"{self.name(place)}_length_scale"
        yield StatedPrior(name, f"{key}.length_scale", self.length_scale, length)
        yield from super().stated(place, key)

    def definitions(self, place: Place) -> Iterator[str]:
        """Yield equations of what its summands are made of."""
        name = self.name(place)
        yield (
            f"{name} ~ GP(0, {name}_sd^2 exp(-d^2 / (2 {name}_length_scale^2))), d the distance in "
            f"standard deviations of {self.feature}; {self.functions} sines"
        )

    def build(self, make: Make, at: At, place: Place, so_far: Array) -> None:
        """Add its unknowns to a model."""
        name, f = self.name(place), make.f
        length = make.prior(f"{name}_length_scale", self.length_scale)
        sd = make.prior(f"{name}_sd", self.sd)
        own = f"{name}_function"
        make.coord(own, [str(k + 1) for k in range(self.functions)])
        frequency = make.data(f"{name}_frequency", make.basis(name).frequencies, own)
        # Square root of the spectral density of the covariance at the sines' frequencies.
        root = sd * f.sqrt(length) * 2.5066282746310002**0.5
        root = root * f.exp(-0.25 * (length * frequency) ** 2)
        sines = _normal(make, place, name, root, make.told_of_basis(name), own)
        make.deterministic(f"{name}_coefficient", sines, own)


def _boundary(fields: Fields) -> float:
    """Read how far the sines reach; the usual way where the key is absent."""
    stated = fields.number("boundary") if fields.has("boundary") else BOUNDARY
    if stated is not None and stated <= 1.0:
        key = fields.key("boundary")
        fields.notes.add("impossible value", key, value=stated, expected="above 1")
    return BOUNDARY if stated is None else stated


def _normal(make: Make, place: Place, name: str, sd: Array, told: Array, dims: str) -> Array:
    """Add coefficients that are Normal(0, sd); (function,).

    Sampled in units of the standard deviation that they would have given the data and sd alone,
    sd / sqrt(1 + sd**2 * told): non-centred where the data tell little, centred where they tell
    much. The prior does not depend on that.
    """
    if not place.is_of_outcome:
        told = 0.0 * told
    spread = make.f.sqrt(1.0 + sd**2 * make.data(f"{name}_information", told, dims))
    return sd / spread * make.normal(f"{name}_z", 0.0, spread, dims)
