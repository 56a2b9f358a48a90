"""``attribution daily``: make the table of days that a model of daily sales is fitted to."""

from __future__ import annotations

from pathlib import Path

import click

from attribution.cli._messages import say, warn
from attribution.cli._options import PATH, mapping_option, tiers_option
from attribution.cli._output import Show, table_output


@click.command()
@click.argument("posts", type=PATH)
@click.argument("sales", type=PATH)
@click.option(
    "--orders", type=PATH, help="Export of orders: those with a post's code or link are taken out."
)
@click.option("--creators", type=PATH, help="File of creators: followers, for tiers.")
@click.option(
    "--exposure",
    type=click.Choice(["reach", "views", "followers"]),
    default="reach",
    show_default=True,
    help="What of a post to add up.",
)
@click.option(
    "--time-zone",
    default="UTC",
    show_default=True,
    help="Where the shop's days begin and end, such as Europe/Berlin.",
)
@mapping_option()
@tiers_option()
@table_output()
def daily(
    posts: Path,
    sales: Path,
    orders: Path | None,
    creators: Path | None,
    exposure: str,
    time_zone: str,
    mapping: Path | None,
    tiers: str | None,
    show: Show,
) -> None:
    """Make a table of days: what was sold, and what posts reached by tier.

    SALES has a row per day with date and orders. The table, for `attribution fit halo`, has every
    day from the first post to the last known sales; write it with -o daily.parquet.
    """
    import attribution as at
    from attribution.tables import DEFAULT_TIERS

    made = at.daily(
        posts,
        sales,
        orders=orders,
        creators=creators,
        exposure=exposure,
        time_zone=time_zone,
        tiers=tiers or DEFAULT_TIERS,
        mapping=mapping,
    )
    for report in made.reports:
        say(
            f"{report.kind}: {report.rows_in:,} rows in, {report.rows_out:,} out,"
            f" {report.rows_rejected:,} set aside"
        )
    for note in made.notes:
        warn(note)
    show(made.frame)
