"""The results that the repository keeps: one JSON file for each model and size of table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from attribution.spec import read_spec
from attribution.spec.model import ModelSpec
from attribution.spec.write import to_toml
from proofs.calibration.broken import BROKEN
from proofs.calibration.replicate import Plan
from proofs.calibration.summary import STEPS, Figure, astray, figure, figures, power
from proofs.parallel import Lines, Record, identity

FOLDER = Path("docs/explanation/calibration")
ALIKE = ("spec", "creators", "each", "draws", "tune", "chains")
"""What results must have in common to stand beside each other."""

PACKAGES = ("pymc", "nutpie", "numpy", "polars")


@dataclass(frozen=True)
class Stored:
    """What is kept of a model's replicates.

    Parameters
    ----------
    facts
        Model, size, sampling, counts of replicates, and what was found of broken models.
    figures
        Figures of the right model.
    """

    facts: Mapping[str, Any]
    figures: tuple[Figure, ...]

    @property
    def name(self) -> str:
        """Name of its files, without suffix."""
        return f"{self.facts['model']}-{self.facts['creators']}x{self.facts['each']}"

    @property
    def is_current(self) -> bool:
        """Whether the shipped spec is still the one that was tried."""
        return bool(self.facts["spec"] == mark(read_spec(self.facts["model"])))

    @property
    def astray(self) -> list[Figure]:
        """Figures whose ranks are not uniform."""
        return astray(self.figures)


def mark(spec: ModelSpec) -> str:
    """Return a short name of what a spec states, its words aside."""
    return identity(to_toml(replace(spec, title="", question="", assumptions=(), references=())))


def lines(plan: Plan, folder: Path) -> Lines:
    """Return the file that holds the replicates of a plan."""
    spec = read_spec(plan.model)
    of = identity(mark(spec), plan.creators, plan.each, plan.draws, plan.tune, plan.chains)
    kind = f"-{plan.broken}" if plan.broken else ""
    return Lines(folder / f"{spec.name}-{plan.creators}x{plan.each}{kind}.jsonl", of)


def summarise(plan: Plan, folder: Path) -> Stored | None:
    """Return what a folder has of a plan and of its broken models; None without replicates."""
    records = in_order(lines(plan, folder).read())
    if not records:
        return None
    broken = {kind: in_order(lines(replace(plan, broken=kind), folder).read()) for kind in BROKEN}
    facts = {
        "model": read_spec(plan.model).name,
        "spec": mark(read_spec(plan.model)),
        **{name: getattr(plan, name) for name in ("creators", "each", "draws", "tune", "chains")},
        "versions": {name: version(name) for name in PACKAGES},
        **_counts(records),
        "broken": {kind: _broken(found) for kind, found in broken.items() if found},
    }
    return Stored(facts, tuple(figures(records)))


def with_kept(stored: Stored, folder: Path = FOLDER) -> Stored:
    """Add what is kept of broken models that were not tried now: same spec, size and sampling."""
    path = folder / f"{stored.name}.json"
    if not path.exists():
        return stored
    before = read(path).facts
    if any(before[name] != stored.facts[name] for name in ALIKE):
        return stored
    broken = {**before["broken"], **stored.facts["broken"]}
    return replace(stored, facts={**stored.facts, "broken": broken})


def in_order(records: Mapping[int, Record]) -> list[Record]:
    """Return results in the order of their numbers."""
    return [records[number] for number in sorted(records)]


def _counts(records: Sequence[Record]) -> dict[str, Any]:
    fitted = [record for record in records if record["refused"] is None]
    agree = [record for record in fitted if record["agree"]]
    ess, totals = [record["ess"] for record in agree], [record["total"] for record in records]
    return {
        "replicates": len(records),
        "refused": len(records) - len(fitted),
        "agree": len(agree),
        "again": sum(record["again"] for record in fitted),
        "diverging": sum(record["divergent"] > 0 for record in fitted),
        "native": sum(record["density"] == "native" for record in fitted),
        "least_effective": [int(np.quantile(ess, q)) for q in (0.05, 0.5)] if ess else [],
        "seconds": round(float(np.median([record["seconds"] for record in records])), 1),
        "outcomes": [float(np.quantile(totals, q)) for q in (0.05, 0.5, 0.95)],
    }


def _broken(records: Sequence[Record]) -> dict[str, Any]:
    fitted = [record["number"] for record in records if record["ranks"] and record["agree"]]
    found = power(figures(records), fitted)
    share = {str(size): share for size, share in found.share.items()}
    return {
        "replicates": len(fitted),
        "share": share,
        "first": found.first,
        "figure": found.figure,
    }


def save(stored: Stored, folder: Path = FOLDER) -> Path:
    """Write results to the folder beside the page."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stored.name}.json"
    path.write_text(_text(stored), encoding="utf-8")
    return path


def _text(stored: Stored) -> str:
    """Return JSON with a line for each figure, so that changes can be read."""
    rows = [
        json.dumps(
            {
                "name": one.name,
                "replicates": _runs(one.replicates),
                "ranks": np.floor(one.ranks * STEPS).astype(int).tolist(),
            },
            separators=(",", ":"),
        )
        for one in stored.figures
    ]
    facts = json.dumps(dict(stored.facts), indent=1)[:-2]
    return facts + ',\n "figures": [\n  ' + ",\n  ".join(rows) + "\n ]\n}\n"


def _runs(numbers: Sequence[int]) -> list[list[int]]:
    """Return whole numbers in order as runs of first and last."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def read(path: Path) -> Stored:
    """Read results; the figures are judged anew."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return Stored(content, tuple(map(_figure, content.pop("figures"))))


def _figure(row: Mapping[str, Any]) -> Figure:
    numbers = [n for first, last in row["replicates"] for n in range(first, last + 1)]
    return figure(row["name"], numbers, (np.asarray(row["ranks"]) + 0.5) / STEPS)


def read_all(folder: Path = FOLDER) -> Iterator[Stored]:
    """Yield the results of every model and size in the repository."""
    yield from map(read, sorted(folder.glob("*.json")))
