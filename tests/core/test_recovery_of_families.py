"""The proof of recovery finds the truth of a few cases, and a wrong model out.

All families and structures: ``uv run python -m proofs.recovery``.
"""

from __future__ import annotations

import polars as pl
import pytest

from proofs.recovery import found, wrong
from proofs.simulated import simulated

pytestmark = pytest.mark.slow

CASES = [
    ("zero_inflated_negative_binomial", "none"),
    ("poisson", "correlated"),
    ("beta_binomial", "crossed"),
    ("gamma", "nested"),
    ("student_t", "slopes"),
]


@pytest.mark.parametrize(("family", "structure"), CASES)
def test_the_truth_is_found(family: str, structure: str) -> None:
    table = found(simulated(family, structure))
    assert table.filter(pl.col("failed") != "").is_empty(), table


def test_a_wrong_model_is_found_out() -> None:
    assert "error" in set(found(wrong()).get_column("failed").to_list())
