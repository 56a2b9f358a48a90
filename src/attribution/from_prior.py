"""Draw tables from the prior of any spec: parameters first, then what was observed given them.

A model that is fitted to such a table has to find its parameters with the probability that its
intervals state (Cook, Gelman & Rubin 2006, *Journal of Computational and Graphical Statistics*
15(3)). Outcomes are drawn, and what else was measured of the unknowns: scores, surveys, lift
tests. What the model takes as given is not: posts, exposure, features, which signals are hidden,
where late orders land, how many buyers were asked, and the standard errors of lift tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from attribution import forward
from attribution.data import AnalysisTable, read_analysis
from attribution.data.analysis import ANALYSIS
from attribution.design import Design
from attribution.design.halo import Halo
from attribution.design.types import Floats
from attribution.draws import Draws, blocks, n_draws, stack
from attribution.errors import Problem, raise_if_any
from attribution.fitting import design_of
from attribution.simulation.files import check_folder
from attribution.simulation.truth import TRUTH
from attribution.spec import read_spec
from attribution.spec.model import ModelSpec
from attribution.spec.sections.authenticity import FAKE, SCORE_ALIKE, SCORE_LEVEL
from attribution.spec.sections.capture import SHARE
from attribution.spec.stages import of_stage
from attribution.spec.stated import stated_priors
from attribution.spec.write import to_toml

MODEL = "model.toml"
PAYING, REVENUE = "paying_orders", "net_revenue"
SMALLEST = 1e-12
PLACEHOLDER_REVENUE = 50.0
"""Net revenue per order of the table that the design is first built on; no draw depends on it."""


@dataclass(frozen=True)
class PriorDraws:
    """Parameters drawn from a spec's prior, and outcomes drawn given them.

    Parameters
    ----------
    spec
        The model with every prior in numbers, without what the table cannot support; what was
        measured is that of the spec that was asked for, see :meth:`model`.
    design
        The posts that it is a model of.
    parameters
        Drawn values by their name in a run; (draw, …).
    columns
        What was drawn of the table by column: outcomes, those on the way among them, order values,
        scores of audiences; (draw, post). Not a number where the table has none.
    recorded
        Buyers of the survey whose order was recorded, whole numbers; (draw,). None without one.
    lifts
        Estimates of the lift tests; (draw, test).
    """

    spec: ModelSpec
    design: Design
    parameters: Draws
    columns: Mapping[str, Floats]
    recorded: Floats | None
    lifts: Floats
    _source: AnalysisTable

    @property
    def outcomes(self) -> Floats:
        """Drawn outcomes; (draw, post)."""
        return self.columns[self.spec.outcome.column]

    def table(self, draw: int) -> AnalysisTable:
        """Return the table with what was drawn once, of the posts that a fit would take."""
        return _with(self._source, {name: of[draw] for name, of in self.columns.items()})

    def model(self, draw: int) -> ModelSpec:
        """Return the spec to fit to a draw's table: with what was measured of its unknowns."""
        spec = self.spec
        capture, experiments = spec.capture, spec.experiments
        if capture is not None and capture.survey is not None and self.recorded is not None:
            survey = replace(capture.survey, recorded=int(self.recorded[draw]))
            spec = replace(spec, capture=replace(capture, survey=survey))
        if experiments is not None:
            tests = tuple(
                replace(test, estimate=float(estimate))
                for test, estimate in zip(experiments.tests, self.lifts[draw], strict=True)
            )
            spec = replace(spec, experiments=replace(experiments, tests=tests))
        return spec

    def truth(self, draw: int) -> Draws:
        """Return the parameters of one draw, as a block of draws that holds one; (1, …)."""
        return {name: values[draw : draw + 1] for name, values in self.parameters.items()}

    def write(self, folder: Path, *, draw: int = 0, overwrite: bool = False) -> None:
        """Write the table of a draw, the model with its priors in numbers, and the truth.

        Files ``analysis.parquet``, ``model.toml`` and ``truth.json``; a fit reads the first two.

        Raises
        ------
        InputError
            Where a file exists and is not to be replaced, or the folder is a file.
        """
        check_folder(folder, (ANALYSIS, MODEL, TRUTH), overwrite)
        folder.mkdir(parents=True, exist_ok=True)
        self.table(draw).save(folder / ANALYSIS)
        (folder / MODEL).write_text(to_toml(self.model(draw)), encoding="utf-8")
        parameters = {name: values[0].tolist() for name, values in self.truth(draw).items()}
        truth = {"model": self.spec.name, "parameters": parameters}
        (folder / TRUTH).write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


def draw_from_prior(
    spec: str | Path | ModelSpec,
    table: str | Path | pl.DataFrame | AnalysisTable,
    *,
    count: int = 1,
    seed: int = 0,
) -> PriorDraws:
    """Draw parameters from a spec's prior and outcomes of a table's posts from the family.

    Late orders land as the table says, and orders have values where the model says so.

    Parameters
    ----------
    spec
        Name of a shipped spec, path of a TOML file, or a spec.
    table
        Posts: features, groups and exposure. Its outcomes are of no account, but for priors that
        the spec leaves to the table, which are put in numbers from them first.
    count
        How many draws, each of parameters and outcomes of its own.
    seed
        Of all random numbers; the same seed, table, spec and versions give the same draws.

    Returns
    -------
    PriorDraws
        Its ``model(k)`` is what to fit to ``table(k)``: its priors are those drawn from.

    Raises
    ------
    InputError
        Where the table lacks what the spec names, a prior is flat, or orders of posts with a lift
        test come late, whose share of luck in each is not known.
    """
    read = spec if isinstance(spec, ModelSpec) else read_spec(spec)
    source = table if isinstance(table, AnalysisTable) else read_analysis(table)
    raise_if_any([*flat(read), *_left_to_outcomes(read, source)])
    if any(stated.is_default for stated in stated_priors(read)):
        read = design_of(read, source).spec
    source = replace(source, frame=_with_placeholders(read, source.frame))
    design = design_of(read, source)
    raise_if_any(_late_tests(design))
    posts = pl.Series(design.posts)
    kept = pl.col("post_id").cast(pl.String).is_in(posts.implode())
    source = replace(source, frame=source.frame.filter(kept))
    from attribution.model import build_model
    from attribution.model.prior_draws import draw_prior

    # PyMC leaves the dim of draws away where there is one only.
    drawn = stack(draw_prior(build_model(design), max(count, 2), seed))
    parameters = {name: values[:count] for name, values in drawn.items()}
    rng = np.random.default_rng((seed, 3))
    columns = _scores(design, parameters, rng)
    if design.stages:
        columns |= _on_the_way(design.spec, source, parameters, rng)
    elif design.halo is not None:
        columns[read.outcome.column] = _daily(design, design.halo, parameters, rng)
    else:
        columns[read.outcome.column] = forward.replicate(design, parameters, rng)
    if design.spec.order_value is not None:
        columns |= _revenue(design, parameters, columns[read.outcome.column], rng)
    recorded = _survey(design.spec, parameters, rng)
    lifts = _lifts(design, parameters, columns[read.outcome.column], rng)
    return PriorDraws(design.spec, design, parameters, columns, recorded, lifts, source)


def _with(source: AnalysisTable, columns: Mapping[str, Floats]) -> AnalysisTable:
    """Return a table with other columns, null where they are not a number; each (post,)."""
    return replace(
        source,
        frame=source.frame.with_columns(
            pl.Series(name, values).fill_nan(None)
            if values.dtype.kind == "f"
            else pl.Series(name, values)
            for name, values in columns.items()
        ),
    )


def flat(spec: ModelSpec) -> Iterator[Problem]:
    """Yield a problem for each prior that nothing can be drawn from."""
    for stated in stated_priors(spec):
        if not stated.prior.proper:
            what = f"nothing can be drawn from a {stated.prior.name} prior"
            hint = "What the model expects before the data can be told with a proper one only"
            yield Problem(what, key=stated.key, hint=hint)


def _late_tests(design: Design) -> Iterator[Problem]:
    """Yield a problem where luck that a lift test measures is shared by late orders."""
    if design.tested is not None and design.sources is not None:
        what = "lift tests of posts whose orders come late are not drawn"
        hint = "Leave the tests out, or take a table without late orders"
        yield Problem(what, key="experiments.tests", hint=hint)


def _left_to_outcomes(spec: ModelSpec, source: AnalysisTable) -> Iterator[Problem]:
    """Yield the priors that depend on outcomes which the table does not have."""
    column = spec.outcome.column
    if column in source.frame.columns:
        return
    for stated in stated_priors(spec):
        if stated.is_default:
            what = f"this prior is left to the column {column!r}, which the table does not have"
            hint = "State the prior in numbers"
            yield Problem(what, key=stated.key, expected=stated.default, hint=hint)


def _with_placeholders(spec: ModelSpec, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the posts with outcomes that any table could have, to build a design on.

    Outcomes steer how effects are sampled, never what their prior is.
    """
    column, family = spec.outcome.column, spec.outcome.distribution
    values = np.arange(frame.height) % 2 + float(family.open)
    if family.is_share and spec.outcome.trials in frame.columns:
        trials = frame.get_column(str(spec.outcome.trials)).cast(pl.Float64).fill_null(0.0)
        values = np.minimum(values, trials.to_numpy())
    columns = {column: values}
    if spec.order_value is not None:
        columns |= {PAYING: values, REVENUE: PLACEHOLDER_REVENUE * values}
    return frame.with_columns(pl.Series(name, of) for name, of in columns.items())


def _scores(design: Design, parameters: Draws, rng: np.random.Generator) -> dict[str, Floats]:
    """Draw what vendors say of audiences, where the table has it."""
    section, scores = design.spec.authenticity, design.scores
    if section is None or section.score is None or scores is None:
        return {}
    real, sure = 1.0 - parameters[FAKE][:, scores.levels], parameters[SCORE_ALIKE][:, None]
    if section.score_level is not None:
        real = real * parameters[SCORE_LEVEL][:, None]
    # A share that is too near 0 or 1 for a float is no parameter of a Beta.
    real = np.clip(real, SMALLEST, 1.0 - SMALLEST)
    by_level = np.full((len(real), len(design.groups[section.by].levels)), np.nan)
    by_level[:, scores.levels] = rng.beta(real * sure, (1.0 - real) * sure)
    return {section.score: by_level[:, design.groups[section.by].index]}


def _on_the_way(
    spec: ModelSpec, source: AnalysisTable, parameters: Draws, rng: np.random.Generator
) -> dict[str, Floats]:
    """Draw outcomes on the way one after another, each from those before, and then the last.

    A post that a stage leaves out, such as one that hides its likes, keeps what it has.
    """
    found: dict[str, list[Floats]] = {}
    for k in range(n_draws(parameters)):
        truth, table = {name: of[k : k + 1] for name, of in parameters.items()}, source
        for stage, of in (*spec.stages.items(), (None, spec)):
            column, own = of.outcome.column, truth if stage is None else of_stage(truth, stage)
            design = design_of(replace(of, stages={}), table)
            values = table.frame.get_column(column).cast(pl.Float64).to_numpy().copy()
            at = table.frame.get_column("post_id").cast(pl.String).is_in(list(design.posts))
            values[at.to_numpy()] = forward.replicate(design, own, rng)[0]
            found.setdefault(column, []).append(values)
            table = _with(table, {column: values})
    return {column: np.stack(values) for column, values in found.items()}


def _revenue(
    design: Design, parameters: Draws, outcomes: Floats, rng: np.random.Generator
) -> dict[str, Floats]:
    """Draw paying orders, and their net revenue as a sum of gamma order values."""
    paying, net = np.zeros_like(outcomes), np.zeros(outcomes.shape)
    for block in blocks(parameters, outcomes.shape[1]):
        shape = block.draws["value_shape"][:, None]
        mean = forward.paying_value(design, block.draws)
        orders = forward.draw_paying(design, block.draws, outcomes[block.where], rng)
        paying[block.where] = orders
        net[block.where] = rng.gamma(orders * shape, mean / shape)
    return {PAYING: paying, REVENUE: net}


def _daily(design: Design, halo: Halo, parameters: Draws, rng: np.random.Generator) -> Floats:
    """Draw daily sales; (draw, day).

    What posts bring is stated against average daily sales, which a fit takes from its table. Here
    they are those of usual sales, which drawn ones are near on average.
    """
    usual = np.exp(forward.sums(design, parameters)["mean"]).mean(axis=1)
    found = []
    for k, factor in enumerate(usual / design.outcome.mean()):
        lags = {part: factor * reach for part, reach in halo.lags.items()}
        at = replace(design, halo=replace(halo, lags=lags, unit=factor * halo.unit))
        truth = {name: of[k : k + 1] for name, of in parameters.items()}
        found.append(forward.replicate(at, truth, rng)[0])
    return np.stack(found)


def _survey(spec: ModelSpec, parameters: Draws, rng: np.random.Generator) -> Floats | None:
    """Draw how many of a survey's buyers have a recorded order; (draw,)."""
    if spec.capture is None or spec.capture.survey is None:
        return None
    return np.asarray(rng.binomial(spec.capture.survey.buyers, parameters[SHARE]))


def _lifts(design: Design, parameters: Draws, outcomes: Floats, rng: np.random.Generator) -> Floats:
    """Draw what lift tests estimate of what their posts brought, luck included; (draw, test)."""
    tests = design.spec.experiments
    if tests is None or design.tested is None:
        return np.empty((n_draws(parameters), 0))
    lucky = forward.draw_lucky(design, parameters, outcomes, rng) @ design.tested.T
    factor = forward.brought(design, parameters)
    errors = np.asarray([test.standard_error for test in tests.tests])
    return rng.normal(lucky if factor is None else factor[:, None] * lucky, errors)
