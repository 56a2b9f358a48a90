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
    "--refunds",
    type=click.FloatRange(min=0, max=1, min_open=True, max_open=True),
    metavar="SHARE",
    help="Let this share of orders be refunded in full, more of some creators' than of others'.",
)
@click.option(
    "--capture",
    type=click.FloatRange(min=0, max=1, min_open=True),
    metavar="SHARE",
    help="Let only this share of the orders that go with posts carry a code.",
)
@click.option(
    "--anyway",
    type=click.FloatRange(min=0, max=1, max_open=True),
    metavar="SHARE",
    help="Let this share of the orders that go with posts be of buyers who would have come anyway.",
)
@click.option(
    "--lift-tests",
    type=click.IntRange(min=0),
    default=0,
    help="Simulate so many experiments, each of the posts of a month; the README states them.",
)
@click.option(
    "--from-prior",
    metavar="SPEC",
    help="Draw all parameters from the priors of this model, such as 'additive'.",
)
@click.option(
    "--posts-of",
    type=PATH,
    metavar="TABLE",
    help="With --from-prior: draw outcomes for the posts of this table, from any model.",
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
    refunds: float | None,
    capture: float | None,
    anyway: float | None,
    lift_tests: int,
    from_prior: str | None,
    posts_of: Path | None,
    daily_sales: float | None,
    null: bool,
    overwrite: bool,
) -> None:
    """Simulate a brand: creators, posts and orders with a known truth.

    Writes creators.csv, posts.csv, orders.csv, the truth behind them and a README into FOLDER,
    whose name goes to stdout; with --daily-sales also daily_sales.csv. Without options this is the
    brand of the shipped samples.

    With --posts-of it writes analysis.parquet, which has the table's posts with outcomes drawn from
    the model, model.toml, which can be fitted to it, and truth.json with the parameters.
    """
    if null and from_prior:
        raise click.UsageError("--null and --from-prior exclude each other: choose one.")
    if posts_of is not None:
        if from_prior is None:
            raise click.UsageError("--posts-of needs --from-prior: which model?")
        if leaks or fakes is not None or daily_sales is not None:
            raise click.UsageError("--posts-of draws outcomes: no leaks, fakes or daily sales.")
        _outcomes(folder, from_prior, posts_of, seed, overwrite)
        return

    from attribution.simulation import Halo, Settings, simulate_daily_sales, simulate_from_prior
    from attribution.simulation import simulate as simulate_brand
    from attribution.spec import read_spec

    changes = {
        "with_leaks": () if leaks else None,
        "with_fakes": None if fakes is None else (fakes,),
        "with_refunds": None if refunds is None else (refunds,),
        "with_capture": None
        if capture is None and anyway is None
        else (capture or 1.0, anyway or 0.0),
        "with_lift_tests": (lift_tests,) if lift_tests else None,
        "without_engagement": () if null else None,
    }
    settings = Settings.samples().sized(creators, posts)
    for name, arguments in changes.items():
        if arguments is not None:
            settings = getattr(settings, name)(*arguments)
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


def _outcomes(folder: Path, spec: str, table: Path, seed: int, overwrite: bool) -> None:
    """Write posts of a table with outcomes of a model; see :func:`simulate`."""
    from attribution.from_prior import draw_from_prior

    drawn = draw_from_prior(spec, table, seed=seed)
    drawn.write(folder, overwrite=overwrite)
    column, total = drawn.spec.outcome.column, float(drawn.outcomes.sum())
    say(
        f"drew {column} of {len(drawn.design.posts):,} posts from the prior of"
        f" {drawn.spec.name}: {total:,.6g} in all; the parameters are in {folder / 'truth.json'}"
    )
    click.echo(str(folder))
