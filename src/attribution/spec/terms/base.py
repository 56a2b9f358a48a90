"""What every kind of term says about itself.

A kind of term is one class: how a spec states it, in which words it is told, which unknowns it
adds to a model and what it adds to the sum of terms. The sum is written once, over :class:`At`, and
serves the model and what is computed from its draws.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

from attribution.spec.defaults import Facts
from attribution.spec.fields import Fields
from attribution.spec.links import LINKS
from attribution.spec.priors import Prior
from attribution.spec.statement import StatedPrior

Array = Any
"""Numbers of NumPy, draws first where they are drawn, or a tensor of PyTensor."""

CENTRES = ("all", "intercept", "none")
"""What is centred: all features; only those that the intercept is stated at; none."""


@dataclass(frozen=True)
class Place:
    """Where a term stands.

    Parameters
    ----------
    section
        Section of the spec: ``mean``, ``dispersion``, ``zero_inflation``, …
    prefix
        What names of its unknowns begin with; empty for the mean.
    scale
        Words for the scale on which its terms add up, such as ``log mean``.
    constant
        Words for what the sum is about, such as ``log of conversions per unit of reach``.
    exp_unit
        Where that is a logarithm, what its exponential is.
    centre
        One of :data:`CENTRES`.
    location, unit
        Words for where a default prior expects the constant, and for what one unit of the scale
        is to it: ``1``, or with an identity link the outcome's standard deviation.
    """

    section: str
    prefix: str
    scale: str
    constant: str
    exp_unit: str | None = None
    centre: str = "all"
    location: str = "0"
    unit: str = "1"

    @property
    def is_of_outcome(self) -> bool:
        """Whether terms add up to a mean, of which each level's outcomes are an estimate."""
        return self.section in ("mean", "order_value")

    @property
    def on_scale(self) -> str:
        """Words after an amount on that scale; empty where it is the mean itself."""
        link = self.scale.split()[0]
        return f", {link} scale" if link in LINKS else ""

    @property
    def about(self) -> str:
        """Words for what the sum of terms is about, its link aside."""
        return "the mean" if self.section == "mean" else self.scale.split()[-1]


class At(Protocol):
    """The posts that terms are added up at; every array has the posts as its last dim."""

    def value(self, name: str) -> Array:
        """Return an unknown that is one number, to be multiplied with what each post has."""

    def feature(self, name: str) -> Array:
        """Return a feature less its centre."""

    def centre(self, name: str) -> Array:
        """Return the centre of a feature."""

    def pick(self, name: str, column: str) -> Array:
        """Return of an unknown with a value for each level that of each post's level."""

    def dot(self, name: str, basis: str) -> Array:
        """Return the sum of a basis's functions at each post, times an unknown for each."""


class Make(Protocol):
    """Adds unknowns to a model."""

    def prior(self, name: str, prior: Prior, dims: str | None = None) -> Array:
        """Add an unknown with a stated prior."""

    def coefficient(
        self,
        name: str,
        prior: Prior,
        place: Place,
        feature: str,
        *,
        centred: bool,
        dims: str | None = None,
    ) -> Array:
        """Add coefficients of a feature, with a stated prior: sampled in the feature's units."""

    def normal(self, name: str, mu: Array, sigma: Array, dims: str | tuple[str, ...]) -> Array:
        """Add normal unknowns."""

    def zero_sum_normal(self, name: str, sigma: Array, dims: str | tuple[str, ...]) -> Array:
        """Add normal unknowns whose sum over the last dim is zero."""

    def dirichlet(self, name: str, concentration: float, dims: str) -> Array:
        """Add shares that add up to 1."""

    def beta(self, name: str, alpha: Array, dims: str) -> Array:
        """Add unknowns between 0 and 1, beta with both parameters alike."""

    def share(self, name: str, prior: Prior, location: Array, sd: Array) -> Array:
        """Add an unknown share with a stated prior, whose logit is known to about so much else."""

    def shares(
        self,
        name: str,
        dims: str,
        alpha: Array,
        beta: Array,
        successes: Array = 0.0,
        failures: Array = 0.0,
    ) -> Array:
        """Add unknown shares, each Beta(alpha, beta), of which about so many trials tell."""

    def observed(
        self, name: str, distribution: str, values: Any, dims: str | None, **parameters: Array
    ) -> None:
        """Add data that are not the outcome, of a distribution by its name in PyMC."""

    def positions(self, name: str, values: Any) -> Array:
        """Add known positions, whole numbers."""

    def scores(self) -> Any:
        """Return what is known of audiences' credibility: ``design.types.Scores``, or None."""

    def deterministic(self, name: str, value: Array, dims: str | tuple[str, ...] | None) -> Array:
        """Name a quantity that follows from unknowns, to be kept of each draw."""

    def data(self, name: str, values: Any, dims: str | None = None) -> Array:
        """Add known numbers."""

    def coord(self, name: str, levels: Sequence[str]) -> None:
        """Add a dim."""

    def levels(self, column: str) -> tuple[str, ...]:
        """Return the levels of a grouping column."""

    def group(self, column: str) -> Any:
        """Return what is known of a grouping column: see ``design.types.GroupIndex``."""

    def basis(self, name: str) -> Any:
        """Return what is known of a basis: see ``design.types.Basis``."""

    def join(self, parts: Sequence[Array]) -> Array:
        """Return numbers and vectors one after another."""

    def level_means(self, name: str, column: str, values: Array) -> Array:
        """Return weighted averages over each level's posts, weights by how much a post tells."""

    def mean_square(self, name: str) -> Any:
        """Return the average square of a feature."""

    def told_of_basis(self, name: str) -> Any:
        """Return what the data tell of the coefficient of each function of a basis; (function,)."""

    def told_alike(self, column: str, least: float) -> Any:
        """Return the harmonic mean over levels of what the data tell, each at least ``least``."""

    f: Any


class Term:
    """One term of a sum."""

    kind: ClassVar[str]
    words: ClassVar[str]
    places: ClassVar[tuple[str, ...]] = ("linear",)
    keys: ClassVar[Mapping[str, str]]

    @classmethod
    @abstractmethod
    def read(cls, fields: Fields) -> Self:
        """Read the keys of its table in a spec."""

    @property
    def features(self) -> tuple[str, ...]:
        """Features that it uses."""
        return ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns whose levels it tells apart."""
        return ()

    def centred(self, centre: str) -> bool:
        """Whether it takes its features less their averages, given one of :data:`CENTRES`."""
        return centre != "none"

    def stated(self, place: Place, key: str) -> Iterator[StatedPrior]:
        """Yield its priors, with the names of their parameters in a run."""
        yield from ()

    def summands(self, place: Place) -> Iterator[str]:
        """Yield what it adds, as equations write it."""
        yield from ()

    def definitions(self, place: Place) -> Iterator[str]:
        """Yield equations of what its summands are made of."""
        yield from ()

    def by_level(self, place: Place) -> tuple[str, ...]:
        """Return the names in a run of what it has for every level of its column."""
        return ()

    def build(self, make: Make, at: At, place: Place, so_far: Array) -> None:
        """Add its unknowns to a model.

        Parameters
        ----------
        make
            Adds them.
        at
            The posts.
        place
            Where it stands.
        so_far
            Sum of the terms before it; (post,).
        """

    @abstractmethod
    def summand(self, at: At, place: Place) -> Array:
        """Return what it adds to the sum of terms; (…, post)."""

    def with_defaults(self, facts: Facts) -> Self:
        """Return the term with numbers where its priors were left to the table."""
        return self


def dim(column: str) -> str:
    """Return the name in a run for a grouping column: ``creator_id`` gives ``creator``.

    Columns that are told apart together, ``county:year``, are joined: ``county_year``.
    """
    return "_".join(part.removesuffix("_id") for part in column.split(":"))


def feature_at(at: At, name: str, centred: bool) -> Array:
    """Return a feature less its centre, or as it is."""
    return at.feature(name) if centred else at.feature(name) + at.centre(name)
