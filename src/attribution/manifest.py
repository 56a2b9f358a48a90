"""What a run says of itself: how it was made, from what, and how healthy it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from attribution.design.types import Absent, SetAside

FORMAT_VERSION = 4

Status = Literal["pass", "warn", "fail"]

Method = Literal["nuts", "approximate"]
"""How the posterior is drawn from: exactly, by NUTS, or by a fast approximation."""


@dataclass(frozen=True)
class Check:
    """One line of the health gate.

    Parameters
    ----------
    name
        What was checked.
    status
        ``fail`` makes the run unhealthy; ``warn`` does not.
    value, threshold
        What was found and what would have passed, in words with numbers.
    meaning
        What the result means for the reader.
    advice
        What to do about it; empty when the check passed.
    """

    name: str
    status: Status
    value: str
    threshold: str
    meaning: str
    advice: str


@dataclass(frozen=True)
class Manifest:
    """The record of one run.

    Parameters
    ----------
    format_version
        Version of the run folder's layout.
    created
        When the run was made, UTC, ISO 8601.
    spec_name, outcome, exposure, currency
        What was fitted; ``currency`` is None where no money is in the table.
    method
        ``nuts``, or ``approximate`` for a quick look.
    seed, draws, tune, chains, target_accept
        How it was sampled; an approximation does not tune (0) and has no target (None).
    density
        How the log-density was compiled: ``native``, or ``numba`` and why.
    versions
        Versions of the packages that can change the draws.
    hashes
        SHA-256 of each file of the run.
    timings
        Seconds by stage.
    absent, set_aside
        What the table could not answer, and the posts left out, each with its reason.
    rejected_rows
        Rows of the table that broke a rule and were set aside when it was read.
    provenance
        How the table was joined, as ``ingest`` recorded it; None for a table brought as it is.
    health
        The checks of the health gate.
    """

    format_version: int
    created: str
    spec_name: str
    outcome: str
    exposure: str | None
    currency: str | None
    method: Method
    seed: int
    draws: int
    tune: int
    chains: int
    target_accept: float | None
    density: str
    versions: Mapping[str, str]
    hashes: Mapping[str, str]
    timings: Mapping[str, float]
    absent: tuple[Absent, ...]
    set_aside: tuple[SetAside, ...]
    rejected_rows: int
    provenance: Mapping[str, Any] | None
    health: tuple[Check, ...]

    @property
    def approximate(self) -> bool:
        """Whether the draws are from an approximation of the posterior."""
        return self.method == "approximate"

    @property
    def healthy(self) -> bool:
        """Whether no check failed."""
        return all(check.status != "fail" for check in self.health)

    def to_json(self) -> str:
        """Return the manifest as indented JSON."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False, default=str) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read what :meth:`to_json` wrote."""
        raw = json.loads(text)
        raw["absent"] = tuple(Absent(**item) for item in raw["absent"])
        raw["set_aside"] = tuple(SetAside(**item) for item in raw["set_aside"])
        raw["health"] = tuple(Check(**item) for item in raw["health"])
        return cls(**raw)
