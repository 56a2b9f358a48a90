"""Compare tables with their declaration."""

from __future__ import annotations

import dataframely as dy
import polars as pl


def check_types(schema: type[dy.Schema], table: pl.DataFrame) -> None:
    """Assert that every column is declared, in the declared order, with the declared type."""
    declared = schema.columns()
    assert table.columns == [name for name in declared if name in table.columns]
    for name, dtype in table.schema.items():
        assert dtype == declared[name].dtype, name
