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

FAKE, MEAN, ALIKE, SCORE_ALIKE = (
    "fake_share",
    "fake_share_mean",
    "fake_concentration",
    "score_concentration",
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
        Prior of how well a score tells the real share: it is Beta around it with that alpha + beta.
    """

    parts: tuple[str, ...]
    by: str
    share: Prior
    concentration: Prior
    score: str | None = None
    score_concentration: Prior | None = None

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
        "score_concentration": "with a score: prior of how well it tells the real share: alpha + "
        "beta of a Beta around it",
    }

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the keys of its table in a spec."""
        parts, by = fields.texts("parts"), fields.text("by")
        share = read_prior(fields, "share", UNIT)
        concentration = read_prior(fields, "concentration", POSITIVE)
        score = fields.text("score") if fields.has("score") else None
        alike = None
        if score is not None:
            alike = read_prior(fields, "score_concentration", POSITIVE)
        elif fields.has("score_concentration"):
            what = "there is no score that this could be of"
            fields.notes.add(what, fields.key("score_concentration"), hint="Add a score")
        return cls(parts, by, share, concentration, score, alike)

    def stated(self) -> Iterator[StatedPrior]:
        """Yield its priors."""
        what = f"mean share of fakes over {self.by} levels"
        yield StatedPrior(MEAN, "authenticity.share", self.share, what)
        what = f"how alike the shares of fakes of {self.by} levels are (alpha + beta)"
        yield StatedPrior(ALIKE, "authenticity.concentration", self.concentration, what)
        if self.score_concentration is not None:
            what = f"how well {self.score} tells the real share (alpha + beta)"
            key = "authenticity.score_concentration"
            yield StatedPrior(SCORE_ALIKE, key, self.score_concentration, what)

    def equations(self) -> Iterator[str]:
        """Yield its equations as plain text."""
        of = f"{FAKE}[{self.by}]"
        yield f"{' and '.join(self.parts)} count for (1 - {of}) / (1 - {MEAN}) of what is shown"
        yield f"{of} ~ Beta({MEAN} * {ALIKE}, (1 - {MEAN}) * {ALIKE})"
        if self.score is not None:
            yield f"{self.score} ~ Beta((1 - {of}) * {SCORE_ALIKE}, {of} * {SCORE_ALIKE})"

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
        """Add its unknowns, and the scores where there are any, to a model.

        A score that is Beta(p n, (1 - p) n) tells p about as well as n + 1 trials would.
        """
        mean = make.prior(MEAN, self.share)
        alike = make.prior(ALIKE, self.concentration)
        levels = dim(self.by)
        alpha, beta = mean * alike, (1.0 - mean) * alike
        scores = make.scores()
        if scores is None or self.score_concentration is None:
            make.shares(FAKE, levels, alpha, beta)
            return
        sure = make.prior(SCORE_ALIKE, self.score_concentration)
        trials = 1.0 + sure
        fakes, real = scores.by_level(len(make.levels(self.by)))
        of_fakes = make.data("score_fakes", fakes, levels) * trials
        of_real = make.data("score_real", real, levels) * trials
        fake = make.shares(FAKE, levels, alpha, beta, of_fakes, of_real)
        of = fake[make.positions("scored_levels", scores.levels)]
        values = {"alpha": (1.0 - of) * sure, "beta": of * sure}
        make.observed("score", "Beta", scores.values, "scored", **values)

    def genuine(self, at: At) -> Any:
        """Return each post's genuine share of engagement over the population's; (…, post).

        Rates of likes and comments are so those of shown ones of an average creator, which orders
        tell, and how many of these are real is left to the scores.
        """
        return (1.0 - at.pick(FAKE, self.by)) / (1.0 - at.value(MEAN))
