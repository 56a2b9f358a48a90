"""Brands to judge the models on: simulated, joined and fitted as a user would.

Each brand becomes one Parquet file of estimates beside their truth, so that a run that was
stopped goes on where it was.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import polars as pl

from attribution.data import AnalysisTable
from attribution.errors import InputError
from attribution.fitting import fit
from attribution.known_truth import KEYS, contributions_truth, roi_truth, truth_table
from attribution.quantities import estimates as estimated
from attribution.quantities.estimates import estimate_table
from attribution.run import Run
from attribution.simulation import Brand, Settings, Truth, simulate, simulate_from_prior
from attribution.spec import ModelSpec, read_spec
from proofs.calibration.replicate import templates
from proofs.calibration.stored import mark
from proofs.fakes import joined
from proofs.parallel import in_processes

if TYPE_CHECKING:
    from attribution.density.compiled import NativeModel

PROBABILITIES = (0.89, 0.5)
"""Of the intervals that are compared with the truth."""

MARGIN = 0.6
"""Share of net revenue left before marketing costs."""

COLUMNS = (*KEYS, "lower", "upper", "median", "truth", "probability", "answer")

Beside = Callable[[Run], pl.DataFrame]
"""From a run to every estimate with an interval beside its truth."""


@dataclass(frozen=True)
class Example:
    """A table to fit.

    Parameters
    ----------
    spec
        The model.
    table
        Posts.
    beside
        What knows the truth.
    """

    spec: ModelSpec
    table: AnalysisTable
    beside: Beside


@dataclass(frozen=True)
class Kind:
    """A kind of brand: which model is fitted, where its truth comes from, how large it is.

    Parameters
    ----------
    model, origin
        Name of the model, and of where truth comes from.
    words
        The same in words.
    creators, each
        Creators, and posts of each on average.
    """

    model: str
    origin: str
    words: str
    creators: int
    each: int

    @property
    def name(self) -> str:
        """Name of its files and in the page."""
        return f"{self.model}_{self.origin}_{self.creators}x{self.each}"

    @property
    def described(self) -> str:
        """What it is, in words."""
        return f"{self.words}; {self.creators} creators, {self.creators * self.each} posts"

    def make(self, seed: int) -> Example:
        """Return a brand of this kind."""
        from proofs.drawn_brands import drawn

        size = (self.creators, self.each)
        if self.origin == "prior" and self.model != "additive":
            return drawn(self.model, seed, *size)
        brand = (_prior if self.origin == "prior" else _fixed)(seed, *size)
        truth = partial(beside_truth, truth=brand.truth)
        return Example(read_spec(self.model), joined(brand), truth)


def _prior(seed: int, creators: int, each: int) -> Brand:
    spec = read_spec("additive")
    return simulate_from_prior(spec, seed, creators=creators, posts_per_creator=each)


def _fixed(seed: int, creators: int, each: int) -> Brand:
    return simulate(Settings.samples().sized(creators, creators * each), seed)


OWN_PRIOR, SAMPLES = "drawn from the model's own prior", "the samples' truth"
SIZES = ((50, 10), (8, 3))
KINDS = {
    kind.name: kind
    for model, origin, words in (
        ("additive", "prior", OWN_PRIOR),
        ("engagement", "prior", OWN_PRIOR),
        ("additive", "fixed", SAMPLES),
    )
    for kind in (Kind(model, origin, words, *size) for size in SIZES)
}


def collect(kind: str, brands: int, first_seed: int, jobs: int, folder: Path) -> pl.DataFrame:
    """Return the estimates of so many brands beside their truth, fitting what is missing.

    Brands that are refused (more orders than any export has, or none) are passed over for the next
    seed: that depends on the data alone, so that coverage under the prior stays exact.
    """
    folder.mkdir(parents=True, exist_ok=True)
    seeds = iter(range(first_seed, first_seed + 10 * brands))
    frames: list[pl.DataFrame] = []
    work = partial(one_brand, kind, folder=folder)
    while len(frames) < brands:
        batch = [next(seeds) for _ in range(brands - len(frames))]
        done = [path for _, path in in_processes(work, batch, jobs, kind) if path is not None]
        frames += map(pl.read_parquet, done)
    return pl.concat(frames)


def one_brand(kind: str, seed: int, folder: Path) -> Path | None:
    """Fit one brand and write its estimates beside their truth; None when it is refused."""
    of = KINDS[kind]
    path, spec = folder / f"{kind}-{seed}.parquet", mark(read_spec(of.model))
    if path.exists() and _is_of(path, spec):
        return path
    try:
        example = of.make(seed)
        run = fitted(example.spec, example.table, seed)
    except InputError:
        return None
    told = [at_probability(run, example.beside, probability) for probability in PROBABILITIES]
    estimates = pl.concat(told).with_columns(
        brand=pl.lit(seed),
        spec=pl.lit(spec),
        healthy=pl.lit(run.healthy),
        failed=pl.lit(", ".join(c.name for c in run.manifest.health if c.status == "fail")),
        orders=pl.lit(int(run.design.outcome.sum())),
        target_accept=pl.lit(run.manifest.target_accept),
    )
    # Renamed when it is whole: a file that was cut off is none.
    unfinished = path.with_suffix(".part")
    estimates.write_parquet(unfinished)
    unfinished.replace(path)
    return path


def fitted(spec: ModelSpec, table: AnalysisTable, seed: int) -> Run:
    """Fit a table with the defaults, from a graph that the process has where it has one like it.

    Raises
    ------
    InputError
        Where a user would be refused, such as without any order.
    """
    from attribution import sampling

    def reusing(model: Any, kept: Sequence[str], threads: int, **_: object) -> NativeModel:
        return templates()(model, kept, threads)

    with warnings.catch_warnings(), patch.object(sampling, "compile_model", reusing):
        warnings.simplefilter("ignore")
        return fit(spec, table, seed=seed)


def _is_of(path: Path, spec: str) -> bool:
    """Whether a file has what is told today, of the model as it is."""
    if not {"spec", "prob"} <= set(pl.read_parquet_schema(path)):
        return False
    return bool(pl.read_parquet(path, columns=["spec"], n_rows=1).item() == spec)


def at_probability(run: Run, beside: Beside, probability: float) -> pl.DataFrame:
    """Return every estimate beside its truth, with intervals of another probability, ``prob``."""
    with patch.object(estimated, "PROBABILITY", probability):
        return beside(run).with_columns(prob=pl.lit(probability))


def beside_truth(run: Run, truth: Truth) -> pl.DataFrame:
    """Return every estimate with an interval beside the simulator's record of a brand."""
    by_group = {by: roi_truth(truth, run.design, by, margin=MARGIN) for by in ROI_BY}
    return pl.concat(
        [
            effects_beside(run, truth_table(truth, run.design)),
            *(_contributions(run, truth, by) for by in ("total", "tier")),
            *roi_beside(run, by_group),
        ]
    )


def effects_beside(run: Run, truth: pl.DataFrame) -> pl.DataFrame:
    """Return the effects of a run beside their truth: the columns ``KEYS`` and truth."""
    told = estimate_table(run.estimands, run.manifest.chains)
    return told.join(truth, on=KEYS, how="left", nulls_equal=True).select(COLUMNS)


def _contributions(run: Run, truth: Truth, by: str) -> pl.DataFrame:
    told = run.contributions(by=by).join(
        contributions_truth(truth, run.design, by), on=["group", "part"], how="left"
    )
    return told.select(
        pl.concat_str(pl.lit("credited_orders_"), "part").alias("quantity"),
        pl.lit("overall" if by == "total" else by).alias("scope"),
        "group",
        "population",
        "lower",
        "upper",
        "median",
        "truth",
        pl.lit(None, dtype=pl.Float64).alias("probability"),
        pl.lit("estimated").alias("answer"),
    )


ROI_BY = ("total", "tier", "creator")


def roi_beside(run: Run, truth: dict[str, pl.DataFrame]) -> Sequence[pl.DataFrame]:
    """Return expected ROI and orders beside their truth.

    Parameters
    ----------
    run
        A run with costs.
    truth
        By what they are grouped by: group, true_roi and true_orders.
    """
    told = run.roi(by=list(truth), margin=MARGIN, unhealthy=True)
    true = pl.concat(of.with_columns(by=pl.lit(by)) for by, of in truth.items())
    beside = told.join(true, on=["by", "group"], how="left").with_columns(
        scope=pl.col("by").replace("total", "overall")
    )
    odds = {"expected_roi": "p_profit"}
    return [
        beside.select(
            pl.lit(name).alias("quantity"),
            "scope",
            "group",
            "population",
            pl.col(f"{name}_lower").alias("lower"),
            pl.col(f"{name}_upper").alias("upper"),
            pl.col(f"{name}_{middle}").alias("median"),
            pl.col(column).alias("truth"),
            (pl.col(odds[name]) if name in odds else pl.lit(None, dtype=pl.Float64)).alias(
                "probability"
            ),
            pl.col("verdict").alias("answer"),
        )
        for name, middle, column in (
            ("expected_roi", "median", "true_roi"),
            ("expected_orders", "mean", "true_orders"),
        )
    ]
