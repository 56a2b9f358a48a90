"""Divergent draws are sampled once more with smaller steps, unless the user set the rate."""

from __future__ import annotations

from typing import Any

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
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[float | None] = []
    heard: list[str] = []
    left = list(divergent)

    def nuts(_: Any, settings: Settings, tell: sampling.Progress) -> xr.DataTree:
        tried.append(settings.target_accept)
        tell("sample", 0, 1)
        return draws(left.pop(0))

    monkeypatch.setattr(sampling, "_nuts", nuts)
    settings = Settings(target_accept=asked)
    trace, rate = sampling._posterior(None, settings, lambda stage, _d, _t: heard.append(stage))
    assert tried == rates
    assert rate == rates[-1]
    assert heard == told
    assert int(trace["sample_stats"]["diverging"].sum()) == divergent[len(rates) - 1]
