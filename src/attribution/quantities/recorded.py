"""How many orders posts bring for each recorded one: what codes miss, and claim wrongly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from attribution import forward
from attribution.design.types import Design, Floats, Integers
from attribution.draws import Draws, blocks, n_draws
from attribution.loo import BAD_K
from attribution.quantities.estimates import CANNOT_TELL, THESE, Quantity
from attribution.quantities.sensitivity import POWERS, SENSITIVITY, leaning, reweighted
from attribution.spec.sections.capture import LEAKED, SHARE
from attribution.spec.sections.experiments import INCREMENTAL
from attribution.spec.statement import StatedPrior

RECORDED, BROUGHT, GAINED = (
    "recorded orders",
    "orders brought, recorded or not",
    "incremental orders",
)
"""Which orders expected ones are."""

PER_RECORDED = "orders_per_recorded_order"
IN_ALL = "expected_orders_brought"
LIFTS = "lift test"
"""Scope of what posts of lift tests brought."""
NOT_RATES = (
    *(SHARE, LEAKED, PER_RECORDED, IN_ALL),
    *("expected_recorded_orders", "orders_missed", "orders_leaked"),
)
MORE, FEWER = "more orders than recorded", "fewer orders than recorded"
NO_MORE = "hardly more orders than recorded"
FLOOR = 1.05
"""Orders for each recorded one from which on there are more, where there cannot be fewer."""

OF_BASIS = "_brought"
"""End of the name of a rate that counts all orders brought, of which a model also has the rate of
recorded ones."""


def is_of_recorded() -> pl.Expr:
    """Return which estimates are about recorded orders and others, rates aside."""
    return pl.col("quantity").is_in(NOT_RATES) | pl.col("scope").is_in([SENSITIVITY, LIFTS])


def basis(design: Design) -> str:
    """Return which orders a model's expected orders stand for, once its sections are heard."""
    if design.spec.capture is not None:
        return BROUGHT
    experiments = design.spec.experiments
    return RECORDED if experiments is None or experiments.incremental is None else GAINED


def recorded_quantities(
    design: Design, draws: Draws, rates: Sequence[Quantity] = ()
) -> list[Quantity]:
    """Return what a model says of orders beyond recorded ones, with its prior's sensitivity.

    Empty where the spec says nothing of them.

    Parameters
    ----------
    rates
        What the model tells of recorded orders; rates over all posts are told of all orders too.
    """
    factor = forward.brought(design, draws)
    if factor is None:
        return list(_tests(design, draws))
    expected = expected_in_all(design, draws)
    shares = list(_shares(design, draws))
    per_recorded = _per_recorded(design, factor)
    in_all = _orders(IN_ALL, f"Expected {basis(design)}", factor * expected)
    found = [
        *shares,
        per_recorded,
        _orders("expected_recorded_orders", f"Expected {RECORDED}", expected),
        in_all,
        *_missed(design, draws, expected),
        *_rates(design, rates, factor),
        *_tests(design, draws),
    ]
    return [*found, *leaning([*shares, per_recorded, in_all], draws, factor_priors(design))]


def expected_in_all(design: Design, draws: Draws) -> Floats:
    """Recorded orders that all posts are expected to bring; (draw,)."""
    out = np.empty(n_draws(draws))
    for block in blocks(draws, len(design.outcome)):
        out[block.where] = forward.expected(design, block.draws).sum(axis=1)
    return out


def factor_priors(design: Design) -> list[StatedPrior]:
    """Return the priors that the orders for each recorded one rest on."""
    said = (design.spec.capture, design.spec.experiments)
    return [stated for section in said if section is not None for stated in section.stated()]


def under_other_priors(design: Design, draws: Draws) -> Mapping[str, Integers | None]:
    """Return the draws that stand for those priors counted half and twice, by those words.

    None where the draws cannot tell. Empty for a model without such priors.
    """
    priors = factor_priors(design)
    if not priors:
        return {}
    found = {words: reweighted(draws, priors, power) for power, words in POWERS.items()}
    return {words: rows if k <= BAD_K else None for words, (rows, k) in found.items()}


def _shares(design: Design, draws: Draws) -> Iterator[Quantity]:
    """Yield the unknowns themselves, saying what else than their prior informs them."""
    for stated in factor_priors(design):
        name = stated.parameter
        if name == INCREMENTAL:
            continue
        words = stated.meaning.capitalize()
        label = words if _informed(design, name) else f"{words} (from its prior alone)"
        yield _quantity(name, label, "share", draws[name])


def _informed(design: Design, name: str) -> bool:
    """Whether anything but the prior tells a share."""
    capture = design.spec.capture
    surveyed = name == SHARE and capture is not None and capture.survey is not None
    return surveyed or design.spec.experiments is not None


def _per_recorded(design: Design, factor: Floats) -> Quantity:
    """Return the orders for each recorded one; of the prior alone nothing is stated."""
    threshold, words = _statement(design)
    return _quantity(
        PER_RECORDED,
        f"{basis(design).capitalize()}, for each recorded order",
        "orders",
        factor,
        threshold=threshold,
        statement=None if threshold is None else f"P(> {threshold:g})",
        words=words,
    )


def _statement(design: Design) -> tuple[float | None, tuple[str, str]]:
    """Return what the orders for each recorded one are compared with, and the two answers.

    A survey tells which orders codes miss, and never that they claim too many: that there are
    fewer orders than recorded is the prior's word until a lift test says so. Where codes are taken
    to claim nothing wrongly there are more orders than recorded by assumption, and the question is
    whether there are noticeably more.
    """
    capture = design.spec.capture
    if not any(_informed(design, stated.parameter) for stated in factor_priors(design)):
        return None, (MORE, FEWER)
    if design.spec.experiments is not None or capture is None:
        return 1.0, (MORE, FEWER)
    return (FLOOR, (MORE, NO_MORE)) if capture.leaked is None else (1.0, (MORE, CANNOT_TELL))


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


def _rates(design: Design, rates: Sequence[Quantity], factor: Floats) -> Iterator[Quantity]:
    """Yield rates over all posts of all orders that posts bring, recorded or not."""
    for rate in rates:
        if rate.quantity.startswith("orders_per_") and rate.scope == "overall":
            yield replace(
                rate,
                quantity=f"{rate.quantity}{OF_BASIS}",
                label=f"{rate.label}: {basis(design)}",
                draws=rate.draws * factor,
            )


def _tests(design: Design, draws: Draws) -> Iterator[Quantity]:
    """Yield the orders that each lift test's posts brought, by the model."""
    experiments = design.spec.experiments
    if experiments is None:
        return
    means, _ = forward.lift(design, draws)
    for test, brought in zip(experiments.tests, means.T, strict=True):
        yield _quantity(
            "expected_lift",
            f"Orders that the posts of a lift test brought (it measured {test.estimate:,.0f} with "
            f"standard error {test.standard_error:,.0f})",
            "orders",
            brought,
            scope=LIFTS,
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
