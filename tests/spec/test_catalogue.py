"""Finding specs: by name in the catalogue, else by path."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.specs import RATES

from attribution.errors import InputError
from attribution.spec import catalogue, catalogue_names, read_spec, spec_text


def message(source: str | Path) -> str:
    with pytest.raises(InputError) as caught:
        read_spec(source)
    return str(caught.value)


def test_every_shipped_file_has_the_name_of_its_spec() -> None:
    assert [spec.name for spec in catalogue()] == list(catalogue_names())
    assert {"additive", "engagement"} <= set(catalogue_names())


def test_a_file_is_read_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my.toml").write_text(RATES, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert read_spec("my.toml") == read_spec(tmp_path / "my.toml") == read_spec("./my.toml")


def test_a_byte_order_mark_is_no_key(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text(RATES, encoding="utf-8-sig")
    assert read_spec(path).name == "mine"


def test_a_file_without_ending_is_read_unless_the_catalogue_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("mine", "additive"):
        (tmp_path / name).write_text(RATES, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert read_spec("mine").name == "mine"
    assert read_spec("additive").name == "additive"
    assert read_spec(Path("additive")).name == "mine"


def test_an_unknown_name_gets_the_catalogue_and_a_suggestion() -> None:
    known = ", ".join(catalogue_names())
    assert message("engagment") == (
        "there is no model 'engagment' in the catalogue and no such file; expected one of "
        f"{known}, or a TOML file. Did you mean 'engagement'?"
    )


def test_a_missing_file_a_folder_and_a_strange_encoding(tmp_path: Path) -> None:
    expected = "expected a model spec as TOML, or a name of `attribution models list`"
    missing, latin = tmp_path / "my.toml", tmp_path / "latin.toml"
    latin.write_text("title = 'Käufe'", encoding="latin-1")
    assert message(missing) == f"{missing}: there is no such file; {expected}"
    assert message(tmp_path) == f"{tmp_path}: this is a folder; {expected}"
    assert message(latin) == f"{latin}: this is not UTF-8 text; expected TOML, which is UTF-8"


def test_problems_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text(RATES.replace('"reach"\n', '"reach"\nexposures = 1\n', 1), encoding="utf-8")
    assert message(path) == (
        f"{path}, key outcome.exposures: unknown key. Did you mean 'exposure'?"
    )


def test_the_text_keeps_its_comments() -> None:
    assert spec_text("additive").startswith("# Conversion rates model.")
