"""Values of orders, and refunds."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from attribution.design.types import Design, Refunds, dim
from attribution.model.builder import Builder
from attribution.model.functions import Tensor
from attribution.model.unknowns import model_data, prior
from attribution.spec.model import OrderValue
from attribution.spec.terms import add_effect, level_name


def add_order_value(design: Design, value: OrderValue) -> None:
    """Net revenue of n paying orders ~ Gamma(n kappa, kappa / m); paying orders (beta-)binomial.

    A sum of n Gamma(kappa, kappa / m) order values, so that sums suffice.
    """
    data = design.value
    if data is None:
        return
    log_mean = prior("value_log_mean", value.mean)
    kappa = prior("value_shape", value.shape)
    make = Builder(design, "value_")
    for term in value.terms:
        name = f"value_{dim(term.by)}"
        effect = add_effect(make, term, name, log_mean, kappa)
        log_mean = log_mean + effect[make.index(term.by)]
    orders = model_data("sale_orders", data.orders.astype(np.float64), "sale")
    pm.Gamma(
        "net_revenue",
        alpha=orders * kappa,
        beta=kappa / pt.exp(log_mean),
        observed=model_data("observed_net_revenue", data.revenue, "sale"),
        dims="sale",
    )
    share = prior("paying_share", value.paying_share)
    if design.refunds is not None:
        _refunds(design, value, design.refunds, share)
        return
    credited = model_data("credited_orders", np.asarray(data.credited))
    paying = model_data("observed_paying_orders", np.asarray(data.paying))
    pm.Binomial("paying_orders", n=credited, p=share, observed=paying)


def _refunds(design: Design, value: OrderValue, counts: Refunds, share: Tensor) -> None:
    """Paying orders whose share differs between levels, or from post to post beyond that."""
    logit = pt.log(share) - pt.log1p(-share) + model_data("credit_zero", np.zeros(len(counts.rows)))
    make, place = Builder(design, "paying_"), design.spec.place("paying")
    for term in value.paying_terms:
        effect = add_effect(make, term, level_name(place, term.by), logit)
        logit = logit + effect[make.index(term.by)]
    orders = model_data("credited_orders", counts.orders, "credit")
    found = {
        "observed": model_data("observed_paying_orders", counts.paying, "credit"),
        "dims": "credit",
    }
    p = pt.sigmoid(logit)
    if value.paying_concentration is None:
        pm.Binomial("paying_orders", n=orders, p=p, **found)
        return
    c = prior("paying_concentration", value.paying_concentration)
    pm.BetaBinomial("paying_orders", n=orders, alpha=p * c, beta=(1.0 - p) * c, **found)
