"""What was made once on a machine, kept between processes.

Machine code depends on a model's form alone, not on the size of a table or the numbers in it, so
that there are few pieces of it. What else is kept is of one table. Pieces lie in PyTensor's folder
for compiled code, and are found again by what they were made from.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytensor

DIGEST = hashlib.sha256().digest_size


@dataclass(frozen=True)
class Shelf:
    """Pieces of one kind.

    Parameters
    ----------
    name
        Name of their folder.
    most
        Pieces that are kept; those used last.
    """

    name: str
    most: int

    def find(self, name: str) -> bytes | None:
        """Return a piece, None if it is not there or not as it was written."""
        path = self.folder() / name
        try:
            written = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        digest, piece = written[:DIGEST], written[DIGEST:]
        return piece if hashlib.sha256(piece).digest() == digest else None

    def keep(self, name: str, piece: bytes) -> None:
        """Keep a piece, whole or not at all; where nothing can be written it is made each time."""
        with suppress(OSError):
            folder = self.folder()
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".", delete=False) as file:
                file.write(hashlib.sha256(piece).digest() + piece)
            Path(file.name).replace(folder / name)
            by_age = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
            for path in by_age[: -self.most]:
                path.unlink()

    def folder(self) -> Path:
        """Return where the pieces are."""
        return root() / self.name


def root() -> Path:
    """Return the folder of all shelves."""
    return Path(pytensor.config.base_compiledir) / "attribution"


def key(*made_from: str) -> str:
    """Return the name of a piece."""
    return hashlib.sha256("\0".join(made_from).encode()).hexdigest()
