"""Tiers: bands of followers with cut-points that the user can set."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from attribution.errors import InputError, Problem

EXAMPLE = "nano<10000<=micro<50000<=mid"
NAME = re.compile(r"[^\W\d][\w -]*")


@dataclass(frozen=True)
class Tiers:
    """Bands of followers, smallest first.

    Parameters
    ----------
    names
        One name per band.
    cuts
        Followers at which the next band begins; one fewer than the names. A creator exactly at a
        cut belongs to the band above it.

    Raises
    ------
    InputError
        When names repeat, cuts do not increase, or their numbers do not fit together.
    """

    names: tuple[str, ...]
    cuts: tuple[int, ...]

    def __post_init__(self) -> None:
        found = self._mistake()
        if found:
            raise InputError(
                Problem(f"the tiers are not usable: {found}", value=self.text, expected=EXAMPLE)
            )

    def _mistake(self) -> str | None:
        if len(self.names) != len(self.cuts) + 1:
            return "there must be one name more than cut-points"
        if len(set(self.names)) < len(self.names):
            return "a name is used twice"
        if any(low >= high for low, high in zip((0, *self.cuts), self.cuts, strict=False)):
            return "the cut-points must be above 0 and increase"
        return None

    @classmethod
    def parse(cls, text: str) -> Tiers:
        """Read tiers such as ``nano<10000<=micro<50000<=mid``.

        Raises
        ------
        InputError
            When the text is not names and cut-points in turn.
        """
        first, *rest = re.split(r"(?<![<=])<(?!=)", text.replace("_", "").replace(" ", ""))
        pairs = [part.split("<=") for part in rest]
        readable = all(len(pair) == 2 and pair[0].isdigit() for pair in pairs)
        names = (first, *(pair[-1] for pair in pairs))
        if not readable or not all(NAME.fullmatch(name) for name in names):
            raise InputError(Problem("cannot read the tiers", value=text, expected=EXAMPLE))
        return cls(names, tuple(int(pair[0]) for pair in pairs))

    @property
    def text(self) -> str:
        """The tiers as they are written on the command line."""
        parts = [f"<{cut}<={name}" for cut, name in zip(self.cuts, self.names[1:], strict=False)]
        return "".join((*self.names[:1], *parts))

    def of(self, followers: pl.Expr) -> pl.Expr:
        """Return the name of the tier for each number of followers; null stays null."""
        band = pl.lit(self.names[0])
        for cut, name in zip(self.cuts, self.names[1:], strict=True):
            band = pl.when(followers >= cut).then(pl.lit(name)).otherwise(band)
        return pl.when(followers.is_not_null()).then(band)


DEFAULT_TIERS = Tiers(
    names=("nano", "micro", "mid", "macro", "mega"), cuts=(10_000, 50_000, 500_000, 1_000_000)
)
