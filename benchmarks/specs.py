"""The benchmark's regression: the shipped one, with what every tool can state.

Shipped specs have zero-sum tiers and half-normal standard deviations, which rstanarm does not know.
"""

from __future__ import annotations

from dataclasses import replace

from attribution.spec import read_spec
from attribution.spec.model import ModelSpec, Own, Predictor
from attribution.spec.priors import Prior
from attribution.spec.terms import Group, Term

RATES = {"tier": 2.0, "creator_id": 1.5}
"""Rates of the exponential priors of the groups' standard deviations."""


def regression() -> ModelSpec:
    """Return the spec: tiers and creators exchangeable, exponential priors, no order values."""
    shipped = read_spec("engagement")
    if not isinstance(shipped.mean, Predictor):
        raise TypeError("the shipped regression has a linear mean")
    mean = replace(shipped.mean, terms=tuple(map(_plain, shipped.mean.terms)))
    own = {"dispersion": Own(prior=_exponential(1.0))}
    return replace(shipped, mean=mean, own=own, order_value=None)


def _plain(term: Term) -> Term:
    if not isinstance(term, Group):
        return term
    return replace(term, effects="exchangeable", sd=_exponential(RATES[term.by]))


def _exponential(rate: float) -> Prior:
    return Prior("exponential", {"lam": rate})
