"""Which columns of a table a spec uses, and which of them a table lacks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from attribution.errors import Problem, suggest
from attribution.personal import may_be_personal
from attribution.spec.halo import HaloMean
from attribution.spec.model import Feature, ModelSpec, RatesMean
from attribution.spec.terms import Group, Term
from attribution.spec.transforms import columns_of

ORDER_VALUE = ("net_revenue", "paying_orders")
"""Columns that the order value is learned from; a table without them gives no order value."""

POST, DAYS = "post_id", frozenset({"day", "day_number", "weekday"})
"""What a table of posts has, and what a table of days (``attribution daily``) has."""


def all_terms(spec: ModelSpec) -> Iterator[tuple[str, Term]]:
    """Yield every term of the outcome's model with its dotted key: the mean's before others'."""
    if isinstance(spec.mean, RatesMean):
        yield from ((f"mean.terms[{i}]", term) for i, term in enumerate(spec.mean.terms))
    for section, predictor in spec.predictors.items():
        yield from ((f"{section}.terms[{i}]", term) for i, term in enumerate(predictor.terms))


def value_terms(spec: ModelSpec) -> Iterator[tuple[str, Group]]:
    """Yield every term of the order value with its dotted key."""
    value = spec.order_value
    if value is not None:
        yield from ((f"order_value.terms[{i}]", term) for i, term in enumerate(value.terms))
        paying = enumerate(value.paying_terms)
        yield from ((f"order_value.paying_terms[{i}]", term) for i, term in paying)


def groupings(spec: ModelSpec) -> tuple[tuple[str, str], ...]:
    """Return dotted key and column of every term that tells levels apart.

    Columns that are told apart together are joined by ``:``.
    """
    terms = (*all_terms(spec), *value_terms(spec))
    return (
        *((f"{key}.by", column) for key, term in terms for column in term.columns),
        *(named for section in spec.sections for named in section.groupings),
    )


def credits_late(spec: ModelSpec) -> bool:
    """Whether what the model counts can land on other posts where orders come late."""
    return spec.outcome.column == "conversions" and spec.outcome.distribution.streams


def used_features(spec: ModelSpec) -> tuple[Feature, ...]:
    """Return the features that some term uses, in the order of the spec."""
    used = {name for _, term in all_terms(spec) for name in term.features}
    return tuple(feature for feature in spec.features if feature.name in used)


def feature_key(spec: ModelSpec, feature: Feature) -> str:
    """Return the dotted key of a feature: of the term that names its column if none is stated."""
    if feature.expression == f'"{feature.name}"':
        for key, term in all_terms(spec):
            if feature.name in term.features:
                return f"{key}.{'of' if term.columns else 'feature'}"
    return f"features.{feature.name}"


def signals(spec: ModelSpec) -> tuple[str, ...]:
    """Return the columns that terms use besides the exposure, in order of first use."""
    parts = spec.mean.parts if isinstance(spec.mean, RatesMean) else ()
    made_from = (c for feature in used_features(spec) for c in sorted(columns_of(feature)))
    columns = (*parts, *made_from)
    return tuple(c for c in dict.fromkeys(columns) if c != spec.outcome.exposure)


def conditions(spec: ModelSpec) -> tuple[tuple[str, Feature], ...]:
    """Return dotted key and condition of each lift test: true (1) for the posts it is of."""
    tests = () if spec.experiments is None else spec.experiments.tests
    return tuple(
        (f"experiments.tests[{i}].posts", Feature(test.name, test.posts))
        for i, test in enumerate(tests)
    )


def columns_needed(spec: ModelSpec) -> dict[str, str]:
    """Return every column that the spec names and the dotted key that names it first."""
    needed: dict[str, str] = {}
    for key, column in _named(spec):
        needed.setdefault(column, key)
    return needed


def _named(spec: ModelSpec) -> Iterator[tuple[str, str]]:
    yield from counted(spec)
    if isinstance(spec.mean, RatesMean):
        yield from ((f"mean.parts[{i}]", part) for i, part in enumerate(spec.mean.parts))
    if isinstance(spec.mean, HaloMean):
        yield from spec.mean.columns()
    for feature in spec.features:
        yield from ((feature_key(spec, feature), c) for c in sorted(columns_of(feature)))
    yield from ((key, part) for key, column in groupings(spec) for part in column.split(":"))
    for section in spec.sections:
        yield from section.columns
    for key, condition in conditions(spec):
        yield from ((key, column) for column in sorted(columns_of(condition)))
    for name, stage in spec.stages.items():
        yield from ((f"stages.{name}.{key}", column) for key, column in _named(stage))


def counted(spec: ModelSpec) -> Iterator[tuple[str, str]]:
    """Yield dotted key and column of the outcome, and of its exposure and trials if it has them."""
    yield "outcome.column", spec.outcome.column
    for name in ("exposure", "trials"):
        column = getattr(spec.outcome, name)
        if column is not None:
            yield f"outcome.{name}", column


def check_columns(
    spec: ModelSpec,
    columns: Iterable[str],
    file: str | None = None,
    optional: Collection[str] = (),
) -> list[Problem]:
    """Return a problem for every column that the spec names and the table lacks.

    Parameters
    ----------
    spec
        A parsed spec.
    columns
        Columns of the table.
    file
        File of the spec, for messages.
    optional
        Columns whose absence is no problem, such as the canonical ones that a fit does without.
    """
    known = list(columns)
    if (other := _of_other_rows(spec, known, file)) is not None:
        return [other]
    problems = [
        Problem(
            f"the table has no column {column!r}",
            file=file,
            key=key,
            expected=f"one of {', '.join(known)}",
            hint=_closest(column, known),
        )
        for column, key in columns_needed(spec).items()
        if column not in known and column not in optional
    ]
    problems += [
        Problem(
            f"the table has a column of the same name as the feature {feature.name!r}",
            file=file,
            key=f"features.{feature.name}",
            hint="Choose another name for the feature",
        )
        for feature in spec.features
        if feature.name in known and not feature.is_column
    ]
    return problems


def _of_other_rows(spec: ModelSpec, known: Collection[str], file: str | None) -> Problem | None:
    """Return the one problem of a model of days and a table of posts, or the other way round.

    Every column would be missing then, and no other name of a column would help.
    """
    of_posts = POST in known
    if isinstance(spec.mean, HaloMean) and of_posts and spec.mean.day not in known:
        what = "this model is of days, and the table is of posts"
        made = "Make a table of days: `attribution daily POSTS DAILY_SALES -o daily.parquet`"
        return Problem(what, file=file, key="mean.day", hint=made)
    of_days = set(known) >= DAYS and not of_posts
    if of_days and not isinstance(spec.mean, HaloMean) and not DAYS & columns_needed(spec).keys():
        what = "this model is of posts, and the table is of days"
        made = (
            "Make a table of posts with `attribution ingest`, or fit the model `halo` to this one"
        )
        return Problem(what, file=file, key="outcome.column", hint=made)
    return None


def _closest(word: str, known: list[str]) -> str | None:
    if may_be_personal(word):
        return (
            "A file's column of this name is not read, since it may be personal data: "
            "rename it there if it is none"
        )
    hint = suggest(word, known)
    return hint if hint and hint.startswith("Did") else None
