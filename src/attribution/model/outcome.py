"""What is observed of posts: outcomes, and lift tests of what they brought."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from attribution.design.types import Design
from attribution.model.builder import Builder
from attribution.model.functions import F, Tensor
from attribution.model.unknowns import model_data
from attribution.spec.families import Given
from attribution.spec.sections import brought as orders_brought
from attribution.spec.sections import realised


def observe(design: Design, given: Given) -> None:
    """Add the likelihood of the outcome."""
    name, family = design.spec.outcome.column, design.family
    observed = model_data(f"observed_{name}", design.outcome, "post")
    if family.pymc is not None:
        known = getattr(pm, family.pymc.name)
        known(name, **family.pymc.at(given), observed=observed, dims="post")
        return
    tensors: list[Tensor] = []
    given.map(tensors.append)

    def again(values: Sequence[Any]) -> Given:
        left = iter(values)
        return given.map(lambda _: next(left))

    def log_density(y: Tensor, *values: Tensor) -> Tensor:
        return family.log_density(F, y, again(values))

    def random(*values: Any, rng: np.random.Generator, **_size: Any) -> np.ndarray:
        return np.asarray(family.draw(rng, again(np.broadcast_arrays(*values))))

    pm.CustomDist(
        name,
        *tensors,
        logp=log_density,
        random=random,
        observed=observed,
        dims="post",
        dtype="int64" if family.whole else "float64",
    )


def add_lift_tests(design: Design, given: Given, brought: Tensor | None) -> None:
    """Add what lift tests say of the orders that posts brought, wherever they landed.

    Parameters
    ----------
    brought
        Those orders' means, the posts' luck included, where that is an unknown; dims (post,).
    """
    tests = design.spec.experiments
    if tests is None or design.tested is None:
        return
    posts = model_data("test_posts", design.tested, ("test", "post"))
    variance = None
    if brought is None:
        brought, variance = realised(F, given, *_counted(design))
    factor = orders_brought(design.spec, pm.modelcontext(None).__getitem__)
    factor = 1.0 if factor is None else factor
    open_ = 0.0 if variance is None else factor**2 * pt.sum(posts * variance, axis=1)
    tests.observe(F, Builder(design), factor * pt.sum(posts * brought, axis=1), open_)


def _counted(design: Design) -> tuple[Tensor, Tensor | float]:
    """Each post's own recorded orders, and the share of its orders that they are of."""
    if design.sources is None:
        return model_data(f"observed_{design.spec.outcome.column}", design.outcome, "post"), 1.0
    orders = model_data("mixing_orders", design.sources.orders, "post")
    return orders, model_data("mixing_credited", design.sources.credited, "post")
