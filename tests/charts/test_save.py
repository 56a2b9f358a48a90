"""Charts written to files, without a network."""

from __future__ import annotations

import json
import re
import zlib
from pathlib import Path

import polars as pl
import pytest
from support import drawn, frames

from attribution.charts.forest import forest
from attribution.charts.html import bundle, island, page
from attribution.charts.registry import REGISTRY
from attribution.charts.save import save
from attribution.errors import InputError

HOSTILE = '</script><script>alert(1)</script><img src=x onerror="alert(2)">'


def pixels(png: bytes) -> tuple[int, int, int]:
    """Return width, height and the number of distinct byte values of a PNG's filtered rows."""
    width, height = (int.from_bytes(png[start : start + 4]) for start in (16, 20))
    data, position = b"", 8
    while position < len(png):
        size = int.from_bytes(png[position : position + 4])
        if png[position + 4 : position + 8] == b"IDAT":
            data += png[position + 8 : position + 8 + size]
        position += size + 12
    return width, height, len(set(zlib.decompress(data)))


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_png_is_a_picture_and_not_blank(name: str, tmp_path: Path) -> None:
    width, height, values = pixels(save(drawn.chart(name), tmp_path / "x.png").read_bytes())
    assert width > 1000
    assert height > 200
    assert values > 60


@pytest.mark.parametrize(
    ("suffix", "start"), [(".svg", b"<svg"), (".pdf", b"%PDF"), (".html", b"<!doctype html>")]
)
def test_formats(suffix: str, start: bytes, tmp_path: Path) -> None:
    assert save(drawn.chart("comparison"), tmp_path / f"x{suffix}").read_bytes().startswith(start)


def test_json_is_vega_lite_with_its_data(tmp_path: Path) -> None:
    spec = json.loads(save(drawn.chart("roi"), tmp_path / "x.JSON").read_text())
    assert "vega-lite" in spec["$schema"]
    assert len(drawn.rows(spec)) > 40


def test_svg_says_its_title(tmp_path: Path) -> None:
    text = save(drawn.chart("comparison"), tmp_path / "x.svg").read_text()
    assert "too close to call" in text


def test_html_fetches_nothing() -> None:
    text = page(drawn.chart("forest")).replace(bundle(), "")
    assert not re.search(
        r"""(src|href)\s*=|url\(|@import|https?://(?!vega\.github\.io/schema)""", text
    )
    assert "default-src &#x27;none&#x27;" in text


def test_user_text_cannot_break_out_of_a_page() -> None:
    table = frames.effects().filter(pl.col("scope") == "creator").head(3)
    hostile = table.with_columns(group=pl.lit(HOSTILE), label=pl.lit(HOSTILE))
    text = page(forest(hostile))
    assert "<script>alert" not in text
    assert "<img" not in text.replace(bundle(), "")
    found = re.search(r"data-chart=\"chart\">(.*?)</script>", text)
    assert found is not None
    assert HOSTILE in {row.get("group") for row in drawn.rows(json.loads(found[1]))}


def test_island_escapes_what_html_or_javascript_would_read() -> None:
    assert island({"a": "<!--</script>\u2028"}) == '{"a":"\\u003c!--\\u003c/script>\\u2028"}'


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"in this format \(found '.gif'\); expected .*\.html"):
        save(drawn.chart("comparison"), tmp_path / "x.gif")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        save(drawn.chart("comparison"), tmp_path / "nowhere" / "x.svg")
