"""One stated prior: the name that its parameter has in a run, and what it means."""

from __future__ import annotations

from dataclasses import dataclass

from attribution.spec.priors import PRIORS, SIMPLEX, Prior, quantile, support_of

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
        Number of values that the prior gives at once.
    """

    parameter: str
    key: str
    prior: Prior
    meaning: str
    exp_unit: str | None = None
    count: int = 1

    def interval(self, prob: float = PROB) -> tuple[float, float] | None:
        """Return the equal-tailed interval of the prior; of one share where it gives several.

        None of a prior that is flat, or whose numbers depend on the table.
        """
        prior = self.prior
        if prior.name not in PRIORS:
            return None
        if support_of(prior) == SIMPLEX:
            # One of n symmetric Dirichlet shares is Beta(c, (n - 1) c) by itself.
            c = prior.parameters["concentration"]
            prior = Prior("beta", {"alpha": c, "beta": max(self.count - 1, 1) * c})
        if PRIORS[prior.name].quantile is None:
            return None
        tail = (1.0 - prob) / 2.0
        return quantile(prior, tail), quantile(prior, 1.0 - tail)
