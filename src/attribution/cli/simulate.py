"""``attribution simulate``: write a brand's exports with a known truth."""

from __future__ import annotations

from pathlib import Path

import click

from attribution.cli._messages import say
from attribution.cli._options import PATH, force_option

MOST_FAKES = 0.45
"""Half of the creators have fakes: twice this share of theirs."""


@click.command()
@click.argument("folder", type=PATH)
@click.option(
    "--creators", type=click.IntRange(min=1), default=90, show_default=True, help="How many."
)
@click.option(
    "--posts",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="How many in all; every creator has at least one.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=20260101,
    show_default=True,
    help="Seed of the random numbers; the default makes the shipped samples again.",
)
@click.option("--leaks", is_flag=True, help="Let some codes leak to people who saw no post.")
@click.option(
    "--fakes",
    type=click.FloatRange(min=0.0, max=MOST_FAKES),
    metavar="SHARE",
    help="Let this share of a creator's likes and comments be fake, on average over creators, "
    f"at most {MOST_FAKES:g}; 0 gives vendors' scores of audiences and no fakes.",
)
@click.option(
    "--from-prior",
    metavar="SPEC",
    help="Draw all parameters from the priors of this model, such as 'additive'.",
)
@click.option(
    "--daily-sales",
    type=click.FloatRange(min=0, max=1, max_open=True),
    metavar="SHARE",
    help="Simulate daily sales too; posts bring this share of those without a code.",
)
@click.option("--null", is_flag=True, help="Let likes and comments carry nothing.")
@force_option()
def simulate(
    folder: Path,
    creators: int,
    posts: int,
    seed: int,
    leaks: bool,
    fakes: float | None,
    from_prior: str | None,
    daily_sales: float | None,
    null: bool,
    overwrite: bool,
) -> None:
    """Simulate a brand: creators, posts and orders with a known truth.

    Writes creators.csv, posts.csv, orders.csv, the truth behind them and a README into FOLDER,
    whose name goes to stdout; with --daily-sales also daily_sales.csv. Without options this is the
    brand of the shipped samples.
    """
    if null and from_prior:
        raise click.UsageError("--null and --from-prior exclude each other: choose one.")

    from attribution.simulation import Halo, Settings, simulate_daily_sales, simulate_from_prior
    from attribution.simulation import simulate as simulate_brand
    from attribution.spec import read_spec

    settings = Settings.samples().sized(creators, posts)
    if leaks:
        settings = settings.with_leaks()
    if fakes is not None:
        settings = settings.with_fakes(fakes)
    if null:
        settings = settings.without_engagement()
    if from_prior:
        brand = simulate_from_prior(
            read_spec(from_prior),
            seed,
            creators=creators,
            posts_per_creator=posts / creators,
            settings=settings,
        )
    else:
        brand = simulate_brand(settings, seed)
    brand.write(folder, overwrite=overwrite)
    if daily_sales is not None:
        sold = simulate_daily_sales(brand, Halo(share=daily_sales), seed)
        sold.write(folder, overwrite=overwrite)
    say(
        f"simulated {creators:,} creators, {posts:,} posts and {brand.orders.height:,} orders;"
        f" {folder / 'README.md'} says what each file is"
    )
    click.echo(str(folder))
