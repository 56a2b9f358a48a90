"""Leave-one-out predictive density, from all posts or, of a large table, from a sample of them."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from attribution import forward, mixing, tails
from attribution.design.types import Design, Floats, Integers
from attribution.draws import Draws, stack

if TYPE_CHECKING:
    import xarray as xr

BAD_K = 0.7
"""Pareto k above which a post's leave-one-out estimate is not to be trusted."""

NUMBERS = 20_000_000
"""Log densities, draws times posts, that a run keeps; of more posts it keeps a sample."""


NOTHING = 600.0
"""Logarithm of an importance ratio's distance from the largest beyond which it weighs nothing.
Near 700 what is left of the ratio has no reciprocal, and Pareto k comes out as if all were well."""


def kept_posts(posts: int, draws: int) -> Integers:
    """Return the posts whose log density is kept; sorted positions.

    All, or a simple random sample, the same one for every run of the same size: a smaller sample
    of the same posts is part of a larger one.
    """
    most = max(NUMBERS // draws, 1)
    if posts <= most:
        return np.arange(posts)
    return np.sort(np.random.default_rng(0).permutation(posts)[:most])


@dataclass(frozen=True)
class Loo:
    """Leave-one-out log predictive density of a run.

    Parameters
    ----------
    arviz
        ArviZ's answer for the posts that were looked at; its ``elpd_i`` and ``pareto_k`` are
        (post,).
    posts
        Positions of those posts; (post,).
    plug_in
        Log density of every post at the posterior mean, to which the estimate from a sample of
        posts is tied; (all posts,). None where all posts were looked at.
    """

    arviz: Any
    posts: Integers
    plug_in: Floats | None

    @property
    def pointwise(self) -> Floats:
        """Log predictive density of each post that was looked at."""
        return np.asarray(self.arviz.elpd_i)

    @property
    def pareto_k(self) -> Floats:
        """Pareto k of each post that was looked at."""
        return np.asarray(self.arviz.pareto_k)

    @property
    def bad(self) -> int:
        """Number of posts whose estimate is not to be trusted; what is not a number is bad."""
        return int(np.sum(~(self.pareto_k <= BAD_K)))


@dataclass(frozen=True)
class Estimate:
    """A sum over posts.

    Parameters
    ----------
    total
        The sum over all posts.
    se
        Standard error of the sum as an estimate for posts like these.
    se_subsample
        Standard error from having looked at a sample of the posts only; 0 for all.
    """

    total: float
    se: float
    se_subsample: float


def loo(tree: xr.DataTree, posts: Integers | None = None) -> Any:
    """Return ArviZ's PSIS-LOO of the conversions whose log density is kept, pointwise.

    Parameters
    ----------
    tree
        With groups ``posterior`` and ``log_likelihood``.
    posts
        Which of the kept posts to look at; all if None.
    """
    import xarray as xr
    from arviz_stats import loo as arviz_loo

    density = _log_density(tree)
    if posts is not None:
        density = density.isel(post=posts)
    groups = {
        "posterior": tree["posterior"].to_dataset(),
        "log_likelihood": density.to_dataset(),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of high Pareto k, which is told
        return arviz_loo(xr.DataTree.from_dict(groups), var_name=density.name, pointwise=True)


def pareto_k(tree: xr.DataTree) -> Floats:
    """Return the Pareto k that :func:`loo` finds, for all posts at once; (post,).

    Not a number for a post whose density hardly moves, so that there is no tail.

    Parameters
    ----------
    tree
        With groups ``posterior`` and ``log_likelihood``.
    """
    posterior = [
        v.to_numpy().reshape(*v.shape[:2], -1) for v in tree["posterior"].data_vars.values()
    ]
    together = np.moveaxis(np.concatenate(posterior, axis=2), 2, 0)
    # What ArviZ takes for all posts: effective draws of the average parameter's mean.
    share = np.mean(mixing.ess_mean(together)) / together[0].size
    density = _log_density(tree).transpose("post", "chain", "draw").to_numpy()
    return tails.pareto_k(-density.reshape(len(density), -1), float(share))


def _log_density(tree: xr.DataTree) -> xr.DataArray:
    """Return the log density of each kept post, as far as it weighs; (chain, draw, post)."""
    kept = tree["log_likelihood"].to_dataset()
    (density,) = kept.data_vars.values()
    # A ratio is 1 / density: what is highest weighs least.
    return density.clip(max=density.min(("chain", "draw")) + NOTHING)


def loo_of(design: Design, tree: xr.DataTree, among: Collection[str] | None = None) -> Loo:
    """Return the leave-one-out density of a run, from the posts whose log density it kept.

    Parameters
    ----------
    design
        What the run was fitted to.
    tree
        With groups ``posterior`` and ``log_likelihood``.
    among
        Names of the posts to look at, where kept; all that were kept if None.
    """
    kept = names_of_kept(tree)
    part = np.arange(len(kept))
    if among is not None:
        part = np.asarray([k for k, name in enumerate(kept) if name in among], dtype=np.int64)
    place = {name: row for row, name in enumerate(design.posts)}
    posts = np.asarray([place[kept[k]] for k in part], dtype=np.int64)
    plug_in = None
    if len(posts) < len(design.outcome):
        plug_in = _plug_in(design, stack(tree["posterior"].to_dataset()))
    return Loo(loo(tree, None if len(part) == len(kept) else part), posts, plug_in)


def names_of_kept(tree: xr.DataTree) -> list[str]:
    """Return the names of the posts whose log density a run kept."""
    return [str(name) for name in tree["log_likelihood"]["post"].to_numpy()]


def _plug_in(design: Design, draws: Draws) -> Floats:
    """Log density of every post at the posterior mean; (post,)."""
    mean = {name: values.mean(axis=0, keepdims=True) for name, values in draws.items()}
    found: Floats = forward.log_likelihood(design, mean)[0]
    return found


def estimate(
    values: Floats, plug_in: Floats | None = None, posts: Integers | None = None
) -> Estimate:
    """Return the sum over all posts of values known of some.

    The difference estimator with a simple random sample: the sum of an approximation known of all
    posts, plus what the sample says of its error (Magnusson, Vehtari, Jonasson & Andersen 2020,
    AISTATS, section 2.3).

    Parameters
    ----------
    values
        Of the posts that were looked at; (sample,).
    plug_in
        The approximation, of every post; None if all were looked at.
    posts
        Positions of those looked at.
    """
    if plug_in is None or posts is None:
        se = float(np.sqrt(len(values)) * np.std(values, ddof=1))
        return Estimate(float(values.sum()), se, 0.0)
    count, sample = len(plug_in), len(posts)
    near = plug_in[posts]
    error = values - near
    total = float(plug_in.sum() + count * error.mean())
    variance = count**2 * (1.0 - sample / count) * float(np.var(error, ddof=1)) / sample
    squares = float((plug_in**2).sum() + count * (values**2 - near**2).mean())
    # The square of an estimate is too large by its variance.
    spread = squares - (total**2 - variance) / count
    return Estimate(total, float(np.sqrt(max(spread, 0.0))), float(np.sqrt(variance)))
