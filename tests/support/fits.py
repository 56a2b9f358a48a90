"""The brand that tests really fit, and how: small, and the same for the whole suite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attribution.data import AnalysisTable, ingest
from attribution.simulation import Brand, Settings, simulate

SEED = 11
SETTINGS: dict[str, Any] = {"draws": 400, "tune": 600, "chains": 2, "seed": SEED}


def simulated() -> Brand:
    return simulate(Settings.samples().sized(40, 400), SEED)


def joined(brand: Brand, folder: Path) -> AnalysisTable:
    brand.write(folder)
    return ingest(folder / "posts.csv", folder / "orders.csv", folder / "creators.csv").table
