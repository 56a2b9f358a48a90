"""Draws that fall short are taken once more with smaller steps, unless the user set the rate."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytest
import xarray as xr

from attribution import sampling
from attribution.sampling import Settings

SETTINGS = {"chains": 2, "draws": 400}


def draws(fault: str) -> xr.DataTree:
    """Return independent draws with a fault: divergent draws, or chains that lie apart."""
    shape = (SETTINGS["chains"], SETTINGS["draws"])
    count = int(fault.removesuffix(" divergent")) if "divergent" in fault else 0
    diverging = np.arange(np.prod(shape)).reshape(shape) < count
    values = np.random.default_rng(1).normal(size=shape)
    if fault == "apart":
        values[1] += 1.0
    steps = ("chain", "draw")
    return xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset({"a": (steps, values)}),
            "sample_stats": xr.Dataset({"diverging": (steps, diverging)}),
        }
    )


AGAIN = "sample again with smaller steps"


@pytest.mark.parametrize(
    ("asked", "faults", "rates", "told"),
    [
        (None, [""], [0.85], ["sample"]),
        (None, ["3 divergent", ""], [0.85, 0.95], ["sample", f"{AGAIN} (3 divergent)"]),
        (None, ["3 divergent", "2 divergent"], [0.85, 0.95], ["sample", f"{AGAIN} (3 divergent)"]),
        (None, ["apart", ""], [0.85, 0.95], ["sample", f"{AGAIN} (the chains do not agree yet)"]),
        (0.7, ["3 divergent"], [0.7], ["sample"]),
        (0.7, ["apart"], [0.7], ["sample"]),
    ],
)
def test_draws_that_fall_short_lead_to_a_second_pass(
    asked: float | None,
    faults: list[str],
    rates: list[float],
    told: list[str],
) -> None:
    tried: list[float | None] = []
    heard: list[str] = []
    left = list(faults)

    def nuts(settings: Settings, tell: sampling.Done) -> xr.DataTree:
        tried.append(settings.target_accept)
        tell(1, 1)
        return draws(left.pop(0))

    def hear(stage: str, _done: int, _total: int) -> None:
        if stage not in heard:
            heard.append(stage)

    settings = Settings(target_accept=asked, **SETTINGS)
    trace, rate, diagnostics = sampling.posterior(pm.Model(), nuts, settings, hear)
    assert tried == rates
    assert rate == rates[-1]
    assert heard == told
    assert trace.equals(draws(faults[len(rates) - 1]))
    assert diagnostics.get_column("parameter").to_list() == ["a"]
