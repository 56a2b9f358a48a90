"""Estimands of the engagement regression: changes, elasticities, and rates by tier.

The regression's parts multiply, so they do not add up to the orders; what a like is worth is the
change in expected orders when a post gets more of them, averaged over the observed posts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from attribution import forward
from attribution.design.types import Design, Floats, dim
from attribution.draws import Draws, blocks, n_draws
from attribution.quantities.estimates import NEW, THESE, Quantity
from attribution.quantities.rates import Rate, compare_groups, in_all
from attribution.quantities.totals import membership, shown_mask
from attribution.spec.columns import signals as signal_columns
from attribution.spec.columns import used_features
from attribution.spec.model import Predictor
from attribution.spec.terms import Group
from attribution.spec.transforms import columns_of, evaluate

STEPS = {"likes": 1000.0, "comments": 100.0}
"""How many more of each signal a change is told for."""

ONE_PERCENT = 1.01


@dataclass(frozen=True)
class Step:
    """A change of one signal.

    Parameters
    ----------
    signal
        The column that changes.
    changed
        Its new value, row by row.
    """

    signal: str
    changed: pl.Expr


@dataclass(frozen=True)
class Walk:
    """Expected orders summed over posts, as they are and after changes of signals.

    Parameters
    ----------
    orders
        Of all posts; (draw, group).
    before
        Of the posts that show all signals; (draw, group).
    after
        The same after each change, in the order they were asked for; each (draw, group).
    posts
        Number of posts that show all signals; (group,).
    """

    orders: Floats
    before: Floats
    after: list[Floats]
    posts: Floats


def regression_quantities(design: Design, draws: Draws) -> list[Quantity]:
    """Return every estimand of a linear mean with its draws; serves posterior and prior alike."""
    column = grouping_column(design)
    groups, member = membership(design, column)
    label = dim(column) if column else "overall"
    signals = signal_columns(design.spec)
    steps = [step for signal in signals for step in (_more(signal), _percent(signal))]
    walked = walk(design, draws, steps, member)
    out: list[Quantity] = []
    for k, signal in enumerate(signals):
        more, percent = walked.after[2 * k], walked.after[2 * k + 1]
        out += _signal(signal, walked, more, percent, groups, label)
    return [*out, *_rates(design, draws, walked.orders, groups, member, label)]


def _more(signal: str) -> Step:
    return Step(signal, pl.col(signal) + STEPS.get(signal, 1000.0))


def _percent(signal: str) -> Step:
    return Step(signal, pl.col(signal) * ONE_PERCENT)


def grouping_column(design: Design) -> str | None:
    """Return the column to report by: the first whose levels' effects add up to zero."""
    terms = (t for t in design.spec.mean.terms if isinstance(t, Group))
    return next((t.by for t in terms if t.effects == "zero_sum"), None)


def _signal(
    signal: str,
    walked: Walk,
    more: Floats,
    percent: Floats,
    groups: tuple[str, ...],
    label: str,
) -> Iterator[Quantity]:
    step = STEPS.get(signal, 1000.0)
    for g, group in enumerate(groups):
        if not walked.posts[g]:
            continue
        scope = "overall" if g == 0 else label
        yield Quantity(
            quantity=f"change_per_{step:.0f}_{signal}",
            label=f"Change in orders of a post with {step:,.0f} more {signal}",
            weighting="per post",
            unit="orders per post",
            draws=(more[:, g] - walked.before[:, g]) / walked.posts[g],
            threshold=0.0,
            statement="P(> 0)",
            words=(f"more {signal} go with more orders", f"more {signal} go with fewer orders"),
            scope=scope,
            group=group,
            population=THESE,
        )
        yield Quantity(
            quantity=f"elasticity_{signal}",
            label=f"Change in orders for 1 % more {signal}",
            weighting="per expected order",
            unit="%",
            draws=np.log(percent[:, g] / walked.before[:, g]) / np.log(ONE_PERCENT),
            threshold=0.0,
            statement="P(> 0)",
            words=(f"more {signal} go with more orders", f"more {signal} go with fewer orders"),
            scope=scope,
            group=group,
            population=THESE,
        )


def walk(design: Design, draws: Draws, steps: Sequence[Step], member: Floats) -> Walk:
    """Sum expected orders before and after changes, each of one signal; the draws once over.

    Parameters
    ----------
    design, draws
        A linear mean and its draws.
    steps
        The changes.
    member
        Which posts are in each group; (post, group).
    """
    mean = design.spec.mean
    if not isinstance(mean, Predictor):
        raise TypeError("only a linear mean has features to change")
    columns = signal_columns(design.spec)
    shown = member * shown_mask(design, columns).all(axis=1).astype(np.float64)[:, None]
    deltas = feature_changes(design, steps)
    shape = (n_draws(draws), member.shape[1])
    orders, before, *after = (np.empty(shape) for _ in range(2 + len(steps)))
    for block in blocks(draws, len(design.outcome)):
        means = forward.expected(design, block.draws)
        orders[block.where] = means @ member
        before[block.where] = means @ shown
        for delta, sums in zip(deltas, after, strict=True):
            factor = np.exp(_eta_change(design, mean, block.draws, delta))
            factor *= means
            sums[block.where] = factor @ shown
    return Walk(orders, before, after, shown.sum(axis=0))


def feature_changes(design: Design, steps: Sequence[Step]) -> list[dict[str, Floats]]:
    """Return by how much each step changes the features that use its signal.

    One dictionary a step, feature -> (post,); 0 at posts where a feature is unknown.
    """
    features = used_features(design.spec)
    now = evaluate(features, design.table)
    out: list[dict[str, Floats]] = []
    for step in steps:
        touched = [f for f in features if step.signal in columns_of(f)]
        then = evaluate(touched, design.table.with_columns(step.changed.alias(step.signal)))
        out.append(
            {f.name: (then[f.name] - now[f.name]).fill_null(0.0).to_numpy() for f in touched}
        )
    return out


def _eta_change(
    design: Design, mean: Predictor, draws: Draws, deltas: dict[str, Floats]
) -> Floats:
    """Change of the mean's sum of terms when features change; (draw, post)."""
    place = design.spec.place("mean")
    moved = {name: design.features[name] + deltas.get(name, 0.0) for name in design.features}
    now, then = (
        forward.ArrayAt(replace(design, features=features, hidden=None), draws)
        for features in (design.features, moved)
    )
    out = np.zeros((n_draws(draws), len(design.outcome)))
    for term in mean.terms:
        if set(term.features) & set(deltas):
            out += term.summand(then, place) - term.summand(now, place)
    return out


def _rates(
    design: Design,
    draws: Draws,
    orders: Floats,
    groups: tuple[str, ...],
    member: Floats,
    label: str,
) -> Iterator[Quantity]:
    """Expected orders per 1,000 of exposure, here and for a new creator of each group."""
    rate = in_all(design.spec.outcome.exposure)
    exposure = design.exposure @ member
    here = rate.per * orders / exposure
    for g, group in enumerate(groups):
        yield _rate(rate, "overall" if g == 0 else label, group, THESE, here[:, g])
    new_draws = average_creator(design, draws)
    if new_draws is None or len(groups) == 1:
        return
    new = rate.per * walk(design, new_draws, (), member).orders / exposure
    for g, group in enumerate(groups[1:], start=1):
        yield _rate(rate, label, group, NEW, new[:, g])
    yield from compare_groups(rate, new[:, 1:], groups[1:], label, np.ones(len(groups) - 1))


def _rate(rate: Rate, scope: str, group: str, population: str, draws: Floats) -> Quantity:
    return Quantity(
        quantity=rate.quantity,
        label=rate.label,
        scope=scope,
        group=group,
        population=population,
        weighting=rate.weighting,
        unit=rate.unit,
        draws=draws,
    )


def average_creator(design: Design, draws: Draws) -> Draws | None:
    """Return draws in which every creator has the population's mean multiplier.

    A normal effect with standard deviation s on the log scale multiplies by exp(s**2 / 2) on
    average, a mean-one effect by 1. None where another grouping varies slopes, whose average
    effect is no constant.
    """
    column = grouping_column(design)
    others = [t for t in design.spec.mean.terms if isinstance(t, Group) and t.by != column]
    if any(of not in {"intercept", "all parts"} for term in others for of in term.of):
        return None
    out = dict(draws)
    for term in others:
        name = dim(term.by)
        log_mean = draws[f"{name}_sd"] ** 2 / 2.0 if term.effects == "exchangeable" else 0.0
        out[f"{name}_effect"] = np.zeros_like(draws[f"{name}_effect"]) + np.reshape(
            log_mean, (-1, 1)
        )
    return out
