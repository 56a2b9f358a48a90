"""What a model expects of a table before it has seen the outcomes, beside what was observed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from attribution import forward
from attribution.data import AnalysisTable
from attribution.data.columns import columns
from attribution.design import Design
from attribution.design.absent import require
from attribution.design.numbers import check_numbers
from attribution.design.stages import set_aside_of
from attribution.design.types import Absent, Floats, SetAside
from attribution.draws import Draws, blocks, n_draws, stack
from attribution.errors import InputError, Problem, raise_if_any
from attribution.fitting import design_of, read_inputs
from attribution.from_prior import flat
from attribution.outcomes import Count, Outcome, Share, YesNo, outcome_of
from attribution.quantities.estimates import INTERVAL, PROBABILITY
from attribution.spec import check_columns
from attribution.spec.model import ModelSpec
from attribution.spec.stages import of_stage

DRAWS = 500
"""Draws of the prior, each with its own outcomes of all posts."""

TAIL = 0.01
"""An observed figure is in the tails where less of the prior than this lies beyond it."""

MANY = 100.0
"""Times the observed average, or its standard deviation off it, that nobody would expect."""

ABSURD = 0.2
"""Share of the prior on such averages from which it is warned of."""

IMPOSSIBLE = 0.05
"""Share of the prior on more outcomes than there are people from which it is warned of."""

EXTREME = 0.01
"""Probabilities nearer to 0 or 1 than this are all but certain."""

CERTAIN = 0.5
"""Share of the prior on such probabilities from which it is warned of."""

SCHEMA = {
    "figure": pl.String,
    "observed": pl.Float64,
    "lower": pl.Float64,
    "median": pl.Float64,
    "upper": pl.Float64,
    "interval": pl.String,
    "prob": pl.Float64,
    "below": pl.Float64,
    "reading": pl.String,
    "warning": pl.String,
}


@dataclass(frozen=True)
class Figure:
    """One figure of the outcomes of all posts.

    Parameters
    ----------
    name
        What it is, such as ``largest post``.
    observed
        Of the table.
    draws
        Of the prior; (draw,). What a prior holds possible may be infinite.
    warnings
        What is odd about them, in words.
    """

    name: str
    observed: float
    draws: Floats
    warnings: tuple[str, ...] = ()

    @property
    def below(self) -> float:
        """Probability before the data of less than was observed; half of as much."""
        less, same = self.draws < self.observed, self.draws == self.observed
        return float(np.mean(less) + 0.5 * np.mean(same))

    @property
    def reading(self) -> str:
        """Where the observed figure lies, in words."""
        lower, _, upper = self.quantiles
        if self.below < TAIL:
            return f"observed is below all but {self.below:.1%} of what the prior expects"
        if self.below > 1.0 - TAIL:
            return f"observed is above all but {1.0 - self.below:.1%} of what the prior expects"
        if lower <= self.observed <= upper:
            return f"observed is within the prior's middle {PROBABILITY:.0%}"
        return f"observed is outside the prior's middle {PROBABILITY:.0%}, but not far"

    @property
    def in_tails(self) -> bool:
        """Whether hardly any of the prior lies beyond what was observed."""
        return min(self.below, 1.0 - self.below) < TAIL

    @property
    def quantiles(self) -> tuple[float, float, float]:
        """Ends and median of the prior's middle 89 %."""
        tail = (1.0 - PROBABILITY) / 2.0
        # Values that were drawn: between two infinite ones there is nothing to interpolate.
        found = np.quantile(self.draws, [tail, 0.5, 1.0 - tail], method="inverted_cdf")
        lower, median, upper = (float(value) for value in found)
        return lower, median, upper


@dataclass(frozen=True)
class PriorPredictive:
    """Figures of what a model expects before the data.

    Parameters
    ----------
    posts, noun
        Number of rows that a fit would have, and what each is called.
    figures
        That of all posts together first.
    absent, set_aside
        What the table cannot support, and which posts are left out, each with its reason.
    """

    posts: int
    noun: str
    figures: tuple[Figure, ...]
    absent: tuple[Absent, ...]
    set_aside: tuple[SetAside, ...]

    def table(self) -> pl.DataFrame:
        """Return one row per figure; columns as in :data:`SCHEMA`."""
        return pl.DataFrame([_row(figure) for figure in self.figures], schema=SCHEMA)

    def draws(self) -> pl.DataFrame:
        """Return the table with a row for each draw, as ``value``."""
        values = [
            pl.DataFrame({"figure": figure.name, "value": figure.draws}) for figure in self.figures
        ]
        return pl.concat(values).join(self.table(), on="figure", maintain_order="left")


def _row(figure: Figure) -> dict[str, object]:
    lower, median, upper = figure.quantiles
    words = [figure.reading] if figure.in_tails else []
    return {
        "figure": figure.name,
        "observed": figure.observed,
        "lower": lower,
        "median": median,
        "upper": upper,
        "interval": INTERVAL,
        "prob": PROBABILITY,
        "below": figure.below,
        "reading": figure.reading,
        "warning": "; ".join([*words, *figure.warnings]) or None,
    }


def check_prior(
    spec: str | Path | ModelSpec,
    table: str | Path | pl.DataFrame | AnalysisTable,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> pl.DataFrame:
    """Say what a model expects before the data, and whether that goes with what was observed.

    Nothing is fitted: parameters are drawn from the priors, outcomes from the model, and figures
    of them are put beside those of the table.

    Parameters
    ----------
    spec
        Name of a shipped spec, path of a TOML file, or a spec.
    table
        File or folder that ``ingest`` wrote, a table of one row per post, or an analysis table.
    draws
        Draws of the prior.
    seed
        Of the draws; the same seed, table and spec give the same.

    Returns
    -------
    pl.DataFrame
        A row per figure: ``observed``; ``lower``, ``median`` and ``upper`` of the prior predictive
        distribution (equal-tailed, 89 %); ``below``, the prior's probability of less than was
        observed; ``reading`` in words; ``warning`` where the observed lies in the tails or much of
        the prior is on what is absurd, else null.

    Raises
    ------
    InputError
        With everything that is wrong with spec and table, or where a prior is flat.
    """
    return prior_predictive(spec, table, draws=draws, seed=seed).table()


def prior_predictive(
    spec: str | Path | ModelSpec,
    table: str | Path | pl.DataFrame | AnalysisTable,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    mapping: str | Path | None = None,
    tiers: str | None = None,
) -> PriorPredictive:
    """Draw the figures behind :func:`check_prior`, whose parameters and errors these are.

    Parameters
    ----------
    spec, table, draws, seed
        As there.
    mapping, tiers
        Mapping file and cut-points, for a table that is read here.
    """
    design = _design(spec, table, mapping, tiers)
    from attribution.model import build_model
    from attribution.model.prior_draws import draw_prior

    before = stack(draw_prior(build_model(design), draws, seed))
    return PriorPredictive(
        posts=len(design.outcome),
        noun=outcome_of(design).noun,
        figures=tuple(_told(design, before, seed)),
        absent=design.absent,
        set_aside=set_aside_of(design),
    )


def _told(design: Design, before: Draws, seed: int) -> Iterator[Figure]:
    """Yield figures of the outcome, then those of each stage's with its name."""
    average, *others = _figures(design, before, seed)
    yield replace(average, warnings=tuple(_absurd(design, before, average)))
    yield from others
    for name, stage in design.stages.items():
        for figure in _told(stage, of_stage(before, name), seed):
            yield replace(figure, name=f"{name}: {figure.name}")


def _design(
    spec: str | Path | ModelSpec,
    table: str | Path | pl.DataFrame | AnalysisTable,
    mapping: str | Path | None,
    tiers: str | None,
) -> Design:
    """Return what the model is built from; both files are read before either is refused."""
    file = None if isinstance(spec, ModelSpec) else str(spec)
    read, source = read_inputs(spec, table, mapping, tiers)
    raise_if_any(_problems(read, source.frame, file))
    return design_of(read, source, file)


def _problems(spec: ModelSpec, frame: pl.DataFrame, file: str | None) -> list[Problem]:
    """Return what is wrong with a spec for a table, one problem for each key."""
    found = check_columns(spec, frame.columns, file, optional=columns("analysis"))
    try:
        require(spec, frame)
    except InputError as error:
        found += error.problems
    found += [*check_numbers(spec, frame), *flat(spec)]
    by_key: dict[str | None, Problem] = {}
    for problem in found:
        by_key.setdefault(problem.key, problem)
    return [replace(problem, file=problem.file or file) for problem in by_key.values()]


def _figures(design: Design, before: Draws, seed: int) -> Iterator[Figure]:
    """Yield figures of prior and table, that of all posts together first."""
    kind = outcome_of(design)
    statistics = {_together(kind): _average(kind), **kind.statistics()}
    drawn: dict[str, list[Floats]] = {name: [] for name in statistics}
    # What a prior holds possible may be beyond the largest number.
    with np.errstate(over="ignore", invalid="ignore"):
        for block in forward.replications(design, before, np.random.default_rng((seed, 2))):
            y = np.asarray(block, dtype=np.float64)
            for name, statistic in statistics.items():
                drawn[name].append(np.asarray(statistic(y)))
    outcome = design.outcome.astype(np.float64)[None]
    for name, statistic in statistics.items():
        # A sum of infinite outcomes of either sign is beyond any bound too.
        values = np.nan_to_num(
            np.concatenate(drawn[name]), nan=np.inf, posinf=np.inf, neginf=-np.inf
        )
        yield Figure(name, float(np.asarray(statistic(outcome))[0]), values)


def _together(kind: Outcome) -> str:
    if isinstance(kind, Count):
        return f"average {kind.column} per {kind.noun}"
    return kind.overall


def _average(kind: Outcome) -> Callable[[Floats], Floats]:
    if isinstance(kind, Count):
        return lambda y: y.mean(axis=1)
    return lambda y: kind.together(y, slice(None))


def _absurd(design: Design, before: Draws, average: Figure) -> Iterator[str]:
    """Yield what of the prior is on averages that nobody would expect, in words."""
    kind = outcome_of(design)
    if isinstance(kind, Share | YesNo):
        yield from _certain(design, before, average)
        return
    if design.family.low is None:
        spread = float(np.std(design.outcome))
        far = np.mean(np.abs(average.draws - average.observed) > MANY * spread)
        what = f"averages {MANY:g} standard deviations off the observed one"
    else:
        far = np.mean(average.draws > MANY * average.observed)
        what = f"more than {MANY:g} times the observed average"
    if far > ABSURD and average.observed != 0.0:
        yield f"{far:.0%} of the prior is on {what}"
    yield from _too_many(design, average)


def _too_many(design: Design, average: Figure) -> Iterator[str]:
    """Say where a prior expects more outcomes than people; of outcomes that are of people."""
    exposure = design.spec.outcome.exposure
    if exposure is None or (design.outcome > design.exposure).any():
        return
    beyond = float(np.mean(average.draws > design.exposure.mean()))
    if beyond > IMPOSSIBLE:
        yield f"{beyond:.0%} of the prior is on more {design.spec.outcome.column} than {exposure}"


def _certain(design: Design, before: Draws, average: Figure) -> Iterator[str]:
    """Say where a prior piles probabilities up at 0 and 1."""
    if not EXTREME < average.observed < 1.0 - EXTREME:
        return
    extreme = 0
    for block in blocks(before, len(design.outcome)):
        mean = forward.given(design, block.draws).mean
        extreme += int(np.sum((mean < EXTREME) | (mean > 1.0 - EXTREME)))
    share = extreme / (n_draws(before) * len(design.outcome))
    if share > CERTAIN:
        yield (
            f"{share:.0%} of the prior is on probabilities below {EXTREME:g} or above "
            f"{1.0 - EXTREME:g}: it is all but certain of each row before the data"
        )
