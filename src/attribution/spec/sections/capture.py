"""Capture: which share of the orders that posts bring do codes and links record?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from attribution.spec.fields import Fields
from attribution.spec.priors import UNIT, Prior
from attribution.spec.reading import read_prior
from attribution.spec.sections.base import Array, Section, Value
from attribution.spec.statement import StatedPrior
from attribution.spec.terms import Make

SHARE, LEAKED = "capture_share", "leaked_share"
"""Names of its unknowns in a run."""

MOST = (0, 1_000_000_000)


@dataclass(frozen=True)
class Survey:
    """Buyers who say that a post brought them, and how many of their orders were recorded.

    Parameters
    ----------
    buyers
        Buyers who named a creator when asked after their purchase.
    recorded
        Those among them whose order has the creator's code or link.
    """

    buyers: int
    recorded: int


@dataclass(frozen=True)
class Capture(Section):
    """Recorded orders are a thinned count of the orders that posts bring.

    If a post brings N ~ NegativeBinomial(m, alpha) orders of which each is recorded with
    probability c, recorded ones are NegativeBinomial(c m, alpha): thinning a Poisson stream scales
    its rate and leaves its gamma mixing alone. The counts so tell c m and nothing of c, which is
    why c comes from a survey, an experiment or its prior alone.

    Parameters
    ----------
    share
        Prior of c, the share of the orders brought that is recorded.
    leaked
        Prior of the share of recorded orders that the posts did not bring, such as codes found on
        a coupon site; None takes it as 0.
    survey
        What a post-purchase survey counted; None without one.
    """

    share: Prior
    leaked: Prior | None = None
    survey: Survey | None = None

    name: ClassVar[str] = "capture"
    words: ClassVar[str] = "which share of the orders that posts bring is recorded"
    keys: ClassVar[Mapping[str, str]] = {
        "share": "prior of the share of the orders that posts bring which codes and links record",
        "leaked": "optional: prior of the share of recorded orders that the posts did not bring",
        "survey": "optional: `{ buyers = 200, recorded = 60 }`, buyers who named a creator when "
        "asked, and those of them whose order was recorded",
    }

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the keys of its table in a spec."""
        share = read_prior(fields, "share", UNIT)
        leaked = read_prior(fields, "leaked", UNIT) if fields.has("leaked") else None
        return cls(share, leaked, _survey(fields) if fields.has("survey") else None)

    def stated(self) -> Iterator[StatedPrior]:
        """Yield its priors."""
        what = "share of the orders that posts bring which is recorded"
        yield StatedPrior(SHARE, "capture.share", self.share, what)
        if self.leaked is not None:
            what = "share of recorded orders that the posts did not bring"
            yield StatedPrior(LEAKED, "capture.leaked", self.leaked, what)

    def equations(self) -> Iterator[str]:
        """Yield its equations as plain text."""
        kept = "" if self.leaked is None else f" * (1 - {LEAKED})"
        yield f"orders that posts bring, recorded or not = recorded orders{kept} / {SHARE}"
        if self.survey is not None:
            yield f"recorded buyers of the survey ~ Binomial(buyers, {SHARE})"

    def build(self, make: Make) -> None:
        """Add its unknowns and the survey to a model."""
        share = make.prior(SHARE, self.share)
        if self.leaked is not None:
            make.prior(LEAKED, self.leaked)
        if self.survey is not None:
            buyers = make.data("survey_buyers", self.survey.buyers)
            make.observed("survey", "Binomial", self.survey.recorded, None, n=buyers, p=share)

    def brought(self, value: Value) -> Array:
        """Return the orders that posts bring for each recorded one."""
        brought = 1.0 / value(SHARE)
        return brought if self.leaked is None else brought * (1.0 - value(LEAKED))


def _survey(fields: Fields) -> Survey | None:
    table = fields.table("survey")
    if table is None:
        return None
    for key in ("buyers", "recorded"):
        if not table.has(key):
            table.notes.add("the key is missing", table.key(key), expected="a whole number")
    survey = Survey(table.whole("buyers", MOST, 0), table.whole("recorded", MOST, 0))
    if survey.recorded > survey.buyers:
        what = "more buyers were recorded than there were"
        expected = f"at most {survey.buyers}"
        table.notes.add(what, table.key("recorded"), value=survey.recorded, expected=expected)
    table.done()
    return survey
