"""The model of a design, put together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pymc as pm

from attribution.design.types import Design, dim
from attribution.joint import absorb
from attribution.model.builder import Builder
from attribution.model.late import credited
from attribution.model.mean import given_of
from attribution.model.outcome import add_lift_tests, observe
from attribution.model.posts import hidden_signals
from attribution.model.value import add_order_value
from attribution.spec.halo import HaloMean
from attribution.spec.model import RatesMean
from attribution.spec.stages import in_run


def build_model(design: Design, *, matched: bool = False) -> pm.Model:
    """Return the model of a design.

    Where outcomes are orders and negative binomial, the orders that post p brings are gamma-mixed
    Poisson: Poisson with mean mu[p] g[p], g[p] ~ Gamma(alpha, alpha). Where late orders land on
    other posts, the conversions credited to post i are Poisson with mean sum_p w[i, p] mu[p] g[p]
    and the g[p] are unknowns of the model: posts that share p's orders share its g[p], so their
    conversions are dependent. Without late orders each g[p] concerns one post and is integrated
    out.

    Parameters
    ----------
    design
        Arrays with named dims.
    matched
        Take the conversions credited to a post for negative binomial with the mean and variance
        that they have, independent of those of other posts, so that late orders need no unknowns
        of their own. An approximation; without late orders it changes nothing.

    Returns
    -------
    pm.Model
        With the observed outcome under its column's name (dims post) and, where there is revenue,
        ``net_revenue`` (dims sale) and ``paying_orders``.
    """
    with pm.Model(coords=coords(design)) as model:
        hidden = hidden_signals(design)
        for section in design.spec.sections:
            section.build(Builder(design))
        given = given_of(design, hidden)
        brought = None
        if design.sources is None:
            observe(design, given)
        else:
            brought = credited(design, given, matched=matched)
        add_lift_tests(design, given, brought)
        if design.value is not None and design.spec.order_value is not None:
            add_order_value(design, design.spec.order_value)
    for name, stage in design.stages.items():
        absorb(model, build_model(stage, matched=matched), partial(in_run, name))
    return model


def coords(design: Design) -> dict[str, Sequence[str] | Sequence[int]]:
    """Return the coordinates of the model's dims."""
    posts = design.posts
    out: dict[str, Sequence[str] | Sequence[int]] = {"post": posts}
    for column, group in {**design.value_groups, **design.groups}.items():
        out[dim(column)] = group.levels
    if isinstance(design.spec.mean, RatesMean):
        out["part"] = design.spec.mean.parts
    if isinstance(design.spec.mean, HaloMean):
        out["part"], out["lag"] = design.spec.mean.parts, range(design.spec.mean.days)
    if design.sources is not None:
        out["landing"] = range(np.count_nonzero(design.sources.weight))
    if design.hidden is not None:
        out["hidden"] = [posts[row] for row in design.hidden.rows]
        out["node"] = range(len(design.hidden.nodes))
    if design.scores is not None:
        out["scored"] = range(len(design.scores.values))
    if design.spec.experiments is not None:
        out["test"] = [test.name for test in design.spec.experiments.tests]
    if design.refunds is not None:
        out["credit"] = [posts[row] for row in design.refunds.rows]
    if design.value is not None:
        out["sale"] = [posts[row] for row in design.value.rows]
    return out
