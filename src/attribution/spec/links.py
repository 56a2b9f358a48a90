"""The closed table of links: one entry each.

Functions take the module of functions to use (``numpy`` with ``scipy.special``, or PyTensor's; see
:class:`Functions`), so that the model and what is computed from its draws share one formula.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp, log
from typing import Any, Protocol

Array = Any
"""Numbers of NumPy or a tensor of PyTensor."""


class Functions(Protocol):
    """Elementary functions of arrays or tensors that links and families are made of."""

    exp: Callable[[Array], Array]
    log: Callable[[Array], Array]
    log1p: Callable[[Array], Array]
    expm1: Callable[[Array], Array]
    sqrt: Callable[[Array], Array]
    sigmoid: Callable[[Array], Array]
    softplus: Callable[[Array], Array]
    normal_cdf: Callable[[Array], Array]
    log_normal_cdf: Callable[[Array], Array]
    gammaln: Callable[[Array], Array]
    where: Callable[[Array, Array, Array], Array]


@dataclass(frozen=True)
class Link:
    """A function that maps the mean to the scale on which terms add up.

    Parameters
    ----------
    name, words
        Name in a spec, and what it does.
    inverse
        How equations write the mean (per unit of exposure) given the sum of terms.
    mean
        The mean given the sum of terms.
    forward
        The sum of terms given a mean, a number; for starting values and default priors.
    log_mean, log_rest
        Logarithms of a probability and of what is left of it to 1, exact however near 0 either
        is; None for a link of a mean that is no probability.
    """

    name: str
    words: str
    inverse: str
    mean: Callable[[Functions, Array], Array]
    forward: Callable[[float], float]
    log_mean: Callable[[Functions, Array], Array] | None = None
    log_rest: Callable[[Functions, Array], Array] | None = None

    @property
    def is_probability(self) -> bool:
        """Whether the mean lies between 0 and 1."""
        return self.log_rest is not None

    def logs(self, f: Functions, eta: Array) -> tuple[Array, Array] | None:
        """Return logarithms of a probability and of what is left of it; None of another mean."""
        if self.log_mean is None or self.log_rest is None:
            return None
        return self.log_mean(f, eta), self.log_rest(f, eta)


HALF = log(2.0)


def log_of_rest(f: Functions, log_p: Array) -> Array:
    """Return log(1 - p) from log p, exact at both ends.

    Mächler (2012), *Accurately computing log(1 - exp(-|a|))*, equation 7.
    """
    near = f.where(log_p > -HALF, log_p, -HALF)
    far = f.where(log_p > -HALF, -HALF, log_p)
    return f.where(log_p > -HALF, f.log(-f.expm1(near)), f.log1p(-f.exp(far)))


def _normal_quantile(p: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(p))


LINKS: Mapping[str, Link] = {
    link.name: link
    for link in (
        Link(
            "log",
            f"terms multiply: adding 0.1 multiplies the mean by exp(0.1) = {exp(0.1):.3f}",
            "exp",
            lambda f, eta: f.exp(eta),
            log,
        ),
        Link(
            "identity",
            "terms add up to the mean itself",
            "",
            lambda _f, eta: eta,
            float,
        ),
        Link(
            "logit",
            "terms multiply the odds: adding 0.1 multiplies them by exp(0.1)",
            "inverse_logit",
            lambda f, eta: f.sigmoid(eta),
            lambda p: log(p / (1.0 - p)),
            lambda f, eta: -f.softplus(-eta),
            lambda f, eta: -f.softplus(eta),
        ),
        Link(
            "probit",
            "the probability is that of a standard normal below the sum of terms",
            "normal_cdf",
            lambda f, eta: f.normal_cdf(eta),
            _normal_quantile,
            lambda f, eta: f.log_normal_cdf(eta),
            lambda f, eta: f.log_normal_cdf(-eta),
        ),
        Link(
            "cloglog",
            "the probability that a Poisson count whose log mean is the sum of terms is not 0",
            "1 - exp(-exp",
            lambda f, eta: -f.expm1(-f.exp(eta)),
            lambda p: log(-log(1.0 - p)),
            lambda f, eta: log_of_rest(f, -f.exp(eta)),
            lambda f, eta: -f.exp(eta),
        ),
    )
}
"""Every link."""


def inverse_text(link: Link, terms: str) -> str:
    """Return how equations write the inverse link of a sum of terms."""
    if not link.inverse:
        return terms
    return f"{link.inverse}({terms})" + ")" * (link.inverse.count("("))


class ArrayFunctions:
    """:class:`Functions` of NumPy arrays."""

    def __init__(self) -> None:
        import numpy as np
        from scipy import special

        def quiet(of: Callable[[Array], Array]) -> Callable[[Array], Array]:
            """Infinite without a warning: a wide prior, or a share of 0, makes it so."""
            return np.errstate(over="ignore", divide="ignore")(of)

        self.exp, self.expm1 = quiet(np.exp), quiet(np.expm1)
        self.log, self.log1p = quiet(np.log), quiet(np.log1p)
        self.sqrt, self.where = np.sqrt, np.where
        self.sigmoid = special.expit
        self.softplus = lambda x: np.logaddexp(0.0, x)
        self.normal_cdf, self.log_normal_cdf = special.ndtr, special.log_ndtr
        self.gammaln = special.gammaln
