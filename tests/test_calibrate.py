"""The spec of docs/how-to/calibrate.md suits the samples, and says what the page says of them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import polars as pl
import pytest

from attribution.data import AnalysisTable, ingest
from attribution.design import build_design
from attribution.fitting import fit
from attribution.quantities.recorded import GAINED
from attribution.spec import parse_spec, read_spec

ROOT = Path(__file__).parents[1]
PAGE, SPEC = (ROOT / "docs/how-to" / name for name in ("calibrate.md", "calibrated.toml"))
SAMPLES = ROOT / "data/samples"


@pytest.fixture(scope="module")
def table() -> AnalysisTable:
    return ingest(*(SAMPLES / f"{name}.csv" for name in ("posts", "orders", "creators"))).table


def test_the_spec_is_the_additive_model_with_the_tests_of_the_page() -> None:
    spec, plain = read_spec(SPEC), read_spec("additive")
    assert (spec.mean, spec.own, spec.order_value, spec.missing) == (
        *(plain.mean, plain.own, plain.order_value, plain.missing),
    )
    (shown,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    head = 'format = 1\nname = "m"\n[outcome]\ncolumn = "conversions"\nfamily = "poisson"\n'
    head += '[[mean.terms]]\nkind = "intercept"\n'
    assert tomllib.loads(shown)["experiments"]
    assert parse_spec(head + shown).experiments == spec.experiments


def test_its_tests_are_of_the_posts_that_the_page_says(table: AnalysisTable) -> None:
    design = build_design(read_spec(SPEC), table.frame, level_order=table.tier_order)
    assert design.absent == ()
    assert design.tested is not None
    assert (design.tested @ design.outcome).tolist() == [335.0, 1835.0]
    truth = pl.read_csv(SAMPLES / "truth_posts.csv").filter(tier="macro")
    assert (truth.height, truth["orders"].sum(), round(truth["expected"].sum())) == (82, 7070, 5924)


@pytest.mark.slow
def test_it_is_fitted_to_the_samples_and_says_about_three_in_four(table: AnalysisTable) -> None:
    run = fit(SPEC, table, draws=400, tune=500, chains=2)
    found = run.effects().filter(quantity="orders_per_recorded_order", scope="overall")
    assert found["median"].item() == pytest.approx(0.75, abs=0.05)
    assert found["lower"].item() < 0.75 < found["upper"].item() < 1.0
    assert set(run.roi(by="total", unhealthy=True)["basis"]) == {GAINED}
