"""Read a prior from its table, and check that it gives what its parameter takes."""

from __future__ import annotations

from attribution.spec.fields import Fields
from attribution.spec.priors import PRIORS, SCALES, Prior, Support, support_of


def read_prior(fields: Fields, name: str, needs: Support, default: Prior | None = None) -> Prior:
    """Read a prior whose values must lie within the support that the parameter needs.

    Parameters
    ----------
    default
        What holds where the key is absent; without it an absent key is a problem.
    """
    if default is not None and not fields.has(name):
        return default
    table = fields.table(name)
    return Prior("", {}) if table is None else _prior(table, needs)


def read_priors(
    fields: Fields, name: str, needs: Support, default: Prior
) -> Prior | tuple[Prior, ...]:
    """Read a prior as :func:`read_prior`, or a list of them."""
    stated = fields.values.get(name)
    if isinstance(stated, list):
        found = tuple(_prior(table, needs) for table in fields.tables(name))
        return found if len(found) == len(stated) else Prior("", {})
    return read_prior(fields, name, needs, default)


def _prior(table: Fields, needs: Support) -> Prior:
    chosen = table.choice("name", PRIORS, "prior")
    if chosen is None:
        return Prior("", {})
    kind = PRIORS[chosen]
    before = len(table.notes.problems)
    on = table.choice("on", SCALES, "scale of a prior") if table.has("on") else None
    parameters = {p: _parameter(table, p, allowed) for p, allowed in kind.parameters.items()}
    table.done()
    found = Prior(chosen, parameters, on)
    if len(table.notes.problems) == before:
        _check_support(found, table, needs)
    return found


def _parameter(table: Fields, name: str, allowed: Support) -> float:
    value = table.number(name)
    if value is not None and not allowed.low < value < allowed.high:
        table.notes.add("impossible value", table.key(name), value=value, expected=allowed.words)
    return 0.0 if value is None else value


def _check_support(prior: Prior, fields: Fields, needs: Support) -> None:
    kind = PRIORS[prior.name]
    if kind.ordered and prior.parameters[kind.ordered[0]] >= prior.parameters[kind.ordered[1]]:
        fields.notes.add(f"{kind.ordered[0]} is not below {kind.ordered[1]}", fields.place)
        return
    if prior.on is not None:
        scale = SCALES[prior.on]
        if (needs.kind, needs.low, needs.high) != (scale.of.kind, scale.of.low, scale.of.high):
            fitting = [n for n, s in SCALES.items() if needs.inside(s.of) and s.of.inside(needs)]
            fields.notes.add(
                f"a parameter that takes {needs.words} has no scale {prior.on!r}",
                fields.key("on"),
                expected=f"one of {', '.join(fitting)}" if fitting else None,
                hint="Remove it" if not fitting else None,
            )
            return
        needs = scale.values
    support = support_of(prior)
    if not support.inside(needs):
        fitting = [k.name for k in PRIORS.values() if k.can_fit(needs)]
        there = f" on the scale {prior.on!r}" if prior.on else ""
        fields.notes.add(
            f"a {prior.name} prior gives {support.words}, but this parameter takes "
            f"{needs.words}{there}",
            fields.place,
            expected=f"one of {', '.join(fitting)}",
        )
