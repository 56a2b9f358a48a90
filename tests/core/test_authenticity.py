"""Shares of fakes: formulas, scores, estimates by hand, and the truth of brands with fakes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pymc as pm
import pytest
from pytensor.graph.replace import graph_replace
from scipy import stats
from scipy.special import logit
from support import small, tiny
from support.densities import assert_same, points_around

from attribution import forward
from attribution.density.compiled import compile_model
from attribution.design import Design, build_design
from attribution.draws import Draws
from attribution.errors import InputError
from attribution.known_truth import truth_table
from attribution.model import build_model, kept
from attribution.quantities.additive import additive_quantities
from attribution.quantities.authenticity import FLOOR
from attribution.quantities.estimates import CANNOT_TELL, NEW, SURE, THESE
from attribution.simulation import Brand, Settings, simulate
from attribution.spec import parse_spec, read_spec, spec_text

SPEC = read_spec("authenticity")
PARTS = ("reach", "likes", "comments")


def scored(frame: pl.DataFrame, without: int = 0) -> pl.DataFrame:
    """Add scores to a table; the first creators have none."""
    names = frame["creator_id"].unique(maintain_order=True).to_list()
    values = np.random.default_rng(1).beta(16, 4, len(names)).tolist()
    read = dict(zip(names, [None] * without + values[without:], strict=True))
    column = pl.col("creator_id").replace_strict(read, return_dtype=pl.Float64)
    return frame.with_columns(audience_credibility=column)


def design_of(frame: pl.DataFrame) -> Design:
    plain = replace(SPEC, order_value=None)
    return build_design(plain, frame, level_order=small.small().table.tier_order)


@cache
def plain_design() -> Design:
    """Return a design without late orders or hidden likes, two creators without a score."""
    return design_of(scored(small.table(sources=False, hidden=False), without=2))


def of_variables(model: pm.Model) -> dict[Any, Any]:
    out = {}
    for variable in model.free_RVs:
        transform = model.rvs_to_transforms[variable]
        moved = variable
        if transform is not None:
            moved = transform.forward(variable, *variable.owner.inputs)
        out[model.rvs_to_values[variable]] = moved
    return out


Values = dict[str, np.ndarray]
DRAWS = 100


@cache
def model() -> pm.Model:
    return build_model(plain_design())


@cache
def prior_draws() -> Values:
    """Return draws of what the model samples."""
    free = model().free_RVs
    values = pm.draw(free, DRAWS, random_seed=4, mode="FAST_COMPILE")
    return dict(zip([variable.name for variable in free], values, strict=True))


@cache
def _function() -> Any:
    names = ("conversions", "score", "fake_share_raw", "fake_share_mean_raw")
    densities = graph_replace(
        model().logp([model()[name] for name in names], sum=False, jacobian=False),
        of_variables(model()),
    )
    outputs = [*densities, *model().deterministics]
    return pm.compile(model().free_RVs, outputs, mode="FAST_COMPILE", on_unused_input="ignore")


def evaluated(free: Values) -> tuple[Values, Values]:
    """Return the model's log densities and all its parameters; draws first."""
    rows = [_function()(*(free[v.name][d] for v in model().free_RVs)) for d in range(DRAWS)]
    conversions, score, raw, of_mean, *made = map(np.stack, zip(*rows, strict=True))
    named = dict(zip([v.name for v in model().deterministics], made, strict=True))
    densities = {"conversions": conversions, "score": score, "raw": raw, "of_mean": of_mean}
    return densities, free | named


@cache
def at_prior_draws() -> tuple[Values, Values]:
    return evaluated(prior_draws())


def test_the_likelihood_is_the_models() -> None:
    densities, draws = at_prior_draws()
    ours = forward.log_likelihood(plain_design(), draws)
    np.testing.assert_allclose(ours, densities["conversions"], rtol=1e-7, atol=1e-7)


def test_without_fakes_the_likelihood_is_that_of_the_additive_model() -> None:
    """All shares at their mean: as many orders as the plain model expects, whatever the mean."""
    design, draws = plain_design(), at_prior_draws()[1]
    alike = draws | {"fake_share": np.broadcast_to(draws["fake_share_mean"][:, None], (DRAWS, 15))}
    plain = replace(design, spec=replace(design.spec, authenticity=None))
    ours = forward.expected(design, alike)
    np.testing.assert_allclose(ours, forward.expected(plain, draws), rtol=1e-12)


def test_scores_are_beta_around_what_is_genuine() -> None:
    densities, draws = at_prior_draws()
    scores = plain_design().scores
    assert scores is not None
    assert len(scores.values) == 13
    real = (1.0 - draws["fake_share"][:, scores.levels]) * draws["score_level"][:, None]
    sure = draws["score_concentration"][:, None]
    wanted = stats.beta.logpdf(scores.values, real * sure, (1.0 - real) * sure)
    seen = np.isfinite(wanted)
    assert seen.mean() > 0.9
    np.testing.assert_allclose(densities["score"][seen], wanted[seen], rtol=1e-6, atol=1e-6)


def test_shares_are_beta_whatever_the_scores_are() -> None:
    """Their draws, and the density of what is sampled, whose units scores choose."""
    free = prior_draws()
    densities, draws = at_prior_draws()
    mean, alike = draws["fake_share_mean"][:, None], draws["fake_concentration"][:, None]
    prior = stats.beta(mean * alike, (1.0 - mean) * alike)
    places = prior.cdf(draws["fake_share"])
    for level in range(places.shape[1]):
        assert stats.kstest(places[:, level], "uniform").pvalue > 1e-4
    moved = evaluated(free | {"fake_share_raw": free["fake_share_raw"] + 0.5})[1]["fake_share"]
    share = draws["fake_share"]
    unit = (logit(moved) - logit(share)) / 0.5
    wanted = prior.logpdf(share) + np.log(share * (1.0 - share) * unit)
    seen = np.isfinite(wanted) & (moved < 1.0 - 1e-9)
    assert seen.mean() > 0.9
    np.testing.assert_allclose(densities["raw"][seen], wanted[seen], rtol=1e-4, atol=1e-4)


def test_the_mean_share_has_its_prior_whatever_the_scores_are() -> None:
    free = prior_draws()
    densities, draws = at_prior_draws()
    prior, mean = stats.beta(2.0, 6.0), draws["fake_share_mean"]
    assert stats.kstest(prior.cdf(mean), "uniform").pvalue > 1e-3
    there = free | {"fake_share_mean_raw": free["fake_share_mean_raw"] + 0.5}
    unit = (logit(evaluated(there)[1]["fake_share_mean"]) - logit(mean)) / 0.5
    wanted = prior.logpdf(mean) + np.log(mean * (1.0 - mean) * unit)
    np.testing.assert_allclose(densities["of_mean"], wanted, rtol=1e-6, atol=1e-6)


def test_without_a_score_what_is_sampled_is_nearly_standard_normal() -> None:
    scores = plain_design().scores
    assert scores is not None
    raw = np.delete(prior_draws()["fake_share_raw"], scores.levels, axis=1)
    assert raw.shape == (DRAWS, 2)
    assert abs(raw.mean()) < 0.3
    assert 0.7 < raw.std() < 1.3


def test_the_density_is_compiled_natively() -> None:
    compiled = compile_model(model(), kept(model()))
    assert_same(model(), points_around(compiled.start, 0.5), compiled)


def test_scores_of_a_table() -> None:
    def scores_of(values: list[float | None]) -> dict[str, float]:
        found = tiny.design(tiny.table(audience_credibility=values), SPEC)
        assert found.scores is not None
        levels = found.groups["creator_id"].levels
        read = zip(found.scores.levels, found.scores.values, strict=True)
        return {levels[level]: value for level, value in read}

    assert scores_of([0.4, 0.6, 0.9]) == pytest.approx({"a": 0.5, "b": 0.9})
    assert scores_of([0.5, None, None]) == {"a": 0.5}
    # Whole percentages: 0 and 1 are less than a point inside.
    assert scores_of([0.0, 0.0, 1.0]) == {"a": 0.005, "b": 0.995}


def test_a_table_without_scores_is_fitted_without() -> None:
    for frame in (tiny.table(), tiny.table(audience_credibility=[None, None, None])):
        design = tiny.design(frame, SPEC)
        assert design.scores is None
        assert design.spec.authenticity is not None
        assert design.spec.authenticity.score is None
        (absent,) = (a for a in design.absent if a.part == "credibility of audiences")
        assert absent.reason == (
            "the table has no audience_credibility: shares of fakes come from their prior and "
            "from orders"
        )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            [85.0, 85.0, 40.0],
            "column 'audience_credibility': 3 of 3 posts have a score that is no share "
            "(found '85 (post p1)'); expected a share of the audience from 0 to 1. "
            "Divide percentages by 100",
        ),
        ([0.5, 0.5, -0.1], "1 of 3 posts have a score that is no share"),
        ([0.5, 0.5, float("nan")], "1 of 3 posts have a score that is no share"),
        (
            ["high", "high", "low"],
            "column 'audience_credibility': a score is no number (found 'String')",
        ),
    ],
)
def test_scores_that_are_no_shares(values: list[Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        tiny.design(tiny.table(audience_credibility=values), SPEC)
    assert message in str(caught.value)


TEXT = spec_text("authenticity")
LINEAR = spec_text("engagement") + TEXT[TEXT.index("[authenticity]") :]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            TEXT.replace('parts = ["likes", "comments"]', 'parts = ["like"]'),
            "key authenticity.parts[0]: there is no part 'like' of engagement. "
            "Did you mean 'likes'?",
        ),
        (
            TEXT.replace('parts = ["likes", "comments"]', 'parts = ["likes", "likes"]'),
            "key authenticity.parts[1]: the part 'likes' is there twice",
        ),
        (
            TEXT.replace('parts = ["likes", "comments"]', 'parts = ["reach"]'),
            "key authenticity.parts[0]: there is no part 'reach' of engagement",
        ),
        (
            TEXT.replace('score = "audience_credibility"\n', ""),
            "key authenticity.score_concentration: there is no score that this could be of. "
            "Add a score",
        ),
        (
            TEXT.replace('share = { name = "beta", alpha = 2.0, beta = 6.0 }\n', ""),
            "key authenticity.share",
        ),
        (
            TEXT.replace(
                'name = "beta", alpha = 2.0, beta = 6.0', 'name = "half_normal", sigma = 1'
            ),
            "key authenticity.share: a half_normal prior gives",
        ),
        (TEXT.replace("score = ", "scores = "), "key authenticity.scores: unknown key"),
        (LINEAR, "key authenticity: only a rates mean says what a like that is genuine brings"),
    ],
)
def test_mistakes_in_a_spec(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_spec(text)
    assert message in str(caught.value)


def by_hand() -> tuple[Design, Draws]:
    """Return three posts and draws in which 40 and 80 % of a's, 10 and 20 % of b's are fake."""
    design = tiny.design(tiny.table(audience_credibility=[0.5, 0.5, 0.9]), SPEC)
    shares = np.array([[0.4, 0.1], [0.8, 0.2]])
    draws = {**tiny.additive_draws(design)}
    repeats = len(draws["log_rate"]) // 2
    draws["fake_share"] = np.tile(shares, (repeats, 1))
    draws["fake_share_mean"] = np.tile([0.2, 0.5], repeats)
    return design, draws


# Genuine over average: 0.6 / 0.8 and 0.9 / 0.8 in the first draw, 0.2 / 0.5 and 0.8 / 0.5 in the
# second. Orders through likes: v * theta * that * likes, as in test_rates_by_hand.
HAND = [
    # a: 2 * 0.01 * 150 likes * 0.75 = 2.25; b: 0.5 * 0.002 * 400 * 1.125 = 0.45
    # second draw: 1 * 0.005 * 150 * 0.4 = 0.3; 3 * 0.003 * 400 * 1.6 = 5.76
    ("orders_per_1000_likes", "overall", "all", THESE, 2.7 / 0.55, 6.06 / 0.55),
    ("orders_per_1000_likes", "tier", "nano", NEW, 10.0, 5.0),
    # genuine likes: 150 * 0.6 + 400 * 0.9 = 450; 150 * 0.2 + 400 * 0.8 = 350
    ("orders_per_1000_likes_genuine", "overall", "all", THESE, 2.7 / 0.45, 6.06 / 0.35),
    ("orders_per_1000_likes_genuine", "tier", "nano", THESE, 2.25 / 0.09, 0.3 / 0.03),
    # comments of b: 0.5 * 0.04 * 1.125 and 3 * 0.09 * 1.6 orders each
    ("orders_per_100_comments_genuine", "tier", "micro", THESE, 2.25 / 0.9, 43.2 / 0.8),
    ("fake_share_of_likes", "overall", "all", THESE, 100 / 550, 200 / 550),
    ("fake_share_of_comments", "overall", "all", THESE, 8 / 35, 16 / 35),
    ("creator_fake_share", "creator", "b", THESE, 0.1, 0.2),
    ("creator_more_fakes", "creator", "a", THESE, 0.2, 0.3),
    # 2 posts of v * theta * genuine each, as shown
    (
        "likes_per_comment",
        "overall",
        "all",
        THESE,
        (2 * 2 * 0.1 * 0.75 + 0.5 * 0.04 * 1.125) / (2 * 2 * 0.01 * 0.75 + 0.5 * 0.002 * 1.125),
        (2 * 1 * 0.05 * 0.4 + 3 * 0.09 * 1.6) / (2 * 1 * 0.005 * 0.4 + 3 * 0.003 * 1.6),
    ),
    ("creator_multiplier", "creator", "a", THESE, 2.0, 1.0),
]


@pytest.mark.parametrize(("quantity", "scope", "group", "about", "first", "second"), HAND)
def test_estimates_by_hand(
    quantity: str, scope: str, group: str, about: str, first: float, second: float
) -> None:
    found = {q.key: q for q in additive_quantities(*by_hand())}
    draws = found[quantity, scope, group, about].draws
    assert draws == pytest.approx(tiny.both(first, second))


def test_what_is_said_of_fakes() -> None:
    found = {q.key: q for q in additive_quantities(*by_hand())}
    more = found["creator_more_fakes", "creator", "a", THESE]
    fewer = found["creator_more_fakes", "creator", "b", THESE]
    assert (more.answer, fewer.answer) == ("more fakes than average", "fewer fakes than average")


@pytest.mark.parametrize(
    ("shares", "answer"),
    [
        ([[0.4, 0.1], [0.8, 0.2]], "more than 10% is fake"),
        ([[0.4, 0.1], [0.1, 0.0]], CANNOT_TELL),
        ([[0.1, 0.05], [0.1, 0.0]], "less than 10% is fake"),
    ],
)
def test_that_something_is_fake_is_said_of_more_than_a_tenth(
    shares: list[list[float]], answer: str
) -> None:
    design, draws = by_hand()
    draws["fake_share"] = np.tile(shares, (len(draws["log_rate"]) // 2, 1))
    found = {q.key: q for q in additive_quantities(design, draws)}
    assert found["fake_share_of_likes", "overall", "all", THESE].answer == answer


def test_the_prior_of_the_mean_share_says_nothing() -> None:
    section = read_spec("authenticity").authenticity
    assert section is not None
    prior = stats.beta(*(section.share.parameters[name] for name in ("alpha", "beta")))
    assert 1.0 - SURE < prior.sf(FLOOR) < SURE


@cache
def faked() -> tuple[Brand, Design]:
    """Return a brand with fakes, and the design of its posts, none of which hides its likes."""
    settings = Settings.samples().sized(12, 90)
    settings = replace(settings, population=replace(settings.population, hidden_likes=0.0))
    brand = simulate(settings.with_fakes(0.3), 4)
    tiers = brand.truth.creators.select("creator_id", "tier")
    scores = brand.creators.select("creator_id", "audience_credibility")
    frame = (
        brand.posts.join(tiers, on="creator_id")
        .join(scores, on="creator_id")
        .with_columns(conversions=pl.int_range(pl.len()) % 3)
    )
    return brand, build_design(SPEC, frame, level_order=("nano", "micro", "mid", "macro"))


def test_at_the_true_parameters_every_estimate_is_the_truth() -> None:
    """Estimators and truths are computed apart; with fakes they agree."""
    brand, design = faked()
    made = brand.truth
    assert made.fakes is not None
    creators = made.creators.select("creator_id", "multiplier", "fake_share").rows()
    told = {name: (v, f) for name, v, f in creators}
    levels = design.groups["creator_id"].levels
    tiers = design.groups["tier"].levels
    kept_ = {"reach": 1.0, "likes": 1.0 - made.fakes.mean, "comments": 1.0 - made.fakes.mean}
    rates = np.array([[kept_[p] * made.rates_by_tier[t][p] for t in tiers] for p in PARTS])
    base = np.log(rates).mean(axis=1)
    total = np.exp(base - np.log(design.units))
    draws = {
        "log_rate": np.log([total.sum()]),
        "share": (total / total.sum())[None],
        "tier_effect": (np.log(rates) - base[:, None])[None],
        "creator_effect": np.log([[told[name][0] for name in levels]]),
        "fake_share": np.array([[told[name][1] for name in levels]]),
        "fake_share_mean": np.array([made.fakes.mean]),
    }
    expected = {row[:4]: row[4] for row in truth_table(made, design).rows()}
    found = {q.key: float(q.draws[0]) for q in additive_quantities(design, draws) if q.has_interval}
    assert found.keys() <= expected.keys()
    assert sum("fake" in key[0] or "genuine" in key[0] for key in found) > 20
    # What each post shows is drawn around its creator's share.
    for key, value in found.items():
        assert value == pytest.approx(expected[key], rel=0.05 if _of_draws(key) else 1e-6), key


def _of_draws(key: tuple[str, ...]) -> bool:
    """Whether a figure is of what brought orders, of which the model knows what is shown."""
    exact = ("creator_", "fake_share_of", "likes_per_comment")
    return key[3] == THESE and not key[0].startswith(exact)
