"""Draw the parameters of a brand from the priors of a model spec.

A brand drawn so is one that the model believes in before it sees data, and the share of such
brands in which an interval covers the truth is the interval's probability exactly (Cook, Gelman
& Rubin 2006, *Journal of Computational and Graphical Statistics* 15(3)). What the model takes as
given is not drawn from it: creators, reach, likes, comments, fees, and the delay of orders.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from attribution.errors import InputError, Problem
from attribution.simulation.brand import Brand, simulate_with
from attribution.simulation.capture import Capture
from attribution.simulation.fakes import Fakes
from attribution.simulation.rates import Floats, Rates
from attribution.simulation.settings import Settings
from attribution.simulation.values import Values
from attribution.spec.model import ModelSpec, OrderValue, RatesMean
from attribution.spec.priors import Prior, quantile
from attribution.spec.sections import Authenticity
from attribution.spec.sections import Capture as Section
from attribution.spec.terms import Group

PARTS = ("reach", "likes", "comments")
"""Parts that a simulated brand can have."""


def simulate_from_prior(
    spec: ModelSpec,
    seed: int,
    *,
    creators: int = 60,
    posts_per_creator: float = 10.0,
    settings: Settings | None = None,
) -> Brand:
    """Simulate a brand whose every parameter is drawn from the spec's priors.

    Parameters
    ----------
    spec
        A model with a rates mean over reach, likes and comments.
    seed
        Of the parameters and of everything else.
    creators, posts_per_creator
        How many creators, and posts per creator on average.
    settings
        Everything that the model has no prior for, such as delays; the samples' by default. There
        are no orders without a code.

    Returns
    -------
    Brand
        Its truth holds the drawn parameters.

    Raises
    ------
    InputError
        When the spec is not such a model, or the brand would have more orders than
        ``settings.max_orders``. The latter depends on the orders and not on the parameters, so
        that leaving such brands out keeps the coverage exact.
    """
    rng = np.random.default_rng(seed)
    base = (settings or Settings.samples()).sized(creators, round(creators * posts_per_creator))
    rates, values = draw_prior(spec, tuple(base.population.tier_counts), rng)
    drawn = replace(base, kind="prior", model=spec.name, rates=rates, values=values, codeless=0.0)
    if spec.authenticity is not None:
        drawn = replace(drawn, fakes=_fakes(spec.authenticity, rng))
    if spec.capture is not None:
        drawn = _captured(drawn, spec.capture, rng)
    brand = simulate_with(drawn, rng)
    return replace(brand, truth=replace(brand.truth, seed=seed))


def draw_prior(
    spec: ModelSpec, tiers: Sequence[str], rng: np.random.Generator
) -> tuple[Rates, Values]:
    """Draw the parameters of orders and of their value from a spec's priors.

    Parameters
    ----------
    spec
        A model with a rates mean, a dispersion and an order value.
    tiers
        The tiers that the brand has: deviations add up to 0 over these.

    Raises
    ------
    InputError
        When a part of the spec has no counterpart in simulated brands.
    """
    mean, value = spec.mean, spec.order_value
    dispersion = spec.own["dispersion"].prior if "dispersion" in spec.own else None
    if not isinstance(mean, RatesMean) or dispersion is None or value is None:
        raise InputError(
            Problem(
                f"brands cannot be drawn from the model {spec.name!r}",
                expected="a mean of the form 'rates', a dispersion and an order value",
            )
        )
    _check(mean.parts, (*mean.terms, *value.terms, *value.paying_terms))
    tier_sd, effects = {}, {}
    for part in mean.parts:
        tier_sd[part], effects[part] = _tier_effects(mean.terms, tiers, rng)
    rates = Rates(
        parts=mean.parts,
        log_rate=draw(mean.rate, rng),
        shares=_shares(mean.parts, mean.shares, rng),
        tier_effects=effects,
        creator_sd=_creator_sd(mean.terms, rng),
        inverse_alpha=1.0 / draw(dispersion, rng),
        tier_sd=tier_sd,
    )
    values = Values(
        distribution="gamma",
        log_mean=draw(value.mean, rng),
        tier_effects=_tier_effects(value.terms, tiers, rng)[1],
        creator_sd=_creator_sd(value.terms, rng),
        shape=draw(value.shape, rng),
        paying_share=draw(value.paying_share, rng),
        partial_refunds=0.0,
        cents=False,
        **_refunds(value, tiers, rng),
    )
    return rates, values


def _refunds(value: OrderValue, tiers: Sequence[str], rng: np.random.Generator) -> dict[str, Any]:
    """Draw how the share of paying orders varies; nothing where it does not."""
    drawn: dict[str, Any] = {}
    if any(term.by == "tier" for term in value.paying_terms):
        drawn["paying_tier_effects"] = _tier_effects(value.paying_terms, tiers, rng)[1]
    if any(term.by == "creator_id" for term in value.paying_terms):
        drawn["paying_creator_sd"] = _creator_sd(value.paying_terms, rng)
    if value.paying_concentration is not None:
        drawn["paying_concentration"] = draw(value.paying_concentration, rng)
    return drawn


def _fakes(section: Authenticity, rng: np.random.Generator) -> Fakes:
    """Draw how much engagement is fake.

    A rate per genuine like is drawn, at the posts' mix of genuine engagement, where the model
    states its priors at the mix that is shown; over many creators the two are the same.
    """
    score, level = section.score_concentration, section.score_level
    return Fakes(
        creators=1.0,
        share=draw(section.share, rng),
        concentration=draw(section.concentration, rng),
        credible=1.0 if level is None else draw(level, rng),
        score_concentration=1.0 if score is None else draw(score, rng),
    )


def _captured(settings: Settings, section: Section, rng: np.random.Generator) -> Settings:
    """Draw which orders are recorded; rates were drawn of recorded orders, and are now of all."""
    anyway = 0.0 if section.leaked is None else draw(section.leaked, rng)
    capture = Capture(draw(section.share, rng), anyway)
    log_rate = settings.rates.log_rate - float(np.log(capture.share))
    return replace(settings, capture=capture, rates=replace(settings.rates, log_rate=log_rate))


def draw(prior: Prior, rng: np.random.Generator) -> float:
    """Draw one value from a prior of single values."""
    return quantile(prior, float(rng.random()))


def zero_sum(sd: float, count: int, rng: np.random.Generator) -> Floats:
    """Draw deviations that add up to 0: independent normals less their mean, times ``sd``.

    Each has variance ``sd**2 * (1 - 1 / count)``, as in PyMC's ``ZeroSumNormal``.
    """
    normal = rng.normal(size=count)
    return sd * (normal - normal.mean())


def _shares(parts: Sequence[str], prior: Prior, rng: np.random.Generator) -> dict[str, float]:
    shares = rng.dirichlet(np.full(len(parts), prior.parameters["concentration"]))
    return dict(zip(parts, shares.tolist(), strict=True))


def _tier_effects(
    terms: Iterable[Group], tiers: Sequence[str], rng: np.random.Generator
) -> tuple[float, dict[str, float]]:
    for term in terms:
        if term.by == "tier":
            sd = draw(term.sd_of(term.of[0]), rng)
            return sd, dict(zip(tiers, zero_sum(sd, len(tiers), rng).tolist(), strict=True))
    return 0.0, dict.fromkeys(tiers, 0.0)


def _creator_sd(terms: Iterable[Group], rng: np.random.Generator) -> float:
    for term in terms:
        if term.by == "creator_id":
            return draw(term.sd_of(term.of[0]), rng)
    return 0.0


KNOWN_TERMS = {
    ("tier", ("each part",), "zero_sum"),
    ("creator_id", ("all parts",), "mean_one"),
    ("tier", ("intercept",), "zero_sum"),
    ("creator_id", ("intercept",), "exchangeable"),
}
"""Terms that simulated brands have: by, of, effects."""


def _check(parts: Sequence[str], terms: Iterable[Group]) -> None:
    problems = [
        Problem(f"simulated posts have no {part!r}", key="mean.parts", expected=", ".join(PARTS))
        for part in parts
        if part not in PARTS
    ]
    problems += [
        Problem(
            f"simulated brands have no {term.effects} effects of {term.by} on {term.of[0]}",
            expected="differences by tier (zero_sum) and by creator_id, as in models/additive.toml",
        )
        for term in terms
        if (term.by, term.of, term.effects) not in KNOWN_TERMS
    ]
    if problems:
        raise InputError(problems)
