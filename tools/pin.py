"""Write the versions of the current environment into pyproject.toml as uv's constraints.

Run as ``uv run poe pin`` after ``uv sync --upgrade`` and a full test run; the versions then hold
for everybody who works on the package, and are no limit to those who install it.
"""

from __future__ import annotations

from importlib.metadata import distributions
from pathlib import Path

import tomlkit

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


def installed(own_name: str) -> list[str]:
    """Return ``name==version`` of every installed distribution but the package itself."""
    pins = {
        f"{dist.metadata['Name'].lower().replace('_', '-')}=={dist.version}"
        for dist in distributions()
    }
    return sorted(pin for pin in pins if not pin.startswith(f"{own_name}=="))


def main() -> None:
    """Replace the list of constraints and leave the rest of the file as it is."""
    document = tomlkit.parse(PYPROJECT.read_text())
    pins = tomlkit.array().multiline(True)
    pins.extend(installed(document["project"]["name"]))
    document["tool"]["uv"]["constraint-dependencies"] = pins
    PYPROJECT.write_text(tomlkit.dumps(document))


if __name__ == "__main__":
    main()
