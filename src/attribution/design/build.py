"""Build the design: one pass from spec and table to named arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl

from attribution.design.absent import prune
from attribution.design.bases import Basis
from attribution.design.days import check_days, halo_of, prune_halo
from attribution.design.defaults import with_defaults
from attribution.design.hidden import predict_hidden
from attribution.design.levels import check_levels, join_columns, order_of, texts
from attribution.design.numbers import check_numbers, check_varies
from attribution.design.refunds import refunds_of
from attribution.design.rows import (
    group_columns,
    sort_levels,
    split_rows,
    value_group_columns,
)
from attribution.design.sections import (
    check_tests,
    prune_sections,
    scores,
    tested,
    without_broken_tests,
)
from attribution.design.stages import absent_of, build_stages
from attribution.design.types import (
    Design,
    Floats,
    GroupIndex,
    Hidden,
    Integers,
    Sources,
    Value,
)
from attribution.errors import Problem, raise_if_any
from attribution.spec.columns import all_terms, credits_late, signals, used_features
from attribution.spec.links import LINKS
from attribution.spec.model import ModelSpec, RatesMean
from attribution.spec.terms import Smooth
from attribution.spec.transforms import evaluate

NODES = np.linspace(-4.0, 4.0, 17)
"""Standardised hidden log-counts at which features are tabulated (linear in between)."""

SMALLEST_OWN_SHARE = 1e-6
"""Keeps a post's mean positive where another post by the creator followed at once."""

LEEWAY = 1e-6
"""Rounding that shares of one post's orders may exceed 1 by."""

CREATOR = "creator_id"
CREATOR_SPREAD = {"counts": 0.5, "order values": 0.2}
"""Standard deviation between creators (log scale) that is taken for what a tier's data tell.

A tier with few creators is known no better than their spread lets it be. It only steers how
effects are sampled.
"""


def build_design(
    spec: ModelSpec, table: pl.DataFrame, *, level_order: Sequence[str] = ()
) -> Design:
    """Turn a spec and an analysis table into the arrays that the model needs.

    Parameters
    ----------
    spec
        The model as the user stated it.
    table
        One row per post; see the column reference for ``analysis``.
    level_order
        Display order of tiers, smallest first.

    Returns
    -------
    Design
        Arrays with named dims; the same whether counts are stored as integers or floats.

    Raises
    ------
    InputError
        When outcome or exposure is missing, or no post is left.
    """
    raise_if_any([*check_numbers(spec, table), *check_days(spec, table)])
    spec, unreached = prune_halo(spec, table)
    table = join_columns(table, (*group_columns(spec), *value_group_columns(spec)))
    raise_if_any(check_tests(spec, table))
    spec, absent = prune(spec, table)
    spec, unscored = prune_sections(spec, table)
    family = spec.outcome.distribution
    amounts = [c for c in (spec.outcome.exposure, spec.outcome.trials, *signals(spec)) if c]
    numeric = pl.selectors.by_name(*amounts) & pl.selectors.numeric()
    table = table.with_columns(
        pl.col(spec.outcome.column).cast(pl.Int64 if family.whole else pl.Float64),
        numeric.cast(pl.Float64),
    )
    kept, set_aside = split_rows(spec, table)
    spec, untested = without_broken_tests(spec, table, set_aside)
    # What is left may have fewer levels, or one value where there were two.
    spec, more = prune(spec, kept)
    raise_if_any(check_levels(spec, kept, level_order))
    outcome = kept.get_column(spec.outcome.column).to_numpy()
    raise_if_any(check_varies(spec, outcome))
    exposure = _amount(kept, spec.outcome.exposure)
    shown, hidden = _hidden(spec, kept)
    features, centres, hidden = _features(spec, kept, shown, hidden)
    value = _value(spec, kept, outcome)
    spec = with_defaults(spec, outcome, _base(spec, kept), features)
    groups = _outcome_groups(spec, kept, outcome, level_order)
    value_groups = _value_groups(spec, kept, value, level_order)
    stages = build_stages(spec, kept, partial(build_design, level_order=level_order))
    return Design(
        spec=replace(spec, stages={name: stage.spec for name, stage in stages.items()}),
        table=kept,
        outcome=outcome,
        exposure=exposure,
        trials=_amount(kept, spec.outcome.trials) if family.trials else None,
        signals=_signals(spec, shown),
        units=_units(spec, kept),
        features=features,
        feature_centres=centres,
        bases=_bases(spec, features, centres),
        groups=groups,
        value_groups=value_groups,
        hidden=hidden,
        sources=_sources(kept, outcome) if credits_late(spec) else None,
        value=value,
        absent=tuple(
            dict.fromkeys((*unreached, *absent, *unscored, *untested, *more, *absent_of(stages)))
        ),
        set_aside=set_aside,
        tested=tested(spec, kept),
        refunds=refunds_of(spec, value, outcome, value_groups),
        scores=scores(spec, kept, groups),
        halo=halo_of(spec, table, kept, outcome),
        stages=stages,
    )


def _amount(table: pl.DataFrame, column: str | None) -> Floats:
    """Return a column of amounts, 1 for every post where there is none; (post,)."""
    if column is None:
        return np.ones(table.height)
    return table.get_column(column).cast(pl.Float64).to_numpy()


def _base(spec: ModelSpec, table: pl.DataFrame) -> Floats:
    """Return what the mean is of: a unit of exposure, or a trial; (post,)."""
    return _amount(table, spec.outcome.trials or spec.outcome.exposure)


def _bases(
    spec: ModelSpec, features: Mapping[str, Floats], centres: Mapping[str, float]
) -> dict[str, Basis]:
    """Return the functions of every curve by its name in a run."""
    found = {}
    for section, predictor in spec.predictors.items():
        for term in predictor.terms:
            if isinstance(term, Smooth):
                values = features[term.feature] + centres[term.feature]
                found[term.name(spec.place(section))] = Basis(term, values, values)
    return found


def _signals(spec: ModelSpec, shown: pl.DataFrame) -> dict[str, Floats]:
    parts = spec.mean.parts if isinstance(spec.mean, RatesMean) else ()
    return {part: shown.get_column(part).to_numpy() for part in parts}


def _units(spec: ModelSpec, table: pl.DataFrame) -> Floats:
    """Exposure per unit of each part over the posts that show every part; shape (part,)."""
    if not isinstance(spec.mean, RatesMean):
        return np.empty(0)
    totals = table.select(spec.mean.parts).drop_nulls().sum().row(0)
    return np.asarray([totals[0] / total for total in totals], dtype=np.float64)


def _hidden(spec: ModelSpec, table: pl.DataFrame) -> tuple[pl.DataFrame, Hidden | None]:
    """Return the table with hidden signals at their predictive median, and what is hidden."""
    columns: list[str] = []
    rows, means, sds = [], [], []
    filled = table
    used = signals(spec)
    for column in used:
        null = table.get_column(column).is_null()
        if not null.any():
            continue
        others = [c for c in used if c != column and _is_amount(table.get_column(c))]
        groups = [c for c in group_columns(spec) if c in table.columns]
        exposure = spec.outcome.exposure
        if exposure is None:
            raise AssertionError("hidden signals need an exposure: checked with the spec")
        prediction = predict_hidden(table, column, others, exposure, groups)
        where = np.flatnonzero(null.to_numpy())
        columns += [column] * len(where)
        rows.append(where)
        means.append(prediction.mean[where])
        sds.append(prediction.sd[where])
        median = pl.Series(column, np.maximum(np.expm1(prediction.mean), 0.0))
        filled = filled.with_columns(filled.get_column(column).fill_null(median))
    if not columns:
        return filled, None
    hidden = Hidden(
        columns=tuple(columns),
        rows=np.concatenate(rows),
        mean=np.concatenate(means),
        sd=np.concatenate(sds),
        nodes=NODES,
        features={},
    )
    return filled, hidden


def _is_amount(values: pl.Series) -> bool:
    """Whether a column holds numbers, 0 or more, of which others can be predicted."""
    return values.dtype.is_numeric() and not (values < 0).any()


def _features(
    spec: ModelSpec, table: pl.DataFrame, shown: pl.DataFrame, hidden: Hidden | None
) -> tuple[dict[str, Floats], dict[str, float], Hidden | None]:
    """Centred features, what was subtracted, and the features of hidden posts at the nodes."""
    features = used_features(spec)
    if not features:
        return {}, {}, hidden
    raw = evaluate(features, shown)
    # The centre is that of the posts that show everything, so that it is a fact of the data.
    visible = evaluate(features, table).drop_nulls()
    centres = {name: float(np.mean(visible.get_column(name).to_numpy())) for name in raw.columns}
    arrays = {name: raw.get_column(name).to_numpy() - centre for name, centre in centres.items()}
    if hidden is None:
        return arrays, centres, None
    grid = evaluate(features, _at_nodes(shown, hidden))
    at_nodes = {
        name: grid.get_column(name).to_numpy().reshape(-1, len(NODES)) - centre
        for name, centre in centres.items()
    }
    return arrays, centres, replace(hidden, features=at_nodes)


def _at_nodes(shown: pl.DataFrame, hidden: Hidden) -> pl.DataFrame:
    """Repeat each hidden post once per node, its hidden signal set to the node's value."""
    values = np.maximum(np.expm1(hidden.mean[:, None] + hidden.sd[:, None] * NODES), 0.0)
    grid = shown[np.repeat(hidden.rows, len(NODES)).tolist()]
    which = np.repeat(np.asarray(hidden.columns), len(NODES))
    node_values = pl.Series("__value", values.ravel())
    return grid.with_columns(
        pl.when(pl.Series(which) == column)
        .then(node_values)
        .otherwise(pl.col(column))
        .alias(column)
        for column in dict.fromkeys(hidden.columns)
    )


def _outcome_groups(
    spec: ModelSpec, table: pl.DataFrame, outcome: Integers | Floats, order: Sequence[str]
) -> dict[str, GroupIndex]:
    """Index the grouping columns of the outcome's model."""
    base = _base(spec, table)
    working = spec.outcome.distribution.working(outcome.astype(np.float64), base)
    link = spec.predictors["mean"].link if spec.predictors.get("mean") else "log"
    log_base = np.log(base) if spec.outcome.exposure is not None else np.zeros(len(base))
    orders = {c: order_of(term) for _, term in all_terms(spec) for c in term.columns}
    # Levels that are the posts themselves share the dim of the posts, and so its order.
    orders |= {"post_id": tuple(texts(table.get_column("post_id")))}
    found = {}
    for column in group_columns(spec):
        group = _group(
            table.get_column(column),
            working.information,
            working.total,
            working.base,
            orders.get(column) or order,
            link=LINKS[link].forward,
            offset=log_base,
        )
        found[column] = _between(
            group, table, column, working.information, CREATOR_SPREAD["counts"]
        )
    return found


def _between(
    group: GroupIndex, table: pl.DataFrame, column: str, information: Floats, spread: float
) -> GroupIndex:
    """Allow for the spread of the creators within each level of another column."""
    if column == CREATOR or CREATOR not in table.columns:
        return group
    cells = (
        pl.DataFrame({"level": group.index, "by": table.get_column(CREATOR), "told": information})
        .group_by("level", "by", maintain_order=True)
        .agg(pl.col("told").sum())
    )
    told = cells.get_column("told").to_numpy()
    levels = cells.get_column("level").to_numpy()
    between = np.bincount(levels, told / (1.0 + spread**2 * told), len(group.levels))
    return replace(group, information=between)


def _group(
    values: pl.Series,
    information: Floats,
    total: Floats,
    base: Floats,
    order: Sequence[str],
    *,
    link: Callable[[float], float] = math.log,
    offset: Floats | None = None,
) -> GroupIndex:
    """Index one grouping column.

    A level's estimate is the link of its ratio of totals to bases, plus the weighted mean of its
    posts' offsets.
    """
    text = texts(values)
    levels = sort_levels(text.unique().to_list(), order)
    position = {level: i for i, level in enumerate(levels)}
    index = np.asarray([position[level] for level in text], dtype=np.int64)

    def sums(amounts: Floats) -> Floats:
        return np.bincount(index, weights=amounts, minlength=len(levels))

    told = sums(information)
    weight = np.divide(information, told[index], out=np.zeros(len(index)), where=told[index] > 0)
    ratio = np.divide(sums(total), sums(base), out=np.ones(len(levels)), where=told > 0)
    estimate = np.zeros(len(levels))
    for level in np.flatnonzero(told > 0):
        # Only steers the sampler: a mean that the link cannot take is left at 0.
        with suppress(ValueError):
            estimate[level] = link(float(ratio[level]))
    if offset is not None:
        estimate = np.where(told > 0, estimate + sums(weight * offset), 0.0)
    return GroupIndex(levels, index, told, estimate, weight)


def _value_groups(
    spec: ModelSpec, table: pl.DataFrame, value: Value | None, order: Sequence[str]
) -> Mapping[str, GroupIndex]:
    """Index the grouping columns of the order values; an order tells 1 unit of information."""
    if spec.order_value is None or value is None:
        return {}
    orders, revenue = np.zeros(table.height), np.zeros(table.height)
    orders[value.rows], revenue[value.rows] = value.orders, value.revenue
    groups = {}
    for column in value_group_columns(spec):
        group = _group(table.get_column(column), orders, revenue, orders, order)
        # The mean is of one order's value: the number of orders is no base of it.
        sums = np.bincount(group.index, weights=revenue, minlength=len(group.levels))
        told = group.information > 0
        mean = np.divide(sums, group.information, out=np.ones(len(told)), where=told)
        group = replace(group, estimate=np.log(mean))
        spread = CREATOR_SPREAD["order values"]
        groups[column] = _between(group, table, column, orders, spread)
    return groups


def _sources(table: pl.DataFrame, outcome: Integers) -> Sources | None:
    """Positions and weights of the posts whose orders can land on each post; None if unknown.

    Sources that are not in the fit are left out: their orders cannot be predicted. A post without
    a list keeps its own orders.
    """
    if "carry_shares" not in table.columns:
        return None
    position = {post: i for i, post in enumerate(table.get_column("post_id"))}
    rows = [
        [(i, 1.0)]
        if posts is None
        else [(position[p], w) for p, w in zip(posts, shares, strict=True) if p in position]
        for i, (posts, shares) in enumerate(table.select("carry_posts", "carry_shares").rows())
    ]
    index, weight = pad_sources(rows)
    _check_shares(table, index, weight)
    own = index == np.arange(table.height)[:, None]
    weight = np.where(
        own & (np.cumsum(own, axis=1) == 1), np.maximum(weight, SMALLEST_OWN_SHARE), weight
    )
    by_weight = weight / weight.sum(axis=1, keepdims=True)
    return Sources(
        index,
        weight,
        credited=np.bincount(index.ravel(), weight.ravel(), table.height),
        orders=np.bincount(index.ravel(), (outcome[:, None] * by_weight).ravel(), table.height),
    )


def _check_shares(table: pl.DataFrame, index: Integers, weight: Floats) -> None:
    """Raise where more than all of a post's orders would be credited: rates would come out low."""
    given = np.bincount(index.ravel(), weights=weight.ravel(), minlength=table.height)
    posts = table.get_column("post_id")
    raise_if_any(
        Problem(
            f"the shares of the orders of post {posts[row]!r} add up to more than 1",
            column="carry_shares",
            value=f"{given[row]:.3f}",
            expected="at most 1 over all posts that can be credited with its orders",
            hint="Make the table again with `attribution ingest`.",
        )
        for row in np.flatnonzero(given > 1.0 + LEEWAY).tolist()
    )


def pad_sources(rows: Sequence[Sequence[tuple[int, float]]]) -> tuple[Integers, Floats]:
    """Lay ragged lists of (source, share) out as (post, source) arrays, padded with share 0."""
    width = max(1, max(len(row) for row in rows))
    index = np.repeat(np.arange(len(rows), dtype=np.int64)[:, None], width, axis=1)
    weight = np.zeros((len(rows), width))
    for i, row in enumerate(rows):
        for k, (source, share) in enumerate(row):
            index[i, k], weight[i, k] = source, share
    return index, weight


def _value(spec: ModelSpec, table: pl.DataFrame, outcome: Integers) -> Value | None:
    """Total the paying orders of each post.

    A table without ``paying_orders`` counts all orders of a post with positive net revenue.
    """
    if spec.order_value is None:
        return None
    revenue = table.get_column("net_revenue").cast(pl.Float64).fill_null(0.0).to_numpy()
    if "paying_orders" in table.columns:
        paying = table.get_column("paying_orders").cast(pl.Int64).fill_null(0).to_numpy()
    else:
        paying = np.where(revenue > 0, outcome, 0)
    rows = np.flatnonzero((paying > 0) & (revenue > 0))
    total = int(paying.sum()), int(outcome.sum())
    return Value(rows, paying[rows], revenue[rows], *total, kept=paying)
