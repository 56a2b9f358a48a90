"""One stated prior: the name that its parameter has in a run, and what it means."""

from __future__ import annotations

from dataclasses import dataclass

from attribution.spec.defaults import DEFAULT
from attribution.spec.priors import CORRELATION, PRIORS, SIMPLEX, Prior, quantile, support_of

PROB = 0.89


@dataclass(frozen=True)
class StatedPrior:
    """One parameter's prior.

    Parameters
    ----------
    parameter
        Name in the posterior.
    key
        Dotted key in the spec.
    prior
        The prior as it will be used: nothing is rescaled.
    meaning
        What the parameter is, with its scale.
    exp_unit
        For a parameter on the log scale, what its exponential is; else None.
    count
        Number of values that the prior gives at once, or of things that are correlated; None
        where the table says how many.
    default
        Words for the prior that holds where the spec leaves it to the table.
    """

    parameter: str
    key: str
    prior: Prior
    meaning: str
    exp_unit: str | None = None
    count: int | None = 1
    default: str = ""

    @property
    def is_default(self) -> bool:
        """Whether the spec leaves the prior to the table."""
        return self.prior == DEFAULT

    def interval(self, prob: float = PROB) -> tuple[float, float] | None:
        """Return the equal-tailed interval of the prior; of one share where it gives several.

        None of a prior that is flat, or whose numbers depend on the table.
        """
        if self.is_default or self.count is None:
            return None
        tails, support = ((1.0 - prob) / 2.0, (1.0 + prob) / 2.0), support_of(self.prior)
        prior = self.prior
        if support == SIMPLEX:
            # One of n symmetric Dirichlet shares is Beta(c, (n - 1) c) by itself.
            c = prior.parameters["concentration"]
            prior = Prior("beta", {"alpha": c, "beta": max(self.count - 1, 1) * c})
        if support == CORRELATION:
            # (1 + r) / 2 is Beta(a, a), a = eta - 1 + n / 2 (Lewandowski, Kurowicka & Joe 2009).
            a = prior.parameters["eta"] - 1.0 + self.count / 2.0
            half = Prior("beta", {"alpha": a, "beta": a})
            return 2.0 * quantile(half, tails[0]) - 1.0, 2.0 * quantile(half, tails[1]) - 1.0
        if PRIORS[prior.name].quantile is None:
            return None
        return quantile(prior, tails[0]), quantile(prior, tails[1])
