"""Everything that decides what a simulated brand is, apart from the seed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from attribution.errors import Problem, raise_if_any
from attribution.simulation.capture import Capture, LiftTests
from attribution.simulation.delay import Delay
from attribution.simulation.fakes import Fakes
from attribution.simulation.population import Population
from attribution.simulation.rates import Rates
from attribution.simulation.values import Values

SEED = 20260101
"""Seed of the shipped samples: a date, not chosen for what it draws."""

MAX_ORDERS = 400_000
"""Orders above which a brand is not made: nobody's export, and slow to join and fit."""

HALF = 0.5
"""Share of creators that have fakes, where only the mean share of fakes is asked for."""

REFUNDS_SD = 0.6
"""Standard deviation between creators of the logit of refunds, where these are asked for."""

Kind = Literal["samples", "null", "prior"]

SAMPLE_RATES = Rates(
    parts=("reach", "likes", "comments"),
    # 5 orders per 10,000 people reached: about 0.01 % of followers for the typical post
    log_rate=-7.6,
    # all three clearly above nothing, none negligible
    shares={"reach": 0.35, "likes": 0.35, "comments": 0.30},
    # small audiences order more readily, unevenly and by less than the strongest study says
    tier_effects={
        "reach": {"nano": 0.3, "micro": 0.1, "mid": -0.1, "macro": -0.3},
        "likes": {"nano": 0.1, "micro": 0.3, "mid": -0.1, "macro": -0.3},
        "comments": {"nano": 0.1, "micro": 0.2, "mid": -0.1, "macro": -0.2},
    },
    creator_sd=0.5,
    inverse_alpha=0.3,
    tier_sd={},
)

SAMPLE_VALUES = Values(
    distribution="log_normal",
    # a net order of 55 EUR, about 65 EUR before the code's discount
    log_mean=4.0,
    tier_effects={"nano": -0.06, "micro": -0.02, "mid": 0.03, "macro": 0.05},
    creator_sd=0.2,
    # log-normal with standard deviation 0.7 of the log
    shape=1.6,
    paying_share=0.94,
    partial_refunds=0.04,
    cents=True,
)

SAMPLE_DELAY = Delay(shape=0.75, mean=4.0)


@dataclass(frozen=True)
class Leaks:
    """Codes that reach coupon sites: bursts of orders by people who saw no post.

    Parameters
    ----------
    creators
        How many creators' codes leak.
    orders
        Expected orders in each burst.
    mean_days
        Mean time from the leak to an order, days.
    """

    creators: int = 3
    orders: float = 80.0
    mean_days: float = 1.0


@dataclass(frozen=True)
class Settings:
    """What a simulated brand is.

    Parameters
    ----------
    kind
        What the parameters are: those of the samples, the samples' without any effect of
        engagement, or a draw from a model's prior.
    population
        Creators, posts and time.
    rates, values, delay
        Parameters of orders, of their value and of the time until they come.
    discounts
        Shares of the gross value that codes take off; one per creator, equally frequent.
    codeless
        Orders without a code per order with one.
    leaks
        None, or the codes that leak.
    fakes
        None, or how much engagement is fake.
    capture
        None where every order that goes with a post has its code and came through it; else which
        have, and which would have come anyway.
    lift_tests
        None, or experiments that measure what campaigns bring.
    max_orders
        A brand with more orders is refused.
    model
        Name of the model whose prior the parameters are drawn from.
    """

    kind: Kind = "samples"
    population: Population = field(default_factory=Population)
    rates: Rates = SAMPLE_RATES
    values: Values = SAMPLE_VALUES
    delay: Delay = SAMPLE_DELAY
    discounts: tuple[float, ...] = (0.10, 0.15)
    codeless: float = 0.25
    leaks: Leaks | None = None
    fakes: Fakes | None = None
    capture: Capture | None = None
    lift_tests: LiftTests | None = None
    max_orders: int = MAX_ORDERS
    model: str | None = None

    def __post_init__(self) -> None:
        known = set(self.values.tier_effects).intersection(*self.rates.tier_effects.values())
        raise_if_any(
            Problem(f"there is no rate for the tier {tier!r}", expected=", ".join(sorted(known)))
            for tier in self.population.tier_counts
            if tier not in known
        )

    @classmethod
    def samples(cls) -> Settings:
        """Return the settings of the shipped samples."""
        return cls()

    def sized(self, creators: int, posts: int) -> Settings:
        """Return the same brand with so many creators and posts."""
        return replace(self, population=replace(self.population, creators=creators, posts=posts))

    def with_leaks(self) -> Settings:
        """Return the same brand with some codes leaked."""
        return replace(self, leaks=Leaks())

    def with_refunds(self, share: float, sd: float = REFUNDS_SD) -> Settings:
        """Return the same brand where so many orders are refunded in full, creators differing.

        ``sd`` is the standard deviation of the logit between creators.
        """
        values = replace(self.values, paying_share=1.0 - share, paying_creator_sd=sd)
        return replace(self, values=values)

    def with_fakes(self, mean: float) -> Settings:
        """Return the same brand where so much of a creator's engagement is fake, on average.

        Half of the creators have fakes, and of their engagement twice that share.
        """
        return replace(self, fakes=Fakes(creators=HALF, share=mean / HALF))

    def with_capture(self, share: float, anyway: float = 0.0) -> Settings:
        """Return the same brand with so many orders recorded, and of buyers who would have come."""
        return replace(self, capture=Capture(share, anyway))

    def with_lift_tests(self, count: int) -> Settings:
        """Return the same brand with experiments on its first campaigns."""
        return replace(self, lift_tests=LiftTests(count))

    def without_engagement(self) -> Settings:
        """Return the same brand where likes and comments carry nothing: all comes from reach."""
        first, *others = self.rates.parts
        shares = {first: 1.0, **dict.fromkeys(others, 0.0)}
        return replace(self, kind="null", rates=replace(self.rates, shares=shares))
