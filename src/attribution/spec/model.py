"""A model spec as frozen data: what one TOML file of the catalogue declares.

Nothing here is evaluated or imported from a file; the parser fills these classes from closed
registries and the builder turns them into a model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Prior:
    """A prior distribution by its registered name, e.g. ``normal`` with ``mu`` and ``sigma``."""

    name: str
    parameters: Mapping[str, float]


@dataclass(frozen=True)
class Outcome:
    """The count that the model explains.

    Parameters
    ----------
    column
        Column of the analysis table, e.g. ``conversions``.
    family
        Registered family, e.g. ``negative_binomial``.
    exposure
        Column with the number of people who could have seen the post, e.g. ``reach``.
    """

    column: str
    family: str
    exposure: str


@dataclass(frozen=True)
class Feature:
    """A predictor made row by row from columns by a Polars SQL expression."""

    name: str
    expression: str


@dataclass(frozen=True)
class Intercept:
    """The constant of the linear predictor, at average features (link scale)."""

    prior: Prior


@dataclass(frozen=True)
class Linear:
    """A coefficient on one feature (link scale, per unit of the feature)."""

    feature: str
    prior: Prior


@dataclass(frozen=True)
class Group:
    """Effects of the levels of a column, partially pooled.

    Parameters
    ----------
    by
        Column whose levels get an effect, e.g. ``tier``.
    of
        What varies. In a linear mean ``("intercept",)`` or names of features; in a rates mean
        ``("each part",)`` (own deviations for every part) or ``("all parts",)`` (one multiplier).
    effects
        ``zero_sum``: deviations that add up to zero over the levels; ``exchangeable``: normal
        around zero; ``mean_one``: multipliers whose population mean is 1 (log-normal with
        location ``-sd**2 / 2``).
    sd
        Prior of the standard deviation between levels (link or log scale).
    """

    by: str
    of: tuple[str, ...]
    effects: Literal["zero_sum", "exchangeable", "mean_one"]
    sd: Prior


Term = Intercept | Linear | Group


@dataclass(frozen=True)
class LinearMean:
    """Mean = exposure * inverse link of the sum of terms."""

    link: str
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class RatesMean:
    """Mean = multiplier * sum over parts of (rate of the part * its signal).

    Parameters
    ----------
    parts
        Columns whose amounts bring conversions; the first is the outcome's exposure.
    rate
        Prior of the log of all conversions per unit of exposure at the table's average mix.
    shares
        Prior (Dirichlet) of the parts' shares of conversions at that mix.
    terms
        How rates vary between groups.
    """

    parts: tuple[str, ...]
    rate: Prior
    shares: Prior
    terms: tuple[Group, ...]


@dataclass(frozen=True)
class Dispersion:
    """Prior of the negative binomial's dispersion.

    Variance = mu + mu**2 / alpha; ``on`` says whether the prior is on ``alpha`` itself or on
    its ``inverse``, which is 0 when the counts are Poisson.
    """

    prior: Prior
    on: Literal["alpha", "inverse"]


@dataclass(frozen=True)
class OrderValue:
    """Net revenue of paying orders: Gamma sums with means that vary between groups.

    Parameters
    ----------
    mean
        Prior of the log of the mean net revenue per paying order (log of the currency's unit).
    shape
        Prior of the Gamma shape of one paying order's net revenue (1 / squared variation).
    paying_share
        Prior of the share of orders that keep some net revenue.
    terms
        How the log mean varies between groups.
    """

    mean: Prior
    shape: Prior
    paying_share: Prior
    terms: tuple[Group, ...]


@dataclass(frozen=True)
class ModelSpec:
    """One model of the catalogue.

    Parameters
    ----------
    name, title, question, assumptions, references
        Words for people: the model's name, what it is, which question it answers, what it
        assumes in plain words, and its sources.
    missing
        Policy for null signals by column: ``latent`` (an unknown to be estimated) or
        ``set_aside`` (the post is left out and named).
    """

    name: str
    title: str
    question: str
    assumptions: tuple[str, ...]
    references: tuple[str, ...]
    outcome: Outcome
    features: tuple[Feature, ...]
    missing: Mapping[str, Literal["latent", "set_aside"]]
    mean: RatesMean | LinearMean
    dispersion: Dispersion | None
    order_value: OrderValue | None
