"""``attribution ingest``: exports in, analysis table out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from attribution.cli._messages import say, warn
from attribution.cli._options import PATH, force_option, mapping_option, tiers_option


@click.command()
@click.argument("posts", type=PATH)
@click.argument("orders", type=PATH)
@click.option("--creators", type=PATH, help="File of creators: platform and followers.")
@click.option("-o", "--output", type=PATH, required=True, metavar="DIR", help="Folder to write.")
@click.option(
    "--window-days",
    type=click.FloatRange(min=0, min_open=True, max=366),
    default=30,
    show_default=True,
    help="Longest time from a post to an order it is credited with.",
)
@click.option(
    "--until",
    metavar="DATE",
    help="When the orders' export ends, as 2025-06-30 or 2025-06-30T14:30.  [default: last order]",
)
@mapping_option()
@tiers_option()
@force_option()
def ingest(
    posts: Path,
    orders: Path,
    creators: Path | None,
    output: Path,
    window_days: float,
    until: str | None,
    mapping: Path | None,
    tiers: str | None,
    overwrite: bool,
) -> None:
    """Credit orders to posts and write the analysis table.

    Last touch: an order goes to the latest post that carries its code, within the window. Writes
    analysis.parquet, rejects.csv (rows set aside), unattributed.csv (orders without a post) and
    ingest.json (how it was made) to DIR, and its name to stdout.
    """
    import attribution as at
    from attribution.data.output import check_folder
    from attribution.tables import DEFAULT_TIERS

    check_folder(output, overwrite=overwrite)
    result = at.ingest(
        posts,
        orders,
        creators,
        window_days=window_days,
        until=until,
        tiers=tiers or DEFAULT_TIERS,
        mapping=mapping,
    )
    folder = result.save(output, overwrite=overwrite)
    _describe(result.provenance)
    click.echo(str(folder))


def _describe(made: Mapping[str, Any]) -> None:
    for kind, file in made["files"].items():
        say(
            f"{kind}: {file['rows_in']:,} rows in, {file['rows_out']:,} out,"
            f" {file['rows_rejected']:,} set aside"
        )
        if file["not_read_as_personal"]:
            names = ", ".join(file["not_read_as_personal"])
            warn(f"not read, may be personal data: {names}")
    orders = made["orders"]
    say(
        f"of {orders['in']:,} orders {orders['credited']:,} credited,"
        f" {orders['unattributed']:,} without a post, {orders['rejected']:,} set aside"
    )
    for reason, count in orders["unattributed_by_reason"].items():
        say(f"  {count:,}: {reason}")
    delays = made["delays"]
    say(
        f"orders come {delays['mean_days']:.1f} days after their post on average,"
        f" {delays['within_one_day']:.0%} within a day"
    )
    say(f"the export ends {made['until']['at']} ({made['until']['from']})")
    for note in made["notes"]:
        warn(note)
