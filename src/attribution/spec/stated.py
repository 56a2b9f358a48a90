"""Every prior of a spec under the name that its parameter has in a run, with what it means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from attribution.spec.model import (
    Group,
    Intercept,
    Linear,
    LinearMean,
    ModelSpec,
    OrderValue,
    Prior,
    RatesMean,
    Term,
)
from attribution.spec.priors import SIMPLEX, quantile, support_of
from attribution.spec.terms import EACH_PART, INTERCEPT

PROB = 0.89


@dataclass(frozen=True)
class StatedPrior:
    """One parameter's prior.

    Parameters
    ----------
    parameter
        Name in the posterior.
    key
        Dotted key in the spec.
    prior
        The prior as it will be used: nothing is rescaled.
    meaning
        What the parameter is, with its scale.
    exp_unit
        For a parameter on the log scale, what its exponential is; else None.
    count
        Number of values that the prior gives at once.
    """

    parameter: str
    key: str
    prior: Prior
    meaning: str
    exp_unit: str | None = None
    count: int = 1

    def interval(self, prob: float = PROB) -> tuple[float, float]:
        """Return the equal-tailed interval of the prior; of one share where it gives several."""
        prior = self.prior
        if support_of(prior) == SIMPLEX:
            # One of n symmetric Dirichlet shares is Beta(c, (n - 1) c) by itself.
            c = prior.parameters["concentration"]
            prior = Prior("beta", {"alpha": c, "beta": max(self.count - 1, 1) * c})
        tail = (1.0 - prob) / 2.0
        return quantile(prior, tail), quantile(prior, 1.0 - tail)


def dim(column: str) -> str:
    """Return the name in a run for a grouping column: ``creator_id`` gives ``creator``."""
    return column.removesuffix("_id")


def stated_priors(spec: ModelSpec) -> tuple[StatedPrior, ...]:
    """Return every prior of a spec in the order of its file."""
    return tuple(_stated(spec))


def _stated(spec: ModelSpec) -> Iterator[StatedPrior]:
    if isinstance(spec.mean, RatesMean):
        yield from _rates(spec, spec.mean)
    else:
        yield from _linear(spec, spec.mean)
    if spec.dispersion is not None:
        inverse = spec.dispersion.on == "inverse"
        yield StatedPrior(
            "inverse_alpha" if inverse else "alpha",
            "dispersion.prior",
            spec.dispersion.prior,
            "1 / alpha; 0 is Poisson" if inverse else "dispersion; large is Poisson",
        )
    if spec.order_value is not None:
        yield from _order_value(spec.order_value)


def _rates(spec: ModelSpec, mean: RatesMean) -> Iterator[StatedPrior]:
    unit = f"{spec.outcome.column} per unit of {spec.outcome.exposure}"
    yield StatedPrior(
        "log_rate",
        "mean.rate",
        mean.rate,
        f"log of all {unit} at the table's average mix",
        exp_unit=unit,
    )
    yield StatedPrior(
        "share",
        "mean.shares",
        mean.shares,
        f"share of {spec.outcome.column} through each part at that mix",
        count=len(mean.parts),
    )
    yield from _groups(mean.terms, "mean.terms", "")


def _linear(spec: ModelSpec, mean: LinearMean) -> Iterator[StatedPrior]:
    unit = f"{spec.outcome.column} per unit of {spec.outcome.exposure}"
    for index, term in enumerate(mean.terms):
        key = f"mean.terms[{index}].prior"
        match term:
            case Intercept(prior):
                meaning = f"log of {unit} at average features"
                yield StatedPrior(INTERCEPT, key, prior, meaning, exp_unit=unit)
            case Linear(feature, prior):
                meaning = f"change of the log mean per unit of {feature}"
                yield StatedPrior(f"slope_{feature}", key, prior, meaning)
    yield from _groups(mean.terms, "mean.terms", "")


def _order_value(value: OrderValue) -> Iterator[StatedPrior]:
    unit = "net revenue per paying order"
    yield StatedPrior(
        "value_log_mean", "order_value.mean", value.mean, f"log of {unit}", exp_unit=unit
    )
    yield StatedPrior(
        "value_shape",
        "order_value.shape",
        value.shape,
        "gamma shape of one order's net revenue: 1 / squared variation",
    )
    yield StatedPrior(
        "paying_share",
        "order_value.paying_share",
        value.paying_share,
        "share of orders that keep some net revenue",
    )
    yield from _groups(value.terms, "order_value.terms", "value_")


def _groups(terms: Iterable[Term], at: str, prefix: str) -> Iterator[StatedPrior]:
    for index, term in enumerate(terms):
        if isinstance(term, Group):
            for name, what in group_names(term, prefix):
                meaning = f"standard deviation of {what} between {term.by} levels, log scale"
                yield StatedPrior(f"{name}_sd", f"{at}[{index}].sd", term.sd, meaning)


def group_names(term: Group, prefix: str = "") -> tuple[tuple[str, str], ...]:
    """Return, for all that a group term varies, its name in a run and words for it."""
    base = f"{prefix}{dim(term.by)}"
    if term.of == EACH_PART:
        return ((base, "each part's rate"),)
    return tuple(
        (base if of == INTERCEPT or " " in of else f"{base}_{of}", _varying(of, prefix))
        for of in term.of
    )


def _varying(of: str, prefix: str) -> str:
    if of == INTERCEPT:
        return "the mean order value" if prefix else "the mean"
    return "all rates together" if " " in of else f"the slope of {of}"
