"""A fabricated run: real spec and manifest, invented tables, nothing sampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import polars as pl

from attribution.design.types import Absent, SetAside
from attribution.errors import InputError, Problem, UnhealthyRunError
from attribution.manifest import Check, Manifest
from attribution.spec import read_spec
from attribution.spec.model import ModelSpec
from support import frames

PROVENANCE: dict[str, Any] = {
    "rule": {"name": "last touch", "words": "Last touch within the window.", "window_days": 30.0},
    "until": {"at": "2025-12-31T23:51:05+00:00", "from": "the last order"},
    "files": {
        "posts": {
            "file": "posts.csv",
            "sha256": "0a2e",
            "rows_in": 1002,
            "rows_out": 1000,
            "rows_rejected": 2,
            "not_read_as_personal": ["Email"],
            "ignored": [],
        }
    },
    "orders": {
        "in": 100,
        "credited": 90,
        "by_link": 0,
        "unattributed": 9,
        "unattributed_by_reason": {"the order came after the window": 9},
        "rejected": 1,
    },
    "refunds": {"known": True, "in_full": 3, "in_part": 2, "amount": 123.4},
    "delays": {"orders": 90, "mean_days": 3.9, "within_one_day": 0.34},
    "notes": ["All orders are dated at midnight."],
    "tiers": {"cuts": "nano<10000<=micro", "from": "followers in the creators' table"},
    "currency": "EUR",
}

HEALTH = (
    Check("R-hat", "pass", "1.004", "at most 1.01", "whether the chains agree", ""),
    Check("tree depth", "warn", "6 %", "at most 5 %", "a matter of speed", "Nothing is wrong."),
)
FAILED = Check("divergences", "fail", "12", "0", "whether the sampler got everywhere", "Fit again.")

MANIFEST = Manifest(
    format_version=1,
    created="2026-01-02T03:04:05+00:00",
    spec_name="additive",
    outcome="conversions",
    exposure="reach",
    method="nuts",
    currency="EUR",
    seed=7,
    draws=1000,
    tune=1000,
    chains=4,
    target_accept=0.9,
    density="native",
    versions={"pymc": "6.4.0"},
    hashes={"posterior.nc": "abcd"},
    timings={"sampling": 3.2},
    absent=(),
    set_aside=(SetAside("P0007", "no reach"),),
    rejected_rows=0,
    provenance=PROVENANCE,
    health=HEALTH,
)


@dataclass
class FabricatedRun:
    """What charts and report ask of a run, answered from invented tables."""

    name: str = "invented"
    spec: ModelSpec = field(default_factory=lambda: read_spec("additive"))
    manifest: Manifest = MANIFEST
    estimates: pl.DataFrame = field(default_factory=frames.effects)
    money: pl.DataFrame | None = field(default_factory=frames.roi)
    splits: pl.DataFrame | None = field(default_factory=frames.contributions)
    ranking: pl.DataFrame | None = field(default_factory=frames.susceptibility)
    table: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(
            {"post_id": ["a", "b"], "creator_id": ["x", "y"], "tier": ["nano", "micro"]}
        )
    )

    @property
    def design(self) -> SimpleNamespace:
        return SimpleNamespace(spec=self.spec)

    @property
    def healthy(self) -> bool:
        return self.manifest.healthy

    def require_healthy(self, unhealthy: bool, what: str) -> None:
        if not (self.healthy or unhealthy):
            raise UnhealthyRunError(f"{self.name}: the run is unhealthy, so {what} would mislead.")

    def effects(self) -> pl.DataFrame:
        return self.estimates

    def susceptibility(self, *, top: int | None = None) -> pl.DataFrame:
        if self.ranking is None:
            raise InputError(Problem("the model has no effect of creators"))
        return self.ranking

    def luck(self, *, top: int | None = None) -> pl.DataFrame:
        return frames.luck()

    def contributions(self, by: str | Sequence[str] = "total") -> pl.DataFrame:
        if self.splits is None:
            raise InputError(Problem("the model has no contributions: its parts multiply"))
        return of_levels(self.splits, by)

    def roi(
        self,
        by: str | Sequence[str] = "creator",
        *,
        margin: float = 1.0,
        unhealthy: bool = False,
    ) -> pl.DataFrame:
        self.require_healthy(unhealthy, "ROI")
        if self.money is None:
            raise InputError(Problem("there is no ROI: the table has no cost column"))
        return of_levels(self.money, by).drop("currency")


def of_levels(table: pl.DataFrame, by: str | Sequence[str]) -> pl.DataFrame:
    """Return a table's rows by one level, or by several one below the other."""
    levels = [by] if isinstance(by, str) else by
    return pl.concat([table.filter(pl.col("by") == level) for level in levels])


def unhealthy_run() -> FabricatedRun:
    """Return a run that failed a health check."""
    return FabricatedRun(manifest=replace(MANIFEST, health=(*HEALTH, FAILED)))


def poor_run() -> FabricatedRun:
    """Return a run of a table without money, groups or provenance, by a model without parts."""
    manifest = replace(
        MANIFEST,
        method="nuts",
        currency=None,
        provenance=None,
        set_aside=(),
        absent=(Absent("order value and ROI", "the table has no net_revenue"),),
    )
    kept = frames.effects().filter(pl.col("scope") == "overall")
    table = pl.DataFrame({"post_id": ["a", "b"]})
    return FabricatedRun(
        manifest=manifest, estimates=kept, money=None, splits=None, ranking=None, table=table
    )
