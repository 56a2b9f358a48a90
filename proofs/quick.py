"""Short fits without checks, for proofs that need many: the graph of a model is made once."""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING

from attribution.diagnostics import worst
from attribution.draws import Draws, stack
from proofs.calibration.reuse import Templates

if TYPE_CHECKING:
    from attribution.design import Design

DRAWS, TUNE, CHAINS, TARGET_ACCEPT = 400, 400, 2, 0.9
HOW = (DRAWS, TUNE, CHAINS, TARGET_ACCEPT)
"""How these fits are sampled: part of what their results are of."""


@cache
def _templates() -> Templates:
    """Return the graphs that a process has."""
    return Templates()


def posterior_of(design: Design, seed: int) -> tuple[Draws, float]:
    """Return draws from the posterior, and the largest R-hat."""
    import pytensor

    from attribution.model import build_model
    from attribution.sampling import Settings, compile_density, posterior

    settings = Settings(DRAWS, TUNE, CHAINS, seed, TARGET_ACCEPT)
    with pytensor.config.change_flags(traceback__limit=0), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = build_model(design)
        draw, _ = compile_density(model, CHAINS, compiler=_templates())
        trace, _, diagnostics = posterior(model, draw, settings, lambda *_: None)
    return stack(trace["posterior"].to_dataset()), float(worst(diagnostics, "r_hat")[0])
