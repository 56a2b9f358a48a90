"""Machine code kept between processes, so that each model's is made once on a machine.

Code depends on a model's form alone, not on the size of a table or the numbers in it, so that
there are few pieces. They lie in PyTensor's folder for compiled code, and are found again by what
they were made from: the code before compilation, the processor and the compiler.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

import pytensor

MOST = 200
"""Pieces that are kept; those used last."""

FOLDER = "attribution"
DIGEST = hashlib.sha256().digest_size


def key(*made_from: str) -> str:
    """Return the name of a piece."""
    return hashlib.sha256("\0".join(made_from).encode()).hexdigest()


def find(name: str) -> bytes | None:
    """Return a piece, None if it is not there or not as it was written."""
    path = _folder() / name
    try:
        written = path.read_bytes()
        os.utime(path)
    except OSError:
        return None
    digest, piece = written[:DIGEST], written[DIGEST:]
    return piece if hashlib.sha256(piece).digest() == digest else None


def keep(name: str, piece: bytes) -> None:
    """Keep a piece, whole or not at all; where nothing can be written it is made each time."""
    with suppress(OSError):
        folder = _folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".", delete=False) as file:
            file.write(hashlib.sha256(piece).digest() + piece)
        Path(file.name).replace(folder / name)
        by_age = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
        for path in by_age[:-MOST]:
            path.unlink()


def _folder() -> Path:
    return Path(pytensor.config.base_compiledir) / FOLDER
