"""The closed table of families, distributions of the outcome: one entry each.

A family says everything about itself: words and equation, which links and own parameters it has,
its log density, how to draw from it and its expected value. The log density is written once, over
:class:`~attribution.spec.links.Functions`, and serves the model and what is computed from draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.spec.defaults import DEFAULT
from attribution.spec.links import LINKS, Array, Functions, Link
from attribution.spec.priors import POSITIVE, UNIT, Prior, Support

Floats = NDArray[np.float64]

MOST = 2.0**62
"""Largest mean of a count: of what a prior holds possible, more than this is no 64-bit integer."""


@dataclass(frozen=True)
class OwnParameter:
    """A parameter that a family has besides the mean; a section of the spec by its name.

    Parameters
    ----------
    name
        Name of the section, such as ``dispersion``.
    parameter
        Name in a run, such as ``alpha``.
    words
        What it is.
    support
        Values that it takes.
    link
        Link on which its own predictors add up.
    default
        Prior where none is stated.
    """

    name: str
    parameter: str
    words: str
    support: Support
    links: tuple[str, ...]
    default: Prior


_HALF_NORMAL = Prior("half_normal", {"sigma": 1.0}, "inverse")

OWN: Mapping[str, OwnParameter] = {
    own.name: own
    for own in (
        OwnParameter(
            "dispersion",
            "alpha",
            "variance = mean + mean^2 / alpha; large is Poisson",
            POSITIVE,
            ("log",),
            _HALF_NORMAL,
        ),
        OwnParameter(
            "zero_inflation",
            "zero_inflation",
            "probability that the outcome is 0 whatever the mean",
            UNIT,
            ("logit", "probit", "cloglog"),
            Prior("beta", {"alpha": 1.0, "beta": 1.0}),
        ),
        OwnParameter(
            "hurdle",
            "hurdle",
            "probability that the outcome is 0",
            UNIT,
            ("logit", "probit", "cloglog"),
            Prior("beta", {"alpha": 1.0, "beta": 1.0}),
        ),
        OwnParameter(
            "sigma",
            "sigma",
            "standard deviation of the outcome (of its logarithm if log-normal), scale if Student t",
            POSITIVE,
            ("log",),
            DEFAULT,
        ),
        OwnParameter(
            "shape",
            "shape",
            "shape: 1 / squared coefficient of variation",
            POSITIVE,
            ("log",),
            _HALF_NORMAL,
        ),
        OwnParameter(
            "nu",
            "nu",
            "degrees of freedom; large is normal",
            POSITIVE,
            ("log",),
            Prior("gamma", {"alpha": 2.0, "beta": 0.1}),
        ),
        OwnParameter(
            "concentration",
            "concentration",
            "how alike the probabilities of trials with the same mean are; large is binomial",
            POSITIVE,
            ("log",),
            _HALF_NORMAL,
        ),
    )
}
"""Every own parameter of some family."""


@dataclass(frozen=True)
class Given:
    """What the distribution of the outcome depends on, post by post.

    Parameters
    ----------
    mean
        Mean of the outcome, exposure included; of a probability the mean of one trial; of a
        log-normal the mean of the logarithm; of an inflated count that of its other part.
    own
        Own parameters by the name of their section.
    log_mean, log_rest
        For a probability: its logarithm and that of what is left to 1.
    trials
        Number of trials.
    """

    mean: Array
    own: Mapping[str, Array] = field(default_factory=dict)
    log_mean: Array | None = None
    log_rest: Array | None = None
    trials: Array | None = None


@dataclass(frozen=True)
class Working:
    """What an outcome says of the sum of terms, post by post, roughly; steers the sampler only.

    A level's estimate is the link of its ratio of totals to bases.
    """

    information: Floats
    total: Floats
    base: Floats


@dataclass(frozen=True)
class Family:
    """One registered distribution of the outcome.

    Parameters
    ----------
    name, words
        Name in a spec, and which outcomes it fits.
    equation
        How equations write it, given the mean.
    outcome
        Words for the values that it takes.
    links
        Links that the mean may have.
    own
        Sections of a spec about its own parameters, in the order of its equation.
    whole, low, high, open
        Whether outcomes are whole numbers; least and most of them (``trials``: as many as there
        are), and whether the least is itself left out.
    log_density
        Log density or mass at an outcome.
    draw
        Draws of outcomes, of the shape of the mean.
    expected
        Expected outcome.
    working
        See :class:`Working`; from outcome, exposure or trials.
    """

    name: str
    words: str
    equation: str
    links: tuple[str, ...]
    own: tuple[str, ...]
    whole: bool
    low: float | None
    high: float | str | None
    open: bool
    log_density: Callable[[Functions, Array, Given], Array]
    draw: Callable[[np.random.Generator, Given], Floats]
    expected: Callable[[Functions, Given], Array]
    working: Callable[[Floats, Floats], Working]

    @property
    def trials(self) -> bool:
        """Whether outcomes are counts out of a number of trials."""
        return self.high == "trials"

    @property
    def is_share(self) -> bool:
        """Whether the mean is a probability."""
        return self.high is not None

    @property
    def is_count(self) -> bool:
        """Whether outcomes are counts without an upper end."""
        return self.whole and self.high is None

    def link(self, name: str) -> Link:
        """Return one of the family's links."""
        if name not in self.links:
            raise ValueError(f"{self.name} has no link {name!r}")
        return LINKS[name]

    @property
    def expects(self) -> str:
        """What an outcome must be, for messages."""
        number = "whole numbers" if self.whole else "numbers"
        if self.trials:
            return f"{number} from 0 to the number of trials"
        if self.high is not None:
            return f"{number}, {self.low:g} or {self.high:g}"
        if self.low is None:
            return number
        return f"{number} above {self.low:g}" if self.open else f"{number}, {self.low:g} or more"


# Log densities. Every one is exact where a part of it goes to 0, and no number where a parameter is.


def _poisson(f: Functions, y: Array, given: Given) -> Array:
    return _times_log(f, y, given.mean) - given.mean - f.gammaln(y + 1.0)


def _times_log(f: Functions, y: Array, x: Array) -> Array:
    """y log x, 0 where y is 0 whatever x."""
    return f.where(y > 0, y * f.log(f.where(y > 0, x, 1.0)), 0.0)


def _negative_binomial(f: Functions, y: Array, given: Given) -> Array:
    alpha, mu = given.own["dispersion"], given.mean
    whole = f.gammaln(y + alpha) - f.gammaln(alpha) - f.gammaln(y + 1.0)
    return whole + _times_log(f, y, mu / (mu + alpha)) - alpha * f.log1p(mu / alpha)


def _log_any(f: Functions, given: Given, *, negative_binomial: bool) -> Array:
    """Logarithm of the probability that a count is not 0."""
    if not negative_binomial:
        return f.log(-f.expm1(-given.mean))
    alpha = given.own["dispersion"]
    return f.log(-f.expm1(-alpha * f.log1p(given.mean / alpha)))


def _log_both(f: Functions, p: Array) -> tuple[Array, Array]:
    """Logarithms of a probability and of what is left of it."""
    return f.log(p), f.log1p(-p)


def _inflated(
    of: Callable[[Functions, Array, Given], Array],
) -> Callable[[Functions, Array, Given], Array]:
    def log_density(f: Functions, y: Array, given: Given) -> Array:
        log_zero, log_count = _log_both(f, given.own["zero_inflation"])
        count = log_count + of(f, y, given)
        # log(exp(a) + exp(b)), written so that neither overflows.
        both = count + f.softplus(log_zero - count)
        return f.where(y > 0, count, both)

    return log_density


def _hurdle(
    of: Callable[[Functions, Array, Given], Array], *, negative_binomial: bool
) -> Callable[[Functions, Array, Given], Array]:
    def log_density(f: Functions, y: Array, given: Given) -> Array:
        log_zero, log_count = _log_both(f, given.own["hurdle"])
        some = log_count + of(f, y, given)
        some = some - _log_any(f, given, negative_binomial=negative_binomial)
        return f.where(y > 0, some, log_zero)

    return log_density


def _binomial(f: Functions, y: Array, given: Given) -> Array:
    n = given.trials
    ways = f.gammaln(n + 1.0) - f.gammaln(y + 1.0) - f.gammaln(n - y + 1.0)
    return ways + _product(f, y, given.log_mean) + _product(f, n - y, given.log_rest)


def _product(f: Functions, y: Array, log_p: Array) -> Array:
    """y log p, 0 where y is 0 even if p is."""
    return f.where(y > 0, y * log_p, 0.0)


def _bernoulli(f: Functions, y: Array, given: Given) -> Array:
    return f.where(y > 0, given.log_mean, given.log_rest)


def _beta_binomial(f: Functions, y: Array, given: Given) -> Array:
    n, total = given.trials, given.own["concentration"]
    a = total * f.exp(given.log_mean)
    b = total * f.exp(given.log_rest)
    ways = f.gammaln(n + 1.0) - f.gammaln(y + 1.0) - f.gammaln(n - y + 1.0)
    above = f.gammaln(y + a) + f.gammaln(n - y + b) - f.gammaln(n + total)
    return ways + above + f.gammaln(total) - f.gammaln(a) - f.gammaln(b)


LOG_TWO_PI = float(np.log(2.0 * np.pi))


def _normal(f: Functions, y: Array, given: Given) -> Array:
    sigma = given.own["sigma"]
    return -0.5 * ((y - given.mean) / sigma) ** 2 - f.log(sigma) - 0.5 * LOG_TWO_PI


def _log_normal(f: Functions, y: Array, given: Given) -> Array:
    return _normal(f, f.log(y), given) - f.log(y)


def _gamma(f: Functions, y: Array, given: Given) -> Array:
    shape, rate = given.own["shape"], given.own["shape"] / given.mean
    return shape * f.log(rate) + (shape - 1.0) * f.log(y) - rate * y - f.gammaln(shape)


def _student_t(f: Functions, y: Array, given: Given) -> Array:
    nu, sigma = given.own["nu"], given.own["sigma"]
    z = (y - given.mean) / sigma
    top = f.gammaln((nu + 1.0) / 2.0) - f.gammaln(nu / 2.0)
    scale = 0.5 * f.log(nu * np.pi) + f.log(sigma)
    return top - scale - (nu + 1.0) / 2.0 * f.log1p(z**2 / nu)


# Draws.


def _draw_poisson(rng: np.random.Generator, given: Given) -> Floats:
    return _floats(rng.poisson(np.minimum(given.mean, MOST)))


def _floats(values: Any) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _mixed(rng: np.random.Generator, given: Given) -> Floats:
    """Means of a gamma-mixed Poisson."""
    alpha = np.broadcast_to(given.own["dispersion"], np.shape(given.mean))
    return np.minimum(rng.gamma(alpha, given.mean / alpha), MOST)


def _draw_negative_binomial(rng: np.random.Generator, given: Given) -> Floats:
    return _floats(rng.poisson(_mixed(rng, given)))


def _draw_inflated(
    of: Callable[[np.random.Generator, Given], Floats],
) -> Callable[[np.random.Generator, Given], Floats]:
    def draw(rng: np.random.Generator, given: Given) -> Floats:
        counts = of(rng, given)
        return np.where(rng.random(counts.shape) < given.own["zero_inflation"], 0.0, counts)

    return draw


def _draw_hurdle(
    means: Callable[[np.random.Generator, Given], Floats],
) -> Callable[[np.random.Generator, Given], Floats]:
    def draw(rng: np.random.Generator, given: Given) -> Floats:
        some = means(rng, given)
        shape = some.shape
        return np.where(rng.random(shape) < given.own["hurdle"], 0.0, some)

    return draw


def _positive_poisson(rng: np.random.Generator, given: Given) -> Floats:
    """Poisson counts above 0: the first event falls into the unit, the others after it.

    The time of the first event, given that there is one, is exponential cut off at 1; what
    follows is Poisson.
    """
    mean = np.minimum(_floats(given.mean), MOST)
    first = -np.log1p(rng.random(mean.shape) * np.expm1(-mean))
    return 1.0 + rng.poisson(np.maximum(mean - first, 0.0))


def _positive_negative_binomial(rng: np.random.Generator, given: Given) -> Floats:
    """Negative binomial counts above 0, by the quantile function above the probability of 0."""
    from scipy import stats

    mean = np.minimum(_floats(given.mean), MOST)
    alpha = np.broadcast_to(given.own["dispersion"], mean.shape)
    left = alpha / (alpha + mean)
    # Survival: exact where the probability of 0 is all but 1.
    any_ = -np.expm1(-alpha * np.log1p(mean / alpha))
    values = stats.nbinom.isf(rng.random(mean.shape) * any_, alpha, left)
    return np.maximum(_floats(values), 1.0)


def _draw_binomial(rng: np.random.Generator, given: Given) -> Floats:
    p = np.clip(given.mean, 0.0, 1.0)
    n = np.broadcast_to(np.asarray(given.trials, dtype=np.int64), p.shape)
    return _floats(rng.binomial(n, p))


def _draw_beta_binomial(rng: np.random.Generator, given: Given) -> Floats:
    total = np.broadcast_to(given.own["concentration"], np.shape(given.mean))
    least = np.finfo(float).tiny
    p = rng.beta(
        np.maximum(total * given.mean, least), np.maximum(total * np.exp(given.log_rest), least)
    )
    n = np.broadcast_to(np.asarray(given.trials, dtype=np.int64), p.shape)
    return _floats(rng.binomial(n, p))


def _draw_normal(rng: np.random.Generator, given: Given) -> Floats:
    return given.mean + given.own["sigma"] * rng.normal(size=np.shape(given.mean))


def _draw_student_t(rng: np.random.Generator, given: Given) -> Floats:
    nu = np.broadcast_to(given.own["nu"], np.shape(given.mean))
    return _floats(given.mean + given.own["sigma"] * rng.standard_t(nu))


def _draw_gamma(rng: np.random.Generator, given: Given) -> Floats:
    shape = np.broadcast_to(given.own["shape"], np.shape(given.mean))
    return _floats(rng.gamma(shape, given.mean / shape))


# Expected values.


def _mean(_f: Functions, given: Given) -> Array:
    return given.mean


def _some_of_trials(_f: Functions, given: Given) -> Array:
    return given.trials * given.mean


def _inflated_mean(_f: Functions, given: Given) -> Array:
    return (1.0 - given.own["zero_inflation"]) * given.mean


def _hurdle_mean(negative_binomial: bool) -> Callable[[Functions, Given], Array]:
    def expected(f: Functions, given: Given) -> Array:
        any_ = f.exp(_log_any(f, given, negative_binomial=negative_binomial))
        # As the mean goes to 0, a count above 0 is 1.
        ratio = f.where(given.mean > 0.0, given.mean / f.where(any_ > 0.0, any_, 1.0), 1.0)
        return (1.0 - given.own["hurdle"]) * ratio

    return expected


# What an outcome tells.


def _count_working(y: Floats, exposure: Floats) -> Working:
    """A count of mean mu tells 1 / (1 / mu + 1 / alpha) of log mu, here with a dispersion of 2."""
    return Working(y / (1.0 + y / 2.0), y, exposure)


def _trials_working(y: Floats, trials: Floats) -> Working:
    """A share of n trials tells n p (1 - p) of the logit; half a success and failure are added."""
    p = (y + 0.5) / (trials + 1.0)
    return Working(trials * p * (1.0 - p), y + 0.5, trials + 1.0)


def _number_working(y: Floats, _exposure: Floats) -> Working:
    variance = float(np.var(y))
    return Working(np.full(len(y), 1.0 / variance if variance > 0 else 1.0), y, np.ones(len(y)))


def _log_number_working(y: Floats, _exposure: Floats) -> Working:
    return _number_working(np.log(y), _exposure)


def _positive_working(y: Floats, exposure: Floats) -> Working:
    spread = float(np.var(np.log(y / exposure)))
    return Working(np.full(len(y), 1.0 / spread if spread > 0 else 1.0), y, exposure)


_PROBABILITIES = ("logit", "probit", "cloglog")


def _count(
    name: str,
    words: str,
    equation: str,
    own: tuple[str, ...],
    log_density: Callable[[Functions, Array, Given], Array],
    draw: Callable[[np.random.Generator, Given], Floats],
    expected: Callable[[Functions, Given], Array] = _mean,
) -> Family:
    return Family(
        name=name,
        words=words,
        equation=equation,
        links=("log",),
        own=own,
        whole=True,
        low=0.0,
        high=None,
        open=False,
        log_density=log_density,
        draw=draw,
        expected=expected,
        working=_count_working,
    )


FAMILIES: Mapping[str, Family] = {
    family.name: family
    for family in (
        _count(
            "poisson",
            "counts whose variance is their mean",
            "Poisson(mean)",
            (),
            _poisson,
            _draw_poisson,
        ),
        _count(
            "negative_binomial",
            "counts that vary more than Poisson counts do: variance = mean + mean^2 / alpha",
            "NegativeBinomial(mean, alpha), variance = mean + mean^2 / alpha",
            ("dispersion",),
            _negative_binomial,
            _draw_negative_binomial,
        ),
        _count(
            "zero_inflated_poisson",
            "Poisson counts, some of which are 0 whatever their mean",
            "0 with probability zero_inflation, else Poisson(mean)",
            ("zero_inflation",),
            _inflated(_poisson),
            _draw_inflated(_draw_poisson),
            _inflated_mean,
        ),
        _count(
            "zero_inflated_negative_binomial",
            "negative binomial counts, some of which are 0 whatever their mean",
            "0 with probability zero_inflation, else NegativeBinomial(mean, alpha)",
            ("dispersion", "zero_inflation"),
            _inflated(_negative_binomial),
            _draw_inflated(_draw_negative_binomial),
            _inflated_mean,
        ),
        _count(
            "hurdle_poisson",
            "counts of which a share is 0 and the others are Poisson counts above 0",
            "0 with probability hurdle, else Poisson(mean) given that it is above 0",
            ("hurdle",),
            _hurdle(_poisson, negative_binomial=False),
            _draw_hurdle(_positive_poisson),
            _hurdle_mean(negative_binomial=False),
        ),
        _count(
            "hurdle_negative_binomial",
            "counts of which a share is 0 and the others are negative binomial counts above 0",
            "0 with probability hurdle, else NegativeBinomial(mean, alpha) given that it is above 0",
            ("dispersion", "hurdle"),
            _hurdle(_negative_binomial, negative_binomial=True),
            _draw_hurdle(_positive_negative_binomial),
            _hurdle_mean(negative_binomial=True),
        ),
        Family(
            "binomial",
            "how many of a number of trials succeed",
            "Binomial(trials, mean)",
            links=_PROBABILITIES,
            own=(),
            whole=True,
            low=0.0,
            high="trials",
            open=False,
            log_density=_binomial,
            draw=_draw_binomial,
            expected=_some_of_trials,
            working=_trials_working,
        ),
        Family(
            "beta_binomial",
            "how many of a number of trials succeed, where probabilities vary between posts",
            "BetaBinomial(trials, mean * concentration, (1 - mean) * concentration)",
            links=_PROBABILITIES,
            own=("concentration",),
            whole=True,
            low=0.0,
            high="trials",
            open=False,
            log_density=_beta_binomial,
            draw=_draw_beta_binomial,
            expected=_some_of_trials,
            working=_trials_working,
        ),
        Family(
            "bernoulli",
            "whether something happened: 1 or 0",
            "Bernoulli(mean)",
            links=_PROBABILITIES,
            own=(),
            whole=True,
            low=0.0,
            high=1.0,
            open=False,
            log_density=_bernoulli,
            draw=lambda rng, given: _floats(rng.random(np.shape(given.mean)) < given.mean),
            expected=_mean,
            working=lambda y, _exposure: _trials_working(y, np.ones(len(y))),
        ),
        Family(
            "normal",
            "numbers that spread alike above and below their mean",
            "Normal(mean, sigma)",
            links=("identity", "log"),
            own=("sigma",),
            whole=False,
            low=None,
            high=None,
            open=False,
            log_density=_normal,
            draw=_draw_normal,
            expected=_mean,
            working=_number_working,
        ),
        Family(
            "student_t",
            "numbers with more extremes than a normal has",
            "StudentT(nu, mean, sigma)",
            links=("identity", "log"),
            own=("sigma", "nu"),
            whole=False,
            low=None,
            high=None,
            open=False,
            log_density=_student_t,
            draw=_draw_student_t,
            expected=_mean,
            working=_number_working,
        ),
        Family(
            "log_normal",
            "amounts above 0 whose logarithm is normal; the mean is that of the logarithm",
            "LogNormal(mean, sigma)",
            links=("identity",),
            own=("sigma",),
            whole=False,
            low=0.0,
            high=None,
            open=True,
            log_density=_log_normal,
            draw=lambda rng, given: np.exp(_draw_normal(rng, given)),
            expected=lambda f, given: f.exp(given.mean + 0.5 * given.own["sigma"] ** 2),
            working=_log_number_working,
        ),
        Family(
            "gamma",
            "amounts above 0 that spread in proportion to their mean",
            "Gamma(shape, shape / mean)",
            links=("log",),
            own=("shape",),
            whole=False,
            low=0.0,
            high=None,
            open=True,
            log_density=_gamma,
            draw=_draw_gamma,
            expected=_mean,
            working=_positive_working,
        ),
    )
}
"""Every family."""
