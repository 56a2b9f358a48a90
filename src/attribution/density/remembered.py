"""Programs of models that a machine has seen before: the same posts and spec, fitted once more.

To rewrite a graph takes longer than to sample a small table. A second fit of it (other draws,
another seed) finds what came of it under all that it was made from: what the model depends on, the
source of this package, and the versions of those that rewrite.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytensor

from attribution.density.store import Shelf, key

if TYPE_CHECKING:
    from attribution.density.programs import Programs

SHELF = Shelf("programs", 20)
LARGEST = 32_000_000
"""Bytes of the numbers of the largest model that is kept: a hundred thousand posts or so."""

PACKAGE = Path(__file__).parents[1]
WRITERS = ("numpy", "pymc", "pytensor", "llvmlite")


def programs(made_from: object, write: Callable[[], Programs]) -> Programs:
    """Return what was written of the same before, or write it.

    Parameters
    ----------
    made_from
        All that the programs depend on besides code, pickled the same where it is the same.
    write
        Writes the programs.
    """
    name = key(_digest(made_from), _source(), pytensor.config.floatX, *map(version, WRITERS))
    piece = SHELF.find(name)
    if piece is not None:
        # As much to be trusted as the machine code beside it: in the user's own folder, as written.
        found: Programs = pickle.loads(piece)  # noqa: S301
        return found
    written = write()
    # Before it is pickled, which would double the memory that a large model takes.
    if written.size <= LARGEST:
        SHELF.keep(name, pickle.dumps(written))
    return written


class _Hash:
    """A file that keeps the digest of what is written to it."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()

    def write(self, part: bytes) -> None:
        self.digest.update(part)


def _digest(made_from: object) -> str:
    file = _Hash()
    pickle.Pickler(file, protocol=5).dump(made_from)
    return file.digest.hexdigest()


@cache
def _source() -> str:
    """Return a digest of this package's source, so that a change of it finds nothing old."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
