"""The wheel is all a user needs: installed alone, in an empty folder, it does the main job."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def uv() -> str:
    """Return uv's path: the one that runs the tests, else one on the path."""
    found = os.environ.get("UV") or shutil.which("uv")
    assert found, "uv is needed to build and install the wheel: pip install uv"
    return found


def run(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as in a fresh shell: no environment of Python or of this project."""
    ours = ("VIRTUAL_ENV", "PYTHONPATH", "ATTRIBUTION_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel."""
    folder = tmp_path_factory.mktemp("dist")
    run(uv(), "build", "--wheel", "--out-dir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an empty environment; return the folder of its programs."""
    folder = tmp_path_factory.mktemp("fresh")
    environment = folder / "venv"
    pins = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(pins["constraint-dependencies"]))
    run(uv(), "venv", "--python", sys.executable, environment, cwd=folder)
    run(
        *(uv(), "pip", "install", "--quiet", "--constraints", constraints),
        *("--python", environment, wheel),
        cwd=folder,
    )
    return environment / "bin"


def test_the_wheel_holds_models_samples_and_licence(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = [*ROOT.glob("models/*.toml"), *ROOT.glob("data/samples/*")]
    expected = {
        f"attribution/{path.relative_to(ROOT).as_posix().removeprefix('data/')}" for path in shipped
    }
    assert expected <= names
    assert "attribution/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {
        "attribution",
        "influencer_attribution",
    }


def test_the_catalogue_can_be_listed_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    listed = run(installed / "attribution", "models", "list", cwd=tmp_path)
    assert "additive" in listed.stdout
    assert "engagement" in listed.stdout


def test_the_demo_does_the_main_job_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "attribution", "demo", "--quick", cwd=tmp_path)
    report = Path(done.stdout.strip().splitlines()[-1].split()[-1])
    assert (tmp_path / report).is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["attribution-demo"]
