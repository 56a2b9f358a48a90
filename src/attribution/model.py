"""Build the PyMC model of a design: one definition, from parts that compose.

Every amount enters as ``pm.Data``, so that another table of posts means new values, not a new
model. Dims: ``post``; one dim per grouping column (``tier``, ``creator``); ``part`` of a rates
mean; ``landing`` (pairs of a post and one whose orders can land on it); ``hidden`` (signals that
are not shown); ``sale`` (posts with paying orders); ``credit`` (counts of credited orders that
refunds are learned from); and those of terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pymc.logprob.transforms import Transform

from attribution.design.build import CREATOR, CREATOR_SPREAD
from attribution.design.defaults import spread_of_outcome
from attribution.design.halo import Halo
from attribution.design.types import Design, GroupIndex, Refunds, Sources, dim
from attribution.joint import absorb
from attribution.spec.adstock import Ages
from attribution.spec.families import OWN, Given
from attribution.spec.halo import EFFECT, HaloMean
from attribution.spec.links import LINKS
from attribution.spec.model import OrderValue, Predictor, RatesMean
from attribution.spec.priors import PRIORS, REAL, SCALES, Prior, quantile
from attribution.spec.sections import brought as orders_brought
from attribution.spec.sections import realised
from attribution.spec.stages import in_run
from attribution.spec.terms import Group, Place, add_effect, add_zero_sum, level_name

NOT_KEPT = ("mixing_raw", "mixing")
"""Unknowns of each post, too many for a run to keep."""

NARROW = 0.1
"""Scale of a prior, such as that of a slope per follower, below which it is sampled in units of
it."""

LARGE = 0.5
"""Scale of a coefficient below which it is sampled in units of it.

Samplers start within 1 of 0: that of a count up to 80, whose scale is 0.1, would start at means of
exp(40) and never come back.
"""

Tensor = Any  # PyTensor and PyMC are not typed


class TensorFunctions:
    """What families, links and terms are made of, for tensors; see ``spec.links.Functions``."""

    exp, log, log1p, expm1, sqrt = pt.exp, pt.log, pt.log1p, pt.expm1, pt.sqrt
    sigmoid, softplus, gammaln, where = pt.sigmoid, pt.softplus, pt.gammaln, pt.where

    @staticmethod
    def normal_cdf(x: Tensor) -> Tensor:
        """Probability of a standard normal below x."""
        return 0.5 * pt.erfc(-x / np.sqrt(2.0))

    @staticmethod
    def log_normal_cdf(x: Tensor) -> Tensor:
        """Logarithm of it, exact far below 0."""
        far = pt.log(0.5 * pt.erfcx(-pt.minimum(x, 0.0) / np.sqrt(2.0))) - 0.5 * x**2
        near = pt.log1p(-0.5 * pt.erfc(pt.maximum(x, -1.0) / np.sqrt(2.0)))
        return pt.where(x < -1.0, far, near)


F: Any = TensorFunctions


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
        hidden = _hidden(design)
        for section in design.spec.sections:
            section.build(Builder(design))
        given = _given(design, hidden)
        brought = None
        if design.sources is None:
            _observe(design, given)
        else:
            brought = _credited(design, given, matched=matched)
        _lift(design, given, brought)
        if design.value is not None and design.spec.order_value is not None:
            _order_value(design, design.spec.order_value)
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


class InUnits(Transform):
    """Sampled in units of its prior: samplers start some units around where the prior is."""

    name = "units"

    def __init__(self, unit: float) -> None:
        self._unit = np.float64(unit)

    def forward(self, value: Tensor, *_inputs: Tensor) -> Tensor:
        """Return the value in units."""
        return value / self._unit

    def backward(self, value: Tensor, *_inputs: Tensor) -> Tensor:
        """Return the value from what is sampled."""
        return value * self._unit

    def log_jac_det(self, value: Tensor, *_inputs: Tensor) -> Tensor:
        """Return the logarithm of how fast the value changes with what is sampled."""
        return pt.zeros_like(value) + np.log(self._unit)


def prior(name: str, stated: Prior, dims: str | None = None, unit: float | None = None) -> Tensor:
    """Add an unknown with the stated prior to the model in context; scalar without dims.

    ``unit`` is how large a coefficient may be before it changes the outcome a lot, if it is known.
    """
    distribution = getattr(pm, PRIORS[stated.name].pymc or "")
    if stated.on is None:
        return distribution(name, **stated.parameters, dims=dims, **_sampled(stated, dims, unit))
    there = distribution(f"{stated.on}_{name}", **stated.parameters, dims=dims)
    return pm.Deterministic(name, SCALES[stated.on].back(pt, there), dims=dims)


def _sampled(stated: Prior, dims: str | None, unit: float | None) -> dict[str, Any]:
    """Return in which units an unknown is sampled, or where from if it has a bound.

    A prior, wide or flat, says nothing of the units of a feature: a coefficient of 1 per follower
    is beyond all numbers. The samplers start within about a unit of the prior's centre.
    """
    kind, known = PRIORS[stated.name], np.inf if unit is None else unit
    support = kind.support_with(stated.parameters)
    if support == REAL:
        scale = min(kind.scale_of(stated.parameters) or np.inf, known)
        far = scale < NARROW or (unit is not None and (scale < LARGE or scale > 1.0 / NARROW))
        return {"transform": InUnits(scale)} if far else {}
    if known < NARROW and support.low < known < support.high:
        count = () if dims is None else (len(pm.modelcontext(None).coords[dims]),)
        return {"initval": np.full(count, known)}
    return {}


def _data(name: str, values: np.ndarray, dims: str | tuple[str, ...] | None = None) -> Tensor:
    """Return data of the model in context, added the first time that they are asked for."""
    model = pm.modelcontext(None)
    return model[name] if name in model else pm.Data(name, values, dims=dims)


class Builder:
    """Adds the unknowns of terms to the model in context; see :class:`spec.terms.Make`.

    Parameters
    ----------
    design
        What the model is built from.
    groups
        Grouping columns, those of the design unless said.
    index
        Name and positions of each row's level, by column.
    """

    f = TensorFunctions

    def __init__(self, design: Design, prefix: str = "") -> None:
        self._design, self._prefix = design, prefix

    prior = staticmethod(prior)

    def coefficient(
        self,
        name: str,
        stated: Prior,
        place: Place,
        feature: str,
        *,
        centred: bool,
        dims: str | None = None,
    ) -> Tensor:
        """Add coefficients of a feature, with a stated prior."""
        design = self._design
        centre = 0.0 if centred else design.feature_centres[feature]
        size = float(np.sqrt(self.mean_square(feature) + centre**2))
        unit = 1.0 if place.unit == "1" else spread_of_outcome(design.spec, design.outcome)
        return prior(name, stated, dims, unit / size)

    def normal(self, name: str, mu: Tensor, sigma: Tensor, dims: Any) -> Tensor:
        """Add normal unknowns."""
        return pm.Normal(name, mu, sigma, dims=dims)

    def zero_sum_normal(self, name: str, sigma: Tensor, dims: Any) -> Tensor:
        """Add normal unknowns whose sum over the last dim is zero."""
        return pm.ZeroSumNormal(name, sigma, dims=dims, n_zerosum_axes=1)

    def dirichlet(self, name: str, concentration: float, dims: str) -> Tensor:
        """Add shares that add up to 1."""
        count = len(pm.modelcontext(None).coords[dims])
        return pm.Dirichlet(name, np.full(count, concentration), dims=dims)

    def beta(self, name: str, alpha: Tensor, dims: str) -> Tensor:
        """Add unknowns between 0 and 1, beta with both parameters alike."""
        return pm.Beta(name, alpha, alpha, dims=dims)

    def share(self, name: str, stated: Prior, location: Tensor, sd: Tensor) -> Tensor:
        """Add an unknown share with a stated prior, whose logit is known to about so much else.

        Sampled is the logit in units of what the prior and that leave open together, were both
        normal. The prior does not depend on it.
        """
        if stated.on is not None:
            return prior(name, stated)
        low, middle, high = (logit_of(quantile(stated, p)) for p in (0.16, 0.5, 0.84))
        before = 4.0 / (high - low) ** 2
        total = before + sd**-2.0
        shift, scale = (before * middle + location * sd**-2.0) / total, total**-0.5
        distribution = getattr(pm, PRIORS[stated.name].pymc or "").dist(**stated.parameters)

        def log_density(raw: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
            x = shift + scale * raw
            moved = pt.log(scale) - pt.softplus(-x) - pt.softplus(x)
            return pm.logp(distribution, pt.sigmoid(x)) + moved

        def random(
            shift: Any, scale: Any, rng: np.random.Generator, size: Any = None
        ) -> np.ndarray:
            drawn = np.vectorize(partial(quantile, stated))(rng.random(size))
            return np.asarray((logit_of(drawn) - shift) / scale)

        raw = pm.CustomDist(f"{name}_raw", shift, scale, logp=log_density, random=random)
        return pm.Deterministic(name, pt.sigmoid(shift + scale * raw))

    def shares(
        self,
        name: str,
        dims: str,
        alpha: Tensor,
        beta: Tensor,
        successes: Any = 0.0,
        failures: Any = 0.0,
    ) -> Tensor:
        """Add unknown shares, each Beta(alpha, beta), of which about so many trials tell.

        Sampled is the logit in units of what these trials leave open: were they trials in which
        the share showed itself, it would be Beta(alpha + successes, beta + failures), whose logit
        has the mean psi(a) - psi(b) and the variance psi'(a) + psi'(b); both to a simple
        approximation. So it is nearly standard normal whatever alpha and beta are. The prior does
        not depend on the trials.
        """
        a, b = alpha + successes, beta + failures
        shift = pt.log(a + 0.5) - 1.0 / a - pt.log(b + 0.5) + 1.0 / b
        scale = pt.sqrt((1.0 + a) / a**2 + (1.0 + b) / b**2)
        raw = pm.CustomDist(
            f"{name}_raw",
            alpha,
            beta,
            shift,
            scale,
            logp=_logit_beta,
            random=_beta_logit,
            dims=dims,
        )
        return pm.Deterministic(name, pt.sigmoid(shift + scale * raw), dims=dims)

    def observed(
        self, name: str, distribution: str, values: Any, dims: str | None, **parameters: Tensor
    ) -> None:
        """Add data that are not the outcome, of a distribution by its name in PyMC."""
        data = _data(f"observed_{name}", np.asarray(values), dims)
        getattr(pm, distribution)(name, **parameters, observed=data, dims=dims)

    def positions(self, name: str, values: Any) -> Tensor:
        """Add known positions, whole numbers."""
        return _data(name, np.asarray(values))

    def scores(self) -> Any:
        """Return what is known of audiences' credibility, None without any."""
        return self._design.scores

    def deterministic(self, name: str, value: Tensor, dims: Any) -> Tensor:
        """Name a quantity that follows from unknowns, to be kept of each draw."""
        return pm.Deterministic(name, value, dims=dims)

    def data(self, name: str, values: Any, dims: str | None = None) -> Tensor:
        """Add known numbers."""
        return _data(name, np.asarray(values, dtype=np.float64), dims)

    def coord(self, name: str, levels: Sequence[str]) -> None:
        """Add a dim, unless it is there."""
        model = pm.modelcontext(None)
        if name not in model.coords:
            model.add_coord(name, list(levels))

    def levels(self, column: str) -> tuple[str, ...]:
        """Return the levels of a grouping column."""
        return self.group(column).levels

    def group(self, column: str) -> GroupIndex:
        """Return what is known of a grouping column."""
        design = self._design
        if self._prefix == "paying_" and design.refunds is not None:
            return design.refunds.groups[column]
        return (design.value_groups if self._prefix == "value_" else design.groups)[column]

    def basis(self, name: str) -> Any:
        """Return what is known of a basis."""
        return self._design.bases[name]

    def join(self, parts: Sequence[Tensor]) -> Tensor:
        """Return vectors one after another."""
        return pt.concatenate(list(parts)) if len(parts) > 1 else parts[0]

    def level_means(self, name: str, column: str, values: Tensor) -> Tensor:
        """Return averages over each level's rows, weights adding to 1 by level; (level,).

        No length enters as a number, so that another table needs no other compiled code.
        """
        group = self.group(column)
        weight = _data(f"{name}_weight", group.weight[self._rows])
        none = _data(f"{name}_zeros", np.zeros(len(group.levels)), dim(column))
        return pt.inc_subtensor(none[self.index(column)], weight * values)

    def mean_square(self, name: str) -> float:
        """Return the average square of a feature."""
        return float(np.mean(self._design.features[name] ** 2)) or 1.0

    def told_of_basis(self, name: str) -> np.ndarray:
        """Return what the data tell of the coefficient of each function of a basis; (function,).

        Roughly, one over its squared standard error were it the only unknown but the creators'.
        """
        design = self._design
        base = design.exposure if design.trials is None else design.trials
        told = design.family.working(design.outcome.astype(np.float64), base).information
        if CREATOR in design.groups:
            index = design.groups[CREATOR].index
            told = told / (1.0 + CREATOR_SPREAD["counts"] ** 2 * np.bincount(index, told)[index])
        return np.asarray(told @ design.bases[name].functions ** 2)

    def told_alike(self, column: str, least: float) -> np.ndarray:
        """Return the harmonic mean over levels of what the data tell, each at least ``least``."""
        return np.asarray(1.0 / np.mean(1.0 / np.maximum(self.group(column).information, least)))

    @property
    def _rows(self) -> Any:
        """The posts that are told of: all, or those with paying orders."""
        value = self._design.value
        return value.rows if self._prefix == "value_" and value is not None else slice(None)

    def index(self, column: str) -> Tensor:
        """Return the position of each row's level."""
        rows = {"value_": "sale", "paying_": "credit"}.get(self._prefix, "post")
        index = self.group(column).index[self._rows]
        return _data(f"{self._prefix}{dim(column)}_index", index, rows)


def logit_of(share: Any) -> Any:
    """Log odds of a share."""
    return np.log(share) - np.log1p(-share)


def _logit_beta(raw: Tensor, alpha: Tensor, beta: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Log density of raw where shift + scale * raw is the logit of a Beta(alpha, beta)."""
    logit = shift + scale * raw
    constant = pt.gammaln(alpha + beta) - pt.gammaln(alpha) - pt.gammaln(beta) + pt.log(scale)
    return constant - alpha * pt.softplus(-logit) - beta * pt.softplus(logit)


def _beta_logit(
    alpha: Any, beta: Any, shift: Any, scale: Any, rng: np.random.Generator, size: Any = None
) -> np.ndarray:
    """Draw what has the density of :func:`_logit_beta`.

    From logarithms of two gamma variables, which small parameters do not make 0: Gamma(a) is
    Gamma(a + 1) times a uniform to the power of 1 / a.
    """

    def log_gamma(shape: Any) -> Any:
        uniform = np.log1p(-rng.random(size)) / shape
        return np.log(rng.gamma(np.broadcast_to(shape + 1.0, size))) + uniform

    return np.asarray((log_gamma(alpha) - log_gamma(beta) - shift) / scale)


class TensorAt:
    """The posts of a design, for a model; see :class:`attribution.spec.terms.At`."""

    def __init__(self, design: Design, hidden: Tensor | None) -> None:
        self._design, self._builder = design, Builder(design)
        self._features = _features(design, hidden)

    def value(self, name: str) -> Tensor:
        """Return an unknown that is one number."""
        return pm.modelcontext(None)[name]

    def feature(self, name: str) -> Tensor:
        """Return a feature less its centre; (post,)."""
        return self._features[name]

    def centre(self, name: str) -> Tensor:
        """Return the centre of a feature."""
        return _data(f"{name}_centre", np.asarray(self._design.feature_centres[name]))

    def pick(self, name: str, column: str) -> Tensor:
        """Return of an unknown with a value for each level that of each post's level; (post,)."""
        return pm.modelcontext(None)[name][self._builder.index(column)]

    def dot(self, name: str, basis: str) -> Tensor:
        """Return the sum of a basis's functions times an unknown for each; (post,)."""
        model = pm.modelcontext(None)
        (function,) = model.named_vars_to_dims[name]
        functions = _data(basis, self._design.bases[basis].functions, ("post", function))
        return pt.sum(functions * model[name], axis=1)


def _hidden(design: Design) -> Tensor | None:
    """Standardised log(1 + count) of the signals that are not shown; dims (hidden,)."""
    if design.hidden is None:
        return None
    return pm.Normal("hidden_z", 0.0, 1.0, dims="hidden")


def _given(design: Design, hidden: Tensor | None) -> Given:
    """Return what the distribution of each post's outcome depends on, orders wherever they land."""
    at = TensorAt(design, hidden)
    if isinstance(design.spec.mean, RatesMean):
        mean = pt.exp(_rates_mean(design, design.spec.mean, hidden))
        return replace(_own(design, at), mean=mean)
    eta = None
    if design.spec.outcome.exposure is not None:
        eta = pt.log(_data("exposure", design.exposure, "post"))
    eta = _sum_of_terms(design, "mean", design.spec.mean, at, eta)
    trials = None if design.trials is None else _data("trials", design.trials, "post")
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


class TensorDays:
    """The days of a halo mean, for a model; see :class:`attribution.spec.halo.Days`."""

    def __init__(self, halo: Halo) -> None:
        self._halo = halo
        self.ages = Ages(
            start=_data("lag_start", halo.ages.start, "lag"),
            end=_data("lag_end", halo.ages.end, "lag"),
            last=_data("lag_last", np.asarray(halo.ages.last)),
        )

    def value(self, name: str) -> Tensor:
        """Return an unknown that is one number."""
        return pm.modelcontext(None)[name]

    def effect(self, part: int) -> Tensor:
        """Return the deviation of a part's log rate."""
        return pm.modelcontext(None)[EFFECT][part]

    def mix(self, part: int) -> Tensor:
        """Return a part's share of average reach."""
        return _data("part_mix", self._halo.mix, "part")[part]

    def lagged(self, part: str, weights: Tensor) -> Tensor:
        """Return the reach of a part on the days before, weighted by lag; (post,)."""
        lags = _data(f"{part}_lags", self._halo.lags[part], ("post", "lag"))
        return pt.sum(lags * weights, axis=1)


def _sum_of_terms(
    design: Design, section: str, predictor: Predictor, at: TensorAt, total: Tensor | None
) -> Tensor:
    """Add terms up, those whose levels are pooled last, as the others say what is left to them."""
    place, make = design.spec.place(section), Builder(design)
    if total is None:
        total = _data("zero", np.zeros(len(design.outcome)), "post")
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
    base = log_rate + pt.log(_data("unit", design.units, "part"))
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
    signals = _signals(design, mean, hidden)
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


def _lift(design: Design, given: Given, brought: Tensor | None) -> None:
    """Add what lift tests say of the orders that posts brought, wherever they landed.

    Parameters
    ----------
    brought
        Those orders' means, the posts' luck included, where that is an unknown; dims (post,).
    """
    tests = design.spec.experiments
    if tests is None or design.tested is None:
        return
    posts = _data("test_posts", design.tested, ("test", "post"))
    variance = None
    if brought is None:
        brought, variance = realised(F, given, *_counted(design))
    factor = orders_brought(design.spec, pm.modelcontext(None).__getitem__)
    factor = 1.0 if factor is None else factor
    open_ = 0.0 if variance is None else factor**2 * pt.sum(posts * variance, axis=1)
    tests.observe(F, Builder(design), factor * pt.sum(posts * brought, axis=1), open_)


def _counted(design: Design) -> tuple[Tensor, Tensor | float]:
    """Each post's own recorded orders, and the share of its orders that they are of."""
    if design.sources is None:
        return _data(f"observed_{design.spec.outcome.column}", design.outcome, "post"), 1.0
    orders = _data("mixing_orders", design.sources.orders, "post")
    return orders, _data("mixing_credited", design.sources.credited, "post")


def _observe(design: Design, given: Given) -> None:
    """Add the likelihood of the outcome."""
    name, family = design.spec.outcome.column, design.family
    observed = _data(f"observed_{name}", design.outcome, "post")
    if family.pymc is not None:
        known = getattr(pm, family.pymc.name)
        known(name, **family.pymc.at(given), observed=observed, dims="post")
        return
    tensors: list[Tensor] = []
    given.map(tensors.append)

    def again(values: Sequence[Any]) -> Given:
        left = iter(values)
        return given.map(lambda _: next(left))

    def log_density(y: Tensor, *values: Tensor) -> Tensor:
        return family.log_density(F, y, again(values))

    def random(*values: Any, rng: np.random.Generator, **_size: Any) -> np.ndarray:
        return np.asarray(family.draw(rng, again(np.broadcast_arrays(*values))))

    pm.CustomDist(
        name,
        *tensors,
        logp=log_density,
        random=random,
        observed=observed,
        dims="post",
        dtype="int64" if family.whole else "float64",
    )


def _credited(design: Design, given: Given, *, matched: bool) -> Tensor | None:
    """Add the likelihood of the counts that the rule credits to each post.

    Returns
    -------
    tensor or None
        Mean orders that each post brings, its luck included; None where that is integrated out.
    """
    if design.sources is None:
        raise AssertionError("without late orders what is brought is what is credited")
    name, brought = design.spec.outcome.column, given.mean
    observed = _data(f"observed_{name}", design.outcome, "post")
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
    to = _data("landing_post", post, "landing")
    source = _data("landing_source", sources.index[post, column], "landing")
    weight = _data("landing_weight", sources.weight[post, column], "landing")
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


def _order_value(design: Design, value: OrderValue) -> None:
    """Net revenue of n paying orders ~ Gamma(n kappa, kappa / m); paying orders (beta-)binomial.

    A sum of n Gamma(kappa, kappa / m) order values, so that sums suffice.
    """
    data = design.value
    if data is None:
        return
    log_mean = prior("value_log_mean", value.mean)
    kappa = prior("value_shape", value.shape)
    make = Builder(design, "value_")
    for term in value.terms:
        name = f"value_{dim(term.by)}"
        effect = add_effect(make, term, name, log_mean, kappa)
        log_mean = log_mean + effect[make.index(term.by)]
    orders = _data("sale_orders", data.orders.astype(np.float64), "sale")
    pm.Gamma(
        "net_revenue",
        alpha=orders * kappa,
        beta=kappa / pt.exp(log_mean),
        observed=_data("observed_net_revenue", data.revenue, "sale"),
        dims="sale",
    )
    share = prior("paying_share", value.paying_share)
    if design.refunds is not None:
        _refunds(design, value, design.refunds, share)
        return
    credited = _data("credited_orders", np.asarray(data.credited))
    paying = _data("observed_paying_orders", np.asarray(data.paying))
    pm.Binomial("paying_orders", n=credited, p=share, observed=paying)


def _refunds(design: Design, value: OrderValue, counts: Refunds, share: Tensor) -> None:
    """Paying orders whose share differs between levels, or from post to post beyond that."""
    logit = pt.log(share) - pt.log1p(-share) + _data("credit_zero", np.zeros(len(counts.rows)))
    make, place = Builder(design, "paying_"), design.spec.place("paying")
    for term in value.paying_terms:
        effect = add_effect(make, term, level_name(place, term.by), logit)
        logit = logit + effect[make.index(term.by)]
    orders = _data("credited_orders", counts.orders, "credit")
    found = {"observed": _data("observed_paying_orders", counts.paying, "credit"), "dims": "credit"}
    p = pt.sigmoid(logit)
    if value.paying_concentration is None:
        pm.Binomial("paying_orders", n=orders, p=p, **found)
        return
    c = prior("paying_concentration", value.paying_concentration)
    pm.BetaBinomial("paying_orders", n=orders, alpha=p * c, beta=(1.0 - p) * c, **found)
