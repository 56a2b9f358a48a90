"""Experiments: what lift tests measured, as extra likelihood on the orders of their posts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from attribution.spec.families import Given
from attribution.spec.fields import Fields
from attribution.spec.links import Functions
from attribution.spec.priors import POSITIVE, Prior
from attribution.spec.reading import read_prior
from attribution.spec.sections.base import Array, Section, Value
from attribution.spec.statement import StatedPrior
from attribution.spec.terms import Make

INCREMENTAL, LIFT = "incremental", "lift"
"""Names of its unknown and of its data in a run."""


@dataclass(frozen=True)
class LiftTest:
    """One lift test: the orders that would not have come without some posts.

    Parameters
    ----------
    name
        What it is called.
    posts
        Which posts it is of: a condition on the columns of a post, as Polars SQL.
    estimate, standard_error
        Orders that those posts brought in all, and the standard error of that.
    """

    name: str
    posts: str
    estimate: float
    standard_error: float


@dataclass(frozen=True)
class Experiments(Section):
    """Lift tests of named sets of posts.

    A test's estimate is normal around the orders that its posts brought: those that go with
    recorded ones times how many come for each of them, which is 1, an unknown with a prior, or what
    ``[capture]`` says. The posts of a test are the posts of the table, whose recorded orders are
    known, so a test shares their luck; see :func:`realised`.

    Parameters
    ----------
    tests
        The tests.
    incremental
        Prior of the incremental orders for each recorded one: below 1 where buyers would have come
        anyway, above 1 where codes and links miss buyers; None takes it as 1, or from
        ``[capture]``.
    """

    tests: tuple[LiftTest, ...]
    incremental: Prior | None = None

    name: ClassVar[str] = "experiments"
    words: ClassVar[str] = "what lift tests say of the orders that posts bring"
    keys: ClassVar[Mapping[str, str]] = {
        "incremental": "optional: prior of the incremental orders for each recorded order; "
        "without it a recorded order is an incremental one, or `[capture]` says how many are",
        "tests": "the tests, each a table `[[experiments.tests]]`",
        "tests.name": "what the test is called",
        "tests.posts": "which posts it is of, as a condition on columns: `\"campaign = 'spring'\"`",
        "tests.estimate": "orders that would not have come without those posts, by the test: "
        "whenever they came, recorded or not, refunded later or not",
        "tests.standard_error": "the standard error of that, above 0",
    }

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the keys of its table in a spec."""
        incremental = None
        if fields.has("incremental"):
            incremental = read_prior(fields, "incremental", POSITIVE)
        tests = tuple(_test(table) for table in fields.tables("tests"))
        if not tests:
            what, key = "there are no tests", fields.key("tests")
            fields.notes.add(what, key, expected=f"a table [[{key}]] for each lift test")
        for index, test in enumerate(tests):
            if test.name and test.name in (other.name for other in tests[:index]):
                what = f"a second test called {test.name!r}"
                fields.notes.add(what, f"{fields.key('tests')}[{index}].name")
        return cls(tests, incremental)

    def stated(self) -> Iterator[StatedPrior]:
        """Yield its prior."""
        if self.incremental is not None:
            what = "incremental orders for each recorded order"
            yield StatedPrior(INCREMENTAL, "experiments.incremental", self.incremental, what)

    def equations(self) -> Iterator[str]:
        """Yield its equations as plain text."""
        factor = "" if self.incremental is None else f"{INCREMENTAL} * "
        mean = f"{factor}sum of mu * g over the test's posts"
        yield f"estimate of a lift test ~ Normal({mean}, standard_error)"
        yield "g is a post's own luck, of mean 1, told by its recorded orders"

    def build(self, make: Make) -> None:
        """Add its unknown to a model."""
        if self.incremental is not None:
            make.prior(INCREMENTAL, self.incremental)

    def brought(self, value: Value) -> Array | None:
        """Return the incremental orders for each recorded one; None where nothing is said."""
        return None if self.incremental is None else value(INCREMENTAL)

    def observe(self, f: Functions, make: Make, brought: Array, variance: Array) -> None:
        """Add the tests' estimates to a model.

        Parameters
        ----------
        brought, variance
            Orders that each test's posts brought, and what the posts' luck leaves open of that;
            (test,).
        """
        errors = [test.standard_error for test in self.tests]
        spread = f.sqrt(make.data("lift_standard_error", errors, "test") ** 2 + variance)
        estimates = [test.estimate for test in self.tests]
        make.observed(LIFT, "Normal", estimates, "test", mu=brought, sigma=spread)


def realised(
    f: Functions, given: Given, orders: Array, credited: Array | float
) -> tuple[Array, Array]:
    """Return mean and variance of what posts brought, given their recorded orders; (…, post).

    A post brings Poisson orders with mean m g, its luck g being Gamma(alpha, alpha). With n
    orders counted of a share c that can be, g is Gamma(alpha + n, alpha + c m), by conjugacy. A
    lift test of twenty posts measures twenty lucks that the recorded orders share: compared with
    m in place of m g, it would be off by their luck, which its standard error does not hold.

    Parameters
    ----------
    given
        What orders depend on.
    orders, credited
        Counted orders n, and the share c of a post's orders that are counted; (post,).
    """
    mean, alpha = given.mean, given.own.get("dispersion")
    if alpha is None:
        lucky, open_ = mean, 0.0 * mean
        log_none = -mean
    else:
        rate = alpha + credited * mean
        lucky = mean * (alpha + orders) / rate
        open_ = lucky * mean / rate
        log_none = -alpha * f.log1p(mean / alpha)
    if "zero_inflation" not in given.own:
        return lucky, open_
    idle = given.own["zero_inflation"]
    none = (1.0 - idle) * f.exp(log_none)
    active = f.where(orders > 0, 1.0, none / (idle + none))
    return active * lucky, active * open_ + active * (1.0 - active) * lucky**2


def _test(table: Fields) -> LiftTest:
    name, posts = table.text("name"), table.text("posts")
    estimate, error = table.number("estimate"), table.number("standard_error")
    if error is not None and error <= 0:
        key = table.key("standard_error")
        table.notes.add("impossible value", key, value=error, expected="a number above 0")
    table.done()
    return LiftTest(name, posts, estimate or 0.0, error or 1.0)
