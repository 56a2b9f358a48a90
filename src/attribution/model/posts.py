"""What each post shows, or each day: features, signals, hidden ones among them."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from attribution.design.halo import Halo
from attribution.design.types import Design
from attribution.model.builder import Builder
from attribution.model.functions import Tensor
from attribution.model.unknowns import model_data
from attribution.spec.adstock import Ages
from attribution.spec.halo import EFFECT
from attribution.spec.model import RatesMean


def hidden_signals(design: Design) -> Tensor | None:
    """Standardised log(1 + count) of the signals that are not shown; dims (hidden,)."""
    if design.hidden is None:
        return None
    return pm.Normal("hidden_z", 0.0, 1.0, dims="hidden")


class TensorAt:
    """The posts of a design, for a model; see :class:`attribution.spec.terms.At`."""

    def __init__(self, design: Design, hidden: Tensor | None) -> None:
        self._design, self._builder = design, Builder(design)
        self._features = _features(design, hidden)

    def value(self, name: str) -> Tensor:
        """Return an unknown that is one number."""
        return pm.modelcontext(None)[name]

    def feature(self, name: str) -> Tensor:
        """Return a feature less its centre; (post,)."""
        return self._features[name]

    def centre(self, name: str) -> Tensor:
        """Return the centre of a feature."""
        return model_data(f"{name}_centre", np.asarray(self._design.feature_centres[name]))

    def pick(self, name: str, column: str) -> Tensor:
        """Return of an unknown with a value for each level that of each post's level; (post,)."""
        return pm.modelcontext(None)[name][self._builder.index(column)]

    def dot(self, name: str, basis: str) -> Tensor:
        """Return the sum of a basis's functions times an unknown for each; (post,)."""
        model = pm.modelcontext(None)
        (function,) = model.named_vars_to_dims[name]
        functions = model_data(basis, self._design.bases[basis].functions, ("post", function))
        return pt.sum(functions * model[name], axis=1)


def _features(design: Design, hidden: Tensor | None) -> dict[str, Tensor]:
    """Centred features; at hidden posts interpolated between tabulated nodes."""
    out = {name: model_data(name, values, "post") for name, values in design.features.items()}
    if design.hidden is None or hidden is None:
        return out
    nodes = design.hidden.nodes
    width = nodes[1] - nodes[0]
    inside = pt.clip(hidden, nodes[0], nodes[-1])
    weight = pt.maximum(0.0, 1.0 - pt.abs(inside[:, None] - nodes[None, :]) / width)
    rows = model_data("hidden_rows", design.hidden.rows, "hidden")
    for name in out:
        table = model_data(f"{name}_at_nodes", design.hidden.features[name], ("hidden", "node"))
        out[name] = pt.set_subtensor(out[name][rows], pt.sum(weight * table, axis=1))
    return out


def signals_of(design: Design, mean: RatesMean, hidden: Tensor | None) -> list[Tensor]:
    """Return the signals of a rates mean in its parts' order, hidden ones unknown; each (post,)."""
    out = []
    for part in mean.parts:
        signal = model_data(part, design.signals[part], "post")
        if hidden is not None and design.hidden is not None and part in design.hidden.columns:
            mine = np.flatnonzero(np.asarray(design.hidden.columns) == part)
            rows = model_data(f"{part}_hidden_rows", design.hidden.rows[mine])
            which = model_data(f"{part}_hidden_index", mine)
            mu = model_data(f"{part}_hidden_mean", design.hidden.mean[mine])
            sd = model_data(f"{part}_hidden_sd", design.hidden.sd[mine])
            value = pt.maximum(pt.expm1(mu + sd * hidden[which]), 0.0)
            signal = pt.set_subtensor(signal[rows], value)
        out.append(signal)
    return out


class TensorDays:
    """The days of a halo mean, for a model; see :class:`attribution.spec.halo.Days`."""

    def __init__(self, halo: Halo) -> None:
        self._halo = halo
        self.ages = Ages(
            start=model_data("lag_start", halo.ages.start, "lag"),
            end=model_data("lag_end", halo.ages.end, "lag"),
            last=model_data("lag_last", np.asarray(halo.ages.last)),
        )

    def value(self, name: str) -> Tensor:
        """Return an unknown that is one number."""
        return pm.modelcontext(None)[name]

    def effect(self, part: int) -> Tensor:
        """Return the deviation of a part's log rate."""
        return pm.modelcontext(None)[EFFECT][part]

    def mix(self, part: int) -> Tensor:
        """Return a part's share of average reach."""
        return model_data("part_mix", self._halo.mix, "part")[part]

    def lagged(self, part: str, weights: Tensor) -> Tensor:
        """Return the reach of a part on the days before, weighted by lag; (post,)."""
        lags = model_data(f"{part}_lags", self._halo.lags[part], ("post", "lag"))
        return pt.sum(lags * weights, axis=1)
