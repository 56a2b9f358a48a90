"""What the distribution of each outcome depends on: its mean and the family's own parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from attribution.design.halo import Halo
from attribution.design.types import Design, dim
from attribution.model.builder import Builder
from attribution.model.functions import F, Tensor
from attribution.model.posts import TensorAt, TensorDays, signals_of
from attribution.model.unknowns import model_data, prior
from attribution.spec.families import OWN, Given
from attribution.spec.halo import HaloMean
from attribution.spec.links import LINKS
from attribution.spec.model import Predictor, RatesMean
from attribution.spec.terms import Group, add_effect, add_zero_sum


def given_of(design: Design, hidden: Tensor | None) -> Given:
    """Return what the distribution of each post's outcome depends on, orders wherever they land."""
    at = TensorAt(design, hidden)
    if isinstance(design.spec.mean, RatesMean):
        mean = pt.exp(_rates_mean(design, design.spec.mean, hidden))
        return replace(_own(design, at), mean=mean)
    eta = None
    if design.spec.outcome.exposure is not None:
        eta = pt.log(model_data("exposure", design.exposure, "post"))
    eta = _sum_of_terms(design, "mean", design.spec.mean, at, eta)
    trials = None if design.trials is None else model_data("trials", design.trials, "post")
    given = _own(design, at).with_mean(F, LINKS[design.spec.mean.link], eta, trials)
    return given if design.halo is None else _with_halo(design, design.halo, given)


def _with_halo(design: Design, halo: Halo, given: Given) -> Given:
    """Split usual sales of each day into a baseline and what posts of it and before bring."""
    mean = design.spec.mean
    if not isinstance(mean, HaloMean):
        raise AssertionError("only a halo mean carries effects from day to day")
    mean.build(Builder(design))
    days = TensorDays(halo)
    return replace(given, mean=mean.baseline(given.mean, days) + sum(mean.carried(F, days)))


def _sum_of_terms(
    design: Design, section: str, predictor: Predictor, at: TensorAt, total: Tensor | None
) -> Tensor:
    """Add terms up, those whose levels are pooled last, as the others say what is left to them."""
    place, make = design.spec.place(section), Builder(design)
    if total is None:
        total = model_data("zero", np.zeros(len(design.outcome)), "post")
    pooled = [term for term in predictor.terms if isinstance(term, Group)]
    for term in [
        *(t for t in predictor.terms if t not in pooled),
        *_few_levels_first(design, pooled),
    ]:
        term.build(make, at, place, total)
        total = total + term.summand(at, place)
    return total


def _few_levels_first(design: Design, terms: Sequence[Group]) -> list[Group]:
    """Return slopes, then terms of the constant by numbers of levels, whatever a spec's order.

    The mean of few levels is what the constant is least told from: crossed terms after it are
    sampled around what it leaves, so that they do not have to move along with the two of them.
    """
    return sorted(
        terms, key=lambda term: ("intercept" in term.of, len(design.groups[term.by].levels))
    )


def _own(design: Design, at: TensorAt) -> Given:
    """Return own parameters of the family, no mean; scalars, or (post,)."""
    numbers, sums = {}, {}
    for section, stated in design.spec.own.items():
        if stated.predictor is not None:
            eta = _sum_of_terms(design, section, stated.predictor, at, None)
            sums[section] = (LINKS[stated.predictor.link], eta)
        elif stated.prior is not None:
            numbers[section] = prior(OWN[section].parameter, stated.prior)
    return Given.of_own(F, numbers, sums)


def _rates_mean(design: Design, mean: RatesMean, hidden: Tensor | None) -> Tensor:
    """Log of the expected orders of each post, wherever they land; dims (post,)."""
    section = design.spec.authenticity
    genuine = None if section is None else section.genuine(TensorAt(design, hidden))
    log_rate = prior("log_rate", mean.rate)
    count = len(mean.parts)
    base = log_rate + pt.log(model_data("unit", design.units, "part"))
    if count > 1:
        concentration = np.full(count, mean.shares.parameters["concentration"])
        base = base + pt.log(pm.Dirichlet("share", concentration, dims="part"))
    by_part = [base[k] for k in range(count)]
    make = Builder(design)
    for term in mean.terms:
        if term.of == ("each part",):
            effect = add_zero_sum(make, term, dim(term.by), "part", 1.0 / count)
            index = make.index(term.by)
            by_part = [by_part[k] + effect[k][index] for k in range(count)]
    signals = signals_of(design, mean, hidden)
    if section is not None:
        signals = [
            signal * genuine if part in section.parts else signal
            for part, signal in zip(mean.parts, signals, strict=True)
        ]
    log_mean = pt.log(sum(pt.exp(by_part[k]) * signals[k] for k in range(count)))
    for term in mean.terms:
        if term.of == ("all parts",):
            effect = add_effect(make, term, dim(term.by), log_mean)
            log_mean = log_mean + effect[make.index(term.by)]
    return log_mean
