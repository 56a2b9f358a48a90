"""``attribution compare``: which of several runs on the same posts predicts better."""

from __future__ import annotations

from pathlib import Path

import click

from attribution.cli._messages import say
from attribution.cli._options import runs_argument
from attribution.cli._output import Show, table_output
from attribution.cli._views import COMPARISON


@click.command()
@runs_argument()
@table_output(COMPARISON)
def compare(runs: tuple[Path, ...], show: Show) -> None:
    """Compare models fitted to the same posts, by how well they predict a post left out."""
    import attribution as at
    from attribution.outcomes import noun_of

    opened = [at.load_run(run) for run in runs]
    frame = at.compare(opened)
    noun = noun_of(opened[0].table, opened[0].manifest.outcome)
    if said := of_a_sample(int(frame["posts_used"][0]), opened[0].table.height, noun):
        say(said)
    show(frame)


def of_a_sample(used: int, posts: int, noun: str = "post") -> str:
    """Say how many posts were looked at where that is not all of them."""
    if used == posts:
        return ""
    return (
        f"looked at {used:,} of {posts:,} {noun}s, drawn at random; standard errors hold what that "
        "leaves open"
    )
