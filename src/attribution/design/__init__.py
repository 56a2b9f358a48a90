"""From a spec and a table to named arrays: everything the model needs, and no PyMC."""

from attribution.design.build import build_design
from attribution.design.types import Absent, Design, GroupIndex, Hidden, SetAside, Sources, Value

__all__ = [
    "Absent",
    "Design",
    "GroupIndex",
    "Hidden",
    "SetAside",
    "Sources",
    "Value",
    "build_design",
]
