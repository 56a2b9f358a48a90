"""A model spec as frozen data: what one TOML file of the catalogue declares.

Nothing here is evaluated or imported from a file; the parser fills these classes from closed
registries and the builder turns them into a model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from attribution.spec.families import FAMILIES, OWN, Family
from attribution.spec.links import LINKS
from attribution.spec.priors import Prior
from attribution.spec.sections import Authenticity, Capture, Experiments, Section
from attribution.spec.terms import Group, Place, Term

Missing = Literal["latent", "set_aside"]


@dataclass(frozen=True)
class Outcome:
    """What the model explains.

    Parameters
    ----------
    column
        Column of the analysis table, e.g. ``conversions``.
    family
        Registered family, e.g. ``negative_binomial``.
    exposure
        Column with the number of people who could have seen the post, e.g. ``reach``, to which a
        mean with a log link is proportional; None where there is none.
    trials
        Column with the number of trials of a share; None for other families.
    """

    column: str
    family: str
    exposure: str | None = None
    trials: str | None = None

    @property
    def distribution(self) -> Family:
        """The family itself."""
        return FAMILIES[self.family]


@dataclass(frozen=True)
class Feature:
    """A predictor made row by row from columns by a Polars SQL expression."""

    name: str
    expression: str

    @property
    def is_column(self) -> bool:
        """Whether it is a column as it is, under the column's own name."""
        return self.expression.strip().strip('"') == self.name


@dataclass(frozen=True)
class Predictor:
    """A sum of terms, mapped to a mean or another parameter by the inverse of a link.

    Parameters
    ----------
    link
        Registered link, e.g. ``log``.
    terms
        What adds up.
    centre
        What is centred on its mean over the posts: ``all`` features; ``intercept``: features of
        coefficients that all posts share, so that the intercept is at average features, but not
        those whose coefficients vary between levels; ``none``.
    """

    link: str
    terms: tuple[Term, ...]
    centre: str = "all"

    of: ClassVar[str] = "mean"
    """What the terms add up to where they are those of the mean."""


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
class Own:
    """An own parameter of the family: one number with a prior, or a sum of terms.

    Parameters
    ----------
    prior
        Prior of the number; None where there are terms.
    predictor
        The sum of terms; None where there is a prior.
    """

    prior: Prior | None = None
    predictor: Predictor | None = None


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
    paying_concentration
        Prior of how alike the posts' shares are: a post's is Beta with this concentration. None
        for shares that are all the same, so that paying orders are binomial.
    paying_terms
        How the logit of the share varies between groups.
    """

    mean: Prior
    shape: Prior
    paying_share: Prior
    terms: tuple[Group, ...]
    paying_concentration: Prior | None = None
    paying_terms: tuple[Group, ...] = ()

    @property
    def varying(self) -> bool:
        """Whether the share of orders that keep net revenue differs between posts."""
        return self.paying_concentration is not None or bool(self.paying_terms)


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
    mean
        How the mean of the outcome comes about.
    own
        Own parameters of the family by section, such as ``dispersion``.
    authenticity, capture, experiments
        Optional sections; None where they are not stated.
    stages
        Outcomes on the way to this one, in the order in which they come about, each with a spec of
        its own: a fit draws them all.
    """

    name: str
    title: str
    question: str
    assumptions: tuple[str, ...]
    references: tuple[str, ...]
    outcome: Outcome
    features: tuple[Feature, ...]
    missing: Mapping[str, Missing]
    mean: RatesMean | Predictor
    own: Mapping[str, Own]
    order_value: OrderValue | None
    authenticity: Authenticity | None = None
    capture: Capture | None = None
    experiments: Experiments | None = None
    stages: Mapping[str, ModelSpec] = field(default_factory=dict)

    @property
    def sections(self) -> tuple[Section, ...]:
        """The optional sections that are stated."""
        every = (self.authenticity, self.capture, self.experiments)
        return tuple(section for section in every if section is not None)

    @property
    def predictors(self) -> dict[str, Predictor]:
        """Every sum of terms by its section: that of the mean first, then of own parameters."""
        found = {"mean": self.mean} if isinstance(self.mean, Predictor) else {}
        more = {name: own.predictor for name, own in self.own.items() if own.predictor is not None}
        return found | more

    def place(self, section: str) -> Place:
        """Return where the terms of a section stand."""
        if section == "order_value":
            unit = "net revenue per paying order"
            return Place(section, "value_", "log mean", f"log of {unit}", unit)
        if section == "paying":
            scale = "logit paying_share"
            return Place(section, "paying_", scale, "logit of the share of orders that pay")
        if isinstance(self.mean, RatesMean) and section == "mean":
            return Place(section, "", "log rates", "log of rates")
        predictor = self.predictors[section]
        return (
            self._mean_place(predictor)
            if section == "mean"
            else self._own_place(section, predictor)
        )

    def _own_place(self, section: str, predictor: Predictor) -> Place:
        own, link = OWN[section], LINKS[predictor.link]
        what = f"{link.name} of {own.parameter}"
        unit = own.parameter if link.name == "log" else None
        location = f"{link.name} of {self.spread}" if section == "sigma" else "0"
        return Place(section, f"{section}_", what, what, unit, predictor.centre, location)

    def _mean_place(self, predictor: Predictor) -> Place:
        outcome, link = self.outcome, LINKS[predictor.link]
        unit = outcome.column
        if outcome.exposure:
            unit = f"{unit} per unit of {outcome.exposure}"
        if outcome.distribution.is_share:
            unit = f"probability of {unit}"
        average = f"average {unit}" if not outcome.trials else f"average share of {outcome.trials}"
        location = f"{link.name} of the {average}"
        if predictor.of != "mean":
            unit = f"{predictor.of} {unit}"
        constant, exp_unit = f"{link.name} of {unit}", unit if link.name == "log" else None
        scale, one = f"{link.name} mean", "1"
        if link.name == "identity":
            scale, one, location = "mean", self.spread, average
            constant = f"mean of {unit}"
        if outcome.family == "log_normal":
            constant, exp_unit = f"mean of the logarithm of {unit}", f"{unit} (median)"
            location = f"average ln({unit})"
        return Place("mean", "", scale, constant, exp_unit, predictor.centre, location, one)

    @property
    def spread(self) -> str:
        """Words for the outcome's standard deviation, of its logarithm if log-normal."""
        column = self.outcome.column
        return f"sd(ln({column}))" if self.outcome.family == "log_normal" else f"sd({column})"
