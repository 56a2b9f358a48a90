"""Writing a chart to a file, offline, in the format that its name asks for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import altair as alt
import vl_convert as vlc

from attribution.charts.html import page
from attribution.charts.theme import specification
from attribution.errors import InputError, Problem

SCALE = 2.0
"""Pixels of a PNG per pixel of the chart."""


def save(chart: alt.ChartType, path: Path | str) -> Path:
    """Write the chart as HTML, SVG, PNG, PDF or Vega-Lite JSON, by the file's suffix.

    HTML carries its own JavaScript; nothing is fetched from a network, now or when it is opened.

    Raises
    ------
    InputError
        If the suffix is none of these, or the folder does not exist.
    """
    target = Path(path)
    write = WRITERS.get(target.suffix.lower())
    if write is None:
        raise InputError(_unknown_format(target))
    if not target.parent.is_dir():
        raise InputError(Problem("There is no such folder", file=str(target.parent)))
    target.write_bytes(write(chart))
    return target


def _unknown_format(target: Path) -> Problem:
    return Problem(
        "A chart cannot be written in this format",
        file=str(target),
        value=target.suffix or "no suffix",
        expected=f"a file name that ends in {', '.join(sorted(WRITERS))}",
    )


def _html(chart: alt.ChartType) -> bytes:
    return page(chart).encode()


def _json(chart: alt.ChartType) -> bytes:
    return json.dumps(specification(chart), indent=2, ensure_ascii=False, allow_nan=False).encode()


def _svg(chart: alt.ChartType) -> bytes:
    return vlc.vegalite_to_svg(specification(chart), allowed_base_urls=[]).encode()


def _png(chart: alt.ChartType) -> bytes:
    return vlc.vegalite_to_png(specification(chart), scale=SCALE, allowed_base_urls=[])


def _pdf(chart: alt.ChartType) -> bytes:
    return vlc.vegalite_to_pdf(specification(chart), allowed_base_urls=[])


WRITERS: dict[str, Callable[[alt.ChartType], bytes]] = {
    ".html": _html,
    ".json": _json,
    ".pdf": _pdf,
    ".png": _png,
    ".svg": _svg,
}
