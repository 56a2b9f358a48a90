"""CSV files as people save them: delimiters, encodings, quotes, blank and broken lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from attribution.data import ColumnMapping, validate
from attribution.errors import InputError

HEADER = "post_id,conversions,reach,campaign\n"


def write(folder: Path, text: str | bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(tmp_path: Path, delimiter: str) -> None:
    text = HEADER + 'p1,3,100,"a; b | c"\n'
    path = write(tmp_path, text.replace(",", delimiter))
    validated = validate(path, "analysis")
    assert validated.report.delimiter == delimiter
    assert validated.frame.rows() == [("p1", "a; b | c", 100, 3)]


def test_known_columns_outweigh_many_separators(tmp_path: Path) -> None:
    path = write(tmp_path, "post_id;conversions;a,b,c,d,e\np1;3;x\n")
    assert validate(path, "analysis").frame.columns == ["post_id", "conversions", "a,b,c,d,e"]


def test_a_delimiter_nobody_uses_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path, "post_id^conversions\np1^3\n")
    with pytest.raises(InputError, match="The header has one column only") as caught:
        validate(path, "analysis")
    assert len(caught.value.problems) == 2
    assert validate(path, "analysis", ColumnMapping(delimiter="^")).frame.height == 1


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xef\xbb\xbf" + f"{HEADER}p1,3,100,frühling\n".encode())
    assert validate(path, "analysis").frame.get_column("campaign").to_list() == ["frühling"]


def test_another_encoding_is_placed_and_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}p1,3,100,a\np2,3,100,frühling\n".encode("cp1252"))
    with pytest.raises(InputError) as caught:
        validate(path, "analysis")
    (problem,) = caught.value.problems
    assert (problem.row, problem.value) == (3, "0xfc")
    assert "byte 58 is no text in utf-8" in problem.what
    assert 'encoding = "cp1252"' in str(problem)
    named = validate(path, "analysis", ColumnMapping(encoding="cp1252"))
    assert named.frame.get_column("campaign").to_list() == ["a", "frühling"]


def test_utf_16_is_recognised(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}p1,3,100,a\n".encode("utf-16"))
    with pytest.raises(InputError, match='encoding = "utf-16"'):
        validate(path, "analysis")
    assert validate(path, "analysis", ColumnMapping(encoding="utf-16")).frame.height == 1


def test_an_encoding_that_does_not_exist(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "p1,3,100,a\n")
    with pytest.raises(InputError, match="no such encoding"):
        validate(path, "analysis", ColumnMapping(encoding="utf-9"))


def test_rows_are_lines_of_the_file(tmp_path: Path) -> None:
    """Blank lines and line breaks inside quotes count, as they do in an editor."""
    text = HEADER + '\np1,3,100,"two\nlines"\n,,,\np2,-1,100,a\r\np3,x,100,a'
    rejects = validate(write(tmp_path, text), "analysis").rejects
    assert rejects.select("row", "column", "value").rows() == [
        (6, "conversions", "-1"),
        (7, "conversions", "x"),
    ]


def test_rows_with_more_or_fewer_cells_are_set_aside(tmp_path: Path) -> None:
    text = HEADER + "p1,3,100,a\np2,1,234,100,a\np3,3\np4,3,100,a\n"
    validated = validate(write(tmp_path, text), "analysis")
    assert validated.frame.get_column("post_id").to_list() == ["p1", "p4"]
    assert validated.rejects.select("row", "value", "rule").rows() == [
        (3, "5 cells", "cells"),
        (4, "2 cells", "cells"),
    ]
    assert validated.report.rows_in == 4


@pytest.mark.parametrize("row", ['p1,3,100,"never closed\n', 'p1,3,100,"a"b\n'])
def test_quotes_that_do_not_fit_name_the_record(tmp_path: Path, row: str) -> None:
    path = write(tmp_path, f"{HEADER}p0,1,1,a\n{row}p2,3,100,a\n")
    with pytest.raises(InputError, match="quotes of this record do not fit") as caught:
        validate(path, "analysis")
    assert caught.value.problems[0].row == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (HEADER.encode(), "has a header and no rows"),
        (b"PK\x03\x04 more", "Excel or zip file; save the sheet as CSV in UTF-8"),
        (b"\x1f\x8b more", "gzip file; unpack it first"),
        (b"PAR1 but no more", "the Parquet file is damaged"),
        (b"post_id,post_id,conversions\n1,2,3\n", "the column appears twice"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, content: bytes, words: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(InputError, match=words) as caught:
        validate(path, "analysis")
    assert caught.value.problems[0].file == str(path)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        validate(tmp_path / "no.csv", "analysis")
    with pytest.raises(InputError, match="this is a folder; expected a CSV or Parquet file"):
        validate(tmp_path, "analysis")


def test_one_row_is_enough(tmp_path: Path) -> None:
    assert validate(write(tmp_path, HEADER + "p1,0,1,"), "analysis").frame.height == 1


def test_unnamed_columns_are_not_read(tmp_path: Path) -> None:
    path = write(tmp_path, ",post_id,conversions,\n0,p1,3,x\n")
    validated = validate(path, "analysis")
    assert validated.frame.columns == ["post_id", "conversions"]
    assert validated.report.ignored == ("", "")
