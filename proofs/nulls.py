"""How often models claim something where there is nothing to claim.

    uv run python -m proofs.nulls --brands 40 --jobs 2
    uv run python -m proofs.nulls --page

Brands are simulated of which something is not true (likes and comments bring no orders and tiers
are alike; nothing is fake; every order has a code) and fitted with the models that speak of it.
What each says with a probability above 0.95 is counted. Each brand becomes a line of a file in
``--folder``, so that a run that was stopped goes on; ``--page`` writes what is there into
docs/explanation/nulls.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from attribution.quantities.estimates import Quantity
from attribution.spec import read_spec
from attribution.spec.sections import Survey
from proofs import null_brands as brands_of
from proofs.calibration.stored import mark
from proofs.capture import surveyed, tested
from proofs.fakes import joined
from proofs.null_brands import CREATORS, POSTS, ZEROS, shown
from proofs.null_claims import (
    CODES,
    ENDS,
    FACTORS,
    FAKES,
    IN_A_TIER,
    MULTIPLIERS,
    PEAKS,
    SALES,
    SHARES,
    SLOPES,
    STAGES,
    TIERS,
    Claim,
)
from proofs.parallel import Lines, Record, gather, identity
from proofs.quick import HOW, posterior_of

if TYPE_CHECKING:
    from attribution.data import AnalysisTable
    from attribution.spec import ModelSpec

FIRST_SEED = 4000
BEST = "best_tier_orders_per_1000_reached_in_all"
ABSENT = ("fake_share_of_likes", "halo_share")
"""Shares of which the truth is 0."""

FEW, MANY, LIFTED = "capture, 200 asked", "capture, 1,000 asked", "additive, two lift tests"
ASKED = {FEW: 200, MANY: 1000}


def shipped(model: str, _seed: int) -> ModelSpec:
    """Return a shipped model, whatever the brand."""
    return read_spec(model)


def all_had_a_code(name: str, _seed: int) -> ModelSpec:
    """Return a model with a survey of buyers of whom every one had a code."""
    return surveyed(Survey(ASKED[name], ASKED[name]))


def with_lift_tests(_name: str, seed: int) -> ModelSpec:
    """Return the additive model with a brand's lift tests."""
    return tested(brands_of.all_recorded(seed))


@dataclass(frozen=True)
class Null:
    """Brands of which something is not true.

    Parameters
    ----------
    words
        What is not true.
    table
        From a seed to a table of such a brand.
    claims
        What each model may claim wrongly, by its name.
    spec
        From the name of a model and a seed to the model.
    """

    words: str
    table: Callable[[int], AnalysisTable]
    claims: Mapping[str, tuple[Claim, ...]]
    spec: Callable[[str, int], ModelSpec] = shipped


TOGETHER: Mapping[str, Null] = {
    "engagement and tiers": Null(
        "likes and comments bring nothing, and tiers are alike",
        brands_of.nothing_in_engagement,
        {
            "additive": (*SHARES, *TIERS),
            "engagement": (*SLOPES, *TIERS),
            "engagement_only": SLOPES,
            "tier_only": TIERS,
        },
    ),
    "fakes": Null("nothing is fake", brands_of.nothing_fake, {"authenticity": FAKES}),
    "creators": Null("creators are alike", brands_of.creators_alike, {"additive": MULTIPLIERS}),
    "halo": Null(
        "posts bring nothing without a code", brands_of.nothing_without_code, {"halo": SALES}
    ),
}
"""Kept in one file, whose lines go through them in turn."""

APART: Mapping[str, Null] = {
    "slopes": Null(
        "likes and comments bring nothing in any tier, and tiers are alike",
        brands_of.nothing_in_engagement,
        {"engagement_by_tier": (*SLOPES, *IN_A_TIER, *TIERS)},
    ),
    "zeros": Null(
        "the same, and a fifth of posts bring no orders by chance",
        brands_of.zeros_alone,
        {"engagement_zero_inflated": (*SLOPES, *TIERS)},
    ),
    "hurdle": Null(
        "likes and comments bring nothing, and whether a post sells is chance",
        brands_of.hurdle_alone,
        {"engagement_hurdle": SLOPES},
    ),
    "stages": Null(
        "tiers differ in followers alone, and likes and comments bring nothing",
        brands_of.stages_alike,
        {"funnel": (*STAGES, *SLOPES)},
    ),
    "factors": Null(
        "labels, payment, management and relationship bring nothing",
        brands_of.factors_alone,
        {"advocacy": FACTORS},
    ),
    "curve": Null(
        "posts bring orders at one rate, whatever the followers",
        brands_of.rate_flat,
        {"goldilocks": (*PEAKS, *ENDS), "goldilocks_fee": (*PEAKS, *ENDS)},
    ),
    "slope": Null(
        "the rate rises with followers all the way, or falls",
        brands_of.rate_monotone,
        {"goldilocks": PEAKS, "goldilocks_fee": PEAKS},
    ),
    "survey": Null(
        "every order through a post has a code, as has that of every buyer who is asked",
        brands_of.few_recorded,
        {FEW: CODES, MANY: CODES},
        all_had_a_code,
    ),
    "lifts": Null(
        "every order through a post has a code, and no other order has",
        lambda seed: joined(brands_of.all_recorded(seed)),
        {LIFTED: CODES},
        with_lift_tests,
    ),
}
"""Kept in a file each."""

NULLS = {**TOGETHER, **APART}


def work(number: int) -> Record:
    """Simulate a brand and fit it; numbers go through the nulls of one file in turn."""
    seed, which = divmod(number, len(TOGETHER))
    return one_brand(list(TOGETHER)[which], seed)


def one_brand(name: str, seed: int) -> Record:
    """Simulate a brand of a null and fit it with its models."""
    null, first = NULLS[name], FIRST_SEED + seed
    table = null.table(first)
    found = {
        model: fitted(null.spec(model, first), table, seed, claims)
        for model, claims in null.claims.items()
    }
    return {"null": name, "seed": first, "models": found}


def fitted(spec: ModelSpec, table: AnalysisTable, seed: int, claims: Sequence[Claim]) -> Record:
    """Fit a model to a table and return what it claims."""
    from attribution.fitting import design_of
    from attribution.quantities.asked import Ask
    from attribution.quantities.effects import quantities_with_stages

    design = design_of(spec, table)
    draws, r_hat = posterior_of(design, seed)
    found = quantities_with_stages(design, Ask())(design, draws)
    return {"r_hat": r_hat, **told(found, claims)}


def told(quantities: Sequence[Quantity], claims: Sequence[Claim]) -> Record:
    """Return what is claimed, the odds of each tier to be the best, and shares that are none."""
    return {
        "claims": {claim.words: claim.found(quantities) for claim in claims},
        "best": {q.group: q.probability for q in quantities if q.quantity == BEST},
        "absent": {
            q.quantity: [float(np.median(q.draws)), q.probability]
            for q in quantities
            if q.quantity in ABSENT
        },
    }


def lines_of(folder: Path) -> Lines:
    """Return the file of the first nulls; other settings or specs make other results."""
    models = {model for null in TOGETHER.values() for model in null.claims}
    claims = {name: repr(null.claims) for name, null in TOGETHER.items()}
    marks = [mark(read_spec(model)) for model in sorted(models)]
    size = (CREATORS, POSTS, HOW)
    return Lines(folder / "brands.jsonl", identity(claims, marks, size, repr(shown())))


def lines_apart(folder: Path, name: str) -> Lines:
    """Return the file of a null that has one of its own."""
    null = APART[name]
    marks = {model: mark(null.spec(model, FIRST_SEED)) for model in null.claims}
    size = (CREATORS, POSTS, ZEROS, HOW)
    of = identity(name, repr(null.claims), marks, size, repr(shown()))
    return Lines(folder / f"{name}.jsonl", of)


def kept(folder: Path) -> list[Record]:
    """Return what a folder has of all nulls."""
    apart = (lines_apart(folder, name) for name in APART)
    return [record for lines in (lines_of(folder), *apart) for record in lines.read().values()]


def collect(name: str, brands: int, jobs: int, folder: Path) -> None:
    """Gather brands of a null."""
    if name in APART:
        gather(partial(one_brand, name), range(brands), lines_apart(folder, name), jobs, name)
        return
    numbers = range(list(TOGETHER).index(name), brands * len(TOGETHER), len(TOGETHER))
    gather(work, numbers, lines_of(folder), jobs, name)


@click.command(help=__doc__)
@click.option("--brands", type=click.IntRange(min=1), default=40, show_default=True)
@click.option("--null", type=click.Choice(list(NULLS)), default=None, help="Only these brands.")
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), default=Path("runs/nulls"))
@click.option("--page", is_flag=True, help="Write results and page from what is in the folder.")
def main(brands: int, null: str | None, jobs: int, folder: Path, page: bool) -> None:
    """Collect brands, or write the page."""
    from proofs.nulls_page import PAGE

    if page:
        PAGE.write(kept(folder))
        return
    for name in NULLS if null is None else (null,):
        collect(name, brands, jobs, folder)


if __name__ == "__main__":
    main()
