"""A mean of daily sales: a baseline, and what posts bring on their day and on the days after.

    mean[day] = (1 - halo_share) exp(sum of terms)
                + sum over parts k and lags l of rate[k] w[l] reach[k, day - l]

with the weights w of an adstock. The terms are of sales as they usually are, posts included, which
the data tell well, so that a larger halo leaves less for the baseline. All posts bring the share
``halo_share`` of average daily sales at the table's average daily reach, and rates differ between
parts by pooled effects, so

    rate[k] = halo_share * average daily sales * exp(effect[k])
              / sum over parts j of exp(effect[j]) * average daily reach[j].

A share can be as near to 0 as the data say: where posts bring nothing, the prior does not insist.
No part has a higher rate than another before the data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from attribution.spec.adstock import ADSTOCKS, Adstock, Ages, Array
from attribution.spec.families import FAMILIES
from attribution.spec.fields import Fields, Notes
from attribution.spec.links import Functions
from attribution.spec.model import ModelSpec, Predictor
from attribution.spec.priors import POSITIVE, UNIT, Prior
from attribution.spec.reading import read_prior
from attribution.spec.statement import StatedPrior
from attribution.spec.terms import Make, read_terms

FORM = "halo"
"""Name of this form of the mean in a spec."""

TOTAL, SD, EFFECT, STANDARD = "halo_share", "part_sd", "part_effect", "part_z"
"""Names of the unknowns in a run."""

SPREAD = Prior("half_normal", {"sigma": 0.5})
"""Default prior of the standard deviation of log rates between parts."""

DAYS = (1, 400)
USUAL_DAYS = 42


class Days(Protocol):
    """The days at which effects are added up; every array has the days as its last dim."""

    ages: Ages
    """Logarithms of the ages at which days after a post begin and end."""

    def value(self, name: str) -> Array:
        """Return an unknown that is one number; draws as a column."""

    def effect(self, part: int) -> Array:
        """Return the deviation of a part's log rate."""

    def mix(self, part: int) -> Array:
        """Return a part's share of average reach, a known number."""

    def lagged(self, part: str, weights: Array) -> Array:
        """Return the reach of a part on the days before, weighted by lag.

        In units in which all parts' average over the table is that of the sales.
        """


@dataclass(frozen=True, kw_only=True)
class HaloMean(Predictor):
    """Usual sales, as terms with a log link, split into a baseline and what posts bring.

    Parameters
    ----------
    day
        Column with the day of each row.
    parts
        Columns with what posts of that day reached, such as one for each tier.
    halo_share
        Prior of the posts' share of average daily sales, at average daily reach.
    sd
        Prior of the standard deviation of log rates between parts.
    adstock
        How effects wear off.
    days
        Days after a post on which it has an effect, its own included.
    """

    day: str
    parts: tuple[str, ...]
    halo_share: Prior
    adstock: Adstock
    sd: Prior = SPREAD
    days: int = USUAL_DAYS

    of: ClassVar[str] = "usual"
    keys: ClassVar[Mapping[str, str]] = {
        "day": "column with the day of each row: dates that follow one another without a gap",
        "parts": "columns with what the posts of each day reached, such as one for each tier",
        "halo_share": "prior of the posts' share of average daily sales",
        "sd": "prior of the standard deviation of the parts' log rates; "
        f"half_normal(sigma = {SPREAD.parameters['sigma']}) if left out",
        "adstock": "how effects wear off: its `kind` and its priors",
        "days": f"days on which a post has an effect, its own included ({USUAL_DAYS} if left out)",
        "terms": "usual sales: terms as of a linear mean with a log link",
    }

    def stated(self, outcome: str) -> Iterator[StatedPrior]:
        """Yield its priors, those of the baseline aside."""
        yield StatedPrior(
            TOTAL,
            f"mean.{TOTAL}",
            self.halo_share,
            f"{outcome} through posts at average daily reach, as a share of average {outcome}",
        )
        if len(self.parts) > 1:
            words = "standard deviation of log rates between parts"
            yield StatedPrior(SD, "mean.sd", self.sd, words)
        yield from self.adstock.stated()

    def equations(self, outcome: str) -> Iterator[str]:
        """Yield its equations as plain text, that of the baseline aside."""
        yield (
            f"mean = (1 - {TOTAL}) * {self.of}"
            " + sum over parts and lags of rate[part] * w[lag] * part[day - lag]"
        )
        total = f"{TOTAL} * average {outcome}"
        if len(self.parts) > 1:
            below = f"sum over parts of exp({EFFECT}[part]) * average of the part"
            yield f"rate[part] = {total} * exp({EFFECT}[part]) / ({below})"
            yield f"{EFFECT}[part] ~ Normal(0, {SD}), adding up to 0 over the parts"
        else:
            yield f"rate[part] = {total} / average of the part"
        yield f"w[lag] = (S(lag) - S(lag + 1)) / (1 - S({self.days})), lag = 0 to {self.days - 1}"
        yield f"S(age) = {self.adstock.equation}"

    def columns(self) -> Iterator[tuple[str, str]]:
        """Yield dotted key and name of each column that it needs beside those of its terms."""
        yield "mean.day", self.day
        yield from ((f"mean.parts[{i}]", part) for i, part in enumerate(self.parts))

    def build(self, make: Make) -> None:
        """Add its unknowns, those of the baseline aside, to a model."""
        make.prior(TOTAL, self.halo_share)
        if len(self.parts) > 1:
            spread = make.prior(SD, self.sd)
            standard = make.zero_sum_normal(STANDARD, 1.0, "part")
            make.deterministic(EFFECT, spread * standard, "part")
        for stated in self.adstock.stated():
            make.prior(stated.parameter, stated.prior)

    def baseline(self, usual: Array, at: Days) -> Array:
        """Return expected sales of each day without posts, given the usual ones; (…, day)."""
        return (1.0 - at.value(TOTAL)) * usual

    def carried(self, f: Functions, at: Days) -> list[Array]:
        """Return what posts are expected to bring on each day, part by part; each (…, day)."""
        weights = self.adstock.weights(f, at.ages, at.value)
        return [
            rate * at.lagged(part, weights)
            for rate, part in zip(self.rates(f, at), self.parts, strict=True)
        ]

    def rates(self, f: Functions, at: Days) -> list[Array]:
        """Return what a unit of each part's reach brings, in the units of ``Days.lagged``."""
        total = at.value(TOTAL)
        if len(self.parts) == 1:
            return [total]
        factors = [f.exp(at.effect(k)) for k in range(len(self.parts))]
        average = sum(at.mix(k) * factor for k, factor in enumerate(factors))
        return [total * factor / average for factor in factors]


def read_halo(table: Fields) -> HaloMean | None:
    """Read a halo mean, or return None after noting why there is none."""
    adstock = _adstock(table)
    found: dict[str, Any] = {
        "day": table.text("day"),
        "parts": table.texts("parts"),
        "halo_share": read_prior(table, TOTAL, UNIT),
        "sd": read_prior(table, "sd", POSITIVE, SPREAD),
        "days": table.whole("days", DAYS, USUAL_DAYS),
        "terms": read_terms(table, "linear"),
    }
    return None if adstock is None else HaloMean(link="log", adstock=adstock, **found)


def _adstock(table: Fields) -> Adstock | None:
    fields = table.table("adstock")
    kind = None if fields is None else fields.choice("kind", ADSTOCKS, "adstock")
    if fields is None or kind is None:
        return None
    adstock = ADSTOCKS[kind].read(fields)
    fields.done()
    return adstock


def check_halo(spec: ModelSpec, notes: Notes) -> None:
    """Note every rule that a halo mean breaks."""
    mean = spec.mean
    if not isinstance(mean, HaloMean):
        return
    outcome = spec.outcome
    if not outcome.distribution.streams:
        what = f"a halo mean has no family {outcome.family!r}"
        families = (family.name for family in FAMILIES.values() if family.streams)
        notes.add(what, "outcome.family", expected=" or ".join(families))
    if outcome.exposure is not None:
        what, hint = "daily sales are not proportional to an exposure", "Remove it"
        notes.add(what, "outcome.exposure", value=outcome.exposure, hint=hint)
    for section in spec.sections:
        what = f"a halo mean is of days, and [{section.name}] of posts"
        notes.add(what, section.name, hint="Remove one of the two")
    if spec.order_value is not None:
        notes.add("a halo mean has no order value", "order_value", hint="Remove it")
    taken = [outcome.column, mean.day]
    for index, part in enumerate(mean.parts):
        if part in taken:
            notes.add(f"{part!r} cannot be a part", f"mean.parts[{index}]")
        if part in mean.parts[:index]:
            notes.add(f"the part {part!r} is there twice", f"mean.parts[{index}]")
