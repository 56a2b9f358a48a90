"""What takes seconds and is not needed: a saved run's commands import no sampler, no ArviZ and no
xarray; a fit looks for no C compiler."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import small

from attribution.run import save_run

HEAVY = (
    *("pymc", "pytensor", "nutpie", "numba", "llvmlite"),
    *("arviz", "arviz_base", "arviz_stats", "xarray", "h5netcdf", "pandas", "scipy.stats"),
)
TELL_HEAVY = f"""
import sys
from attribution.cli import main
try:
    main(sys.argv[1:], prog_name="attribution")
finally:
    print("HEAVY", sorted(set(sys.modules) & set({HEAVY})))
"""


@pytest.fixture(scope="module", params=["additive", "engagement"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    saved = save_run(small.believable(request.param), tmp_path_factory.mktemp("runs") / "run")
    assert saved.path is not None
    return saved.path.parent


@pytest.mark.parametrize(
    "words",
    [
        ("effects", "run"),
        ("roi", "run", "--unhealthy"),
        ("parameters", "run"),
        ("susceptibility", "run"),
        ("check", "run"),
        ("chart", "run", "forest", "-o", "forest.svg"),
        ("chart", "run", "density", "-o", "density.html"),
        ("report", "run", "-o", "report.html", "--unhealthy"),
    ],
    ids=lambda words: " ".join(words[:3]),
)
def test_a_saved_run_is_told_of_without_heavy_imports(words: tuple[str, ...], folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TELL_HEAVY, *words], cwd=folder, capture_output=True, text=True
    )
    assert done.stdout.endswith("HEAVY []\n"), done.stdout[-300:] + done.stderr
    assert done.returncode in (0, 3), done.stderr


def test_heavy_imports_would_be_told(tmp_path: Path) -> None:
    code = f"import scipy.stats\n{TELL_HEAVY}"
    done = subprocess.run(
        [sys.executable, "-c", code, "--help"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout.endswith("HEAVY ['scipy.stats']\n")


TELL_STARTED = """
import sys
import attribution.approximation.sample
import attribution.sampling
from attribution.cli import main
started = []
sys.addaudithook(lambda event, of: started.append(of[0]) if event == "subprocess.Popen" else None)
try:
    main(sys.argv[1:], prog_name="attribution")
finally:
    print("STARTED", sorted(set(started) - {"uname"}))  # which names the processor
"""


def test_a_fit_looks_for_no_compiler(tmp_path: Path) -> None:
    small.small().table.save(tmp_path / "posts.parquet")
    words = ("fit", "additive", "posts.parquet", "-o", "run", "--method", "approximate", "--quiet")
    # A folder of its own: what another fit has compiled would be found.
    done = subprocess.run(
        [sys.executable, "-c", TELL_STARTED, *words],
        cwd=tmp_path,
        env=os.environ | {"PYTENSOR_FLAGS": f"base_compiledir={tmp_path}"},
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines()[-1] == "STARTED []", done.stdout[-300:] + done.stderr
