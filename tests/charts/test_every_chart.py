"""What holds for every chart: finding, units, interval, alternative text, small clean data."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest
from altair.utils.schemapi import SchemaBase
from support import drawn

from attribution.charts.of_run import RunCharts
from attribution.charts.registry import REGISTRY, draw
from attribution.errors import InputError

DOCS = Path(__file__).parents[2] / "docs/reference/charts.md"
WITH_INTERVAL = sorted(set(REGISTRY) - {"comparison", "ranks", "trace"})
LARGEST = 100_000
"""Characters of a spec: charts carry summaries, not draws."""

every_chart = pytest.mark.parametrize("name", sorted(REGISTRY))


@every_chart
def test_has_a_title_and_alternative_text(name: str) -> None:
    chart = drawn.chart(name)
    assert len(drawn.title(chart)) > 15
    description = drawn.spec(name)["description"]
    assert description.startswith(drawn.title(chart))
    assert len(description) > len(drawn.title(chart)) + 60


@pytest.mark.parametrize("name", WITH_INTERVAL)
def test_names_its_interval(name: str) -> None:
    assert re.search(
        r"89 % equal-tailed (credible|predictive) intervals", drawn.subtitle(drawn.chart(name))
    )


@pytest.mark.parametrize("name", sorted(set(WITH_INTERVAL) - {"predictive"}))
def test_says_whom_it_is_about(name: str) -> None:
    assert "about " in drawn.subtitle(drawn.chart(name))


@every_chart
def test_value_axes_have_a_title(name: str) -> None:
    spec = drawn.spec(name)
    for panel in drawn.panels(spec):
        titles = [
            (encoding.get("axis") or {}).get("title") or encoding.get("title")
            for encoding in drawn.encodings(panel, "x")
        ]
        assert any(titles), panel


@every_chart
def test_carries_little_data_and_no_impossible_json(name: str) -> None:
    text = json.dumps(drawn.spec(name), allow_nan=False)
    assert len(text) < LARGEST


@every_chart
def test_nan_and_infinity_become_null(name: str) -> None:
    table = drawn.TABLES[name]()
    column = (
        next(c for c in ("truth", "upper", "se_diff", "value", "count") if c in table.columns)
        if (name != "roi")
        else "expected_roi_upper"
    )
    broken = table.with_columns(
        pl.when(pl.int_range(pl.len()) == 3)
        .then(float("nan"))
        .otherwise(pl.col(column))
        .alias(column)
    )
    json.dumps(REGISTRY[name].draw(broken).to_dict(), allow_nan=False)


@every_chart
def test_meaning_is_never_by_colour_alone(name: str) -> None:
    spec = drawn.spec(name)
    coloured = [e["field"] for e in drawn.encodings(spec, "color") if e and "field" in e]
    also = {
        e["field"]
        for channel in ("shape", "strokeDash", "yOffset", "y", "text")
        for e in drawn.encodings(spec, channel)
        if e and "field" in e
    }
    assert set(coloured) <= also


@every_chart
def test_does_not_change_its_table(name: str) -> None:
    table = drawn.TABLES[name]()
    before = table.clone()
    REGISTRY[name].draw(table)
    assert table.equals(before)


def test_a_run_offers_every_chart_as_a_method() -> None:
    methods = {name for name in vars(RunCharts) if not name.startswith("_")}
    assert methods == set(REGISTRY)


def test_an_unknown_chart_is_named_with_a_suggestion() -> None:
    with pytest.raises(InputError, match="Did you mean 'forest'"):
        draw(None, "forrest")  # type: ignore[arg-type]


def test_the_gallery_has_every_chart() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for name, entry in REGISTRY.items():
        assert f"## {name}\n" in text
        assert entry.question in " ".join(text.split())
        assert entry.reading in " ".join(text.split())


@every_chart
def test_encodings_are_altairs_own_objects(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """For each text or dict instead, Altair reads its whole schema: milliseconds a time."""
    looked_up: list[str] = []

    def look_up(cls: type, dct: dict[str, object], validate: bool = True) -> object:
        looked_up.append(f"{cls.__name__}: {dct}")
        return cls(**dct)

    monkeypatch.setattr(SchemaBase, "from_dict", classmethod(look_up))
    REGISTRY[name].draw(drawn.TABLES[name]())
    assert looked_up == []
