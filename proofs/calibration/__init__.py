"""Simulation-based calibration: what ``python -m proofs.sbc`` is made of."""
