"""The errors a user can cause, each made of problems that say what, where and what to do.

A function that checks input collects every :class:`Problem` and raises one :class:`InputError`
with all of them. Anything else that escapes is a defect of this package.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with the input.

    Parameters
    ----------
    what
        The problem in one sentence, without a final full stop.
    file, row, column, key
        Where it is; ``row`` is the line number as a person counts it in the file (the header of
        a CSV file is line 1), ``key`` a key in a TOML file such as ``mean.terms[1].sd``.
    value
        The offending value as it was written.
    expected
        What would have been right.
    hint
        What to do next.
    """

    what: str
    file: str | None = None
    row: int | None = None
    column: str | None = None
    key: str | None = None
    value: str | None = None
    expected: str | None = None
    hint: str | None = None

    def __str__(self) -> str:
        """Return the problem on one line: place, what, value, expectation, hint."""
        text = f"{self.place}: {self.what}" if self.place else self.what
        if self.value is not None:
            text += f" (found {self.value!r})"
        if self.expected is not None:
            text += f"; expected {self.expected}"
        if self.hint is not None:
            text += f". {self.hint}"
        return text

    @property
    def place(self) -> str:
        """Where the problem is, from the file inwards; empty when it has no place."""
        parts = [
            self.file,
            None if self.row is None else f"row {self.row}",
            None if self.column is None else f"column {self.column!r}",
            None if self.key is None else f"key {self.key}",
        ]
        return ", ".join(part for part in parts if part is not None)


class AttributionError(Exception):
    """Base of the errors that this package raises on purpose."""

    exit_code = 1


class InputError(AttributionError):
    """The user's input cannot be used; carries every problem that was found.

    Parameters
    ----------
    problems
        One problem or several; at least one.
    """

    exit_code = 2

    def __init__(self, problems: Problem | Sequence[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UnhealthyRunError(AttributionError):
    """A run failed the health gate and its numbers were not asked for by name."""

    exit_code = 3


def raise_if_any(problems: Iterable[Problem]) -> None:
    """Raise one :class:`InputError` with all problems, or return when there is none."""
    found = tuple(problems)
    if found:
        raise InputError(found)


@contextmanager
def noting(problems: list[Problem]) -> Iterator[None]:
    """Note the problems of an :class:`InputError` and go on, to raise them with others."""
    try:
        yield
    except InputError as error:
        problems += error.problems


def suggest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the words for a hint: the closest candidate, or the list of all of them."""
    known = sorted(candidates)
    close = get_close_matches(word, known, n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"There are: {', '.join(known)}" if known else None
