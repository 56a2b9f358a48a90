"""What every optional section of a spec says about itself.

A section adds unknowns, and data of another kind, to a model of counts: what share of orders is
recorded, how much engagement is fake, what experiments measured. It is one class: how a spec
states it, in which words it is told, and what it adds to a model. What it does to expected orders
is written once, over values that are tensors in the model and arrays of its draws.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Self

from attribution.spec.fields import Fields
from attribution.spec.statement import StatedPrior
from attribution.spec.terms import Make

Array = Any
"""Numbers of NumPy, draws first where they are drawn, or a tensor of PyTensor."""

Value = Callable[[str], Array]
"""Gives an unknown that is one number by its name in a run."""


class Section:
    """One optional section.

    ``name`` is its table in a file, ``words`` what it is, ``keys`` what each key means.
    """

    name: ClassVar[str]
    words: ClassVar[str]
    keys: ClassVar[Mapping[str, str]]

    @classmethod
    @abstractmethod
    def read(cls, fields: Fields) -> Self:
        """Read the keys of its table in a spec."""

    @abstractmethod
    def stated(self) -> Iterator[StatedPrior]:
        """Yield its priors, with the names of their parameters in a run."""

    @abstractmethod
    def equations(self) -> Iterator[str]:
        """Yield its equations as plain text."""

    @property
    def columns(self) -> Iterator[tuple[str, str]]:
        """Dotted key and name of each column that it needs of the table."""
        yield from ()

    @property
    def groupings(self) -> Iterator[tuple[str, str]]:
        """Dotted key and name of each column whose levels it tells apart."""
        yield from ()

    @abstractmethod
    def build(self, make: Make) -> None:
        """Add its unknowns, and what is known of them apart from orders, to a model."""
