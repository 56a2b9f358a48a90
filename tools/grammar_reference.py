"""Write the tables of docs/reference/grammar.md from the registries of the grammar.

Run as ``uv run python tools/grammar_reference.py``; a test compares the page with what this would
write. Prose between the tables is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from attribution.spec.expressions import FUNCTIONS
from attribution.spec.families import FAMILIES, LINKS
from attribution.spec.priors import PRIORS
from attribution.spec.terms import EFFECTS, TERMS

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "grammar.md"
BLOCK = re.compile(r"(<!-- table: (?P<name>\w+) -->\n).*?(?=<!-- end -->)", re.DOTALL)


def families() -> str:
    """Return the table of outcome families."""
    rows = (
        (code(f.name), f.words, codes(f.links), ", ".join(f"`[{s}]`" for s in f.sections))
        for f in FAMILIES.values()
    )
    return table(("family", "outcome", "links", "needs"), rows)


def links() -> str:
    """Return the table of links."""
    return table(("link", "what it means"), ((code(k.name), k.words) for k in LINKS.values()))


def priors() -> str:
    """Return the table of priors with parameters and support."""
    rows = []
    for kind in PRIORS.values():
        parameters = "; ".join(f"`{name}`: {s.words}" for name, s in kind.parameters.items())
        gives = "numbers between lower and upper" if kind.ordered else kind.support.words
        rows.append((code(kind.name), kind.words, parameters, gives))
    return table(("prior", "distribution", "parameters", "gives"), rows)


def terms() -> str:
    """Return the table of term kinds with their keys."""
    rows = []
    for kind in TERMS.values():
        places = codes(kind.places)
        rows.append((code(kind.name), places, "`kind`", kind.words))
        rows += [("", "", code(key), words) for key, words in kind.keys.items()]
    return table(("kind", "stands in", "key", "meaning"), rows)


def effects() -> str:
    """Return the table of ways in which a group's effects are drawn."""
    return table(("effects", "the levels get"), ((code(k), words) for k, words in EFFECTS.items()))


def functions() -> str:
    """Return the table of functions that an expression may call."""
    rows = (words.split(": ", 1) for words in FUNCTIONS.values())
    return table(("function", "gives"), ((code(call), gives) for call, gives in rows))


TABLES: dict[str, Callable[[], str]] = {
    f.__name__: f for f in (families, links, priors, terms, effects, functions)
}


def page(text: str) -> str:
    """Return the page's text with every marked table written anew."""
    return BLOCK.sub(lambda found: found[1] + TABLES[found["name"]](), text)


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    first = list(headings)
    lines = [first, ["---"] * len(first), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def code(text: str) -> str:
    """Return text as code."""
    return f"`{text}`"


def codes(texts: Iterable[str]) -> str:
    """Return several texts as code."""
    return ", ".join(code(text) for text in texts)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
