"""The health gate: may the numbers of a run be believed?

Each check has a verdict, what it means for the reader and what to do. A diagnostic that is not a
number fails. Thresholds follow Vehtari et al. (2021, *Bayesian Analysis* 16(2)) for R-hat and
effective sample size and Betancourt (2016, arXiv:1604.00695) for BFMI.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from attribution import forward
from attribution.agreement import Figures, posterior_agreement, prior_conflict, surprise, verdict
from attribution.along import along_checks
from attribution.design.types import Design, Floats, Integers, Value
from attribution.diagnostics import ESS_PER_CHAIN, R_HAT, agreement, worst
from attribution.draws import Draws, blocks, stack, stage_dataset, thin
from attribution.loo import BAD_K, pareto_k
from attribution.manifest import Check, Method
from attribution.outcomes import outcome_of
from attribution.refunds import refund_checks
from attribution.residuals import residual_checks
from attribution.spec.model import RatesMean
from attribution.spec.sections.authenticity import FAKE
from attribution.spec.sections.capture import SHARE as CAPTURED

if TYPE_CHECKING:
    import xarray as xr

BFMI = 0.3
CONTRACTION = 0.5
REPLICATIONS = 1000
MAXIMUM_DEPTH = 10
SAMPLE_IT = "Sample it: fit again with --method nuts."


def check_health(
    design: Design, tree: xr.DataTree, diagnostics: pl.DataFrame, method: Method = "nuts"
) -> tuple[Check, ...]:
    """Run every check on a fitted model.

    Parameters
    ----------
    design
        What the model was built from.
    tree
        Groups posterior, sample_stats, log_likelihood, prior and predictive_figures.
    diagnostics
        R-hat and effective draws of every parameter; see :func:`attribution.diagnostics.diagnose`.
    method
        How the draws were taken.

    Returns
    -------
    tuple of Check
        Sampling first, then agreement with the data, then what the data can tell.
    """
    posterior = tree["posterior"].to_dataset()
    stats = tree["sample_stats"].to_dataset()
    return (
        # An approximation's draws are of one piece: there are no chains to agree.
        *(_agreement(diagnostics, posterior.sizes["chain"]) if method == "nuts" else ()),
        *_effective(diagnostics, posterior.sizes["chain"]),
        *(_sampler(stats) if method == "nuts" else _approximation(design, stats)),
        *_of_data(design, tree),
        *_of_stages(design, tree),
    )


def _of_data(design: Design, tree: xr.DataTree) -> Iterator[Check]:
    """Yield whether model and data agree, and what the data tell."""
    draws = stack(tree["posterior"].to_dataset())
    prior = stack(tree["prior"].to_dataset()) if "prior" in tree.children else None
    figures = Figures(tree["predictive_figures"].to_dataset())
    yield from posterior_agreement(design, figures)
    replicated = _replicated(design, tree)
    yield from residual_checks(design, replicated)
    yield from along_checks(design, replicated)
    yield from _revenue(design, thin(draws, REPLICATIONS))
    yield from refund_checks(design, thin(draws, REPLICATIONS))
    yield _influence(tree, design)
    yield prior_conflict(design, figures, drawn=prior is not None)
    yield from _separation(design, draws, prior)
    yield from _fakes(design, draws, prior)
    yield from _lift(design, draws)
    yield from _survey(design, draws)
    yield _left_out(design)


def _replicated(design: Design, tree: xr.DataTree) -> Floats:
    """Return outcomes of posts drawn from the posterior; (replication, post)."""
    drawn = tree["posterior_predictive"][design.spec.outcome.column].to_numpy()
    return drawn.reshape(-1, len(design.outcome)).astype(np.float64)


def _of_stages(design: Design, tree: xr.DataTree) -> Iterator[Check]:
    """Yield the same of each stage, with its name."""
    for name, stage in design.stages.items():
        for check in _of_data(stage, stage_tree(tree, name)):
            yield replace(check, name=f"{name}: {check.name}")


def stage_tree(tree: xr.DataTree, stage: str) -> xr.DataTree:
    """Return the groups that a run of a stage alone would have."""
    import xarray as xr

    own = {
        name: stage_dataset(tree[name].to_dataset(), stage)
        for name in ("posterior", "prior")
        if name in tree.children
    }
    kept = tree[f"stages/{stage}"].children
    return xr.DataTree.from_dict({**own, **{n: group.to_dataset() for n, group in kept.items()}})


def health_table(checks: Sequence[Check]) -> pl.DataFrame:
    """Return checks as a table with columns name, status, value, threshold, meaning, advice."""
    return pl.DataFrame([asdict(check) for check in checks])


def _agreement(diagnostics: pl.DataFrame, chains: int) -> Iterator[Check]:
    """R-hat of every parameter that varies; the one most beyond its limit counts."""
    r_hat, limit, name = agreement(diagnostics, chains)
    by_chance = "" if limit == R_HAT else f" ({R_HAT} and what chance gives one of so many)"
    yield Check(
        name="convergence (R-hat)",
        status=verdict(r_hat <= limit),
        value=f"{r_hat:.3f} ({name})",
        threshold=f"at most {limit:.4g}{by_chance}",
        meaning="whether the chains agree with one another",
        advice="" if r_hat <= limit else "Fit again with more --tune and --draws.",
    )


def _effective(diagnostics: pl.DataFrame, chains: int) -> Iterator[Check]:
    """Effective draws of every parameter that varies; the least counts."""
    least = ESS_PER_CHAIN * chains
    for kind, purpose in (("bulk", "averages"), ("tail", "the ends of intervals")):
        ess, name = worst(diagnostics, f"ess_{kind}")
        yield Check(
            name=f"effective draws ({kind})",
            status=verdict(ess >= least),
            value=f"{ess:.0f} ({name})",
            threshold=f"at least {least}",
            meaning=f"whether there are enough independent draws for {purpose}",
            advice="" if ess >= least else "Fit again with more --draws.",
        )


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


def _approximation(design: Design, stats: xr.Dataset) -> Iterator[Check]:
    k = float(np.max(stats["pareto_k"].to_numpy()))
    yield Check(
        name="approximation (Pareto k)",
        status=verdict(k <= BAD_K),
        value=f"{k:.2f}" if k > -np.inf else "none: the weights hardly differ",
        threshold=f"at most {BAD_K}",
        meaning="whether the approximation covers the posterior",
        advice="" if k <= BAD_K else SAMPLE_IT,
    )
    if design.sources is not None:
        yield Check(
            name="late orders (approximate)",
            status="warn",
            value="posts taken as independent, with the mean and variance of the model",
            threshold="posts that share orders depend on one another",
            meaning="on the samples it moved estimates by up to 0.8 standard deviations and made "
            "intervals of orders per 1,000 reached a quarter too narrow",
            advice=SAMPLE_IT,
        )


def _revenue(design: Design, draws: Draws) -> Iterator[Check]:
    """Net revenue given the paying orders, overall and by group, against replications."""
    value = design.value
    if value is None:
        return
    replicated = _replicated_revenue(design, value, draws)
    what, advice = "whether order values add up to the revenue", "Do not use ROI in money."
    for column in (None, *(c for c in design.value_groups if c != "creator_id")):
        names = ("total",) if column is None else design.value_groups[column].levels
        index = _sale_group(design, column)
        observed = np.bincount(index, weights=value.revenue, minlength=len(names))
        for k, level in enumerate(names):
            if not np.any(index == k):
                continue
            yield surprise(
                "total net revenue" if column is None else f"net revenue of {column} {level}",
                float(observed[k]),
                replicated[column][:, k],
                what,
                advice,
            )


def _sale_group(design: Design, column: str | None) -> Integers:
    """Group of each post with paying orders; (sale,)."""
    rows = design.value.rows if design.value is not None else np.arange(0)
    return np.zeros_like(rows) if column is None else design.value_groups[column].index[rows]


def _replicated_revenue(design: Design, value: Value, draws: Draws) -> dict[str | None, Floats]:
    """Draw net revenue given the paying orders, summed by group; column -> (draw, group)."""
    rng = np.random.default_rng(0)
    columns = (None, *(c for c in design.value_groups if c != "creator_id"))
    found: dict[str | None, list[Floats]] = {column: [] for column in columns}
    for block in blocks(draws, len(design.outcome)):
        means = forward.paying_value(design, block.draws)[:, value.rows]
        shape = block.draws["value_shape"][:, None]
        revenue = rng.gamma(value.orders * shape, means / shape)
        for column in columns:
            index = _sale_group(design, column)
            member = index[:, None] == np.arange(index.max() + 1)
            found[column].append(revenue @ member.astype(np.float64))
    return {column: np.concatenate(parts) for column, parts in found.items()}


def _influence(tree: xr.DataTree, design: Design) -> Check:
    """Posts on which the leave-one-out comparison leans too much."""
    k, noun = pareto_k(tree), outcome_of(design).noun
    bad = int(np.sum(~(k <= BAD_K)))
    few = bad <= 0.02 * len(k)
    sampled = f" {noun}s drawn at random" if len(k) < len(design.outcome) else ""
    return Check(
        name=f"influential {noun}s (Pareto k)",
        status=verdict(few, "warn"),
        value=f"{bad} of {len(k):,}{sampled} above {BAD_K}",
        threshold="at most 2 %",
        meaning=f"whether single {noun}s decide the comparison of models",
        advice="" if few else f"Look at those {noun}s; read comparisons with caution.",
    )


def _separation(design: Design, draws: Draws, prior: Draws | None) -> Iterator[Check]:
    """Do the data say how orders split between the parts?"""
    mean = design.spec.mean
    if not isinstance(mean, RatesMean) or "share" not in draws or prior is None:
        return
    outcome = outcome_of(design)
    what = "orders" if outcome.is_orders else outcome.column
    lean = f"More {outcome.noun}s are needed; the answer leans on the prior."
    before, after = np.var(prior["share"], axis=0), np.var(draws["share"], axis=0)
    for k, part in enumerate(mean.parts):
        learned = float(1.0 - after[k] / before[k])
        good = learned >= CONTRACTION
        yield Check(
            name=f"the data tell the share of {part}",
            status=verdict(good, "warn"),
            value=f"prior variance cut by {learned:.0%}",
            threshold=f"at least {CONTRACTION:.0%}",
            meaning=f"whether {what} through {part} can be told from the others",
            advice="" if good else lean,
        )


def _fakes(design: Design, draws: Draws, prior: Draws | None) -> Iterator[Check]:
    """Do scores and orders say how much of each creator's engagement is fake?"""
    if FAKE not in draws or prior is None:
        return
    before, after = np.var(prior[FAKE], axis=0), np.var(draws[FAKE], axis=0)
    learned = float(1.0 - after.mean() / before.mean())
    good = learned >= CONTRACTION
    why = "No creator has a score" if design.scores is None else "The scores tell little"
    yield Check(
        name="the data tell the shares of fakes",
        status=verdict(good, "warn"),
        value=f"prior variance cut by {learned:.0%}",
        threshold=f"at least {CONTRACTION:.0%}",
        meaning="whether each creator's share of fake engagement is known beyond its prior",
        advice="" if good else f"{why}: the shares lean on the prior.",
    )


def _lift(design: Design, draws: Draws) -> Iterator[Check]:
    """Do lift tests and the orders of their posts agree?"""
    experiments = design.spec.experiments
    if experiments is None:
        return
    rng = np.random.default_rng(0)
    means, variances = forward.lift(design, thin(draws, REPLICATIONS))
    for k, test in enumerate(experiments.tests):
        spread = np.sqrt(test.standard_error**2 + variances[:, k])
        yield surprise(
            f"lift test {test.name!r}",
            test.estimate,
            rng.normal(means[:, k], spread),
            "whether the test and the orders of its posts agree",
            "Look whether the test is of the same posts, days and orders as the table.",
        )


PRIOR_ALONE = Check(
    name="share of orders recorded",
    status="warn",
    value="its prior alone",
    threshold="a survey of buyers or a lift test",
    meaning="whether anything but the prior says how many orders each recorded one stands for",
    advice="Read in `attribution roi` from how many it pays; ask buyers, or test.",
)


def _survey(design: Design, draws: Draws) -> Iterator[Check]:
    """Do the survey and what else is known of the share of orders that is recorded agree?"""
    capture, tests = design.spec.capture, design.spec.experiments
    if capture is None:
        return
    if capture.survey is None:
        if tests is None:
            yield PRIOR_ALONE
        return
    survey = capture.survey
    shares = thin(draws, REPLICATIONS)[CAPTURED]
    recorded = np.random.default_rng(0).binomial(survey.buyers, shares)
    yield surprise(
        "survey of buyers",
        float(survey.recorded),
        recorded.astype(np.float64),
        "whether the survey agrees with the prior and with lift tests",
        "Look whether buyers who answered are like the others, and how sure the prior is.",
    )


def _left_out(design: Design) -> Check:
    count, noun = len(design.set_aside), outcome_of(design).noun
    share = count / (count + len(design.outcome))
    return Check(
        name=f"{noun}s left out",
        status=verdict(share <= 0.1, "warn"),
        value=f"{count} of {count + len(design.outcome)}",
        threshold="at most 10 %",
        meaning=f"whether the {noun}s in the fit stand for all",
        advice="" if share <= 0.1 else f"See set_aside in the manifest for each {noun}'s reason.",
    )
