"""Draws from an approximation of the posterior, corrected by importance weights.

Around the mode the posterior is taken for a normal distribution, whose sides and tails are then
fitted to the density (:mod:`proposal`). Points drawn from that are weighed, resampled by weight and
moved by Hamiltonian dynamics (:mod:`particles`), which wears off what the approximation missed; the
Pareto k of the weights tells whether it came near enough for that.
"""
