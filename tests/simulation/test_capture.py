"""Simulated capture and lift tests: what is missed, what would have come, and the truth of both."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from attribution.cli import main
from attribution.data import ingest
from attribution.design import build_design
from attribution.errors import InputError
from attribution.known_truth import roi_truth, truth_table
from attribution.simulation import Brand, Capture, Settings, Truth, simulate
from attribution.spec import parse_spec, read_spec

SHARE, ANYWAY, SEED = 0.35, 0.2, 4
BASE = Settings.samples().sized(20, 200)


@cache
def brand(share: float = SHARE, anyway: float = ANYWAY, tests: int = 2) -> Brand:
    return simulate(BASE.with_capture(share, anyway).with_lift_tests(tests), SEED)


def test_a_brand_of_which_codes_miss_orders_is_the_brand_without_and_less() -> None:
    whole, some = simulate(BASE, SEED), brand()
    assert some.posts.drop("campaign").equals(whole.posts)
    assert some.orders.drop("code", "gross_revenue", "discount").equals(
        whole.orders.drop("code", "gross_revenue", "discount")
    )
    paid = pl.col("gross_revenue") - pl.col("discount")
    assert some.orders.select(paid).to_series().to_numpy() == pytest.approx(
        whole.orders.select(paid).to_series().to_numpy()
    )
    missed = some.truth.orders["source"] == "missed"
    assert some.orders.filter(missed)["code"].null_count() == missed.sum()
    assert some.orders.filter(~missed).equals(whole.orders.filter(~missed))


def test_so_many_orders_of_posts_are_recorded() -> None:
    counts = dict(brand().truth.orders["source"].value_counts().iter_rows())
    size = counts["post"] + counts["missed"]
    spread = np.sqrt(SHARE * (1 - SHARE) / size)
    assert counts["post"] / size == pytest.approx(SHARE, abs=4 * spread)
    whole = dict(brand(1.0).truth.orders["source"].value_counts().iter_rows())
    assert "missed" not in whole


def test_lift_tests_measure_what_would_not_have_come() -> None:
    truth = brand().truth
    months = (
        brand()
        .posts.join(truth.posts, on="post_id")
        .group_by("campaign")
        .agg(pl.col("orders").sum())
    )
    with_posts = dict(months.iter_rows())
    assert [lift.name for lift in truth.lifts] == sorted(with_posts)[:2]
    for lift in truth.lifts:
        size = with_posts[lift.name]
        spread = np.sqrt(size * ANYWAY * (1 - ANYWAY))
        assert lift.orders == pytest.approx((1 - ANYWAY) * size, abs=4 * spread)
        assert abs(lift.estimate - lift.orders) < 4 * lift.standard_error
        assert lift.standard_error == pytest.approx(0.15 * lift.orders, abs=0.1)


def test_the_truth_is_kept(tmp_path: Path) -> None:
    brand().write(tmp_path)
    again = Truth.load(tmp_path)
    assert (again.capture, again.lifts) == (Capture(SHARE, ANYWAY), brand().truth.lifts)


def test_the_command_and_its_page_make_the_brand_again(tmp_path: Path) -> None:
    options = ["--creators", "20", "--posts", "200", "--seed", str(SEED)]
    options += ["--capture", str(SHARE), "--anyway", str(ANYWAY), "--lift-tests", "2"]
    result = CliRunner().invoke(main, ["simulate", str(tmp_path / "a"), *options])
    assert result.exit_code == 0, result.output
    brand().write(tmp_path / "b")
    for name in ("orders.csv", "posts.csv", "truth.json", "README.md"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    page = (tmp_path / "a" / "README.md").read_text(encoding="utf-8")
    assert f"attribution simulate my-brand {' '.join(options)}" in page
    (toml,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    head = 'format = 1\nname = "m"\n[outcome]\ncolumn = "conversions"\nfamily = "poisson"\n'
    experiments = parse_spec(f'{head}[[mean.terms]]\nkind = "intercept"\n{toml}').experiments
    assert experiments is not None
    assert [(test.name, test.posts, test.estimate) for test in experiments.tests] == [
        (lift.name, lift.posts, lift.estimate) for lift in brand().truth.lifts
    ]


@pytest.mark.parametrize(("share", "anyway"), [(0.0, 0.0), (1.1, 0.0), (0.5, 1.0), (0.5, -0.1)])
def test_impossible_shares_are_refused(share: float, anyway: float) -> None:
    with pytest.raises(InputError, match="impossible"):
        Capture(share, anyway)


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    folder = tmp_path_factory.mktemp("brand")
    brand().write(folder)
    names = ("posts", "orders", "creators")
    return ingest(*(folder / f"{name}.csv" for name in names)).table.frame


def test_the_truth_of_estimands_is_of_recorded_orders_and_of_all(joined: pl.DataFrame) -> None:
    truth = brand().truth
    design = build_design(read_spec("capture"), joined)
    found = truth_table(truth, design).filter(scope="overall")
    values = dict(found.select("quantity", "truth").iter_rows())
    posts = truth.posts.join(joined.select("post_id"), on="post_id", how="semi")
    all_orders = posts["expected"].sum()
    assert values["capture_share"] == SHARE
    assert values["leaked_share"] == ANYWAY
    assert values["orders_per_recorded_order"] == pytest.approx((1 - ANYWAY) / SHARE)
    assert values["expected_recorded_orders"] == pytest.approx(SHARE * all_orders)
    assert values["expected_orders_brought"] == pytest.approx((1 - ANYWAY) * all_orders)
    missed = (1 - ANYWAY) * (1 - SHARE) * all_orders
    assert values["orders_missed"] == pytest.approx(missed)
    assert values["orders_leaked"] == pytest.approx(ANYWAY * SHARE * all_orders)
    ratio = values["orders_per_1000_likes_brought"] / values["orders_per_1000_likes"]
    assert ratio == pytest.approx((1 - ANYWAY) / SHARE)
    plain = truth_table(truth, build_design(read_spec("additive"), joined))
    assert values["orders_per_1000_likes"] == pytest.approx(
        plain.filter(quantity="orders_per_1000_likes", scope="overall")["truth"].item()
    )
    assert "capture_share" not in plain["quantity"]


def test_true_roi_counts_the_orders_that_the_model_counts(joined: pl.DataFrame) -> None:
    truth = brand().truth
    found = {
        name: roi_truth(truth, build_design(read_spec(name), joined), "total").row(0, named=True)
        for name in ("additive", "capture")
    }
    factor = (1 - ANYWAY) / SHARE
    earned = {name: row["true_roi"] + 1.0 for name, row in found.items()}
    assert earned["capture"] / earned["additive"] == pytest.approx(factor)
    orders = {name: row["true_orders"] for name, row in found.items()}
    assert orders["capture"] / orders["additive"] == pytest.approx(factor)
    recorded = brand().truth.orders.filter(source="post").height
    assert orders["additive"] == pytest.approx(recorded, rel=0.25)
