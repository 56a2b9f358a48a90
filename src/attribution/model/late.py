"""Orders that come late: counts credited to a post are partly what other posts brought."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from attribution.design.types import Design, Sources
from attribution.model.functions import Tensor
from attribution.model.unknowns import model_data
from attribution.spec.families import Given

NOT_KEPT = ("mixing_raw", "mixing")
"""Unknowns of each post, too many for a run to keep."""


def kept(model: pm.Model) -> list[str]:
    """Names of the unknowns and quantities whose draws a run keeps."""
    return [v.name for v in model.unobserved_RVs if v.name not in NOT_KEPT]


def credited(design: Design, given: Given, *, matched: bool) -> Tensor | None:
    """Add the likelihood of the counts that the rule credits to each post.

    Returns
    -------
    tensor or None
        Mean orders that each post brings, its luck included; None where that is integrated out.
    """
    if design.sources is None:
        raise AssertionError("without late orders what is brought is what is credited")
    name, brought = design.spec.outcome.column, given.mean
    observed = model_data(f"observed_{name}", design.outcome, "post")
    alpha = given.own.get("dispersion")
    if alpha is None:
        (landed,) = _landed([brought], design.sources)
        pm.Poisson(name, mu=landed, observed=observed, dims="post")
        return brought
    if matched:
        # As in attribution.forward.credited, where it is derived.
        landed, spread = _landed([brought, brought**2 / alpha], design.sources, powers=(1, 2))
        size = landed**2 / spread
        pm.NegativeBinomial(name, mu=landed, alpha=size, observed=observed, dims="post")
        return None
    mixed = brought * _mixing(pt.log(brought), alpha, design.sources)
    (landed,) = _landed([mixed], design.sources)
    pm.Poisson(name, mu=landed, observed=observed, dims="post")
    return mixed


def _landed(
    brought: Sequence[Tensor], sources: Sources, powers: Sequence[int] = (1,)
) -> list[Tensor]:
    """Sums by post of what lands there of amounts at each post; each with dims (post,).

    An amount of power k lands with the k-th power of the share.
    """
    post, column = np.nonzero(sources.weight)
    to = model_data("landing_post", post, "landing")
    source = model_data("landing_source", sources.index[post, column], "landing")
    weight = model_data("landing_weight", sources.weight[post, column], "landing")
    return [
        pt.inc_subtensor(pt.zeros_like(amount)[to], weight**power * amount[source])
        for amount, power in zip(brought, powers, strict=True)
    ]


def _mixing(log_mean: Tensor, alpha: Tensor, sources: Sources) -> Tensor:
    """Gamma mixing g ~ Gamma(alpha, alpha) of each post's orders, of mean 1; dims (post,).

    Sampled is log g in units of what the post's orders leave open: if they were counted apart,
    their number n would make g Gamma(alpha + n, alpha + c mu), the gamma being conjugate to the
    Poisson, with c the share that is credited anywhere. raw is log g less that distribution's
    mean logarithm, over its standard deviation, both to a simple approximation, and so nearly
    standard normal whatever the other unknowns are. The prior of g does not depend on n.
    """
    credited = model_data("mixing_credited", sources.credited, "post")
    shape = alpha + model_data("mixing_orders", sources.orders, "post")
    rate = alpha + credited * pt.exp(log_mean)
    shift = pt.log(rate / shape) + 0.5 / shape
    scale = pt.sqrt(1.0 + shape) / shape
    raw = pm.CustomDist("mixing_raw", alpha, shift, scale, dist=_log_gamma, dims="post")
    return pm.Deterministic("mixing", pt.exp(raw * scale - shift), dims="post")


def _log_gamma(alpha: Tensor, shift: Tensor, scale: Tensor, size: Tensor) -> Tensor:
    """(log g + shift) / scale of g ~ Gamma(alpha, alpha); PyMC derives its density."""
    return (pt.log(pm.Gamma.dist(alpha, alpha, size=size)) + shift) / scale
