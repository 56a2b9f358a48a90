"""The health gate: may the numbers of a run be believed?

Each check has a verdict, what it means for the reader and what to do. A diagnostic that is not a
number fails. Thresholds follow Vehtari et al. (2021, *Bayesian Analysis* 16(2)) for R-hat and
effective sample size and Betancourt (2016, arXiv:1604.00695) for BFMI.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from attribution import forward
from attribution.design.types import Design, Floats
from attribution.draws import Draws, stack, thin
from attribution.manifest import Check, Status
from attribution.spec.model import RatesMean

if TYPE_CHECKING:
    import xarray as xr

R_HAT = 1.01
ESS_PER_CHAIN = 100
BFMI = 0.3
BAD_K = 0.7
SURPRISE = 0.005
"""Two-sided predictive probability below which an observed figure contradicts the model."""

LATE = "share of conversions on posts soon followed by another"
FOLLOWED = 0.25
"""Share of posts, those that keep fewest of their own orders, that tell whether orders come as late
as the join says. Tried on the samples with delays stretched 0.2, 0.5, 2 and 3 times: the check's p
was below 0.001, 0.012, 0.016 and 0.004; with the learnt delays 0.64."""

PRIOR_SURPRISE = 0.02
CONTRACTION = 0.5
REPLICATIONS = 1000
MAXIMUM_DEPTH = 10


def check_health(design: Design, tree: xr.DataTree) -> tuple[Check, ...]:
    """Run every check on a fitted model.

    Parameters
    ----------
    design
        What the model was built from.
    tree
        Groups posterior, sample_stats, log_likelihood, posterior_predictive, prior and
        prior_predictive.

    Returns
    -------
    tuple of Check
        Sampling first, then agreement with the data, then what the data can tell.
    """
    posterior = tree["posterior"].to_dataset()
    stats = tree["sample_stats"].to_dataset()
    draws = thin(stack(posterior), REPLICATIONS)
    prior = stack(tree["prior"].to_dataset())
    replicated = tree["posterior_predictive"]["conversions"].to_numpy()[0]
    before = tree["prior_predictive"]["conversions"].to_numpy()[0]
    return (
        *_convergence(posterior),
        *_sampler(stats),
        *_predictive(design, replicated),
        *_totals(design, replicated),
        *_late_orders(design, replicated),
        *_revenue(design, draws),
        _influence(tree),
        _prior_conflict(design, before),
        *_separation(design, stack(posterior), prior),
        _left_out(design),
    )


def health_table(checks: Sequence[Check]) -> pl.DataFrame:
    """Return checks as a table with columns name, status, value, threshold, meaning, advice."""
    return pl.DataFrame([asdict(check) for check in checks])


def verdict(good: bool, otherwise: Status = "fail") -> Status:
    """Return ``pass`` when good; a comparison with NaN is False and so never passes."""
    return "pass" if good else otherwise


def _convergence(posterior: xr.Dataset) -> Iterator[Check]:
    """R-hat and ESS of every parameter that varies; the worst of each counts."""
    from arviz_stats.base import array_stats

    names, matrix = _parameters(posterior)
    chains = matrix.shape[1]
    kinds: Sequence[tuple[str, Callable[[], Floats]]] = (
        ("bulk", lambda: array_stats.ess(matrix, chain_axis=1, draw_axis=2, method="bulk")),
        ("tail", lambda: array_stats.ess(
            matrix, chain_axis=1, draw_axis=2, method="tail", prob=(0.05, 0.95))),
    )  # fmt: skip
    r_hat = np.asarray(array_stats.rhat(matrix, chain_axis=1, draw_axis=2))
    worst = _worst(r_hat, largest=True)
    yield Check(
        name="convergence (R-hat)",
        status=verdict(bool(r_hat[worst] <= R_HAT)),
        value=f"{r_hat[worst]:.3f} ({names[worst]})",
        threshold=f"at most {R_HAT}",
        meaning="whether the chains agree with one another",
        advice="" if r_hat[worst] <= R_HAT else "Fit again with more --tune and --draws.",
    )
    for kind, compute in kinds:
        ess = np.asarray(compute())
        worst = _worst(ess, largest=False)
        enough = bool(ess[worst] >= ESS_PER_CHAIN * chains)
        yield Check(
            name=f"effective draws ({kind})",
            status=verdict(enough),
            value=f"{ess[worst]:.0f} ({names[worst]})",
            threshold=f"at least {ESS_PER_CHAIN * chains}",
            meaning="whether there are enough independent draws for "
            + ("averages" if kind == "bulk" else "the ends of intervals"),
            advice="" if enough else "Fit again with more --draws.",
        )


def _parameters(posterior: xr.Dataset) -> tuple[list[str], Floats]:
    """Name every scalar parameter that varies; (parameter, chain, draw)."""
    names: list[str] = []
    rows = []
    for name, values in posterior.data_vars.items():
        flat = values.to_numpy().reshape((*values.shape[:2], -1))
        levels = _labels(values)
        for k in range(flat.shape[2]):
            if np.ptp(flat[:, :, k]) != 0.0:
                names.append(f"{name}{levels[k]}")
                rows.append(flat[:, :, k])
    return names, np.stack(rows)


def _labels(values: xr.DataArray) -> list[str]:
    dims = values.dims[2:]
    if not dims:
        return [""]
    labels = [[str(level) for level in values[d].to_numpy()] for d in dims]
    grid = np.meshgrid(*[np.arange(len(level)) for level in labels], indexing="ij")
    flat = [axis.ravel() for axis in grid]
    return [
        "[" + ", ".join(labels[d][flat[d][i]] for d in range(len(dims))) + "]"
        for i in range(len(flat[0]))
    ]


def _worst(values: Floats, *, largest: bool) -> int:
    """Position of the worst value; anything that is not a number is worse than any number."""
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        return int(bad[0])
    return int(np.argmax(values) if largest else np.argmin(values))


def _sampler(stats: xr.Dataset) -> Iterator[Check]:
    diverging = int(stats["diverging"].sum())
    yield Check(
        name="divergences",
        status=verdict(diverging == 0),
        value=str(diverging),
        threshold="0",
        meaning="whether the sampler could follow the posterior everywhere",
        advice="" if diverging == 0 else "Fit again with --target-accept 0.99.",
    )
    energy = stats["energy"].to_numpy()
    bfmi = np.mean(np.diff(energy, axis=1) ** 2, axis=1) / np.var(energy, axis=1)
    lowest = float(np.min(bfmi))
    yield Check(
        name="energy (BFMI)",
        status=verdict(lowest >= BFMI),
        value=f"{lowest:.2f}",
        threshold=f"at least {BFMI}",
        meaning="whether the sampler reached the tails of the posterior",
        advice="" if lowest >= BFMI else "Fit again with more --tune; simplify the model.",
    )
    deep = float((stats["depth"] >= MAXIMUM_DEPTH).mean())
    yield Check(
        name="tree depth",
        status=verdict(deep <= 0.05, "warn"),
        value=f"{deep:.1%} of draws at the limit",
        threshold="at most 5 %",
        meaning="whether the sampler's steps were long enough (a matter of speed)",
        advice="" if deep <= 0.05 else "Nothing is wrong if effective draws suffice.",
    )


STATISTICS: Sequence[tuple[str, Callable[[Floats], Floats]]] = (
    ("posts without conversions", lambda y: np.mean(y == 0, axis=-1)),
    ("spread (standard deviation)", lambda y: np.std(y, axis=-1)),
    ("90th percentile", lambda y: np.quantile(y, 0.9, axis=-1)),
    ("largest post", lambda y: np.max(y, axis=-1)),
)
"""Figures of the conversions per post that a good model reproduces."""


def _predictive(design: Design, replicated: Floats) -> Iterator[Check]:
    for name, statistic in STATISTICS:
        observed = float(statistic(design.outcome.astype(np.float64)))
        yield _surprise(
            f"predictive check: {name}",
            observed,
            np.asarray(statistic(replicated)),
            "whether the model makes posts like the observed ones",
            "Try another model (`attribution models list`) and compare.",
        )


def _totals(design: Design, replicated: Floats) -> Iterator[Check]:
    """Expected totals agree with the observed ones, overall and by group."""
    yield _surprise(
        "total conversions",
        float(design.outcome.sum()),
        replicated.sum(axis=1),
        "whether expected and credited conversions agree in total",
        "Do not use ROI: the model misses the total.",
    )
    for column, group in design.groups.items():
        if column == "creator_id":
            continue
        for k, level in enumerate(group.levels):
            here = group.index == k
            yield _surprise(
                f"conversions of {column} {level}",
                float(design.outcome[here].sum()),
                replicated[:, here].sum(axis=1),
                f"whether expected and credited conversions agree for {level}",
                f"Do not use numbers for {level}: the model misses its total.",
            )


def _late_orders(design: Design, replicated: Floats) -> Iterator[Check]:
    """Share of all conversions on the posts that another followed soonest, against replications.

    The share, not the number: what all posts have in common would only blur it.
    """
    if design.sources is None:
        return
    own = design.sources.weight[:, 0]
    here = own <= np.quantile(own, FOLLOWED)
    if here.all():
        return
    yield _surprise(
        LATE,
        float(design.outcome[here].sum()) / max(float(design.outcome.sum()), 1.0),
        replicated[:, here].sum(axis=1) / np.maximum(replicated.sum(axis=1), 1),
        "whether orders come as late as the join says",
        "Join again with `attribution ingest`, with all times in one time zone.",
    )


def _revenue(design: Design, draws: Draws) -> Iterator[Check]:
    """Net revenue given the paying orders, overall and by group, against replications."""
    value = design.value
    if value is None:
        return
    rng = np.random.default_rng(0)
    means = forward.order_value(design, draws)[:, value.rows] / draws["paying_share"][:, None]
    shape = draws["value_shape"][:, None]
    replicated = rng.gamma(value.orders * shape, means / shape)
    what, advice = "whether order values add up to the revenue", "Do not use ROI in money."
    yield _surprise(
        "total net revenue", float(value.revenue.sum()), replicated.sum(axis=1), what, advice
    )
    for column, group in design.value_groups.items():
        if column == "creator_id":
            continue
        for k, level in enumerate(group.levels):
            here = group.index[value.rows] == k
            if here.any():
                yield _surprise(
                    f"net revenue of {column} {level}",
                    float(value.revenue[here].sum()),
                    replicated[:, here].sum(axis=1),
                    what,
                    advice,
                )


def two_sided(observed: float, replicated: Floats) -> float:
    """Two-sided predictive probability; ties count half; NaN when a replication is NaN."""
    if not np.all(np.isfinite(replicated)) or not np.isfinite(observed):
        return float("nan")
    upper = np.mean(replicated > observed) + 0.5 * np.mean(replicated == observed)
    return float(min(1.0, 2.0 * min(upper, 1.0 - upper)))


def _surprise(name: str, observed: float, replicated: Floats, meaning: str, advice: str) -> Check:
    p = two_sided(observed, replicated)
    low, high = np.quantile(replicated, [0.055, 0.945])
    good = p >= SURPRISE
    return Check(
        name=name,
        status=verdict(good),
        value=f"observed {observed:,.4g}, predicted {low:,.4g} to {high:,.4g} (p = {p:.3f})",
        threshold=f"p at least {SURPRISE}",
        meaning=meaning,
        advice="" if good else advice,
    )


def _influence(tree: xr.DataTree) -> Check:
    """Posts on which the leave-one-out comparison leans too much."""
    from arviz_stats import loo

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of high Pareto k, which this check tells
        k = np.asarray(loo(tree, var_name="conversions", pointwise=True).pareto_k)
    bad = int(np.sum(~(k <= BAD_K)))
    few = bad <= 0.02 * len(k)
    return Check(
        name="influential posts (Pareto k)",
        status=verdict(few, "warn"),
        value=f"{bad} of {len(k)} above {BAD_K}",
        threshold="at most 2 %",
        meaning="whether single posts decide the comparison of models",
        advice="" if few else "Look at those posts; read comparisons with caution.",
    )


def _prior_conflict(design: Design, before: Floats) -> Check:
    """Is the observed total a plausible one under the prior (Box 1980)?"""
    p = two_sided(float(design.outcome.sum()), before.sum(axis=1))
    good = p >= PRIOR_SURPRISE
    low, high = np.quantile(before.sum(axis=1), [0.055, 0.945])
    return Check(
        name="prior and data agree",
        status=verdict(good, "warn" if np.isfinite(p) else "fail"),
        value=f"observed {design.outcome.sum():,}, prior {low:,.4g} to {high:,.4g} (p = {p:.3f})",
        threshold=f"p at least {PRIOR_SURPRISE}",
        meaning="whether the conversions are such as the model's priors expected",
        advice="" if good else "Copy the spec and restate its prior of the rate for your data.",
    )


def _separation(design: Design, draws: Draws, prior: Draws) -> Iterator[Check]:
    """Do the data say how orders split between the parts?"""
    if not isinstance(design.spec.mean, RatesMean) or "share" not in draws:
        return
    before, after = np.var(prior["share"], axis=0), np.var(draws["share"], axis=0)
    for k, part in enumerate(design.spec.mean.parts):
        learned = float(1.0 - after[k] / before[k])
        good = learned >= CONTRACTION
        yield Check(
            name=f"the data tell the share of {part}",
            status=verdict(good, "warn"),
            value=f"prior variance cut by {learned:.0%}",
            threshold=f"at least {CONTRACTION:.0%}",
            meaning=f"whether orders through {part} can be told from the others",
            advice="" if good else "More posts are needed; the answer leans on the prior.",
        )


def _left_out(design: Design) -> Check:
    count = len(design.set_aside)
    share = count / (count + len(design.outcome))
    return Check(
        name="posts left out",
        status=verdict(share <= 0.1, "warn"),
        value=f"{count} of {count + len(design.outcome)}",
        threshold="at most 10 %",
        meaning="whether the posts in the fit stand for all",
        advice="" if share <= 0.1 else "See set_aside in the manifest for each post's reason.",
    )
