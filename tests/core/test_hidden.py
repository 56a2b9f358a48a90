"""Hidden likes: predictions with the right width, against a mixed model and simulated truth."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from attribution.design.hidden import Prediction, predict_hidden

BETWEEN, WITHIN = 0.5, 0.3


def simulated(
    creators: int, posts: int, hidden: float, seed: int
) -> tuple[pl.DataFrame, np.ndarray]:
    """Return posts whose log likes follow a mixed model, some hidden, and all log likes."""
    rng = np.random.default_rng(seed)
    creator = np.repeat(np.arange(creators), posts)
    reach = np.exp(rng.normal(8.0, 1.0, len(creator)))
    comments = np.round(np.exp(rng.normal(2.5, 0.7, len(creator))))
    tier = np.where(creator % 2 == 0, "nano", "micro")
    log_likes = (
        0.4
        + 0.5 * np.log(reach)
        + 0.3 * np.log1p(comments)
        + 0.4 * (tier == "nano")
        + rng.normal(0, BETWEEN, creators)[creator]
        + rng.normal(0, WITHIN, len(creator))
    )
    seen = rng.random(len(creator)) >= hidden
    frame = pl.DataFrame(
        {
            "creator_id": [f"c{c:03}" for c in creator],
            "tier": tier,
            "reach": reach,
            "comments": comments,
            "likes": pl.Series(np.where(seen, np.expm1(log_likes), np.nan)).fill_nan(None),
        }
    )
    return frame, log_likes


def predict(frame: pl.DataFrame, *groups: str) -> Prediction:
    return predict_hidden(frame, "likes", ["comments"], "reach", groups or ("tier", "creator_id"))


def test_agrees_with_a_mixed_model_by_restricted_maximum_likelihood() -> None:
    frame, _ = simulated(60, 10, 0.2, 1)
    prediction = predict(frame)
    data = frame.with_columns(
        y=pl.col("likes").log1p(), x=pl.col("reach").log(), z=pl.col("comments").log1p()
    ).to_pandas()
    shown = data.dropna()
    fitted = smf.mixedlm("y ~ x + z + tier", shown, groups=shown["creator_id"]).fit()
    offset = data["creator_id"].map({c: e.iloc[0] for c, e in fitted.random_effects.items()})
    mean = fitted.predict(data) + offset
    between, within = float(fitted.cov_re.iloc[0, 0]), float(fitted.scale)
    count = data["creator_id"].map(shown["creator_id"].value_counts())
    sd = np.sqrt(within + between * within / (count * between + within))
    assert np.max(np.abs(prediction.mean - mean)) < 0.15 * np.sqrt(within)
    assert prediction.sd == pytest.approx(sd, rel=0.05)


def test_intervals_of_hidden_posts_cover_as_often_as_they_say() -> None:
    """1,500 posts, 30 % hidden, some creators wholly: within 4 standard errors of nominal."""
    frame, truth = simulated(250, 6, 0.3, 2)
    nobody = pl.col("creator_id") < "c025"
    frame = frame.with_columns(likes=pl.when(nobody).then(None).otherwise("likes"))
    prediction = predict(frame)
    hidden = frame["likes"].is_null().to_numpy()
    unknown = frame.select(nobody).to_series().to_numpy()
    for some in (hidden & ~unknown, unknown):
        z = (truth[some] - prediction.mean[some]) / prediction.sd[some]
        for prob in (0.5, 0.89):
            inside = np.mean(np.abs(z) < stats.norm.ppf((1 + prob) / 2))
            clusters = len(z) if some is not unknown else 25
            assert abs(inside - prob) < 4 * np.sqrt(prob * (1 - prob) / clusters)


def test_a_creator_who_shows_nothing_is_less_certain_than_one_who_shows_much() -> None:
    frame, _ = simulated(40, 10, 0.0, 3)
    frame = frame.with_columns(
        likes=pl.when(pl.col("creator_id") == "c000").then(None).otherwise("likes")
    )
    sd = predict(frame).sd
    assert sd[0] == pytest.approx(np.hypot(BETWEEN, WITHIN), rel=0.2)
    assert sd[-1] == pytest.approx(WITHIN, rel=0.2)


def test_knowing_the_creator_predicts_much_better_than_not() -> None:
    frame, truth = simulated(60, 10, 0.2, 4)
    hidden = frame["likes"].is_null().to_numpy()
    with_creator, without = (
        np.sqrt(np.mean((truth - predict(frame, *groups).mean)[hidden] ** 2))
        for groups in (("tier", "creator_id"), ("tier",))
    )
    assert with_creator < 0.75 * without
    assert with_creator < 1.25 * WITHIN


def test_without_creators_the_spread_is_that_of_the_residuals() -> None:
    frame, _ = simulated(60, 10, 0.2, 5)
    prediction = predict(frame, "tier")
    assert np.ptp(prediction.sd) == 0.0
    assert prediction.sd[0] == pytest.approx(np.hypot(BETWEEN, WITHIN), rel=0.15)


@pytest.mark.parametrize(("creators", "posts"), [(1, 20), (20, 1), (2, 10)])
def test_few_creators_or_posts_still_give_numbers(creators: int, posts: int) -> None:
    frame, _ = simulated(creators, posts, 0.2, 6)
    prediction = predict(frame)
    assert np.all(np.isfinite(prediction.mean))
    assert np.all(prediction.sd > 0)


def test_a_post_without_the_other_signal_has_no_prediction() -> None:
    frame, _ = simulated(10, 10, 0.0, 7)
    frame = frame.with_columns(
        comments=pl.when(pl.int_range(pl.len()) == 0).then(None).otherwise("comments")
    )
    prediction = predict(frame)
    assert np.isnan(prediction.mean[0])
    assert np.all(np.isfinite(prediction.mean[1:]))
