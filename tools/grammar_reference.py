"""Write the tables of docs/reference/grammar.md from the registries of the grammar.

Run as ``uv run python tools/grammar_reference.py``; a test compares the page with what this would
write. Prose between the tables is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from attribution.spec.adstock import ADSTOCKS
from attribution.spec.defaults import (
    DEFAULT,
    rule_of_intercept,
    rule_of_sd,
    rule_of_sigma,
    rule_of_slope,
)
from attribution.spec.expressions import FUNCTIONS
from attribution.spec.families import FAMILIES, OWN
from attribution.spec.halo import HaloMean
from attribution.spec.links import LINKS
from attribution.spec.priors import PRIORS, SCALES
from attribution.spec.sections import SECTIONS, Section
from attribution.spec.terms import EFFECTS, TERMS
from attribution.spec.words import prior_text

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "grammar.md"
BLOCK = re.compile(r"(<!-- table: (?P<name>\w+) -->\n).*?(?=<!-- end -->)", re.DOTALL)


def families() -> str:
    """Return the table of outcome families."""
    rows = (
        (code(f.name), f.words, f.expects, codes(f.links), codes(f"[{own}]" for own in f.own))
        for f in FAMILIES.values()
    )
    return table(("family", "outcome", "values", "links, the default first", "own"), rows)


def distributions() -> str:
    """Return the table of what each family is, as equations write it."""
    rows = ((code(f.name), code(f.equation)) for f in FAMILIES.values())
    return table(("family", "distribution of the outcome"), rows)


def own() -> str:
    """Return the table of own parameters of families."""
    rows = [
        (
            code(f"[{about.name}]"),
            code(about.parameter),
            about.words,
            about.support.words,
            codes(about.links),
            code(rule_of_sigma("sd(outcome)"))
            if about.default == DEFAULT
            else _on(prior_text(about.default), about.default.on),
        )
        for about in OWN.values()
    ]
    headings = ("section", "in a run", "what it is", "takes", "links of its terms", "default prior")
    return table(headings, rows)


def _on(text: str, scale: str | None) -> str:
    return code(text) if scale is None else f"{code(text)} on {code(scale)}"


def links() -> str:
    """Return the table of links."""
    rows = (
        (code(k.name), k.words, codes(f.name for f in FAMILIES.values() if k.name in f.links))
        for k in LINKS.values()
    )
    return table(("link", "what it means", "families"), rows)


def scales() -> str:
    """Return the table of scales that a prior may be stated on."""
    rows = (
        (code(f'on = "{name}"'), code(scale.words), scale.of.words, scale.values.words)
        for name, scale in SCALES.items()
    )
    return table(("scale", "prior is of", "for a parameter x that takes", "prior gives"), rows)


def defaults() -> str:
    """Return the table of default priors of terms."""
    rows = [
        ("constant of the mean", rule_of_intercept("m", "u")),
        ("constant of an own parameter", rule_of_intercept("0", "1")),
        ("constant of `[sigma]`", rule_of_intercept("log of sd(outcome)", "1")),
        ("coefficient of a feature x, also by level", rule_of_slope("u", "x")),
        ("difference between levels; monotone difference", rule_of_slope("u")),
        ("line of a spline, per standard deviation of its feature", rule_of_slope("u")),
        ("standard deviation between levels, of the constant", rule_of_sd("u")),
        ("standard deviation between levels, of the slope of a feature x", rule_of_sd("u", "x")),
        ("standard deviation of a curve or its bends", rule_of_sd("u")),
    ]
    return table(("what", "default"), ((what, code(rule)) for what, rule in rows))


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
        rows.append((code(kind.kind), places, "`kind`", kind.words))
        rows += [("", "", code(key), words) for key, words in kind.keys.items()]
    return table(("kind", "stands in", "key", "meaning"), rows)


def effects() -> str:
    """Return the table of ways in which a group's effects are drawn."""
    return table(("effects", "the levels get"), ((code(k), words) for k, words in EFFECTS.items()))


def functions() -> str:
    """Return the table of functions that an expression may call."""
    rows = (words.split(": ", 1) for words in FUNCTIONS.values())
    return table(("function", "gives"), ((code(call), gives) for call, gives in rows))


def adstocks() -> str:
    """Return the table of adstocks with their keys."""
    rows = []
    for adstock in ADSTOCKS.values():
        rows.append((code(adstock.kind), "`kind`", adstock.words))
        rows += [("", code(key), words) for key, words in adstock.keys.items()]
    return table(("kind", "key", "meaning"), rows)


def halo() -> str:
    """Return the table of the keys of a halo mean."""
    rows = {"form": '`"halo"`', **HaloMean.keys}
    return table(("key", "meaning"), ((code(key), words) for key, words in rows.items()))


def section(kind: type[Section]) -> str:
    """Return the table of an optional section's keys."""
    return table(("key", "meaning"), ((code(key), words) for key, words in kind.keys.items()))


TABLES: dict[str, Callable[[], str]] = {
    f.__name__: f
    for f in (
        *(families, distributions, own, links, terms, effects, adstocks, halo),
        *(priors, scales, defaults, functions),
    )
} | {name: partial(section, kind) for name, kind in SECTIONS.items()}


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
