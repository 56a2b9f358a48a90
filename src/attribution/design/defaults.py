"""Put numbers where a spec leaves priors to the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from attribution.design.types import Floats, Integers
from attribution.spec.defaults import DEFAULT, Facts
from attribution.spec.links import LINKS
from attribution.spec.model import ModelSpec, Own, Predictor, RatesMean
from attribution.spec.priors import Prior

OWN_UNIT = 1.0
"""Unit of the scale of an own parameter's terms, which is a logarithm or a log odds."""

LOG = Facts(0.0, 1.0, {})
"""What defaults of rates and order values look at: their effects are on the log scale."""


def with_defaults(
    spec: ModelSpec, outcome: Integers | Floats, base: Floats, features: Mapping[str, Floats]
) -> ModelSpec:
    """Return the spec with every prior in numbers.

    Parameters
    ----------
    outcome
        What the model explains; (post,).
    base
        Exposure or trials, 1 where there are none; (post,).
    features
        feature -> (post,).
    """
    spreads = {name: _spread(values) for name, values in features.items()}
    mean = spec.mean
    if isinstance(mean, Predictor):
        facts = _facts(spec, mean, outcome, base, spreads)
        mean = replace(mean, terms=tuple(term.with_defaults(facts) for term in mean.terms))
    if isinstance(mean, RatesMean):
        mean = replace(mean, terms=tuple(term.with_defaults(LOG) for term in mean.terms))
    value = spec.order_value
    if value is not None:
        value = replace(
            value,
            terms=tuple(term.with_defaults(LOG) for term in value.terms),
            paying_terms=tuple(term.with_defaults(LOG) for term in value.paying_terms),
        )
    own = {name: _own(stated, spreads, name, outcome, spec) for name, stated in spec.own.items()}
    return replace(spec, mean=mean, own=own, order_value=value)


def _spread(values: Floats) -> float:
    spread = float(np.std(values))
    return spread if spread > 0 else 1.0


def _numbers(spec: ModelSpec, outcome: Integers | Floats) -> Floats:
    """Return what is near normal: of a log-normal outcome the logarithm; (post,)."""
    numbers = np.log(outcome) if spec.outcome.family == "log_normal" else outcome
    return numbers.astype(np.float64)


def spread_of_outcome(spec: ModelSpec, outcome: Integers | Floats) -> float:
    """Return the outcome's standard deviation, of its logarithm if log-normal; 1 where it is 0."""
    return _spread(_numbers(spec, outcome))


def _facts(
    spec: ModelSpec,
    mean: Predictor,
    outcome: Integers | Floats,
    base: Floats,
    spreads: Mapping[str, float],
) -> Facts:
    if mean.link == "identity":
        location = float(np.mean(_numbers(spec, outcome)))
        return Facts(location, spread_of_outcome(spec, outcome), spreads)
    family = spec.outcome.distribution
    # Half an event more keeps the average of none, or of all, away from where a link has no value.
    event, trial = 0.5 * family.whole, 1.0 * family.is_share
    average = (float(outcome.sum()) + event) / (float(base.sum()) + trial)
    return Facts(LINKS[mean.link].forward(max(average, 1e-12)), 1.0, spreads)


def _own(
    own: Own,
    spreads: Mapping[str, float],
    name: str,
    outcome: Integers | Floats,
    spec: ModelSpec,
) -> Own:
    if own.predictor is not None:
        facts = Facts(_own_location(name, outcome, spec), OWN_UNIT, spreads)
        terms = tuple(term.with_defaults(facts) for term in own.predictor.terms)
        return Own(predictor=replace(own.predictor, terms=terms))
    if own.prior == DEFAULT:
        rate = float(f"{1.0 / np.exp(_own_location(name, outcome, spec)):.3g}")
        return Own(prior=Prior("exponential", {"lam": rate}))
    return own


def _own_location(name: str, outcome: Integers | Floats, spec: ModelSpec) -> float:
    """Where the constant of an own parameter is expected: at the outcome's spread, or 1 or 1/2."""
    if name != "sigma":
        return 0.0
    return float(np.log(spread_of_outcome(spec, outcome)))
