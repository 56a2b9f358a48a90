"""The closed tables of outcome families and links: one entry each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """A function that maps the mean to the scale on which terms add up.

    Parameters
    ----------
    name, words
        Name in a spec, and what it does.
    inverse
        How equations write the mean per unit of exposure given the sum of terms.
    """

    name: str
    words: str
    inverse: str


@dataclass(frozen=True)
class Family:
    """One registered distribution of the outcome.

    Parameters
    ----------
    name, words
        Name in a spec, and which outcomes it fits.
    equation
        How equations write it, given the mean.
    links
        Links that a linear mean may have with it.
    sections
        Top-level tables of a spec that hold priors of the family's own parameters; each must be
        there, and no other may.
    """

    name: str
    words: str
    equation: str
    links: tuple[str, ...]
    sections: tuple[str, ...]


FAMILY_SECTIONS = ("dispersion",)
"""Every table of a spec that belongs to some family."""

LINKS: Mapping[str, Link] = {
    link.name: link
    for link in (
        Link("log", "terms multiply: adding 0.1 multiplies the mean by exp(0.1) = 1.105", "exp"),
    )
}

FAMILIES: Mapping[str, Family] = {
    family.name: family
    for family in (
        Family(
            "negative_binomial",
            "counts that vary more than Poisson counts do: variance = mean + mean^2 / alpha",
            "NegativeBinomial(mean, alpha), variance = mean + mean^2 / alpha",
            links=("log",),
            sections=("dispersion",),
        ),
    )
}
