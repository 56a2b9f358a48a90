"""From content to one HTML file: the template, the styles, one script for all charts."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from attribution import __version__
from attribution.charts.html import boot, bundle, policy
from attribution.reporting.content import Page

TEMPLATES = Path(__file__).with_name("templates")


def render(page: Page) -> str:
    """Return the page as HTML that needs no network; every text is escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Markup only for what this package wrote itself; charts escape their own data.
    return environment.get_template("report.html.j2").render(
        page=page,
        version=__version__,
        styles=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),  # noqa: S704
        bundle=Markup(bundle()),  # noqa: S704
        boot=Markup(boot()),  # noqa: S704
        policy=policy(),
        markup=Markup,
    )
