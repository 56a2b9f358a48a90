"""A graph that was made of one data set and filled with another is that of the other."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytest

from attribution.density.compiled import NativeModel, compile_model
from attribution.fitting import design_of
from attribution.model import build_model, kept
from proofs.calibration.replicate import drawn
from proofs.calibration.reuse import Templates, form

MODEL, CREATORS, EACH = "tier_only", 8, 4


def model(k: int, table: int = 0) -> pm.Model:
    """Return the model of a table's k-th draw from the prior."""
    before = drawn(MODEL, CREATORS, EACH, table)
    return build_model(design_of(before.model(k), before.table(k)))


def assert_alike(found: NativeModel, made: pm.Model) -> None:
    """Compare values, gradients, what is kept and the start with those of a plain compilation."""
    plain = compile_model(made, kept(made), 1)
    np.testing.assert_allclose(found.start, plain.start, rtol=1e-12, atol=1e-12)
    assert found.inputs == plain.inputs
    for seed in range(3):
        point = plain.initial_point(seed)
        for one, other in ((found.density, plain.density), (found.expand, plain.expand)):
            (value, out, code), (right, right_out, right_code) = one(point), other(point)
            assert code == right_code
            assert value == pytest.approx(right, rel=1e-11)
            np.testing.assert_allclose(out, right_out, rtol=1e-8, atol=1e-8)


def test_a_filled_graph_is_that_of_the_data_alone() -> None:
    """Of the same posts, and of others; the first two make the graph, the rest only fill it."""
    templates = Templates()
    for k in range(5):
        made = model(k)
        found = templates(made, kept(made), 1)
        if k >= 2:
            assert_alike(found, made)
    assert len(templates.made) == 1
    (template,) = templates.made.values()
    assert "observed_conversions" in template.left_open
    assert "observed_net_revenue" in template.left_open
    assert "exposure" not in template.left_open
    graph = template.graph
    other = model(0, table=1)
    assert_alike(templates(other, kept(other), 1), other)
    (last, *_) = [*templates.made.values()][::-1]
    assert last.graph is not graph


def test_units_of_what_is_sampled_are_part_of_a_form() -> None:
    def scaled(sigma: float) -> pm.Model:
        from attribution.model.unknowns import InUnits

        with pm.Model() as made:
            pm.Normal("slope", 0.0, 1.0, default_transform=InUnits(sigma))
        return made

    assert form(scaled(0.1)) == form(scaled(0.1))
    assert form(scaled(0.1)) != form(scaled(0.2))


def test_where_an_unknown_starts_is_part_of_a_form() -> None:
    def started(at: float) -> pm.Model:
        with pm.Model() as made:
            pm.Normal("x", 0.0, 1.0, initval=at)
        return made

    assert form(started(1.0)) == form(started(1.0))
    assert form(started(1.0)) != form(started(2.0))


def test_known_numbers_that_are_no_data_are_part_of_a_form() -> None:
    def around(mean: float) -> pm.Model:
        with pm.Model() as made:
            pm.Normal("x", mean, 1.0)
        return made

    assert form(around(1.0)) == form(around(1.0))
    assert form(around(1.0)) != form(around(2.0))
