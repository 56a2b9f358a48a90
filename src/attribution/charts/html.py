"""What an HTML page needs to draw charts without a network: one bundle, data as inert JSON."""

from __future__ import annotations

import json
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from html import escape
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import altair as alt
import platformdirs
import vl_convert as vlc

from attribution.charts.theme import specification

SNIPPET = "window.vegaEmbed = vegaEmbed;"
"""What the bundle leaves for the page to call."""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>body {{ margin: 1rem; font-family: "Liberation Sans", Arial, Helvetica, sans-serif; }}
figure {{ margin: 0; }} h1 {{ font-size: 1.15rem; margin: 0 0 .3rem; }}
p {{ color: #5f5f5f; margin: 0 0 .2rem; font-size: .9rem; }}
.chart {{ margin-top: .8rem; }} .chart svg {{ max-width: 100%; height: auto; }}</style>
</head>
<body>
<figure><figcaption><h1>{title}</h1>{notes}</figcaption>
<div class="chart" id="chart"></div></figure>
<script type="application/json" data-chart="chart">{spec}</script>
<script>{bundle}</script>
<script>{boot}</script>
</body>
</html>
"""


@dataclass(frozen=True)
class Embedded:
    """A chart taken apart for a page: headings for HTML, the drawing for Vega.

    Parameters
    ----------
    title, notes
        The finding, and the lines below it (interval, population, what was left out).
    description
        Alternative text.
    spec
        Vega-Lite without headings, as JSON that nothing in it can break out of.
    """

    title: str
    notes: tuple[str, ...]
    description: str
    spec: str


def embedded(chart: alt.ChartType) -> Embedded:
    """Take a finished chart apart, so that the page wraps its headings to any width."""
    spec = specification(chart)
    heading = spec.pop("title")
    return Embedded(
        title=" ".join(heading["text"]),
        notes=tuple(heading["subtitle"]),
        description=spec["description"],
        spec=island(spec),
    )


def island(spec: dict[str, Any]) -> str:
    """Return the spec as JSON that no text inside it can break out of."""
    text = json.dumps(spec, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


@cache
def bundle() -> str:
    """Return the JavaScript of Vega, Vega-Lite and Vega-Embed as one script (0.9 MB).

    Kept in the user's cache folder, as it takes more than a second to make.
    """
    name = f"vega-{version('vl-convert-python')}-{sha256(SNIPPET.encode()).hexdigest()[:12]}.js"
    place = platformdirs.user_cache_path("attribution") / name
    if place.is_file():
        return place.read_text(encoding="utf-8")
    made = vlc.javascript_bundle(SNIPPET)
    _keep(made, place)
    return made


def _keep(text: str, place: Path) -> None:
    """Write a file whole or not at all; where nothing may be written it is made again next time."""
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=place.parent, delete=False) as unfinished:
            unfinished.write(text.encode())
        Path(unfinished.name).replace(place)


@cache
def boot() -> str:
    """Return the small script that draws every chart of a page and makes it fit the width."""
    return Path(__file__).with_name("boot.js").read_text(encoding="utf-8")


@cache
def policy() -> str:
    """Return a content security policy that runs these two scripts and reaches no network."""
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in (bundle(), boot()))
    return f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:"


def _digest(script: str) -> str:
    return b64encode(sha256(script.encode()).digest()).decode()


def page(chart: alt.ChartType) -> str:
    """Return a whole HTML page with one chart, its data and its JavaScript."""
    parts = embedded(chart)
    return PAGE.format(
        title=escape(parts.title),
        notes="".join(f"<p>{escape(note)}</p>" for note in parts.notes),
        policy=escape(policy()),
        spec=parts.spec,
        bundle=bundle(),
        boot=boot(),
    )
