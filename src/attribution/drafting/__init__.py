"""A first model spec for a table, written from its columns' names and values."""

from attribution.drafting.draft import draft_spec

__all__ = ["draft_spec"]
