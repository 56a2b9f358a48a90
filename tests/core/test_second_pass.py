"""Divergent draws are sampled once more with smaller steps, unless the user set the rate."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from attribution import sampling
from attribution.sampling import Settings


def draws(divergent: int) -> xr.DataTree:
    diverging = np.arange(8).reshape(2, 4) < divergent
    stats = xr.Dataset({"diverging": (("chain", "draw"), diverging)})
    return xr.DataTree.from_dict({"sample_stats": stats})


@pytest.mark.parametrize(
    ("asked", "divergent", "rates", "told"),
    [
        (None, [0], [0.9], ["sample"]),
        (None, [3, 0], [0.9, 0.98], ["sample", "sample again with smaller steps (3 divergent)"]),
        (None, [3, 2], [0.9, 0.98], ["sample", "sample again with smaller steps (3 divergent)"]),
        (0.8, [3], [0.8], ["sample"]),
    ],
)
def test_divergences_lead_to_a_second_pass(
    asked: float | None,
    divergent: list[int],
    rates: list[float],
    told: list[str],
) -> None:
    tried: list[float | None] = []
    heard: list[str] = []
    left = list(divergent)

    def nuts(settings: Settings, tell: sampling.Done) -> xr.DataTree:
        tried.append(settings.target_accept)
        tell(1, 1)
        return draws(left.pop(0))

    def hear(stage: str, _done: int, _total: int) -> None:
        if stage not in heard:
            heard.append(stage)

    trace, rate = sampling._posterior(nuts, Settings(target_accept=asked), hear)
    assert tried == rates
    assert rate == rates[-1]
    assert heard == told
    assert int(trace["sample_stats"]["diverging"].sum()) == divergent[len(rates) - 1]
