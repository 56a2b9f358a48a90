"""Authenticity: which share of each creator's engagement is fake?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from attribution.spec.fields import Fields
from attribution.spec.priors import POSITIVE, UNIT, Prior
from attribution.spec.reading import read_prior
from attribution.spec.sections.base import Section
from attribution.spec.statement import StatedPrior
from attribution.spec.terms import At, Make, dim

FAKE, MEAN, ALIKE, SCORE_ALIKE, SCORE_LEVEL = (
    "fake_share",
    "fake_share_mean",
    "fake_concentration",
    "score_concentration",
    "score_level",
)
"""Names of its unknowns in a run."""


@dataclass(frozen=True)
class Authenticity(Section):
    """Fake engagement never converts; each creator has an unknown share of it.

    Parameters
    ----------
    parts
        Parts of the rates mean that can be fake.
    by
        Column whose levels each have their own share.
    share
        Prior of the mean share over the population.
    concentration
        Prior of how alike the shares are: they are Beta with that mean and alpha + beta.
    score
        Column with an audience's credibility, the share of it believed real; None for none.
    score_concentration
        Prior of how little noise scores have: alpha + beta of the Beta that they come from.
    score_level
        Prior of the share of a wholly genuine audience that scores believe real; None for 1.
    """

    parts: tuple[str, ...]
    by: str
    share: Prior
    concentration: Prior
    score: str | None = None
    score_concentration: Prior | None = None
    score_level: Prior | None = None

    name: ClassVar[str] = "authenticity"
    words: ClassVar[str] = "which share of each creator's engagement is fake"
    keys: ClassVar[Mapping[str, str]] = {
        "parts": "parts of the rates mean that can be fake, such as likes and comments",
        "by": "column whose levels each have a share of their own, such as `creator_id`",
        "share": "prior of the mean share of fakes over all such levels",
        "concentration": "prior of how alike their shares are: alpha + beta of the Beta that they "
        "come from",
        "score": "optional: column with the share of an audience believed real, such as "
        "`audience_credibility`",
        "score_concentration": "with a score: prior of how little noise scores have: alpha + beta "
        "of the Beta that they come from",
        "score_level": "with a score, optional: prior of the share of a wholly genuine audience "
        "that scores believe real; 1 where there is none",
    }

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the keys of its table in a spec."""
        parts, by = fields.texts("parts"), fields.text("by")
        share = read_prior(fields, "share", UNIT)
        concentration = read_prior(fields, "concentration", POSITIVE)
        score = fields.text("score") if fields.has("score") else None
        if score is None:
            for key in ("score_concentration", "score_level"):
                if fields.has(key):
                    what = "there is no score that this could be of"
                    fields.notes.add(what, fields.key(key), hint="Add a score")
            return cls(parts, by, share, concentration)
        alike = read_prior(fields, "score_concentration", POSITIVE)
        level = read_prior(fields, "score_level", UNIT) if fields.has("score_level") else None
        return cls(parts, by, share, concentration, score, alike, level)

    def stated(self) -> Iterator[StatedPrior]:
        """Yield its priors."""
        what = f"mean share of fakes over {self.by} levels"
        yield StatedPrior(MEAN, "authenticity.share", self.share, what)
        what = f"how alike the shares of fakes of {self.by} levels are (alpha + beta)"
        yield StatedPrior(ALIKE, "authenticity.concentration", self.concentration, what)
        if self.score_concentration is not None:
            what = f"how little noise {self.score} has (alpha + beta)"
            key = "authenticity.score_concentration"
            yield StatedPrior(SCORE_ALIKE, key, self.score_concentration, what)
        if self.score_level is not None:
            what = f"{self.score} of a wholly genuine audience, noise aside"
            yield StatedPrior(SCORE_LEVEL, "authenticity.score_level", self.score_level, what)

    def equations(self) -> Iterator[str]:
        """Yield its equations as plain text."""
        of = f"{FAKE}[{self.by}]"
        yield f"{' and '.join(self.parts)} count for (1 - {of}) / (1 - {MEAN}) of what is shown"
        yield f"{of} ~ Beta({MEAN} * {ALIKE}, (1 - {MEAN}) * {ALIKE})"
        if self.score is not None:
            seen = "" if self.score_level is None else f" * {SCORE_LEVEL}"
            yield f"{self.score} ~ Beta(p * {SCORE_ALIKE}, (1 - p) * {SCORE_ALIKE})"
            yield f"p = (1 - {of}){seen}"

    @property
    def columns(self) -> Iterator[tuple[str, str]]:
        """Dotted key and name of each column that it needs of the table."""
        if self.score is not None:
            yield "authenticity.score", self.score

    @property
    def groupings(self) -> Iterator[tuple[str, str]]:
        """Dotted key and name of the column whose levels it tells apart."""
        yield "authenticity.by", self.by

    def build(self, make: Make) -> None:
        """Add its unknowns, and the scores where there are any, to a model."""
        alike = make.prior(ALIKE, self.concentration)
        scores = make.scores()
        if scores is None or self.score_concentration is None:
            mean = make.prior(MEAN, self.share)
            make.shares(FAKE, dim(self.by), mean * alike, (1.0 - mean) * alike)
            return
        sure = make.prior(SCORE_ALIKE, self.score_concentration)
        level = 1.0 if self.score_level is None else make.prior(SCORE_LEVEL, self.score_level)
        read = _Reading(make, scores, self.by, sure, level)
        mean = make.share(MEAN, self.share, *read.of_mean(alike))
        alpha, beta = mean * alike, (1.0 - mean) * alike
        fake = make.shares(FAKE, dim(self.by), alpha, beta, *read.trials)
        of = (1.0 - fake[make.positions("scored_levels", scores.levels)]) * level
        values = {"alpha": of * sure, "beta": (1.0 - of) * sure}
        make.observed("score", "Beta", scores.values, "scored", **values)

    def genuine(self, at: At) -> Any:
        """Return each post's genuine share of engagement over the population's; (…, post).

        Rates of likes and comments are so those of shown ones of an average creator, which orders
        tell, and how many of these are real is left to the scores.
        """
        return (1.0 - at.pick(FAKE, self.by)) / (1.0 - at.value(MEAN))


class _Reading:
    """What scores say of shares, roughly: where to look for them, not what they are.

    A score s leaves a standard deviation of sqrt(s (1 - s) / (n + 1)) / level to the share around
    1 - s / level, which is made to stay above 0 by about as much.
    """

    def __init__(self, make: Make, scores: Any, by: str, sure: Any, level: Any) -> None:
        self._f, own = make.f, dim(by)
        values, known = scores.by_level(len(make.levels(by)))
        score = make.data("score_value", values, own)
        self._known = make.data("score_known", known, own)
        self._count = make.data("score_count", known.sum())
        self._room = self._f.sqrt(score * (1.0 - score) / (1.0 + sure)) / level
        real = score / level
        fakes = self._room * self._f.softplus((1.0 - real) / self._room)
        self._share = fakes / (fakes + real)

    @property
    def trials(self) -> tuple[Any, Any]:
        """Trials that would tell each share about as well: fakes, real; (level,)."""
        trials = self._known * self._share * (1.0 - self._share) / self._room**2
        return trials * self._share, trials * (1.0 - self._share)

    def of_mean(self, alike: Any) -> tuple[Any, Any]:
        """Logit of the mean share over creators, and its standard deviation."""
        mean = (self._known * self._share).sum() / self._count
        noise = (self._known * self._room**2).sum() / self._count
        spread = mean * (1.0 - mean)
        variance = (spread / (1.0 + alike) + noise) / self._count
        return self._f.log(mean) - self._f.log1p(-mean), self._f.sqrt(variance) / spread
