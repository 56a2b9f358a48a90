"""Arguments and options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

PATH = click.Path(path_type=Path)


def run_argument() -> Decorator:
    """Take the folder of one saved run as ``run``."""
    return click.argument("run", metavar="RUN", type=PATH)


def runs_argument() -> Decorator:
    """Take the folders of one or more saved runs as ``runs``."""
    return click.argument("runs", metavar="RUN...", type=PATH, nargs=-1, required=True)


def seed_option() -> Decorator:
    """Take ``--seed``: the same seed, input and versions give the same output."""
    return click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        help="Seed of the random numbers; the same seed and input give the same output.",
    )


def mapping_option() -> Decorator:
    """Take ``--mapping``: a TOML file that says which of the user's columns is which."""
    return click.option(
        "--mapping", type=PATH, help="TOML file that maps your column names to the canonical ones."
    )


def tiers_option() -> Decorator:
    """Take ``--tiers`` as text; ``attribution.tables`` reads it."""
    return click.option(
        "--tiers",
        metavar="CUTS",
        help="Tiers by followers, such as 'nano<10000<=micro<50000<=mid'.  [default: nano<10000"
        "<=micro<50000<=mid<500000<=macro<1000000<=mega]",
    )


def top_option() -> Decorator:
    """Take ``--top``: how many creators lead; None for the usual number."""
    return click.option(
        "--top",
        type=click.IntRange(min=1),
        metavar="COUNT",
        help="How many creators lead, for the odds of being among them.  [default: 10, or a fifth"
        " of fewer than 20]",
    )


def force_option() -> Decorator:
    """Take ``--force`` as ``overwrite``."""
    return click.option("--force", "overwrite", is_flag=True, help="Replace what is there.")


def unhealthy_option() -> Decorator:
    """Take ``--unhealthy``: go on with a run that failed the health gate."""
    return click.option(
        "--unhealthy",
        is_flag=True,
        help="Go on although the run failed a health check; the output says so.",
    )
