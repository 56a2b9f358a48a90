"""Build the PyMC model of a design: one definition, from parts that compose.

Every amount enters as ``pm.Data``, so that another table of posts means new values, not a new
model. Dims: ``post``; one dim per grouping column (``tier``, ``creator``); ``part`` of a rates
mean; ``landing`` (pairs of a post and one whose orders can land on it); ``hidden`` (signals that
are not shown); ``sale`` (posts with paying orders); ``credit`` (counts of credited orders that
refunds are learned from); and those of terms.
"""

from __future__ import annotations

from attribution.model.build import build_model, coords
from attribution.model.late import NOT_KEPT, kept
from attribution.model.unknowns import prior

__all__ = ["NOT_KEPT", "build_model", "coords", "kept", "prior"]
