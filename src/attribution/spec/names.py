"""Names in a run: each may stand for one thing only.

A run holds parameters, data and dims side by side. Features go by their own names and the outcome
by that of its column, so neither may be called like something else that the run holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from attribution.spec.columns import feature_key, groupings, used_features
from attribution.spec.families import OWN
from attribution.spec.fields import Notes
from attribution.spec.model import ModelSpec
from attribution.spec.stated import stated_priors
from attribution.spec.terms import Smooth, dim

# fmt: off
DIMS = frozenset({
    "chain", "credit", "draw", "feature", "hidden", "lag", "landing", "node", "part", "post",
    "sale", "sample", "scored", "source", "test",
})
"""Dims that a run may have besides those of the spec's columns."""

RESERVED = DIMS | frozenset({
    "alpha", "conversions", "credited_orders", "exposure", "hidden_rows", "hidden_z", "intercept",
    "fake_share", "half_life", "halo_share", "inverse_alpha", "lag_end", "lag_last", "lag_start",
    "lift", "lift_standard_error", "log_rate", "mixing",
    "net_revenue", "part_effect", "part_mix", "part_sd", "part_z",
    "credit_zero", "paying_concentration", "paying_orders", "paying_share",
    "sale_orders", "score", "scored_levels", "share", "steepness", "survey", "survey_buyers",
    "test_posts", "trials", "unit", "zero",
    *(own.parameter for own in OWN.values()), *OWN,
})
"""Names with another meaning in a spec or in a run, so that no feature may have them."""

_ENDS = (
    "at_nodes", "bend", "centre", "coefficient", "compared", "correlation", "difference", "effect",
    "estimate", "frequency", "function", "index", "information", "length_scale", "lags", "none",
    "pair", "partial", "partial_beta", "raw", "sd", "share", "slope", "step", "weight", "whole",
    "z", "zeros",
)
"""What a run appends to the name of a feature, a curve or a grouping for what belongs to it."""
# fmt: on


def check_names(spec: ModelSpec, notes: Notes) -> None:
    """Note names that would stand for two things in a run."""
    stated = stated_priors(spec)
    for name, count in Counter(s.parameter for s in stated).items():
        if count > 1:
            keys = [s.key for s in stated if s.parameter == name]
            what = f"two parameters would both be called {name!r} in a run"
            notes.add(what, keys[-1], hint="Rename a feature or a column")
    taken = set(_run_names(spec))
    for feature in used_features(spec):
        if feature.name in taken:
            what = "a run has something else of this name"
            notes.add(what, feature_key(spec, feature), hint="Choose another name")
    outcome = spec.outcome.column
    if outcome in taken | DIMS | {"exposure", "trials", "zero"}:
        what = f"a run has something else called {outcome!r}"
        notes.add(what, "outcome.column", hint="Rename the column in the table")
    parameters = {s.parameter for s in stated}
    for key, by in groupings(spec):
        if by != "post_id" and dim(by) in DIMS | parameters:
            what = f"a run has something else called {dim(by)!r}, as this column would be there"
            notes.add(what, key, value=by, hint="Rename the column in the table")


def _run_names(spec: ModelSpec) -> Iterator[str]:
    """Yield what a run and its model call anything but features and the outcome."""
    features = [feature.name for feature in used_features(spec)]
    stems = [*features]
    yield f"observed_{spec.outcome.column}"
    for stated in stated_priors(spec):
        yield stated.parameter
        yield f"{stated.prior.on}_{stated.parameter}"
        stems += [stated.parameter.removesuffix(f"_{end}") for end in _ENDS]
    for _, by in groupings(spec):
        yield dim(by)
        stems.append(dim(by))
    for section, predictor in spec.predictors.items():
        place = spec.place(section)
        curves = (t for t in predictor.terms if isinstance(t, Smooth))
        for curve in curves:
            yield curve.name(place)
            stems.append(curve.name(place))
    yield from (f"{stem}_{end}" for stem in dict.fromkeys(stems) for end in _ENDS)
