"""Mapping files: the user's own column names."""

from __future__ import annotations

from pathlib import Path

import pytest

from attribution.data import read_mapping, validate
from attribution.data.mapping import Constant, RowNumber
from attribution.errors import InputError

MAPPING = """
delimiter = ";"
missing = ["NA", "-"]

[analysis]
post_id = { row_number = true }
tier = "Type"
content_type = "Type"
platform = { value = "facebook" }
reach = "Reach"
conversions = "Clicks"
"""
TABLE = "Type;Reach;Clicks;Note 1\nPhoto;100;3;a\nVideo;NA;-;b\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    path.write_text(TABLE)
    return path


def mapping(folder: Path, text: str = MAPPING) -> Path:
    path = folder / "mapping.toml"
    path.write_text(text)
    return path


def test_columns_constants_and_row_numbers(table: Path, tmp_path: Path) -> None:
    frame = validate(table, "analysis", mapping(tmp_path)).frame
    assert frame.rows(named=True) == [
        {
            "post_id": "2",
            "tier": "Photo",
            "platform": "facebook",
            "content_type": "Photo",
            "reach": 100,
            "conversions": 3,
            "Note 1": "a",
        },
        {
            "post_id": "3",
            "tier": "Video",
            "platform": "facebook",
            "content_type": "Video",
            "reach": None,
            "conversions": None,
            "Note 1": "b",
        },
    ]


def test_a_mapping_is_data(tmp_path: Path) -> None:
    read = read_mapping(mapping(tmp_path))
    assert read.of("analysis")["post_id"] == RowNumber()
    assert read.of("analysis")["platform"] == Constant("facebook")
    assert read.of("posts") == {}
    assert read_mapping(read) is read
    assert read_mapping(None).encoding == "utf-8"


def test_the_mapping_wins_over_a_column_of_that_name(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("post_id,conversions,clicks\np1,1,5\n")
    text = '[analysis]\nconversions = "clicks"\n'
    frame = validate(path, "analysis", mapping(tmp_path, text)).frame
    assert frame["conversions"].to_list() == [5]


def test_rejects_name_the_users_own_column(table: Path, tmp_path: Path) -> None:
    table.write_text(TABLE.replace("NA", "-3"))
    rejects = validate(table, "analysis", mapping(tmp_path)).rejects
    assert rejects.select("row", "column").rows() == [(3, "Reach")]


def test_a_mapped_column_that_is_not_there(table: Path, tmp_path: Path) -> None:
    text = MAPPING.replace('"Reach"', '"Raech"')
    with pytest.raises(InputError, match="Did you mean 'Reach'") as caught:
        validate(table, "analysis", mapping(tmp_path, text))
    assert "takes reach from a column that is not there" in str(caught.value)


def test_a_constant_that_does_not_fit(table: Path, tmp_path: Path) -> None:
    text = MAPPING.replace("[analysis]", '[analysis]\nviews = { value = "many" }')
    with pytest.raises(InputError, match="constant in the mapping does not fit"):
        validate(table, "analysis", mapping(tmp_path, text))


def test_every_mistake_is_told_at_its_key(tmp_path: Path) -> None:
    text = """
    delimeter = ";"
    delimiter = ";;"
    encoding = 8
    missing = "NA"
    posts = 3
    [analysis]
    likes = 3
    views = { column = "a" }
    conversion = "Clicks"
    """
    with pytest.raises(InputError) as caught:
        read_mapping(mapping(tmp_path, text))
    found = {problem.key: str(problem) for problem in caught.value.problems}
    assert list(found) == [
        "delimeter", "delimiter", "encoding", "missing", "posts",
        "analysis.likes", "analysis.views", "analysis.conversion",
    ]  # fmt: skip
    assert "Did you mean 'delimiter'?" in found["delimeter"]
    assert "Did you mean 'conversions'?" in found["analysis.conversion"]
    assert "{ row_number = true }" in found["analysis.likes"]


def test_files_that_are_no_mapping(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such mapping file"):
        read_mapping(tmp_path / "no.toml")
    with pytest.raises(InputError, match="this is a folder"):
        read_mapping(tmp_path)
    with pytest.raises(InputError, match="not a TOML file"):
        read_mapping(mapping(tmp_path, "[analysis"))
