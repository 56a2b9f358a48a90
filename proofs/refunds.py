"""Whether intervals of expected ROI hold the truth where creators' refunds differ.

    uv run python -m proofs.refunds --brands 24 --jobs 2

Brands like the samples' are simulated whose creators' audiences send back more or less. Each is
fitted with one share of refunds for all, with shares that differ between posts and with shares that
differ between creators, and the intervals of each creator's expected ROI are compared with the
truth. Results go to a folder, one file a brand, so that a run that was stopped goes on where it
was.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import click
import numpy as np
import polars as pl

from attribution.spec import read_spec
from attribution.spec.model import ModelSpec
from attribution.spec.priors import Prior
from attribution.spec.terms import Group

CREATORS, POSTS = 40, 400
SETTINGS: Mapping[str, int] = {"draws": 600, "tune": 600, "chains": 2}
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


def one_brand(seed: int, share: float, sd: float, folder: Path) -> list[dict[str, object]]:
    """Fit one brand in each way; return how many creators' intervals hold the truth."""
    path = folder / f"{share:g}-{sd:g}-{seed}.json"
    if path.exists():
        found: list[dict[str, object]] = json.loads(path.read_text())
        return found
    from attribution.data import ingest
    from attribution.simulation import Settings, simulate

    settings = Settings.samples().sized(CREATORS, POSTS).with_refunds(share, sd)
    brand = simulate(settings, seed)
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        at = Path(scratch)
        brand.write(at)
        table = ingest(at / "posts.csv", at / "orders.csv", at / "creators.csv").table
        found = [one_fit(name, spec, table, brand, seed) for name, spec in specs().items()]
    path.write_text(json.dumps(found))
    return found


def one_fit(
    name: str, spec: ModelSpec, table: object, brand: object, seed: int
) -> dict[str, object]:
    """Return coverage, width and error of the creators' ROI, and what the health gate says."""
    from attribution.fitting import fit
    from attribution.known_truth import roi_truth

    run = fit(spec, table, seed=seed, **SETTINGS)  # type: ignore[arg-type]
    truth = roi_truth(brand.truth, run.design, "creator")  # type: ignore[attr-defined]
    told = run.roi(by="creator", unhealthy=True).join(truth, on="group")
    low, high, true = (
        told.get_column(f"{which}").to_numpy()
        for which in ("expected_roi_lower", "expected_roi_upper", "true_roi")
    )
    half = told.get_column("expected_roi_mean").to_numpy()
    checks = {check.name: check.status for check in run.manifest.health}
    return {
        "way": name,
        "seed": seed,
        "creators": len(true),
        "inside": int(np.sum((low <= true) & (true <= high))),
        "width": float(np.mean((high - low) / (1.0 + true))),
        "error": float(np.sqrt(np.mean(((half - true) / (1.0 + true)) ** 2))),
        "spread": checks["spread of refunds between creators"],
    }


@click.command(help=__doc__)
@click.option("--brands", type=int, default=24, show_default=True)
@click.option("--share", type=float, default=0.3, show_default=True, help="Share refunded.")
@click.option("--sd", type=float, default=0.8, show_default=True, help="Of the logit.")
@click.option("--jobs", type=int, default=2, show_default=True)
@click.option("--folder", type=Path, default=Path("runs/refunds"), show_default=True)
def main(brands: int, share: float, sd: float, jobs: int, folder: Path) -> None:
    """Print a Markdown table of coverage."""
    folder.mkdir(parents=True, exist_ok=True)
    found: list[dict[str, object]] = []
    # Spawned, not forked: Polars has threads, which a fork would leave locked.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(one_brand, seed, share, sd, folder) for seed in range(brands)]
        for done, future in enumerate(as_completed(futures), start=1):
            found += future.result()
            click.echo(f"\r{done} of {brands} brands", nl=False, err=True)
    click.echo("", err=True)
    click.echo(table_of(pl.DataFrame(found)))


def table_of(found: pl.DataFrame) -> str:
    """Return the results as a Markdown table; standard errors are over brands."""
    lines = [
        "| refunds | brands | 89 % intervals of creators' ROI that hold the truth | their width |"
        " error | the gate fails them |",
        "| --- |" + " ---: |" * 5,
    ]
    for name in found.get_column("way").unique(maintain_order=True):
        of = found.filter(pl.col("way") == name)
        share = (of.get_column("inside") / of.get_column("creators")).to_numpy()
        se = share.std(ddof=1) / np.sqrt(len(share)) if len(share) > 1 else float("nan")
        failed = of.filter(pl.col("spread") == "fail").height
        lines.append(
            f"| {name} | {of.height} | {share.mean():.1%} (se {se:.1%}) |"
            f" {of.get_column('width').mean():.2f} | {of.get_column('error').mean():.3f} |"
            f" {failed} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
