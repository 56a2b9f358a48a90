"""The closed table of prior distributions: one entry each, named and parametrised as in PyMC."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp, inf
from typing import Any

Parameters = Mapping[str, float]


@dataclass(frozen=True)
class Support:
    """The values that a prior gives or a parameter takes: numbers, shares, or correlations."""

    words: str
    low: float = -inf
    high: float = inf
    kind: str = "numbers"

    def inside(self, other: Support) -> bool:
        """Whether every value of this support is one of the other's."""
        same_kind = self.kind == other.kind
        return same_kind and self.low >= other.low and self.high <= other.high


REAL = Support("any number")
POSITIVE = Support("numbers above 0", low=0.0)
UNIT = Support("numbers between 0 and 1", low=0.0, high=1.0)
SIMPLEX = Support("shares that add up to 1", low=0.0, high=1.0, kind="shares")
CORRELATION = Support("correlations", low=-1.0, high=1.0, kind="correlations")


@dataclass(frozen=True)
class Prior:
    """A prior distribution of one parameter.

    Parameters
    ----------
    name
        Its registered name, e.g. ``normal``.
    parameters
        Its parameters by name, e.g. ``mu`` and ``sigma``.
    on
        The scale that it is a distribution on, one of :data:`SCALES`; None for the parameter's own.
    """

    name: str
    parameters: Mapping[str, float]
    on: str | None = None

    @property
    def proper(self) -> bool:
        """Whether it is a distribution: a flat one is not, and cannot be drawn from."""
        return self.name not in PRIORS or PRIORS[self.name].proper


@dataclass(frozen=True)
class Scale:
    """A scale on which a prior may be stated instead of the parameter's own.

    Parameters
    ----------
    words
        What a parameter x is there.
    of
        Values of the parameter that have this scale.
    values
        Values there.
    back
        The parameter from its value there; takes numbers, arrays and tensors.
    falls
        Whether the parameter falls as its value there grows.
    """

    words: str
    of: Support
    values: Support
    back: Callable[[Any, Any], Any]
    falls: bool = False


@dataclass(frozen=True)
class PriorKind:
    """One registered prior.

    Parameters
    ----------
    name, words
        Name in a spec, and what the distribution is.
    pymc
        Name of the distribution in PyMC; None for one that is built by itself.
    parameters
        Allowed values by parameter; every parameter must be given.
    support
        Values that the prior gives.
    quantile
        Gives the value below which a share of the prior lies, from the module ``scipy.stats``,
        the parameters and the share; None for a prior of several values at once.
    ordered
        Two parameters of which the first must be the smaller.
    proper
        False for a prior that does not integrate to 1, so that nothing can be drawn from it.
    scale
        The parameter that says how widely it spreads around its centre; None for others.
    """

    name: str
    words: str
    pymc: str | None
    parameters: Mapping[str, Support]
    support: Support
    quantile: Callable[[Any, Parameters, float], Any] | None
    ordered: tuple[str, str] | None = None
    proper: bool = True
    scale: str | None = None

    def scale_of(self, parameters: Parameters) -> float | None:
        """Return how widely it spreads around its centre; None where there is no such number."""
        return None if self.scale is None else float(parameters[self.scale])

    def support_with(self, parameters: Parameters) -> Support:
        """Return the support, narrowed to the bounds where the parameters are bounds."""
        if self.ordered is None:
            return self.support
        low, high = (parameters[name] for name in self.ordered)
        return Support(f"numbers between {low:g} and {high:g}", low, high)

    def can_fit(self, needs: Support) -> bool:
        """Whether some parameters keep every value of this prior within a support."""
        if self.ordered is None:
            return self.support.inside(needs)
        return needs.kind == self.support.kind


_KINDS = (
    PriorKind(
        "flat",
        "flat: every number alike, no distribution, so that nothing can be drawn from it",
        "Flat",
        {},
        REAL,
        None,
        proper=False,
    ),
    PriorKind(
        "half_flat",
        "flat over the numbers above 0, no distribution, so that nothing can be drawn from it",
        "HalfFlat",
        {},
        POSITIVE,
        None,
        proper=False,
    ),
    PriorKind(
        "normal",
        "normal with mean mu and standard deviation sigma",
        "Normal",
        {"mu": REAL, "sigma": POSITIVE},
        REAL,
        lambda stats, p, q: stats.norm.ppf(q, p["mu"], p["sigma"]),
        scale="sigma",
    ),
    PriorKind(
        "student_t",
        "Student t with nu degrees of freedom, centre mu and scale sigma",
        "StudentT",
        {"nu": POSITIVE, "mu": REAL, "sigma": POSITIVE},
        REAL,
        lambda stats, p, q: stats.t.ppf(q, p["nu"], p["mu"], p["sigma"]),
        scale="sigma",
    ),
    PriorKind(
        "cauchy",
        "Cauchy with centre alpha and scale beta",
        "Cauchy",
        {"alpha": REAL, "beta": POSITIVE},
        REAL,
        lambda stats, p, q: stats.cauchy.ppf(q, p["alpha"], p["beta"]),
        scale="beta",
    ),
    PriorKind(
        "laplace",
        "Laplace (double exponential) with centre mu and scale b",
        "Laplace",
        {"mu": REAL, "b": POSITIVE},
        REAL,
        lambda stats, p, q: stats.laplace.ppf(q, p["mu"], p["b"]),
        scale="b",
    ),
    PriorKind(
        "logistic",
        "logistic with centre mu and scale s",
        "Logistic",
        {"mu": REAL, "s": POSITIVE},
        REAL,
        lambda stats, p, q: stats.logistic.ppf(q, p["mu"], p["s"]),
        scale="s",
    ),
    PriorKind(
        "half_normal",
        "normal around 0 with standard deviation sigma, its positive half",
        "HalfNormal",
        {"sigma": POSITIVE},
        POSITIVE,
        lambda stats, p, q: stats.halfnorm.ppf(q, scale=p["sigma"]),
    ),
    PriorKind(
        "half_student_t",
        "Student t around 0 with nu degrees of freedom and scale sigma, its positive half",
        "HalfStudentT",
        {"nu": POSITIVE, "sigma": POSITIVE},
        POSITIVE,
        lambda stats, p, q: stats.t.ppf((1 + q) / 2, p["nu"], 0.0, p["sigma"]),
    ),
    PriorKind(
        "half_cauchy",
        "Cauchy around 0 with scale beta, its positive half",
        "HalfCauchy",
        {"beta": POSITIVE},
        POSITIVE,
        lambda stats, p, q: stats.halfcauchy.ppf(q, scale=p["beta"]),
    ),
    PriorKind(
        "exponential",
        "exponential with rate lam, so mean 1 / lam",
        "Exponential",
        {"lam": POSITIVE},
        POSITIVE,
        lambda stats, p, q: stats.expon.ppf(q, scale=1 / p["lam"]),
    ),
    PriorKind(
        "gamma",
        "gamma with shape alpha and rate beta, so mean alpha / beta",
        "Gamma",
        {"alpha": POSITIVE, "beta": POSITIVE},
        POSITIVE,
        lambda stats, p, q: stats.gamma.ppf(q, p["alpha"], scale=1 / p["beta"]),
    ),
    PriorKind(
        "inverse_gamma",
        "inverse gamma with shape alpha and scale beta",
        "InverseGamma",
        {"alpha": POSITIVE, "beta": POSITIVE},
        POSITIVE,
        lambda stats, p, q: stats.invgamma.ppf(q, p["alpha"], scale=p["beta"]),
    ),
    PriorKind(
        "log_normal",
        "log-normal: the logarithm is normal with mean mu and standard deviation sigma",
        "LogNormal",
        {"mu": REAL, "sigma": POSITIVE},
        POSITIVE,
        lambda stats, p, q: stats.lognorm.ppf(q, p["sigma"], scale=exp(p["mu"])),
    ),
    PriorKind(
        "beta",
        "beta with parameters alpha and beta, so mean alpha / (alpha + beta)",
        "Beta",
        {"alpha": POSITIVE, "beta": POSITIVE},
        UNIT,
        lambda stats, p, q: stats.beta.ppf(q, p["alpha"], p["beta"]),
    ),
    PriorKind(
        "uniform",
        "uniform between lower and upper",
        "Uniform",
        {"lower": REAL, "upper": REAL},
        REAL,
        lambda stats, p, q: stats.uniform.ppf(q, p["lower"], p["upper"] - p["lower"]),
        ordered=("lower", "upper"),
    ),
    PriorKind(
        "dirichlet",
        "symmetric Dirichlet; concentration 1 makes every split equally likely",
        None,
        {"concentration": POSITIVE},
        SIMPLEX,
        None,
    ),
    PriorKind(
        "lkj",
        "LKJ of a correlation matrix; eta 1 makes every one as likely, larger ones favour none",
        None,
        {"eta": POSITIVE},
        CORRELATION,
        None,
    ),
)

PRIORS: Mapping[str, PriorKind] = {kind.name: kind for kind in _KINDS}


LEAST = 1e-200
"""Least precision or variance: gamma priors with tiny shapes give ones that are no number."""


def _shown(xp: Any, t: Any) -> Any:
    """Return a precision or variance whose root, and one over it, can be squared again."""
    return xp.maximum(t, LEAST)


SCALES: Mapping[str, Scale] = {
    "inverse": Scale("1 / x", POSITIVE, POSITIVE, lambda _xp, t: 1.0 / t, falls=True),
    "variance": Scale("x^2", POSITIVE, POSITIVE, lambda xp, t: xp.sqrt(_shown(xp, t))),
    "precision": Scale(
        "1 / x^2", POSITIVE, POSITIVE, lambda xp, t: 1.0 / xp.sqrt(_shown(xp, t)), falls=True
    ),
    "log": Scale("ln(x)", POSITIVE, REAL, lambda xp, t: xp.exp(t)),
    "logit": Scale("ln(x / (1 - x))", UNIT, REAL, lambda xp, t: 1.0 / (1.0 + xp.exp(-t))),
}
"""Every scale that a prior may be stated on besides the parameter's own."""


def support_of(prior: Prior) -> Support:
    """Return the values that a prior gives, on the scale that it is stated on."""
    return PRIORS[prior.name].support_with(prior.parameters)


def quantile(prior: Prior, share: float) -> float:
    """Return the value of the parameter below which the given share of its prior lies.

    Raises
    ------
    ValueError
        For a prior of several values at once, which has no single quantile, and for a flat one.
    """
    import numpy as np
    from scipy import stats

    kind = PRIORS[prior.name]
    if kind.quantile is None:
        raise ValueError(f"{prior.name} is a prior without quantiles")
    if prior.on is None:
        return float(kind.quantile(stats, prior.parameters, share))
    scale = SCALES[prior.on]
    there = kind.quantile(stats, prior.parameters, 1.0 - share if scale.falls else share)
    return float(scale.back(np, there))
