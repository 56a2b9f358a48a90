"""Effects of any column and any family at random draws, against formulas written out in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.special import expit
from support import tiny

from attribution import forward
from attribution.design import Design, build_design
from attribution.errors import InputError
from attribution.quantities.asked import Ask, asked_quantities, check
from attribution.quantities.counterfactual import moved
from attribution.quantities.effects import quantities_of
from attribution.quantities.estimates import Quantity
from attribution.quantities.response import response_table
from attribution.spec import parse_spec, read_spec

ROWS, DRAWS = 40, 5
RNG = np.random.default_rng(8)
X = RNG.gamma(3.0, 4.0, ROWS)
YES = RNG.integers(0, 2, ROWS)
KIND = np.array(["a", "b", "c", "b"] * (ROWS // 4))
SHOP = np.repeat(["north", "south"], ROWS // 2)
TRIES = RNG.integers(1, 30, ROWS)
TABLE = pl.DataFrame(
    {
        "y": RNG.poisson(3.0, ROWS),
        "z": RNG.normal(0.0, 2.0, ROWS),
        "won": RNG.integers(0, 2, ROWS),
        "wins": RNG.binomial(TRIES, 0.4),
        "tries": TRIES,
        "x": X,
        "yes": YES,
        "kind": KIND,
        "shop": SHOP,
        "count": RNG.poisson(2.0, ROWS),
        "unused": RNG.normal(size=ROWS),
    }
).with_row_index("post_id", 1)
FEATURES = '[features]\nlx = "ln(x)"\nsays = "yes * 1"\n'
COMMON = ("intercept", "linear lx", "linear says")


def term(words: str, at: str = "mean") -> str:
    """Return a term in TOML: its kind and what it is of, its other keys after ``|``."""
    kind, *of = words.split("|")[0].split()
    keys = {"linear": "feature", "spline": "feature", "categorical": "by", "group": "by"}
    lines = [f'{keys[kind]} = "{of[0]}"'] if of else []
    return "\n".join([f'[[{at}.terms]]\nkind = "{kind}"', *lines, *words.split("|")[1:], ""])


def design(
    family: str,
    column: str,
    terms: tuple[str, ...] = COMMON,
    *,
    more: str = "",
    own: Mapping[str, tuple[str, ...]] | None = None,
    link: str = "",
    features: str = FEATURES,
    table: pl.DataFrame = TABLE,
) -> Design:
    head = f'format = 1\nname = "m"\n[outcome]\ncolumn = "{column}"\nfamily = "{family}"\n{more}\n'
    text = f"{head}{features}[mean]\n{link}\n{''.join(map(term, terms))}"
    for section, those in (own or {}).items():
        text += f"[{section}]\n{''.join(term(one, section) for one in those)}"
    return build_design(parse_spec(text), table)


def draws(**shapes: int) -> dict[str, np.ndarray]:
    """Return random numbers by name; shape (draw,), or (draw, level) where more than 1 is said."""
    rng = np.random.default_rng(3)
    return {
        name: 0.4 * rng.normal(size=(DRAWS,) if count == 1 else (DRAWS, count))
        for name, count in shapes.items()
    }


Found = dict[tuple[str, str], np.ndarray]


def asked(built: Design, at: Mapping[str, np.ndarray], **ask: Any) -> Found:
    """Return draws by quantity and group, as somebody asked for them."""
    wanted = Ask(**{key: (v,) if key in ("of", "by") else v for key, v in ask.items()})
    check(built, wanted)
    return {(q.quantity, q.group): q.draws for q in asked_quantities(built, at, wanted)}


def by_itself(of: Design, at: Mapping[str, np.ndarray]) -> dict[tuple[str, str], Quantity]:
    """Return what is told without being asked."""
    found = quantities_of(of)(of, at)
    assert len({q.key for q in found}) == len(found)
    return {(q.quantity, q.group): q for q in found}


def centred(values: np.ndarray, now: np.ndarray) -> np.ndarray:
    return values - now.mean()


def eta(at: Mapping[str, np.ndarray], x: Any = X, yes: Any = YES, prefix: str = "") -> np.ndarray:
    """Return intercept + slopes times ln(x) and yes, centred at the observed posts."""
    total = at[f"{prefix}intercept"][:, None] + np.zeros(ROWS)
    total = total + at[f"{prefix}slope_lx"][:, None] * centred(np.log(x), np.log(X))
    return total + at[f"{prefix}slope_says"][:, None] * centred(yes + 0.0 * X, YES)


def derivative(mean: Callable[[np.ndarray], np.ndarray], x: np.ndarray = X) -> np.ndarray:
    """Return the derivative at each post, by differences of fourth order."""
    h = 1e-3 * x
    return (8 * (mean(x + h) - mean(x - h)) - mean(x + 2 * h) + mean(x - 2 * h)) / (12 * h)


LINEAR = {"intercept": 1, "slope_lx": 1, "slope_says": 1}


def test_a_logit_by_itself() -> None:
    of, at = design("bernoulli", "won"), draws(**LINEAR)
    found = by_itself(of, at)
    p = expit(eta(at))
    assert found["average_won", "all"].draws == pytest.approx(p.mean(axis=1))
    # d p / d x = p (1 - p) slope / x, told per 10 as the standard deviation of x is near 10.
    assert 3.2 < X.std() < 31
    slope = (p * (1 - p) * at["slope_lx"][:, None] / X).mean(axis=1)
    assert found["slope_per_10_x", "all"].draws == pytest.approx(10 * slope, rel=1e-5)
    yes, no = expit(eta(at, yes=1.0)).mean(axis=1), expit(eta(at, yes=0.0)).mean(axis=1)
    assert found["difference_yes", "all"].draws == pytest.approx(yes - no)
    assert found["ratio_yes", "all"].draws == pytest.approx(yes / no)
    more = expit(eta(at, x=1.01 * X)).sum(axis=1) / p.sum(axis=1)
    assert found["elasticity_x", "all"].draws == pytest.approx(np.log(more) / np.log(1.01))
    assert {q.population for q in found.values()} == {"these rows"}
    assert found["slope_per_10_x", "all"].unit == "probability"


def test_a_share_is_told_per_trial() -> None:
    of, at = design("binomial", "wins", more='trials = "tries"'), draws(**LINEAR)
    found = by_itself(of, at)
    weight = TRIES / TRIES.sum()
    assert found["average_wins", "all"].draws == pytest.approx(expit(eta(at)) @ weight)
    gap = (expit(eta(at, yes=1.0)) - expit(eta(at, yes=0.0))) @ weight
    assert found["difference_yes", "all"].draws == pytest.approx(gap)
    assert found["difference_yes", "all"].weighting == "per tries"
    by_shop = asked(of, at, of="yes", by="shop")
    south = SHOP == "south"
    each = (expit(eta(at, yes=1.0)) - expit(eta(at, yes=0.0)))[:, south] @ TRIES[south]
    assert by_shop["difference_yes", "south"] == pytest.approx(each / TRIES[south].sum())


OWN = {f"{section}_{name}": 1 for section in ("zero_inflation", "hurdle") for name in LINEAR}


def inflated(at: Mapping[str, np.ndarray], **values: Any) -> np.ndarray:
    none = expit(eta(at, **values, prefix="zero_inflation_"))
    return (1 - none) * np.exp(eta(at, **values))


def hurdled(at: Mapping[str, np.ndarray], **values: Any) -> np.ndarray:
    none, mean = expit(eta(at, **values, prefix="hurdle_")), np.exp(eta(at, **values))
    return (1 - none) * mean / (1 - np.exp(-mean))


@pytest.mark.parametrize(
    ("family", "section", "mean"),
    [
        ("zero_inflated_poisson", "zero_inflation", inflated),
        ("hurdle_poisson", "hurdle", hurdled),
    ],
)
def test_an_effect_goes_through_the_mean_and_through_zeros(
    family: str, section: str, mean: Callable[..., np.ndarray]
) -> None:
    of = design(family, "y", own={section: COMMON})
    at = draws(**LINEAR, **OWN)
    found = asked(of, at, of="x", way="slope", step=1.0) | asked(of, at, of="yes")
    slope = derivative(lambda x: mean(at, x=x)).mean(axis=1)
    assert found["slope_x", "all"] == pytest.approx(slope, rel=1e-5)
    yes, no = mean(at, yes=1.0).mean(axis=1), mean(at, yes=0.0).mean(axis=1)
    assert found["difference_yes", "all"] == pytest.approx(yes - no)
    assert found["ratio_yes", "all"] == pytest.approx(yes / no)
    more = asked(of, at, of="x", way="difference", step=3.0)
    expected = (mean(at, x=X + 3.0) - mean(at)).mean(axis=1)
    assert more["change_per_3_x", "all"] == pytest.approx(expected)


@pytest.mark.parametrize("section", ["zero_inflation", "hurdle"])
def test_where_only_the_mean_changes_zeros_still_count(section: str) -> None:
    """A zero-inflated mean is proportional to its Poisson part's, that of a hurdle is not."""
    family = "zero_inflated_poisson" if section == "zero_inflation" else "hurdle_poisson"
    of = design(family, "y", own={section: ("intercept",)})
    at = draws(**LINEAR, **{f"{section}_intercept": 1})
    rest = dict.fromkeys((f"{section}_slope_lx", f"{section}_slope_says"), np.zeros(DRAWS))
    mean = inflated if section == "zero_inflation" else hurdled
    found = asked(of, at, of="yes", way="ratio")["ratio_yes", "all"]
    yes, no = (mean(at | rest, yes=value).mean(axis=1) for value in (1.0, 0.0))
    assert found == pytest.approx(yes / no)
    assert (section == "hurdle") == (not np.allclose(found, np.exp(at["slope_says"])))


def test_a_curve_is_followed_to_the_new_values() -> None:
    terms = ("intercept", "spline lx|functions = 6")
    of = design("normal", "z", terms, features='[features]\nlx = "ln(x)"\n')
    at = draws(intercept=1, lx_spline_coefficient=5, sigma=1)
    basis = of.bases["lx_spline"]

    def mean(x: np.ndarray) -> np.ndarray:
        return at["lx_spline_coefficient"] @ basis.moved(np.log(x)).functions.T

    found = asked(of, at, of="x", way="difference", step=2.0)
    expected = (mean(X + 2.0) - mean(X)).mean(axis=1)
    assert found["change_per_2_x", "all"] == pytest.approx(expected)
    # Of the straight part alone the slope is its coefficient over the spread of ln(x), over x.
    line = at | {"lx_spline_coefficient": at["lx_spline_coefficient"] * np.eye(5)[0]}
    slope = asked(of, line, of="x", way="slope", step=1.0)["slope_x", "all"]
    expected = line["lx_spline_coefficient"][:, 0] * np.mean(1 / X) / np.log(X).std()
    assert slope == pytest.approx(expected, rel=1e-4)


def test_levels_and_their_interaction() -> None:
    of = design(
        "poisson",
        "y",
        (
            "intercept",
            "linear lx",
            'categorical kind|reference = "b"',
            'categorical kind|of = "lx"',
        ),
        features='[features]\nlx = "ln(x)"\n',
    )
    at = draws(intercept=1, slope_lx=1, kind_effect=3, kind_lx_effect=3)

    def mean(kind: np.ndarray, x: np.ndarray = X) -> np.ndarray:
        k = np.searchsorted(["a", "b", "c"], kind)
        slope = at["slope_lx"][:, None] + at["kind_lx_effect"][:, k]
        log_mean = at["intercept"][:, None] + at["kind_effect"][:, k]
        return np.exp(log_mean + slope * centred(np.log(x), np.log(X)))

    set_to = {k: mean(np.full(ROWS, k)).mean(axis=1) for k in "abc"}
    found = by_itself(of, at)
    for level, expected in set_to.items():
        assert found["average_y_if_kind", level].draws == pytest.approx(expected)
    assert found["difference_kind", "c − b"].draws == pytest.approx(set_to["c"] - set_to["b"])
    assert found["ratio_kind", "a / b"].draws == pytest.approx(set_to["a"] / set_to["b"])
    assert ("ratio_kind", "b / b") not in found
    observed = mean(KIND)
    for level in "abc":
        here = observed[:, level == KIND].mean(axis=1)
        assert found["average_y", level].draws == pytest.approx(here)
    slope = derivative(lambda x: mean(KIND, x))[:, KIND == "c"].mean(axis=1)
    assert found["slope_per_10_x", "c"].draws == pytest.approx(10 * slope, rel=1e-5)
    # Of some of the posts, every one of them set to each level.
    by = asked(of, at, of="kind", by="shop", way="ratio")
    a, b = (mean(np.full(ROWS, k))[:, SHOP == "south"].sum(axis=1) for k in "ab")
    assert by["ratio_kind", "a / b: south"] == pytest.approx(a / b)


@pytest.mark.parametrize("family", ["poisson", "zero_inflated_poisson", "hurdle_poisson"])
def test_levels_are_told_at_once_as_they_are_one_by_one(family: str) -> None:
    """Where terms that change are the same at all posts, the others are added up once."""
    of = design(family, "y", (*COMMON, "categorical kind",
        'group kind|of = ["lx"]|effects = "exchangeable"',
        'group shop|of = ["intercept"]|effects = "exchangeable"'))  # fmt: skip
    own = () if family == "poisson" else (f"{family.removesuffix('_poisson')}",)
    at = draws(**LINEAR, kind_effect=3, kind_lx_effect=3, shop_effect=2)
    at |= {{"zero_inflated": "zero_inflation"}.get(name, name): np.full(DRAWS, 0.2) for name in own}
    for column, levels in (("kind", "abc"), ("shop", ("north", "south"))):
        found = asked(of, at, of=column)
        for level in levels:
            there = forward.expected(moved(of, {column: pl.lit(level)}), at)
            averages = found[f"average_y_if_{column}", level]
            assert averages == pytest.approx(there.mean(axis=1), rel=1e-12)


def test_group_slopes_and_the_best_level() -> None:
    of = design(
        "normal",
        "z",
        ("intercept", "linear lx", 'group shop|of = ["intercept", "lx"]|effects = "zero_sum"'),
        features='[features]\nlx = "ln(x)"\n',
    )
    at = draws(intercept=1, slope_lx=1, shop_effect=2, shop_lx_effect=2, sigma=1)
    found = by_itself(of, at)
    for k, shop in enumerate(("north", "south")):
        coefficient = at["slope_lx"] + at["shop_lx_effect"][:, k]
        expected = 10 * coefficient * np.mean(1 / X[shop == SHOP])
        assert found["slope_per_10_x", shop].draws == pytest.approx(expected, rel=1e-5)
        lx = centred(np.log(X), np.log(X))
        mean = at["intercept"] + at["shop_effect"][:, k] + coefficient * lx.mean()
        assert found["average_z_if_shop", shop].draws == pytest.approx(mean)
    north, south = (found["average_z_if_shop", shop].draws for shop in ("north", "south"))
    best = found["best_shop_average_z_if_shop", "south"]
    assert best.draws == pytest.approx((south > north).astype(float))
    # A mean that can be negative has neither ratios nor elasticities.
    assert not [name for name, _ in found if name.startswith(("ratio", "elasticity"))]


NO_C_IN_NORTH = TABLE.filter(~((pl.col("kind") == "c") & (pl.col("shop") == "north")))
SD, MANY = 0.7, 4000


@pytest.mark.parametrize(
    ("effects", "centre", "variance"),
    [
        ("exchangeable", 0.0, SD**2),
        ("zero_sum", 0.0, SD**2 * (1 + 1 / 5)),
        ("mean_one", -(SD**2) / 2, SD**2),
    ],
)
def test_a_combination_that_no_post_has_is_drawn(
    effects: str, centre: float, variance: float
) -> None:
    """One effect for all its posts, as effects of the others are distributed."""
    joint = f'group|by = ["kind", "shop"]|of = ["intercept"]|effects = "{effects}"'
    of = design("normal", "z", ("intercept", "categorical kind", joint), table=NO_C_IN_NORTH,
                features="")  # fmt: skip
    levels = of.groups["kind:shop"].levels
    assert len(levels) == 5
    shapes = {"intercept": 1, "kind_effect": 3, "kind_shop_effect": len(levels), "sigma": 1}
    at = {name: np.repeat(values[:1], MANY, axis=0) for name, values in draws(**shapes).items()}
    at["kind_shop_sd"] = np.full(MANY, SD)
    c = at["intercept"] + at["kind_effect"][:, 2]
    c_south = c + at["kind_shop_effect"][:, levels.index("c:south")]
    north = float((NO_C_IN_NORTH["shop"] == "north").mean())
    found = by_itself(of, at)["average_z_if_kind", "c"].draws
    drawn = (found - (1 - north) * c_south - north * c) / north
    assert drawn.mean() == pytest.approx(centre, abs=5 * np.sqrt(variance / MANY))
    assert drawn.var() == pytest.approx(variance, rel=5 * np.sqrt(2 / MANY))
    assert len(np.unique(drawn.round(9))) == MANY, "draws of one block are not those of another"
    again = by_itself(of, at)["average_z_if_kind", "c"].draws
    np.testing.assert_array_equal(again, found)


def test_effects_of_a_new_combination_that_vary_together_are_drawn_together() -> None:
    joint = 'group|by = "kind"|of = ["intercept", "lx"]|effects = "exchangeable"'
    of = design("normal", "z", ("intercept", f'{joint}|correlation = {{ name = "lkj", eta = 1 }}'),
                features='[features]\nlx = "ln(x)"\n')  # fmt: skip
    term, place = of.spec.mean.terms[1], of.spec.place("mean")
    at = {
        "kind_sd": np.full(MANY, 1.0),
        "kind_lx_sd": np.full(MANY, 3.0),
        "kind_correlation": np.full((MANY, 1), 0.8),
    }
    new = dict(term.of_new(at, place, 3, 2, np.random.default_rng(1)))
    found = np.cov(new["kind_effect"][:, 1], new["kind_lx_effect"][:, 1])
    expected = np.array([[1.0, 0.8 * 3.0], [0.8 * 3.0, 9.0]])
    np.testing.assert_allclose(found, expected, rtol=5 * np.sqrt(2 / MANY))
    across = np.corrcoef(new["kind_effect"][:, 0], new["kind_effect"][:, 1])[0, 1]
    assert abs(across) < 5 / np.sqrt(MANY)


def test_a_combination_that_no_post_has_is_unknown_where_none_are_pooled() -> None:
    """Posts that would get it are left out."""
    assert not set(NO_C_IN_NORTH.filter(pl.col("shop") == "north")["kind"]) & {"c"}
    apart = design("normal", "z", ("intercept", 'categorical|by = ["kind", "shop"]'),
                   table=NO_C_IN_NORTH, features="")  # fmt: skip
    levels = apart.groups["kind:shop"].levels
    at = draws(intercept=1, kind_shop_effect=len(levels), sigma=1)
    alone = by_itself(apart, at)["average_z_if_kind", "c"]
    only_south = at["intercept"] + at["kind_shop_effect"][:, levels.index("c:south")]
    assert alone.draws == pytest.approx(only_south)


STORED = {
    "x": [pl.Float64, pl.Float32, pl.Int64, pl.UInt8],
    "yes": [pl.Int64, pl.Float64, pl.UInt8, pl.Boolean],
}


@pytest.mark.parametrize(
    ("column", "stored"), [(c, s) for c, types in STORED.items() for s in types], ids=str
)
def test_the_type_that_stores_a_number_changes_nothing(column: str, stored: Any) -> None:
    whole = TABLE.with_columns(pl.col("x").ceil())
    at = draws(**LINEAR)
    first = by_itself(design("bernoulli", "won", table=whole), at)
    again = design("bernoulli", "won", table=whole.with_columns(pl.col(column).cast(stored)))
    second = by_itself(again, at)
    assert first.keys() == second.keys()
    for key, quantity in first.items():
        assert second[key].draws == pytest.approx(quantity.draws, rel=1e-12)
    for ask in ({"of": "x", "way": "difference"}, {"of": "x", "way": "ratio", "step": 300.0}):
        plain = asked(design("bernoulli", "won", table=whole), at, **ask)
        for key, values in asked(again, at, **ask).items():
            assert values == pytest.approx(plain[key], rel=1e-12)


def test_moving_nothing_changes_nothing() -> None:
    features = f'{FEATURES}x1 = "x + 1"\n'
    of = design(
        "poisson", "y", (*COMMON, "categorical kind", "spline x1|functions = 6"), features=features
    )
    same = moved(of, {"x": pl.col("x"), "kind": pl.col("kind"), "yes": pl.col("yes")})
    for name, values in of.features.items():
        np.testing.assert_allclose(same.features[name], values, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(same.groups["kind"].index, of.groups["kind"].index)
    np.testing.assert_allclose(
        same.bases["x1_spline"].functions, of.bases["x1_spline"].functions, atol=1e-9
    )


def test_parts_of_rates_can_be_asked_for() -> None:
    """1,000 likes more bring 1,000 times the rate of a like at each post."""
    run = tiny.run()
    found = asked(run.design, run.draws, of="likes", way="difference")
    nano, micro = (tiny.RATES[:, 1, k] for k in (0, 1))
    each = np.stack([nano * tiny.MULTIPLIERS[:, 0], micro * tiny.MULTIPLIERS[:, 1]], axis=1)
    expected = 1000 * (2 * each[:, 0] + each[:, 1]) / 3
    assert found["change_per_1000_likes", "all"] == pytest.approx(tiny.both(*expected))


def test_likes_in_a_hurdle_model_of_orders() -> None:
    """What a count is given that it is not 0 falls less than its mean does."""
    spec = read_spec("engagement_hurdle")
    of = build_design(spec, tiny.table(), level_order=("nano", "micro"))
    at = dict(tiny.engagement_draws(of)) | {
        "hurdle_intercept": tiny.both(-1.0, 0.5),
        "hurdle_slope_log_reach": tiny.both(0.3, -0.2),
        "hurdle_tier_effect": np.tile([[0.2, -0.2], [0.0, 0.0]], (8, 1)),
    }
    reach, likes, comments = np.array([[1000.0, 2000, 4000], [100, 50, 400], [10, 5, 20]])

    def mean(d: int, likes: np.ndarray) -> np.ndarray:
        volume = np.log((1 + likes) / reach) - of.feature_centres["volume"]
        ratio = np.log((1 + comments) / (1 + likes)) - of.feature_centres["conversation"]
        tier = at["tier_effect"][d, [0, 0, 1]] + at["creator_effect"][d, [0, 0, 1]]
        log_mu = at["intercept"][d] + at["slope_volume"][d] * volume + tier
        mu = reach * np.exp(log_mu + at["slope_conversation"][d] * ratio)
        log_reach = np.log(reach) - of.feature_centres["log_reach"]
        none = at["hurdle_intercept"][d] + at["hurdle_slope_log_reach"][d] * log_reach
        none = expit(none + at["hurdle_tier_effect"][d, [0, 0, 1]])
        return (1 - none) * mu / (1 - (1 + mu / at["alpha"][d]) ** -at["alpha"][d])

    expected = [np.mean(mean(d, likes + 1000) - mean(d, likes)) for d in (0, 1)]
    found = by_itself(of, at)["change_per_1000_likes", "all"]
    assert found.draws == pytest.approx(tiny.both(*expected))


def test_the_response_to_any_number_group_by_group() -> None:
    """Every post of a shop set to the same x, all else as it was."""
    terms = (*COMMON, 'group shop|of = ["intercept"]|effects = "zero_sum"')
    of, at = design("bernoulli", "won", terms), draws(**LINEAR, shop_effect=2)
    run: Any = SimpleNamespace(design=of, draws=at, manifest=SimpleNamespace(method="nuts"))
    curve = response_table(run)
    assert set(curve["signal"]) == {"x"}
    assert curve.select("by", "outcome", "population").unique().rows() == [
        ("shop", "probability of won", "these rows")
    ]
    south = curve.filter(pl.col("tier") == "south")
    assert south["x"][0] == pytest.approx(np.quantile(X[SHOP == "south"], 0.05))
    for x, median in south.select("x", "median").rows():
        p = expit(eta(at, x=np.full(ROWS, x)) + at["shop_effect"][:, 1:])
        assert median == pytest.approx(np.median(p[:, SHOP == "south"].mean(axis=1)))


def test_a_change_that_a_feature_cannot_follow_is_left_out_unless_asked_for() -> None:
    """1 % more of the largest share is more than 1, of which there are no log odds."""
    share = X / X.max() * 0.999
    table = TABLE.with_columns(x=share)
    of = design("bernoulli", "won", table=table, features=FEATURES.replace("ln(x)", "ln(x/(1-x))"))
    found = by_itself(of, draws(**LINEAR))
    assert {name for name, _ in found if name.endswith("_x")} == {"slope_per_0.1_x"}
    with pytest.raises(InputError, match="infinite or undefined in 1 rows"):
        asked(of, draws(**LINEAR), of="x", way="elasticity")


def test_every_reason_is_given_at_once() -> None:
    of = design("poisson", "y", ("intercept", "linear c", "linear says"), more='exposure = "tries"',
                features='[features]\nc = "count * 1"\nsays = "yes * 1"\n')  # fmt: skip
    ask = Ask(
        of=("coumt", "unused", "y", "tries", "says", "count", "yes"),
        by=("shopp", "x"),
        way="elasticity",
        step=-2.0,
    )
    with pytest.raises(InputError) as caught:
        check(of, ask)
    told = [str(problem) for problem in caught.value.problems]
    assert told == [
        "key of: the table has no column 'coumt'. Did you mean 'count'?",
        "key of: the effect of 'unused' is not in the model: no term uses it; "
        "expected one of count, yes",
        "key of: 'y' is what the model explains; expected one of count, yes",
        "key of: 'tries' is the exposure: the expected y are proportional to it; "
        "expected one of count, yes",
        "key of: 'says' is a feature of the model, made from yes. Ask for the effect of yes",
        "key as: 'count' is 0 for some rows, of which there is no 1 % more "
        "(found 'elasticity'); expected difference or slope",
        "key as: 'yes' holds 1 or 0, not numbers: it has no elasticity "
        "(found 'elasticity'); expected difference or ratio",
        "key step: a step is a number above 0 (found '-2')",
        "key step: an elasticity is of 1 %, whatever the step. "
        "Ask for a difference, a ratio or a slope",
        "key by: the table has no column 'shopp'. Did you mean 'shop'?",
    ]


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (Ask(of=("x",), way="ratio"), "the expected z can be negative, so that ratios mean"),
        (Ask(way="elasticity"), "no effect of this model can be told as elasticity"),
        (Ask(of=("yes",), step=2.0), "yes cannot be more by a step"),
        (Ask(way="size"), "cannot be told so"),
    ],
)
def test_what_cannot_be_told_of_a_number(ask: Ask, words: str) -> None:
    with pytest.raises(InputError, match=words):
        check(design("normal", "z"), ask)
