"""Texts of small model specs, whole and with one place changed."""

from __future__ import annotations

HEAD = """
format = 1
name = "mine"
title = "A model"
question = "What is a like worth?"
assumptions = ["Likes add up."]
references = ["None."]

[outcome]
column = "conversions"
family = "negative_binomial"
exposure = "reach"
"""

RATES_MEAN = """
[mean]
form = "rates"
parts = ["reach", "likes"]
rate = { name = "normal", mu = -7.5, sigma = 2.0 }
shares = { name = "dirichlet", concentration = 1.0 }

[[mean.terms]]
kind = "group"
by = "tier"
of = ["each part"]
effects = "zero_sum"
sd = { name = "half_normal", sigma = 0.5 }

[[mean.terms]]
kind = "group"
by = "creator_id"
of = ["all parts"]
effects = "mean_one"
sd = { name = "half_normal", sigma = 0.7 }
"""

LINEAR_MEAN = """
[mean]
form = "linear"
link = "log"

[[mean.terms]]
kind = "intercept"
prior = { name = "normal", mu = -7.5, sigma = 2.0 }

[[mean.terms]]
kind = "linear"
feature = "volume"
prior = { name = "normal", mu = 0.0, sigma = 0.5 }

[[mean.terms]]
kind = "group"
by = "tier"
of = ["intercept"]
effects = "zero_sum"
sd = { name = "half_normal", sigma = 0.5 }
"""

MISSING = """
[missing]
likes = "latent"
"""

FEATURES = """
[features]
volume = "ln(1 + likes)"
"""

DISPERSION = """
[dispersion]
prior = { name = "half_normal", sigma = 1.0, on = "inverse" }
"""

ORDER_VALUE = """
[order_value]
mean = { name = "normal", mu = 4.0, sigma = 1.5 }
shape = { name = "log_normal", mu = 0.5, sigma = 1.0 }
paying_share = { name = "beta", alpha = 9.0, beta = 1.0 }

[[order_value.terms]]
kind = "group"
by = "tier"
of = ["intercept"]
effects = "zero_sum"
sd = { name = "half_normal", sigma = 0.3 }
"""

RATES = HEAD + MISSING + RATES_MEAN + DISPERSION + ORDER_VALUE
LINEAR = HEAD + FEATURES + MISSING + LINEAR_MEAN + DISPERSION + ORDER_VALUE


def changed(text: str, old: str, new: str) -> str:
    """Return a text with its only ``old`` replaced; the last one where there are several."""
    assert old in text, f"{old!r} is not in the text"
    head, _, tail = text.rpartition(old)
    return head + new + tail


def changed_first(text: str, old: str, new: str) -> str:
    """Return a text with its first ``old`` replaced."""
    assert old in text, f"{old!r} is not in the text"
    return text.replace(old, new, 1)
