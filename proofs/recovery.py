"""Fit simulated tables of every family and structure of groups: is the truth found, and surely?

Each parameter must lie within 4 posterior standard deviations of its truth, its posterior standard
deviation must be small enough (so that a vague posterior cannot pass), and R-hat below 1.02. One
model is wrong on purpose and must fail. Every fit becomes a file in the folder, so that a run that
was stopped goes on where it was; all 79 take about 20 minutes on two processors. Exits
with 1 where a parameter fails, or the wrong model passes.
"""

from __future__ import annotations

import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import click
import polars as pl

from attribution.fitting import fit
from attribution.spec.families import FAMILIES
from proofs.simulated import ROWS, STRUCTURES, Case, simulated

PAGE = Path("docs/explanation/recovery.md")
MOST_ERROR, MOST_R_HAT = 4.0, 1.02
MOST_SD = {"nu": 2.0, "concentration": 1.2}
"""Largest posterior standard deviation by the end of a parameter's name; 0.21 for others."""

WRONG = ("zero_inflated_poisson", "none", "poisson")
"""What makes the table, and the family that is wrongly fitted to it."""

SETTINGS = {"draws": 2000, "tune": 500, "chains": 4}
COLUMNS = ("case", "parameter", "truth", "mean", "sd", "error", "r_hat", "seconds", "failed")


def most_sd(parameter: str) -> float:
    """Return the largest posterior standard deviation that passes."""
    return next((most for end, most in MOST_SD.items() if parameter.endswith(end)), 0.21)


def found(case: Case) -> pl.DataFrame:
    """Fit a case and return its parameters beside the truth, and what of the gates fails."""
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = fit(case.spec, case.table, seed=1, **SETTINGS)
    rows = []
    for row in run.parameters().iter_rows(named=True):
        if row["parameter"] not in case.truth:
            continue
        truth = case.truth[row["parameter"]]
        error = (row["mean"] - truth) / row["sd"]
        gates = {
            "error": abs(error) < MOST_ERROR,
            "sd": row["sd"] < most_sd(row["parameter"]),
            "R-hat": row["r_hat"] < MOST_R_HAT,
        }
        failed = ", ".join(gate for gate, passed in gates.items() if not passed)
        rows.append({**row, "truth": truth, "error": error, "failed": failed})
    if {row["parameter"] for row in rows} != set(case.truth):
        raise AssertionError(f"{case.name}: the run lacks a parameter that has a truth")
    took = time.perf_counter() - start
    table = pl.DataFrame(rows, infer_schema_length=None)
    return table.with_columns(case=pl.lit(case.name), seconds=pl.lit(took)).select(COLUMNS)


def wrong() -> Case:
    """Return the case whose model is wrong on purpose."""
    family, structure, fitted_as = WRONG
    return simulated(family, structure, fitted_as=fitted_as)


def collect(folder: Path, names: list[tuple[str, str]]) -> pl.DataFrame:
    """Return the parameters of all cases, fitting those that are not in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    frames = []
    for done, (family, structure) in enumerate(names, start=1):
        path = folder / f"{family}-{structure}.parquet"
        if not path.exists():
            found(simulated(family, structure)).write_parquet(path)
        frames.append(pl.read_parquet(path))
        failed = frames[-1].filter(pl.col("failed") != "").height
        click.echo(f"{done} of {len(names)}: {family}, {structure}: {failed} fail", err=True)
    return pl.concat(frames)


@click.command(help=__doc__)
@click.option("--family", type=click.Choice([*FAMILIES]), multiple=True, help="All if not given.")
@click.option("--structure", type=click.Choice([*STRUCTURES]), multiple=True)
@click.option("--folder", type=click.Path(path_type=Path), default=Path("runs/recovery"))
@click.option("--page", is_flag=True, help=f"Write {PAGE} too; of all families and structures.")
def main(family: tuple[str, ...], structure: tuple[str, ...], folder: Path, page: bool) -> None:
    """Fit the cases, print what they find and judge it."""
    names = [(f, s) for f in family or FAMILIES for s in structure or STRUCTURES]
    table = collect(folder, names)
    caught = found(wrong())
    click.echo(table.write_csv(float_precision=3))
    if page:
        PAGE.write_text(page_of(table, caught), encoding="utf-8")
        click.echo(f"wrote {PAGE}", err=True)
    if (
        table.filter(pl.col("failed") != "").height
        or not caught.filter(pl.col("failed") != "").height
    ):
        click.echo("a parameter was not found, or the wrong model was not caught", err=True)
        sys.exit(1)


def page_of(table: pl.DataFrame, caught: pl.DataFrame) -> str:
    """Return the page of the documentation."""
    software = ", ".join(f"{name} {version(name)}" for name in ("pymc", "nutpie", "polars"))
    failed = table.filter(pl.col("failed") != "").height
    within = table.filter(pl.col("error").abs() < 2.0).height
    worst = table.row(int(table["error"].abs().arg_max() or 0), named=True)
    lines = [
        "# Does a fit find the truth? Every family, every structure of groups",
        "",
        "Written by `uv run python -m proofs.recovery --page`, with " + software + ".",
        "",
        f"Each table has {ROWS:,} simulated rows: a constant, a slope of 0.4, and groups: none; a "
        "constant for each of 80 shops; constants and slopes; both, correlated by 0.6; 80 shops "
        "within 20 regions; shops crossed with 30 weeks. Default priors, "
        f"{SETTINGS['chains']} chains of {SETTINGS['draws']:,} draws.",
        "",
        f"A parameter passes if its mean lies within {MOST_ERROR:g} posterior standard deviations "
        "of the truth, if that standard deviation is small (0.21; 2 of nu, 1.2 of a "
        f"concentration), and if R-hat is below {MOST_R_HAT:g}.",
        "",
        f"Of {table.height} parameters {failed} fail. {within} ({within / table.height:.0%}) lie "
        "within 2 standard deviations, of which chance alone would leave 95 %. The farthest: "
        f"{worst['parameter']} of {worst['case']}, {abs(worst['error']):.1f}.",
        "",
        "| family | structure | parameters | farthest, in sd | largest R-hat | fail |",
        "|---|---|---:|---:|---:|---:|",
    ]
    lines += [_line(case, rows) for (case,), rows in table.group_by("case", maintain_order=True)]
    off = caught.row(int(caught["error"].abs().arg_max() or 0), named=True)
    lines += [
        "",
        f"Wrong on purpose, {WRONG[2]} fitted to a table of {WRONG[0].replace('_', ' ')} counts: "
        f"{off['parameter']} is {abs(off['error']):.0f} standard deviations off, and fails.",
        "",
    ]
    return "\n".join(lines)


def _line(case: object, rows: pl.DataFrame) -> str:
    family, structure = str(case).split(", ")
    failed = rows.filter(pl.col("failed") != "").height
    return (
        f"| {family} | {structure} | {rows.height} | {rows['error'].abs().max():.1f} | "
        f"{rows['r_hat'].max():.3f} | {failed or '–'} |"
    )


if __name__ == "__main__":
    main()
