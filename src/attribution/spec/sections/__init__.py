"""The closed table of optional sections of a spec: one class each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from attribution.spec.sections.authenticity import Authenticity
from attribution.spec.sections.base import Array, Section, Value
from attribution.spec.sections.capture import Capture, Survey
from attribution.spec.sections.experiments import Experiments, LiftTest, realised

SECTIONS: Mapping[str, type[Section]] = {
    section.name: section for section in (Authenticity, Capture, Experiments)
}
"""Every optional section by its table in a file."""


class Stated(Protocol):
    """A spec with the sections that say how many orders come for each recorded one."""

    @property
    def capture(self) -> Capture | None:
        """The section on capture."""

    @property
    def experiments(self) -> Experiments | None:
        """The section on experiments."""


def brought(spec: Stated, value: Value) -> Array | None:
    """Return the orders that posts bring for each recorded one, None where a spec says nothing.

    Parameters
    ----------
    value
        Gives an unknown by its name in a run.
    """
    if spec.capture is not None:
        return spec.capture.brought(value)
    return None if spec.experiments is None else spec.experiments.brought(value)


__all__ = [
    "SECTIONS",
    "Authenticity",
    "Capture",
    "Experiments",
    "LiftTest",
    "Section",
    "Survey",
    "brought",
    "realised",
]
