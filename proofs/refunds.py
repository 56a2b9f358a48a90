"""Whether intervals of expected ROI hold the truth where creators' refunds differ.

    uv run python -m proofs.refunds --brands 24 --jobs 2

Brands like the samples' are simulated whose creators' audiences send back more or less. Each is
fitted with one share of refunds for all, with shares that differ between posts and with shares that
differ between creators, and the intervals of each creator's expected ROI are compared with the
truth. Each brand becomes a line of a file in ``--folder``, so that a run that was stopped goes on;
the results are written into docs/explanation/order-value.md.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from attribution.spec import read_spec
from attribution.spec.model import ModelSpec
from attribution.spec.priors import Prior
from attribution.spec.terms import Group
from proofs.calibration.stored import mark
from proofs.pages import Page, table
from proofs.parallel import Lines, Record, gather, identity

if TYPE_CHECKING:
    from attribution.data import AnalysisTable
    from attribution.simulation import Brand

CREATORS, POSTS = 40, 400
SHARE, SD = 0.3, 0.8
"""Share of orders that is refunded, and standard deviation of its logit between creators."""

SETTINGS: dict[str, Any] = {"draws": 600, "tune": 600, "chains": 2}
BY_CREATOR = Group(
    "creator_id", ("intercept",), "exchangeable", Prior("half_normal", {"sigma": 0.5})
)
BY_POST = Prior("log_normal", {"mu": 3.0, "sigma": 1.5})


def specs() -> dict[str, ModelSpec]:
    """Return the conversion rates model with each way to state refunds."""
    shipped = read_spec("additive")
    value = shipped.order_value
    if value is None:
        raise AssertionError("the model has order values")
    pooled = replace(value, paying_terms=(), paying_concentration=None)
    ways = {
        "one share": pooled,
        "by post": replace(pooled, paying_concentration=BY_POST),
        "by creator": replace(pooled, paying_terms=(BY_CREATOR,)),
    }
    return {name: replace(shipped, order_value=way) for name, way in ways.items()}


def work(seed: int) -> Record:
    """Fit one brand in each way; return how many creators' intervals hold the truth."""
    from attribution.data import ingest
    from attribution.simulation import Settings, simulate

    settings = Settings.samples().sized(CREATORS, POSTS).with_refunds(SHARE, SD)
    brand = simulate(settings, seed)
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        at = Path(scratch)
        brand.write(at)
        joined = ingest(at / "posts.csv", at / "orders.csv", at / "creators.csv").table
        fits = {name: one_fit(spec, joined, brand, seed) for name, spec in specs().items()}
    return {"seed": seed, "fits": fits}


def one_fit(spec: ModelSpec, joined: AnalysisTable, brand: Brand, seed: int) -> Record:
    """Return coverage, width and error of the creators' ROI, and what the health gate says."""
    from attribution.fitting import fit
    from attribution.known_truth import roi_truth

    run = fit(spec, joined, seed=seed, **SETTINGS)
    truth = roi_truth(brand.truth, run.design, "creator")
    told = run.roi(by="creator", unhealthy=True).join(truth, on="group")
    low, high, true, mean = (
        told.get_column(name).to_numpy()
        for name in ("expected_roi_lower", "expected_roi_upper", "true_roi", "expected_roi_mean")
    )
    checks = {check.name: check.status for check in run.manifest.health}
    return {
        "creators": len(true),
        "inside": int(np.sum((low <= true) & (true <= high))),
        "width": float(np.mean((high - low) / (1.0 + true))),
        "error": float(np.sqrt(np.mean(((mean - true) / (1.0 + true)) ** 2))),
        "spread": checks["spread of refunds between creators"],
    }


def ways(records: Sequence[Record]) -> str:
    """Return the results as a Markdown table; standard errors are over brands."""
    headings = (
        *("refunds", "brands", "89 % intervals of creators' ROI that hold the truth"),
        *("their width", "error", "the gate fails them"),
    )
    rows = []
    for name in specs():
        of = [record["fits"][name] for record in records]
        share = np.array([one["inside"] / one["creators"] for one in of])
        se = share.std(ddof=1) / np.sqrt(len(share)) if len(share) > 1 else float("nan")
        width, error = (np.mean([one[what] for one in of]) for what in ("width", "error"))
        failed = sum(one["spread"] == "fail" for one in of)
        covered = f"{share.mean():.1%} (se {se:.1%})"
        rows.append((name, len(of), covered, f"{width:.2f}", f"{error:.3f}", failed))
    return table(headings, rows)


PAGE = Page("order-value", {"ways": ways})


@click.command(help=__doc__)
@click.option("--brands", type=int, default=24, show_default=True)
@click.option("--jobs", type=int, default=2, show_default=True)
@click.option("--folder", type=Path, default=Path("runs/refunds"), show_default=True)
def main(brands: int, jobs: int, folder: Path) -> None:
    """Write results and page, and print the table of coverage."""
    marks = {name: mark(spec) for name, spec in specs().items()}
    of = identity(marks, CREATORS, POSTS, SHARE, SD, SETTINGS)
    records = gather(work, range(brands), Lines(folder / "brands.jsonl", of), jobs, "brands")
    PAGE.write(records)
    click.echo(ways(records))


if __name__ == "__main__":
    main()
