"""The closed table of kinds of terms: one class each."""

from __future__ import annotations

from collections.abc import Mapping

from attribution.spec.fields import Fields
from attribution.spec.terms.base import CENTRES, At, Make, Place, Term, dim
from attribution.spec.terms.group import (
    ALL_PARTS,
    EACH_PART,
    EFFECTS,
    Group,
)
from attribution.spec.terms.pooled import add_effect, add_zero_sum
from attribution.spec.terms.population import (
    INTERCEPT,
    Categorical,
    Intercept,
    Linear,
    Monotone,
    Offset,
    level_name,
)
from attribution.spec.terms.smooth import GaussianProcess, Smooth, Spline

TERMS: Mapping[str, type[Term]] = {
    term.kind: term
    for term in (Intercept, Linear, Offset, Categorical, Monotone, Spline, GaussianProcess, Group)
}
"""Every kind of term by its name in a spec."""

__all__ = [
    "ALL_PARTS",
    "CENTRES",
    "EACH_PART",
    "EFFECTS",
    "INTERCEPT",
    "TERMS",
    "At",
    "Categorical",
    "GaussianProcess",
    "Group",
    "Intercept",
    "Linear",
    "Make",
    "Monotone",
    "Offset",
    "Place",
    "Smooth",
    "Spline",
    "Term",
    "add_effect",
    "add_zero_sum",
    "dim",
    "level_name",
    "read_terms",
]


def read_terms(fields: Fields, place: str, key: str = "terms") -> tuple[Term, ...]:
    """Read the terms of a section, each by its registered kind; ``key`` is where they stand."""
    here = [kind for kind, term in TERMS.items() if place in term.places]
    out = []
    for table in fields.tables(key):
        name = table.choice("kind", TERMS, "kind of term")
        if name is not None and name not in here:
            what = f"a {name} term cannot stand here"
            fields.notes.add(what, table.key("kind"), expected=f"one of {', '.join(here)}")
        elif name is not None:
            out.append(TERMS[name].read(table))
            table.done()
    return tuple(out)
