"""Coverage by estimand, each figure with its binomial band, clustered by brand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy.stats import binom

from attribution.quantities.estimates import CANNOT_TELL, PROBABILITY

FIGURE = ("quantity", "scope", "population", "prob")
LEVEL = 0.95
"""Probability that all figures together lie inside their bands when every coverage is nominal."""


def coverage(estimates: pl.DataFrame) -> pl.DataFrame:
    """Return the share of intervals that cover the truth, by estimand.

    Intervals of one brand are not independent, so a figure counts as ``effective`` independent
    ones: its number divided by the design effect (variance between brands over that of
    independent draws; Kish 1965), never fewer than one per brand. The band holds the figure with
    probability 0.95 for all figures together (Šidák) when coverage is nominal. What is known for
    sure, such as how many of no orders came with likes, has no interval and does not count.

    Returns
    -------
    pl.DataFrame
        quantity, scope, population, prob (the interval's probability), brands, intervals,
        effective, coverage, low, high, inside; bias: how far the median lies above the truth on
        average, in half widths of the interval; width: median width, as a share of the median.
    """
    judged = estimates.filter(pl.col("truth").is_not_null(), pl.col("lower") < pl.col("upper"))
    judged = judged.with_columns(hit=pl.col("truth").is_between("lower", "upper").cast(pl.Float64))
    frames = list(judged.group_by(FIGURE, maintain_order=True))
    each = 1.0 - LEVEL ** (1.0 / len(frames))
    rows = [
        dict(zip(FIGURE, names, strict=True)) | _figure(frame, each, float(str(names[-1])))
        for names, frame in frames
    ]
    return pl.DataFrame(rows).sort(FIGURE, descending=[False, False, False, True])


def _figure(
    frame: pl.DataFrame, each: float, probability: float
) -> dict[str, float | int | bool | None]:
    rate = float(np.mean(frame.get_column("hit").to_numpy()))
    effective = effective_number(frame, rate)
    low = float(binom.ppf(each / 2, effective, probability)) / effective
    high = float(binom.ppf(1 - each / 2, effective, probability)) / effective
    return {
        "brands": frame.get_column("brand").n_unique(),
        "intervals": frame.height,
        "effective": effective,
        "coverage": rate,
        "low": low,
        "high": high,
        "inside": low <= rate <= high,
        **_size(frame),
    }


def _size(frame: pl.DataFrame) -> dict[str, float | None]:
    """Return bias and width of a figure; see :func:`coverage`."""
    width, median = pl.col("upper") - pl.col("lower"), pl.col("median")
    off = pl.when(width > 0).then((median - pl.col("truth")) / (width / 2))
    shown = frame.select(bias=off.mean(), width=(width / median.abs()).median())
    return dict(shown.row(0, named=True))


def effective_number(frame: pl.DataFrame, rate: float) -> int:
    """Return how many independent intervals a figure's clustered ones are worth."""
    brands = frame.get_column("brand").n_unique()
    independent = frame.height * rate * (1.0 - rate)
    if independent == 0.0:
        return brands
    sums = frame.group_by("brand").agg((pl.col("hit") - rate).sum()).get_column("hit").to_numpy()
    clustered = float(np.sum(sums**2)) * brands / (brands - 1)
    return int(np.clip(frame.height * independent / clustered, brands, frame.height))


def outside(table: pl.DataFrame) -> pl.DataFrame:
    """Return the figures outside their band."""
    return table.filter(~pl.col("inside"))


def claims(estimates: pl.DataFrame) -> pl.DataFrame:
    """Return how often something is claimed, by estimand, told overall.

    Returns
    -------
    pl.DataFrame
        quantity, brands, claimed (share of brands whose answer is not ``cannot tell``), cannot
        tell, and the exact 95 % interval of the share claimed (Clopper & Pearson 1934).
    """
    told = estimates.filter(
        pl.col("prob") == PROBABILITY,
        pl.col("scope") == "overall",
        pl.col("quantity").is_in(
            ["orders_per_1000_likes", "orders_per_100_comments", "likes_per_comment"]
        ),
    )
    rows = []
    for (quantity,), frame in told.group_by("quantity", maintain_order=True):
        claimed = frame.filter(pl.col("answer") != CANNOT_TELL).height
        low, high = clopper_pearson(claimed, frame.height)
        rows.append(
            {
                "quantity": quantity,
                "brands": frame.height,
                "claimed": claimed,
                "cannot tell": frame.height - claimed,
                "share claimed": claimed / frame.height,
                "low": low,
                "high": high,
            }
        )
    return pl.DataFrame(rows)


def clustered(hits: Sequence[int], of: Sequence[int]) -> tuple[float, float, float]:
    """Return a share and its 95 % interval, cases of one brand counted for fewer.

    Parameters
    ----------
    hits, of
        Hits and cases of each brand; (brand,).
    """
    rows = [
        {"brand": brand, "hit": float(k < hit)}
        for brand, (hit, cases) in enumerate(zip(hits, of, strict=True))
        for k in range(cases)
    ]
    frame = pl.DataFrame(rows)
    rate = sum(hits) / sum(of)
    number = effective_number(frame, rate)
    return rate, *clopper_pearson(round(rate * number), number)


def clopper_pearson(count: int, number: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a share."""
    from scipy.stats import beta

    tail = (1.0 - level) / 2.0
    low = 0.0 if count == 0 else float(beta.ppf(tail, count, number - count + 1))
    high = 1.0 if count == number else float(beta.ppf(1.0 - tail, count + 1, number - count))
    return low, high
