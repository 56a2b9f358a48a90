"""A model spec in words and equations, for people."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from attribution.spec.columns import ORDER_VALUE, columns_needed
from attribution.spec.families import FAMILIES, LINKS
from attribution.spec.model import (
    Group,
    Intercept,
    Linear,
    LinearMean,
    ModelSpec,
    OrderValue,
    Prior,
    RatesMean,
    Term,
)
from attribution.spec.stated import PROB, StatedPrior, dim, group_names, stated_priors
from attribution.spec.terms import EACH_PART, INTERCEPT

POLICY = {
    "latent": "a hidden value is estimated from the exposure, the groups and the other signal",
    "set_aside": "a post without it is left out of the fit and named",
}


def describe(spec: ModelSpec, width: int = 100) -> str:
    """Return a spec in words: question, assumptions, columns, equations, priors as used, sources.

    Parameters
    ----------
    spec
        A parsed spec.
    width
        Characters in a line of prose; equations and priors are not wrapped.
    """
    columns = list(columns_needed(spec))
    if spec.order_value is not None:
        columns.append(f"for the order value {' and '.join(ORDER_VALUE)}")
    sections: list[tuple[str, Iterable[str]]] = [
        ("Question", _prose([spec.question], width)),
        ("Assumptions", _prose([f"- {words}" for words in spec.assumptions], width)),
        ("Columns", _prose([", ".join(columns)], width)),
        ("Missing values", _prose([f"{c}: {POLICY[p]}" for c, p in spec.missing.items()], width)),
        ("Equations, with the names that parameters have in a run", equations(spec)),
        (f"Priors as they will be used, with the middle {PROB:.0%} of each", prior_lines(spec)),
        ("References", _prose([f"- {words}" for words in spec.references], width)),
    ]
    blocks = [f"{spec.name}: {spec.title}"]
    for heading, lines in sections:
        body = [f"  {line}" for line in lines]
        if body:
            blocks.append("\n".join([heading, *body]))
    return "\n\n".join(blocks)


def equations(spec: ModelSpec) -> list[str]:
    """Return the model's equations as plain text, one per line."""
    mean = spec.mean
    outcome = f"{spec.outcome.column} ~ {FAMILIES[spec.outcome.family].equation}"
    middle = _rates(spec, mean) if isinstance(mean, RatesMean) else _linear(spec, mean)
    lines = [outcome, *middle, *_effects(mean.terms, "")]
    if spec.dispersion is not None and spec.dispersion.on == "inverse":
        lines.append("alpha = 1 / inverse_alpha")
    if spec.order_value is not None:
        lines += [*_order_value(spec.order_value), *_effects(spec.order_value.terms, "value_")]
    return lines


def prior_lines(spec: ModelSpec) -> list[str]:
    """Return one aligned line per prior: name, prior, interval, meaning."""
    stated = stated_priors(spec)
    rows = [(s.parameter, prior_text(s.prior), _interval(s), s.meaning) for s in stated]
    widths = [max(len(row[k]) for row in rows) for k in range(3)]
    out = []
    for row, prior in zip(rows, stated, strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        out.append("  ".join([*cells, row[3]]).rstrip())
        if prior.exp_unit:
            low, high = (_exp(bound) for bound in prior.interval())
            out.append(f"{' ' * (widths[0] + 2)}that is {low} to {high} {prior.exp_unit}")
    return out


def prior_text(prior: Prior) -> str:
    """Return a prior as it would be spoken: ``normal(mu = 0, sigma = 0.5)``."""
    parameters = ", ".join(f"{name} = {value:g}" for name, value in prior.parameters.items())
    return f"{prior.name}({parameters})"


def _prose(paragraphs: Iterable[str], width: int) -> list[str]:
    out: list[str] = []
    for text in paragraphs:
        indent = "  " if text.startswith("- ") else ""
        out += textwrap.wrap(text, width - 2, subsequent_indent=indent, break_on_hyphens=False)
    return out


def _rates(spec: ModelSpec, mean: RatesMean) -> Iterator[str]:
    total = " + ".join(f"rate[{part}] * {part}" for part in mean.parts)
    together = [t for t in mean.terms if t.of != EACH_PART]
    own = [t for t in mean.terms if t.of == EACH_PART]
    factors = [f"exp({_effect(t)}) * " for t in together]
    yield f"mean = {''.join(factors)}({total})"
    terms = ["log_rate", "log(share[part])", "log(unit[part])"]
    terms += [f"{dim(t.by)}_effect[part, {t.by}]" for t in own]
    yield f"log(rate[part]) = {' + '.join(terms)}"
    exposure = spec.outcome.exposure
    yield f"unit[part] = total {exposure} / total of the part, over the posts that show every part"
    yield _LATE


def _linear(spec: ModelSpec, mean: LinearMean) -> Iterator[str]:
    terms = [text for term in mean.terms for text in _summands(term)]
    inverse = LINKS[mean.link].inverse
    yield f"mean = {spec.outcome.exposure} * {inverse}({' + '.join(terms)})"
    for feature in spec.features:
        yield f"{feature.name} = {feature.expression}, minus its average over the posts"
    yield _LATE


_LATE = (
    "where orders come late (carry_shares in the table), conversions are the sum of what each post "
    "whose orders are credited here leaves by its share; posts share that post's good or bad luck"
)


def _summands(term: Term) -> Iterator[str]:
    match term:
        case Intercept():
            yield INTERCEPT
        case Linear(feature):
            yield f"slope_{feature} * {feature}"
        case Group():
            for of, (name, _) in zip(term.of, group_names(term), strict=True):
                slope = "" if of == INTERCEPT else f" * {of}"
                yield f"{name}_effect[{term.by}]{slope}"


def _effect(term: Group, prefix: str = "") -> str:
    return f"{prefix}{dim(term.by)}_effect[{term.by}]"


def _effects(terms: Sequence[Term], prefix: str) -> Iterator[str]:
    """Say how each group's effects are drawn."""
    for term in terms:
        if isinstance(term, Group):
            index = f"part, {term.by}" if term.of == EACH_PART else term.by
            sd = "_sd[part]" if term.of == EACH_PART else "_sd"
            for name, _ in group_names(term, prefix):
                yield _drawn(term, f"{name}_effect[{index}]", f"{name}{sd}")


def _drawn(term: Group, effect: str, sd: str) -> str:
    match term.effects:
        case "zero_sum":
            return f"{effect} ~ Normal(0, {sd}), adding up to 0 over the levels of {term.by}"
        case "exchangeable":
            return f"{effect} ~ Normal(0, {sd})"
        case "mean_one":
            return f"{effect} ~ Normal(-{sd}^2 / 2, {sd}), so that its exponential averages 1"


def _order_value(value: OrderValue) -> Iterator[str]:
    terms = ["value_log_mean", *(_effect(term, "value_") for term in value.terms)]
    yield "net_revenue ~ Gamma(paying_orders * value_shape, value_shape / order_value)"
    yield f"order_value = exp({' + '.join(terms)})"
    yield "paying_orders ~ Binomial(credited orders, paying_share)"


def _interval(stated: StatedPrior) -> str:
    low, high = stated.interval()
    return f"{low:.3g} to {high:.3g}"


def _exp(bound: float) -> str:
    value = math.exp(bound)
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"
