"""``attribution models check``: what a model expects of a table before the data."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from attribution.cli._messages import say, warn
from attribution.cli._options import PATH, mapping_option, seed_option, tiers_option
from attribution.cli._output import Show, table_output
from attribution.cli._views import PRIOR


@click.command("check")
@click.argument("spec")
@click.argument("table", type=PATH)
@click.option(
    "--chart",
    type=PATH,
    metavar="FILE",
    help="Draw it too; the ending says the format: html, svg, png, pdf or json.",
)
@seed_option()
@mapping_option()
@tiers_option()
@table_output(PRIOR)
def check_model(
    spec: str,
    table: Path,
    chart: Path | None,
    seed: int,
    mapping: Path | None,
    tiers: str | None,
    show: Show,
) -> None:
    """Check a spec against a table, and say what the model expects before the data.

    SPEC is the name of a model of the catalogue or a TOML file; TABLE is the folder that `ingest`
    wrote, or a CSV or Parquet file with one row per post. Everything that is wrong is said at once,
    with exit code 2. Else figures of outcomes drawn from the priors stand beside those observed:
    a warning tells where the observed lies in the prior's tails, or where much of the prior is on
    what nobody would expect. A warning is no error: the exit code is 0.
    """
    from attribution.prior_check import prior_predictive

    found = prior_predictive(spec, table, seed=seed, mapping=mapping, tiers=tiers)
    say(f"{found.posts:,} {found.noun}s; nothing is fitted, the priors alone are asked")
    for reason, posts in Counter(left.reason for left in found.set_aside).items():
        say(f"{posts:,} {found.noun}s left out: {reason}")
    for absent in found.absent:
        say(f"absent: {absent.part}: {absent.reason}")
    frame = found.table()
    if chart is not None:
        from attribution.charts.prior import prior
        from attribution.charts.save import save

        say(f"wrote {save(prior(found.draws()), chart)}")
    show(frame)
    for figure, text in frame.drop_nulls("warning").select("figure", "warning").iter_rows():
        warn(f"{figure}: {text}")
