"""A drafted spec says what its table suggests, is read as it is meant, and fits as it is."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from support.small import small

import attribution as at
from attribution.data import AnalysisTable, read_analysis
from attribution.design import build_design
from attribution.drafting.columns import describe, quoted, slug, unused
from attribution.drafting.outcome import guess_family
from attribution.errors import InputError
from attribution.spec import parse_spec
from attribution.spec.defaults import DEFAULT
from attribution.spec.model import ModelSpec, Predictor
from attribution.spec.stated import stated_priors
from attribution.spec.terms import Categorical, Group, Linear

RNG = np.random.default_rng(8)
ROWS = 80


def table(**changes: object) -> pl.DataFrame:
    """Return a table of a stranger: nothing canonical but, where a test adds it, a column."""
    columns = {
        "patientID": [f"p{k // 4}" for k in range(ROWS)],
        "rownum": range(5, 5 + ROWS),
        "dose": RNG.normal(3.0, 1.0, ROWS),
        "income": RNG.lognormal(9.0, 1.5, ROWS),
        "clicks": RNG.poisson(RNG.gamma(0.5, 60.0, ROWS)),
        "Treated": RNG.integers(0, 2, ROWS),
        "arm": RNG.choice(["a", "b", "c"], ROWS, p=[0.2, 0.5, 0.3]),
        "note_text": [f"free text {k}" for k in range(ROWS)],
        "same": ["x"] * ROWS,
        "email": [f"{k}@example.org" for k in range(ROWS)],
    }
    return pl.DataFrame({**columns, **changes})


OUTCOMES = {
    "negative_binomial": RNG.poisson(RNG.gamma(1.0, 4.0, ROWS)),
    "bernoulli": RNG.integers(0, 2, ROWS),
    "normal": RNG.normal(0.0, 2.0, ROWS),
    "log_normal": RNG.lognormal(1.0, 1.5, ROWS),
    "gamma": RNG.gamma(0.7, 3.0, ROWS),
    "binomial": RNG.integers(0, 9, ROWS),
}


def drafted(frame: pl.DataFrame | AnalysisTable, **asked: str) -> tuple[str, ModelSpec]:
    text = at.draft_spec(frame, **asked)
    return text, parse_spec(text)


def terms(spec: ModelSpec) -> list[tuple[str, str]]:
    assert isinstance(spec.mean, Predictor)
    return [(t.kind, *t.columns, *t.features[:1])[:2] for t in spec.mean.terms[1:]]


@pytest.mark.parametrize("family", OUTCOMES)
def test_the_family_is_guessed_and_the_draft_fits(family: str) -> None:
    asked = {"trials": "n"} if family == "binomial" else {}
    frame = table(y=OUTCOMES[family], n=np.full(ROWS, 9))
    text, spec = drafted(frame, outcome="y", **asked)
    assert spec.outcome.family == family
    assert f"# {family}, a guess: " in text
    run = at.fit(spec, frame, draws=50, tune=100, chains=2)
    assert run.table.height == ROWS
    assert run.manifest.absent == ()
    # Priors stand in numbers, which are those that the table would have given.
    assert all(s.prior != DEFAULT for s in stated_priors(spec))
    assert run.design.spec == spec


def test_every_column_has_its_term_or_a_reason() -> None:
    text, spec = drafted(table(y=OUTCOMES["negative_binomial"]), outcome="y")
    assert terms(spec) == [
        ("linear", "dose_value"),
        ("linear", "log_income"),
        ("linear", "log_clicks"),
        ("linear", "is_treated"),
        ("categorical", "arm"),
        ("group", "patientID"),
    ]
    expressions = {feature.name: feature.expression for feature in spec.features}
    assert expressions["log_income"] == "ln(income)"
    assert expressions["log_clicks"] == "ln(1 + clicks)"
    assert expressions["is_treated"] == "Treated"
    (arm,) = [t for t in spec.mean.terms if isinstance(t, Categorical)]
    assert arm.reference == "b"
    (patient,) = [t for t in spec.mean.terms if isinstance(t, Group)]
    assert patient.effects == "exchangeable"
    reasons = [
        "# - rownum: numbers the rows",
        "# - note_text: 80 different values in 80 posts",
        "# - same: the same for all posts",
    ]
    assert [line for line in reasons if line not in text.splitlines()] == []
    assert "@" not in text
    assert "email" not in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_brands_posts_are_modelled_as_the_shipped_regression_does() -> None:
    source = small().table
    text, spec = drafted(source)
    assert (spec.outcome.column, spec.outcome.exposure) == ("conversions", "reach")
    expressions = {feature.name: feature.expression for feature in spec.features}
    assert expressions == {
        "volume": "ln((1 + likes) / reach)",
        "conversation": "ln((1 + comments) / (1 + likes))",
    }
    assert spec.missing == {"likes": "latent", "comments": "latent"}
    assert terms(spec)[-2:] == [("group", "tier"), ("group", "creator_id")]
    tier, creator = [t for t in spec.mean.terms if isinstance(t, Group)]
    assert (tier.effects, creator.effects) == ("zero_sum", "exchangeable")
    assert spec.order_value is not None
    assert "fee, product_cost: a cost, for ROI" in text
    assert "views, followers: counts people, as reach does" in text
    design = build_design(spec, source.frame, level_order=source.tier_order)
    assert len(design.outcome) == source.frame.height
    assert design.hidden is not None


def test_what_says_the_same_is_left_out_once() -> None:
    frame = table(y=OUTCOMES["normal"])
    frame = frame.with_columns(dose2=pl.col("dose") * 3 + 1, copy=pl.col("y") * 2)
    text, spec = drafted(frame, outcome="y")
    assert "# - dose2: says what dose_value says" in text
    assert "# - copy: all but the outcome itself" in text
    assert "dose2_value" not in {feature.name for feature in spec.features}


def test_a_kind_that_follows_from_another_is_left_out() -> None:
    frame = table(y=OUTCOMES["normal"])
    coarse = pl.col("arm").replace_strict({"a": "old", "b": "new", "c": "new"})
    text, spec = drafted(frame.with_columns(coarse.alias("made")), outcome="y")
    assert "# - made: follows from arm" in text
    assert [name for kind, name in terms(spec) if kind == "categorical"] == ["arm"]
    text, spec = drafted(
        frame.with_columns(pl.concat_str("arm", "arm").alias("twice")), outcome="y"
    )
    assert [name for kind, name in terms(spec) if kind == "categorical"] == ["twice"]


def test_empty_cells_cost_few_posts() -> None:
    holes = [None if k % 10 == 0 else float(k % 7) for k in range(ROWS)]
    most = [None if k % 2 == 0 else float(k % 5) for k in range(ROWS)]
    frame = table(y=OUTCOMES["normal"], holes=holes, most=most)
    text, spec = drafted(frame, outcome="y")
    assert spec.missing == {"holes": "set_aside"}
    assert "# - most: empty for 50% of the posts" in text
    assert len(build_design(spec, read_analysis(frame).frame).outcome) == 72


def test_posts_without_reach_do_not_make_a_feature_infinite() -> None:
    frame = table(
        conversions=OUTCOMES["negative_binomial"],
        reach=[0, *RNG.integers(100, 900, ROWS - 1)],
        likes=RNG.integers(0, 90, ROWS),
    )
    _, spec = drafted(frame)
    assert spec.features[0].expression == "ln((1 + likes) / (1 + reach))"
    assert len(build_design(spec, read_analysis(frame).frame).outcome) == ROWS - 1


@pytest.mark.parametrize(
    ("values", "family"),
    [
        ([0, 3, 2], "negative_binomial"),
        ([0.0, 3.0, 2.0], "negative_binomial"),
        ([True, False], "bernoulli"),
        ([-1, 3, 2], "normal"),
        ([20.1, 21.2, 19.7, 20.6], "normal"),
        ([0.0, 3.5], "normal"),
    ],
)
def test_the_family_follows_from_the_values(values: list[float], family: str) -> None:
    assert guess_family(pl.Series(values), trials=False)[0] == family


def test_names_can_stand_in_a_spec() -> None:
    assert [quoted(c) for c in ("likes", "Paid post", "share", "like", "Über")] == [
        "likes",
        '"Paid post"',
        "share",
        '"like"',
        '"Über"',
    ]
    assert [slug(c) for c in ("Paid post", "7 days", "???")] == ["paid_post", "x_7_days", "column"]
    assert unused("a", {"a", "a_2"}) == "a_3"
    assert describe("Paid post", np.array([1.0, 2.0, 4.0]))[:2] == (
        "paid_post_value",
        '"Paid post"',
    )


def test_odd_column_names_can_be_fitted() -> None:
    frame = pl.DataFrame(
        {
            "y": OUTCOMES["normal"],
            "Paid post": RNG.normal(size=ROWS),
            "like": RNG.normal(size=ROWS),
            "intercept": RNG.normal(size=ROWS),
            "intercept_value": RNG.normal(size=ROWS),
            "part": RNG.choice(["u", "v"], ROWS),
            "a:b": RNG.choice(["u", "v"], ROWS),
            'q"r': RNG.normal(size=ROWS),
        }
    )
    text, spec = drafted(frame, outcome="y")
    assert [feature.name for feature in spec.features] == [
        "paid_post_value",
        "like_value",
        "intercept_value_2",
        "intercept_value_value",
    ]
    assert "# - part: its name has another meaning in a run" in text
    assert '# - a:b, q"r: its name cannot stand in a spec' in text
    build_design(spec, read_analysis(frame).frame)
    assert all(isinstance(t, Linear) for t in spec.mean.terms[1:])


def test_everything_wrong_with_what_is_asked_is_said_at_once() -> None:
    with pytest.raises(InputError) as error:
        at.draft_spec(table(y=1), outcome="arm", family="negative_binomal", exposure="dos")
    assert [problem.key for problem in error.value.problems] == ["outcome", "exposure", "family"]
    text = str(error.value)
    assert "the column 'arm' holds no numbers" in text
    assert "Did you mean 'dose'?" in text
    assert "Did you mean 'negative_binomial'?" in text
    with pytest.raises(InputError, match="has no column 'conversions', so it must be said"):
        at.draft_spec(table())
    with pytest.raises(InputError, match="counts successes of a number of trials"):
        at.draft_spec(table(y=OUTCOMES["binomial"]), outcome="y", family="binomial")
    with pytest.raises(InputError, match="cannot count with the column 'y'"):
        at.draft_spec(table(y=OUTCOMES["normal"]), outcome="y", family="poisson")
