from __future__ import annotations

import polars as pl
import pytest

from attribution.charts import words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.00001234, "0.0000123"),
        (0.01234, "0.0123"),
        (13.44, "13.4"),
        (999.6, "1,000"),
        (1234.5, "1,234"),
        (1234567.0, "1,234,567"),
        (-1234.5, "−1,234"),
        (None, "unknown"),
        (float("nan"), "unknown"),
    ],
)
def test_number(value: float | None, text: str) -> None:
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0.534, "53 %"), (0.001, "< 1 %"), (0.999, "> 99 %"), (0.0, "0 %")]
)
def test_percent(share: float, text: str) -> None:
    assert words.percent(share) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.984, "P = 0.98"), (0.9999, "P > 0.99"), (0.0, "P < 0.01"), (None, "P unknown")],
)
def test_probability_is_never_certain(value: float | None, text: str) -> None:
    assert words.probability(value) == text


def test_a_statement_carries_its_probability() -> None:
    assert words.stated("P(> 1)", 0.984) == "P(> 1) = 0.98"
    assert words.stated("P(ROI > 0)", 1.0) == "P(ROI > 0) > 0.99"


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        ("P(> 1)", 1.0),
        ("P(> 0)", 0.0),
        ("P(share > 5%)", 0.05),
        ("P(comment > like)", 1.0),
        ("P(nano > micro)", 1.0),
        ("P(best)", None),
        (None, None),
    ],
)
def test_reference(statement: str | None, value: float | None) -> None:
    assert words.reference(statement) == value


def test_interval_is_named_and_mixed_intervals_are_refused() -> None:
    frame = pl.DataFrame({"interval": ["eti", "eti", None], "prob": [0.89, 0.89, None]})
    assert words.interval_name(frame) == "89 % equal-tailed credible intervals"
    mixed = pl.DataFrame({"interval": ["eti", "hdi"], "prob": [0.89, 0.94]})
    with pytest.raises(ValueError, match="one kind of interval"):
        words.interval_name(mixed)


def test_population_is_named() -> None:
    frame = pl.DataFrame({"population": ["these creators", "new creator of the tier"]})
    assert words.population_name(frame) == "about these creators and a new creator of the tier"


def test_summary_counts_what_cannot_be_told() -> None:
    assert words.summary(["a: 1", "b: cannot tell"]) == (
        "A clear answer in 1 of 2 quantities, cannot tell in 1"
    )
    assert words.summary(["a: cannot tell"]) == "Cannot tell yet in any of 1 quantity"


def test_no_line_parts_a_number_from_its_sign() -> None:
    from attribution.charts.theme import wrapped

    text = "cannot tell which is highest (new micro creators lead, P = 0.51), P(> 1) > 0.99"
    for width in range(20, 90):
        lines = wrapped(text, width)
        assert " ".join(lines) == text
        assert max(map(len, lines)) <= width
        assert not any(line.endswith(("=", ">", "P")) for line in lines)
