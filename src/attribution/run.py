"""A run: one spec fitted to one table, in memory or as a folder.

The folder holds ``posterior.nc`` (draws, pointwise log-likelihood, predictive draws),
``diagnostics.parquet`` (R-hat and effective draws of every parameter), ``table.parquet`` (the table
as it was given), ``spec.toml`` and ``manifest.json`` (with the SHA-256 of the others). It is
written beside its place and renamed, so it exists whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attribution.data import AnalysisTable, read_analysis
from attribution.design import Design, build_design
from attribution.draws import Draws, n_draws, thin_chains
from attribution.errors import InputError, Problem, UnhealthyRunError
from attribution.labelled import Group, of_dataset, read_group
from attribution.manifest import FORMAT_VERSION, Manifest
from attribution.spec import parse_spec, to_toml
from attribution.spec.model import ModelSpec
from attribution.spec.stated import improper_priors

if TYPE_CHECKING:
    import polars as pl
    import xarray as xr

    from attribution.quantities.audiences import Audiences
    from attribution.quantities.estimates import Quantity

POSTERIOR, DIAGNOSTICS, TABLE = "posterior.nc", "diagnostics.parquet", "table.parquet"
SPEC, MANIFEST = "spec.toml", "manifest.json"
FILES = (POSTERIOR, DIAGNOSTICS, TABLE, SPEC)
"""What the manifest has the hash of."""

ESTIMATION_NUMBERS = 400_000_000
"""Draws times posts that an estimate walks over; of larger tables fewer draws are used.

A run of 100,000 posts and 4,000 draws is still told by all; a million posts by 400 draws, whose
Monte Carlo error stands beside each estimate.
"""


@dataclass(frozen=True)
class Run:
    """One spec fitted to one table.

    Parameters
    ----------
    path
        The run's folder; None while it is only in memory.
    spec
        The model as it was stated.
    source
        The table as it was given, with its provenance.
    manifest
        How the run was made and how healthy it is.
    design
        The arrays that the model was built from.
    tree
        Draws in memory; None for a run on disk, whose draws are read when first needed.
    diagnosed
        Diagnostics in memory; None for a run on disk.
    """

    path: Path | None
    spec: ModelSpec
    source: AnalysisTable
    manifest: Manifest
    design: Design
    tree: xr.DataTree | None = None
    diagnosed: pl.DataFrame | None = None

    @property
    def name(self) -> str:
        """The folder's name, or the model's where the run is only in memory."""
        return self.path.name if self.path else self.spec.name

    @property
    def table(self) -> pl.DataFrame:
        """The posts in the fit, one row each."""
        return self.design.table

    @cached_property
    def posterior(self) -> xr.DataTree:
        """All groups: posterior, sample_stats, log_likelihood, prior, predictive draws."""
        if self.tree is not None:
            return self.tree
        import xarray as xr

        with xr.open_datatree(self._posterior_file, engine="h5netcdf") as tree:
            return tree.load()

    def group(self, name: str) -> Group:
        """Return the variables of one group; of a run on disk no other group is read."""
        if name not in self._groups:
            self._groups[name] = (
                read_group(self._posterior_file, name)
                if self.tree is None
                else of_dataset(self.tree[name].to_dataset())
            )
        return self._groups[name]

    @cached_property
    def _groups(self) -> dict[str, Group]:
        return {}

    @cached_property
    def _posterior_file(self) -> Path:
        return self._checked(POSTERIOR)

    def _checked(self, name: str) -> Path:
        """Return the path of one of the run's files, which is as it was written."""
        if self.path is None:
            raise ValueError(f"this run is neither in memory nor on disk: no {name}")
        _check_hash(self.path / name, self.manifest.hashes[name])
        return self.path / name

    @cached_property
    def diagnostics(self) -> pl.DataFrame:
        """R-hat and effective draws of every parameter: parameter, r_hat, ess_bulk, ess_tail."""
        if self.diagnosed is not None:
            return self.diagnosed
        import polars as pl

        return pl.read_parquet(self._checked(DIAGNOSTICS))

    @cached_property
    def thinned(self) -> Draws:
        """Posterior draws for estimates: all, or of a large table the same few of every chain."""
        most = max(ESTIMATION_NUMBERS // len(self.design.outcome), 1)
        if n_draws(self.draws) <= most:
            return self.draws
        return thin_chains(self.draws, self.manifest.chains, most)

    @cached_property
    def draws(self) -> Draws:
        """Posterior draws by variable; shape (chain * draw, …)."""
        return _merged(self.group("posterior"))

    @cached_property
    def prior_draws(self) -> Draws | None:
        """Prior draws by variable; shape (draw, …). None where a prior is flat."""
        if improper_priors(self.spec):
            return None
        return _merged(self.group("prior"))

    @property
    def healthy(self) -> bool:
        """Whether every check of the health gate passed (warnings allowed)."""
        return self.manifest.healthy

    def require_healthy(self, unhealthy: bool, what: str) -> None:
        """Raise unless the run is healthy or its unhealthy numbers were asked for by name."""
        if self.healthy or unhealthy:
            return
        failed = ", ".join(c.name for c in self.manifest.health if c.status == "fail")
        raise UnhealthyRunError(
            f"{self.name}: the run is unhealthy ({failed}), so {what} would mislead. "
            "See `attribution check`; ask with --unhealthy (unhealthy=True) to get it all the same."
        )

    def check(self) -> pl.DataFrame:
        """Return the health gate, one row per check."""
        from attribution.health import health_table

        return health_table(self.manifest.health)

    def effects(
        self,
        *,
        of: str | Sequence[str] | None = None,
        by: str | Sequence[str] | None = None,
        as_: str | None = None,
        step: float | None = None,
        ratio: float | None = None,
    ) -> pl.DataFrame:
        """Return averages, contrasts and slopes of the outcome; see ``quantities.effects``."""
        from attribution.quantities.effects import effects

        if not (of or by or any(asked is not None for asked in (as_, step, ratio))):
            return self._effects
        return effects(self, of=of, by=by, as_=as_, step=step, ratio=ratio)

    @cached_property
    def estimands(self) -> list[Quantity]:
        """The estimands that a design's mean has, with posterior draws."""
        from attribution.quantities.effects import quantities_of

        return quantities_of(self.design)(self.design, self.thinned)

    @cached_property
    def _effects(self) -> pl.DataFrame:
        from attribution.quantities.effects import effects

        return effects(self)

    def parameters(self, *, every: bool = False) -> pl.DataFrame:
        """Return every parameter of the model as stated; see ``quantities.parameters``."""
        from attribution.quantities.parameters import parameters

        if every not in self._parameters:
            self._parameters[every] = parameters(self, every=every)
        return self._parameters[every]

    @cached_property
    def _parameters(self) -> dict[bool, pl.DataFrame]:
        return {}

    def contributions(self, by: str | Sequence[str] = "total") -> pl.DataFrame:
        """Return the observed orders split by part; see ``quantities.contributions``."""
        from attribution.quantities.contributions import contributions

        return contributions(self, by=by)

    def roi(
        self,
        by: str | Sequence[str] = "creator",
        *,
        margin: float = 1.0,
        unhealthy: bool = False,
    ) -> pl.DataFrame:
        """Return realised and expected ROI; see ``quantities.roi``."""
        from attribution.quantities.roi import roi

        return roi(self, by=by, margin=margin, unhealthy=unhealthy)

    @cached_property
    def audiences(self) -> Audiences:
        """Draws of what each creator's audience is; see ``quantities.audiences``."""
        from attribution.quantities.audiences import audiences

        return audiences(self)

    def susceptibility(self, *, top: int | None = None) -> pl.DataFrame:
        """Return creators ranked by how prone to buy; see ``quantities.susceptibility``."""
        from attribution.quantities.susceptibility import susceptibility

        if top not in self._rankings:
            self._rankings[top] = susceptibility(self, top)
        return self._rankings[top]

    @cached_property
    def _rankings(self) -> dict[int | None, pl.DataFrame]:
        return {}

    def luck(self, *, top: int | None = None) -> pl.DataFrame:
        """Return how much of creators' differences is luck; see ``quantities.susceptibility``."""
        from attribution.quantities.susceptibility import luck

        if top not in self._luck:
            self._luck[top] = luck(self, top)
        return self._luck[top]

    @cached_property
    def _luck(self) -> dict[int | None, pl.DataFrame]:
        return {}

    @property
    def charts(self) -> Any:
        """The charts of this run by name, e.g. ``run.charts.forest()``."""
        from attribution.charts import RunCharts

        return RunCharts(self)

    def report(self, path: str | Path, *, margin: float = 1.0, unhealthy: bool = False) -> Path:
        """Write one self-contained HTML report and return its path."""
        from attribution.reporting import report

        return report(self, path, margin=margin, unhealthy=unhealthy)


def _merged(group: Group) -> Draws:
    """Return draws with chains merged, chain by chain; shape (chain * draw, …)."""
    return {name: v.values.reshape((-1, *v.values.shape[2:])) for name, v in group.items()}


def save_run(run: Run, target: Path, *, overwrite: bool = False) -> Run:
    """Write a run to a folder, whole or not at all, and return it as saved."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as scratch:
        folder = Path(scratch) / "run"
        folder.mkdir()
        run.posterior.to_netcdf(folder / POSTERIOR, engine="h5netcdf")
        run.diagnostics.write_parquet(folder / DIAGNOSTICS)
        run.source.save(folder / TABLE)
        (folder / SPEC).write_text(to_toml(run.spec), encoding="utf-8")
        hashes = {name: file_hash(folder / name) for name in FILES}
        manifest = replace(run.manifest, hashes=hashes)
        (folder / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
        _put_in_place(folder, target, Path(scratch) / "replaced", overwrite)
    return replace(run, path=target, manifest=manifest)


def _put_in_place(folder: Path, target: Path, replaced: Path, overwrite: bool) -> None:
    """Rename a written folder to its place; what stood there comes back when that fails."""
    if overwrite and target.exists():
        target.rename(replaced)
    try:
        folder.rename(target)
    except BaseException:
        if replaced.exists():
            replaced.rename(target)
        raise


def load_run(path: str | Path) -> Run:
    """Read a run folder.

    Raises
    ------
    InputError
        When the folder is no run, a file is missing or was altered after the fit, or the run was
        written by a newer release.
    """
    folder = Path(path)
    manifest = _read_manifest(folder)
    missing = [name for name in manifest.hashes if not (folder / name).is_file()]
    if missing:
        raise InputError([_damaged(folder / name, "is missing from the run") for name in missing])
    for name in (TABLE, SPEC):
        _check_hash(folder / name, manifest.hashes[name])
    spec = parse_spec((folder / SPEC).read_text(encoding="utf-8"), file=str(folder / SPEC))
    source = read_analysis(folder / TABLE)
    design = build_design(spec, source.frame, level_order=source.tier_order)
    return Run(path=folder, spec=spec, source=source, manifest=manifest, design=design)


def _read_manifest(folder: Path) -> Manifest:
    file = folder / MANIFEST
    if not file.is_file():
        hint = "Give the folder that `attribution fit ... -o RUN` wrote."
        raise InputError(Problem(_no_run(folder), file=str(folder), hint=hint))
    try:
        text = file.read_text(encoding="utf-8")
        _check_version(file, int(json.loads(text)["format_version"]))
        manifest = Manifest.from_json(text)
        whole = set(FILES) <= manifest.hashes.keys()
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(_damaged(file, "cannot be read")) from error
    if not whole:
        raise InputError(_damaged(file, "cannot be read"))
    return manifest


def _no_run(path: Path) -> str:
    """Say why a path is that of no run."""
    if path.is_dir():
        return "the run folder has no manifest.json, so it is no run"
    return "this is a file, no run folder" if path.exists() else "the run folder does not exist"


def _check_version(file: Path, version: int) -> None:
    if version > FORMAT_VERSION:
        raise InputError(
            Problem(
                "the run was written by a newer release",
                file=str(file),
                value=str(version),
                expected=f"format_version up to {FORMAT_VERSION}",
                hint="Install a newer influencer-attribution.",
            )
        )


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_hash(path: Path, expected: str) -> None:
    if not path.is_file():
        raise InputError(_damaged(path, "is missing from the run"))
    if file_hash(path) != expected:
        raise InputError(_damaged(path, "was altered after the fit"))


def _damaged(path: Path, what: str) -> Problem:
    return Problem(f"{path.name} {what}", file=str(path), hint="Fit again to get a whole run.")
