"""Reports of fabricated runs: every table invented, every page real."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support import drawn, frames

from attribution.charts.registry import REGISTRY
from attribution.reporting import build, figures, report

Write = Callable[..., str]


@pytest.fixture
def write(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Write:
    """Return a function that writes a report of fabricated runs and gives back its HTML."""

    def invented(name: str) -> Callable[..., pl.DataFrame]:
        return lambda _run, _request: drawn.TABLES[name]()

    entries = {name: replace(entry, table=invented(name)) for name, entry in REGISTRY.items()}
    monkeypatch.setattr(figures, "REGISTRY", entries)
    monkeypatch.setattr(build, "compare", lambda _runs: frames.comparison())

    def written(runs: Any, **options: Any) -> str:
        return report(runs, tmp_path / "report.html", **options).read_text(encoding="utf-8")

    return written
