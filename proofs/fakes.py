"""What fake engagement does to each answer, with and without the model made for it.

    uv run python -m proofs.fakes --brands 10 --jobs 2
    uv run python -m proofs.fakes --page

The same simulated brands are given fakes in growing doses, half of their creators having them, and
fitted with the models ``additive``, ``authenticity``, and ``authenticity`` without any score. Each
fit becomes a line of a file in ``--folder``, so that a run that was stopped goes on. ``--page``
writes what is in the folder beside docs/explanation/authenticity.md, and the tables of that page.
"""

from __future__ import annotations

import tempfile
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import polars as pl

from proofs.fakes_page import write_page
from proofs.parallel import Lines, Record, gather, identity

if TYPE_CHECKING:
    from attribution.data import AnalysisTable
    from attribution.run import Run
    from attribution.simulation import Brand

CREATORS, POSTS = 50, 500
DOSES = (0.0, 0.1, 0.2, 0.4)
"""Share of a creator's engagement that is fake, on average over creators."""

MODELS = {"additive": "additive", "authenticity": "authenticity", "no score": "authenticity"}
"""Columns of the results, and the shipped model of each."""

SETTINGS: dict[str, Any] = {"chains": 2, "draws": 500, "tune": 400}
FIRST_SEED = 700
OVERALL = (
    "orders_per_1000_likes",
    "orders_per_100_comments",
    "likes_per_comment",
    "orders_per_1000_likes_genuine",
    "orders_per_100_comments_genuine",
    "fake_share_of_likes",
)
TOLD = ("median", "lower", "upper", "truth")


def work(number: int) -> Record:
    """Simulate a brand with a dose of fakes and fit it with every model."""
    dose, seed = DOSES[number % len(DOSES)], FIRST_SEED + number // len(DOSES)
    from attribution.simulation import Settings, simulate

    brand = simulate(Settings.samples().sized(CREATORS, POSTS).with_fakes(dose), seed)
    table = joined(brand)
    fits = {name: _fitted(name, brand, table, seed) for name in MODELS}
    return {"dose": dose, "seed": seed, "models": fits}


def joined(brand: Brand) -> AnalysisTable:
    """Join a brand's exports as a user would."""
    from attribution.data import ingest

    with tempfile.TemporaryDirectory() as scratch:
        files = Path(scratch)
        brand.write(files, overwrite=True)
        return ingest(files / "posts.csv", files / "orders.csv", files / "creators.csv").table


def _fitted(name: str, brand: Brand, table: AnalysisTable, seed: int) -> Record:
    from attribution.fitting import fit

    if name == "no score":
        table = replace(table, frame=table.frame.drop("audience_credibility"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = fit(MODELS[name], table, seed=seed, **SETTINGS)
    failed = [check.name for check in run.manifest.health if check.status == "fail"]
    return {"failed": failed, **overall(run, brand), **creators(run, brand), **ranking(run, brand)}


def overall(run: Run, brand: Brand) -> Record:
    """Return the estimates over all posts beside their truth."""
    found = _beside(run, brand).filter(pl.col("scope") == "overall")
    return {
        row["quantity"]: {key: row[key] for key in TOLD}
        for row in found.iter_rows(named=True)
        if row["quantity"] in OVERALL
    }


def creators(run: Run, brand: Brand) -> Record:
    """Return how well multipliers and shares of fakes are told, and what is said of fakes."""
    found = _beside(run, brand).filter(pl.col("scope") == "creator")
    share = brand.truth.creators.select(pl.col("creator_id").alias("group"), "fake_share")
    found = found.join(share, on="group")
    out: Record = {}
    logs = pl.col("median", "lower", "upper", "truth").log()
    multipliers = found.filter(pl.col("quantity") == "creator_multiplier").with_columns(logs)
    out["creator_multiplier"] = _judged(multipliers)
    shares = found.filter(pl.col("quantity") == "creator_fake_share")
    if shares.height:
        out["creator_fake_share"] = _judged(shares)
    said = found.filter(pl.col("quantity") == "creator_more_fakes")
    for name, which in (("with", pl.col("truth") > 0), ("without", pl.col("truth") <= 0)):
        answers = said.filter(which)["answer"].to_list()
        out[f"creators_{name}"] = len(answers)
        out[f"more_{name}"] = answers.count("more fakes than average")
        out[f"fewer_{name}"] = answers.count("fewer fakes than average")
    return out


def _judged(rows: pl.DataFrame) -> Record:
    """Return the error, what it is on average with and without fakes, and the coverage."""
    error = (rows["median"] - rows["truth"]).to_numpy()
    faking = rows["fake_share"].to_numpy() > 0
    inside = rows.select(pl.col("truth").is_between("lower", "upper").mean()).item()
    return {
        "rmse": float(np.sqrt(np.mean(error**2))),
        "bias_with": float(error[faking].mean()) if faking.any() else 0.0,
        "bias_without": float(error[~faking].mean()) if not faking.all() else 0.0,
        "coverage": float(inside),
    }


def ranking(run: Run, brand: Brand) -> Record:
    """Return how creators' expected ROI ranks against the truth."""
    from attribution.known_truth import roi_truth

    told = run.roi(by="creator", margin=0.6, unhealthy=True).join(
        roi_truth(brand.truth, run.design, "creator", margin=0.6), on="group"
    )
    inside = told["true_roi"].is_between(told["expected_roi_lower"], told["expected_roi_upper"])
    ranks = told.select(
        pl.corr("expected_roi_median", "true_roi", method="spearman").alias("rank")
    ).item()
    return {"roi_rank": ranks, "roi_coverage": float(np.mean(inside.to_numpy()))}


def _beside(run: Run, brand: Brand) -> pl.DataFrame:
    from attribution.known_truth import KEYS, truth_table

    truth = truth_table(brand.truth, run.design)
    return run.effects().join(truth, on=KEYS, how="inner", nulls_equal=True)


@click.command(help=__doc__)
@click.option("--brands", type=click.IntRange(min=1), default=10, show_default=True)
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), default=Path("runs/fakes"))
@click.option("--page", is_flag=True, help="Write results and page from what is in the folder.")
def main(brands: int, jobs: int, folder: Path, page: bool) -> None:
    """Collect fits, or write the page."""
    from attribution.simulation import Settings
    from attribution.spec.catalogue import spec_text

    models = [spec_text(model) for model in dict.fromkeys(MODELS.values())]
    settings = [repr(Settings.samples().with_fakes(dose)) for dose in DOSES]
    of = identity(models, settings, SETTINGS, CREATORS, POSTS)
    lines = Lines(folder / "brands.jsonl", of)
    if page:
        write_page(list(lines.read().values()))
        return
    gather(work, range(brands * len(DOSES)), lines, jobs, "fakes")


if __name__ == "__main__":
    main()
