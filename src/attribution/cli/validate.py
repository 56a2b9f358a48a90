"""``attribution validate``: say everything that is wrong with a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from attribution.cli._messages import say, warn
from attribution.cli._options import PATH, mapping_option
from attribution.cli._output import Show, table_output, write_file

if TYPE_CHECKING:
    from attribution.data import FileReport

KINDS = ("posts", "creators", "orders", "daily_sales", "analysis")
SHOWN = 20
BAD_ROWS = 2


@click.command()
@click.argument("file", type=PATH)
@click.option(
    "--kind", "table", type=click.Choice(KINDS), required=True, help="Which table it should be."
)
@mapping_option()
@click.option(
    "--rejects", "rejects_file", type=PATH, metavar="CSV", help="File to write every problem to."
)
@table_output()
def validate(
    file: Path, table: str, mapping: Path | None, rejects_file: Path | None, show: Show
) -> None:
    """Check a CSV or Parquet file and say everything that is wrong with it.

    The table counts the rows that break each rule; the first problems follow on stderr, all of
    them go into the --rejects file. Exit code 0 when every row is good, 2 when a row is bad or
    the file as a whole cannot be used.
    """
    import attribution as at
    from attribution.data.rejects import counts_by_rule, problems

    validated = at.validate(file, table, mapping)
    _describe(validated.report)
    if rejects_file is not None:
        write_file(rejects_file, validated.rejects.write_csv().encode())
        say(f"wrote {rejects_file} ({validated.rejects.height:,} problems)")
    if validated.rejects.is_empty():
        return
    show(counts_by_rule(validated.rejects))
    for problem in problems(validated.rejects, SHOWN):
        say(str(problem))
    if validated.rejects.height > SHOWN:
        more = validated.rejects.height - SHOWN
        say(f"... and {more:,} more; --rejects FILE writes them all")
    click.get_current_context().exit(BAD_ROWS)


def _describe(report: FileReport) -> None:
    say(
        f"{report.file}: {report.rows_in:,} rows in, {report.rows_out:,} good,"
        f" {report.rows_rejected:,} bad"
    )
    if report.absent:
        say(f"optional columns it does not have: {', '.join(report.absent)}")
    if report.extras:
        say(f"your own columns, kept: {', '.join(report.extras)}")
    for text in report.look_alikes:
        warn(text)
    if report.ignored:
        say(f"columns not read: {', '.join(name or '(no name)' for name in report.ignored)}")
    if report.personal:
        warn(f"not read, may be personal data: {', '.join(report.personal)}")
