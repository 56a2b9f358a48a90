"""What models are computed with: functions of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt

Tensor = Any  # PyTensor and PyMC are not typed


class TensorFunctions:
    """What families, links and terms are made of, for tensors; see ``spec.links.Functions``."""

    exp, log, log1p, expm1, sqrt = pt.exp, pt.log, pt.log1p, pt.expm1, pt.sqrt
    sigmoid, softplus, gammaln, where = pt.sigmoid, pt.softplus, pt.gammaln, pt.where

    @staticmethod
    def normal_cdf(x: Tensor) -> Tensor:
        """Probability of a standard normal below x."""
        return 0.5 * pt.erfc(-x / np.sqrt(2.0))

    @staticmethod
    def log_normal_cdf(x: Tensor) -> Tensor:
        """Logarithm of it, exact far below 0."""
        far = pt.log(0.5 * pt.erfcx(-pt.minimum(x, 0.0) / np.sqrt(2.0))) - 0.5 * x**2
        near = pt.log1p(-0.5 * pt.erfc(pt.maximum(x, -1.0) / np.sqrt(2.0)))
        return pt.where(x < -1.0, far, near)


F: Any = TensorFunctions
