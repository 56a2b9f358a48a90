"""Build the PyMC model of a design: one definition, from parts that compose.

Every amount enters as ``pm.Data``, so that another table of posts means new values, not a new
model. Dims: ``post``; one dim per grouping column (``tier``, ``creator``); ``part`` of a rates
mean; ``feature`` of a linear mean; ``landing`` (pairs of a post and one whose orders can land on
it); ``hidden`` (signals that are not shown); ``sale`` (posts with paying orders).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from attribution.design.types import Design, GroupIndex, Sources, dim
from attribution.spec.model import (
    Dispersion,
    Group,
    Intercept,
    Linear,
    LinearMean,
    OrderValue,
    Prior,
    RatesMean,
)

NOT_KEPT = ("mixing_raw", "mixing")
"""Unknowns of each post, too many for a run to keep."""

LEAST_TOLD = 0.1
"""Information that is taken for a level of which the data tell next to nothing."""

Tensor = Any  # PyTensor and PyMC are not typed


def build_model(design: Design, *, matched: bool = False) -> pm.Model:
    """Return the model of a design.

    The orders that post p brings are gamma-mixed Poisson, that is negative binomial: Poisson with
    mean mu[p] g[p], g[p] ~ Gamma(alpha, alpha). Where late orders land on other posts, the
    conversions credited to post i are Poisson with mean sum_p w[i, p] mu[p] g[p] and the g[p] are
    unknowns of the model: posts that share p's orders share its g[p], so their conversions are
    dependent. Without late orders each g[p] concerns one post and is integrated out.

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
        With observed ``conversions`` (dims post) and, where there is revenue, ``net_revenue``
        (dims sale) and ``paying_orders``.
    """
    with pm.Model(coords=coords(design)) as model:
        hidden = _hidden(design)
        log_mean = (
            _rates_mean(design, design.spec.mean, hidden)
            if isinstance(design.spec.mean, RatesMean)
            else _linear_mean(design, design.spec.mean, hidden)
        )
        _counts(design, log_mean, matched=matched)
        if design.value is not None and design.spec.order_value is not None:
            _order_value(design, design.spec.order_value)
    return model


def coords(design: Design) -> dict[str, Sequence[str] | Sequence[int]]:
    """Return the coordinates of the model's dims."""
    posts = design.posts
    out: dict[str, Sequence[str] | Sequence[int]] = {"post": posts}
    for column, group in {**design.value_groups, **design.groups}.items():
        out[dim(column)] = group.levels
    if isinstance(design.spec.mean, RatesMean):
        out["part"] = design.spec.mean.parts
    else:
        out["feature"] = tuple(design.features)
    if design.sources is not None:
        out["landing"] = range(np.count_nonzero(design.sources.weight))
    if design.hidden is not None:
        out["hidden"] = [posts[row] for row in design.hidden.rows]
        out["node"] = range(len(design.hidden.nodes))
    if design.value is not None:
        out["sale"] = [posts[row] for row in design.value.rows]
    return out


_PRIORS: Mapping[str, type] = {
    "normal": pm.Normal,
    "half_normal": pm.HalfNormal,
    "student_t": pm.StudentT,
    "half_student_t": pm.HalfStudentT,
    "cauchy": pm.Cauchy,
    "half_cauchy": pm.HalfCauchy,
    "laplace": pm.Laplace,
    "logistic": pm.Logistic,
    "log_normal": pm.LogNormal,
    "exponential": pm.Exponential,
    "gamma": pm.Gamma,
    "inverse_gamma": pm.InverseGamma,
    "beta": pm.Beta,
    "uniform": pm.Uniform,
}


def prior(name: str, stated: Prior, dims: str | None = None) -> Tensor:
    """Add a free variable with the stated prior to the model in context; scalar without dims."""
    return _PRIORS[stated.name](name, **stated.parameters, dims=dims)


def _data(name: str, values: np.ndarray, dims: str | tuple[str, ...] | None = None) -> Tensor:
    return pm.Data(name, values, dims=dims)


def _hidden(design: Design) -> Tensor | None:
    """Standardised log(1 + count) of the signals that are not shown; dims (hidden,)."""
    if design.hidden is None:
        return None
    return pm.Normal("hidden_z", 0.0, 1.0, dims="hidden")


def _zero_sum_effect(
    name: str, term: Group, group: GroupIndex, parts: str | None = None, scale: Tensor = 1.0
) -> Tensor:
    """Deviations of a group's levels that add up to zero; dims (level,) or (part, level).

    Sampled in units of the standard deviation that they would have given the data and the spread,
    sd / sqrt(1 + t) with t = sd**2 times what the data tell: non-centred where the spread is
    small, centred where it is large. The prior, zero-sum normal with sd, does not depend on that.
    Levels are scaled alike, by the harmonic mean of what is told of each, for their sum to be zero.

    ``scale`` multiplies the information.
    """
    dims = (dim(term.by),) if parts is None else (parts, dim(term.by))
    sd = prior(f"{name}_sd", term.sd, dims=parts)
    least = np.maximum(group.information, LEAST_TOLD)
    told = sd**2 * scale * _data(f"{name}_information", np.asarray(1.0 / np.mean(1.0 / least)))
    spread = pt.sqrt(1.0 + told)
    if parts is not None:
        sd, spread = sd[:, None], spread[:, None]
    z = pm.ZeroSumNormal(f"{name}_z", spread, dims=dims, n_zerosum_axes=1)
    return pm.Deterministic(f"{name}_effect", sd / spread * z, dims=dims)


def _exchangeable_effect(
    name: str, term: Group, group: GroupIndex, location: Tensor | None, scale: Tensor = 1.0
) -> Tensor:
    """Normal effects of a group's levels on the log scale; dims (level,).

    Sampled is the effect less its mean, over its standard deviation, in the distribution that it
    would have given the level's own data and all other unknowns: with t = sd**2 times what the
    data tell, Normal(k d, sd / sqrt(1 + t)), where k = t / (1 + t) and d is how far the level's
    estimate lies from what the rest of the model says of it (``location``; None for a slope, of
    which there is no estimate). This is centred where the data tell much, non-centred where they
    tell nothing, level by level and whatever the spread (Papaspiliopoulos, Roberts & Sköld 2007).
    The prior of the effect, Normal(0, sd), or Normal(-sd**2 / 2, sd) for a multiplier whose mean
    is one, does not depend on what the data tell.

    ``scale`` multiplies the information.
    """
    sd = prior(f"{name}_sd", term.sd)
    own = dim(term.by)
    prior_mean = -(sd**2) / 2.0 if term.effects == "mean_one" else 0.0
    told = sd**2 * scale * _data(f"{name}_information", group.information, own)
    spread = pt.sqrt(1.0 + told)
    shift = 0.0
    if location is not None:
        off = _data(f"{name}_estimate", group.estimate, own) - location - prior_mean
        shift = told / (1.0 + told) * off
    raw = pm.Normal(f"{name}_raw", -shift * spread / sd, spread, dims=own)
    effect = prior_mean + shift + raw * sd / spread
    return pm.Deterministic(f"{name}_effect", effect, dims=own)


def _location(name: str, group: GroupIndex, log_mean: Tensor, index: Tensor, rows: Any) -> Tensor:
    """Average of a log mean over each level's rows, weights adding to 1 by level; (level,).

    ``rows`` are the posts that the mean is about, a slice for all. No length enters as a number,
    so that another table needs no other compiled code.
    """
    weight = _data(f"{name}_weight", group.weight[rows])
    none = _data(f"{name}_zeros", np.zeros(len(group.levels)), dim(name.removeprefix("value_")))
    return pt.inc_subtensor(none[index], weight * log_mean)


def _index(design: Design, column: str) -> Tensor:
    name = f"{dim(column)}_index"
    model = pm.modelcontext(None)
    if name in model:
        return model[name]
    return _data(name, design.groups[column].index, "post")


def _rates_mean(design: Design, mean: RatesMean, hidden: Tensor | None) -> Tensor:
    """Log of the expected orders of each post, wherever they land; dims (post,)."""
    log_rate = prior("log_rate", mean.rate)
    count = len(mean.parts)
    base = log_rate + pt.log(_data("unit", design.units, "part"))
    if count > 1:
        concentration = np.full(count, mean.shares.parameters["concentration"])
        base = base + pt.log(pm.Dirichlet("share", concentration, dims="part"))
    by_part = [base[k] for k in range(count)]
    for term in mean.terms:
        if term.of == ("each part",):
            effect = _zero_sum_effect(
                dim(term.by), term, design.groups[term.by], "part", 1.0 / count
            )
            index = _index(design, term.by)
            by_part = [by_part[k] + effect[k][index] for k in range(count)]
    signals = _signals(design, mean, hidden)
    log_mean = pt.log(sum(pt.exp(by_part[k]) * signals[k] for k in range(count)))
    shared = [term for term in mean.terms if term.of == ("all parts",)]
    return _add_groups(design, shared, log_mean)


def _add_groups(design: Design, terms: Sequence[Group], log_mean: Tensor) -> Tensor:
    """Add each term's level effects to a log mean; dims (post,)."""
    for term in terms:
        name, group, index = dim(term.by), design.groups[term.by], _index(design, term.by)
        if term.effects == "zero_sum":
            effect = _zero_sum_effect(name, term, group)
        else:
            location = _location(name, group, log_mean, index, slice(None))
            effect = _exchangeable_effect(name, term, group, location)
        log_mean = log_mean + effect[index]
    return log_mean


def _signals(design: Design, mean: RatesMean, hidden: Tensor | None) -> list[Tensor]:
    out = []
    for part in mean.parts:
        signal = _data(part, design.signals[part], "post")
        if hidden is not None and design.hidden is not None and part in design.hidden.columns:
            mine = np.flatnonzero(np.asarray(design.hidden.columns) == part)
            rows = _data(f"{part}_hidden_rows", design.hidden.rows[mine])
            which = _data(f"{part}_hidden_index", mine)
            mu = _data(f"{part}_hidden_mean", design.hidden.mean[mine])
            sd = _data(f"{part}_hidden_sd", design.hidden.sd[mine])
            value = pt.maximum(pt.expm1(mu + sd * hidden[which]), 0.0)
            signal = pt.set_subtensor(signal[rows], value)
        out.append(signal)
    return out


def _linear_mean(design: Design, mean: LinearMean, hidden: Tensor | None) -> Tensor:
    """Log of exposure plus the sum of terms: log expected orders of each post; dims (post,)."""
    eta = pt.log(_data("exposure", design.exposure, "post"))
    features = _features(design, hidden)
    for term in mean.terms:
        match term:
            case Intercept():
                eta = eta + prior("intercept", term.prior)
            case Linear():
                eta = eta + prior(f"slope_{term.feature}", term.prior) * features[term.feature]
            case Group():
                for of in term.of:
                    if of != "intercept":
                        eta = eta + _slopes(design, term, of) * features[of]
    groups = [t for t in mean.terms if isinstance(t, Group) and "intercept" in t.of]
    return _add_groups(design, groups, eta)


def _slopes(design: Design, term: Group, feature: str) -> Tensor:
    """Deviations of a slope at each post's level; dims (post,)."""
    name, group = f"{dim(term.by)}_{feature}", design.groups[term.by]
    if term.effects == "zero_sum":
        effect = _zero_sum_effect(name, term, group)
    else:
        effect = _exchangeable_effect(name, term, group, None)
    return effect[_index(design, term.by)]


def _features(design: Design, hidden: Tensor | None) -> dict[str, Tensor]:
    """Centred features; at hidden posts interpolated between tabulated nodes."""
    out = {name: _data(name, values, "post") for name, values in design.features.items()}
    if design.hidden is None or hidden is None:
        return out
    nodes = design.hidden.nodes
    width = nodes[1] - nodes[0]
    inside = pt.clip(hidden, nodes[0], nodes[-1])
    weight = pt.maximum(0.0, 1.0 - pt.abs(inside[:, None] - nodes[None, :]) / width)
    rows = _data("hidden_rows", design.hidden.rows, "hidden")
    for name in out:
        table = _data(f"{name}_at_nodes", design.hidden.features[name], ("hidden", "node"))
        out[name] = pt.set_subtensor(out[name][rows], pt.sum(weight * table, axis=1))
    return out


def _counts(design: Design, log_mean: Tensor, *, matched: bool) -> None:
    """Add the likelihood of the conversions that the rule credits to each post."""
    alpha = _alpha(design.spec.dispersion)
    observed = _data("observed_conversions", design.outcome, "post")
    brought = pt.exp(log_mean)
    if design.sources is None or matched:
        if design.sources is not None:
            brought, squares = _landed(brought, design.sources, powers=(1, 2))
            # As in attribution.forward.dispersion, where it is derived.
            alpha = alpha * brought**2 / squares
        pm.NegativeBinomial("conversions", mu=brought, alpha=alpha, observed=observed, dims="post")
        return
    brought = brought * _mixing(log_mean, alpha, design.sources)
    (landed,) = _landed(brought, design.sources)
    pm.Poisson("conversions", mu=landed, observed=observed, dims="post")


def _landed(brought: Tensor, sources: Sources, powers: Sequence[int] = (1,)) -> list[Tensor]:
    """Sums by post of powers of what lands there of each post's orders; each with dims (post,)."""
    post, column = np.nonzero(sources.weight)
    to = _data("landing_post", post, "landing")
    source = _data("landing_source", sources.index[post, column], "landing")
    lands = _data("landing_weight", sources.weight[post, column], "landing") * brought[source]
    return [pt.inc_subtensor(pt.zeros_like(brought)[to], lands**power) for power in powers]


def _mixing(log_mean: Tensor, alpha: Tensor, sources: Sources) -> Tensor:
    """Gamma mixing g ~ Gamma(alpha, alpha) of each post's orders, of mean 1; dims (post,).

    Sampled is log g in units of what the post's orders leave open: if they were counted apart,
    their number n would make g Gamma(alpha + n, alpha + c mu), the gamma being conjugate to the
    Poisson, with c the share that is credited anywhere. raw is log g less that distribution's
    mean logarithm, over its standard deviation, both to a simple approximation, and so nearly
    standard normal whatever the other unknowns are. The prior of g does not depend on n.
    """
    credited = _data("mixing_credited", sources.credited, "post")
    shape = alpha + _data("mixing_orders", sources.orders, "post")
    rate = alpha + credited * pt.exp(log_mean)
    shift = pt.log(rate / shape) + 0.5 / shape
    scale = pt.sqrt(1.0 + shape) / shape
    raw = pm.CustomDist("mixing_raw", alpha, shift, scale, dist=_log_gamma, dims="post")
    return pm.Deterministic("mixing", pt.exp(raw * scale - shift), dims="post")


def _log_gamma(alpha: Tensor, shift: Tensor, scale: Tensor, size: Tensor) -> Tensor:
    """(log g + shift) / scale of g ~ Gamma(alpha, alpha); PyMC derives its density."""
    return (pt.log(pm.Gamma.dist(alpha, alpha, size=size)) + shift) / scale


def _alpha(dispersion: Dispersion | None) -> Tensor:
    """Dispersion of the negative binomial: variance = mu + mu**2 / alpha."""
    if dispersion is None:
        raise NotImplementedError("only negative binomial outcomes are built")
    if dispersion.on == "alpha":
        return prior("alpha", dispersion.prior)
    inverse = prior("inverse_alpha", dispersion.prior)
    return pm.Deterministic("alpha", 1.0 / inverse)


def _order_value(design: Design, value: OrderValue) -> None:
    """Net revenue of n paying orders ~ Gamma(n kappa, kappa / m); paying orders binomial.

    A sum of n Gamma(kappa, kappa / m) order values, so that sums suffice.
    """
    data = design.value
    if data is None:
        return
    log_mean = prior("value_log_mean", value.mean)
    kappa = prior("value_shape", value.shape)
    for term in value.terms:
        group, name = design.value_groups[term.by], f"value_{dim(term.by)}"
        index = _data(f"{name}_index", group.index[data.rows], "sale")
        if term.effects == "zero_sum":
            effect = _zero_sum_effect(name, term, group, scale=kappa)
        else:
            location = _location(name, group, log_mean, index, data.rows)
            effect = _exchangeable_effect(name, term, group, location, kappa)
        log_mean = log_mean + effect[index]
    orders = _data("sale_orders", data.orders.astype(np.float64), "sale")
    pm.Gamma(
        "net_revenue",
        alpha=orders * kappa,
        beta=kappa / pt.exp(log_mean),
        observed=_data("observed_net_revenue", data.revenue, "sale"),
        dims="sale",
    )
    share = prior("paying_share", value.paying_share)
    credited = _data("credited_orders", np.asarray(data.credited))
    paying = _data("observed_paying_orders", np.asarray(data.paying))
    pm.Binomial("paying_orders", n=credited, p=share, observed=paying)
