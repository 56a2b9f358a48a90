"""How often models claim something where there is nothing to claim.

    uv run python -m proofs.nulls --brands 40 --jobs 2
    uv run python -m proofs.nulls --page

Brands are simulated of which something is not true (likes and comments bring no orders and tiers
are alike; nothing is fake; creators are alike; posts bring no sales without a code) and fitted with
the models that speak of it. What each says with a probability above 0.95 is counted. Each brand
becomes a line of a file in ``--folder``, so that a run that was stopped goes on; ``--page`` writes
what is there into docs/explanation/nulls.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from attribution.quantities.estimates import CANNOT_TELL, SURE, Quantity
from attribution.simulation import Halo, Settings, simulate, simulate_daily_sales
from attribution.simulation.settings import SAMPLE_RATES
from attribution.spec import read_spec
from proofs.calibration.stored import mark
from proofs.fakes import joined
from proofs.parallel import Lines, Record, gather, identity
from proofs.quick import HOW, posterior_of

if TYPE_CHECKING:
    from attribution.data import AnalysisTable

CREATORS, POSTS = 40, 320
FIRST_SEED = 4000

ABOVE, BELOW, EITHER = "above", "below", "either"

BEST = "best_tier_orders_per_1000_reached_in_all"
ABSENT = ("fake_share_of_likes", "halo_share")
"""Shares of which the truth is 0."""


@dataclass(frozen=True)
class Claim:
    """What may be claimed wrongly.

    Parameters
    ----------
    words
        The claim.
    quantity
        Pattern of the names of the quantities whose statements make it.
    scope
        Scope of these quantities.
    side
        Which answer is wrong: that of a probability above 0.95, of one below 0.05, or either.
    """

    words: str
    quantity: str
    scope: str
    side: str = EITHER

    @property
    def nominal(self) -> float:
        """How often a statement is sure by chance."""
        return (2.0 if self.side == EITHER else 1.0) * (1.0 - SURE)

    def found(self, quantities: Sequence[Quantity]) -> list[int]:
        """Return how many statements there are, how many are sure, and how many are made.

        A sure statement is not made where what it is about may not be there at all.
        """
        asked = [q for q in quantities if q.scope == self.scope and self._names(q.quantity)]
        sure = [q for q in asked if self._is_sure(q.probability)]
        return [len(asked), len(sure), sum(q.answer != CANNOT_TELL for q in sure)]

    def _names(self, quantity: str) -> bool:
        return re.fullmatch(self.quantity, quantity) is not None

    def _is_sure(self, probability: float | None) -> bool:
        if probability is None:
            return False
        above, below = probability >= SURE, probability <= 1.0 - SURE
        return {ABOVE: above, BELOW: below, EITHER: above or below}[self.side]


TIERS = (
    Claim("a tier is above another", "tier_contrast_.*", "contrast"),
    Claim("a tier is the best", "best_tier_.*", "tier", ABOVE),
    Claim("a tier is not the best", "best_tier_.*", "tier", BELOW),
)
SHARES = (
    Claim("likes or comments bring orders", "share_of_orders_(likes|comments)", "overall", ABOVE),
)
SLOPES = (
    Claim("likes go with orders", "elasticity_likes", "overall"),
    Claim("comments go with orders", "elasticity_comments", "overall"),
    Claim("a comment goes with more or fewer orders than a like", "comment_less_like", "overall"),
)
FAKES = (
    Claim("more than a tenth of likes is fake", "fake_share_of_likes", "overall", ABOVE),
    Claim("a creator has more fakes than average", "creator_more_fakes", "creator", ABOVE),
    Claim("a creator has fewer fakes than average", "creator_more_fakes", "creator", BELOW),
)
MULTIPLIERS = (Claim("a creator is above or below average", "creator_multiplier", "creator"),)
SALES = (Claim("posts bring sales", "halo_share", "overall", ABOVE),)


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
    """

    words: str
    table: Callable[[int], AnalysisTable]
    claims: Mapping[str, tuple[Claim, ...]]


def shown() -> Settings:
    """Return the samples' settings at the size of these brands; all likes are shown."""
    sized = Settings.samples().sized(CREATORS, POSTS)
    return replace(sized, population=replace(sized.population, hidden_likes=0.0))


def nothing_in_engagement(seed: int) -> AnalysisTable:
    """Return posts whose orders all come from reach, at one rate in all tiers."""
    alike = {part: dict.fromkeys(tiers, 0.0) for part, tiers in SAMPLE_RATES.tier_effects.items()}
    settings = shown().without_engagement()
    return joined(
        simulate(replace(settings, rates=replace(settings.rates, tier_effects=alike)), seed)
    )


def nothing_fake(seed: int) -> AnalysisTable:
    """Return posts without fakes, with a vendor's scores of audiences."""
    return joined(simulate(shown().with_fakes(0.0), seed))


def creators_alike(seed: int) -> AnalysisTable:
    """Return posts of creators whose audiences buy alike."""
    settings = shown()
    return joined(simulate(replace(settings, rates=replace(settings.rates, creator_sd=0.0)), seed))


def nothing_without_code(seed: int) -> AnalysisTable:
    """Return days on which posts bring nothing but orders with a code."""
    from attribution.data import daily, read_analysis

    brand = simulate(Settings.samples().sized(60, 600), seed)
    sold = simulate_daily_sales(brand, Halo(share=0.0), seed)
    made = daily(brand.posts, sold.sales, orders=brand.orders, creators=brand.creators)
    return read_analysis(made.frame)


NULLS: Mapping[str, Null] = {
    "engagement and tiers": Null(
        "likes and comments bring nothing, and tiers are alike",
        nothing_in_engagement,
        {
            "additive": (*SHARES, *TIERS),
            "engagement": (*SLOPES, *TIERS),
            "engagement_only": SLOPES,
            "tier_only": TIERS,
        },
    ),
    "fakes": Null("nothing is fake", nothing_fake, {"authenticity": FAKES}),
    "creators": Null("creators are alike", creators_alike, {"additive": MULTIPLIERS}),
    "halo": Null("posts bring nothing without a code", nothing_without_code, {"halo": SALES}),
}


def work(number: int) -> Record:
    """Simulate a brand and fit it; numbers go through the nulls in turn."""
    seed, which = divmod(number, len(NULLS))
    name = list(NULLS)[which]
    table = NULLS[name].table(FIRST_SEED + seed)
    claims = NULLS[name].claims
    found = {model: fitted(model, table, seed, claims[model]) for model in claims}
    return {"null": name, "seed": FIRST_SEED + seed, "models": found}


def fitted(model: str, table: AnalysisTable, seed: int, claims: Sequence[Claim]) -> Record:
    """Fit a model to a table and return what it claims."""
    from attribution.fitting import design_of
    from attribution.quantities.effects import quantities_of

    design = design_of(read_spec(model), table)
    draws, r_hat = posterior_of(design, seed)
    return {"r_hat": r_hat, **told(quantities_of(design)(design, draws), claims)}


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
    """Return the file of results; other settings or specs make other results."""
    models = {model for null in NULLS.values() for model in null.claims}
    claims = {name: repr(null.claims) for name, null in NULLS.items()}
    marks = [mark(read_spec(model)) for model in sorted(models)]
    size = (CREATORS, POSTS, HOW)
    return Lines(folder / "brands.jsonl", identity(claims, marks, size, repr(shown())))


@click.command(help=__doc__)
@click.option("--brands", type=click.IntRange(min=1), default=40, show_default=True)
@click.option("--null", type=click.Choice(list(NULLS)), default=None, help="Only these brands.")
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), default=Path("runs/nulls"))
@click.option("--page", is_flag=True, help="Write results and page from what is in the folder.")
def main(brands: int, null: str | None, jobs: int, folder: Path, page: bool) -> None:
    """Collect brands, or write the page."""
    from proofs.nulls_page import PAGE

    lines = lines_of(folder)
    if page:
        PAGE.write(lines.read().values())
        return
    numbers = range(brands * len(NULLS))
    if null is not None:
        numbers = numbers[list(NULLS).index(null) :: len(NULLS)]
    gather(work, numbers, lines, jobs, "nulls")


if __name__ == "__main__":
    main()
