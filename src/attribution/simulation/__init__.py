"""Simulated brands with a known truth: creators, posts and orders as a brand would export them."""

from attribution.simulation.brand import Brand, null_brand, simulate
from attribution.simulation.capture import Capture, LiftTests
from attribution.simulation.daily import DailySales, Halo, simulate_daily_sales
from attribution.simulation.fakes import Fakes
from attribution.simulation.prior import draw_prior, simulate_from_prior
from attribution.simulation.settings import Leaks, Settings
from attribution.simulation.truth import Truth

__all__ = [
    "Brand",
    "Capture",
    "DailySales",
    "Fakes",
    "Halo",
    "Leaks",
    "LiftTests",
    "Settings",
    "Truth",
    "draw_prior",
    "null_brand",
    "simulate",
    "simulate_daily_sales",
    "simulate_from_prior",
]
