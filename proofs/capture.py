"""How answers bend where codes miss orders or claim them wrongly, with and without a model of it.

    uv run python -m proofs.capture --brands 8 --jobs 2

Brands are simulated in growing doses: codes record fewer of the orders that go with posts, more
of those buyers would have come anyway, or codes leak. The same brands, of the same seeds, are
fitted by the plain model and by one calibrated by a lift test. What the model of capture says
with a survey of buyers, and from its prior alone, is what the plain fit's draws say with draws of
the share from its posterior: the counts tell nothing of it, which ``tests/core/test_capture.py``
holds exact. Results go to a folder, a line a brand, so that a run that was stopped goes on; the
summary goes to ``docs/explanation/capture.json``, from which the page's tables are made.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np
import xarray as xr

from attribution.data import AnalysisTable, ingest
from attribution.fitting import fit
from attribution.known_truth import true_posts
from attribution.quantities.effects import quantities_of
from attribution.quantities.recorded import OF_BASIS
from attribution.run import Run
from attribution.simulation import Brand, Capture, Leaks, LiftTests, Settings, simulate
from attribution.simulation.delay import Delay
from attribution.spec import ModelSpec, read_spec
from attribution.spec.priors import Prior
from attribution.spec.sections import Experiments, LiftTest, Survey
from attribution.spec.sections.capture import SHARE
from proofs.parallel import Lines, gather, identity

RESULTS = Path(__file__).parents[1] / "docs/explanation/capture.json"

CREATORS, POSTS = 24, 144
BUYERS = 200
"""Buyers who name a creator in the survey of a brand."""
MARGIN = 1.0
"""Share of net revenue left before marketing costs, such that ROI is not far from 0."""


@dataclass(frozen=True)
class Dose:
    """What codes miss and claim wrongly.

    Parameters
    ----------
    recorded
        Share of the orders that go with posts which has a code.
    anyway
        Share of those orders whose buyers would have come without the post.
    leaked
        Orders that each of three leaked codes brings from people who saw no post.
    """

    recorded: float = 1.0
    anyway: float = 0.0
    leaked: float = 0.0


DOSES: Mapping[str, Dose] = {
    "none": Dose(),
    "40 % recorded": Dose(0.4),
    "20 % recorded": Dose(0.2),
    "30 % anyway": Dose(anyway=0.3),
    "3 codes leak 100 orders each": Dose(leaked=100.0),
    "3 codes leak 300 orders each": Dose(leaked=300.0),
    "40 % recorded, 30 % anyway": Dose(0.4, 0.3),
}

MODELS = ("plain", "prior alone", "survey", "lift test")

SETTINGS: Mapping[str, Any] = {"draws": 400, "tune": 300, "chains": 2}

Record = dict[str, Any]


def brand_of(dose: str, seed: int) -> Brand:
    """Return a brand whose orders come within hours, so that none is late."""
    given = DOSES[dose]
    settings = replace(
        Settings.samples().sized(CREATORS, POSTS),
        delay=Delay(1.0, 0.01),
        capture=Capture(given.recorded, given.anyway),
        lift_tests=LiftTests(count=1),
        leaks=Leaks(orders=given.leaked) if given.leaked else None,
    )
    return simulate(settings, seed)


def table_of(brand: Brand) -> AnalysisTable:
    """Join the brand's exports; orders that come within hours need no sharing out."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        brand.write(folder, overwrite=True)
        joined = ingest(*(folder / f"{kind}.csv" for kind in ("posts", "orders", "creators"))).table
    return replace(joined, frame=joined.frame.drop("carry_posts", "carry_shares", strict=False))


def tested(brand: Brand) -> ModelSpec:
    """Return the plain model with the brand's lift test."""
    tests = tuple(
        LiftTest(lift.name, lift.posts, lift.estimate, lift.standard_error)
        for lift in brand.truth.lifts
    )
    wide = Prior("log_normal", {"mu": 0.0, "sigma": 1.0})
    return replace(read_spec("additive"), experiments=Experiments(tests, wide))


def captured(plain: Run, survey: Survey | None, seed: int) -> Run:
    """Return the run of the model of capture, from that of the plain one."""
    spec = surveyed(survey)
    rng = np.random.default_rng([seed, 2])
    posterior = plain.tree["posterior"].to_dataset()
    shape = tuple(posterior.sizes[name] for name in ("chain", "draw"))
    for stated in spec.capture.stated() if spec.capture else ():
        a, b = stated.prior.parameters["alpha"], stated.prior.parameters["beta"]
        if stated.parameter == SHARE and survey is not None:
            a, b = a + survey.recorded, b + survey.buyers - survey.recorded
        posterior[stated.parameter] = (("chain", "draw"), rng.beta(a, b, shape))
    design = replace(plain.design, spec=replace(plain.design.spec, capture=spec.capture))
    tree = xr.DataTree.from_dict({"posterior": posterior})
    return replace(plain, spec=spec, design=design, tree=tree)


def surveyed(survey: Survey | None) -> ModelSpec:
    """Return the shipped model of capture with a survey, or with none."""
    shipped = read_spec("capture")
    if shipped.capture is None:
        raise AssertionError("the model has a section of capture")
    return replace(shipped, capture=replace(shipped.capture, survey=survey))


def one_brand(seed: int) -> Record:
    """Fit the models to a brand in every dose."""
    found = []
    for dose in DOSES:
        brand = brand_of(dose, seed)
        for model, run in runs(brand, seed):
            found.append({"dose": dose, "model": model, **answers(brand, run)})
    return {"fits": found}


def runs(brand: Brand, seed: int) -> Iterator[tuple[str, Run]]:
    """Yield a run of every model."""
    table = table_of(brand)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = fit("additive", table, seed=seed, **SETTINGS)
        calibrated = fit(tested(brand), table, seed=seed, **SETTINGS)
    share = (brand.truth.capture or Capture()).share
    named = int(np.random.default_rng([seed, 1]).binomial(BUYERS, share))
    found = (plain, captured(plain, None, seed), captured(plain, Survey(BUYERS, named), seed))
    yield from zip(MODELS, (*found, calibrated), strict=True)


def answers(brand: Brand, run: Run) -> Record:
    """Return headline answers beside the truth: orders brought in all, ROI, best tier, share."""
    capture = brand.truth.capture or Capture()
    posts = true_posts(brand.truth, run.design)
    orders = capture.brought * posts["expected"].sum()
    revenue = capture.brought * (posts["expected"] * posts["value"]).sum()
    roi = run.roi(by="total", margin=MARGIN, unhealthy=True).row(0, named=True)
    true_roi = MARGIN * revenue / roi["cost"] - 1.0
    told = {q.key[:2]: q.draws for q in quantities_of(run.design)(run.design, run.thinned)}
    rate = "orders_per_1000_likes"
    of_likes = told.get((f"{rate}{OF_BASIS}", "overall"), told[rate, "overall"])
    shown = posts.filter(posts["likes"].is_not_null())
    likes = 1000.0 * capture.brought * shown["expected_likes"].sum() / shown["likes"].sum()
    true_share = posts["expected_likes"].sum() / posts["expected"].sum()
    return {
        "orders": roi["expected_orders_mean"] / orders,
        "orders_inside": roi["expected_orders_lower"] <= orders <= roi["expected_orders_upper"],
        "roi": roi["expected_roi_median"],
        "true_roi": true_roi,
        "roi_inside": roi["expected_roi_lower"] <= true_roi <= roi["expected_roi_upper"],
        "roi_width": roi["expected_roi_upper"] - roi["expected_roi_lower"],
        "wrong": (roi["p_profit"] >= 0.95) if true_roi < 0 else (roi["p_profit"] <= 0.05),
        "likes": float(np.median(of_likes)) / likes,
        "share_of_likes": float(told["share_of_orders_likes", "overall"].mean()) - true_share,
    }


def summary(brands: Sequence[Record]) -> list[Record]:
    """Return a row per dose and model, over brands."""
    fits = [each for brand in brands for each in brand["fits"]]
    rows = []
    for dose in DOSES:
        for model in MODELS:
            some = [each for each in fits if (each["dose"], each["model"]) == (dose, model)]
            rows.append({"dose": dose, "model": model, **_over(some)})
    return rows


def _over(fits: Sequence[Record]) -> Record:
    def mean(name: str) -> float:
        return round(float(np.mean([each[name] for each in fits])), 4)

    def count(name: str) -> int:
        return int(sum(each[name] for each in fits))

    return {
        "brands": len(fits),
        "orders": mean("orders"),
        "orders_inside": count("orders_inside"),
        "true_roi": mean("true_roi"),
        "roi": mean("roi"),
        "roi_inside": count("roi_inside"),
        "roi_width": mean("roi_width"),
        "wrong": count("wrong"),
        "likes": mean("likes"),
        "share_of_likes": mean("share_of_likes"),
    }


def page_table(rows: Sequence[Record]) -> str:
    """Return the results as the page's Markdown table."""
    lines = [
        "| dose | model | orders brought, estimate / truth | interval holds the truth | true ROI |"
        " expected ROI | its interval's width | holds the truth | sure of the wrong sign |"
        " orders per 1,000 likes, estimate / truth | share of orders through likes, less truth |",
        "| --- | --- |" + " ---: |" * 9,
    ]
    for row in rows:
        of = f"of {row['brands']}"
        lines.append(
            f"| {row['dose']} | {row['model']} | {row['orders']:.2f} |"
            f" {row['orders_inside']} {of} |"
            f" {row['true_roi']:+.2f} | {row['roi']:+.2f} | {row['roi_width']:.2f} |"
            f" {row['roi_inside']} {of} | {row['wrong']} |"
            f" {row['likes']:.2f} | {row['share_of_likes']:+.3f} |"
        )
    return "\n".join(lines)


@click.command(help=__doc__)
@click.option("--brands", type=int, default=8, show_default=True)
@click.option("--jobs", type=int, default=2, show_default=True)
@click.option("--folder", type=Path, default=Path("runs/capture"), show_default=True)
def main(brands: int, jobs: int, folder: Path) -> None:
    """Write the summary beside the page and print its table."""
    of = identity("capture", 4, CREATORS, POSTS, BUYERS, MARGIN, list(DOSES), MODELS, SETTINGS)
    lines = Lines(folder / "brands.jsonl", of)
    rows = summary(gather(one_brand, range(brands), lines, jobs, "brands"))
    RESULTS.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    click.echo(page_table(rows))


if __name__ == "__main__":
    main()
