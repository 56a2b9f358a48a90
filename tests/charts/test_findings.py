"""Titles say what the numbers say, and that they cannot tell where they do not."""

from __future__ import annotations

import polars as pl
import pytest
from support import drawn, frames

from attribution.charts.comparison import comparison
from attribution.charts.contributions import contributions
from attribution.charts.density import density
from attribution.charts.forest import forest
from attribution.charts.predictive import predictive
from attribution.charts.ranks import ranks
from attribution.charts.response import response
from attribution.charts.roi import roi
from attribution.errors import InputError


def only(quantity: str) -> pl.DataFrame:
    return frames.effects().filter(pl.col("quantity").str.ends_with(quantity))


def widened(table: pl.DataFrame, centre: str, lower: str, upper: str) -> pl.DataFrame:
    """Return the table with intervals so wide that nothing can be told."""
    width = pl.col(centre).abs() * 20 + 10
    return table.with_columns(
        (pl.col(centre) - width).alias(lower), (pl.col(centre) + width).alias(upper)
    )


def test_forest_names_the_highest_tier_with_its_odds() -> None:
    table = only("orders_per_1000_likes").filter(pl.col("scope") != "contrast")
    assert (
        drawn.title(forest(table))
        == "Orders per 1,000 likes: highest for new nano creators (P = 0.96)"
    )


def test_forest_cannot_tell_the_highest_tier_where_no_tier_is_surely_best() -> None:
    unsure = pl.when(pl.col("statement") == "P(best)").then(pl.lit("cannot tell"))
    table = (
        only("orders_per_1000_likes")
        .filter(pl.col("scope") != "contrast")
        .with_columns(answer=unsure.otherwise(pl.col("answer")))
    )
    assert drawn.title(forest(table)) == (
        "Orders per 1,000 likes: cannot tell which is highest (new nano creators lead, P = 0.96)"
    )


def test_forest_of_a_ratio_gives_the_estimate_with_its_odds() -> None:
    assert drawn.title(forest(only("likes_per_comment"))) == (
        "Likes worth one comment: 13.4 (7.4 to 19.4), P(comment > like) > 0.99"
    )
    unsure = only("likes_per_comment").with_columns(answer=pl.lit("cannot tell"))
    assert drawn.title(forest(unsure)).endswith("13.4 (7.4 to 19.4), cannot tell")


def test_forest_of_contrasts_counts_clear_ones() -> None:
    assert drawn.title(drawn.chart("contrasts")) == (
        "Orders per 1,000 likes: 1 of 3 pairs told apart"
    )


def test_density_gives_the_odds_on_each_side() -> None:
    table = frames.draws().filter(pl.col("quantity") == "elasticity_likes")
    share = float((table["value"] > 0).mean())  # type: ignore[arg-type]
    label = "Change in orders for 1 % more likes"
    assert drawn.title(density(table)) == (
        f"{label}: cannot tell, P(> 0) = {share:.2f}, P(< 0) = {1 - share:.2f}"
    )
    higher = frames.long_draws("e", label, "%", 0.0, table["value"].to_numpy() + 1)
    assert drawn.title(density(higher)) == f"{label}: P(> 0) > 0.99, P(< 0) < 0.01"


def test_response_counts_tiers_where_more_likes_go_with_more_orders() -> None:
    assert drawn.title(response(frames.curve())) == (
        "More likes go with more orders in all 4 tiers; more comments go with more orders in all 4 "
        "tiers"
    )
    flat = frames.curve().with_columns(median=1.0, lower=0.5, upper=2.0)
    assert drawn.title(response(flat)) == (
        "Cannot tell whether more likes go with more orders; cannot tell whether more comments go "
        "with more orders"
    )


def test_contributions_name_the_largest_part_only_when_it_is_clear() -> None:
    assert drawn.title(contributions(frames.contributions())).startswith(
        "The largest part of the orders came with likes: likes 50 %"
    )
    wide = widened(frames.contributions(), "share_mean", "share_lower", "share_upper")
    assert drawn.title(contributions(wide)).startswith("Cannot tell which part is the largest")


def test_roi_counts_verdicts() -> None:
    table = frames.roi()
    creators = table.filter(pl.col("by") == "creator")["verdict"]
    rebook, pause = (creators == "rebook").sum(), (creators == "pause").sum()
    assert drawn.title(roi(table)) == (
        f"Of 60 creators, rebook {rebook} and pause {pause}; cannot tell for {60 - rebook - pause}"
    )
    unsure = table.with_columns(verdict=pl.lit("test again"))
    assert drawn.title(roi(unsure)) == "Cannot tell yet for any creator whether it pays"


def test_roi_of_all_posts_alone_gives_its_odds() -> None:
    total = frames.roi().filter(pl.col("by") == "total")
    assert (
        drawn.title(roi(total)) == "All posts: expected ROI 0.35 (0.15 to 0.55), P(ROI > 0) > 0.99"
    )


def test_predictive_check_says_what_the_model_misses() -> None:
    assert "hold 8 of 9 observed figures, as they should" in drawn.title(
        predictive(frames.predictive())
    )
    missed = frames.predictive().with_columns(observed=pl.col("upper") * 2)
    assert (
        "hold 0 of 9 observed figures, too few (about 8 expected), none so far off that the health "
        "check fails; missed: share of posts by orders: 0, 1 and 2–3, and 6 more"
    ) in drawn.title(predictive(missed))


def test_predictive_check_agrees_with_the_health_check() -> None:
    one = frames.predictive().with_columns(fails=pl.col("group") == "2–3")
    assert drawn.title(predictive(one)) == (
        "The model's intervals hold 8 of 9 observed figures (about 8 expected); the health check "
        "fails on share of posts by orders: 2–3"
    )


def test_comparison_uses_the_reading_of_the_table() -> None:
    assert drawn.title(comparison(frames.comparison())) == (
        "Additive ranks first; engagement: too close to call"
    )


@pytest.mark.parametrize(
    ("r_hat", "words"),
    [
        (1.004, "The chains agree: worst R-hat 1.004"),
        (1.02, "The chains do not agree: worst R-hat 1.020"),
        (float("nan"), "The chains' agreement is unknown"),
    ],
)
def test_ranks_say_whether_chains_agree_and_nan_never_passes(r_hat: float, words: str) -> None:
    table = frames.ranks().with_columns(
        r_hat=pl.when(pl.col("parameter") == "rate").then(r_hat).otherwise(1.0)
    )
    assert drawn.title(ranks(table)).startswith(words)


def test_response_says_where_more_likes_go_with_fewer_orders() -> None:
    falling = frames.curve().with_columns(
        (1e4 / pl.col(name)).alias(new)
        for name, new in (("median", "median"), ("upper", "lower"), ("lower", "upper"))
    )
    assert drawn.title(response(falling)).startswith(
        "More likes go with fewer orders in all 4 tiers"
    )


def test_response_of_an_outcome_that_is_not_orders() -> None:
    table = frames.curve().with_columns(outcome=pl.lit("gain"), by=pl.lit("shop"))
    assert drawn.title(response(table)).startswith(
        "Higher likes goes with higher gain in all 4 shops"
    )
    alone = table.filter(pl.col("tier") == "nano")
    assert drawn.title(response(alone)).startswith("Higher likes goes with higher gain; higher")


def test_creators_above_and_below_average_are_counted() -> None:
    chances = drawn.TABLES["creators"]()["probability"]
    above, below = (chances >= 0.95).sum(), (chances <= 0.05).sum()
    assert above >= below >= 5
    assert (
        f"of 60 creators, {above} above average, {below} below, cannot tell for "
        f"{60 - above - below}"
    ) in drawn.title(drawn.chart("creators"))


def test_without_orders_there_is_nothing_to_split() -> None:
    empty = frames.contributions().with_columns(
        pl.lit(0.0).alias("mean"),
        pl.lit(0).alias("observed"),
        *(pl.lit(None, pl.Float64).alias(f"share_{name}") for name in ("mean", "lower", "upper")),
    )
    assert drawn.title(contributions(empty)).startswith("No orders were observed")


def test_a_response_without_a_curve_is_refused() -> None:
    hidden = frames.curve().with_columns(x=float("nan"))
    with pytest.raises(InputError, match="no column of numbers to draw"):
        response(hidden)
