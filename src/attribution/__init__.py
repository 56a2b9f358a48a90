"""What influencer posts are worth: Bayesian models from likes, comments and tier to conversions.

Every command of ``attribution`` is a function here of the same name. Importing the package is
cheap; a function's own imports happen when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attribution.answers import (
        chart,
        check,
        contributions,
        effects,
        luck,
        parameters,
        roi,
        susceptibility,
    )
    from attribution.data import daily, ingest, validate
    from attribution.drafting import draft_spec
    from attribution.fitting import fit
    from attribution.prior_check import check_prior
    from attribution.quantities.compare import compare
    from attribution.reporting import report
    from attribution.run import load_run
    from attribution.simulation import simulate
    from attribution.tour import demo

__version__ = "0.1.0"

__all__ = [
    "chart",
    "check",
    "check_prior",
    "compare",
    "contributions",
    "daily",
    "demo",
    "draft_spec",
    "effects",
    "fit",
    "ingest",
    "load_run",
    "luck",
    "parameters",
    "report",
    "roi",
    "simulate",
    "susceptibility",
    "validate",
]

_MODULES = {
    "chart": "answers",
    "check": "answers",
    "check_prior": "prior_check",
    "compare": "quantities.compare",
    "contributions": "answers",
    "daily": "data",
    "demo": "tour",
    "draft_spec": "drafting",
    "effects": "answers",
    "fit": "fitting",
    "ingest": "data",
    "load_run": "run",
    "luck": "answers",
    "parameters": "answers",
    "report": "reporting",
    "roi": "answers",
    "simulate": "simulation",
    "susceptibility": "answers",
    "validate": "data",
}


def __getattr__(name: str) -> Any:
    """Import a public function when it is first used."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    """List the public functions whether or not they are imported yet."""
    return sorted({*globals(), *__all__})
