"""Fixtures and rules for the whole suite."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from attribution.data import AnalysisTable
    from attribution.run import Run
    from attribution.simulation import Brand

NO_SKIPS = "ATTRIBUTION_NO_SKIPS"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that skips where everything it needs is promised to be there."""
    report = yield
    if report.skipped and os.environ.get(NO_SKIPS) and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and {NO_SKIPS} is set: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def fitted_brand() -> Brand:
    """Return the simulated brand of the runs that are really fitted."""
    from support.fits import simulated

    return simulated()


@pytest.fixture(scope="session")
def fitted_table(fitted_brand: Brand, tmp_path_factory: pytest.TempPathFactory) -> AnalysisTable:
    """Return its posts, joined as a user would."""
    from support.fits import joined

    return joined(fitted_brand, tmp_path_factory.mktemp("brand"))


@pytest.fixture(scope="session")
def additive_run(fitted_table: AnalysisTable, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return one real fit of the conversion rates model, saved, for all tests that need one."""
    return _fit("additive", fitted_table, tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="session")
def engagement_run(fitted_table: AnalysisTable, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return one real fit of the engagement regression, saved, for all tests that need one."""
    return _fit("engagement", fitted_table, tmp_path_factory.mktemp("runs"))


def _fit(model: str, table: AnalysisTable, folder: Path) -> Run:
    from support.fits import SETTINGS

    from attribution.fitting import fit

    return fit(model, table, out=folder / model, **SETTINGS)
