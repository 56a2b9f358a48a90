"""The density that draws of one quantity have, smoothed by a normal kernel.

As ``scipy.stats.gaussian_kde`` has it, to which a test holds it; the import of SciPy's statistics
would take longer than all curves of a report.
"""

from __future__ import annotations

import numpy as np

from attribution.design.types import Floats


def kernel_density(draws: Floats, at: Floats) -> Floats:
    """Return the density of draws at points, its bandwidth by Scott's rule (1992).

    Parameters
    ----------
    draws
        Values that are not all the same; (draw,).
    at
        Where to tell the density; (point,).
    """
    width = draws.std(ddof=1) * len(draws) ** -0.2
    apart = (at[:, None] - draws) / width
    heights: Floats = np.exp(-0.5 * apart**2).mean(axis=1) / (width * np.sqrt(2.0 * np.pi))
    return heights
