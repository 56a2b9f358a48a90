"""The closed table of families, distributions of the outcome: one entry each.

A family says everything about itself: words and equation, which links and own parameters it has,
its log density, how to draw from it and its expected value. The log density is written once, over
:class:`~attribution.spec.links.Functions`, and serves the model and what is computed from draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.spec.defaults import DEFAULT
from attribution.spec.links import LINKS, Array, Functions, Link, log_of_rest
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
            "standard deviation of the outcome, of its logarithm if log-normal; scale if Student t",
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
        log-normal the mean of the logarithm; of an inflated count that of its other part. None
        until it is known.
    own
        Own parameters by the name of their section.
    log_mean, log_rest
        For a probability: its logarithm and that of what is left to 1.
    trials
        Number of trials.
    own_log, own_log_rest
        As ``log_mean`` and ``log_rest``, of own parameters that are sums of terms and
        probabilities.
    """

    mean: Array
    own: Mapping[str, Array] = field(default_factory=dict)
    log_mean: Array | None = None
    log_rest: Array | None = None
    trials: Array | None = None
    own_log: Mapping[str, Array] = field(default_factory=dict)
    own_log_rest: Mapping[str, Array] = field(default_factory=dict)

    @classmethod
    def of_own(
        cls,
        f: Functions,
        numbers: Mapping[str, Array],
        sums: Mapping[str, tuple[Link, Array]],
    ) -> Given:
        """Return own parameters, some of them numbers, some a link's sum of terms; no mean yet."""
        logs = {name: link.logs(f, eta) for name, (link, eta) in sums.items()}
        found = {name: both for name, both in logs.items() if both is not None}
        return cls(
            mean=None,
            own={**numbers, **{name: link.mean(f, eta) for name, (link, eta) in sums.items()}},
            own_log={name: log_p for name, (log_p, _) in found.items()},
            own_log_rest={name: rest for name, (_, rest) in found.items()},
        )

    def with_mean(self, f: Functions, link: Link, eta: Array, trials: Array | None) -> Given:
        """Return the same with the mean at a link's sum of terms."""
        log_mean, log_rest = link.logs(f, eta) or (None, None)
        return replace(
            self, mean=link.mean(f, eta), log_mean=log_mean, log_rest=log_rest, trials=trials
        )

    def map(self, of: Callable[[Array], Array]) -> Given:
        """Return the same with a function applied to every array, always in the same order."""

        def each(arrays: Mapping[str, Array]) -> dict[str, Array]:
            return {name: of(values) for name, values in arrays.items()}

        return Given(
            mean=of(self.mean),
            own=each(self.own),
            log_mean=None if self.log_mean is None else of(self.log_mean),
            log_rest=None if self.log_rest is None else of(self.log_rest),
            trials=None if self.trials is None else of(self.trials),
            own_log=each(self.own_log),
            own_log_rest=each(self.own_log_rest),
        )


@dataclass(frozen=True)
class Working:
    """What an outcome says of the sum of terms, post by post, roughly; steers the sampler only.

    A level's estimate is the link of its ratio of totals to bases.
    """

    information: Floats
    total: Floats
    base: Floats


@dataclass(frozen=True)
class InPyMC:
    """A distribution of PyMC.

    Parameters
    ----------
    name
        Its name there.
    parameters
        What each of its parameters is: ``mean``, or the section of an own parameter.
    """

    name: str
    parameters: Mapping[str, str]

    def at(self, given: Given) -> dict[str, Array]:
        """Return its parameters, post by post."""
        known = {"mean": given.mean, **given.own}
        return {name: known[of] for name, of in self.parameters.items()}


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
    streams
        Whether counts are of Poisson streams, gamma-mixed or not, so that shares of several posts'
        counts can be added up: orders that come late can be shared out, hidden signals estimated.
    pymc
        The distribution of PyMC that a model has instead of ``log_density``, if any: one whose
        density native code tells by distinct outcomes. They are the same, as a test says.
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
    streams: bool = False
    pymc: InPyMC | None = None

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


# Log densities: exact even where a part of them goes to 0, or where large ones cancel.


def _poisson(f: Functions, y: Array, given: Given) -> Array:
    return _times_log(f, y, given.mean) - given.mean - f.gammaln(y + 1.0)


def _times_log(f: Functions, y: Array, x: Array) -> Array:
    """Return y log x, 0 where y is 0 whatever x."""
    return f.where(y > 0, y * f.log(f.where(y > 0, x, 1.0)), 0.0)


LARGE = 1e4
"""Where Stirling's series with one correction has all the digits that there are."""


def _log_gamma_ratio(f: Functions, a: Array, k: Array) -> Array:
    """Return log Gamma(a + k) - log Gamma(a), by Stirling's series where both are large."""
    large = f.where(a > LARGE, a, LARGE)
    near = f.gammaln(a + k) - f.gammaln(a)
    series = (large - 0.5) * f.log1p(k / large) + k * f.log(large + k) - k
    return f.where(a > LARGE, series - k / (12.0 * large * (large + k)), near)


def _log_rising(f: Functions, a: Array, log_a: Array, k: Array) -> Array:
    """Return the log of a (a + 1) ... (a + k - 1), of whole k, even where a underflows."""
    some = f.where(k > 0, k, 1.0)
    return f.where(k > 0, log_a + _log_gamma_ratio(f, a + 1.0, some - 1.0), 0.0)


def _negative_binomial(f: Functions, y: Array, given: Given) -> Array:
    alpha, mu = given.own["dispersion"], given.mean
    whole = _log_rising(f, alpha, f.log(alpha), y) - f.gammaln(y + 1.0)
    return whole + _times_log(f, y, mu / (mu + alpha)) - alpha * f.log1p(mu / alpha)


def _log_none(f: Functions, given: Given, *, negative_binomial: bool) -> Array:
    """Logarithm of the probability that a count is 0."""
    if not negative_binomial:
        return -given.mean
    alpha = given.own["dispersion"]
    return -alpha * f.log1p(given.mean / alpha)


def _log_both(f: Functions, given: Given, section: str) -> tuple[Array, Array]:
    """Logarithms of a probability and of what is left of it."""
    if section in given.own_log:
        return given.own_log[section], given.own_log_rest[section]
    return f.log(given.own[section]), f.log1p(-given.own[section])


def _inflated(
    of: Callable[[Functions, Array, Given], Array],
) -> Callable[[Functions, Array, Given], Array]:
    def log_density(f: Functions, y: Array, given: Given) -> Array:
        log_zero, log_count = _log_both(f, given, "zero_inflation")
        count = log_count + of(f, y, given)
        # log(exp(a) + exp(b)), by the larger.
        high = f.where(count > log_zero, count, log_zero)
        low = f.where(count > log_zero, log_zero, count)
        return f.where(y > 0, count, high + f.softplus(low - high))

    return log_density


def _hurdle(
    of: Callable[[Functions, Array, Given], Array], *, negative_binomial: bool
) -> Callable[[Functions, Array, Given], Array]:
    def log_density(f: Functions, y: Array, given: Given) -> Array:
        log_zero, log_count = _log_both(f, given, "hurdle")
        log_none = _log_none(f, given, negative_binomial=negative_binomial)
        some = log_count + of(f, y, given) - log_of_rest(f, log_none)
        return f.where(y > 0, some, log_zero)

    return log_density


def _binomial(f: Functions, y: Array, given: Given) -> Array:
    rest = given.trials - y
    ends = _product(f, y, given.log_mean) + _product(f, rest, given.log_rest)
    return _log_ways(f, y, rest) + ends


def _log_ways(f: Functions, y: Array, rest: Array) -> Array:
    """Logarithm of the number of ways in which trials can end so."""
    return f.gammaln(y + rest + 1.0) - f.gammaln(y + 1.0) - f.gammaln(rest + 1.0)


def _product(f: Functions, y: Array, log_p: Array) -> Array:
    """Return y log p, 0 where y is 0 even if p is."""
    return f.where(y > 0, y * log_p, 0.0)


def _bernoulli(f: Functions, y: Array, given: Given) -> Array:
    return f.where(y > 0, given.log_mean, given.log_rest)


def _beta_binomial(f: Functions, y: Array, given: Given) -> Array:
    total, rest = given.own["concentration"], given.trials - y
    log_total = f.log(total)
    log_a, log_b = log_total + given.log_mean, log_total + given.log_rest
    yes = _log_rising(f, f.exp(log_a), log_a, y)
    no = _log_rising(f, f.exp(log_b), log_b, rest)
    return _log_ways(f, y, rest) + yes + no - _log_rising(f, total, log_total, given.trials)


LOG_TWO_PI = float(np.log(2.0 * np.pi))


def _normal(f: Functions, y: Array, given: Given) -> Array:
    sigma = given.own["sigma"]
    return -0.5 * ((y - given.mean) / sigma) ** 2 - f.log(sigma) - 0.5 * LOG_TWO_PI


def _log_normal(f: Functions, y: Array, given: Given) -> Array:
    return _normal(f, f.log(y), given) - f.log(y)


def _gamma(f: Functions, y: Array, given: Given) -> Array:
    shape = given.own["shape"]
    from_mean = f.log(y) - f.log(given.mean) - y / given.mean + 1.0
    return shape * from_mean - f.log(y) - _log_gamma_over_power(f, shape)


def _log_gamma_over_power(f: Functions, a: Array) -> Array:
    """Return log Gamma(a) - a log a + a, by Stirling's series where the three are large."""
    large = f.where(a > LARGE, a, LARGE)
    series = 0.5 * LOG_TWO_PI - 0.5 * f.log(large) + 1.0 / (12.0 * large)
    return f.where(a > LARGE, series, f.gammaln(a) - a * f.log(a) + a)


def _student_t(f: Functions, y: Array, given: Given) -> Array:
    nu, sigma = given.own["nu"], given.own["sigma"]
    z = (y - given.mean) / sigma
    top = _log_gamma_ratio(f, nu / 2.0, 0.5)
    scale = 0.5 * f.log(nu * np.pi) + f.log(sigma)
    return top - scale - (nu + 1.0) / 2.0 * f.log1p(z**2 / nu)


# Draws. Of what a wide prior holds possible, some is no number: draws are made at the ends instead.


FAR = 1e150
"""Largest means and own parameters that are drawn with: ratios of two are still numbers."""


def _floats(values: Any) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _mean_of(given: Given) -> Floats:
    return np.clip(_floats(given.mean), -FAR, FAR)


def _own_of(given: Given, section: str) -> Floats:
    """Own parameter above 0, of the shape of the mean."""
    values = np.broadcast_to(_floats(given.own[section]), np.shape(given.mean))
    return np.clip(values, 1.0 / FAR, FAR)


def _draw_poisson(rng: np.random.Generator, given: Given) -> Floats:
    return _floats(rng.poisson(np.minimum(given.mean, MOST)))


def _draw_negative_binomial(rng: np.random.Generator, given: Given) -> Floats:
    alpha = _own_of(given, "dispersion")
    return _floats(rng.poisson(np.minimum(rng.gamma(alpha, _mean_of(given) / alpha), MOST)))


def _draw_inflated(
    of: Callable[[np.random.Generator, Given], Floats],
) -> Callable[[np.random.Generator, Given], Floats]:
    def draw(rng: np.random.Generator, given: Given) -> Floats:
        counts = of(rng, given)
        return np.where(rng.random(counts.shape) < given.own["zero_inflation"], 0.0, counts)

    return draw


def _draw_hurdle(
    above: Callable[[np.random.Generator, Given], Floats],
) -> Callable[[np.random.Generator, Given], Floats]:
    def draw(rng: np.random.Generator, given: Given) -> Floats:
        some = above(rng, given)
        return np.where(rng.random(some.shape) < given.own["hurdle"], 0.0, some)

    return draw


def _positive_poisson(rng: np.random.Generator, given: Given) -> Floats:
    """Poisson counts above 0: the first event falls into the unit, the others after it.

    The time of the first event, given that there is one, is exponential cut off at 1; what
    follows is Poisson.
    """
    mean = np.minimum(_floats(given.mean), MOST)
    first = -np.log1p(rng.random(mean.shape) * np.expm1(-mean))
    return _floats(1.0 + rng.poisson(np.maximum(mean - first, 0.0)))


def _positive_negative_binomial(rng: np.random.Generator, given: Given) -> Floats:
    """Negative binomial counts above 0, as :func:`_positive_poisson` with a gamma-mixed rate.

    Without an event until t, a share of the unit, there is (1 + mean t / alpha)^-alpha; after a
    first event at t the mixing is Gamma(alpha + 1, alpha + mean t).
    """
    mean = np.minimum(_floats(given.mean), MOST)
    alpha = _own_of(given, "dispersion")
    any_ = -np.expm1(-alpha * np.log1p(mean / alpha))
    # mean t of the first event, which lies within the unit.
    beyond = np.minimum(-np.log1p(-rng.random(mean.shape) * any_) / alpha, np.log(FAR))
    until = np.minimum(alpha * np.expm1(beyond), mean)
    mixing = rng.gamma(alpha + 1.0, 1.0 / (alpha + until))
    return _floats(1.0 + rng.poisson(np.minimum(mixing * (mean - until), MOST)))


def _draw_binomial(rng: np.random.Generator, given: Given) -> Floats:
    p = np.clip(given.mean, 0.0, 1.0)
    n = np.broadcast_to(np.asarray(given.trials, dtype=np.int64), p.shape)
    return _floats(rng.binomial(n, p))


def _draw_beta_binomial(rng: np.random.Generator, given: Given) -> Floats:
    total = _own_of(given, "concentration")
    yes, no = total * _floats(given.mean), total * np.exp(_floats(given.log_rest))
    p = rng.beta(np.maximum(yes, 1.0 / FAR), np.maximum(no, 1.0 / FAR))
    return _draw_binomial(rng, replace(given, mean=p))


def _draw_normal(rng: np.random.Generator, given: Given) -> Floats:
    mean = _mean_of(given)
    return _floats(mean + _own_of(given, "sigma") * rng.normal(size=mean.shape))


def _draw_log_normal(rng: np.random.Generator, given: Given) -> Floats:
    return _floats(np.exp(np.clip(_draw_normal(rng, given), -np.log(FAR), np.log(FAR))))


def _draw_student_t(rng: np.random.Generator, given: Given) -> Floats:
    deviations = np.clip(rng.standard_t(_own_of(given, "nu")), -FAR, FAR)
    return _floats(_mean_of(given) + _own_of(given, "sigma") * deviations)


def _draw_gamma(rng: np.random.Generator, given: Given) -> Floats:
    shape = _own_of(given, "shape")
    return _floats(rng.gamma(shape, _mean_of(given) / shape))


# Expected values.


def _mean(_f: Functions, given: Given) -> Array:
    return given.mean


def _some_of_trials(_f: Functions, given: Given) -> Array:
    return given.trials * given.mean


def _inflated_mean(_f: Functions, given: Given) -> Array:
    return (1.0 - given.own["zero_inflation"]) * given.mean


def _hurdle_mean(negative_binomial: bool) -> Callable[[Functions, Given], Array]:
    def expected(f: Functions, given: Given) -> Array:
        any_ = -f.expm1(_log_none(f, given, negative_binomial=negative_binomial))
        # As the mean goes to 0, a count above 0 is 1.
        ratio = f.where(given.mean > 0.0, given.mean / f.where(any_ > 0.0, any_, 1.0), 1.0)
        return (1.0 - given.own["hurdle"]) * ratio

    return expected


# What an outcome tells.


def _count_working(y: Floats, exposure: Floats) -> Working:
    """A count of mean mu tells 1 / (1 / mu + 1 / alpha) of log mu, here with a dispersion of 2."""
    return Working(y / (1.0 + y / 2.0), y, exposure)


def _poisson_working(y: Floats, exposure: Floats) -> Working:
    """A Poisson count of mean mu tells mu of log mu, however far counts spread in the data."""
    return Working(y, y, exposure)


def _working_of_counts(own: tuple[str, ...]) -> Callable[[Floats, Floats], Working]:
    """Return what counts say, from a family's own parameters."""
    told = _count_working if "dispersion" in own else _poisson_working

    def above_zero(y: Floats, exposure: Floats) -> Working:
        """Zeros behind a hurdle say nothing of the mean of what is above it."""
        return told(y, np.where(y > 0, exposure, 0.0))

    return above_zero if "hurdle" in own else told


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
    *,
    streams: bool = False,
    pymc: InPyMC | None = None,
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
        working=_working_of_counts(own),
        streams=streams,
        pymc=pymc,
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
            streams=True,
        ),
        _count(
            "negative_binomial",
            "counts that vary more than Poisson counts do: variance = mean + mean^2 / alpha",
            "NegativeBinomial(mean, alpha), variance = mean + mean^2 / alpha",
            ("dispersion",),
            _negative_binomial,
            _draw_negative_binomial,
            streams=True,
            pymc=InPyMC("NegativeBinomial", {"mu": "mean", "alpha": "dispersion"}),
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
            "0 with probability hurdle, else Poisson(mean) given that it is not 0",
            ("hurdle",),
            _hurdle(_poisson, negative_binomial=False),
            _draw_hurdle(_positive_poisson),
            _hurdle_mean(negative_binomial=False),
        ),
        _count(
            "hurdle_negative_binomial",
            "counts of which a share is 0 and the others are negative binomial counts above 0",
            "0 with probability hurdle, else NegativeBinomial(mean, alpha) given that it is not 0",
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
            draw=_draw_log_normal,
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
