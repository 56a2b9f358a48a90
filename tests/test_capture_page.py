"""The page on capture shows the results of its proof as they are stored."""

from __future__ import annotations

import json
import re
from pathlib import Path

from proofs.capture import DOSES, MODELS, RESULTS, page_table

PAGE = Path(__file__).parents[1] / "docs/explanation/capture.md"
ROWS = json.loads(RESULTS.read_text(encoding="utf-8"))
BY = {(row["dose"], row["model"]): row for row in ROWS}


def test_the_table_is_that_of_the_stored_results() -> None:
    text = PAGE.read_text(encoding="utf-8")
    (shown,) = re.findall(r"<!-- results -->\n(.*?)\n<!-- end -->", text, re.DOTALL)
    assert shown == page_table(ROWS), "run `uv run python -m proofs.capture`"


def test_every_dose_and_model_is_there() -> None:
    assert list(BY) == [(dose, model) for dose in DOSES for model in MODELS]
