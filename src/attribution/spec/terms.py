"""The closed tables of term kinds and of ways in which group effects are drawn: one entry each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, cast

from attribution.spec.fields import Fields
from attribution.spec.model import Group, Intercept, Linear, Prior, Term
from attribution.spec.priors import POSITIVE, PRIORS, REAL, Support

EACH_PART = ("each part",)
ALL_PARTS = ("all parts",)
INTERCEPT = "intercept"

EFFECTS: Mapping[str, str] = {
    "zero_sum": "deviations that add up to 0 over the levels",
    "exchangeable": "deviations drawn from a normal distribution around 0",
    "mean_one": "multipliers drawn from a log-normal distribution with mean 1",
}


@dataclass(frozen=True)
class TermKind:
    """One registered kind of term.

    Parameters
    ----------
    name, words
        Name in a spec, and what the term adds.
    places
        Where it may stand: ``linear`` and ``rates`` means, ``order_value``.
    keys
        Meaning of each of its keys.
    read
        Makes the term from the keys of its table.
    """

    name: str
    words: str
    term: type[Term]
    places: tuple[str, ...]
    keys: Mapping[str, str]
    read: Callable[[Fields], Term]


def read_prior(fields: Fields, name: str, needs: Support) -> Prior:
    """Read a prior whose values must lie within the support that the parameter needs."""
    table = fields.table(name)
    chosen = None if table is None else table.choice("name", PRIORS, "prior")
    if table is None or chosen is None:
        return Prior("", {})
    kind = PRIORS[chosen]
    before = len(fields.notes.problems)
    parameters = {p: _parameter(table, p, allowed) for p, allowed in kind.parameters.items()}
    table.done()
    if len(fields.notes.problems) == before:
        _check_support(Prior(chosen, parameters), fields, name, needs)
    return Prior(chosen, parameters)


def _parameter(table: Fields, name: str, allowed: Support) -> float:
    value = table.number(name)
    if value is not None and not allowed.low < value < allowed.high:
        table.notes.add("impossible value", table.key(name), value=value, expected=allowed.words)
    return 0.0 if value is None else value


def _check_support(prior: Prior, fields: Fields, name: str, needs: Support) -> None:
    kind = PRIORS[prior.name]
    if kind.ordered and prior.parameters[kind.ordered[0]] >= prior.parameters[kind.ordered[1]]:
        fields.notes.add(f"{kind.ordered[0]} is not below {kind.ordered[1]}", fields.key(name))
        return
    support = kind.support_with(prior.parameters)
    if not support.inside(needs):
        fitting = [k.name for k in PRIORS.values() if k.can_fit(needs)]
        fields.notes.add(
            f"a {prior.name} prior gives {support.words}, but this parameter takes {needs.words}",
            fields.key(name),
            expected=f"one of {', '.join(fitting)}",
        )


def _read_intercept(fields: Fields) -> Intercept:
    return Intercept(read_prior(fields, "prior", REAL))


def _read_linear(fields: Fields) -> Linear:
    return Linear(fields.text("feature"), read_prior(fields, "prior", REAL))


def _read_group(fields: Fields) -> Group:
    effects = fields.choice("effects", EFFECTS, "kind of effects")
    return Group(
        by=fields.text("by"),
        of=fields.texts("of"),
        effects=cast("Literal['zero_sum', 'exchangeable', 'mean_one']", effects),
        sd=read_prior(fields, "sd", POSITIVE),
    )


TERMS: Mapping[str, TermKind] = {
    kind.name: kind
    for kind in (
        TermKind(
            "intercept",
            "the constant: the sum of terms at average features and an average level of each group",
            Intercept,
            ("linear",),
            {"prior": "prior of the constant, on the link's scale"},
            _read_intercept,
        ),
        TermKind(
            "linear",
            "a coefficient times a feature; the feature is centred on its mean over the posts",
            Linear,
            ("linear",),
            {
                "feature": "name of a feature under [features]",
                "prior": "prior of the coefficient, on the link's scale per unit of the feature",
            },
            _read_linear,
        ),
        TermKind(
            "group",
            "an effect for every level of a column, partially pooled",
            Group,
            ("linear", "rates", "order_value"),
            {
                "by": "column whose levels differ, such as `tier`",
                "of": "what varies between the levels",
                "effects": f"how the levels are drawn: {', '.join(EFFECTS)}",
                "sd": "prior of the standard deviation between levels, on the log scale",
            },
            _read_group,
        ),
    )
}


def read_terms(fields: Fields, place: str) -> tuple[Term, ...]:
    """Read the ``terms`` of a mean or of the order value, each by its registered kind."""
    here = [kind.name for kind in TERMS.values() if place in kind.places]
    out = []
    for table in fields.tables("terms"):
        name = table.choice("kind", TERMS, "kind of term")
        if name is not None and name not in here:
            what = f"a {name} term cannot stand here"
            fields.notes.add(what, table.key("kind"), expected=f"one of {', '.join(here)}")
        elif name is not None:
            out.append(TERMS[name].read(table))
            table.done()
    return tuple(out)
