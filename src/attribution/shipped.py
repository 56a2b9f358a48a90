"""Where the files that come with the package are: the catalogue of models and the samples."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

PACKAGE = Path(__file__).parent
SOURCE_TREE = PACKAGE.parents[1]
IN_SOURCE_TREE = {"models": "models", "samples": "data/samples"}


def folder(name: Literal["models", "samples"]) -> Path:
    """Return the folder in the installed package, or in the source tree it is developed in.

    Raises
    ------
    FileNotFoundError
        When the installation lacks it, which is a defect of the package.
    """
    candidates = (PACKAGE / name, SOURCE_TREE / IN_SOURCE_TREE[name])
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"the installation lacks its {name}: {candidates[0]}")
