"""A model spec in words and equations, for people."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import replace

from attribution.spec.columns import (
    ORDER_VALUE,
    columns_needed,
    credits_late,
    signals,
    used_features,
)
from attribution.spec.families import OWN
from attribution.spec.halo import HaloMean
from attribution.spec.links import LINKS, inverse_text
from attribution.spec.model import ModelSpec, OrderValue, Predictor, RatesMean
from attribution.spec.priors import SCALES, Prior
from attribution.spec.stages import in_run
from attribution.spec.stated import stated_priors
from attribution.spec.statement import PROB, StatedPrior
from attribution.spec.terms import EACH_PART, Group, Term, dim

POLICY = {
    "latent": "a hidden value is estimated from the exposure, the groups and the other signal",
    "set_aside": "a post without it is left out of the fit and named",
}


def describe(spec: ModelSpec, width: int = 100, *, absent: Iterable[tuple[str, str]] = ()) -> str:
    """Return a spec in words: question, assumptions, columns, equations, priors as used, sources.

    Parameters
    ----------
    spec
        A parsed spec.
    width
        Characters in a line of prose; equations and priors are not wrapped.
    absent
        Parts of a spec that a table at hand cannot support, and why.
    """
    columns = list(columns_needed(spec))
    if spec.order_value is not None:
        columns.append(f"for the order value {' and '.join(ORDER_VALUE)}")
    sections: list[tuple[str, Iterable[str]]] = [
        ("Question", _prose([spec.question], width)),
        ("Assumptions", _prose([f"- {words}" for words in spec.assumptions], width)),
        ("Columns", _prose([", ".join(columns)], width)),
        ("Missing values", _prose(_policies(spec), width)),
        ("Equations, with the names that parameters have in a run", equations(spec)),
        (f"Priors as they will be used, with the middle {PROB:.0%} of each", prior_lines(spec)),
        *(section for name in spec.stages for section in _stage(spec, name, width)),
        ("Left out for this table", _prose([f"- {p}: {why}" for p, why in absent], width)),
        ("References", _prose([f"- {words}" for words in spec.references], width)),
    ]
    blocks = [spec.name if spec.title == spec.name else f"{spec.name}: {spec.title}"]
    for heading, lines in sections:
        body = [f"  {line}" for line in lines]
        if body:
            blocks.append("\n".join([heading, *body]))
    return "\n\n".join(blocks)


def _stage(spec: ModelSpec, name: str, width: int) -> Iterator[tuple[str, Iterable[str]]]:
    """Yield what a stage is; its parameters go by its name and their own in a run."""
    stage = spec.stages[name]
    yield f"Stage {name}, whose names in a run begin with {in_run(name, '')}", equations(stage)
    yield f"Missing values in stage {name}", _prose(_policies(stage), width)
    yield f"Priors of stage {name}", prior_lines(stage)


def _policies(spec: ModelSpec) -> list[str]:
    return [f"{c}: {POLICY[spec.missing.get(c, 'set_aside')]}" for c in signals(spec)]


def equations(spec: ModelSpec) -> list[str]:
    """Return the model's equations as plain text, one per line."""
    lines = [f"{spec.outcome.column} ~ {spec.outcome.distribution.equation}"]
    if spec.outcome.trials is not None:
        lines.append(f"trials = {spec.outcome.trials}")
    if isinstance(spec.mean, RatesMean):
        lines += [*_rates(spec, spec.mean), *_definitions(spec, "mean", spec.mean.terms)]
    if isinstance(spec.mean, HaloMean):
        lines += spec.mean.equations(spec.outcome.column)
    for section, predictor in spec.predictors.items():
        lines += _sum(spec, section, predictor)
    lines += [f"{f.name} = {f.expression}{_centred(spec, f.name)}" for f in used_features(spec)]
    if credits_late(spec):
        lines.append(_LATE)
    if spec.order_value is not None:
        lines += [
            *_order_value(spec.order_value),
            *_paying(spec.order_value),
            *_definitions(spec, "order_value", spec.order_value.terms),
            *_definitions(spec, "paying", spec.order_value.paying_terms),
        ]
    lines += [line for section in spec.sections for line in section.equations()]
    return lines + list(_scales(spec))


def _scales(spec: ModelSpec) -> Iterator[str]:
    """Yield what each prior is of that is stated on another scale than its parameter's."""
    for stated in stated_priors(spec):
        if stated.prior.on is not None:
            scale = SCALES[stated.prior.on].words.replace("x", stated.parameter)
            yield f"{_parameter(stated)} = {scale}"


def _sum(spec: ModelSpec, section: str, predictor: Predictor) -> Iterator[str]:
    """Yield the equation of a sum of terms and of what its terms are made of."""
    place = spec.place(section)
    terms = [text for term in predictor.terms for text in term.summands(place)]
    name = predictor.of if section == "mean" else OWN[section].parameter
    exposure = spec.outcome.exposure if section == "mean" else None
    inverse = inverse_text(LINKS[predictor.link], " + ".join(terms))
    yield f"{name} = {f'{exposure} * ' if exposure else ''}{inverse}"
    yield from _definitions(spec, section, predictor.terms)


def _definitions(spec: ModelSpec, section: str, terms: Iterable[Term]) -> Iterator[str]:
    place = spec.place(section)
    for term in terms:
        yield from term.definitions(place)


def _centred(spec: ModelSpec, feature: str) -> str:
    """Return where a feature is less its average over the posts, in words."""
    yes: set[tuple[str, str]] = set()
    no: set[tuple[str, str]] = set()
    for section, predictor in spec.predictors.items():
        for term in predictor.terms:
            if feature in term.features:
                (yes if term.centred(predictor.centre) else no).add((section, term.kind))
    if not yes:
        return ""
    words = ", minus its average over the posts"
    if not no:
        return words
    one_section = len({section for section, _ in yes | no}) == 1
    where = sorted(f"{kind} terms" + ("" if one_section else f" of {at}") for at, kind in yes)
    return f"{words} in {' and '.join(where)}"


def prior_lines(spec: ModelSpec) -> list[str]:
    """Return one aligned line per prior: name, prior, interval, meaning."""
    stated = stated_priors(spec)
    rows = [(_parameter(s), _prior(s), _interval(s), s.meaning) for s in stated]
    widths = [max((len(row[k]) for row in rows), default=0) for k in range(3)]
    out = []
    for row, prior in zip(rows, stated, strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        out.append("  ".join([*cells, row[3]]).rstrip())
        bounds = prior.interval()
        if prior.exp_unit and bounds is not None:
            low, high = (_exp(bound) for bound in bounds)
            out.append(f"{' ' * (widths[0] + 2)}that is {low} to {high} {prior.exp_unit}")
    return out


def prior_text(prior: Prior) -> str:
    """Return a prior as it would be spoken: ``normal(mu = 0, sigma = 0.5)``."""
    parameters = ", ".join(f"{name} = {value:g}" for name, value in prior.parameters.items())
    return f"{prior.name}({parameters})"


def _prior(stated: StatedPrior) -> str:
    """Return a prior, or where it is left to the table the rule for it."""
    return f"default: {stated.default}" if stated.is_default else prior_text(stated.prior)


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


_LATE = (
    "where orders come late (carry_shares in the table), conversions are the sum of what each post "
    "whose orders are credited here leaves by its share; posts share that post's good or bad luck"
)


def _effect(term: Group, prefix: str = "") -> str:
    return f"{prefix}{dim(term.by)}_effect[{term.by}]"


def _order_value(value: OrderValue) -> Iterator[str]:
    terms = ["value_log_mean", *(_effect(term, "value_") for term in value.terms)]
    yield "net_revenue ~ Gamma(paying_orders * value_shape, value_shape / order_value)"
    yield f"order_value = exp({' + '.join(terms)})"


def _paying(value: OrderValue) -> Iterator[str]:
    effects = [_effect(term, "paying_") for term in value.paying_terms]
    share = "share" if effects else "paying_share"
    if value.paying_concentration is None:
        yield f"paying_orders ~ Binomial(credited orders, {share})"
    else:
        rest = f"(1 - {share}) * paying_concentration"
        both = f"{share} * paying_concentration, {rest}"
        yield f"paying_orders ~ BetaBinomial(credited orders, {both})"
    if effects:
        yield f"logit {share} = {' + '.join(['logit(paying_share)', *effects])}"


def _parameter(stated: StatedPrior) -> str:
    """Return the name of what a prior is of: the parameter, or what it is on another scale."""
    return f"{stated.prior.on}_{stated.parameter}" if stated.prior.on else stated.parameter


def _interval(stated: StatedPrior) -> str:
    """Return the middle of a prior on the scale that it is stated on."""
    if stated.is_default or stated.count is None:
        return "by the table"
    bounds = replace(stated, prior=replace(stated.prior, on=None)).interval()
    return "any" if bounds is None else f"{bounds[0]:.3g} to {bounds[1]:.3g}"


def _exp(bound: float) -> str:
    value = math.exp(bound)
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"
