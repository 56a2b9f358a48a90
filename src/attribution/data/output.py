"""What ``ingest`` hands back, and the folder it is written to."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from attribution.data.analysis import ANALYSIS, AnalysisTable
from attribution.errors import InputError, Problem

REJECTS, UNATTRIBUTED, PROVENANCE = "rejects.csv", "unattributed.csv", "ingest.json"


@dataclass(frozen=True)
class Ingested:
    """What became of the exports.

    Parameters
    ----------
    table
        One row per post, with its provenance.
    rejects
        What was wrong in rows that were set aside: file, row, column, value, rule, expected.
    unattributed
        Orders that no post is credited with: order_id, reason.
    """

    table: AnalysisTable
    rejects: pl.DataFrame
    unattributed: pl.DataFrame

    @property
    def provenance(self) -> Mapping[str, Any]:
        """How the table was made."""
        return self.table.provenance or {}

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write the four files into a folder, all of them or none, and return it.

        Raises
        ------
        InputError
            When the folder exists and may not be replaced, or holds something else.
        """
        target = check_folder(folder, overwrite=overwrite)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as scratch:
            made = Path(scratch) / "made"
            made.mkdir()
            self._write(made)
            if target.exists():
                shutil.move(target, Path(scratch) / "replaced")
            made.rename(target)
        return target

    def _write(self, folder: Path) -> None:
        self.table.save(folder / ANALYSIS)
        self.rejects.write_csv(folder / REJECTS)
        self.unattributed.write_csv(folder / UNATTRIBUTED)
        text = json.dumps(self.provenance, indent=2, ensure_ascii=False)
        (folder / PROVENANCE).write_text(f"{text}\n", encoding="utf-8")


def check_folder(folder: str | Path, *, overwrite: bool) -> Path:
    """Return the folder to write to, or raise when what is there must not be replaced."""
    target = Path(folder)
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return target
    if not (target / PROVENANCE).is_file():
        what = "this is there already and was not made by ingest, so it will not be replaced"
        raise InputError(Problem(what, file=str(target), hint="Choose another folder"))
    if not overwrite:
        what, hint = "the folder exists already", "Choose another one, or say --force"
        raise InputError(Problem(what, file=str(target), hint=hint))
    return target
