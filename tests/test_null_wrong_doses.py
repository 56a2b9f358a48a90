"""Pages on nulls, wrong models and doses show what is kept, and what they say of it holds."""

from __future__ import annotations

import numpy as np
import pytest

from attribution.quantities.estimates import Quantity
from attribution.spec.catalogue import catalogue_names
from proofs import doses_page, nulls_page, wrong_page
from proofs.doses import ANSWERS, DOSES, TROUBLES, WITH, WITHOUT
from proofs.null_claims import BELOW, EITHER, Claim
from proofs.nulls import NULLS
from proofs.pages import FOLDER, Page
from proofs.wrong import RIGHT, TRUTHS

PAGES = (nulls_page.PAGE, wrong_page.PAGE, doses_page.PAGE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_shows_what_is_kept(page: Page) -> None:
    text = page.path.read_text(encoding="utf-8")
    assert page.written(page.read()) == text, f"run `python -m proofs.{page.name} --page`"
    assert page.marked == set(page.tables)


def told(probability: float, *, evidence: float = 1.0, quantity: str = "best_tier_x") -> Quantity:
    return Quantity(
        quantity=quantity,
        label="label",
        scope="tier",
        group="nano",
        population="these",
        weighting="none",
        unit="probability",
        draws=(np.arange(100) < round(100 * probability)).astype(np.float64),
        threshold=0.5,
        evidence=evidence,
    )


def test_a_claim_is_a_sure_statement_that_is_made() -> None:
    some = [told(0.96), told(0.96, evidence=0.5), told(0.04), told(0.5), told(1.0, quantity="y")]
    counts = {
        side: Claim("words", "best_tier_.*", "tier", side).found(some)
        for side in ("above", BELOW, EITHER)
    }
    assert counts == {"above": [4, 2, 1], BELOW: [4, 1, 1], EITHER: [4, 3, 2]}
    assert Claim("words", "best_tier_.*", "contrast").found(some) == [0, 0, 0]


def test_what_is_claimed_by_chance_counts_both_sides() -> None:
    assert Claim("w", "q", "tier").nominal == pytest.approx(0.1)
    assert Claim("w", "q", "tier", BELOW).nominal == pytest.approx(0.05)


def test_statements_of_one_brand_count_less_than_so_many() -> None:
    rate, low, high = nulls_page.interval([[10, 10, 10], *([10, 0, 0] for _ in range(9))])
    assert rate == pytest.approx(0.1)
    # as one of ten, not ten of a hundred (0.049 to 0.176)
    assert (low, high) == (pytest.approx(0.0025, abs=1e-3), pytest.approx(0.445, abs=1e-2))


def test_every_shipped_model_is_asked_what_it_claims_wrongly() -> None:
    asked = {words.partition(",")[0] for null in NULLS.values() for words in null.claims}
    assert asked == set(catalogue_names())


@pytest.mark.parametrize("null", NULLS)
def test_no_model_claims_more_than_chance_where_there_is_nothing(null: str) -> None:
    kept = nulls_page.PAGE.read()
    for model, claims in NULLS[null].claims.items():
        for claim in claims:
            counts = nulls_page.counted(kept, null, model, claim)
            assert len(counts) >= 8
            assert nulls_page.interval(counts)[1] <= claim.nominal, (model, claim.words)


def test_no_share_that_is_none_is_claimed() -> None:
    for record in nulls_page.PAGE.read():
        for of in record["models"].values():
            assert all(probability < 0.95 for _, probability in of["absent"].values())


def test_every_truth_and_model_is_kept() -> None:
    kept = wrong_page.PAGE.read()
    for name, truth in TRUTHS.items():
        for words in (*truth.wrong, *([RIGHT] if truth.has_right else [])):
            assert wrong_page.fits(kept, name, words)


def test_no_right_model_is_refused_for_its_residuals() -> None:
    kept = wrong_page.PAGE.read()
    failed = [name for truth in TRUTHS for of in wrong_page.fits(kept, truth, RIGHT)
              for name in of["failed"]]  # fmt: skip
    assert not [
        name for name in failed if name.startswith(("spread around", "likeness", "posts along"))
    ]


@pytest.mark.parametrize(
    ("truth", "words"),
    [
        ("engagement", "Poisson: no dispersion"),
        ("zero-inflated", "Poisson: no dispersion"),
        ("engagement", "followers as exposure"),
        ("late orders", "late orders ignored"),
    ],
)
def test_the_gate_refuses_where_a_comparison_tells(truth: str, words: str) -> None:
    some = wrong_page.fits(wrong_page.PAGE.read(), truth, words)
    told = [of["comparison"]["reading"] == wrong_page.WORSE for of in some]
    assert sum(told) >= 4
    assert told == [bool(of["failed"]) for of in some]


def test_the_gate_refuses_most_models_without_creators() -> None:
    kept = wrong_page.PAGE.read()
    some = [
        of for t in ("engagement", "additive") for of in wrong_page.fits(kept, t, "creators alike")
    ]
    assert all(of["comparison"]["reading"] == wrong_page.WORSE for of in some)
    assert sum(bool(of["failed"]) for of in some) >= 7


@pytest.mark.parametrize("trouble", TROUBLES)
def test_every_dose_has_answers_without_and_with_the_remedy(trouble: str) -> None:
    found = doses_page.ratios(doses_page.PAGE.read(), trouble)
    keys = set(found.select("answer", "dose", "fitted").rows())
    assert keys == {(name, d, how) for name in ANSWERS for d in DOSES for how in (WITHOUT, WITH)}
    assert (FOLDER / f"doses-{trouble}.svg").exists()
