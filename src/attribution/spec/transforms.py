"""Features: Polars SQL expressions whose value for a post depends on that post alone.

The text is read token by token before Polars sees it. Only registered functions may be called,
each of which works row by row, and no keyword of a query is let through; what is left is
row-wise by construction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from attribution.errors import InputError, Problem, suggest
from attribution.spec.model import Feature

if TYPE_CHECKING:
    import polars as pl

FUNCTIONS: Mapping[str, str] = {
    "abs": "abs(x): size without the sign",
    "cbrt": "cbrt(x): cube root",
    "ceil": "ceil(x): rounded up to a whole number",
    "coalesce": "coalesce(x, y, ...): the first value that is not missing",
    "cos": "cos(x): cosine of radians",
    "date_part": "date_part('hour', t): a part of a time: year, month, day, dow, hour, minute",
    "ends_with": "ends_with(text, 'end'): whether a text ends so",
    "exp": "exp(x): e to the power x",
    "floor": "floor(x): rounded down to a whole number",
    "greatest": "greatest(x, y, ...): the largest of several values of one post",
    "if": "if(condition, x, y): x where the condition holds, else y",
    "ifnull": "ifnull(x, y): y where x is missing",
    "least": "least(x, y, ...): the smallest of several values of one post",
    "length": "length(text): number of characters",
    "ln": "ln(x): natural logarithm",
    "log10": "log10(x): logarithm to base 10",
    "log1p": "log1p(x): natural logarithm of 1 + x",
    "log2": "log2(x): logarithm to base 2",
    "lower": "lower(text): in small letters",
    "mod": "mod(x, y): remainder of x / y",
    "nullif": "nullif(x, y): missing where x equals y, else x",
    "power": "power(x, y): x to the power y",
    "round": "round(x, digits): rounded",
    "sign": "sign(x): -1, 0 or 1",
    "sin": "sin(x): sine of radians",
    "sqrt": "sqrt(x): square root",
    "starts_with": "starts_with(text, 'start'): whether a text begins so",
    "upper": "upper(text): in capital letters",
}
"""Every function that an expression may call, with what it gives; each works row by row."""

KEYWORDS = frozenset(
    [
        "and",
        "or",
        "not",
        "is",
        "null",
        "in",
        "between",
        "like",
        "case",
        "when",
        "then",
        "else",
        "end",
        "true",
        "false",
    ]
)
_ACROSS_ROWS = frozenset(
    {
        "array_agg",
        "avg",
        "corr",
        "count",
        "covar",
        "covar_pop",
        "covar_samp",
        "dense_rank",
        "first",
        "lag",
        "last",
        "lead",
        "max",
        "mean",
        "median",
        "min",
        "mode",
        "quantile",
        "quantile_cont",
        "quantile_disc",
        "rank",
        "row_number",
        "std",
        "stddev",
        "stddev_samp",
        "stdev",
        "stdev_samp",
        "string_agg",
        "sum",
        "unnest",
        "var",
        "var_samp",
        "variance",
    }
)
_QUERY = frozenset(
    {
        "all",
        "any",
        "array",
        "as",
        "cast",
        "collate",
        "distinct",
        "escape",
        "exists",
        "filter",
        "from",
        "having",
        "ilike",
        "interval",
        "limit",
        "over",
        "partition",
        "regexp",
        "rlike",
        "select",
        "self",
        "similar",
        "some",
        "union",
        "where",
        "within",
    }
)
# fmt: on
_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<comment>--|/\*)
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<text>'(?:[^']|'')*')
      | (?P<quoted>"[^"]+")
      | (?P<word>[^\W\d]\w*)
      | (?P<symbol><=|>=|<>|!=|//|[-+*/%(),<>=])
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


def columns_of(feature: Feature) -> set[str]:
    """Return the columns that a feature is made from.

    Raises
    ------
    InputError
        When the expression is not one of a single post's values.
    """
    columns, reasons = _scan(feature.expression)
    if reasons:
        raise InputError([_problem(feature, what, hint) for what, hint in reasons])
    return columns


def row_wise(feature: Feature) -> pl.Expr:
    """Return the checked expression, named like the feature, as floats (true is 1, false is 0).

    :func:`evaluate` is the safe way to use it: on columns of small or unsigned integers the
    expression itself would count modulo the type's size.

    Raises
    ------
    InputError
        When the expression is not one of a single post's values or Polars cannot read it.
    """
    import polars as pl

    columns = columns_of(feature)
    try:
        expression = pl.sql_expr(feature.expression)
    except pl.exceptions.PolarsError as error:
        words = str(error).splitlines()[0]
        raise InputError(_problem(feature, f"Polars cannot read it: {words}")) from error
    if set(expression.meta.root_names()) != columns:
        raise InputError(_problem(feature, "this is more than an expression of a post's columns"))
    return expression.cast(pl.Float64).alias(feature.name)


def evaluate(features: Iterable[Feature], table: pl.DataFrame) -> pl.DataFrame:
    """Return the features of every row, one column of floats each; null where they are unknown.

    Numbers are taken as floats whatever type the table stores them in, so the type never changes
    a feature.

    Raises
    ------
    InputError
        When a feature cannot be computed from the table's types, or is infinite or not a number.
    """
    import polars as pl

    wanted = list(features)
    needed = set().union(*(columns_of(feature) for feature in wanted))
    numbers = table.select(c for c in table.columns if c in needed)
    numbers = numbers.with_columns(pl.selectors.numeric().cast(pl.Float64))
    columns, problems = [], []
    for feature in wanted:
        try:
            values = numbers.select(row_wise(feature)).to_series()
        except pl.exceptions.PolarsError as error:
            words = str(error).splitlines()[0]
            problems.append(_problem(feature, f"Polars cannot compute it: {words}"))
            continue
        bad = values.len() - values.is_finite().fill_null(True).sum()
        if bad:
            hint = "Keep ln() and / away from 0, as in ln(1 + likes)"
            problems.append(_problem(feature, f"infinite or undefined in {bad:,} rows", hint))
        columns.append(values)
    if problems:
        raise InputError(problems)
    return pl.DataFrame(columns)


def _problem(feature: Feature, what: str, hint: str | None = None) -> Problem:
    return Problem(what, key=f"features.{feature.name}", value=feature.expression, hint=hint)


def _scan(expression: str) -> tuple[set[str], list[tuple[str, str | None]]]:
    """Return the columns that an expression names, and each reason to refuse it with a hint."""
    tokens = [m for m in _TOKEN.finditer(expression) if m.lastgroup != "space"]
    columns: set[str] = set()
    reasons: dict[str, str | None] = {}
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        word = token.group().lower()
        called = following is not None and following.group() == "("
        match token.lastgroup:
            case "quoted":
                columns.add(token.group()[1:-1])
            case "word" if called and word not in KEYWORDS:
                reasons.update(_refuse_function(word))
            case "word" if word in _QUERY:
                reasons.update(_refuse_word(word, called=False))
            case "word" if word not in KEYWORDS:
                columns.add(token.group())
            case "comment" | "other":
                reasons[f"{token.group()!r} has no place in an expression"] = None
            case "symbol" if word == "//":
                reasons["// is not allowed"] = "Use floor(x / y)"
    if not columns and not reasons:
        reasons["it names no column, so it is the same for every post"] = None
    return columns, list(reasons.items())


def _refuse_function(name: str) -> dict[str, str | None]:
    if name in FUNCTIONS:
        return {}
    if name in _QUERY | _ACROSS_ROWS:
        return _refuse_word(name, called=True)
    return {f"there is no function {name!r}": suggest(name, FUNCTIONS)}


def _refuse_word(word: str, *, called: bool) -> dict[str, str | None]:
    if word in _QUERY:
        return {
            f"{word!r} belongs to a query, not to an expression": None
            if called
            else f'If it is a column, write "{word}" in double quotes'
        }
    what = f"{word!r} is computed over several posts; a feature is made from one post's values"
    instead = {"min": "least(x, y)", "max": "greatest(x, y)"}.get(word)
    return {what: f"Use {instead} for several values of the same post" if instead else None}
