"""How the effect of a post wears off: the closed table of adstocks.

An adstock says which share of an effect comes on each day after the post. All are differences of a
survival function S(age), the share of the effect that is still to come at that age,

    w[l] = (S(l) - S(l + 1)) / (1 - S(days)),  l = 0 … days - 1,

so that the weights add up to 1 over the days that are looked at. The formulas are written once,
for tensors of a model and arrays of its draws.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from attribution.spec.fields import Fields
from attribution.spec.links import Functions
from attribution.spec.priors import POSITIVE, Prior
from attribution.spec.reading import read_prior
from attribution.spec.statement import StatedPrior

Array = Any
"""Numbers of NumPy, draws first, or a tensor of PyTensor."""

Value = Callable[[str], Array]
"""Gives an unknown that is one number by its name in a run; draws as a column."""

HALF_LIFE, STEEPNESS = "half_life", "steepness"
"""Names of the unknowns in a run."""

BEGINNING = 1e-300
"""Age, in days, that stands for 0, whose logarithm there is none of."""


@dataclass(frozen=True)
class Ages:
    """Logarithms of ages in days; arrays or tensors.

    Parameters
    ----------
    start, end
        At which each day after the post begins and ends; (lag,).
    last
        At which the last of them ends.
    """

    start: Array
    end: Array
    last: Array


class Adstock:
    """One way in which an effect wears off.

    ``kind`` is its name in a spec, ``words`` what it is, ``keys`` what each key means.
    """

    kind: ClassVar[str]
    words: ClassVar[str]
    keys: ClassVar[Mapping[str, str]]

    @classmethod
    @abstractmethod
    def read(cls, fields: Fields) -> Self:
        """Read the keys of its table in a spec."""

    @abstractmethod
    def stated(self) -> Iterator[StatedPrior]:
        """Yield its priors, with the names of their parameters in a run."""

    @property
    @abstractmethod
    def equation(self) -> str:
        """S(age), as plain text."""

    @abstractmethod
    def survival(self, f: Functions, log_age: Array, value: Value) -> Array:
        """Return the share of an effect that is still to come, given the logarithm of its age."""

    def weights(self, f: Functions, ages: Ages, value: Value) -> Array:
        """Return the share of an effect that comes on each day; (…, lag), adds up to 1."""
        start, end, last = (
            self.survival(f, age, value) for age in (ages.start, ages.end, ages.last)
        )
        return (start - end) / (1.0 - last)


@dataclass(frozen=True)
class Geometric(Adstock):
    """Each day has the same share of what was left: S(age) = 2 ** (-age / half_life)."""

    half_life: Prior

    kind: ClassVar[str] = "geometric"
    words: ClassVar[str] = (
        "each day brings the same share of what is still to come: most on the day of the post"
    )
    keys: ClassVar[Mapping[str, str]] = {
        "half_life": "prior of the days until half of the effect has come",
    }

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the keys of its table in a spec."""
        return cls(read_prior(fields, HALF_LIFE, POSITIVE))

    def stated(self) -> Iterator[StatedPrior]:
        """Yield its prior."""
        yield _half_life(self.half_life)

    @property
    def equation(self) -> str:
        """S(age), as plain text."""
        return f"2 ** (-age / {HALF_LIFE})"

    def survival(self, f: Functions, log_age: Array, value: Value) -> Array:
        """Return the share of an effect that is still to come."""
        return _left(f, log_age - f.log(value(HALF_LIFE)))


@dataclass(frozen=True)
class Weibull(Adstock):
    """S(age) = 2 ** (-(age / half_life) ** steepness), a Weibull stated by its median."""

    half_life: Prior
    steepness: Prior

    kind: ClassVar[str] = "weibull"
    words: ClassVar[str] = (
        "as geometric where steepness is 1; below 1 quick at first with a long tail, above 1 with "
        "its peak some days after the post"
    )
    keys: ClassVar[Mapping[str, str]] = {
        "half_life": "prior of the days until half of the effect has come",
        "steepness": "prior of the Weibull's shape",
    }

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the keys of its table in a spec."""
        half_life = read_prior(fields, HALF_LIFE, POSITIVE)
        return cls(half_life, read_prior(fields, STEEPNESS, POSITIVE))

    def stated(self) -> Iterator[StatedPrior]:
        """Yield its priors."""
        yield _half_life(self.half_life)
        words = "shape of the Weibull: 1 geometric, below 1 a longer tail, above 1 a later peak"
        yield StatedPrior(STEEPNESS, f"mean.adstock.{STEEPNESS}", self.steepness, words)

    @property
    def equation(self) -> str:
        """S(age), as plain text."""
        return f"2 ** (-(age / {HALF_LIFE}) ** {STEEPNESS})"

    def survival(self, f: Functions, log_age: Array, value: Value) -> Array:
        """Return the share of an effect that is still to come."""
        return _left(f, value(STEEPNESS) * (log_age - f.log(value(HALF_LIFE))))


def _left(f: Functions, log_halvings: Array) -> Array:
    """Return 2 to the power of minus a number of halvings, given its logarithm."""
    return f.exp(-math.log(2.0) * f.exp(log_halvings))


def _half_life(prior: Prior) -> StatedPrior:
    words = "days until half of a post's effect has come"
    return StatedPrior(HALF_LIFE, f"mean.adstock.{HALF_LIFE}", prior, words)


ADSTOCKS: Mapping[str, type[Adstock]] = {adstock.kind: adstock for adstock in (Geometric, Weibull)}
"""Every adstock by its kind in a spec."""
