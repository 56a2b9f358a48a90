"""How fast each family is sampled, beside the shipped regression's.

    uv run python -m benchmarks.families

The regression's terms (two features, tiers, creators) with each family in turn, outcomes drawn from
that family at known parameters. Printed are seconds to compile the first table and a second one of
another length (whose machine code is the first's), milliseconds for a gradient, seconds of sampling
to 400 effective draws of the slowest parameter, and the rate of that over the negative binomial's.
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import click
import numpy as np
import polars as pl

from benchmarks.gradient import gradient_of
from benchmarks.posts import TIERS, simulate

CHAINS, TUNE, DRAWS = 4, 500, 1000
BASE = "negative_binomial"
TRUTH = {
    "dispersion": 1.5,
    "zero_inflation": 0.2,
    "hurdle": 0.4,
    "sigma": 0.8,
    "shape": 1.5,
    "nu": 5.0,
    "concentration": 5.0,
}


@click.command(help=__doc__)
@click.option("--posts", type=int, default=6000, show_default=True)
@click.option("--family", "families", multiple=True, help="Which families; all if not said.")
@click.option("--seed", type=int, default=0, show_default=True)
def main(posts: int, families: tuple[str, ...], seed: int) -> None:
    """Print a Markdown table."""
    from attribution.spec.families import FAMILIES

    head = ("family", "compile s", "again s", "new code", "gradient ms", "sample s", "R-hat")
    click.echo("| " + " | ".join((*head, "divergent", "s to ESS 400", "rate")) + " |")
    click.echo("| --- |" + " ---: |" * (len(head) + 2))
    base = None
    for family in dict.fromkeys((BASE, *(families or FAMILIES))):
        cells, seconds = measure(family, posts, seed)
        base = seconds if base is None else base
        click.echo(f"| {family} | " + " | ".join((*cells, f"{base / seconds:.2f}")) + " |")


def measure(family: str, posts: int, seed: int) -> tuple[tuple[str, ...], float]:
    """Return a family's cells and its seconds to 400 effective draws."""
    from attribution.density.native import compile_code
    from attribution.sampling import Settings, compile_density, posterior

    built = model(family, posts)
    began = perf_counter()
    draw, way = compile_density(built, CHAINS)
    compiled = perf_counter() - began
    if way != "native":
        raise SystemExit(f"{family} is not on the fast path: {way}")
    before = compile_code.cache_info().misses
    other = model(family, posts + posts // 3)
    began = perf_counter()
    compile_density(other, CHAINS)
    again, new = perf_counter() - began, compile_code.cache_info().misses - before
    began = perf_counter()
    trace, _, told = posterior(
        built, draw, Settings(DRAWS, TUNE, CHAINS, seed), lambda *_args: None
    )
    sampled = perf_counter() - began
    least = float(np.nanmin(told.select("ess_bulk", "ess_tail").to_numpy()))
    seconds = sampled * 400.0 / least
    cells = (
        f"{compiled:.1f}",
        f"{again:.1f}",
        str(new),
        f"{1e3 * gradient_of(built):.3f}",
        f"{sampled:.2f}",
        f"{told['r_hat'].max():.3f}",
        str(int(trace["sample_stats"]["diverging"].sum())),
        f"{seconds:.2f}",
    )
    return cells, seconds


def model(family: str, posts: int) -> object:
    """Return the model of a table whose outcomes are drawn from the family."""
    from attribution import forward
    from attribution.design import build_design
    from attribution.model import build_model

    frame = simulate(posts).with_columns(tries=pl.col("likes").clip(1, 50))
    stated = spec(family)
    design = build_design(stated, _blank(frame, family), level_order=TIERS)
    outcome = forward.replicate(design, _truth(design), np.random.default_rng(posts))[0]
    drawn = frame.with_columns(pl.Series("conversions", outcome))
    return build_model(build_design(stated, drawn, level_order=TIERS))


def _blank(frame: pl.DataFrame, family: str) -> pl.DataFrame:
    """Return the table with outcomes that any family takes, to be replaced."""
    from attribution.spec.families import FAMILIES

    ones = 0.0 if family == "bernoulli" else 1.0
    # Numbers have to vary to be a model's; counts of one trial cannot exceed 1.
    varied = family == "bernoulli" or not FAMILIES[family].whole
    values = ones + (np.arange(frame.height) % 2 if varied else 0.0)
    return frame.with_columns(pl.Series("conversions", np.zeros(frame.height) + values))


def _truth(design: object) -> dict[str, np.ndarray]:
    """Return one draw: the parameters that outcomes are drawn at."""
    rng = np.random.default_rng(1)
    family, groups = design.family, design.groups  # type: ignore[attr-defined]
    location = {"log": -6.0 if family.is_count else 1.0}.get(design.spec.mean.link, 0.0)  # type: ignore[attr-defined]
    own = {name: np.array([TRUTH[name]]) for name in family.own}
    return {
        "intercept": np.array([location]),
        "slope_volume": np.array([0.3]),
        "slope_conversation": np.array([0.2]),
        "tier_effect": np.array([[0.2, 0.1, -0.1, -0.2]]),
        "creator_effect": rng.normal(0.0, 0.5, (1, len(groups["creator_id"].levels))),
        **{("alpha" if name == "dispersion" else name): value for name, value in own.items()},
    }


def spec(name: str) -> object:
    """Return the shipped regression with another family, default priors where it needs others."""
    from attribution.spec import read_spec
    from attribution.spec.defaults import DEFAULT
    from attribution.spec.families import FAMILIES, OWN
    from attribution.spec.model import Outcome, Own, Predictor
    from attribution.spec.terms import Intercept

    shipped, family = read_spec("engagement"), FAMILIES[name]
    if not isinstance(shipped.mean, Predictor):
        raise TypeError("the shipped regression has a linear mean")
    terms = tuple(Intercept(DEFAULT) if isinstance(t, Intercept) else t for t in shipped.mean.terms)
    return replace(
        shipped,
        outcome=Outcome(
            "conversions",
            name,
            exposure="reach" if family.is_count else None,
            trials="tries" if family.trials else None,
        ),
        missing={},
        mean=Predictor(family.links[0], terms),
        own={section: Own(prior=OWN[section].default) for section in family.own},
        order_value=None,
    )


if __name__ == "__main__":
    main()
