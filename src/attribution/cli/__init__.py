"""The command line: one module per command, each a thin layer over one public function."""

from __future__ import annotations

import click

from attribution import __version__
from attribution.cli._app import Application, shared_options
from attribution.cli.chart import chart
from attribution.cli.check import check
from attribution.cli.compare import compare
from attribution.cli.contributions import contributions
from attribution.cli.daily import daily
from attribution.cli.demo import demo
from attribution.cli.effects import effects
from attribution.cli.fit import fit
from attribution.cli.ingest import ingest
from attribution.cli.luck import luck
from attribution.cli.models import models
from attribution.cli.parameters import parameters
from attribution.cli.report import report
from attribution.cli.roi import roi
from attribution.cli.simulate import simulate
from attribution.cli.susceptibility import susceptibility
from attribution.cli.validate import validate


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


for _command in (
    demo,
    validate,
    ingest,
    daily,
    models,
    fit,
    check,
    effects,
    parameters,
    susceptibility,
    luck,
    contributions,
    roi,
    compare,
    chart,
    report,
    simulate,
):
    main.add_command(_command)
