"""How many orders posts bring for each recorded one: what codes miss, and claim wrongly."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attribution import forward
from attribution.design.types import Design, Floats
from attribution.draws import Draws, blocks, n_draws
from attribution.quantities.estimates import THESE, Quantity
from attribution.quantities.sensitivity import leaning
from attribution.spec.sections.capture import LEAKED, SHARE
from attribution.spec.sections.experiments import INCREMENTAL
from attribution.spec.statement import StatedPrior

RECORDED, BROUGHT, GAINED = (
    "recorded orders",
    "orders brought, recorded or not",
    "incremental orders",
)
"""Which orders expected ones are."""


def basis(design: Design) -> str:
    """Return which orders a model's expected orders stand for, once its sections are heard."""
    if design.spec.capture is not None:
        return BROUGHT
    experiments = design.spec.experiments
    return RECORDED if experiments is None or experiments.incremental is None else GAINED


def recorded_quantities(design: Design, draws: Draws) -> list[Quantity]:
    """Return what a model says of orders beyond recorded ones, with its prior's sensitivity.

    Empty where the spec says nothing of them.
    """
    factor = forward.brought(design, draws)
    if factor is None:
        return []
    expected = expected_in_all(design, draws)
    found = [
        *_shares(design, draws),
        _per_recorded(design, factor),
        _orders("expected_recorded_orders", f"Expected {RECORDED}", expected),
        _orders("expected_orders_brought", f"Expected {basis(design)}", factor * expected),
        *_missed(design, draws, expected),
        *_tests(design, draws),
    ]
    priors = _priors(design)
    return [*found, *leaning(found[: len(priors) + 1], draws, priors)]


def expected_in_all(design: Design, draws: Draws) -> Floats:
    """Recorded orders that all posts are expected to bring; (draw,)."""
    out = np.empty(n_draws(draws))
    for block in blocks(draws, len(design.outcome)):
        out[block.where] = forward.expected(design, block.draws).sum(axis=1)
    return out


def _priors(design: Design) -> list[StatedPrior]:
    """Priors that the orders for each recorded one rest on."""
    said = (design.spec.capture, design.spec.experiments)
    return [stated for section in said if section is not None for stated in section.stated()]


def _shares(design: Design, draws: Draws) -> Iterator[Quantity]:
    """Yield the unknowns themselves, saying what else than their prior informs them."""
    for stated in _priors(design):
        name = stated.parameter
        if name == INCREMENTAL:
            continue
        words = stated.meaning.capitalize()
        from_data = _informed(design, name)
        label = words if from_data else f"{words} (from its prior alone)"
        yield _quantity(name, label, "share", draws[name])


def _informed(design: Design, name: str) -> bool:
    """Whether anything but the prior tells a share."""
    capture = design.spec.capture
    surveyed = name == SHARE and capture is not None and capture.survey is not None
    return surveyed or design.spec.experiments is not None


def _per_recorded(design: Design, factor: Floats) -> Quantity:
    words = basis(design)
    return _quantity(
        "orders_per_recorded_order",
        f"{words.capitalize()}, for each recorded order",
        "orders",
        factor,
        threshold=1.0,
        statement="P(> 1)",
        words=("more orders than recorded", "fewer orders than recorded"),
    )


def _missed(design: Design, draws: Draws, expected: Floats) -> Iterator[Quantity]:
    """Yield orders that codes and links miss and those that they claim wrongly."""
    if design.spec.capture is None:
        return
    leaked = draws.get(LEAKED, np.zeros(1))
    kept = (1.0 - leaked) * expected
    yield _orders("orders_missed", "Orders that codes and links miss", kept / draws[SHARE] - kept)
    if design.spec.capture.leaked is not None:
        label = "Recorded orders that the posts did not bring"
        yield _orders("orders_leaked", label, leaked * expected)


def _tests(design: Design, draws: Draws) -> Iterator[Quantity]:
    """Yield the orders that each lift test's posts are expected to bring."""
    experiments = design.spec.experiments
    if experiments is None:
        return
    for test, lift in zip(experiments.tests, forward.lift(design, draws).T, strict=True):
        yield _quantity(
            "expected_lift",
            f"Orders that the posts of a lift test bring (it measured {test.estimate:,.0f} with "
            f"standard error {test.standard_error:,.0f})",
            "orders",
            lift,
            scope="lift test",
            group=test.name,
        )


def _orders(name: str, label: str, draws: Floats) -> Quantity:
    return _quantity(name, label, "orders", draws)


def _quantity(
    name: str,
    label: str,
    unit: str,
    draws: Floats,
    *,
    scope: str = "overall",
    group: str = "all",
    threshold: float | None = None,
    statement: str | None = None,
    words: tuple[str, str] = ("yes", "no"),
) -> Quantity:
    return Quantity(
        quantity=name,
        label=label,
        scope=scope,
        group=group,
        population=THESE,
        weighting="none",
        unit=unit,
        draws=draws,
        threshold=threshold,
        statement=statement,
        words=words,
    )
