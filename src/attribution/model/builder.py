"""What terms and sections build their unknowns with."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from attribution.design.build import CREATOR, CREATOR_SPREAD
from attribution.design.defaults import spread_of_outcome
from attribution.design.types import Design, GroupIndex, dim
from attribution.model.functions import Tensor, TensorFunctions
from attribution.model.unknowns import model_data, prior
from attribution.spec.priors import PRIORS, Prior, quantile
from attribution.spec.terms import Place


class Builder:
    """Adds the unknowns of terms to the model in context; see :class:`spec.terms.Make`.

    Parameters
    ----------
    design
        What the model is built from.
    groups
        Grouping columns, those of the design unless said.
    index
        Name and positions of each row's level, by column.
    """

    f = TensorFunctions

    def __init__(self, design: Design, prefix: str = "") -> None:
        self._design, self._prefix = design, prefix

    prior = staticmethod(prior)

    def coefficient(
        self,
        name: str,
        stated: Prior,
        place: Place,
        feature: str,
        *,
        centred: bool,
        dims: str | None = None,
    ) -> Tensor:
        """Add coefficients of a feature, with a stated prior."""
        design = self._design
        centre = 0.0 if centred else design.feature_centres[feature]
        size = float(np.sqrt(self.mean_square(feature) + centre**2))
        unit = 1.0 if place.unit == "1" else spread_of_outcome(design.spec, design.outcome)
        return prior(name, stated, dims, unit / size)

    def normal(self, name: str, mu: Tensor, sigma: Tensor, dims: Any) -> Tensor:
        """Add normal unknowns."""
        return pm.Normal(name, mu, sigma, dims=dims)

    def zero_sum_normal(self, name: str, sigma: Tensor, dims: Any) -> Tensor:
        """Add normal unknowns whose sum over the last dim is zero."""
        return pm.ZeroSumNormal(name, sigma, dims=dims, n_zerosum_axes=1)

    def dirichlet(self, name: str, concentration: float, dims: str) -> Tensor:
        """Add shares that add up to 1."""
        count = len(pm.modelcontext(None).coords[dims])
        return pm.Dirichlet(name, np.full(count, concentration), dims=dims)

    def beta(self, name: str, alpha: Tensor, dims: str) -> Tensor:
        """Add unknowns between 0 and 1, beta with both parameters alike."""
        return pm.Beta(name, alpha, alpha, dims=dims)

    def share(self, name: str, stated: Prior, location: Tensor, sd: Tensor) -> Tensor:
        """Add an unknown share with a stated prior, whose logit is known to about so much else.

        Sampled is the logit in units of what the prior and that leave open together, were both
        normal. The prior does not depend on it.
        """
        if stated.on is not None:
            return prior(name, stated)
        low, middle, high = (logit_of(quantile(stated, p)) for p in (0.16, 0.5, 0.84))
        before = 4.0 / (high - low) ** 2
        total = before + sd**-2.0
        shift, scale = (before * middle + location * sd**-2.0) / total, total**-0.5
        distribution = getattr(pm, PRIORS[stated.name].pymc or "").dist(**stated.parameters)

        def log_density(raw: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
            x = shift + scale * raw
            moved = pt.log(scale) - pt.softplus(-x) - pt.softplus(x)
            return pm.logp(distribution, pt.sigmoid(x)) + moved

        def random(
            shift: Any, scale: Any, rng: np.random.Generator, size: Any = None
        ) -> np.ndarray:
            drawn = np.vectorize(partial(quantile, stated))(rng.random(size))
            return np.asarray((logit_of(drawn) - shift) / scale)

        raw = pm.CustomDist(f"{name}_raw", shift, scale, logp=log_density, random=random)
        return pm.Deterministic(name, pt.sigmoid(shift + scale * raw))

    def shares(
        self,
        name: str,
        dims: str,
        alpha: Tensor,
        beta: Tensor,
        successes: Any = 0.0,
        failures: Any = 0.0,
    ) -> Tensor:
        """Add unknown shares, each Beta(alpha, beta), of which about so many trials tell.

        Sampled is the logit in units of what these trials leave open: were they trials in which
        the share showed itself, it would be Beta(alpha + successes, beta + failures), whose logit
        has the mean psi(a) - psi(b) and the variance psi'(a) + psi'(b); both to a simple
        approximation. So it is nearly standard normal whatever alpha and beta are. The prior does
        not depend on the trials.
        """
        a, b = alpha + successes, beta + failures
        shift = pt.log(a + 0.5) - 1.0 / a - pt.log(b + 0.5) + 1.0 / b
        scale = pt.sqrt((1.0 + a) / a**2 + (1.0 + b) / b**2)
        raw = pm.CustomDist(
            f"{name}_raw",
            alpha,
            beta,
            shift,
            scale,
            logp=_logit_beta,
            random=_beta_logit,
            dims=dims,
        )
        return pm.Deterministic(name, pt.sigmoid(shift + scale * raw), dims=dims)

    def observed(
        self, name: str, distribution: str, values: Any, dims: str | None, **parameters: Tensor
    ) -> None:
        """Add data that are not the outcome, of a distribution by its name in PyMC."""
        observed = model_data(f"observed_{name}", np.asarray(values), dims)
        getattr(pm, distribution)(name, **parameters, observed=observed, dims=dims)

    def positions(self, name: str, values: Any) -> Tensor:
        """Add known positions, whole numbers."""
        return model_data(name, np.asarray(values))

    def scores(self) -> Any:
        """Return what is known of audiences' credibility, None without any."""
        return self._design.scores

    def deterministic(self, name: str, value: Tensor, dims: Any) -> Tensor:
        """Name a quantity that follows from unknowns, to be kept of each draw."""
        return pm.Deterministic(name, value, dims=dims)

    def data(self, name: str, values: Any, dims: str | None = None) -> Tensor:
        """Add known numbers."""
        return model_data(name, np.asarray(values, dtype=np.float64), dims)

    def coord(self, name: str, levels: Sequence[str]) -> None:
        """Add a dim, unless it is there."""
        model = pm.modelcontext(None)
        if name not in model.coords:
            model.add_coord(name, list(levels))

    def levels(self, column: str) -> tuple[str, ...]:
        """Return the levels of a grouping column."""
        return self.group(column).levels

    def group(self, column: str) -> GroupIndex:
        """Return what is known of a grouping column."""
        design = self._design
        if self._prefix == "paying_" and design.refunds is not None:
            return design.refunds.groups[column]
        return (design.value_groups if self._prefix == "value_" else design.groups)[column]

    def basis(self, name: str) -> Any:
        """Return what is known of a basis."""
        return self._design.bases[name]

    def join(self, parts: Sequence[Tensor]) -> Tensor:
        """Return vectors one after another."""
        return pt.concatenate(list(parts)) if len(parts) > 1 else parts[0]

    def level_means(self, name: str, column: str, values: Tensor) -> Tensor:
        """Return averages over each level's rows, weights adding to 1 by level; (level,).

        No length enters as a number, so that another table needs no other compiled code.
        """
        group = self.group(column)
        weight = model_data(f"{name}_weight", group.weight[self._rows])
        none = model_data(f"{name}_zeros", np.zeros(len(group.levels)), dim(column))
        return pt.inc_subtensor(none[self.index(column)], weight * values)

    def mean_square(self, name: str) -> float:
        """Return the average square of a feature."""
        return float(np.mean(self._design.features[name] ** 2)) or 1.0

    def told_of_basis(self, name: str) -> np.ndarray:
        """Return what the data tell of the coefficient of each function of a basis; (function,).

        Roughly, one over its squared standard error were it the only unknown but the creators'.
        """
        design = self._design
        base = design.exposure if design.trials is None else design.trials
        told = design.family.working(design.outcome.astype(np.float64), base).information
        if CREATOR in design.groups:
            index = design.groups[CREATOR].index
            told = told / (1.0 + CREATOR_SPREAD["counts"] ** 2 * np.bincount(index, told)[index])
        return np.asarray(told @ design.bases[name].functions ** 2)

    def told_alike(self, column: str, least: float) -> np.ndarray:
        """Return the harmonic mean over levels of what the data tell, each at least ``least``."""
        return np.asarray(1.0 / np.mean(1.0 / np.maximum(self.group(column).information, least)))

    @property
    def _rows(self) -> Any:
        """The posts that are told of: all, or those with paying orders."""
        value = self._design.value
        return value.rows if self._prefix == "value_" and value is not None else slice(None)

    def index(self, column: str) -> Tensor:
        """Return the position of each row's level."""
        rows = {"value_": "sale", "paying_": "credit"}.get(self._prefix, "post")
        index = self.group(column).index[self._rows]
        return model_data(f"{self._prefix}{dim(column)}_index", index, rows)


def logit_of(share: Any) -> Any:
    """Log odds of a share."""
    return np.log(share) - np.log1p(-share)


def _logit_beta(raw: Tensor, alpha: Tensor, beta: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Log density of raw where shift + scale * raw is the logit of a Beta(alpha, beta)."""
    logit = shift + scale * raw
    constant = pt.gammaln(alpha + beta) - pt.gammaln(alpha) - pt.gammaln(beta) + pt.log(scale)
    return constant - alpha * pt.softplus(-logit) - beta * pt.softplus(logit)


def _beta_logit(
    alpha: Any, beta: Any, shift: Any, scale: Any, rng: np.random.Generator, size: Any = None
) -> np.ndarray:
    """Draw what has the density of :func:`_logit_beta`.

    From logarithms of two gamma variables, which small parameters do not make 0: Gamma(a) is
    Gamma(a + 1) times a uniform to the power of 1 / a.
    """

    def log_gamma(shape: Any) -> Any:
        uniform = np.log1p(-rng.random(size)) / shape
        return np.log(rng.gamma(np.broadcast_to(shape + 1.0, size))) + uniform

    return np.asarray((log_gamma(alpha) - log_gamma(beta) - shift) / scale)
