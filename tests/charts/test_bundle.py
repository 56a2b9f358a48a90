"""The JavaScript of a page is made once and kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest
import vl_convert

from attribution.charts import html


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Put the user's cache folder elsewhere, and count from nothing."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: folder / name)
    monkeypatch.setattr(vl_convert, "javascript_bundle", lambda snippet: f"made; {snippet}")
    html.bundle.cache_clear()
    yield folder
    html.bundle.cache_clear()


def test_the_bundle_is_kept_and_found_again(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = html.bundle()
    assert made == f"made; {html.SNIPPET}"
    (kept,) = (cache / "attribution").iterdir()
    assert kept.read_text(encoding="utf-8") == made
    html.bundle.cache_clear()
    monkeypatch.setattr(vl_convert, "javascript_bundle", None)
    assert html.bundle() == made


def test_another_release_makes_its_own(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    html.bundle()
    html.bundle.cache_clear()
    monkeypatch.setattr(html, "version", lambda _package: "99")
    html.bundle()
    assert len(list((cache / "attribution").iterdir())) == 2


def test_nothing_is_kept_where_nothing_may_be_written(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    assert html.bundle().startswith("made; ")
