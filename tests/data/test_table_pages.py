"""The pages about data: the reference is current, the examples of the how-tos work."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import table_reference

from attribution.data import read_analysis, read_mapping, validate

DOCS = Path(__file__).parents[2] / "docs"
MAPPING = DOCS / "how-to" / "facebook-mapping.toml"
REFERENCE = "ATTRIBUTION_REFERENCE_DATA"
FACEBOOK = "social/uci_facebook_metrics_dataset_Facebook.csv"
TOML = re.compile(r"```toml\n(.*?)```", re.DOTALL)


def test_the_reference_of_the_tables_is_current() -> None:
    written = table_reference.PAGE.read_text(encoding="utf-8")
    assert written == table_reference.page(), "run `uv run python tools/table_reference.py`"


@pytest.mark.parametrize("name", ["prepare-data.md", "facebook.md"])
def test_mappings_shown_are_mappings(name: str, tmp_path: Path) -> None:
    shown = TOML.findall((DOCS / "how-to" / name).read_text(encoding="utf-8"))
    assert shown
    for number, text in enumerate(shown):
        path = tmp_path / f"{number}.toml"
        path.write_text(text, encoding="utf-8")
        assert read_mapping(path).tables


def test_the_mapping_shown_for_facebook_is_the_one_shipped(tmp_path: Path) -> None:
    (shown,) = TOML.findall((DOCS / "how-to" / "facebook.md").read_text(encoding="utf-8"))
    path = tmp_path / "shown.toml"
    path.write_text(shown, encoding="utf-8")
    assert read_mapping(path).tables == read_mapping(MAPPING).tables


def test_facebook_posts_are_an_analysis_table() -> None:
    folder = os.environ.get(REFERENCE)
    if folder is None:
        pytest.skip(f"{REFERENCE} does not name the folder of the reference data")
    path = Path(folder) / FACEBOOK
    validated = validate(path, "analysis", MAPPING)
    assert (validated.report.rows_in, validated.report.rows_out) == (500, 500)
    assert validated.report.delimiter == ";"
    table = read_analysis(path, MAPPING)
    assert table.tier_order == ()
    assert sorted(table.frame["tier"].unique()) == ["Link", "Photo", "Status", "Video"]
    assert table.frame["likes"].null_count() == 1
    assert table.frame["reach"].min() == 238
    assert table.frame["conversions"].sum() == 399_386
