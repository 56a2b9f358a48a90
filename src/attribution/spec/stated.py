"""Every prior of a spec under the name that its parameter has in a run, with what it means."""

from __future__ import annotations

from collections.abc import Iterator

from attribution.spec.defaults import rule_of_sigma
from attribution.spec.families import OWN
from attribution.spec.halo import HaloMean
from attribution.spec.model import ModelSpec, OrderValue, RatesMean
from attribution.spec.stages import in_run
from attribution.spec.statement import StatedPrior


def stated_priors(spec: ModelSpec) -> tuple[StatedPrior, ...]:
    """Return every prior of a spec in the order of its file."""
    return tuple(_stated(spec))


def improper_priors(spec: ModelSpec) -> tuple[str, ...]:
    """Return the parameters whose priors are flat, so that nothing can be drawn from them."""
    own = (s.parameter for s in stated_priors(spec) if not s.prior.proper)
    stages = (
        in_run(name, parameter)
        for name, stage in spec.stages.items()
        for parameter in improper_priors(stage)
    )
    return (*own, *stages)


def _stated(spec: ModelSpec) -> Iterator[StatedPrior]:
    if isinstance(spec.mean, RatesMean):
        yield from _rates(spec, spec.mean)
    if isinstance(spec.mean, HaloMean):
        yield from spec.mean.stated(spec.outcome.column)
    for section, predictor in spec.predictors.items():
        place = spec.place(section)
        # What is the same for all posts before what varies between groups.
        terms = list(enumerate(predictor.terms))
        for index, term in sorted(terms, key=lambda pair: pair[1].kind == "group"):
            yield from term.stated(place, f"{section}.terms[{index}]")
    for section, own in spec.own.items():
        if own.prior is not None:
            about = OWN[section]
            rule, key = rule_of_sigma(spec.spread), f"{section}.prior"
            yield StatedPrior(about.parameter, key, own.prior, about.words, default=rule)
    if spec.order_value is not None:
        yield from _order_value(spec, spec.order_value)
    for stated in spec.sections:
        yield from stated.stated()


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
    for index, term in enumerate(mean.terms):
        yield from term.stated(spec.place("mean"), f"mean.terms[{index}]")


def _order_value(spec: ModelSpec, value: OrderValue) -> Iterator[StatedPrior]:
    place = spec.place("order_value")
    yield StatedPrior(
        "value_log_mean",
        "order_value.mean",
        value.mean,
        place.constant,
        exp_unit=place.exp_unit,
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
    for index, term in enumerate(value.terms):
        yield from term.stated(place, f"order_value.terms[{index}]")
    if value.paying_concentration is not None:
        yield StatedPrior(
            "paying_concentration",
            "order_value.paying_concentration",
            value.paying_concentration,
            "how alike posts' shares of orders that keep net revenue are; large is alike",
        )
    for index, term in enumerate(value.paying_terms):
        yield from term.stated(spec.place("paying"), f"order_value.paying_terms[{index}]")
