"""Simulated brands with a known truth: creators, posts and orders as a brand would export them."""

from attribution.simulation.brand import Brand, null_brand, simulate
from attribution.simulation.prior import draw_prior, simulate_from_prior
from attribution.simulation.settings import Leaks, Settings
from attribution.simulation.truth import Truth

__all__ = [
    "Brand",
    "Leaks",
    "Settings",
    "Truth",
    "draw_prior",
    "null_brand",
    "simulate",
    "simulate_from_prior",
]
