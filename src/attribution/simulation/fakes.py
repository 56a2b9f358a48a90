"""Fake engagement: likes and comments of bots and pods, and what a vendor says of audiences.

Genuine engagement, orders and all else are drawn before, so that a brand with fakes is the brand
without them and more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from attribution.errors import Problem, raise_if_any
from attribution.simulation.rates import Floats

FAKED = ("likes", "comments")
"""Signals that can be bought; nobody is reached by a bot."""

SURELY = 1e-6
"""A score's mean is at least this far inside 0 and 1, where it would have no noise."""


@dataclass(frozen=True)
class Fakes:
    """Which creators have fake engagement, how much, and how well a vendor sees it.

    Parameters
    ----------
    creators
        Share of creators with any.
    share
        Mean share of their likes and comments that is fake.
    concentration
        How alike their shares are: alpha + beta of the Beta that they are drawn from.
    credible
        Share of a wholly genuine audience that the vendor believes real.
    score_concentration
        How little noise scores have: alpha + beta of the Beta that they are drawn from.
    """

    creators: float = 0.5
    share: float = 0.4
    concentration: float = 20.0
    credible: float = 0.85
    score_concentration: float = 40.0

    def __post_init__(self) -> None:
        shares = {"creators": self.creators, "share": self.share, "credible": self.credible}
        raise_if_any(
            Problem(f"{name} of fakes is no share", value=f"{value:g}", expected="0 to 1")
            for name, value in shares.items()
            if not 0.0 <= value <= 1.0
        )

    @property
    def mean(self) -> float:
        """Mean share of fakes over all creators."""
        return self.creators * self.share


def add_fakes(
    fakes: Fakes, creators: pl.DataFrame, posts: pl.DataFrame, rng: np.random.Generator
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Add fake engagement to posts and scores to creators.

    Returns
    -------
    tuple
        Creators with fake_share (true) and audience_credibility (the vendor's score, whole
        percentages); posts with likes and comments as shown, fakes included, and beside them
        fake_likes and fake_comments.
    """
    share = _shares(fakes, creators.height, rng)
    real = np.clip((1.0 - share) * fakes.credible, SURELY, 1.0 - SURELY)
    n = fakes.score_concentration
    creators = creators.with_columns(
        fake_share=share, audience_credibility=rng.beta(real * n, (1.0 - real) * n).round(2)
    )
    of = posts.select("creator_id").join(
        creators.select("creator_id", "fake_share"), on="creator_id", maintain_order="left"
    )
    per_genuine = of.get_column("fake_share").to_numpy()
    per_genuine = per_genuine / (1.0 - per_genuine)
    bought = {name: rng.poisson(per_genuine * posts.get_column(name).to_numpy()) for name in FAKED}
    return creators, posts.with_columns(
        *(pl.Series(f"fake_{name}", count) for name, count in bought.items()),
        *(pl.col(name) + pl.Series(count) for name, count in bought.items()),
    )


def _shares(fakes: Fakes, count: int, rng: np.random.Generator) -> Floats:
    """Share of each creator's engagement that is fake; (creator,)."""
    some = rng.permutation(count) < round(fakes.creators * count)
    if fakes.share == 0.0:
        return np.zeros(count)
    alpha, beta = (p * fakes.concentration for p in (fakes.share, 1.0 - fakes.share))
    return np.where(some, rng.beta(alpha, beta, count), 0.0)
