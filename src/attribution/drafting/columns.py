"""What each column of a table may tell a first model, and why it is left out where it may not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from attribution.drafting.outcome import EXPOSURES, skewness
from attribution.personal import may_be_personal
from attribution.spec.defaults import DEFAULT
from attribution.spec.expressions import ACROSS_ROWS, FUNCTIONS, KEYWORDS, QUERY
from attribution.spec.model import Feature, Outcome
from attribution.spec.names import RESERVED
from attribution.spec.terms import INTERCEPT, Categorical, Group, Linear, Term, dim
from attribution.spec.transforms import evaluate

FEW_LEVELS = 12
"""Most levels of a text that are compared without pooling."""

REPEATS = 2.0
"""Fewest posts per level, on average, of a text or an id whose levels are pooled."""

MOST_FEATURES = 20
"""Most features of a first model."""

KEEP = 0.8
"""Least share of the posts that must be left once those with empty cells are set aside."""

SKEWED = 1.0
"""Skewness from which the logarithm of an amount is taken, if it is at most half as skewed."""

ALIKE = 0.99
"""Correlation from which two features are one."""

ITSELF = 0.999
"""Correlation with the outcome from which a column is taken for the outcome under another name."""

ID = re.compile(
    r"(?i:(^|[^A-Za-z0-9])(id|idx|index|row|rowid|uuid|key|nr|no|url|link)$)|[a-z](ID|Id)$"
)
"""Names of columns whose values only name something."""

POST = "post_id"

SET_APART = {
    **dict.fromkeys(
        ("conversions", "paying_orders", "net_revenue"), "comes after the post, like the outcome"
    ),
    **dict.fromkeys(("fee", "product_cost", "commission", "management_cost"), "a cost, for ROI"),
    **dict.fromkeys(
        ("collect_days", "carry_posts", "carry_shares", "currency"), "used without being named"
    ),
}
"""Canonical columns that are no predictors, with the reason."""


@dataclass
class Chosen:
    """Terms and features that were chosen, with a comment each, and what was left out and why."""

    features: list[Feature] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def choose_terms(frame: pl.DataFrame, outcome: Outcome) -> Chosen:
    """Choose a term for every column that can have one, in the order of the table.

    Parameters
    ----------
    frame
        One row per post.
    outcome
        What the model explains; its columns are no predictors.
    """
    return _Choice(frame, outcome).made()


class _Choice:
    """One pass over the columns of a table."""

    def __init__(self, frame: pl.DataFrame, outcome: Outcome) -> None:
        self._frame, self._outcome, self._chosen = frame, outcome, Chosen()
        self._used = {outcome.column, outcome.exposure, outcome.trials}
        self._values: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._whole = frame.get_column(outcome.column).is_not_null()
        self._posts = max(int(self._whole.sum()), 1)

    def made(self) -> Chosen:
        """Return terms of engagement, numbers, kinds and groups, in that order."""
        self._engagement()
        kinds: list[Term] = []
        for name in self._frame.columns:
            if name not in self._used | {POST} and (reason := self._unusable(name)):
                self._chosen.left_out[name] = reason
            elif name not in self._used | {POST}:
                kinds += self._term(name)
        kinds = self._apart(kinds)
        # Differences first, then what is pooled: tiers, others, creators.
        order = {"tier": 1, "creator_id": 3}
        kinds.sort(key=lambda t: 0 if isinstance(t, Categorical) else order.get(t.columns[0], 2))
        self._chosen.terms += kinds
        return self._chosen

    def _apart(self, kinds: list[Term]) -> list[Term]:
        """Leave out differences that another column's levels tell already: no data part the two."""
        kept = list(kinds)
        for term in kinds:
            others = [t.by for t in kept if isinstance(t, Categorical) and t is not term]
            finer = [
                by for by in others if isinstance(term, Categorical) and self._tells(by, term.by)
            ]
            if finer:
                kept.remove(term)
                self._chosen.left_out[term.columns[0]] = f"follows from {finer[0]}"
        return kept

    def _tells(self, finer: str, column: str) -> bool:
        """Whether a post's level of one column says which level of another it has."""
        both = self._frame.select(finer, column).drop_nulls()
        return both.n_unique() == both.get_column(finer).n_unique()

    def _engagement(self) -> None:
        """Likes and comments as volume and conversation, as the engagement model has them."""
        shown = [c for c in ("likes", "comments") if c not in self._used and self._varies(c)]
        per = self._outcome.exposure
        if not shown:
            return
        first = shown[0]
        volume = f"ln((1 + {first}) / {self._divisor(per)})" if per else f"ln(1 + {first})"
        words = f"How much engagement there is: {first}{f' per unit of {per}' if per else ''}."
        self._linear("volume", volume, words)
        if len(shown) > 1:
            words = (
                "Of which kind it is: comments per like. Likes and comments move together, so "
                "that two slopes on their counts could not be told apart."
            )
            self._linear("conversation", "ln((1 + comments) / (1 + likes))", words)
        latent = per is not None and self._outcome.distribution.streams
        for column in shown:
            self._chosen.missing[column] = "latent" if latent else "set_aside"
            if not latent:
                self._whole &= self._frame.get_column(column).is_not_null()
        self._used |= set(shown)

    def _divisor(self, exposure: str) -> str:
        """Return the exposure, or one more where some posts have none."""
        none = self._frame.get_column(exposure) <= 0
        return f"(1 + {quoted(exposure)})" if none.any() else quoted(exposure)

    def _varies(self, name: str) -> bool:
        return (
            name in self._frame.columns and self._frame.get_column(name).drop_nulls().n_unique() > 1
        )

    def _unusable(self, name: str) -> str | None:
        """Return why a column can be no predictor whatever its values."""
        values = self._frame.get_column(name)
        if name in SET_APART:
            return SET_APART[name]
        if name in EXPOSURES and self._outcome.exposure is not None:
            return f"counts people, as {self._outcome.exposure} does"
        if may_be_personal(name):
            return "may be personal data"
        if '"' in name or ":" in name:
            return "its name cannot stand in a spec"
        if values.dtype.is_temporal() or values.dtype.is_nested():
            return "a time or a list; make a number of it under [features] to use it"
        if values.drop_nulls().n_unique() < 2:
            return "the same for all posts"
        left = self._whole & values.is_not_null()
        if left.sum() < KEEP * self._posts:
            return f"empty for {1 - (values.is_not_null()).mean():.0%} of the posts"  # type: ignore[operator]
        return None

    def _term(self, name: str) -> Iterator[Term]:
        """Yield the term for the levels of a column, or add a number's to the terms."""
        values = self._frame.get_column(name).drop_nulls()
        number = values.dtype.is_numeric() or values.dtype == pl.Boolean
        if number and not ID.search(name):
            self._number(name, values)
        elif found := self._levels(name, values):
            self._whole &= self._frame.get_column(name).is_not_null()
            yield found

    def _levels(self, name: str, values: pl.Series) -> Term | None:
        count, posts = values.n_unique(), len(values)
        taken = {*RESERVED, *(dim(c) for t in self._chosen.terms for c in t.columns)}
        if dim(name) in taken:
            self._chosen.left_out[name] = "its name has another meaning in a run"
            return None
        if name != "tier" and posts < REPEATS * count:
            self._chosen.left_out[name] = f"{count:,} different values in {posts:,} posts"
            return None
        if name == "tier":
            self._say(
                f"group {name}", "Tiers are all there are, so that their effects add up to 0."
            )
            return Group(name, (INTERCEPT,), "zero_sum", DEFAULT)
        if count <= FEW_LEVELS and name != "creator_id" and not ID.search(name):
            first = (
                values.cast(pl.String)
                .value_counts(sort=True, name="n")
                .sort(["n", name], descending=[True, False])
            )
            most = str(first.item(0, 0))
            words = f"{count} kinds, each compared with the most frequent one."
            self._say(f"categorical {name}", words)
            return Categorical(name, INTERCEPT, most, DEFAULT)
        what = "creators" if name == "creator_id" else f"levels of {name}"
        words = f"{count:,} {what}, taken for a sample of many: each learns from the others."
        self._say(f"group {name}", words)
        return Group(name, (INTERCEPT,), "exchangeable", DEFAULT)

    def _number(self, name: str, values: pl.Series) -> None:
        numbers = values.cast(pl.Float64).to_numpy()
        if not np.isfinite(numbers).all():
            self._chosen.left_out[name] = "holds values that are no finite number"
            return
        if sorted(numbers) == list(range(int(numbers.min()), int(numbers.min()) + len(numbers))):
            self._chosen.left_out[name] = "numbers the rows"
            return
        if len(self._chosen.features) >= MOST_FEATURES:
            self._chosen.left_out[name] = f"a first model has {MOST_FEATURES} features at most"
            return
        label, expression, words = describe(name, numbers)
        taken = {*RESERVED, *self._frame.columns, *self._values}
        self._linear(unused(label, taken), expression, words, name)

    def _linear(self, label: str, expression: str, words: str, column: str | None = None) -> None:
        """Add a feature and its slope, unless it says what another one says, or the outcome."""
        feature = Feature(label, expression)
        if column is not None:
            values = evaluate([feature], self._frame).to_series().to_numpy()
            if reason := self._again(label, values, column):
                self._chosen.left_out[column] = reason
                return
            empty = self._frame.get_column(column).null_count()
            if empty:
                self._chosen.missing[column] = "set_aside"
                self._whole &= self._frame.get_column(column).is_not_null()
        self._chosen.features.append(feature)
        self._chosen.terms.append(Linear(label, DEFAULT))
        self._say(f"feature {label}", words)

    def _again(self, name: str, values: np.ndarray, column: str) -> str | None:
        own = self._frame.get_column(column).cast(pl.Float64).to_numpy()
        outcome = self._frame.get_column(self._outcome.column).cast(pl.Float64).to_numpy()
        if abs(correlation(own, outcome)) > ITSELF:
            return "all but the outcome itself"
        for other, (raw, there) in self._values.items():
            if max(abs(correlation(values, there)), abs(correlation(own, raw))) > ALIKE:
                return f"says what {other} says"
        self._values[name] = own, values
        return None

    def _say(self, place: str, words: str) -> None:
        self._chosen.words[place] = words


def describe(name: str, numbers: np.ndarray) -> tuple[str, str, str]:
    """Return name, expression and comment of a column's feature."""
    column, label = quoted(name), slug(name)
    if set(np.unique(numbers)) <= {0.0, 1.0}:
        return f"is_{label}", column, f"{name} is 1 or 0: the slope is the difference between them."
    if numbers.min() >= 0 and skewness(numbers) > SKEWED:
        log, expression = np.log1p(numbers), f"ln(1 + {column})"
        if numbers.min() > 0:
            log, expression = np.log(numbers), f"ln({column})"
        if abs(skewness(log)) < skewness(numbers) / 2.0:
            words = f"{name} is far from symmetric ({_span(numbers)}), so its logarithm is taken."
            return f"log_{label}", expression, words
    levels = len(np.unique(numbers))
    also = ""
    if levels <= FEW_LEVELS and (numbers == np.floor(numbers)).all():
        also = " If its numbers only name kinds, use a term of kind categorical instead."
    return f"{label}_value", column, f"{name} as it is ({_span(numbers)}).{also}"


def _span(numbers: np.ndarray) -> str:
    low, middle, high = (short(v) for v in (numbers.min(), np.median(numbers), numbers.max()))
    return f"{low} to {high}, median {middle}"


def short(value: float) -> str:
    """Return a number with two or three digits, every one from 100 on."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2g}"


def quoted(name: str) -> str:
    """Return a column as an expression names it, in double quotes where it is no plain word."""
    words = {*KEYWORDS, *QUERY, *FUNCTIONS, *ACROSS_ROWS}
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) and name.lower() not in words
    return name if plain else f'"{name}"'


def slug(name: str) -> str:
    """Return a name of small letters, digits and _, beginning with a letter."""
    found = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "column"
    return found if found[0].isalpha() else f"x_{found}"


def unused(name: str, taken: set[str]) -> str:
    """Return a name that is not taken yet, with a number behind it if need be."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return the correlation over the rows where both are known; 0 where there is none."""
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < 3 or np.ptp(a[both]) == 0 or np.ptp(b[both]) == 0:
        return 0.0
    return float(np.corrcoef(a[both], b[both])[0, 1])
