"""Work over local processes, kept as it is done, so that a run that was stopped goes on."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import click

Record = dict[str, Any]

TOLD_EVERY = 5.0
"""Seconds between two lines of progress."""


def in_processes[Item, Result](
    work: Callable[[Item], Result], items: Iterable[Item], jobs: int, label: str
) -> Iterator[tuple[Item, Result]]:
    """Do work on items in processes of their own; yield each as it is done, progress on stderr.

    Each process takes one processor. Stopping (Ctrl-C, or leaving the iterator) gives up what
    has not begun.
    """
    waiting = list(items)
    if not waiting:
        return
    os.environ["PYTHON_CPU_COUNT"] = "1"
    # Spawned, not forked: Polars and Numba have threads, which a fork would leave locked.
    pool = ProcessPoolExecutor(min(jobs, len(waiting)), mp_context=get_context("spawn"))
    tell = Progress(label, len(waiting))
    try:
        futures = {pool.submit(work, item): item for item in waiting}
        for future in as_completed(futures):
            result = future.result()
            tell.done()
            yield futures[future], result
    finally:
        pool.shutdown(cancel_futures=True)


class Progress:
    """Says on stderr how far it is, now and then."""

    def __init__(self, label: str, total: int) -> None:
        self._label, self._total, self._count = label, total, 0
        self._start = self._told = time.monotonic()

    def done(self) -> None:
        """Count one more."""
        self._count += 1
        now = time.monotonic()
        if now - self._told < TOLD_EVERY and self._count < self._total:
            return
        self._told = now
        each = (now - self._start) / self._count
        left = each * (self._total - self._count)
        said = f"{self._label}: {self._count} of {self._total}, {each:.1f} s each"
        click.echo(f"{said}, {left / 60:.0f} min left" if left else said, err=True)


def identity(*of: object) -> str:
    """Return a short name of what results depend on, so that others are not taken for them."""
    return hashlib.sha256(json.dumps(of, sort_keys=True, default=str).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Lines:
    """A file of results, one line of JSON each, told apart by number and by what they are of.

    Parameters
    ----------
    path
        The file; its folder is made with the first line.
    of
        Identity of the results; lines of another are left alone and not read.
    """

    path: Path
    of: str

    def read(self) -> dict[int, Record]:
        """Return the results by number; a line that was cut off while it was written is none."""
        if not self.path.exists():
            return {}
        found = map(_parsed, self.path.read_text(encoding="utf-8").splitlines())
        return {line["number"]: line for line in found if line and line["of"] == self.of}

    def add(self, number: int, result: Mapping[str, Any]) -> None:
        """Add a result, in a line of its own even after one that was cut off."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"number": number, "of": self.of, **result}, separators=(",", ":"))
        with self.path.open("a+b") as file:
            file.seek(0, os.SEEK_END)
            if file.tell():
                file.seek(-1, os.SEEK_END)
                line = line if file.read(1) == b"\n" else f"\n{line}"
            file.write(f"{line}\n".encode())


def _parsed(line: str) -> Record | None:
    try:
        found = json.loads(line)
    except json.JSONDecodeError:
        return None
    return found if isinstance(found, dict) and {"number", "of"} <= found.keys() else None


def gather(
    work: Callable[[int], Record], numbers: Iterable[int], lines: Lines, jobs: int, label: str
) -> list[Record]:
    """Return the results of numbers in order, doing and keeping those that are not there yet."""
    wanted = list(numbers)
    there = lines.read()
    missing = [number for number in wanted if number not in there]
    for number, result in in_processes(work, missing, jobs, label):
        lines.add(number, result)
    there = lines.read()
    return [there[number] for number in wanted]
