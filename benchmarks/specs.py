"""The benchmark's models, stated for this project: what every tool can state, priors and all.

Shipped specs have zero-sum tiers and half-normal standard deviations, which rstanarm does not know.
"""

from __future__ import annotations

REGRESSION = """
format = 1
name = "benchmark-regression"
title = "Negative binomial regression, tiers and creators crossed"
question = "What do volume and conversation tell of conversions?"
assumptions = ["For a benchmark only."]
references = ["None."]
[outcome]
column = "conversions"
family = "negative_binomial"
exposure = "reach"
[features]
volume = "ln((1 + likes) / reach)"
conversation = "ln((1 + comments) / (1 + likes))"
[missing]
likes = "set_aside"
comments = "set_aside"
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
kind = "linear"
feature = "conversation"
prior = { name = "normal", mu = 0.0, sigma = 0.5 }
[[mean.terms]]
kind = "group"
by = "tier"
of = ["intercept"]
effects = "exchangeable"
sd = { name = "exponential", lam = 2.0 }
[[mean.terms]]
kind = "group"
by = "creator_id"
of = ["intercept"]
effects = "exchangeable"
sd = { name = "exponential", lam = 1.5 }
[dispersion]
on = "alpha"
prior = { name = "exponential", lam = 1.0 }
"""
