"""Fit one spec to one table and save the run."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import attribution
from attribution.data import AnalysisTable, read_analysis
from attribution.data.columns import columns
from attribution.design import Design, build_design
from attribution.design.stages import set_aside_of
from attribution.errors import InputError, Problem, noting, raise_if_any
from attribution.health import check_health
from attribution.laps import Laps
from attribution.manifest import FORMAT_VERSION, Check, Manifest, Method
from attribution.run import Run, save_run
from attribution.spec import check_columns, read_spec
from attribution.spec.model import ModelSpec

if TYPE_CHECKING:
    import polars as pl

    from attribution.sampling import Progress, Sampled, Settings

DRAWS = {"nuts": 1000, "approximate": 500}
"""Draws kept of each chain where none are asked for."""

PACKAGES = ("pymc", "pytensor", "nutpie", "numba", "numpy", "arviz-stats", "polars")


def fit(
    spec: str | Path | ModelSpec,
    table: str | Path | AnalysisTable,
    *,
    out: str | Path | None = None,
    draws: int | None = None,
    tune: int = 500,
    chains: int = 4,
    seed: int = 0,
    target_accept: float | None = None,
    method: Method = "nuts",
    progress: Progress | None = None,
    overwrite: bool = False,
) -> Run:
    """Fit a model to a table of posts.

    Parameters
    ----------
    spec
        Name of a shipped spec, path of a TOML file, or a spec.
    table
        File or folder that ``ingest`` wrote, a table of one row per post, or an analysis table.
    out
        Folder of the run; None keeps the run in memory. It is written whole or not at all.
    draws, tune, chains, seed
        How NUTS samples; the same seed, table, spec and versions give the same draws. Draws are
        those kept of each chain: 1,000 if None, 500 of an approximation, which needs no tuning.
    target_accept
        Acceptance rate that NUTS aims at. None starts at 0.85 and, where draws diverge or chains
        do not agree, samples once more at 0.95.
    method
        ``nuts`` for exact sampling, or ``approximate`` for a quick look: seconds, labelled
        approximate wherever its numbers are shown, and unhealthy where it does not hold.
    progress
        Told of each stage: name, work done, work in total.
    overwrite
        Whether an existing run folder may be replaced.

    Returns
    -------
    Run
        With its health already checked; an unhealthy run is returned, not raised.

    Raises
    ------
    InputError
        For a spec, table or folder that cannot be used; before anything is sampled.
    """
    draws = DRAWS.get(method, 0) if draws is None else draws
    problems: list[Problem] = []
    with noting(problems):
        _check_settings(draws, tune, chains, target_accept, method)
    with noting(problems):
        target = None if out is None else check_target(Path(out), overwrite)
    laps = Laps()
    with laps.lap("read"):
        with noting(problems):
            read, source = read_inputs(spec, table)
        raise_if_any(problems)
        file = None if isinstance(spec, ModelSpec) else str(spec)
        design = design_of(read, source, file)
    with laps.lap("import"):
        # What is needed later is imported before threads are at work, which would wait for it.
        from attribution.sampling import Settings, sample

        if method == "approximate":
            import attribution.approximation.sample  # noqa: F401

    settings = Settings(draws, tune, chains, seed, target_accept, method)
    sampled = sample(design, settings, laps, progress)
    with laps.lap("check"):
        health = check_health(design, sampled.tree, sampled.diagnostics, settings.method)
    manifest = _manifest(read, source, design, settings, sampled, health, laps)
    run = Run(
        path=None,
        spec=read,
        source=source,
        manifest=manifest,
        design=design,
        tree=sampled.tree,
        diagnosed=sampled.diagnostics,
    )
    return run if target is None else save_run(run, target, overwrite=overwrite)


def read_inputs(
    spec: str | Path | ModelSpec,
    table: str | Path | pl.DataFrame | AnalysisTable,
    mapping: str | Path | None = None,
    tiers: str | None = None,
) -> tuple[ModelSpec, AnalysisTable]:
    """Read a spec and a table, both before either is refused.

    Parameters
    ----------
    spec
        As for :func:`fit`.
    table, mapping, tiers
        As for :func:`attribution.data.read_analysis`; what is read already is returned.

    Raises
    ------
    InputError
        With every problem of both.
    """
    problems: list[Problem] = []
    with noting(problems):
        read = spec if isinstance(spec, ModelSpec) else read_spec(spec)
    with noting(problems):
        source = table if isinstance(table, AnalysisTable) else read_analysis(table, mapping, tiers)
    raise_if_any(problems)
    return read, source


def design_of(spec: ModelSpec, source: AnalysisTable, file: str | None = None) -> Design:
    """Return what a model of this table is built from, priors in numbers.

    Parameters
    ----------
    spec
        The model as the user stated it.
    source
        The table.
    file
        File of the spec, for messages.

    Raises
    ------
    InputError
        Where the table lacks what the spec names, or holds what it cannot take.
    """
    raise_if_any(check_columns(spec, source.frame.columns, file, optional=columns("analysis")))
    return build_design(spec, source.frame, level_order=source.tier_order)


def _check_settings(
    draws: int, tune: int, chains: int, target_accept: float | None, method: str
) -> None:
    problems = [
        Problem(f"{name} is too small", key=name, value=str(value), expected=f"at least {least}")
        for name, value, least in (("draws", draws, 50), ("tune", tune, 50), ("chains", chains, 2))
        if value < least and (method == "nuts" or (method in DRAWS and name != "tune"))
    ]
    if target_accept is not None and not 0.5 <= target_accept < 1.0:
        problems.append(
            Problem(
                "target_accept is out of range",
                key="target_accept",
                value=str(target_accept),
                expected="a number from 0.5 to below 1",
            )
        )
    if method not in get_args(Method):
        problems.append(
            Problem(
                "there is no such method",
                key="method",
                value=method,
                expected=" or ".join(get_args(Method)),
            )
        )
    elif method == "approximate" and target_accept is not None:
        problems.append(
            Problem(
                "only NUTS has a target acceptance rate",
                key="target_accept",
                value=str(target_accept),
                expected="nothing with method approximate",
            )
        )
    if problems:
        raise InputError(problems)


def check_target(path: Path, overwrite: bool) -> Path:
    """Return the run's folder, or raise when something is there already."""
    if not path.exists():
        _check_place(path)
    elif not (path / "manifest.json").exists():
        raise InputError(
            Problem(
                "this is there already, is not a run folder and will not be replaced",
                file=str(path),
                hint="Choose another folder.",
            )
        )
    elif not overwrite:
        raise InputError(
            Problem(
                "the folder for the run exists already",
                file=str(path),
                hint="Choose another folder, or say --force (overwrite=True) to replace it.",
            )
        )
    return path


def _check_place(path: Path) -> None:
    """Raise where the folder could not be made, before a fit takes its time."""
    place = next(parent for parent in path.absolute().parents if parent.exists())
    if not place.is_dir():
        what = "a folder for the run cannot be made here: this is a file"
        raise InputError(Problem(what, file=str(place), hint="Choose another folder."))
    if not os.access(place, os.W_OK):
        what = "a folder for the run cannot be made here: you may not write"
        raise InputError(Problem(what, file=str(place), hint="Choose another folder."))


def _manifest(
    spec: ModelSpec,
    source: AnalysisTable,
    design: Design,
    settings: Settings,
    sampled: Sampled,
    health: tuple[Check, ...],
    laps: Laps,
) -> Manifest:
    return Manifest(
        format_version=FORMAT_VERSION,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        spec_name=spec.name,
        outcome=spec.outcome.column,
        exposure=spec.outcome.exposure,
        currency=_currency(design),
        method=settings.method,
        seed=settings.seed,
        draws=settings.draws,
        tune=0 if settings.method == "approximate" else settings.tune,
        chains=settings.chains,
        target_accept=sampled.target_accept,
        density=sampled.density,
        versions={"attribution": attribution.__version__} | {p: version(p) for p in PACKAGES},
        hashes={},
        timings=laps.seconds,
        absent=design.absent,
        set_aside=set_aside_of(design),
        rejected_rows=source.rejected_rows,
        provenance=source.provenance,
        health=health,
    )


def _currency(design: Design) -> str | None:
    if "currency" not in design.table.columns:
        return None
    found = design.table.get_column("currency").drop_nulls().unique()
    return found.item() if found.len() == 1 else None
