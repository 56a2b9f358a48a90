"""Pages about models show what their proofs on brands of a known truth found, as it is kept."""

from __future__ import annotations

from importlib import import_module

import pytest

from proofs.pages import Page, rounded, table

MODULES = ("advocacy", "peaks")


@pytest.fixture(params=MODULES)
def page(request: pytest.FixtureRequest) -> Page:
    found: Page = import_module(f"proofs.{request.param}").PAGE
    return found


def test_the_page_shows_what_is_kept(page: Page) -> None:
    assert page.written(page.read()) == page.path.read_text(encoding="utf-8")
    assert page.marked == set(page.tables)


def test_what_is_kept_is_a_record_of_each_brand(page: Page) -> None:
    kept = page.read()
    brands = [(record.get("truth", record.get("curve")), record["seed"]) for record in kept]
    assert len(set(brands)) == len(kept) >= 20


def test_records_are_kept_short_and_without_what_they_were_filed_by() -> None:
    record = {"of": "abc", "number": 3, "seed": 1, "held": True, "deep": [{"sd": 0.123456789}]}
    assert rounded(record) == {"seed": 1, "held": True, "deep": [{"sd": 0.1235}]}


def test_words_stand_left_and_figures_right() -> None:
    assert table(("a", "b"), [("x", 1)]) == "| a | b |\n| --- | ---: |\n| x | 1 |\n"


def test_no_peak_was_claimed_where_there_is_none() -> None:
    for record in import_module("proofs.peaks").PAGE.read():
        claims = record["answer"].startswith("there is a best")
        assert claims == (record["curve"] == "peaked")
