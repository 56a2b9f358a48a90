"""What an HTML page needs to draw charts without a network: one bundle, data as inert JSON."""

from __future__ import annotations

import json
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import vl_convert as vlc

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>body {{ margin: 1rem; font-family: sans-serif; }}
.chart svg {{ max-width: 100%; height: auto; }}</style>
</head>
<body>
<div class="chart" id="chart"></div>
<script type="application/json" data-chart="chart">{spec}</script>
<script>{bundle}</script>
<script>{boot}</script>
</body>
</html>
"""


@cache
def bundle() -> str:
    """Return the JavaScript of Vega, Vega-Lite and Vega-Embed as one script (0.9 MB)."""
    return str(vlc.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


@cache
def boot() -> str:
    """Return the small script that draws every chart of a page and makes it fit the width."""
    return Path(__file__).with_name("boot.js").read_text(encoding="utf-8")


def island(spec: dict[str, Any]) -> str:
    """Return the spec as JSON that no text inside it can break out of."""
    text = json.dumps(spec, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def page(spec: dict[str, Any], title: str) -> str:
    """Return a whole HTML page with one chart."""
    return PAGE.format(title=escape(title), spec=island(spec), bundle=bundle(), boot=boot())
