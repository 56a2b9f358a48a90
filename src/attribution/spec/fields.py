"""Read the keys of TOML tables one by one, and collect what is wrong instead of raising it.

A reader that finds a problem notes it and returns a stand-in of the right type; nothing made
from stand-ins is ever used, because :func:`attribution.spec.parse.parse_spec` raises at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite

from attribution.errors import Problem, suggest


@dataclass
class Notes:
    """The problems found so far in one file."""

    file: str | None
    problems: list[Problem] = field(default_factory=list)

    def add(
        self,
        what: str,
        key: str | None = None,
        *,
        value: object = None,
        expected: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Note one problem at a dotted key."""
        found = None if value is None else str(value)
        self.problems.append(
            Problem(what, file=self.file, key=key, value=found, expected=expected, hint=hint)
        )


class Fields:
    """The keys of one table of the file; every key that is never asked for is unknown.

    Parameters
    ----------
    values
        The table as TOML gives it.
    place
        Dotted key of the table, such as ``mean.terms[1]``; empty for the whole file.
    notes
        Where problems go.
    """

    def __init__(self, values: Mapping[str, object], place: str, notes: Notes) -> None:
        self.values = values
        self.place = place
        self.notes = notes
        self._known: set[str] = set()

    def key(self, name: str) -> str:
        """Return the dotted key of one of this table's keys."""
        return f"{self.place}.{name}" if self.place else name

    def keys(self) -> tuple[str, ...]:
        """Return all keys of a table whose keys are free, and take them as known."""
        self._known |= self.values.keys()
        return tuple(self.values)

    def has(self, name: str) -> bool:
        """Whether an optional key is given."""
        self._known.add(name)
        return name in self.values

    def text(self, name: str) -> str:
        """Return a text that is not empty."""
        value = self._get(name, "text in quotes")
        if value is None:
            return ""
        if not isinstance(value, str) or not value.strip():
            self._wrong(name, value, "text in quotes")
            return ""
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts that is not empty."""
        expected = 'a list of texts, such as ["one", "two"]'
        value = self._get(name, expected)
        if value is None:
            return ()
        if not isinstance(value, list) or not value or not all(_is_text(item) for item in value):
            self._wrong(name, value, expected)
            return ()
        return tuple(value)

    def choice(self, name: str, choices: Iterable[str], noun: str) -> str | None:
        """Return a text that is one of a closed set, or None after noting a problem."""
        known = tuple(choices)
        expected = f"one of {', '.join(known)}"
        value = self._get(name, expected)
        if value is None:
            return None
        if not _is_text(value):
            self._wrong(name, value, expected)
        elif value not in known:
            self.notes.add(
                f"there is no {noun} {value!r}", self.key(name), hint=suggest(str(value), known)
            )
        else:
            return str(value)
        return None

    def number(self, name: str) -> float | None:
        """Return a finite number, or None after noting a problem."""
        value = self._get(name, "a number")
        if value is None:
            return None
        # TOML's true is an int to Python; inf and nan are floats to TOML.
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            self._wrong(name, value, "a finite number")
            return None
        return float(value)

    def whole(self, name: str, bounds: tuple[int, int], default: int) -> int:
        """Return a whole number within bounds, the default where the key is absent."""
        if not self.has(name):
            return default
        value = self.values[name]
        low, high = bounds
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self._wrong(name, value, f"a whole number from {low} to {high}")
            return default
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Return true or false, the default where the key is absent."""
        if not self.has(name):
            return default
        value = self.values[name]
        if not isinstance(value, bool):
            self._wrong(name, value, "true or false")
            return default
        return value

    def table(self, name: str) -> Fields | None:
        """Return a table, or None after noting a problem."""
        value = self._get(name, f"a table [{self.key(name)}]")
        if value is None:
            return None
        if not isinstance(value, dict):
            self._wrong(name, value, f"a table [{self.key(name)}]")
            return None
        return Fields(value, self.key(name), self.notes)

    def tables(self, name: str) -> tuple[Fields, ...]:
        """Return a list of tables; an absent key is an empty list."""
        self._known.add(name)
        value = self.values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self._wrong(name, value, f"tables [[{self.key(name)}]]")
            return ()
        return tuple(Fields(v, f"{self.key(name)}[{i}]", self.notes) for i, v in enumerate(value))

    def done(self) -> None:
        """Note every key that is not known, with the closest known one."""
        for name in self.values:
            if name not in self._known:
                self.notes.add("unknown key", self.key(name), hint=suggest(name, self._known))

    def _get(self, name: str, expected: str) -> object:
        self._known.add(name)
        if name not in self.values:
            self.notes.add("the key is missing", self.key(name), expected=expected)
        return self.values.get(name)

    def _wrong(self, name: str, value: object, expected: str) -> None:
        self.notes.add("wrong value", self.key(name), value=_as_toml(value), expected=expected)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _as_toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
