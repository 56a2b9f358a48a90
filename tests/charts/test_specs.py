"""Each chart's spec without its data, as it was when somebody last looked at the picture.

``ATTRIBUTION_WRITE_SPECS=1 uv run pytest tests/charts/test_specs.py`` writes them anew; look at the
pictures before committing.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from support import drawn

from attribution.charts.registry import REGISTRY

SPECS = Path(__file__).parent / "specs"


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_spec_is_as_it_was_seen(name: str) -> None:
    spec = drawn.without_data(drawn.spec(name))
    text = json.dumps(spec, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    file = SPECS / f"{name}.json"
    if os.environ.get("ATTRIBUTION_WRITE_SPECS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
