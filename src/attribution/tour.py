"""The whole way on the shipped samples: from posts and orders to truth beside estimate."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Literal

import polars as pl

from attribution import shipped
from attribution.answers import chart
from attribution.data import ingest
from attribution.errors import InputError, Problem
from attribution.fitting import fit
from attribution.known_truth import KEYS, roi_truth, truth_table
from attribution.quantities.compare import compare
from attribution.quantities.estimates import PROBABILITY
from attribution.reporting import report
from attribution.simulation import Truth

if TYPE_CHECKING:
    from attribution.run import Run

MODELS = ("additive", "engagement")
DRAWS, TUNE = 1000, 500
QUICK = 150
CHARTS = ("forest", "density", "response", "contributions", "predictive", "roi", "ranks")
MARK = "made-by-attribution-demo.txt"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Step:
    """One step of the tour.

    Parameters
    ----------
    title
        What was done.
    command
        The command that does the same.
    found
        What it found, a sentence each.
    kind
        What ``table`` holds; ``none`` when there is no table.
    table
        The step's table in full.
    seconds
        How long it took.
    """

    title: str
    command: str
    found: tuple[str, ...] = ()
    kind: Literal["none", "checks", "comparison", "truth", "roi"] = "none"
    table: pl.DataFrame = field(default_factory=pl.DataFrame)
    seconds: float = 0.0


@dataclass(frozen=True)
class Tour:
    """What the demo leaves behind.

    Parameters
    ----------
    folder, report
        Where everything is, and the report in it.
    steps
        What was done and found, in order.
    healthy
        Whether both runs passed the health gate.
    """

    folder: Path
    report: Path
    steps: tuple[Step, ...]
    healthy: bool


def demo(
    folder: str | Path = "attribution-demo",
    *,
    quick: bool = False,
    progress: Progress | None = None,
    tell: Callable[[Step], None] | None = None,
) -> Tour:
    """Go the whole way on the shipped samples, from two tables to a report.

    Parameters
    ----------
    folder
        Where to put the samples, the runs, the charts and the report. A folder of an earlier
        demo is replaced.
    quick
        Take few draws: less precise, and the health gate may say so.
    progress
        Told of each stage of a fit: name, work done, work in total.
    tell
        Given each step when it is done.

    Raises
    ------
    InputError
        When the folder holds anything but an earlier demo.
    """
    guide = _Guide(_prepared(Path(folder)), quick, progress)
    steps: list[Step] = []
    begun = perf_counter()
    for step in guide.walk():
        steps.append(replace(step, seconds=perf_counter() - begun))
        if tell is not None:
            tell(steps[-1])
        begun = perf_counter()
    healthy = all(run.healthy for run in guide.runs.values())
    return Tour(guide.folder, guide.report_file, tuple(steps), healthy)


def _prepared(folder: Path) -> Path:
    """Return the folder, emptied of an earlier demo, or raise when it holds anything else."""
    if folder.is_dir() and (folder / MARK).is_file():
        shutil.rmtree(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            Problem(
                "this is there already and is no earlier demo, so it will not be replaced",
                file=str(folder),
                hint="Name another folder: attribution demo DIR",
            )
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("Written by `attribution demo`; the next demo here replaces it.\n")
    return folder


@dataclass
class _Guide:
    """Walks through the steps and keeps what later ones need."""

    folder: Path
    quick: bool
    progress: Progress | None
    runs: dict[str, Run] = field(default_factory=dict)

    @property
    def report_file(self) -> Path:
        return self.folder / "report.html"

    def walk(self) -> Iterator[Step]:
        """Yield the steps as they are done."""
        yield self._copy()
        yield self._ingest()
        for model in MODELS:
            yield self._fit(model)
            yield self._check(model)
        yield self._compare()
        yield self._effects()
        yield self._roi()
        yield self._charts()
        yield self._report()

    def _copy(self) -> Step:
        samples = self.folder / "samples"
        shutil.copytree(shipped.folder("samples"), samples)
        return Step(
            "Copied the samples: one simulated brand whose truth is known",
            "attribution simulate DIR",
            (f"{samples} holds creators, posts and orders, and the truth behind them",),
        )

    def _ingest(self) -> Step:
        samples, brand = self.folder / "samples", self.folder / "brand"
        files = [samples / f"{name}.csv" for name in ("posts", "orders", "creators")]
        result = ingest(*files)
        result.save(brand)
        orders = result.provenance["orders"]
        return Step(
            "Credited orders to posts by their codes",
            f"attribution ingest {files[0]} {files[1]} --creators {files[2]} -o {brand}",
            (
                f"{result.table.frame.height:,} posts; of {orders['in']:,} orders "
                f"{orders['credited']:,} credited, {orders['unattributed']:,} without a post, "
                f"{orders['rejected']:,} set aside",
            ),
        )

    def _fit(self, model: str) -> Step:
        brand, target = self.folder / "brand", self.folder / "runs" / model
        draws, tune = (QUICK, 2 * QUICK) if self.quick else (DRAWS, TUNE)
        run = fit(model, brand, out=target, draws=draws, tune=tune, progress=self._told(model))
        self.runs[model] = run
        spent = ", ".join(f"{name} {value:.0f} s" for name, value in run.manifest.timings.items())
        options = f" --draws {draws} --tune {tune}" if self.quick else ""
        return Step(
            f"Fitted the {model} model",
            f"attribution fit {model} {brand} -o {target}{options}",
            (f"{run.manifest.chains} chains of {draws:,} draws after {tune:,} to tune; {spent}",),
        )

    def _told(self, model: str) -> Progress | None:
        """Name the model in the stages of its fit."""
        tell = self.progress
        if tell is None:
            return None
        return lambda stage, done, total: tell(f"{model}: {stage}", done, total)

    def _check(self, model: str) -> Step:
        run = self.runs[model]
        checks = run.check()
        passed = checks.filter(pl.col("status") == "pass").height
        verdict = "healthy" if run.healthy else "NOT healthy: do not use its numbers as they are"
        return Step(
            f"Checked the {model} run",
            f"attribution check {run.path}",
            (f"{verdict}; {passed} of {checks.height} checks passed",),
            "checks",
            checks.filter(pl.col("status") != "pass"),
        )

    def _compare(self) -> Step:
        paths = " ".join(str(run.path) for run in self.runs.values())
        return Step(
            "Compared the models by how well they predict a post left out",
            f"attribution compare {paths}",
            kind="comparison",
            table=compare(list(self.runs.values())),
        )

    def _effects(self) -> Step:
        run = self.runs["additive"]
        beside = truth_beside_estimates(run, self.folder / "samples")
        beside.write_csv(self.folder / "truth.csv")
        of_creators = pl.col("scope") == "creator"
        shown, creators = beside.filter(~of_creators), beside.filter(of_creators)
        return Step(
            "Compared the additive model's answers with the truth",
            f"attribution effects {run.path}",
            (
                missed("rates, ratios and shares", shown),
                missed("creators' own multipliers", creators),
                f"{self.folder / 'truth.csv'} has them all",
            ),
            "truth",
            shown,
        )

    def _roi(self) -> Step:
        run = self.runs["additive"]
        total, tiers, creators = (
            true_roi_beside(run, self.folder / "samples", by) for by in ("total", "tier", "creator")
        )
        verdicts = creators.group_by("verdict").len().sort("len", descending=True).drop_nulls()
        counted = ", ".join(f"{verdict} {count}" for verdict, count in verdicts.iter_rows())
        return Step(
            "Worked out the return on what was paid, true expected ROI beside it",
            f"attribution roi {run.path} --by tier",
            (f"creators: {counted}", missed("expected ROI of creators", creators)),
            "roi",
            pl.concat([total, tiers]),
        )

    def _charts(self) -> Step:
        charts = self.folder / "charts"
        charts.mkdir()
        run = self.runs["additive"]
        for name in CHARTS:
            chart(run, name, charts / f"{name}.svg", unhealthy=True)
        return Step(
            "Drew charts",
            f"attribution chart {run.path} forest -o {charts / 'forest.svg'}",
            (f"{len(CHARTS)} in {charts}",),
        )

    def _report(self) -> Step:
        run = self.runs["additive"]
        report(list(self.runs.values()), self.report_file, unhealthy=True)
        return Step("Wrote the report", f"attribution report {run.path} -o {self.report_file}")


def missed(what: str, beside: pl.DataFrame) -> str:
    """Say how many intervals miss the truth, and how many would by their own account."""
    known = beside.get_column("inside").drop_nulls()
    count, expected = (~known).sum(), (1 - PROBABILITY) * len(known)
    return (
        f"{what}: {count} of {len(known)} intervals miss the truth; about {expected:.0f} would, "
        f"as each holds it with probability {PROBABILITY:.0%}"
    )


def truth_beside_estimates(run: Run, samples: Path) -> pl.DataFrame:
    """Put what is true of the samples beside what a run says.

    Returns
    -------
    One row per rate, ratio and share that has a truth: the columns of the estimate table, and
    ``truth`` and ``inside``, whether the interval holds it.
    """
    truth = truth_table(Truth.load(samples), run.design)
    return (
        run.effects()
        .join(truth, on=KEYS, how="inner", maintain_order="left")
        .filter(pl.col("lower").is_not_null())
        .with_columns(pl.col("truth").is_between("lower", "upper").alias("inside"))
    )


def true_roi_beside(run: Run, samples: Path, by: str) -> pl.DataFrame:
    """Put the true expected ROI beside the estimate: columns ``true_roi`` and ``inside``."""
    truth = roi_truth(Truth.load(samples), run.design, by).select("group", "true_roi")
    estimates = run.roi(by=by, unhealthy=True)
    return estimates.join(truth, on="group", how="left", maintain_order="left").with_columns(
        pl.col("true_roi").is_between("expected_roi_lower", "expected_roi_upper").alias("inside")
    )
