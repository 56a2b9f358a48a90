"""The command line: one module per command, each a thin layer over one public function."""

from __future__ import annotations

import importlib
import importlib.util

import click

from attribution import __version__
from attribution.cli._app import Application, shared_options

COMMANDS = (
    "demo",
    "validate",
    "ingest",
    "models",
    "fit",
    "check",
    "effects",
    "contributions",
    "roi",
    "compare",
    "chart",
    "report",
    "simulate",
)


@click.group(
    "attribution",
    cls=Application,
    params=list(shared_options()),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 fine, 1 a defect of this program, 2 bad usage or input, 3 unhealthy run,"
    " 130 stopped by Ctrl-C.",
)
@click.version_option(__version__, prog_name="attribution")
def main() -> None:
    """Estimate what influencer posts are worth, and how sure that is.

    Start with `attribution demo`. With your own exports: `validate`, `ingest`, `fit`, `check`,
    then `effects`, `roi`, `chart` and `report`.
    """


for _name in COMMANDS:
    if importlib.util.find_spec(f"attribution.cli.{_name}"):
        main.add_command(getattr(importlib.import_module(f"attribution.cli.{_name}"), _name))
