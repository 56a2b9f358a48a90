"""Which model predicts unseen posts better, and would the decision change under another?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from attribution.errors import InputError, Problem
from attribution.loo import BAD_K, Estimate, Loo, estimate, loo_of, names_of_kept
from attribution.outcomes import outcome_of
from attribution.quantities.recorded import basis
from attribution.quantities.roi import roi

if TYPE_CHECKING:
    from attribution.run import Run

CLEAR = 2.0
"""Standard errors of the difference from which one model is said to predict better.

With |difference| < 4 the standard error itself is unreliable (Sivula, Magnusson & Vehtari 2020),
so smaller differences are too close to call whatever their standard error.
"""

SMALL = 4.0


def compare(runs: Sequence[Run]) -> pl.DataFrame:
    """Compare runs by expected log predictive density of the outcome (PSIS-LOO).

    Parameters
    ----------
    runs
        Two or more runs on the same posts and the same outcome, on the same scale: a density per
        unit of a number and a probability of a whole number are not to be compared.

    Returns
    -------
    pl.DataFrame
        One row per run, best first: elpd (log density summed over posts, higher is better), its
        standard error, effective parameters p_loo, difference to the best and its standard
        error, stacking weight, worst Pareto k and the number above 0.7, a reading in words, and
        whether ranking creators by expected ROI would change against the best model (null where
        no model is of order values). Of a large
        table a sample of ``posts_used`` was looked at: standard errors hold what that leaves
        open, ``se_subsample`` and ``se_diff_subsample`` that part alone.

    Raises
    ------
    InputError
        For fewer than two runs, or runs on different posts, outcomes or kinds of outcome.
    """
    names = _check(runs)
    # Runs of different lengths kept different samples of a large table's posts.
    common = set.intersection(*(set(names_of_kept(run.posterior)) for run in runs))
    loos = {
        name: loo_of(run.design, run.posterior, common)
        for name, run in zip(names, runs, strict=True)
    }
    elpds = {name: estimate(of.pointwise, of.plug_in, of.posts) for name, of in loos.items()}
    order = sorted(names, key=lambda name: -elpds[name].total)
    best = order[0]
    weights = _weights(names, loos)
    by_name = dict(zip(names, runs, strict=True))
    money = any(run.spec.order_value is not None for run in runs)
    noun = outcome_of(runs[0].design).noun
    rows = [
        {
            **_row(rank, name, loos[name], loos[best], elpds[name], weights[name], noun),
            "roi_ranking": _ranking(by_name[name], by_name[best]) if money else None,
            "method": by_name[name].manifest.method,
        }
        for rank, name in enumerate(order)
    ]
    schema = {"roi_ranking": pl.String}
    return pl.DataFrame(rows, infer_schema_length=None, schema_overrides=schema)


def _check(runs: Sequence[Run]) -> list[str]:
    if len(runs) < 2:
        raise InputError(Problem("one run cannot be compared", expected="two or more runs"))
    first, noun = runs[0], outcome_of(runs[0].design).noun
    problems = []
    for run in runs[1:]:
        if run.manifest.outcome != first.manifest.outcome:
            problems.append(
                Problem(
                    f"{run.name} explains {run.manifest.outcome!r} and {first.name} "
                    f"{first.manifest.outcome!r}: their densities are about different things",
                    hint="Compare runs with the same outcome.",
                )
            )
        elif run.design.family.whole != first.design.family.whole:
            whole, other = (run, first) if run.design.family.whole else (first, run)
            problems.append(
                Problem(
                    f"{whole.name} gives probabilities of whole numbers ({_family(whole)}) and "
                    f"{other.name} densities of numbers ({_family(other)}): they are on different "
                    "scales",
                    hint="Compare families that are all of counts, or all of numbers.",
                )
            )
        elif not _same_rows(run, first):
            problems.append(
                Problem(
                    f"{run.name} and {first.name} were fitted to different rows "
                    f"({run.table.height} and {first.table.height} {noun}s)",
                    hint="Fit both to the same table; `set_aside` in each manifest says which "
                    f"{noun}s were left out.",
                )
            )
    if problems:
        raise InputError(problems)
    return _names(runs)


def _same_rows(a: Run, b: Run) -> bool:
    return a.design.posts == b.design.posts and np.array_equal(a.design.outcome, b.design.outcome)


def _family(run: Run) -> str:
    return run.design.family.name.replace("_", " ")


def _names(runs: Sequence[Run]) -> list[str]:
    """Name runs by folder; numbered where that is not unique."""
    names = [run.name for run in runs]
    return [f"{n} ({i + 1})" if names.count(n) > 1 else n for i, n in enumerate(names)]


def _weights(names: Sequence[str], loos: dict[str, Loo]) -> dict[str, float]:
    """Stacking weights (Yao, Vehtari, Simpson & Gelman 2018)."""
    from arviz_stats import compare as arviz_compare

    found = {name: loos[name].arviz for name in names}
    table = arviz_compare(found, method="stacking", round_to="none")
    return {str(name): float(weight) for name, weight in table["weight"].items()}


def _row(
    rank: int, name: str, loo: Loo, best: Loo, elpd: Estimate, weight: float, noun: str
) -> dict[str, Any]:
    approximate = None
    if loo.plug_in is not None and best.plug_in is not None:
        approximate = loo.plug_in - best.plug_in
    difference = estimate(loo.pointwise - best.pointwise, approximate, loo.posts)
    se = _whole(difference) if rank else 0.0
    share = len(loo.posts) / (len(loo.posts) if loo.plug_in is None else len(loo.plug_in))
    return {
        "model": name,
        "rank": rank + 1,
        "elpd": elpd.total,
        "se": _whole(elpd),
        "p_loo": float(loo.arviz.p) / share,
        "elpd_diff": difference.total,
        "se_diff": se,
        "weight": weight,
        "worst_k": float(loo.pareto_k.max()),
        "n_bad_k": loo.bad,
        "posts_used": len(loo.posts),
        "se_subsample": elpd.se_subsample,
        "se_diff_subsample": difference.se_subsample,
        "reading": reading(rank, difference.total, se, loo.bad, noun),
    }


def _whole(of: Estimate) -> float:
    """Standard error with what a sample of the posts leaves open."""
    return float(np.hypot(of.se, of.se_subsample))


def reading(rank: int, difference: float, se: float, bad: int, noun: str = "post") -> str:
    """Return what a difference to the best model means, in words."""
    posts = f"1 {noun} has" if bad == 1 else f"{bad} {noun}s have"
    doubt = f"; {posts} Pareto k above {BAD_K}, so take it with caution" if bad else ""
    if rank == 0:
        return "best estimate" + doubt
    if abs(difference) >= SMALL and abs(difference) >= CLEAR * se:
        return f"predicts unseen {noun}s worse" + doubt
    return "too close to call" + doubt


def _ranking(run: Run, best: Run) -> str:
    return "—" if run is best else roi_ranking(run, best)


def roi_ranking(run: Run, best: Run) -> str:
    """Say whether ranking creators by expected ROI changes between two runs."""
    try:
        tables = [roi(r, by="creator", unhealthy=True) for r in (run, best)]
    except InputError as error:
        return f"no ROI: {error.problems[0].what}"
    joined = (
        tables[0]
        .join(tables[1], on="group", suffix="_best")
        .drop_nulls(["expected_roi_median", "expected_roi_median_best"])
    )
    if joined.height < 2:
        return "fewer than two creators with a cost"
    rho = float(
        joined.select(
            pl.corr("expected_roi_median", "expected_roi_median_best", method="spearman")
        ).item()
    )
    changed = int(joined.select((pl.col("verdict") != pl.col("verdict_best")).sum()).item())
    top = joined.sort("expected_roi_median", descending=True).item(0, "group")
    top_best = joined.sort("expected_roi_median_best", descending=True).item(0, "group")
    first = "the same creator first" if top == top_best else f"{top} first instead of {top_best}"
    said = f"rank correlation {rho:.2f}, {first}, {changed} of {joined.height} verdicts change"
    counted, counted_best = basis(run.design), basis(best.design)
    if counted == counted_best:
        return said
    return f"{said} (ROI here counts {counted}, there {counted_best})"
