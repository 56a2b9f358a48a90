"""Decide which columns of a file are read, and as what, before any cell is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from attribution.data.columns import columns
from attribution.data.mapping import ColumnMapping, Source
from attribution.errors import Problem, raise_if_any
from attribution.personal import is_personal, may_be_personal

COMPUTED = (
    "conversions",
    "paying_orders",
    "net_revenue",
    "audience_credibility",
    "collect_days",
    "carry_posts",
    "carry_shares",
)
"""Columns that ``ingest`` makes; posts that bring them have them ignored."""

OPEN = ("posts", "analysis")
"""Tables whose other columns are kept, so that a user's own model can use them."""


FILES = ("posts", "orders", "creators", "daily_sales")
"""Kinds of files that may be given in each other's place, told by their required columns."""


@dataclass(frozen=True)
class Selection:
    """What to read from a file.

    Parameters
    ----------
    sources
        Canonical column -> where it comes from, in the declared order.
    extras
        Other columns that are kept under their own names.
    personal
        Columns that look like personal data and are not read.
    ignored
        Other columns that are not read.
    """

    sources: dict[str, Source]
    extras: tuple[str, ...]
    personal: tuple[str, ...]
    ignored: tuple[str, ...]

    @property
    def read(self) -> tuple[str, ...]:
        """The columns of the file that are read."""
        named = (source for source in self.sources.values() if isinstance(source, str))
        return tuple(dict.fromkeys((*named, *self.extras)))


def select_columns(
    kind: str, header: Sequence[str], mapping: ColumnMapping, file: str, required: bool = True
) -> Selection:
    """Match a file's header with a canonical table.

    Parameters
    ----------
    kind, header, mapping, file
        The table, the file's columns, how they are called and the file's name.
    required
        Whether the table's required columns must be there.

    Raises
    ------
    InputError
        With every required column that is missing, every mapped column that is not there, and
        every column that appears twice.
    """
    mapped = mapping.of(kind)
    raise_if_any(_problems(kind, header, mapping, file, required))
    sources: dict[str, Source] = {
        name: mapped.get(name, name) for name in columns(kind) if name in mapped or name in header
    }
    used = {source for source in sources.values() if isinstance(source, str)}
    rest = [name for name in header if name not in used]
    personal = tuple(name for name in rest if may_be_personal(name))
    others = [name for name in rest if name not in personal]
    reserved = {*sources, "", *(COMPUTED if kind == "posts" else ())}
    extras = tuple(name for name in others if kind in OPEN and name not in reserved)
    ignored = tuple(name for name in others if name not in extras)
    return Selection(sources, extras, personal, ignored)


def _problems(
    kind: str, header: Sequence[str], mapping: ColumnMapping, file: str, required: bool
) -> Iterator[Problem]:
    yield from (
        Problem("the column appears twice", file=file, column=name, hint="Rename one of them")
        for name in dict.fromkeys(header)
        if name and header.count(name) > 1
    )
    for name, source in mapping.of(kind).items():
        if not isinstance(source, str):
            continue
        if source not in header:
            yield Problem(
                f"the mapping takes {name} from a column that is not there",
                file=file,
                column=source,
                hint=_what_there_is(source, header),
            )
        elif is_personal(source):
            yield Problem(
                f"the mapping takes {name} from a column that looks like personal data",
                file=file,
                column=source,
                hint="Such columns are never read; use an id that says nothing about a person",
            )
    if not required and len(header) == 1:
        what = "a model needs more than one column"
        yield Problem(what, file=file, column=header[0], hint=_how_to_map(kind, "", header))
    if required:
        yield from _missing(kind, header, mapping, file)


def _missing(
    kind: str, header: Sequence[str], mapping: ColumnMapping, file: str
) -> Iterator[Problem]:
    """Yield the required columns that a file lacks; once, where it is a file of another kind."""
    needed = _needed(kind)
    missing = [name for name in needed if name not in mapping.of(kind) and name not in header]
    other = next((of for of in FILES if of != kind and set(_needed(of)) <= set(header)), None)
    if other is not None and 2 * len(missing) > len(needed):
        there, absent = ", ".join(_needed(other)), ", ".join(missing)
        yield Problem(
            f"this is a table of {_words(other)} ({there}), not of {_words(kind)} ({absent})",
            file=file,
            hint="Were two files given in each other's place?",
        )
        return
    for name in missing:
        hint = _how_to_map(kind, name, header)
        yield Problem("the column is missing", file=file, column=name, hint=hint)


def _needed(kind: str) -> tuple[str, ...]:
    return tuple(name for name, column in columns(kind).items() if column.required)


def _words(kind: str) -> str:
    return {"analysis": "posts and their orders"}.get(kind, kind.replace("_", " "))


def _how_to_map(kind: str, name: str, header: Sequence[str]) -> str:
    if len(header) == 1:
        return (
            "The header has one column only. If another character than , ; tab or | separates the"
            ' cells, say so in a mapping file: delimiter = "…"'
        )
    example = f'[{kind}] {name} = "your column"'
    return (
        f"{_what_there_is(name, header)}. If it has another name, map it: --mapping FILE with"
        f" {example}"
    )


def _what_there_is(name: str, header: Sequence[str]) -> str:
    close = resembling(name, header)
    listed = f"The file has {', '.join(repr(column) for column in header)}"
    return f"Did you mean {close!r}? {listed}" if close else listed


def resembling(name: str, header: Sequence[str], cutoff: float = 0.6) -> str | None:
    """Return the column whose name is most like this one but for case and spaces, if any is.

    ``cutoff`` is the least likeness, 0 to 1 (``difflib``).
    """
    plain = {column.lower().replace(" ", "_"): column for column in header}
    close = get_close_matches(name.lower().replace(" ", "_"), plain, n=1, cutoff=cutoff)
    return plain[close[0]] if close else None
