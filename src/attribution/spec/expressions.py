"""The closed table of what a feature's expression may hold, and the check that nothing else does.

An expression is read token by token before Polars sees it. Only registered functions may be
called, each of which works row by row, and no word of a query is let through: what is left is
row-wise by construction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from attribution.errors import suggest

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

# fmt: off
KEYWORDS = frozenset({
    "and", "between", "case", "else", "end", "false", "in", "is", "like", "not", "null", "or",
    "then", "true", "when",
})
"""Words of SQL that an expression may hold; every other bare word is a column."""

ACROSS_ROWS = frozenset({
    "array_agg", "avg", "corr", "count", "covar", "dense_rank", "first", "lag", "last", "lead",
    "max", "mean", "median", "min", "mode", "quantile", "quantile_cont", "quantile_disc", "rank",
    "row_number", "std", "stddev", "string_agg", "sum", "unnest", "var", "variance",
})
"""Functions of SQL that would read other rows, refused with a word on why."""

QUERY = frozenset({
    "all", "any", "array", "as", "cast", "collate", "distinct", "escape", "exists", "filter",
    "from", "having", "ilike", "interval", "limit", "over", "partition", "regexp", "rlike",
    "select", "self", "similar", "some", "union", "where", "within",
})
"""Words of SQL that belong to a query or a type, not to an expression of numbers."""
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

Reason = tuple[str, str | None]
"""Why an expression is refused, and a hint."""


def scan(expression: str) -> tuple[set[str], tuple[Reason, ...]]:
    """Return the columns that an expression names, and every reason to refuse it."""
    tokens = [token for token in _TOKEN.finditer(expression) if token.lastgroup != "space"]
    texts = [token.group() for token in tokens]
    columns: set[str] = set()
    reasons: list[Reason] = []
    for token, text, following in zip(tokens, texts, [*texts[1:], ""], strict=True):
        called = following == "(" and text.lower() not in KEYWORDS
        if token.lastgroup in {"word", "quoted"} and called:
            reasons += _refuse_call(text.lower())
        elif token.lastgroup == "word" and text.lower() in QUERY:
            reasons += _refuse_word(text.lower())
        elif token.lastgroup == "word" and text.lower() not in KEYWORDS:
            columns.add(text)
        elif token.lastgroup == "quoted":
            columns.add(text[1:-1])
        elif token.lastgroup in {"comment", "other"} or text == "//":
            reasons.append((f"{text!r} has no place in an expression", None))
    if not columns and not reasons:
        reasons.append(("it names no column, so it is the same for every post", None))
    return columns, tuple(dict.fromkeys(reasons))


def _refuse_call(name: str) -> Iterator[Reason]:
    if name in QUERY:
        yield f"{name!r} belongs to a query, not to an expression", None
    elif name in ACROSS_ROWS:
        instead = {"min": "least(x, y)", "max": "greatest(x, y)"}.get(name)
        yield (
            f"{name!r} is computed over several posts; a feature is made from one post's values",
            f"For several values of one post, use {instead}" if instead else None,
        )
    elif name not in FUNCTIONS:
        yield f"there is no function {name!r}", suggest(name, FUNCTIONS)


def _refuse_word(word: str) -> Iterator[Reason]:
    what = f"{word!r} belongs to a query, not to an expression"
    yield what, f'If it is a column, write "{word}" in double quotes'
