"""Means of a fitted model from its draws: NumPy only, in blocks, without another compile.

These are the same formulas as in :mod:`attribution.model`; a test holds the two together at
random points of the parameter space.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from attribution.design.halo import DrawnDays
from attribution.design.types import Design, Floats, GroupIndex, Integers, Sources, dim
from attribution.draws import Draws, blocks, n_draws
from attribution.spec.families import MOST, OWN, Given
from attribution.spec.halo import HaloMean
from attribution.spec.links import LINKS, ArrayFunctions
from attribution.spec.model import RatesMean
from attribution.spec.sections import brought as orders_brought
from attribution.spec.sections import realised
from attribution.spec.terms import Group, level_name

F: Any = ArrayFunctions()
"""What families and links are made of, for arrays."""


def expected(design: Design, draws: Draws) -> Floats:
    """Expected outcome of each post, for orders wherever they land; shape (draw, post)."""
    return expected_at(design, draws, sums(design, draws))


def expected_at(design: Design, draws: Draws, sums: Mapping[str, Floats]) -> Floats:
    """Expected outcome of each post, as :func:`expected`, from :func:`sums`; (draw, post)."""
    if isinstance(design.spec.mean, RatesMean):
        return _of_all_parts(design, draws)
    return np.asarray(design.family.expected(F, given_at(design, draws, sums)))


def given(design: Design, draws: Draws) -> Given:
    """Return what the distribution of each post's outcome depends on; arrays (draw, post).

    Of orders those that the post brings, wherever they land.
    """
    return given_at(design, draws, sums(design, draws))


def sums(design: Design, draws: Draws) -> dict[str, Floats]:
    """Sum of terms of each section that has one, exposure included in the mean's; (draw, post)."""
    found = {name: sum_of_terms(design, draws, name) for name in design.spec.predictors}
    if "mean" in found and design.spec.outcome.exposure is not None:
        found["mean"] += np.log(design.exposure)
    return found


def given_at(design: Design, draws: Draws, sums: Mapping[str, Floats]) -> Given:
    """Return what outcomes depend on, as :func:`given`, from :func:`sums`."""
    own = own_given(design, draws, sums)
    if isinstance(design.spec.mean, RatesMean):
        return replace(own, mean=_of_all_parts(design, draws))
    here = own.with_mean(F, LINKS[design.spec.mean.link], sums["mean"], design.trials)
    if design.halo is None:
        return here
    mean, days = _halo(design, draws)
    without = mean.baseline(here.mean, days)
    return replace(here, mean=without + carried(design, draws).sum(axis=2))


def own_given(design: Design, draws: Draws, sums: Mapping[str, Floats]) -> Given:
    """Return own parameters of the family, no mean; arrays (draw, 1) or (draw, post)."""
    numbers, linked = {}, {}
    for section, own in design.spec.own.items():
        if own.predictor is None:
            numbers[section] = draws[OWN[section].parameter][:, None]
        else:
            linked[section] = (LINKS[own.predictor.link], sums[section])
    return Given.of_own(F, numbers, linked)


def expected_parts(design: Design, draws: Draws) -> Floats:
    """Expected orders of each post by part of a rates mean; shape (draw, post, part).

    Raises
    ------
    TypeError
        For a model whose mean is not a sum of parts.
    """
    return np.stack(list(_parts(design, draws)), axis=2)


def _of_all_parts(design: Design, draws: Draws) -> Floats:
    """Sum of :func:`expected_parts`; (draw, post)."""
    return np.asarray(sum(_parts(design, draws)))


def _parts(design: Design, draws: Draws) -> Iterator[Floats]:
    """Yield the expected orders of each post by one part of a rates mean after another."""
    mean = design.spec.mean
    if not isinstance(mean, RatesMean):
        raise TypeError("only a rates mean has parts that add up")
    rates, signals = unit_rates(design, draws), signal_draws(design, draws)
    for k, part in enumerate(mean.parts):
        yield rates[:, k, :] * signals[part]


def carried(design: Design, draws: Draws) -> Floats:
    """Expected sales of each day through posts of it and of those before; (draw, post, part).

    Raises
    ------
    TypeError
        For a model whose mean is not a halo mean.
    """
    mean, days = _halo(design, draws)
    return np.stack(mean.carried(F, days), axis=2)


def baseline(design: Design, draws: Draws) -> Floats:
    """Expected sales of each day without posts, of a halo mean; (draw, post).

    Raises
    ------
    TypeError
        For a model whose mean is not a halo mean.
    """
    mean, days = _halo(design, draws)
    return np.asarray(mean.baseline(F.exp(sum_of_terms(design, draws, "mean")), days))


def _halo(design: Design, draws: Draws) -> tuple[HaloMean, DrawnDays]:
    mean = design.spec.mean
    if not isinstance(mean, HaloMean) or design.halo is None:
        raise TypeError("only a halo mean carries effects from day to day")
    return mean, DrawnDays(design.halo, draws)


def lift(design: Design, draws: Draws) -> tuple[Floats, Floats]:
    """Orders that each lift test's posts brought, as it counts them: mean, variance; (draw, test).

    The variance is of what the recorded orders leave open of the posts' luck. Where orders come
    late, each post's own are taken to be those that the shares of its neighbours make likely.
    """
    shape = (n_draws(draws), 0 if design.tested is None else len(design.tested))
    means, variances = np.empty(shape), np.empty(shape)
    if design.tested is None:
        return means, variances
    sources = design.sources
    counted = (design.outcome, 1.0) if sources is None else (sources.orders, sources.credited)
    for block in blocks(draws, len(design.outcome)):
        mean, variance = realised(F, given(design, block.draws), *counted)
        means[block.where] = mean @ design.tested.T
        variances[block.where] = variance @ design.tested.T
    factor = brought(design, draws)
    if factor is None:
        return means, variances
    return factor[:, None] * means, factor[:, None] ** 2 * variances


def unit_rates(design: Design, draws: Draws) -> Floats:
    """Orders per unit of each part as it is shown, fakes included, at each post.

    Shape (draw, part, post).
    """
    rates = np.exp(base_log_rates(design, draws))[:, :, None]
    shared = np.ones((n_draws(draws), 1, len(design.outcome)))
    for term in _groups(design):
        factor = _factor(draws[f"{dim(term.by)}_effect"], design.groups[term.by].index)
        if term.of == ("each part",):
            rates = rates * factor
        elif term.of == ("all parts",):
            shared *= factor[:, None, :]
    rates = rates * shared
    section, real = design.spec.authenticity, genuine(design, draws)
    if section is None or real is None:
        return rates
    faked = np.isin(list(design.signals), section.parts)
    return np.where(faked[:, None], rates * real[:, None, :], rates)


def base_log_rates(design: Design, draws: Draws) -> Floats:
    """Log of orders per unit of each part for an average group; shape (draw, part)."""
    base = draws["log_rate"][:, None] + np.log(design.units)[None, :]
    return base + np.log(draws["share"]) if "share" in draws else base


def _factor(effect: Floats, index: Integers) -> Floats:
    """Return what the level of each post multiplies by; (draw, …, level) -> (draw, …, post)."""
    if effect.shape[-1] < len(index):
        return np.exp(effect)[..., index]
    return np.exp(effect[..., index])


def _groups(design: Design) -> list[Group]:
    mean = design.spec.mean
    return list(mean.terms) if isinstance(mean, RatesMean) else []


def signal_draws(design: Design, draws: Draws) -> dict[str, Floats]:
    """Amount of each part, hidden ones drawn; part -> (1 or draw, post)."""
    out: dict[str, Floats] = {}
    hidden = design.hidden
    for part, shown in design.signals.items():
        if hidden is None or part not in hidden.columns:
            out[part] = shown[None, :]
            continue
        mine = np.flatnonzero(np.asarray(hidden.columns) == part)
        log_counts = hidden.mean[mine] + hidden.sd[mine] * draws["hidden_z"][:, mine]
        values = np.repeat(shown[None, :], n_draws(draws), axis=0)
        values[:, hidden.rows[mine]] = np.maximum(np.expm1(log_counts), 0.0)
        out[part] = values
    return out


def genuine(design: Design, draws: Draws) -> Floats | None:
    """Each post's genuine share of engagement over the population's; (draw, post).

    None for a model that takes all engagement as genuine.
    """
    section = design.spec.authenticity
    return None if section is None else np.asarray(section.genuine(ArrayAt(design, draws)))


def brought(design: Design, draws: Draws) -> Floats | None:
    """Orders that posts bring for each recorded one; (draw,). None where the spec says nothing."""
    factor = orders_brought(design.spec, draws.__getitem__)
    return None if factor is None else np.asarray(factor)


def feature_draws(design: Design, draws: Draws) -> dict[str, Floats]:
    """Centred features, hidden ones drawn; feature -> (1 or draw, post)."""
    hidden = design.hidden
    if hidden is None:
        return {name: values[None, :] for name, values in design.features.items()}
    nodes = hidden.nodes
    inside = np.clip(draws["hidden_z"], nodes[0], nodes[-1])
    width = nodes[1] - nodes[0]
    weight = np.maximum(0.0, 1.0 - np.abs(inside[:, :, None] - nodes) / width)
    out = {}
    for name, shown in design.features.items():
        values = np.repeat(shown[None, :], len(inside), axis=0)
        values[:, hidden.rows] = np.einsum("dhn,hn->dh", weight, hidden.features[name])
        out[name] = values
    return out


def sum_of_terms(design: Design, draws: Draws, section: str) -> Floats:
    """Sum of the terms of a section on its link's scale, exposure aside; shape (draw, post)."""
    place, at = design.spec.place(section), ArrayAt(design, draws)
    total = np.zeros((n_draws(draws), len(design.outcome)))
    for term in design.spec.predictors[section].terms:
        total += term.summand(at, place)
    return total


class ArrayAt:
    """The posts of a design, for draws; see :class:`attribution.spec.terms.At`."""

    def __init__(self, design: Design, draws: Draws) -> None:
        self._design, self._draws = design, draws
        self._features = feature_draws(design, draws)

    def value(self, name: str) -> Floats:
        """Return an unknown; (draw, 1)."""
        return self._draws[name][:, None]

    def feature(self, name: str) -> Floats:
        """Return a feature less its centre; (1 or draw, post)."""
        return self._features[name]

    def centre(self, name: str) -> float:
        """Return the centre of a feature."""
        return self._design.feature_centres[name]

    def pick(self, name: str, column: str) -> Floats:
        """Return of an unknown with a value for each level that of each post's; (draw, post)."""
        return self._draws[name][:, self._design.groups[column].index]

    def dot(self, name: str, basis: str) -> Floats:
        """Return the sum of a basis's functions times an unknown for each; (draw, post)."""
        return np.asarray(self._draws[name] @ self._design.bases[basis].functions.T)


def landed(design: Design, means: Floats) -> Floats:
    """Orders expected to be credited to each post by the rule; same shape as ``means``.

    Parameters
    ----------
    means
        Expected orders of each post, wherever they land; shape (draw, post) or
        (draw, post, part).
    """
    if design.sources is None:
        return means
    share = shares_of_sources(design.sources)
    if means.ndim == 2:
        return _credit(share, means)
    return np.stack([_credit(share, means[:, :, k]) for k in range(means.shape[2])], axis=2)


def shares_of_sources(sources: Sources) -> csr_array:
    """Share of the orders of each source that lands on each post; sparse (post, source)."""
    post, column = np.nonzero(sources.weight)
    count = len(sources.weight)
    values = (sources.weight[post, column], (post, sources.index[post, column]))
    return csr_array(values, shape=(count, count))


def _credit(share: csr_array, brought: Floats) -> Floats:
    return np.asarray(np.ascontiguousarray((share @ brought.T).T))


def credited(design: Design, here: Given) -> Given:
    """Return what the distribution of credited counts depends on, from that of brought ones.

    With m_p = w[i, p] mu[p], a sum of gamma-mixed streams has variance m + sum_p m_p**2 / alpha[p]:
    that of a negative binomial with dispersion (sum_p m_p)**2 / sum_p (m_p**2 / alpha[p]).
    """
    if design.sources is None:
        return here
    share = shares_of_sources(design.sources)
    mean = _credit(share, here.mean)
    if "dispersion" not in here.own:
        return replace(here, mean=mean)
    spread = _credit(share**2, here.mean**2 / here.own["dispersion"])
    return replace(here, mean=mean, own={**here.own, "dispersion": mean**2 / spread})


def log_likelihood(design: Design, draws: Draws, posts: Integers | None = None) -> Floats:
    """Log probability of each post's outcome, whatever its mixing; shape (draw, post).

    The gamma mixing is integrated out, so that comparisons ask how well a model tells a post it
    knows nothing else of. Exact without late orders; with them the sum of streams is taken for
    the negative binomial of its mean and variance. On the samples the sum over 1,000 posts is then
    0.4 to 1.6 too low, alike for both models, and a single post at most 0.2 off.

    Parameters
    ----------
    posts
        Positions of the posts to tell of; all if None.
    """
    if posts is not None and design.hidden is None and design.sources is None:
        design, posts = at_posts(design, posts), None
    kept = np.arange(len(design.outcome)) if posts is None else posts
    outcome = design.outcome.astype(np.float64)
    out = np.empty((n_draws(draws), len(kept)))
    for block in blocks(draws, len(design.outcome)):
        here = _some(credited(design, given(design, block.draws)), kept)
        out[block.where] = design.family.log_density(F, outcome[kept], here)
    return out


def _some(here: Given, posts: Integers) -> Given:
    """Return what is given of some posts."""
    return here.map(lambda values: values[..., posts] if values.shape[-1] > 1 else values)


def at_posts(design: Design, posts: Integers) -> Design:
    """Return what the expected orders of some posts need; of a design that hides no signal.

    Where orders land is left out: other posts have a part in it.
    """

    def some(group: GroupIndex) -> GroupIndex:
        return replace(group, index=group.index[posts], weight=group.weight[posts])

    return replace(
        design,
        table=design.table[posts],
        outcome=design.outcome[posts],
        exposure=design.exposure[posts],
        trials=None if design.trials is None else design.trials[posts],
        signals={name: values[posts] for name, values in design.signals.items()},
        features={name: values[posts] for name, values in design.features.items()},
        bases={name: basis.moved(basis.at[posts]) for name, basis in design.bases.items()},
        groups={name: some(group) for name, group in design.groups.items()},
        sources=None,
        halo=None if design.halo is None else design.halo.at(posts),
    )


def cells(design: Design) -> tuple[Design, Integers, Floats]:
    """Return posts with the same levels of all groups as one, their signals added up.

    The orders that a rates mean expects are linear in the signals at rates and multipliers that
    levels alone decide, so that sums over cells are sums over posts, at a fraction of the work.
    A post that hides a signal, which is drawn, stays by itself.

    Returns
    -------
    tuple
        What expected parts need, a cell in place of each post; the first post of each cell,
        (cell,); how many posts each stands for, (cell,).
    """
    alone, hidden = np.zeros(len(design.outcome), dtype=np.int64), design.hidden
    if hidden is not None:
        alone[hidden.rows] = 1 + np.arange(len(hidden.rows))
    levels = np.stack([alone, *(group.index for group in design.groups.values())], axis=1)
    _, first, cell, count = np.unique(
        levels, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    sums = {name: np.bincount(cell, values) for name, values in design.signals.items()}
    if hidden is not None:
        hidden = replace(hidden, rows=cell[hidden.rows])
    here = replace(at_posts(design, first), signals=sums, hidden=hidden)
    return here, first, count.astype(np.float64)


def replications(design: Design, draws: Draws, rng: np.random.Generator) -> Iterator[Floats]:
    """Draw outcomes from the posterior predictive distribution, block by block of draws.

    Each post's orders get a gamma mixing of their own, wherever they land.

    Yields
    ------
    array
        Outcomes of consecutive draws, whole numbers where the family counts; (draw, post).
    """
    for block in blocks(draws, len(design.outcome)):
        here = given(design, block.draws)
        if design.sources is None:
            drawn = design.family.draw(rng, here)
        else:
            brought = landed(design, _mixed(here, rng))
            drawn = np.asarray(rng.poisson(np.minimum(brought, MOST)), dtype=np.float64)
        yield drawn.astype(np.int64) if design.family.whole else drawn


def _mixed(here: Given, rng: np.random.Generator) -> Floats:
    """Means of orders with their gamma mixing, where there is any; (draw, post)."""
    if "dispersion" not in here.own:
        return np.asarray(here.mean)
    alpha = np.broadcast_to(here.own["dispersion"], here.mean.shape)
    return np.asarray(rng.gamma(alpha, here.mean / alpha))


def draw_lucky(design: Design, draws: Draws, outcomes: Floats, rng: np.random.Generator) -> Floats:
    """Draw the mean orders of posts, their luck included, given orders that were drawn.

    Without late orders a post's luck is Gamma(alpha + orders, alpha + mean) times its mean, and a
    post without orders may be one that brings none.

    Parameters
    ----------
    outcomes
        Orders of each draw; (draw, post).
    """
    found = np.empty(outcomes.shape)
    for block in blocks(draws, outcomes.shape[1]):
        here, orders = given(design, block.draws), outcomes[block.where]
        lucky, idle = np.array(here.mean), here.own.get("zero_inflation")
        alpha = here.own.get("dispersion")
        none = np.exp(-lucky)
        if alpha is not None:
            none = np.exp(-alpha * np.log1p(lucky / alpha))
            lucky = lucky * rng.gamma(alpha + orders, 1.0 / (alpha + lucky))
        if idle is not None:
            gone = idle / (idle + (1.0 - idle) * none)
            lucky[(orders == 0) & (rng.random(orders.shape) < gone)] = 0.0
        found[block.where] = lucky
    return found


def replicate(design: Design, draws: Draws, rng: np.random.Generator) -> Floats:
    """Draw outcomes from the posterior predictive distribution; (draw, post)."""
    return np.concatenate(list(replications(design, draws, rng)))


def order_value(design: Design, draws: Draws) -> Floats:
    """Mean net revenue per credited order at each post, currency; shape (draw, post).

    The mean of paying orders times the share of orders that keep net revenue.

    Raises
    ------
    TypeError
        For a model without order values.
    """
    return paying_value(design, draws) * paying_share(design, draws)


def paying_share(design: Design, draws: Draws) -> Floats:
    """Share of orders like each post's that keep net revenue; shape (draw, 1) or (draw, post).

    What sets a post apart from others of its levels is its luck, and is none of its share.
    """
    value = design.spec.order_value
    share = draws["paying_share"][:, None]
    if value is None or not value.paying_terms:
        return share
    logit = np.log(share) - np.log1p(-share)
    for term in value.paying_terms:
        effect = draws[f"{level_name(design.spec.place('paying'), term.by)}_effect"]
        logit = logit + effect[:, design.value_groups[term.by].index]
    return np.asarray(F.sigmoid(logit))


def draw_paying(
    design: Design,
    draws: Draws,
    credited: Floats | Integers,
    rng: np.random.Generator,
    rows: Integers | None = None,
) -> Floats:
    """Draw how many of credited orders keep net revenue; (draw, post).

    Parameters
    ----------
    credited
        Credited orders, whole numbers; (draw, post), or (post,) for all draws alike.
    rows
        Posts that they are of; all if None.
    """
    share = paying_share(design, draws)
    if rows is not None and share.shape[1] > 1:
        share = share[:, rows]
    share = np.broadcast_to(share, (n_draws(draws), credited.shape[-1]))
    if "paying_concentration" in draws:
        c = draws["paying_concentration"][:, None]
        share = rng.beta(share * c, (1.0 - share) * c)
    return np.asarray(rng.binomial(credited.astype(np.int64), share), dtype=np.float64)


def paying_value(design: Design, draws: Draws) -> Floats:
    """Mean net revenue per paying order at each post, currency; shape (draw, post).

    Raises
    ------
    TypeError
        For a model without order values.
    """
    value = design.spec.order_value
    if value is None:
        raise TypeError("the model has no order value")
    log_mean = np.repeat(draws["value_log_mean"][:, None], len(design.outcome), axis=1)
    for term in value.terms:
        effect = draws[f"value_{dim(term.by)}_effect"]
        log_mean += effect[:, design.value_groups[term.by].index]
    return np.exp(log_mean)
