"""Slow proofs by simulation; each prints its figures and writes a page of the documentation."""
