"""The text of a drafted spec: its TOML with a comment above each choice."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from attribution.design import Design
from attribution.drafting.columns import short
from attribution.spec.families import FAMILIES, OWN
from attribution.spec.links import LINKS, ArrayFunctions
from attribution.spec.model import ModelSpec, Predictor
from attribution.spec.stated import stated_priors
from attribution.spec.statement import PROB, StatedPrior
from attribution.spec.terms import Intercept, Linear, Term
from attribution.spec.write import to_toml

WIDTH = 100

INLINE = re.compile(r"= \{(.*)\}$")
"""An inline table, which gets blanks inside its braces as in the shipped specs."""


@dataclass(frozen=True)
class Words:
    """Why a draft is as it is.

    Parameters
    ----------
    family, exposure
        Of the outcome.
    terms
        Comment by ``feature NAME`` or ``KIND COLUMN``.
    left_out
        Columns that are not in the model, with the reason.
    """

    family: str
    exposure: str
    terms: Mapping[str, str]
    left_out: Mapping[str, str]


def commented(spec: ModelSpec, design: Design, words: Words) -> str:
    """Return a spec as TOML with comments.

    Parameters
    ----------
    spec
        With its priors in numbers.
    design
        What the table gives it.
    words
        Reasons.
    """
    above = dict(_above(spec, words))
    seen: Counter[str] = Counter()
    section, body = "", []
    for line in to_toml(spec).splitlines():
        place = line.partition(" = ")[0]
        if line.startswith("["):
            section, place = line, f"{line} {seen[line]}"
            seen[line] += 1
        elif section:
            place = f"{section} {place}"
        body += [*_comment(above.get(place, "")), INLINE.sub(r"= { \1 }", line)]
    head = [*_comment(_head(spec, design)), "#", *_left_out(words)]
    return "\n".join([*head, *body]).rstrip() + "\n"


def _head(spec: ModelSpec, design: Design) -> str:
    return (
        f"A first model of {spec.outcome.column} for a table of {len(design.outcome):,} posts, "
        "written by `attribution models init` from the names and values of the columns. Read every "
        "choice, change what you know better, above all take out what comes after the outcome or "
        "is part of it. Then `attribution models check SPEC TABLE` says what it expects before "
        "the data, and `attribution fit SPEC TABLE -o RUN` fits it. Every key is explained in "
        "docs/reference/grammar.md. Priors are the defaults for this table, in numbers; those "
        "without a reason are a judgement, wide enough for some dozens of posts to overrule."
    )


def _left_out(words: Words) -> list[str]:
    if not words.left_out:
        return []
    by_reason: dict[str, list[str]] = {}
    for name, reason in words.left_out.items():
        by_reason.setdefault(reason, []).append(name)
    lines = ["# Not in the model:"]
    for reason, names in by_reason.items():
        text = f"{', '.join(names)}: {reason}"
        lines += textwrap.wrap(
            text, WIDTH, initial_indent="# - ", subsequent_indent="#   ", break_on_hyphens=False
        )
    return lines


def _comment(text: str) -> list[str]:
    lines = textwrap.wrap(text, WIDTH - 2, break_on_hyphens=False, break_long_words=False)
    return [f"# {line}" for line in lines]


def _above(spec: ModelSpec, words: Words) -> Iterator[tuple[str, str]]:
    """Yield the place of a line, and the comment above it."""
    family = FAMILIES[spec.outcome.family]
    yield "[outcome] 0", f"{family.name}, {words.family}. {words.exposure}".strip()
    for feature in spec.features:
        yield f"[features] {feature.name}", words.terms.get(f"feature {feature.name}", "")
    if "latent" in spec.missing.values():
        yield (
            "[missing] 0",
            "latent: a hidden count is estimated with the model. set_aside: posts without it are "
            "left out and named.",
        )
    elif spec.missing:
        yield "[missing] 0", "Posts without one of these are left out of the fit and named."
    if isinstance(spec.mean, Predictor):
        yield from _terms(spec, spec.mean, words)
    for section in spec.own:
        yield f"[{section}] 0", f"{OWN[section].parameter}: {OWN[section].words}."
    if spec.order_value is not None:
        yield (
            "[order_value] 0",
            "Net revenue of the orders, for ROI. mean is the log of that of a paying order, around "
            "the table's own average; shape 1 is exponential; paying_share is worth ten orders.",
        )


def _terms(spec: ModelSpec, mean: Predictor, words: Words) -> Iterator[tuple[str, str]]:
    first = next((k for k, term in enumerate(mean.terms) if isinstance(term, Linear)), None)
    for k, term in enumerate(mean.terms):
        about = _about(spec, term, words)
        if k == first:
            about = f"{_slopes(mean.link)} {about}".strip()
        yield f"[[mean.terms]] {k}", about


def _about(spec: ModelSpec, term: Term, words: Words) -> str:
    if isinstance(term, Intercept):
        return _intercept(spec)
    return words.terms.get(f"{term.kind} {term.columns[0]}", "") if term.columns else ""


def _slopes(link: str) -> str:
    """Return what the default prior of a slope says, of any feature alike."""
    by = {
        "log": "multiplies the mean by 0.2 to 5",
        "identity": "shifts the mean by up to 1.6 standard deviations of the outcome",
    }.get(link, "multiplies the odds by 0.2 to 5")
    return (
        f"Slopes: one standard deviation more of a feature {by}, so the prior's middle {PROB:.0%}; "
        "either sign is as likely."
    )


def _intercept(spec: ModelSpec) -> str:
    """Return what the prior of the constant says of the average outcome."""
    stated = next(s for s in stated_priors(spec) if s.parameter == "intercept")
    low, high = _on_its_scale(spec, stated)
    of = stated.meaning.removeprefix("log of ").removeprefix("mean of ").removeprefix("logit of ")
    return (
        f"Centred on the table's average: {of}, {short(low)} to {short(high)} in the prior's "
        f"middle {PROB:.0%}."
    )


def _on_its_scale(spec: ModelSpec, stated: StatedPrior) -> tuple[float, float]:
    bounds = stated.interval()
    if bounds is None or not isinstance(spec.mean, Predictor):
        raise AssertionError("a drafted constant has a prior with an interval")
    f: Any = ArrayFunctions()
    log_amount = spec.outcome.family == "log_normal"
    low, high = (
        float(f.exp(bound) if log_amount else LINKS[spec.mean.link].mean(f, bound))
        for bound in bounds
    )
    return low, high
