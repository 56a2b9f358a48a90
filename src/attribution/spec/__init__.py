"""Model specs: what a TOML file in ``models/`` says, as frozen data."""

from attribution.spec.catalogue import catalogue, catalogue_names, read_spec, spec_text
from attribution.spec.columns import check_columns, columns_needed
from attribution.spec.model import ModelSpec
from attribution.spec.parse import parse_spec
from attribution.spec.words import describe
from attribution.spec.write import to_toml

__all__ = [
    "ModelSpec",
    "catalogue",
    "catalogue_names",
    "check_columns",
    "columns_needed",
    "describe",
    "parse_spec",
    "read_spec",
    "spec_text",
    "to_toml",
]
